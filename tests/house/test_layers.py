"""The rooms know only the rooms below them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_layers_hold(house):
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists():
        pytest.fail("import-linter is not installed")
    outcome = subprocess.run(
        [command, "--no-cache"], cwd=house, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout


def imports(path):
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def importing(tracked, wanted, inside):
    return sorted(
        name
        for name, path in tracked.items()
        if name.startswith(inside) and name.endswith(".py")
        if any(each == wanted or each.startswith(wanted + ".") for each in imports(path))
    )


def test_transforms_use_no_regular_expressions(tracked):
    assert importing(tracked, "re", "dfix/transforms/") == []


def test_transforms_do_not_know_each_other(tracked):
    assert importing(tracked, "dfix.transforms", "dfix/transforms/") == []


@pytest.mark.parametrize("library", ["subprocess", "socket", "httpx", "urllib.request"])
@pytest.mark.parametrize("room", ["grammar", "refactor", "transforms", "api", "render", "cli"])
def test_no_process_and_no_network_in(room, library, tracked):
    assert importing(tracked, library, f"dfix/{room}/") == []


def test_the_engine_reads_no_clock(tracked):
    for room in ("grammar", "ecosystems", "refactor", "transforms"):
        for clock in ("time", "datetime", "random"):
            assert importing(tracked, clock, f"dfix/{room}/") == []


METHODS = {"open", "read_text", "read_bytes", "write_text", "write_bytes"}


def opens(call):
    """Is this `open(...)` or one of pathlib's methods?"""
    if isinstance(call.func, ast.Name):
        return call.func.id == "open"
    return isinstance(call.func, ast.Attribute) and call.func.attr in METHODS


@pytest.mark.parametrize("room", ["grammar", "refactor", "transforms", "render"])
def test_no_file_is_opened_in(room, tracked):
    """The doors open Dockerfiles, `ecosystems.tree` everything around them.

    The one exception compares a grammar with the tables that were compiled from it.
    """
    opening = sorted(
        name
        for name, path in tracked.items()
        if name.startswith(f"dfix/{room}/") and name.endswith(".py")
        if any(
            isinstance(node, ast.Call) and opens(node)
            for node in ast.walk(ast.parse(path.read_text()))
        )
    )
    assert [name for name in opening if name not in COMPILING] == []


COMPILING = {"dfix/grammar/compile.py", "dfix/grammar/driver.py"}
