"""What a run does not import."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rooms import ROOMS

HEAVY = (
    "lark",
    "libcst",
    "rich",
    "httpx",
    "yaml",
    "hcl2",
    "tree_sitter",
    "pathspec",
    "tomllib",
    "concurrent.futures",
    "importlib.metadata",
)
DOCKERFILE = (
    "FROM debian:12 AS build\nRUN apt-get update && apt-get install -y curl\n"
    "FROM debian:12\nCOPY --from=0 /a /b\n"
)


# Not -X importtime, which is silent about what importlib.import_module imports.
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("MODULES", *sys.modules, file=sys.stderr))
from dfix.cli.main import main
main()
"""


def imported(house, folder, *args):
    """The modules that are loaded when `dfix ARGS` ends."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(house / room) for room in ROOMS)}
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    line = outcome.stderr.splitlines()[-1]
    assert line.startswith("MODULES "), outcome.stderr
    return set(line.split())


def loaded(modules, library):
    return sorted(each for each in modules if each == library or each.startswith(library + "."))


@pytest.fixture(scope="module")
def diff_modules(house, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return imported(house, folder, "--diff", "Dockerfile")


@pytest.mark.parametrize("library", HEAVY)
def test_a_diff_of_one_file_does_not_import(library, diff_modules):
    assert loaded(diff_modules, library) == []


def test_a_subcommand_is_imported_when_it_is_called(house, diff_modules, tmp_path):
    assert loaded(diff_modules, "dfix.cli.commands.listing") == []
    assert loaded(imported(house, tmp_path, "list"), "dfix.cli.commands.listing") != []


@pytest.mark.parametrize("args", [("--version",), ("config", "schema"), ("list", "--help")])
def test_help_and_the_like_load_neither_engine_nor_catalogue(args, house, tmp_path):
    modules = imported(house, tmp_path, *args)
    assert loaded(modules, "dfix.grammar.parser") == []
    assert loaded(modules, "dfix.refactor.pipeline") == []
