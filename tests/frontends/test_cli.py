"""The command line as a user meets it: what it prints, writes, refuses, and how it exits."""

from __future__ import annotations

import json
import os
import stat

import pytest

QUIET = "FROM scratch\nMAINTAINER ANN\n"
CHANGING = "FROM scratch\nMAINTAINER ann\n"
BROKEN = "FROM scratch\nENV\n"


def test_a_folder_without_a_dockerfile_is_said_so_and_is_no_failure(dfix):
    result = dfix()
    assert (result.exit_code, result.output) == (0, "no Dockerfile found\n")


def test_a_file_that_needs_nothing_stays_and_exits_zero(dfix, put):
    put("Dockerfile", QUIET)
    assert dfix("--check").exit_code == 0
    assert "nothing to change" in dfix().stdout


def test_the_summary_writes_nothing_and_exits_zero(dfix, put):
    file = put("Dockerfile", CHANGING)
    result = dfix()
    assert result.exit_code == 0
    assert "would: Shout ann (shout-maintainer, safe)" in result.stdout
    assert file.read_text() == CHANGING


def test_check_and_diff_exit_with_one_for_a_change(dfix, put):
    put("Dockerfile", CHANGING)
    assert dfix("--check").exit_code == 1
    assert dfix("--diff").exit_code == 1
    assert dfix("--check", "--exit-zero").exit_code == 0


def test_write_changes_the_file_and_a_second_run_finds_nothing(dfix, put):
    file = put("Dockerfile", CHANGING)
    file.chmod(0o640)
    result = dfix("--write")
    assert (result.exit_code, file.read_text()) == (0, QUIET)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "did: Shout ann" in result.stdout
    assert dfix("--check").exit_code == 0
    assert os.listdir(".") == ["Dockerfile"]


def test_what_the_diff_shows_is_what_write_writes(dfix, put):
    file = put("Dockerfile", "FROM scratch\nMAINTAINER ann\nCMD old\n")
    diff = dfix("--diff").stdout
    dfix("--write")
    assert "+MAINTAINER ANN" in diff
    assert "new" not in diff
    assert file.read_text() == "FROM scratch\nMAINTAINER ANN\nCMD old\n"


def test_what_lies_above_the_level_is_offered(dfix, put):
    put("Dockerfile", "FROM scratch\nCMD old\n")
    assert "offered: Use another command at line 2 (drop-command: --level bold" in dfix().stdout
    assert "would: Use another command" in dfix("--level", "bold").stdout


def test_explain_shows_evidence_and_what_would_answer_a_hold_back(dfix, put):
    put("Dockerfile", "FROM scratch\nMAINTAINER odd\nMAINTAINER ann\n")
    shown = dfix("--explain").stdout
    assert "because ann is quiet [https://docs.docker.com/reference/dockerfile/]" in shown
    assert "held back at line 2: this name is odd (shout-maintainer: odd-name)" in shown
    assert 'answer: if it were even: builder = "buildkit"' in shown


def test_a_hold_back_alone_exits_zero(dfix, put):
    put("Dockerfile", "FROM scratch\nMAINTAINER odd\n")
    assert dfix("--check").exit_code == 0


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_a_transform_that_does_not_exist_is_a_usage_error_with_the_nearest(dfix, option):
    result = dfix(option, "shout-maintaner")
    assert result.exit_code == 2
    assert "did you mean shout-maintainer?" in result.stderr


def test_only_and_skip_choose(dfix, put):
    put("Dockerfile", CHANGING)
    assert dfix("--check", "--skip", "shout-maintainer").exit_code == 0
    assert dfix("--check", "--only", "drop-command").exit_code == 0
    assert dfix("--check", "--only", "drop-command,shout-maintainer").exit_code == 1


def test_one_bad_file_among_many_is_named_and_the_others_are_done(dfix, put):
    good = put("a/Dockerfile", CHANGING)
    bad = put("b/Dockerfile", BROKEN)
    last = put("c/Dockerfile", CHANGING)
    result = dfix("--write")
    assert result.exit_code == 4
    assert "b/Dockerfile:2:" in result.stderr
    assert good.read_text() == last.read_text() == QUIET
    assert bad.read_text() == BROKEN


