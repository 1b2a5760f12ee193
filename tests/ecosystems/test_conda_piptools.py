"""What commands of conda and of pip-tools do, and what they read of a project."""

from __future__ import annotations

import shlex

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree

CONDA = ecosystem_of("conda")
TOOLS = ecosystem_of("piptools")
PLAIN = "dependencies:\n  - python=3.11\n  - pip\n  - pip:\n      - flask==3.0\n"


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    return found


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("conda install -y -c conda-forge numpy", Role.ADD),
        ("mamba install --yes numpy", Role.ADD),
        ("micromamba install -y -n base -f env.yml", Role.INSTALL),
        ("conda create -n py36 python=3.6", Role.ADD),
        ("conda env create -f environment.yml", Role.INSTALL),
        ("conda env update -n base", Role.INSTALL),
        ("conda install --dry-run numpy", Role.RUN),
        ("conda clean -afy", Role.CLEAN),
        ("conda config --add channels conda-forge", Role.CONFIG),
        ("conda run -n base python app.py", Role.RUN),
        ("conda --version", Role.CONFIG),
        ("conda ?", Role.RUN),
    ],
)
def test_conda(line: str, role: Role) -> None:
    found = call(line)
    assert (found.ecosystem, found.role) == ("conda", role)
    assert CONDA.caches(found) == ()


def test_an_environment_file() -> None:
    tree = MemoryTree({"environment.yml": PLAIN, "app.py": ""})
    found = CONDA.inputs(call("conda env create -f environment.yml"), tree, "")
    assert isinstance(found, Known)
    assert found.value.files == ("environment.yml",)
    assert not found.value.enforced
    unnamed = CONDA.inputs(call("conda env create"), tree, "")
    assert isinstance(unnamed, Known)
    assert unnamed.value.files == ("environment.yml",)
    absolute = call("conda env create -f /app/environment.yml")
    assert isinstance(CONDA.inputs(absolute, tree, "", workdir="/app"), Known)
    assert isinstance(CONDA.inputs(absolute, tree, ""), Unknown)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("flask==3.0", "-r requirements.txt"),
        PLAIN.replace("flask==3.0", "-e ."),
        PLAIN.replace("flask==3.0", "./libs/m"),
        "name: a\n",
        "- [",
    ],
)
def test_an_environment_file_that_leads_further(text: str) -> None:
    tree = MemoryTree({"environment.yml": text})
    assert isinstance(CONDA.inputs(call("conda env create"), tree, ""), Unknown)


def test_pip_sync() -> None:
    found = call("pip-sync requirements.txt dev.txt")
    assert (found.ecosystem, found.role) == ("piptools", Role.INSTALL)
    assert call("pip-sync --dry-run").role is Role.RUN
    assert call("pip-compile requirements.in").role is Role.CHANGE
    assert [each.path for each in TOOLS.caches(found)] == ["~/.cache/pip"]
    compiled = call("pip-compile -o requirements.txt")
    assert [each.path for each in TOOLS.caches(compiled)] == ["~/.cache/pip-tools"]
    tree = MemoryTree({"requirements.txt": "flask==3.0\n", "dev.txt": "pytest\n"})
    read = TOOLS.inputs(found, tree, "")
    assert isinstance(read, Known)
    assert read.value.files == ("requirements.txt", "dev.txt")
    unnamed = TOOLS.inputs(call("pip-sync"), tree, "")
    assert isinstance(unnamed, Known)
    assert unnamed.value.files == ("requirements.txt",)
