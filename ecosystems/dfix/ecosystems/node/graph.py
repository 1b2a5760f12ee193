"""Follow the imports of a Node.js entry through the project's own files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsgrammar import SUFFIXES
from dfix.ecosystems.node.jsonc import read_object
from dfix.ecosystems.node.jssource import JsSource, read_source
from dfix.ecosystems.node.jsuses import BUILTIN
from dfix.ecosystems.node.tsconfig import paths_of_config, read_config
from dfix.ecosystems.runtime import SOURCE_LIMIT, RuntimeFacts, united
from dfix.ecosystems.sources import Paths, paths_of, under

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dfix.ecosystems.node.runtime import NodeProject
    from dfix.ecosystems.tree import Tree

_TESTS = frozenset({
    "test", "tests", "__tests__", "__mocks__", "e2e", "cypress", "spec", "fixtures", "stories",
    "docs", "examples", "coverage", "dist", "build", "out", ".next", ".nuxt", ".output", "public",
    "static", "vendor", "assets", "docker", "storybook", ".storybook",
})  # fmt: skip
_TEST_ENDINGS = (".test", ".spec", ".stories", ".d", ".e2e-spec", ".min", ".config", "rc")
_TOOL_FILES = frozenset({"gulpfile", "gruntfile", "karma.conf", "jest.setup", "setuptests"})


@dataclass(frozen=True, slots=True)
class Import:
    """One package that run-time sources import.

    `declared` is "runtime", "development", "builtin" or None.
    """

    package: str
    declared: str | None
    source: str


@dataclass(frozen=True, slots=True)
class NodeRun:
    """What one program is made of.

    `followed` is false where the entry is a build's output or an import is not constant, so that
    all sources of the project were read instead. `dynamic` are such imports; `missing` are imports
    of own files that are not there.
    """

    facts: RuntimeFacts
    imports: tuple[Import, ...]
    sources: tuple[str, ...]
    followed: bool
    dynamic: tuple[str, ...]
    missing: tuple[str, ...]

    def development(self) -> tuple[Import, ...]:
        """Imports of packages that only devDependencies declare."""
        return tuple(item for item in self.imports if item.declared == "development")


def runs(tree: Tree, found: NodeProject, entry: str | None = None) -> Fact[NodeRun]:
    """Read what an entry (from the tree's root) imports.

    All run-time sources where it is None or no source file.

    Unknown where a source does not parse, or all together are larger than SOURCE_LIMIT.
    """
    listed = paths_of(tree)
    if isinstance(listed, Unknown):
        return listed
    aliases = _aliases(tree, found)
    walk = _Walk(tree, found, listed.value, aliases, {}, [], [])
    start = _file(entry, listed.value) if entry is not None else None
    if start is None and entry is not None:
        start = _compiled_from(tree, found, entry, listed.value)
    if start is not None:
        failed = walk.follow([start])
        if failed is not None:
            return failed
    followed = start is not None and not walk.dynamic
    if not followed:
        failed = walk.follow(all_sources(listed.value, found))
        if failed is not None:
            return failed
    facts = united(source.facts for source in walk.read.values())
    run = NodeRun(
        facts=facts,
        imports=tuple(sorted(walk.packages(), key=lambda item: (item.package, item.source))),
        sources=tuple(sorted(walk.read)),
        followed=followed,
        dynamic=tuple(walk.dynamic),
        missing=tuple(walk.missing),
    )
    return Known(run, entry or found.source)


def _compiled_from(tree: Tree, found: NodeProject, entry: str, paths: Paths) -> str | None:
    """The TypeScript source that tsc compiles to `entry`.

    By the outDir and rootDir of the project's tsconfig.
    """
    for name in ("tsconfig.build.json", "tsconfig.json"):
        config = read_config(tree, under(found.directory, name))
        if isinstance(config, Unknown) or config.value.out_dir is None:
            continue
        out = config.value.out_dir
        if not entry.startswith(f"{out}/"):
            continue
        relative = posixpath.splitext(entry.removeprefix(f"{out}/"))[0]
        # without rootDir, tsc takes the longest path that all sources share
        roots = (
            [config.value.root_dir]
            if config.value.root_dir
            else [under(found.directory, "src"), found.directory]
        )
        for root in roots:
            for suffix in (".ts", ".mts", ".cts", ".tsx"):
                source = under(root, f"{relative}{suffix}")
                if source in paths.files:
                    return source
    return None


def all_sources(paths: Paths, found: NodeProject) -> list[str]:
    """The project's sources that may run.

    No tests, tool configurations, build output, or other packages' files.
    """
    top = "" if found.directory == "." else f"{found.directory}/"
    inner = {
        posixpath.dirname(path)
        for path in paths.files
        if path.endswith("/package.json") and path.startswith(top) and path != f"{top}package.json"
    }
    chosen: list[str] = []
    for path in sorted(paths.files):
        if not path.startswith(top) or not path.endswith(SUFFIXES):
            continue
        folders = path[len(top) :].split("/")[:-1]
        stem = posixpath.basename(path).rpartition(".")[0]
        tooling = (
            stem.endswith(_TEST_ENDINGS) or stem.lower() in _TOOL_FILES or stem.startswith(".")
        )
        if tooling or _TESTS.intersection(folders):
            continue
        if not any(path.startswith(f"{place}/") for place in inner):
            chosen.append(path)
    return chosen


@dataclass(slots=True)
class _Walk:
    tree: Tree
    found: NodeProject
    paths: Paths
    aliases: Mapping[str, tuple[str, ...]]
    read: dict[str, JsSource]
    dynamic: list[str]
    missing: list[str]
    spent: int = 0

    def follow(self, starts: Iterable[str]) -> Unknown | None:
        """Read `starts` and all own files that they import."""
        pending = list(starts)
        while pending:
            path = pending.pop()
            ending = posixpath.splitext(path)[1]
            if path in self.read or (ending and not path.endswith(SUFFIXES)):
                continue  # data, styles and compiled addons are no sources; bin/www is one
            text = self.tree.read(path)
            if isinstance(text, Unknown):
                return text
            self.spent += len(text.value)
            if self.spent > SOURCE_LIMIT:
                return Unknown("the sources are larger than is read")
            source = read_source(path, text.value, self.paths, self.found.directory)
            if isinstance(source, Unknown):
                return source
            self.read[path] = source.value
            for imported in source.value.imports:
                if imported.specifier is None:
                    self.dynamic.append(imported.source)
                    continue
                target = self.local(path, imported.specifier)
                if target is not None:
                    pending.append(target)
                elif imported.specifier.startswith((".", "/")):
                    self.missing.append(imported.source)
        return None

    def local(self, path: str, specifier: str) -> str | None:
        """The own file that a specifier names; None for packages and files that are not there."""
        if specifier.startswith("/"):  # built from __dirname: from the tree's root already
            return _file(specifier[1:], self.paths)
        if specifier.startswith("."):
            return _file(
                posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier)), self.paths
            )
        for prefix, places in self.aliases.items():
            if (
                specifier == prefix
                or (prefix.endswith("/") and specifier.startswith(prefix))
                or not prefix
            ):
                for place in places:
                    target = _file(
                        posixpath.normpath(posixpath.join(place, specifier[len(prefix) :])),
                        self.paths,
                    )
                    if target is not None:
                        return target
        return None

    def packages(self) -> set[Import]:
        """The packages that all read sources import, each once, with its first place."""
        places: dict[str, str] = {}
        for path, source in sorted(self.read.items()):
            for imported in source.imports:
                specifier = imported.specifier
                if (
                    specifier is None
                    or specifier.startswith((".", "/", "#"))
                    or self.local(path, specifier)
                ):
                    continue
                places.setdefault(package_of(specifier), imported.source)
        return {Import(name, self.declared(name), source) for name, source in places.items()}

    def declared(self, package: str) -> str | None:
        """How a package is declared, or that Node.js brings it."""
        declared = self.found.declares(package)
        if declared is None and package.removeprefix("node:").split("/", maxsplit=1)[0] in BUILTIN:
            return "builtin"
        return declared


def package_of(specifier: str) -> str:
    """The package of an import: `@scope/name/file` is @scope/name."""
    parts = specifier.split("/")
    return "/".join(parts[:2]) if specifier.startswith("@") else parts[0]


def _file(path: str, paths: Paths) -> str | None:
    """The file that Node.js or TypeScript takes for a path without its ending."""
    if path in paths.files:
        return path
    stem, dot, ending = path.rpartition(".")
    if dot and ending in {
        "js",
        "mjs",
        "cjs",
        "jsx",
    }:  # TypeScript's sources are imported by their output's name
        for suffix in (".ts", ".tsx", ".mts", ".cts"):
            if stem + suffix in paths.files:
                return stem + suffix
    for suffix in (*SUFFIXES, ".json"):
        if path + suffix in paths.files:
            return path + suffix
    for suffix in SUFFIXES:
        if f"{path}/index{suffix}" in paths.files:
            return f"{path}/index{suffix}"
    return None


def _aliases(tree: Tree, found: NodeProject) -> dict[str, tuple[str, ...]]:
    """Prefixes of imports that stand for own directories.

    Tsconfig's paths and baseUrl, package.json's _moduleAliases.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    for name in ("tsconfig.json", "jsconfig.json"):
        if tree.is_file(under(found.directory, name)):
            aliases.update(paths_of_config(tree, under(found.directory, name)))
    manifest = read_object(tree, found.source)
    extra = manifest.value.get("_moduleAliases") if isinstance(manifest, Known) else None
    for prefix, place in extra.items() if isinstance(extra, dict) else ():
        if isinstance(place, str):
            aliases[f"{prefix}/"] = (under(found.directory, place),)
    return aliases
