"""What `go mod download` reads, and where it may be put before a build."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Fetch, Inputs
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree

GO = ecosystem_of("go")
MOD = "module example.org/x\n\ngo 1.22\n\nrequire github.com/a/b v1.0.0\n"
PLAIN = {"go.mod": MOD, "go.sum": "github.com/a/b v1.0.0 h1:x\n", "main.go": "package main\n"}


def fetch(files: dict[str, str], line: str = "go build", directory: str = "", **more: Any) -> Any:
    call = read_call(shlex.split(line))
    assert call is not None
    return GO.fetch(call, MemoryTree(files), directory, **more)


def inputs(
    files: dict[str, str], line: str = "go mod download", directory: str = "", **more: Any
) -> Inputs:
    call = read_call(shlex.split(line))
    assert call is not None
    found = GO.inputs(call, MemoryTree(files), directory, **more)
    assert isinstance(found, Known), found
    return found.value


def test_a_module_is_fetched_from_go_mod_and_go_sum() -> None:
    found = fetch(PLAIN)
    assert isinstance(found, Known)
    assert isinstance(found.value, Fetch)
    assert found.value.words == ("go", "mod", "download")
    assert found.value.inputs.files == ("go.mod", "go.sum")
    assert found.value.inputs.hosts == ("github.com",)
    assert found.value.inputs.enforced


@pytest.mark.parametrize(
    "line", ["go build ./...", "go install ./...", "go test ./...", "go vet ./...", "go run ."]
)
def test_what_compiles_fetches_first(line: str) -> None:
    assert isinstance(fetch(PLAIN, line), Known)


@pytest.mark.parametrize(
    "line", ["go mod download", "go version", "go install x.org/y@latest", "go mod tidy"]
)
def test_other_commands_need_no_fetch(line: str) -> None:
    assert fetch(PLAIN, line) is None


def test_nothing_is_fetched_for_a_module_without_requirements() -> None:
    assert fetch({"go.mod": "module x\n"}) is None


def test_a_package_folder_belongs_to_the_module_above() -> None:
    found = fetch({**PLAIN, "cmd/web/main.go": ""}, directory="cmd/web")
    assert isinstance(found, Known)
    assert found.value.inputs.files == ("go.mod", "go.sum")


def test_another_folder_is_followed() -> None:
    found = fetch({f"svc/{path}": text for path, text in PLAIN.items()}, "go build -C svc")
    assert isinstance(found, Known)
    assert found.value.inputs.files == ("svc/go.mod", "svc/go.sum")
    assert found.value.words == ("go", "mod", "download", "-C", "svc")


def test_modules_replaced_by_folders_bring_their_go_mod() -> None:
    files = {
        "go.mod": MOD + "replace github.com/a/c => ./lib\n",
        "go.sum": "",
        "lib/go.mod": "module c\n",
    }
    assert inputs(files).files == ("go.mod", "go.sum", "lib/go.mod")


def test_a_workspace_brings_all_its_modules() -> None:
    files = {
        "go.work": "go 1.22\n\nuse (\n\t./a\n\t./b\n)\n",
        "go.work.sum": "",
        "a/go.mod": MOD,
        "a/go.sum": "",
        "b/go.mod": "module b\n",
    }
    assert inputs(files, directory="a").files == (
        "go.work",
        "go.work.sum",
        "a/go.mod",
        "a/go.sum",
        "b/go.mod",
    )
    assert inputs(files, directory="a", env={"GOWORK": "off"}).files == ("a/go.mod", "a/go.sum")


@pytest.mark.parametrize(
    ("files", "line", "sentence"),
    [
        ({"main.go": ""}, "go build", "go.mod is missing"),
        ({"go.mod": MOD}, "go build", "there is no go.sum beside it"),
        ({**PLAIN, "vendor/modules.txt": ""}, "go build", "vendor holds the modules"),
        (PLAIN, "go build -mod=vendor", "takes its modules from vendor"),
        (PLAIN, "go build -mod=mod", "change go.mod"),
        (PLAIN, "go build -modfile=other.mod", "names another go.mod"),
        ({**PLAIN, "go.mod": MOD + "replace github.com/a/b => ../b\n"}, "go build", "outside the build context"),
        ({**PLAIN, "go.mod": MOD + "replace github.com/a/b => /src/b\n"}, "go build", "outside the build context"),
        ({**PLAIN, "go.mod": MOD + "replace github.com/a/b => ./b\n"}, "go build", "b/go.mod is missing"),
        ({**PLAIN, "go.mod": MOD + "frobnicate x\n"}, "go build", "cannot be read"),
        ({**PLAIN, "go.work": "use ../x\n"}, "go build", "outside the build context"),
    ],
)  # fmt: skip
def test_reasons_not_to_fetch_early(files: dict[str, str], line: str, sentence: str) -> None:
    found = fetch(files, line)
    assert isinstance(found, Unknown)
    assert sentence in found.why


@pytest.mark.parametrize(
    "env",
    [
        {"GOFLAGS": "-mod=vendor"},
        {"GOFLAGS": "-modfile=x"},
        {"GOFLAGS": None},
        {"GOWORK": "/w/go.work"},
    ],
)
def test_variables_that_change_the_modules_hold_back(env: dict[str, str | None]) -> None:
    assert isinstance(fetch(PLAIN, env=env), Unknown)


def test_a_module_whose_only_needs_are_folders_needs_no_sums() -> None:
    files = {"go.mod": MOD + "replace github.com/a/b => ./b\n", "b/go.mod": "module b\n"}
    assert fetch(files) is None
    assert inputs(files).enforced
