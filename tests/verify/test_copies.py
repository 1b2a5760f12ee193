"""What is built is a copy: of what the builder is sent, and never written back."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfix.ecosystems.tree import DiskTree
from dfix.refactor.config import Config
from dfix.verify import rebuild
from dfix.verify.build import edit, plan, room, without_syntax
from dfix.verify.values import NotTried


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def planned(project, path="Dockerfile", **settings):
    return plan(project.root, DiskTree(project.root), path, Config(**settings))


@pytest.fixture
def shop(project):
    project.put("Dockerfile", "FROM scratch\nCOPY . .\n")
    project.put(".dockerignore", "secret\nnode_modules\n")
    project.put("secret", "s")
    project.put("node_modules/a/b", "b")
    project.put("src/main.py", "print()\n")
    return project


def test_a_copy_holds_what_is_sent(shop):
    with room(planned(shop), {}, parent=None, syntax=True) as made:
        assert listing(made.context) == [".dockerignore", "Dockerfile", "src", "src/main.py"]
        assert made.dockerfile.read_text() == "FROM scratch\nCOPY . .\n"
    assert not made.folder.exists()


def test_what_comes_back_by_an_exclamation_mark_is_sent(shop):
    shop.put(".dockerignore", "node_modules\n!node_modules/a\n")
    with room(planned(shop), {}, parent=None, syntax=True) as made:
        assert "node_modules/a/b" in listing(made.context)


def test_changed_files_lie_over_the_copy_and_not_in_the_project(shop):
    files = {
        "Dockerfile": "FROM a\n",
        "Dockerfile.dockerignore": "src\n",
        "src/main.py": None,
        "src/x/y": "y",
    }
    with room(planned(shop), files, parent=None, syntax=True) as made:
        assert made.dockerfile.read_text() == "FROM a\n"
        assert (made.context / "Dockerfile").read_text() == "FROM a\n"
        assert made.dockerfile.with_name("Dockerfile.dockerignore").read_text() == "src\n"
        assert listing(made.context / "src") == ["x", "x/y"]
    assert listing(shop.root / "src") == ["main.py"]
    assert shop.dockerfile == "FROM scratch\nCOPY . .\n"


def test_what_a_new_ignore_file_lets_in_is_copied(shop):
    with room(planned(shop), {".dockerignore": "src\n"}, parent=None, syntax=True) as made:
        assert {"secret", "src/main.py"} <= set(listing(made.context))


def test_links_and_modes_are_kept_and_closed_folders_go_again(shop):
    (shop.root / "src" / "link").symlink_to("nowhere")
    (shop.root / "src" / "folder-link").symlink_to("../src")
    (shop.root / "src" / "main.py").chmod(0o751)
    (shop.root / "src").chmod(0o555)
    try:
        with room(planned(shop), {}, parent=None, syntax=True) as made:
            assert (made.context / "src" / "link").readlink() == Path("nowhere")
            assert (made.context / "src" / "folder-link").readlink() == Path("../src")
            assert (made.context / "src" / "main.py").stat().st_mode & 0o777 == 0o751
            assert (made.context / "src").stat().st_mode & 0o777 == 0o555
    finally:
        (shop.root / "src").chmod(0o755)
    assert not made.folder.exists()


def test_a_context_elsewhere_in_the_project(shop):
    shop.put("docker/web/Dockerfile", "FROM scratch\n")
    with room(
        planned(shop, "docker/web/Dockerfile", context="src"),
        {"docker/web/Dockerfile": "FROM b\n", "src/new": "n"},
        parent=None,
        syntax=True,
    ) as made:
        assert listing(made.context) == ["main.py", "new"]
        assert made.dockerfile.read_text() == "FROM b\n"


def test_the_syntax_line_is_left_out_of_what_is_built_alone(shop):
    text = "# syntax=docker/dockerfile:1\nFROM scratch\n"
    shop.put("Dockerfile", text)
    with room(planned(shop), {}, parent=None, syntax=False) as made:
        assert made.dockerfile.read_text() == "FROM scratch\n"
        assert (made.context / "Dockerfile").read_text() == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"# escape=`\n#  SYNTAX = a\nFROM b\n", b"# escape=`\nFROM b\n"),
        (b"# a comment\n# syntax=a\nFROM b\n", None),
        (b"FROM b\n# syntax=a\n", None),
        (b"", None),
    ],
)
def test_only_a_directive_is_a_syntax_line(text, left):
    assert without_syntax(text) == (text if left is None else left)


def test_a_place_that_is_not_there_is_said(shop, tmp_path):
    with (
        pytest.raises(NotTried, match="the context cannot be copied: no such file"),
        room(planned(shop), {}, parent=str(tmp_path / "none"), syntax=True),
    ):
        pass


def test_an_edit_adds_white_space_that_differs_from_every_other(tmp_path):
    texts = set()
    for seed in ("0a", "0b", "ff"):
        file = tmp_path / seed
        file.write_text("print()\n")
        edit(file, seed)
        texts.add(file.read_text())
        assert file.read_text().rstrip() == "print()"
    assert len(texts) == 3


def test_edits_stand_for_what_people_edit(tmp_path):
    for path in ("conftest.py", "app/main.py", "requirements.txt", "node_modules/x/index.py"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    found = rebuild.edits_for(tmp_path, "", {})
    assert found == {"source": "app/main.py", "manifest": "requirements.txt"}
    assert rebuild.edits_for(tmp_path, "app\n", {})["source"] == "conftest.py"
    assert rebuild.edits_for(tmp_path, "", {"source": "conftest.py"})["source"] == "conftest.py"
