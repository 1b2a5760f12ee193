"""`npm ci` is proposed only where it would install what `npm install` does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Locked
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree

NPM = ecosystem_of("npm")
REGISTRY = "https://registry.npmjs.org"


def call(*words: str) -> Call:
    found = read_call(("npm", *words))
    assert found is not None
    return found


def locked(name: str, version: str, /, **more: Any) -> dict[str, Any]:
    return {
        f"node_modules/{name}": {
            "version": version,
            "resolved": f"{REGISTRY}/{name}/-/{name}-{version}.tgz",
            **more,
        }
    }


def project(
    manifest: dict[str, Any], *entries: dict[str, Any], version: int = 3, **files: str
) -> MemoryTree:
    packages: dict[str, Any] = {
        "": {k: v for k, v in manifest.items() if k.endswith("ependencies")}
    }
    for entry in entries:
        packages.update(entry)
    lock = {"name": "x", "lockfileVersion": version, "packages": packages}
    return MemoryTree(
        {"package.json": json.dumps(manifest), "package-lock.json": json.dumps(lock), **files}
    )


def why(tree: MemoryTree, *words: str, runtime: str | None = "20") -> str:
    fact = NPM.locked_form(call(*(words or ("install",))), tree, "", runtime=runtime)
    if isinstance(fact, Unknown):
        return fact.why
    assert isinstance(fact, Known), fact
    return "accepted"


A = {"dependencies": {"a": "^1.0.0"}}


def test_a_lock_that_satisfies_the_manifest_is_enforced() -> None:
    fact = NPM.locked_form(
        call("--silent", "install", "--legacy-peer-deps"),
        project(A, locked("a", "1.2.0")),
        "",
        runtime="20",
    )
    assert isinstance(fact, Known)
    assert isinstance(fact.value, Locked)
    assert fact.value.replace == {2: "ci"}
    assert fact.value.append == ()
    assert fact.value.source.startswith("https://")


def test_npm_ci_needs_no_other_form() -> None:
    assert NPM.locked_form(call("ci"), project(A, locked("a", "1.2.0")), "", runtime="20") is None


def test_adding_a_package_has_no_locked_form() -> None:
    assert (
        NPM.locked_form(call("install", "b"), project(A, locked("a", "1.2.0")), "", runtime="20")
        is None
    )


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        (project(A, locked("a", "2.0.0")), "a@2.0.0 does not satisfy ^1.0.0"),
        (project(A), "it lacks a"),
        (project(A, locked("a", "1.0.0", dependencies={"b": "^1"})), "it lacks b, which node_modules/a depends on"),
        (project(A, locked("a", "1.0.0", optionalDependencies={"@esbuild/linux-x64": "0.19.0"})), "lacks @esbuild/linux-x64, an optional package"),
        (project(A, locked("a", "1.0.0", dependencies={"b": "^2"}), locked("b", "1.0.0")), "b@1.0.0 does not satisfy ^2"),
        (project(A, locked("a", "1.0.0", peerDependencies={"r": "^17"}), locked("r", "18.0.0")), "which npm ci may refuse"),
        (project(A, locked("a", "1.0.0"), version=4), "lockfileVersion 4"),
        (MemoryTree({"package.json": json.dumps(A)}), "there is no package-lock.json in the build context"),
        (MemoryTree({"package.json": json.dumps(A), "yarn.lock": ""}), "yarn.lock of Yarn"),
        (MemoryTree({"package.json": json.dumps(A), "package-lock.json": "{"}), "no valid JSON"),
        (project({**A, "overrides": {"b": {"c": "1"}}}, locked("a", "1.0.0")), "overrides b under conditions"),
        (project(A, locked("a", "1.0.0"), **{".npmrc": "package-lock=false\n"}), "leave the lockfile alone"),
        (project(A, locked("a", "1.0.0", hasShrinkwrap=True)), "lockfile of its own"),
        (project({"dependencies": {"a": "workspace:*"}}, locked("a", "1.0.0")), "which npm does not know"),
    ],
)  # fmt: skip
def test_reasons_to_leave_npm_install(tree: MemoryTree, sentence: str) -> None:
    assert sentence in why(tree)


@pytest.mark.parametrize(
    "tree",
    [
        project(A, locked("a", "1.0.0", dependencies={"b": "^1"}), locked("b", "2.0.0"), locked("a/node_modules/b", "1.5.0")),
        project(A, locked("a", "1.0.0", peerDependencies={"r": "^17"}, peerDependenciesMeta={"r": {"optional": True}})),
        project(A, locked("a", "1.0.0", bundleDependencies=["b"], dependencies={"b": "^1"})),
        project({"dependencies": {"a": "npm:b@^1"}}, locked("a", "1.4.0", name="b")),
        project({"dependencies": {"a": "latest"}}, locked("a", "3.0.0")),
        project({"dependencies": {"a": "github:x/a"}}, locked("a", "1.0.0")),
        project({**A, "overrides": {"b": "2.0.0"}}, locked("a", "1.0.0", dependencies={"b": "^1"}), locked("b", "2.0.0")),
        project({"optionalDependencies": {"a": "^1"}, "devDependencies": {"b": "1.x"}}, locked("a", "1.0.0"), locked("b", "1.0.0")),
        project(A, locked("a", "1.0.0"), locked("extra", "1.0.0", extraneous=True, dependencies={"gone": "1"})),
    ],
)  # fmt: skip
def test_locks_that_hold(tree: MemoryTree) -> None:
    assert why(tree) == "accepted"


def test_a_changed_address_is_another_package() -> None:
    tree = project({"dependencies": {"a": "github:x/a"}}, locked("a", "1.0.0"))
    changed = MemoryTree(
        {
            "package.json": json.dumps({"dependencies": {"a": "github:y/a"}}),
            "package-lock.json": json.dumps(json.loads(tree.read("package-lock.json").value)),
        }
    )  # type: ignore[union-attr]
    assert "comes from another place since" in why(changed)


def test_peers_do_not_count_where_npm_is_told_so() -> None:
    tree = project(A, locked("a", "1.0.0", peerDependencies={"r": "^17"}))
    assert "it lacks r" in why(tree)
    assert why(tree, "install", "--legacy-peer-deps") == "accepted"
    settings = project(
        A,
        locked("a", "1.0.0", peerDependencies={"r": "^17"}),
        **{".npmrc": "legacy-peer-deps=true\n"},
    )
    assert why(settings) == "accepted"


@pytest.mark.parametrize(
    "words", [("install", "--no-package-lock"), ("install", "--package-lock=false")]
)
def test_a_command_that_ignores_the_lock_keeps_doing_so(words: tuple[str, ...]) -> None:
    assert "leave the lockfile alone" in why(project(A, locked("a", "1.0.0")), *words)


def test_a_word_that_is_not_understood_holds_back() -> None:
    assert "--frobnicate" in why(project(A, locked("a", "1.0.0")), "install", "--frobnicate")


@pytest.mark.parametrize(
    ("runtime", "version", "accepted"),
    [
        ("20", 3, True), ("20", 2, True), ("20", 1, False), ("14", 3, False), ("14", 1, True), ("14.21.3", 1, True),
        ("lts", 3, True), ("latest", 2, True), ("hydrogen", 3, True), ("lts-iron", 3, True), ("9", 1, False),
        (None, 3, False), ("99", 3, False),
    ],
)  # fmt: skip
def test_the_npm_of_the_image_must_read_the_lock(
    runtime: str | None, version: int, *, accepted: bool
) -> None:
    tree = project(A, locked("a", "1.0.0"), version=version)
    lock = json.loads(tree.read("package-lock.json").value)  # type: ignore[union-attr]
    lock["dependencies"] = {"a": {"version": "1.0.0"}}
    tree = MemoryTree({"package.json": json.dumps(A), "package-lock.json": json.dumps(lock)})
    assert (why(tree, runtime=runtime) == "accepted") is accepted


OLD = {
    "a": {
        "version": "1.0.0",
        "requires": {"b": "^1.0.0"},
        "dependencies": {"b": {"version": "1.1.0"}},
    },
    "b": {"version": "2.0.0"},
}


@pytest.mark.parametrize(
    ("wanted", "dependencies", "sentence"),
    [
        ({"a": "^1"}, OLD, "accepted"),
        ({"a": "^1", "b": "^2"}, OLD, "accepted"),
        ({"a": "^1", "b": "^1"}, OLD, "b@2.0.0 does not satisfy ^1"),
        ({"c": "1"}, OLD, "it lacks c"),
        (
            {"a": "^1"},
            {"a": {"version": "1.0.0", "requires": {"b": "1"}}},
            "it lacks b, which a depends on",
        ),
        (
            {"a": "^1"},
            {"a": {"version": "1.0.0", "requires": {"b": "1"}}, "b": {"version": "2.0.0"}},
            "b@2.0.0 does not satisfy 1",
        ),
        ({"a": "github:x/y"}, {"a": {"version": "github:x/y#abc"}}, "takes a from github:x/y"),
        ({"a": "1"}, {}, "it lacks a"),
    ],
)
def test_old_locks_are_compared_name_by_name(
    wanted: dict[str, str], dependencies: dict[str, Any], sentence: str
) -> None:
    lock = {"lockfileVersion": 1, "dependencies": dependencies}
    tree = MemoryTree(
        {
            "package.json": json.dumps({"dependencies": wanted}),
            "package-lock.json": json.dumps(lock),
        }
    )
    assert sentence in why(tree, runtime="12")


def workspaces(member: dict[str, Any], entry: dict[str, Any]) -> MemoryTree:
    root = {"workspaces": ["packages/*"]}
    packages = {
        "": root,
        "packages/m": entry,
        "node_modules/m": {"resolved": "packages/m", "link": True},
        **locked("a", "1.0.0"),
    }
    lock = json.dumps({"lockfileVersion": 3, "packages": packages})
    return MemoryTree(
        {
            "package.json": json.dumps(root),
            "packages/m/package.json": json.dumps(member),
            "package-lock.json": lock,
        }
    )


def test_workspaces_are_compared_too() -> None:
    member = {"name": "m", "version": "1.0.0", "dependencies": {"a": "^1"}}
    assert why(workspaces(member, member)) == "accepted"
    assert "dependencies of packages/m/package.json changed since" in why(
        workspaces({**member, "dependencies": {"a": "^1", "c": "1"}}, member)
    )


def test_a_workspace_that_the_lock_does_not_know_holds_back() -> None:
    tree = project({"workspaces": ["packages/*"]}, **{"packages/m/package.json": '{"name": "m"}'})
    assert "does not know the workspace packages/m" in why(tree)


def test_the_shrinkwrap_wins() -> None:
    tree = project(
        A,
        locked("a", "1.0.0"),
        **{"npm-shrinkwrap.json": json.dumps({"lockfileVersion": 3, "packages": {"": A}})},
    )
    assert "npm-shrinkwrap.json does not match the manifest: it lacks a" in why(tree)


def test_lock_matches_asks_no_npm() -> None:
    assert NPM.lock_matches(project(A, locked("a", "1.0.0")), "") == Known(
        True, "package-lock.json"
    )
    assert NPM.lock_matches(project(A), "") == Known(False, "package-lock.json")


def test_a_project_in_a_folder() -> None:
    tree = MemoryTree(
        {
            f"web/{path}": text.value
            for path in ("package.json", "package-lock.json")
            if isinstance(text := project(A, locked("a", "1.0.0")).read(path), Known)
        }
    )
    assert why(tree, "install", "--prefix", "web") == "accepted"
    assert "there is no package-lock.json" in why(tree)
