"""Calls of Yarn, pnpm and Bun, and the caches that they fill in a project."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Cache, Call


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    return found


@pytest.mark.parametrize(
    ("line", "ecosystem", "role"),
    [
        ("yarn", "yarn", Role.INSTALL),
        ("yarnpkg install", "yarn", Role.INSTALL),
        ("/usr/local/bin/yarn --frozen-lockfile", "yarn", Role.INSTALL),
        ("yarn --cwd web install", "yarn", Role.INSTALL),
        ("yarn install --production false", "yarn", Role.INSTALL),
        ("yarn install --?", "yarn", Role.INSTALL),
        ("yarn add left-pad", "yarn", Role.ADD),
        ("yarn global add serve", "yarn", Role.ADD),
        ("yarn workspaces focus --production", "yarn", Role.INSTALL),
        ("yarn workspaces run build", "yarn", Role.RUN),
        ("yarn workspace web build", "yarn", Role.RUN),
        ("yarn build", "yarn", Role.RUN),
        ("yarn run build", "yarn", Role.RUN),
        ("yarn dlx cowsay", "yarn", Role.RUN),
        ("yarn cache clean --all", "yarn", Role.CLEAN),
        ("yarn cache dir", "yarn", Role.CONFIG),
        ("yarn config set network-timeout 600000", "yarn", Role.CONFIG),
        ("yarn set version berry", "yarn", Role.CHANGE),
        ("yarn --version", "yarn", Role.CONFIG),
        ("yarn ?", "yarn", Role.RUN),
        ("corepack yarn install --immutable", "yarn", Role.INSTALL),
        ("corepack yarn@4.9.1 install", "yarn", Role.INSTALL),
        ("pnpm install", "pnpm", Role.INSTALL),
        ("pnpm i --frozen-lockfile", "pnpm", Role.INSTALL),
        ("pnpm -r install", "pnpm", Role.INSTALL),
        ("pnpm --filter web... install --prod", "pnpm", Role.INSTALL),
        ("pnpm --filter=web --prod deploy /prod/web", "pnpm", Role.PROJECT),
        ("pnpm install --lockfile-only", "pnpm", Role.CHANGE),
        ("pnpm i left-pad", "pnpm", Role.ADD),
        ("pnpm add -g serve", "pnpm", Role.ADD),
        ("pnpm fetch --prod", "pnpm", Role.FETCH),
        ("pnpm prune --prod", "pnpm", Role.PRUNE),
        ("pnpm store prune", "pnpm", Role.CLEAN),
        ("pnpm store path", "pnpm", Role.CONFIG),
        ("pnpm ci", "pnpm", Role.INSTALL),
        ("pnpm", "pnpm", Role.RUN),
        ("pnpm build", "pnpm", Role.RUN),
        ("pnpm dlx cowsay", "pnpm", Role.RUN),
        ("pnpx cowsay", "pnpm", Role.RUN),
        ("corepack pnpm install", "pnpm", Role.INSTALL),
        ("bun install --frozen-lockfile", "bun", Role.INSTALL),
        ("bun i", "bun", Role.INSTALL),
        ("bun ci", "bun", Role.INSTALL),
        ("bun add -g serve", "bun", Role.ADD),
        ("bun run build", "bun", Role.RUN),
        ("bun index.ts", "bun", Role.RUN),
        ("bunx cowsay", "bun", Role.RUN),
        ("bun pm cache rm", "bun", Role.CLEAN),
        ("bun pm cache", "bun", Role.CONFIG),
        ("corepack enable", "npm", Role.CONFIG),
        ("corepack prepare pnpm@9.1.0 --activate", "npm", Role.ADD),
        ("corepack prepare pnpm@9.1.0", "npm", Role.RUN),
        ("corepack install -g yarn@4.9.1", "npm", Role.ADD),
        ("corepack install", "npm", Role.RUN),
    ],
)
def test_what_a_call_is_for(line: str, ecosystem: str, role: Role) -> None:
    found = call(line)
    assert (found.ecosystem, found.role) == (ecosystem, role)


def test_what_flags_say() -> None:
    found = call("yarn --cwd web install --frozen-lockfile --production --ignore-scripts --offline")
    assert found.directory == "web"
    assert (found.locked, found.production, found.scripts, found.offline) == (
        True,
        True,
        False,
        True,
    )
    assert not call("yarn install --production=false").production
    assert call("yarn install --immutable").locked
    assert not call("pnpm install --no-frozen-lockfile").locked
    assert call("pnpm -C web i -P --frozen-lockfile").directory == "web"
    assert call("pnpm i -P").production
    assert call("bun ci").locked
    assert call("yarn global add serve").everywhere
    assert call("yarn global add serve@14").packages == ("serve@14",)
    assert call("corepack prepare pnpm@9.1.0 --activate").packages == ("pnpm@9.1.0",)


@pytest.mark.parametrize(
    "line", ["yarn install --no-such-flag", "pnpm install --no-such-flag", "yarn install left-pad"]
)
def test_what_is_not_understood_is_said(line: str) -> None:
    assert call(line).unknown


def caches(line: str, files: dict[str, Any] | None, **env: str | None) -> Fact[tuple[Cache, ...]]:
    read = call(line)
    texts = {
        path: content if isinstance(content, str) else json.dumps(content)
        for path, content in (files or {}).items()
    }
    tree = None if files is None else MemoryTree(texts)
    return ecosystem_of(read).caches_in(read, tree, "", env)


def paths(found: Fact[tuple[Cache, ...]]) -> list[str]:
    assert isinstance(found, Known), found
    return [each.path for each in found.value]


A: dict[str, Any] = {"name": "a", "dependencies": {"b": "^1"}}
CLASSIC = "# yarn lockfile v1\n\n\nb@^1:\n  version 1.0.0\n"
BERRY = '__metadata:\n  version: 8\n\n"b@npm:^1":\n  version: 1.0.0\n'
MODULES = "nodeLinker: node-modules\n"


def test_yarn_is_told_apart_by_the_project() -> None:
    classic, berry = ["~/.cache/yarn"], ["~/.yarn/berry/cache"]
    assert paths(caches("yarn", {"package.json": A, "yarn.lock": CLASSIC})) == classic
    assert paths(caches("yarn", {"package.json": A})) == classic
    rc = {".yarnrc.yml": MODULES}
    assert paths(caches("yarn", {"package.json": A, "yarn.lock": BERRY, **rc})) == berry
    named = {**A, "packageManager": "yarn@4.9.1+sha224.aa"}
    assert paths(caches("yarn", {"package.json": named, "yarn.lock": CLASSIC, **rc})) == berry
    assert (
        paths(caches("yarn", {"package.json": {**A, "packageManager": "yarn@1.22.22"}})) == classic
    )
    released = {".yarnrc.yml": MODULES + "yarnPath: .yarn/releases/yarn-3.6.4.cjs\n"}
    assert paths(caches("yarn", {"package.json": A, "yarn.lock": CLASSIC, **released})) == berry


@pytest.mark.parametrize(
    ("line", "files", "slug"),
    [
        ("yarn", None, "unknown-manager"),
        ("yarn --immutable-cache", None, "unknown-manager"),
        ("yarn", {"package.json": {**A, "packageManager": "pnpm@9.1.0"}}, "unknown-manager"),
        ("yarn", {"package.json": {**A, "packageManager": "yarn@next"}}, "unknown-manager"),
        ("yarn --silent", {"package.json": A, "yarn.lock": BERRY}, "unknown-manager"),
        ("yarn", {"package.json": A, "yarn.lock": BERRY}, "linked-cache"),
        ("yarn", {"package.json": A, ".yarnrc.yml": "nodeLinker: pnpm\n"}, "linked-cache"),
        ("yarn", {"package.json": A, ".yarnrc.yml": MODULES + "globalFolder: x\n"}, "moved-cache"),
        ("pnpm i", {"package.json": A, ".npmrc": "store-dir=/s\n"}, "moved-cache"),
        (
            "pnpm i",
            {"package.json": A, ".npmrc": "package-import-method=hardlink\n"},
            "linked-cache",
        ),
        ("pnpm i", {"pnpm-workspace.yaml": "enableGlobalVirtualStore: true\n"}, "linked-cache"),
        ("pnpm add -g serve", {}, "linked-cache"),
        ("bun i --backend symlink", {}, "linked-cache"),
        ("bun i", {"bunfig.toml": '[install]\nbackend = "symlink"\n'}, "linked-cache"),
    ],
)
def test_a_cache_that_is_needed_or_not_known(
    line: str, files: dict[str, Any] | None, slug: str
) -> None:
    found = caches(line, files)
    assert isinstance(found, Unknown)
    assert found.slug == slug


def test_variables_and_flags_move_caches() -> None:
    lock = {"package.json": A, "yarn.lock": CLASSIC}
    assert paths(caches("yarn", lock, YARN_CACHE_FOLDER="/c/")) == ["/c"]
    assert paths(caches("yarn", lock, XDG_CACHE_HOME="/x")) == ["/x/yarn"]
    assert paths(caches("yarn --cache-folder /c", lock)) == ["/c"]
    assert paths(caches("pnpm i", {}, PNPM_HOME="/pnpm")) == ["/pnpm/store"]
    assert paths(caches("pnpm i", {}, PNPM_HOME="/pnpm", npm_config_store_dir="/s")) == ["/s"]
    assert paths(caches("pnpm i --store-dir /s", {})) == ["/s"]
    assert paths(caches("bun i", {}, BUN_INSTALL="/opt/bun")) == ["/opt/bun/install/cache"]


def test_a_store_that_a_fetch_fills_is_one() -> None:
    found = caches("pnpm fetch", {})
    assert isinstance(found, Known)
    assert [each.kind.value for each in found.value] == ["store"]


def pruned(line: str, files: dict[str, Any]) -> tuple[str, ...] | None:
    read = call(line)
    texts = {p: c if isinstance(c, str) else json.dumps(c) for p, c in files.items()}
    return ecosystem_of(read).prune_in(read, MemoryTree(texts), "", None)


def test_development_dependencies_are_taken_out_by_what_was_tried() -> None:
    classic = {"package.json": A, "yarn.lock": CLASSIC}
    again = ("yarn", "install", "--production", "--ignore-scripts", "--prefer-offline")
    assert pruned("yarn", classic) == again
    assert pruned("yarn --pure-lockfile --silent", classic) == (*again, "--pure-lockfile")
    assert pruned("yarn --registry https://example.com", classic) is None
    assert pruned("yarn --modules-folder lib", classic) is None
    assert pruned("yarn", {**classic, "package.json": {**A, "workspaces": ["a"]}}) is None
    assert pruned("yarn", {"package.json": A, "yarn.lock": BERRY}) is None
    words = ("prune", "--prod", "--ignore-scripts")
    assert pruned("pnpm i --frozen-lockfile", {"package.json": A}) == ("pnpm", *words)
    assert pruned("corepack pnpm i", {"package.json": A}) == ("corepack", "pnpm", *words)
    assert pruned("pnpm i --shamefully-hoist", {"package.json": A}) is None
    members = {"package.json": A, "pnpm-workspace.yaml": "packages:\n  - a\n"}
    assert pruned("pnpm i", members) is None
    settings = {"package.json": A, "pnpm-workspace.yaml": "packages: []\n"}
    assert pruned("pnpm i", settings) == ("pnpm", *words)
    assert pruned("bun i", {"package.json": A}) is None


def building(line: str, files: dict[str, Any], release: str | None = None) -> Any:
    read = call(line)._replace(release=release)
    texts = {p: c if isinstance(c, str) else json.dumps(c) for p, c in files.items()}
    found = ecosystem_of(read).building(read, MemoryTree(texts), "")
    return None if isinstance(found, Unknown) else found.value


def test_which_packages_run_scripts() -> None:
    files: dict[str, Any] = {"package.json": A}
    assert building("npm ci", files) is None
    assert building("npm ci --ignore-scripts", files) == frozenset()
    assert building("yarn", files) is None
    quiet = {**files, ".yarnrc.yml": "enableScripts: false\n"}
    assert building("yarn", quiet) == frozenset()
    assert building("pnpm i", files, "9.15.9") is None
    assert building("pnpm i", files) is None
    assert building("pnpm i", files, "10") == frozenset()
    named = {
        "package.json": {
            **A,
            "packageManager": "pnpm@10.1.0",
            "pnpm": {"onlyBuiltDependencies": ["x", "@a/b"]},
        }
    }
    assert building("pnpm i", named) == {"x", "@a/b"}
    allowed = {**files, "pnpm-workspace.yaml": "allowBuilds:\n  x@1.0.0: true\n"}
    assert building("pnpm i", allowed, "10.34.9") == {"x"}
    every = {**files, "pnpm-workspace.yaml": "dangerouslyAllowAllBuilds: true\n"}
    assert building("pnpm i", every, "10") is None
