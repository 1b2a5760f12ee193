"""All files or none, and only over what was read."""

from __future__ import annotations

import os
import stat

import pytest

from dfix.api.unite import sha
from dfix.cli.writing import NotWritten, write, write_text
from dfix.refactor.report import Edit


def edit(before, after):
    return Edit(None if before is None else sha(before), after)


def test_a_file_gets_its_new_text_and_keeps_its_mode(tmp_path):
    file = tmp_path / "Dockerfile"
    file.write_text("old")
    file.chmod(0o600)
    write(str(tmp_path), {"Dockerfile": edit("old", "new\r\n\udce9")})
    assert file.read_bytes() == b"new\r\n\xe9"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path):
    mask = os.umask(0o027)
    try:
        write(str(tmp_path), {".dockerignore": edit(None, "x\n")})
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / ".dockerignore").stat().st_mode) == 0o640


def test_a_file_can_be_removed(tmp_path):
    (tmp_path / "gone").write_text("x")
    write(str(tmp_path), {"gone": edit("x", None)})
    assert os.listdir(tmp_path) == []


def changed(folder):
    (folder / "b").write_text("somebody else's")


def removed(folder):
    (folder / "b").unlink()


def linked(folder):
    (folder / "b").unlink()
    (folder / "b").symlink_to("a")


def a_folder(folder):
    (folder / "b").unlink()
    (folder / "b").mkdir()


@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        (changed, "it was changed since it was read"),
        (removed, "it was removed since it was read"),
        (linked, "it is a symbolic link"),
        (a_folder, "it is not a regular file"),
    ],
)
def test_nothing_of_a_set_is_written_if_a_file_is_no_longer_what_was_read(
    tmp_path, meanwhile, sentence
):
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    meanwhile(tmp_path)
    with pytest.raises(NotWritten) as raised:
        write(str(tmp_path), {"a": edit("old", "new"), "b": edit("old", "new")})
    assert (raised.value.path, raised.value.sentence) == ("b", sentence)
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(os.listdir(tmp_path))[:1] == ["a"]
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".dfix-")]


def test_a_file_that_came_into_being_is_not_overwritten(tmp_path):
    (tmp_path / "new").write_text("mine")
    with pytest.raises(NotWritten, match="created since"):
        write(str(tmp_path), {"new": edit(None, "x")})
    assert (tmp_path / "new").read_text() == "mine"


def test_a_failing_move_puts_the_earlier_ones_back(tmp_path, monkeypatch):
    (tmp_path / "b").write_text("old")
    (tmp_path / "c").write_text("old")
    real = os.replace

    def fail(source, target):
        if target.endswith("c"):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr("dfix.cli.writing.os.replace", fail)
    edits = {"a": edit(None, "new"), "b": edit("old", "new"), "c": edit("old", "new")}
    with pytest.raises(NotWritten, match="no space left"):
        write(str(tmp_path), edits)
    assert sorted(os.listdir(tmp_path)) == ["b", "c"]
    assert (tmp_path / "b").read_text() == "old"


def test_a_path_outside_the_project_is_refused(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "link").symlink_to("../elsewhere")
    for path in ("../x", "link/x"):
        with pytest.raises(NotWritten, match="outside the project"):
            write(str(tmp_path / "project"), {path: edit(None, "x")})


def test_a_report_is_written_over_an_older_one(tmp_path):
    file = tmp_path / "out"
    write_text(str(file), "one")
    write_text(str(file), "two")
    assert file.read_text() == "two"


def test_a_report_cannot_be_written_into_nowhere(tmp_path):
    with pytest.raises(NotWritten, match="no such file"):
        write_text(str(tmp_path / "no" / "out"), "x")
