"""Repositories that show nothing are known without the readers."""

from __future__ import annotations

import pytest

from dfix.ecosystems import repository
from dfix.ecosystems.repository.index import index
from dfix.ecosystems.repository.sources import COMPOSE, dockerfile_name, readers
from dfix.ecosystems.tree import MemoryTree

FOLDERS = ("", "scripts/", "bin/", ".github/workflows/", ".do/", "build/", ".gitlab/")
STEMS = ("a", "Dockerfile", "compose", "docker-bake", "fly", "build", "Containerfile", "x.make")
NAMES = tuple(s + e for s in STEMS for e in repository.SILENT_ENDINGS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_reader_is_asked_about_a_silent_file(folder):
    for name in (*NAMES, *(() if folder else repository.SILENT)):
        path = folder + name
        assert repository.silent(path), path
        assert readers(path) == (), path
        assert not dockerfile_name(path), path
        assert not COMPOSE.match(name), path
        assert not name.endswith((".yaml", ".yml")), path


@pytest.mark.parametrize(
    "path",
    [
        "Jenkinsfile.py",
        "Makefile.go",
        "compose.yaml",
        "run",
        "a.sh",
        "package.json",
        "a/Dockerfile",
    ],
)
def test_files_that_may_show_something_are_not_silent(path):
    assert not repository.silent(path)


def test_the_short_way_says_what_the_long_way_says():
    tree = MemoryTree({"Dockerfile": "FROM scratch\nCOPY . /\n", "main.go": "", "go.mod": ""})
    assert repository.read(tree, "Dockerfile") == index(tree).repository("Dockerfile")
