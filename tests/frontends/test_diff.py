"""Every diff applies: git is the judge."""

from __future__ import annotations

import subprocess

import handmade as reports
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unidiff import PatchSet

from dfix.render import diff


def git(folder, *args, stdin=b""):
    command = ["git", "-c", "core.autocrlf=false", *args]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, check=False)


def encoded(text):
    return text.encode("utf-8", "surrogateescape")


def applied(folder, path, before, after):
    """The bytes of a file after `git apply` of the diff; None if the file is gone."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if before is not None:
        file.write_bytes(encoded(before))
    patch = encoded(diff.file_diff(path, before, after))
    outcome = git(folder, "apply", "-", stdin=patch)
    assert outcome.returncode == 0, (outcome.stderr, patch)
    return file.read_bytes() if file.exists() else None


TEXTS = {
    "no final newline on either side": ("a\nb", "a\nc"),
    "the final newline goes": ("a\nb\n", "a\nb"),
    "the final newline comes": ("a\nb", "a\nb\n"),
    "the line without an end is only context": ("a\nb\nc", "x\nb\nc"),
    "carriage returns": ("a\r\nb\r\n", "a\r\nc\r\n"),
    "a carriage return inside a line": ("a\rb\n", "a\rc\n"),
    "a form feed": ("a\x0cb\nc\n", "a\x0cb\nd\n"),
    "U+2028 and U+0085": ("a\u2028b\x85\nc\n", "a\u2028b\x85\nd\n"),
    "bytes that are no UTF-8": ("a\udce9\nb\n", "a\udce9\nc\n"),
    "lines that look like a header": ("-- a\n++ b\n", "-- a\n-- c\n"),
    "far apart": (
        "".join(f"{n}\n" for n in range(99)),
        "x\n" + "".join(f"{n}\n" for n in range(98)),
    ),
    "from nothing in the file": ("", "a\n"),
    "to nothing in the file": ("a\n", ""),
}


@pytest.mark.parametrize("name", TEXTS)
def test_git_applies_a_diff_of(name, tmp_path):
    before, after = TEXTS[name]
    assert applied(tmp_path, "Dockerfile", before, after) == encoded(after)


@pytest.mark.parametrize("inside", [True, False], ids=["in a checkout", "outside"])
@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        "a b/Docker file",
        'q"uote',
        "tab\there",
        "back\\slash",
        "naïve/Dockerfile",
        "日本",
        "a b é",
    ],
)
def test_git_applies_a_diff_to_a_file_called(path, inside, tmp_path):
    if inside:
        git(tmp_path, "init", "-q")
    assert applied(tmp_path, path, "a\n", "b\n") == b"b\n"


@pytest.mark.parametrize("path", [".dockerignore", "a b/.dockerignore", "é/.dockerignore"])
def test_git_creates_and_removes_files(path, tmp_path):
    assert applied(tmp_path, path, None, "x\n") == b"x\n"
    assert applied(tmp_path, path, "x\n", None) is None


def test_git_apply_in_a_subfolder_takes_paths_from_the_root(tmp_path):
    git(tmp_path, "init", "-q")
    file = tmp_path / "web" / "Dockerfile"
    file.parent.mkdir()
    file.write_text("a\n")
    patch = diff.file_diff("web/Dockerfile", "a\n", "b\n").encode()
    assert git(file.parent, "apply", "-", stdin=patch).returncode == 0
    assert file.read_text() == "b\n"


ALPHABET = st.sampled_from("ab\n\n\r\x0c\u2028-+@\\ ")


@settings(max_examples=40, deadline=None)
@given(before=st.text(ALPHABET, max_size=30), after=st.text(ALPHABET, max_size=30))
def test_git_applies_a_diff_of_any_two_texts(tmp_path_factory, before, after):
    if before != after:
        folder = tmp_path_factory.mktemp("any")
        assert applied(folder, "f", before, after) == after.encode()


def test_lines_end_at_newlines_only_and_lose_nothing():
    assert diff.lines("a\x0cb\r\nc\u2028d") == ["a\x0cb\r\n", "c\u2028d"]
    assert diff.lines("") == []
    assert diff.lines("\n") == ["\n"]


def test_one_diff_a_file_even_if_two_reports_change_it(tmp_path):
    shared = {".dockerignore": ("a\n", "a\nb\n")}
    one = reports.changed(path="Dockerfile", files=shared)
    two = reports.changed(path="Dockerfile.dev", files=shared)
    patch = PatchSet("".join(diff.render(reports.view(one, two))))
    assert [each.path for each in patch] == ["Dockerfile", ".dockerignore", "Dockerfile.dev"]


def test_explanations_stand_in_front_of_a_diff_and_git_skips_them(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    text = "".join(diff.render(reports.view(reports.everything(), explain=True)))
    assert text.startswith("# Do it (some-transform, safe)\n#   it is quiet [Dockerfile:1]\n")
    assert git(tmp_path, "apply", "-", stdin=text.encode()).returncode == 0
    assert (tmp_path / ".dockerignore").read_text() == ".git\n"


def test_a_report_that_changes_nothing_has_no_diff():
    assert not "".join(diff.render(reports.view(reports.unparsable(), reports.changed("a", "a"))))