def test_a_file_that_does_not_parse_outweighs_a_missing_one_and_a_change(dfix, put):
    put("a/Dockerfile", CHANGING)
    put("b/Dockerfile", BROKEN)
    assert dfix("--check", "a", "b", "missing").exit_code == 4
    assert dfix("--check", "a", "missing").exit_code == 2


def test_a_path_that_does_not_exist_is_named_and_the_others_are_done(dfix, put):
    file = put("Dockerfile", CHANGING)
    result = dfix("--write", "missing", "Dockerfile")
    assert result.exit_code == 2
    assert "missing: there is no such file or folder" in result.stderr
    assert file.read_text() == QUIET


def test_a_folder_named_like_a_dockerfile_is_said_to_be_one(dfix, here):
    (here / "Dockerfile").mkdir()
    result = dfix("Dockerfile")
    assert result.exit_code == 2
    assert "it is a folder, not a Dockerfile" in result.stderr


def test_a_template_is_left_alone_aloud(dfix, put):
    put("Dockerfile.j2", "FROM {{ base }}\n")
    result = dfix("--check")
    assert result.exit_code == 0
    assert "left alone: Dockerfile.j2: " in result.stderr


def test_an_empty_file_is_left_alone_aloud(dfix, put):
    put("Dockerfile", "")
    result = dfix("--check")
    assert (result.exit_code, result.stderr) == (0, "left alone: Dockerfile: it is empty\n")


def test_utf_16_is_refused_with_the_encoding_named(dfix, put):
    file = put("Dockerfile", CHANGING.encode("utf-16"))
    before = file.read_bytes()
    result = dfix("--write")
    assert result.exit_code == 4
    assert "UTF-16" in result.stderr
    assert file.read_bytes() == before


def test_a_linked_dockerfile_is_refused_with_its_target_named(dfix, put, here):
    real = put("real", CHANGING)
    (here / "Dockerfile").symlink_to("real")
    result = dfix("--write")
    assert result.exit_code == 0
    assert "symbolic link to real" in result.stderr
    assert real.read_text() == CHANGING


def test_a_pipe_is_no_dockerfile(dfix, here):
    os.mkfifo(here / "Dockerfile")
    result = dfix("Dockerfile")
    assert result.exit_code == 2
    assert "not a regular file" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_named_and_the_others_are_done(dfix, put):
    put("a/Dockerfile").chmod(0)
    good = put("b/Dockerfile", CHANGING)
    result = dfix("--write")
    assert result.exit_code == 2
    assert "a/Dockerfile: permission denied" in result.stderr
    assert good.read_text() == QUIET


