"""What commands of Poetry do, and what they read of a project."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

POETRY = ecosystem_of("poetry")
MANIFEST = """\
[tool.poetry]
name = "shop"
version = "0.1.0"
description = ""
authors = ["A <a@example.com>"]
readme = "README.md"

[tool.poetry.dependencies]
python = "^3.11"
idna = "^3.6"

[tool.poetry.group.dev.dependencies]
six = "^1.16"

[tool.poetry.scripts]
shop = "shop:main"

[[tool.poetry.source]]
name = "index"
url = "https://pypi.org/simple/"
"""
# As Poetry 1.5.1, 1.8.5 and 2.5.1 wrote it for this manifest.
HASH = "54de20b9de66b0d282993aac2c1897ff8d0fdda0d1c466c11f87249d03307d05"
LOCK = f"""\
[[package]]
name = "idna"
version = "3.20"

[package.source]
type = "legacy"
url = "https://pypi.org/simple"
reference = "index"

[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "{HASH}"
"""
FILES = {"pyproject.toml": MANIFEST, "poetry.lock": LOCK, "shop/__init__.py": ""}


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    assert found.ecosystem == "poetry"
    return found


def inputs(
    files: dict[str, str], line: str = "poetry install --no-root", **more: Any
) -> Fact[Inputs]:
    return POETRY.inputs(call(line), MemoryTree(files), more.pop("directory", ""), **more)


def known(files: dict[str, str], line: str = "poetry install --no-root", **more: Any) -> Inputs:
    found = inputs(files, line, **more)
    assert isinstance(found, Known), found
    return found.value


def why(found: Fact[Any] | None) -> str:
    assert isinstance(found, Unknown), found
    return found.why


@pytest.mark.parametrize(
    ("line", "verb", "role"),
    [
        ("poetry install", "install", Role.INSTALL),
        (
            "poetry install --no-root --only main --no-interaction --no-ansi",
            "install",
            Role.INSTALL,
        ),
        ("poetry -C dir install -nvv", "install", Role.INSTALL),
        ("python3 -m poetry install --no-dev", "install", Role.INSTALL),
        ("poetry sync", "sync", Role.INSTALL),
        ("poetry install --only-root", "install", Role.PROJECT),
        ("poetry install --dry-run", "install", Role.RUN),
        ("poetry config virtualenvs.create false", "config", Role.CONFIG),
        ("poetry config virtualenvs.create false --local", "config", Role.CHANGE),
        ("poetry export -f requirements.txt --output requirements.txt", "export", Role.CHANGE),
        ("poetry lock --no-update", "lock", Role.CHANGE),
        ("poetry add flask", "add", Role.CHANGE),
        ("poetry build -f wheel", "build", Role.BUILD),
        ("poetry run pytest", "run", Role.RUN),
        ("poetry self add poetry-plugin-export", "self add", Role.RUN),
        ("poetry cache clear --all pypi", "cache clear", Role.CLEAN),
        ("poetry --version", "", Role.CONFIG),
        ("poetry ?", "", Role.RUN),
    ],
)
def test_roles(line: str, verb: str, role: Role) -> None:
    assert (call(line).verb, call(line).role) == (verb, role)


def test_another_module_is_not_poetry() -> None:
    assert read_call(["python", "-m", "poetry_core"]) is None
    assert read_call(["python", "poetry"]) is None


def test_what_flags_say() -> None:
    assert call("poetry install --no-cache").defeats_cache == (2,)
    assert call("poetry install --directory web").directory == "web"
    assert call("poetry install --unheard-of").unknown == ("--unheard-of",)
    assert call("poetry install surplus").unknown == ("surplus",)
    assert call("poetry install --without dev,docs").production
    assert call("poetry install --only main").production
    assert not call("poetry install --with docs").production


def test_caches_leave_the_virtual_environments_alone() -> None:
    def paths(**env: str | None) -> list[str]:
        return [each.path for each in POETRY.caches(call("poetry install"), env)]

    assert paths() == ["~/.cache/pypoetry/artifacts", "~/.cache/pypoetry/cache"]
    assert paths(POETRY_CACHE_DIR="/c") == ["/c/artifacts", "/c/cache"]
    assert paths(XDG_CACHE_HOME="/x") == ["/x/pypoetry/artifacts", "/x/pypoetry/cache"]
    assert paths(POETRY_CACHE_DIR=None) == []
    assert POETRY.caches(call("poetry run pytest")) == ()


def test_manifest_lock_and_settings() -> None:
    found = known(FILES | {"poetry.toml": "[virtualenvs]\nin-project = true\n"})
    assert found.files == ("pyproject.toml", "poetry.lock", "poetry.toml")
    assert (found.lock, found.outputs) == ("poetry.lock", (".venv",))
    assert found.dependencies
    assert found.enforced
    assert found.hosts == ()


def test_a_lock_that_does_not_fit_enforces_nothing() -> None:
    changed = MANIFEST.replace("^3.6", "^3.7")
    assert not known(FILES | {"pyproject.toml": changed}).enforced
    assert POETRY.lock_matches(MemoryTree(FILES | {"pyproject.toml": changed}), "") == Known(
        value=False, source="pyproject.toml"
    )
    assert not known({"pyproject.toml": MANIFEST}).enforced


def test_the_project_itself_waits_for_its_sources() -> None:
    line = "poetry install --only main"
    assert why(inputs(FILES, line)) == "Poetry installs the project's own sources"
    phase = POETRY.without_project(call(line), MemoryTree(FILES), "")
    assert isinstance(phase, Known)
    assert phase.value.append == ("--no-root",)
    assert phase.value.inputs.files == ("pyproject.toml", "poetry.lock")
    assert POETRY.without_project(call("poetry install --no-root"), MemoryTree(FILES), "") is None
    assert POETRY.without_project(call("poetry install --only-root"), MemoryTree(FILES), "") is None
    alone = MemoryTree({"pyproject.toml": MANIFEST})
    assert why(POETRY.without_project(call(line), alone, "")) == "there is no poetry.lock"


def test_a_project_that_is_no_package() -> None:
    said = MANIFEST.replace('name = "shop"', 'name = "shop"\npackage-mode = false')
    assert known(FILES | {"pyproject.toml": said}, "poetry install").lock == "poetry.lock"


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (MANIFEST + "[tool.poetry-dynamic-versioning]\nenable = true\n", "poetry-dynamic"),
        (MANIFEST + '[tool.poetry.requires-plugins]\na = "*"\n', "plugins"),
        ('[project]\nname = "a"\ndynamic = ["dependencies"]\n', "backend"),
        ('[tool.poetry.dependencies]\nm = { path = "libs/m" }\n', "libs/m"),
        ('[project]\ndependencies = ["m @ file:libs/m"]\n', "libs/m"),
        ('[tool.poetry.dependencies]\nm = { file = "m.whl" }\n', "m.whl"),
    ],
)
def test_what_is_not_followed(manifest: str, reason: str) -> None:
    assert reason in why(inputs({"pyproject.toml": manifest}))


def test_origins_beside_the_index() -> None:
    lock = LOCK.replace(
        "[metadata]",
        '[[package]]\nname = "a"\n[package.source]\ntype = "git"\nurl = "https://git.example.org/a"\n\n'
        '[[package]]\nname = "b"\n[package.source]\ntype = "file"\nurl = "wheels/b.whl"\n\n[metadata]',
    )
    found = known(FILES | {"poetry.lock": lock, "wheels/b.whl": ""})
    assert found.files == ("pyproject.toml", "poetry.lock", "wheels/b.whl")
    assert (found.programs, found.hosts) == (("git",), ("git.example.org",))


def test_groups_of_the_standard_count_since_poetry_2_3() -> None:
    # As Poetry 2.5.1 wrote them for these manifests.
    plain = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["idna>=3.6"]\n'
    group = plain + '\n[dependency-groups]\ndev = ["six"]\n'
    for manifest, written in (
        (plain, "9106f93ec95eeb0a616713bab8abc7fec1320ebfd516ea2d0384d0752960ace0"),
        (group, "d5b07ace1c469f126302f9e81023367c6dac1d62e35836e160d1a06cc90643c9"),
    ):
        lock = LOCK.replace(HASH, written)
        tree = MemoryTree({"pyproject.toml": manifest, "poetry.lock": lock})
        assert POETRY.lock_matches(tree, "") == Known(value=True, source="pyproject.toml")


def test_a_lock_without_a_hash() -> None:
    tree = MemoryTree(FILES | {"poetry.lock": "[metadata]\n"})
    assert "content-hash" in why(POETRY.lock_matches(tree, ""))
    assert "form" in why(POETRY.lock_matches(MemoryTree(FILES | {"poetry.lock": ""}), ""))
