"""Which words leave development dependencies out of an npm install."""

from __future__ import annotations

import json

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree


def words(command: str, release=(20,), scripts=None, **files):
    call = read_call(command.split())
    assert call is not None
    manifest = json.dumps({"name": "shop", "scripts": scripts or {}})
    tree = MemoryTree({"package.json": manifest, **files})
    return ecosystem_of(call).production(call, tree, "", release)


@pytest.mark.parametrize("command", ["npm ci", "npm install", "npm i --no-audit"])
def test_an_install_omits_them(command: str) -> None:
    found = words(command)
    assert isinstance(found, Known)
    assert found.value == ("--omit=dev",)


def test_npm_6_has_another_word_for_it() -> None:
    found = words("npm ci", release=(14,))
    assert isinstance(found, Known)
    assert found.value == ("--production",)


@pytest.mark.parametrize("command", ["npm ci --omit=dev", "npm i --production", "npm i jest"])
def test_what_omits_them_already_or_names_packages(command: str) -> None:
    assert words(command) is None


@pytest.mark.parametrize("name", ["preinstall", "postinstall", "prepare"])
def test_scripts_of_the_project_may_need_one(name: str) -> None:
    found = words("npm ci", scripts={name: "husky"})
    assert isinstance(found, Unknown)
    assert name in found.why
    assert isinstance(words("npm ci --ignore-scripts", scripts={name: "husky"}), Known)


def test_other_scripts_do_not_run() -> None:
    assert isinstance(words("npm ci", scripts={"test": "jest", "build": "tsc"}), Known)


def test_a_manager_that_knows_no_such_words() -> None:
    call = read_call(["pip", "install", "-r", "requirements.txt"])
    assert call is not None
    assert ecosystem_of(call).production(call, MemoryTree({}), "", None) is None


LOCK = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}
SCRIPTED = {
    "lockfileVersion": 3,
    "packages": {"": {}, "node_modules/a": {"version": "1.0.0", "hasInstallScript": True}},
}


@pytest.mark.parametrize(
    ("command", "lock", "scripts", "runs"),
    [
        ("npm ci", LOCK, {"build": "tsc"}, False),
        ("npm install", LOCK, {}, True),  # it may resolve to other packages
        ("npm ci", SCRIPTED, {}, True),
        ("npm ci --ignore-scripts", SCRIPTED, {"postinstall": "x"}, False),
        ("npm ci", LOCK, {"postinstall": "x"}, True),
        ("npm ci", {"lockfileVersion": 1, "dependencies": {"a": {}}}, {}, True),
        ("npm run build", LOCK, {}, True),
        ("npm cache clean --force", LOCK, {}, False),
    ],
)
def test_whether_it_runs_code_of_project_or_packages(command, lock, scripts, runs) -> None:
    call = read_call(command.split())
    assert call is not None
    manifest = json.dumps({"name": "shop", "scripts": scripts})
    tree = MemoryTree({"package.json": manifest, "package-lock.json": json.dumps(lock)})
    assert ecosystem_of(call).runs_code(call, tree, "") is runs
