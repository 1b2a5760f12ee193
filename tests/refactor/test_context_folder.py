"""Which folder a Dockerfile is built from, where nothing in the repository shows a build."""

from __future__ import annotations

from dfix.ecosystems.facts import Known
from dfix.ecosystems.tree import MemoryTree
from dfix.refactor.config import Config
from dfix.refactor.project import Project

BELOW = "FROM golang:1.24\nWORKDIR /src\nCOPY go.mod go.sum ./\nCOPY cmd/app ./cmd/app\n"


def folder(files: dict[str, str], path: str = "cmd/app/Dockerfile") -> str:
    found = Project(MemoryTree(files), path, Config()).context_folder
    assert isinstance(found, Known)
    return found.value


def test_it_is_the_dockerfiles_own_if_all_it_copies_is_there() -> None:
    files = {
        "web/Dockerfile": "FROM nginx\nCOPY index.html /\n",
        "web/index.html": "",
        "index.html": "",
    }
    assert folder(files, "web/Dockerfile") == "web"


def test_it_is_the_nearest_one_above_that_holds_what_is_copied_by_name() -> None:
    files = {"cmd/app/Dockerfile": BELOW, "go.mod": "", "go.sum": "", "cmd/app/main.go": ""}
    assert folder(files) == ""


def test_parents_in_a_source_count_for_nothing_as_for_the_builder() -> None:
    files = {"cmd/app/Dockerfile": "FROM golang:1.24\nCOPY ../../go.mod ./\n", "go.mod": ""}
    assert folder(files) == ""


def test_it_stays_the_dockerfiles_own_if_nowhere_holds_everything() -> None:
    files = {"cmd/app/Dockerfile": BELOW, "go.mod": "", "cmd/app/main.go": ""}
    assert folder(files) == "cmd/app"


def test_a_build_that_is_shown_decides() -> None:
    files = {
        "cmd/app/Dockerfile": BELOW,
        "go.mod": "",
        "go.sum": "",
        "cmd/app/main.go": "",
        "compose.yaml": "services:\n  app:\n    build: cmd/app\n",
    }
    assert folder(files) == "cmd/app"
