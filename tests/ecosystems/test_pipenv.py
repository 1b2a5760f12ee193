"""What commands of Pipenv do, and what they read of a project."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

PIPENV = ecosystem_of("pipenv")
PIPFILE = """\
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"

[packages]
idna = "*"

[dev-packages]
six = "*"

[requires]
python_version = "3.11"
"""
# As Pipenv 2026.10.3 wrote it for this Pipfile.
HASH = "df4de4863ff3cb69a374a45bfaa5144d0fb03690e2a992ad847e68695d03329a"
LOCK = (
    f'{{"_meta": {{"hash": {{"sha256": "{HASH}"}}, "pipfile-spec": 6}},'
    ' "default": {"idna": {"index": "pypi", "version": "==3.20"}}, "develop": {}}'
)
FILES = {"Pipfile": PIPFILE, "Pipfile.lock": LOCK, "app.py": ""}


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    assert found.ecosystem == "pipenv"
    return found


def inputs(files: dict[str, str], line: str = "pipenv install", **more: Any) -> Fact[Inputs]:
    return PIPENV.inputs(call(line), MemoryTree(files), "", **more)


def known(files: dict[str, str], line: str = "pipenv install", **more: Any) -> Inputs:
    found = inputs(files, line, **more)
    assert isinstance(found, Known), found
    return found.value


def why(found: Fact[Any] | None) -> str:
    assert isinstance(found, Unknown), found
    return found.why


@pytest.mark.parametrize(
    ("line", "verb", "role", "locked"),
    [
        ("pipenv install --system --deploy", "install", Role.INSTALL, True),
        ("pipenv install --system --deploy --ignore-pipfile", "install", Role.INSTALL, True),
        ("pipenv install --ignore-pipfile", "install", Role.INSTALL, True),
        ("pipenv --python 3.11 install --dev", "install", Role.INSTALL, False),
        ("python3 -m pipenv install", "install", Role.INSTALL, False),
        ("pipenv sync", "sync", Role.INSTALL, True),
        ("pipenv install flask", "install", Role.ADD, False),
        ("pipenv install -e .", "install", Role.PROJECT, False),
        ("pipenv install -r requirements.txt", "install", Role.CHANGE, False),
        ("pipenv lock --requirements", "lock", Role.CHANGE, False),
        ("pipenv requirements", "requirements", Role.CHANGE, False),
        ("pipenv run python app.py", "run", Role.RUN, False),
        ("pipenv --rm", "--rm", Role.RUN, False),
        ("pipenv --clear", "--clear", Role.CLEAN, False),
        ("pipenv --version", "--version", Role.CONFIG, False),
        ("pipenv ?", "", Role.RUN, False),
    ],
)
def test_roles(line: str, verb: str, role: Role, *, locked: bool) -> None:
    found = call(line)
    assert (found.verb, found.role, found.locked) == (verb, role, locked)


def test_the_cache_is_pips_too() -> None:
    def paths(**env: str | None) -> list[str]:
        return [each.path for each in PIPENV.caches(call("pipenv sync"), env)]

    assert paths() == ["~/.cache/pipenv"]
    assert paths(PIPENV_CACHE_DIR="/c") == ["/c"]
    assert paths(PIP_CACHE_DIR="/c") == ["~/.cache/pipenv"]
    assert paths(XDG_CACHE_HOME="/x") == ["/x/pipenv"]
    assert PIPENV.cache_off({"PIP_NO_CACHE_DIR": "off"}) == "PIP_NO_CACHE_DIR"


def test_manifest_and_lock() -> None:
    found = known(FILES)
    assert found.files == ("Pipfile", "Pipfile.lock")
    assert (found.lock, found.outputs, found.hosts) == ("Pipfile.lock", (".venv",), ())
    assert found.dependencies
    assert found.enforced
    assert known(FILES, "pipenv install --system").outputs == ()


def test_what_enforces_the_lock() -> None:
    changed = FILES | {"Pipfile": PIPFILE.replace('"*"', '">=3"', 1)}
    assert not known(changed).enforced
    assert known(changed, "pipenv sync").enforced
    assert not known(FILES, "pipenv install --skip-lock").enforced
    assert not known(FILES, env={"PIPENV_SKIP_LOCK": "1"}).enforced
    assert not known({"Pipfile": PIPFILE}).enforced


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"Pipfile": '[packages]\nshop = {path = ".", editable = true}\n'}, "sources in ."),
        ({"Pipfile": '[packages]\nshop = {file = "shop.whl"}\n'}, "shop.whl"),
        ({"app.py": ""}, "Pipfile"),
        ({"Pipfile": PIPFILE, "Pipfile.lock": "{"}, "JSON"),
    ],
)
def test_what_is_not_followed(files: dict[str, str], reason: str) -> None:
    assert reason in why(inputs(files))


def test_a_variable_that_names_a_file() -> None:
    assert "PIPENV_PIPFILE" in why(inputs(FILES, env={"PIPENV_PIPFILE": "/src/Pipfile"}))


def test_origins_beside_the_index() -> None:
    text = PIPFILE + '\n[docs]\na = {git = "https://git.example.org/a.git", ref = "v1"}\n'
    found = known({"Pipfile": text.replace("pypi.org", "pypi.example.org")})
    assert (found.programs, found.hosts) == (("git",), ("git.example.org", "pypi.example.org"))


@pytest.mark.parametrize(
    ("line", "files", "runtime", "slug"),
    [
        ("pipenv install", {}, "3.11", ""),
        ("pipenv install", {}, "3.11.4", ""),
        ("pipenv install", {}, "3.12", "unknown-manager"),
        ("pipenv install", {}, None, "unknown-manager"),
        ("pipenv install", {"Pipfile.lock": LOCK.replace(HASH, "0")}, "3.11", "lock-mismatch"),
        ("pipenv install --skip-lock", {}, "3.11", "lock-off"),
        ("pipenv install --pre", {}, "3.11", "lock-off"),
    ],
)
def test_the_locked_form(line: str, files: dict[str, str], runtime: str | None, slug: str) -> None:
    found = PIPENV.locked_form(call(line), MemoryTree(FILES | files), "", runtime=runtime)
    if slug:
        assert isinstance(found, Unknown)
        assert found.slug == slug
    else:
        assert isinstance(found, Known)
        assert found.value.append == ("--deploy",)
        assert found.value.reads == ("Pipfile", "Pipfile.lock")


def test_calls_that_have_no_locked_form() -> None:
    for line in ("pipenv sync", "pipenv install --deploy", "pipenv install flask"):
        assert PIPENV.locked_form(call(line), MemoryTree(FILES), "") is None
    alone = PIPENV.locked_form(call("pipenv install"), MemoryTree({"Pipfile": PIPFILE}), "")
    assert isinstance(alone, Unknown)
    assert alone.slug == "no-lockfile"
    assert PIPENV.lock_off({"PIPENV_SKIP_LOCK": "1"}) == "PIPENV_SKIP_LOCK"