def test_a_file_that_reading_fails_on_is_named_and_the_others_are_done(dfix, put, monkeypatch):
    put("a/Dockerfile")
    good = put("b/Dockerfile", CHANGING)
    real = os.lstat

    def refuse(path, *args, **kwargs):
        if str(path).endswith("a/Dockerfile"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    monkeypatch.setattr("dfix.api.tasks.os.lstat", refuse)
    result = dfix("--check")
    assert result.exit_code == 2
    assert "a/Dockerfile: permission denied" in result.stderr
    assert "b/Dockerfile" in result.stdout
    assert good.read_text() == CHANGING


def test_write_takes_the_ignore_file_along(dfix, put, here):
    put("Dockerfile", "FROM scratch\nMAINTAINER ignorer\n")
    assert dfix("--write").exit_code == 0
    assert (here / ".dockerignore").read_text() == ".git\n"


def test_standard_input_is_a_filter(dfix):
    result = dfix("-", "--write", stdin=CHANGING)
    assert (result.exit_code, result.stdout) == (0, QUIET)


def test_standard_input_that_does_not_parse_comes_out_as_it_went_in(dfix):
    result = dfix("-", "--write", stdin=BROKEN)
    assert (result.exit_code, result.stdout) == (4, BROKEN)


def test_standard_input_is_called_by_the_name_that_is_given(dfix):
    result = dfix("-", "--diff", "--stdin-filename", "web/Dockerfile", stdin=CHANGING)
    assert result.exit_code == 1
    assert "+++ b/web/Dockerfile\n" in result.stdout


def test_a_filter_does_not_write_other_files_and_says_so(dfix, here):
    result = dfix(
        "-", "--write", "--stdin-filename", "Dockerfile", stdin="FROM a\nMAINTAINER ignorer\n"
    )
    assert "not written: .dockerignore" in result.stderr
    assert os.listdir(here) == []


@pytest.mark.parametrize(
    "args",
    [
        ("--write", "--diff"),
        ("--write", "--check"),
        ("-q", "-v"),
        ("-", "Dockerfile"),
        ("--stdin-filename", "x"),
        ("--isolated", "--config", "dfix.toml"),
        ("--level", "reckless"),
        ("--jobs", "0"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(dfix, args):
    assert dfix(*args).exit_code == 2


def test_quiet_says_only_what_went_wrong(dfix, put):
    put("a/Dockerfile", CHANGING)
    put("b/Dockerfile", BROKEN)
    result = dfix("-q")
    assert result.stdout == ""
    assert "b/Dockerfile" in result.stderr


def test_verbose_names_files_that_need_nothing(dfix, put):
    put("Dockerfile", QUIET)
    assert "Dockerfile: nothing to do" in dfix("-v").stdout


def test_statistics_count_by_transform(dfix, put):
    put("Dockerfile", "FROM scratch\nMAINTAINER odd\nMAINTAINER ann\nMAINTAINER bob\n")
    row = next(x for x in dfix("--statistics").stdout.splitlines() if x.startswith("shout-m"))
    assert row.split() == [
        "shout-maintainer",
        "2",
        "taken",
        "0",
        "offered",
        "1",
        "held",
        "back:",
        "odd-name",
        "1",
    ]


def test_output_goes_to_a_file(dfix, put, here):
    put("Dockerfile", CHANGING)
    result = dfix("--format", "json", "--output", "out.json")
    assert result.stdout == ""
    assert json.loads((here / "out.json").read_text())["version"] == 1


def test_output_to_a_folder_is_an_error(dfix, put):
    put("Dockerfile", CHANGING)
    put("out/x")
    result = dfix("--output", "out", "Dockerfile")
    assert result.exit_code == 2
    assert "out" in result.stderr


def test_no_color_wins_over_nothing_and_always_wins_over_no_color(dfix, put):
    put("Dockerfile", CHANGING)
    assert "\x1b[" not in dfix(env={"NO_COLOR": "1", "FORCE_COLOR": "1"}).stdout
    assert "\x1b[" in dfix(env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" in dfix("--color", "always", env={"NO_COLOR": "1"}).stdout


def test_a_coloured_diff_is_the_diff_with_codes(dfix, put):
    import re

    put("Dockerfile", CHANGING)
    coloured = dfix("--diff", "--color", "always").stdout
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == dfix("--diff").stdout


def test_a_path_named_like_a_command_is_written_with_a_dot(dfix, put):
    put("list", CHANGING)
    assert "would: Shout ann" in dfix("./list").stdout
    assert dfix("list").stdout.startswith("drop-command")


def test_help_shows_the_options_and_the_commands(dfix):
    shown = dfix("--help").stdout
    assert "--stdin-filename" in shown
    assert "parse" in shown


def test_list_names_each_transform_with_its_ceiling(dfix):
    assert dfix("list").stdout.splitlines() == [
        "drop-command      bold    Use another command",
        "shout-maintainer  review  Write maintainers in capitals",
    ]


def test_explain_shows_a_transforms_page(dfix):
    assert "Write maintainers in capitals." in dfix("explain", "shout-maintainer").stdout


def test_explain_shows_a_file(dfix, put):
    put("Dockerfile", CHANGING)
    assert "because ann is quiet" in dfix("explain", "Dockerfile").stdout


def test_explain_of_neither_names_the_nearest(dfix):
    result = dfix("explain", "shout-maintaine")
    assert result.exit_code == 2
    assert "did you mean shout-maintainer?" in result.stderr


def test_many_files_go_through_several_processes_in_order(process, put):
    for number in range(30):
        put(f"{number:02}/Dockerfile", "FROM scratch\nENV\n" if number == 7 else "FROM scratch\n")
    result = process("--jobs", "2", "--format", "json")
    document = json.loads(result.stdout)
    files = document["projects"][0]["files"]
    assert result.returncode == 4
    assert [each["path"] for each in files] == [f"{n:02}/Dockerfile" for n in range(30)]
    assert [each["ending"]["kind"] for each in files].count("unparsable") == 1
