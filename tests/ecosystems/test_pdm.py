"""What commands of PDM do, and what they read of a project."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

PDM = ecosystem_of("pdm")
MANIFEST = """\
[project]
name = "shop"
version = "0.1.0"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["idna>=3.6"]

[dependency-groups]
dev = ["six"]
"""
# As PDM 2.29.4 wrote it for this manifest.
HASH = "1b35dc3eea28668b51d5d7c9447ff70b1bb3c9095d151971ca5d23d2af376347"
LOCK = f"""\
[metadata]
lock_version = "4.5.1"
content_hash = "sha256:{HASH}"

[[package]]
name = "idna"
version = "3.20"
"""
FILES = {"pyproject.toml": MANIFEST, "pdm.lock": LOCK, "src/shop/__init__.py": ""}


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    assert found.ecosystem == "pdm"
    return found


def inputs(files: dict[str, str], line: str = "pdm sync --no-self", **more: Any) -> Fact[Inputs]:
    return PDM.inputs(call(line), MemoryTree(files), "", **more)


def known(files: dict[str, str], line: str = "pdm sync --no-self", **more: Any) -> Inputs:
    found = inputs(files, line, **more)
    assert isinstance(found, Known), found
    return found.value


def why(found: Fact[Any] | None) -> str:
    assert isinstance(found, Unknown), found
    return found.why


@pytest.mark.parametrize(
    ("line", "verb", "role", "locked"),
    [
        ("pdm install --prod --no-editable --check", "install", Role.INSTALL, True),
        ("pdm install --frozen-lockfile --no-self", "install", Role.INSTALL, True),
        ("pdm install", "install", Role.INSTALL, False),
        ("pdm sync --prod --no-editable", "sync", Role.INSTALL, True),
        ("python -m pdm sync", "sync", Role.INSTALL, True),
        ("pdm sync --dry-run", "sync", Role.RUN, True),
        ("pdm add flask", "add", Role.CHANGE, False),
        ("pdm export -o requirements.txt", "export", Role.CHANGE, False),
        ("pdm config check_update false", "config", Role.CONFIG, False),
        ("pdm config --local venv.in_project false", "config", Role.CHANGE, False),
        ("pdm build", "build", Role.BUILD, False),
        ("pdm run start", "run", Role.RUN, False),
        ("pdm cache clear", "cache clear", Role.CLEAN, False),
        ("pdm venv create", "venv create", Role.RUN, False),
        ("pdm --version", "", Role.CONFIG, False),
        ("pdm ?", "", Role.RUN, False),
    ],
)
def test_roles(line: str, verb: str, role: Role, *, locked: bool) -> None:
    found = call(line)
    assert (found.verb, found.role, found.locked) == (verb, role, locked)


def test_caches() -> None:
    def paths(**env: str | None) -> list[str]:
        return [each.path for each in PDM.caches(call("pdm sync"), env)]

    assert paths() == ["~/.cache/pdm"]
    assert paths(PDM_CACHE_DIR="/c") == ["/c"]
    assert paths(XDG_CACHE_HOME="/x") == ["/x/pdm"]


@pytest.mark.parametrize(
    ("line", "links"),
    [
        ("pdm config install.cache on", True),
        ("pdm config install.cache ?", True),
        ("pdm config install.cache false", False),
        ("pdm config install.cache", False),
        ("pdm config check_update true", False),
        ("pdm sync", False),
    ],
)
def test_a_setting_links_into_the_cache(line: str, *, links: bool) -> None:
    assert PDM.links(call(line)) == links


def test_a_settings_file_links_into_the_cache() -> None:
    told = MemoryTree({"pdm.toml": "[install]\ncache = true\n"})
    found = PDM.caches_in(call("pdm sync"), told, "")
    assert isinstance(found, Unknown)
    assert found.slug == "linked-cache"
    plain = MemoryTree({"pdm.toml": "check_update = false\n"})
    assert isinstance(PDM.caches_in(call("pdm sync"), plain, ""), Known)


def test_manifest_lock_and_settings() -> None:
    found = known(FILES | {".python-version": "3.11", "pdm.toml": ""})
    assert found.files == ("pyproject.toml", "pdm.lock", "pdm.toml", ".python-version")
    assert (found.lock, found.outputs) == ("pdm.lock", (".venv",))
    assert found.dependencies
    assert found.enforced
    assert known(FILES, "pdm install --no-self").enforced
    changed = FILES | {"pyproject.toml": MANIFEST.replace("3.6", "3.7")}
    assert not known(changed, "pdm install --no-self").enforced


def test_the_project_itself_waits_for_its_sources() -> None:
    assert why(inputs(FILES, "pdm sync")) == "PDM installs the project's own sources"
    phase = PDM.without_project(call("pdm sync --prod"), MemoryTree(FILES), "")
    assert isinstance(phase, Known)
    assert phase.value.append == ("--no-self",)
    assert PDM.without_project(call("pdm sync --no-self"), MemoryTree(FILES), "") is None
    alone = MemoryTree({"pyproject.toml": MANIFEST})
    assert why(PDM.without_project(call("pdm install"), alone, "")) == "there is no pdm.lock"
    said = MANIFEST + "\n[tool.pdm]\ndistribution = false\n"
    assert known(FILES | {"pyproject.toml": said}, "pdm sync").lock == "pdm.lock"


@pytest.mark.parametrize(
    ("line", "files", "reason"),
    [
        ("pdm sync --unheard-of", {}, "--unheard-of"),
        ("pdm sync -L other.lock", {}, "other.lock"),
        ("pdm sync --global", {}, "--global"),
        ("pdm install --plugins", {}, "means too"),
        (
            "pdm sync",
            {"pyproject.toml": MANIFEST + '\n[tool.pdm.scripts]\npost_install = "make"\n'},
            "post_install",
        ),
        ("pdm sync", {"pyproject.toml": '[tool.poetry]\nname = "a"\n'}, "list"),
        ("pdm sync", {"pdm.lock": LOCK + 'path = "./libs/m"\n'}, "libs/m"),
    ],
)
def test_what_is_not_followed(line: str, files: dict[str, str], reason: str) -> None:
    assert reason in why(inputs(FILES | files, f"{line} --no-self"))


def test_the_locked_form() -> None:
    found = PDM.locked_form(call("pdm install --prod"), MemoryTree(FILES), "")
    assert isinstance(found, Known)
    assert (found.value.append, found.value.reads) == (("--check",), ("pyproject.toml", "pdm.lock"))
    assert PDM.locked_form(call("pdm sync"), MemoryTree(FILES), "") is None
    assert PDM.locked_form(call("pdm install --frozen-lockfile"), MemoryTree(FILES), "") is None
    changed = MemoryTree(FILES | {"pyproject.toml": MANIFEST.replace("3.6", "3.7")})
    refused = PDM.locked_form(call("pdm install"), changed, "")
    assert isinstance(refused, Unknown)
    assert refused.slug == "lock-mismatch"
    alone = PDM.locked_form(call("pdm install"), MemoryTree({"pyproject.toml": MANIFEST}), "")
    assert isinstance(alone, Unknown)
    assert alone.slug == "no-lockfile"
    assert PDM.lock_off({"PDM_FROZEN_LOCKFILE": "1"}) == "PDM_FROZEN_LOCKFILE"
