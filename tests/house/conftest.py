"""Where the house stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rooms import ROOMS


@pytest.fixture(scope="session")
def house():
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tracked(house):
    """The files of the package by their path inside it: those of git, new ones included."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *ROOMS],
        cwd=house,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()
    return {path.partition("/")[2]: house / path for path in listed if (house / path).exists()}


@pytest.fixture(scope="session")
def wheel(house, tmp_path_factory):
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=house, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built
