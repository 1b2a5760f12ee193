"""A tree is a folder: the same questions on disk, in memory, in a commit, under changes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from dfix.ecosystems import tree as tree_module
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import (
    DiskTree,
    GitTree,
    MemoryTree,
    OverlayTree,
    Tree,
    TreeTooLargeError,
    inside,
    subtree,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILES = {"go.mod": "module x\n", "cmd/web/main.go": "package main\n", "cmd/web/a.txt": "ä\r\n"}


@pytest.fixture(params=["memory", "disk", "git", "overlay", "subtree"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    if request.param == "memory":
        return MemoryTree(FILES)
    if request.param == "overlay":
        return OverlayTree(
            MemoryTree({**FILES, "go.mod": "old", "gone": ""}),
            {"go.mod": FILES["go.mod"], "gone": None},
        )
    if request.param == "subtree":
        return subtree(
            subtree(MemoryTree({f"deep/er/{path}": text for path, text in FILES.items()}), "deep"),
            "er",
        )
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    if request.param == "disk":
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "config").write_text("")
        return DiskTree(tmp_path)

    def git(arguments: Sequence[str]) -> bytes:
        names = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "core.autocrlf=false")
        return subprocess.run(
            ["git", *names, *arguments], cwd=tmp_path, capture_output=True, check=True
        ).stdout

    git(("init", "-q"))
    git(("add", "."))
    git(("commit", "-qm", "first"))
    return GitTree(git, "HEAD")


def test_files_are_listed_in_order(tree: Tree) -> None:
    assert tree.files() == ("cmd/web/a.txt", "cmd/web/main.go", "go.mod")


def test_folders_are_implied(tree: Tree) -> None:
    assert tree.listdir("") == ("cmd", "go.mod")
    assert tree.listdir("cmd/") == ("web",)
    assert tree.is_dir("cmd/web")
    assert tree.is_dir("")
    assert not tree.is_dir("go.mod")
    assert not tree.is_file("cmd")
    assert tree.listdir("nowhere") == ()


def test_text_keeps_its_line_ends(tree: Tree) -> None:
    read = tree.read("./cmd/../cmd/web/a.txt")
    assert isinstance(read, Known)
    assert read.value == "ä\r\n"


def test_a_missing_file_has_a_reason(tree: Tree) -> None:
    read = tree.read("go.sum")
    assert isinstance(read, Unknown)
    assert "go.sum is missing" in read.why


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "cmd/../../x"])
def test_nothing_outside_is_there(tree: Tree, path: str) -> None:
    assert not tree.is_file(path)
    assert not tree.is_dir(path)
    assert isinstance(tree.read(path), Unknown)


def test_bytes_are_cut_at_the_limit(tree: Tree) -> None:
    read = tree.read_bytes("go.mod", 3)
    assert isinstance(read, Known)
    assert read.value == b"mod"


def test_git_data_is_not_project_data(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("")
    tree = DiskTree(tmp_path)
    assert tree.files() == ()
    assert not tree.is_file(".git/config")


def test_links_count_only_inside(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "lib").mkdir(parents=True)
    (project / "lib" / "a").write_text("text")
    (tmp_path / "secret").write_text("secret")
    (project / "out").symlink_to(tmp_path / "secret")
    (project / "linked").symlink_to("lib")
    (project / "b").symlink_to("lib/a")
    (project / "broken").symlink_to("nowhere")
    tree = DiskTree(project)
    assert tree.files() == ("b", "lib/a")
    assert tree.is_dir("linked")
    assert tree.read("linked/a") == Known("text", "linked/a")
    assert isinstance(tree.read("out"), Unknown)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"\xff\xfea\0", "UTF-16"), (b"a\0b", "not a text file"), (b"\xff\xff", "not UTF-8")],
)
def test_what_is_no_text_has_a_reason(data: bytes, why: str) -> None:
    read = MemoryTree({"f": data}).read("f")
    assert isinstance(read, Unknown)
    assert why in read.why


def test_a_byte_order_mark_is_no_text() -> None:
    assert MemoryTree({"f": b"\xef\xbb\xbf{}"}).read("f") == Known("{}", "f")


def test_a_folder_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "FILES_LIMIT", 2)
    for number in range(3):
        (tmp_path / str(number)).write_text("")
    with pytest.raises(TreeTooLargeError, match="name a smaller folder"):
        DiskTree(tmp_path).files()


def test_facts_of_a_subtree_name_the_outer_path() -> None:
    assert subtree(MemoryTree({"api/go.mod": ""}), "api").read("go.mod") == Known("", "api/go.mod")


def test_inside() -> None:
    assert [inside(p) for p in ("", ".", "a/", "./a//b/../c", "..", "../a", "/a", "..a")] == [
        "",
        "",
        "a",
        "a/c",
        None,
        None,
        None,
        "..a",
    ]
