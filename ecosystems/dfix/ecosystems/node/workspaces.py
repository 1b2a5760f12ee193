"""Resolve the workspaces of a package.json or pnpm-workspace.yaml to directories."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsonc import read_object
from dfix.ecosystems.sources import SKIPPED, under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree

_DEEPEST = 6  # folders below the root; workspaces lie near the top


@dataclass(frozen=True, slots=True)
class Workspace:
    """One member: its directory from the tree's root, and its package name."""

    directory: str
    name: str | None


def workspaces_of(tree: Tree, directory: str, data: dict[str, Any]) -> Fact[tuple[Workspace, ...]]:
    """The members that the manifest names.

    () without workspaces, Unknown where the patterns cannot be read.
    """
    patterns = _patterns(tree, directory, data)
    if isinstance(patterns, Unknown):
        return patterns
    if not patterns.value:
        return Known((), patterns.source)
    wanted = [pattern.removeprefix("./").rstrip("/") for pattern in patterns.value]
    found: list[Workspace] = []
    for place in sorted(_packages(tree, under(directory, "."), "", 0)):
        included = False
        for pattern in wanted:
            if pattern.startswith("!"):
                included = included and not _matches(place, pattern[1:].removeprefix("./"))
            else:
                included = included or _matches(place, pattern)
        if included:
            manifest = read_object(tree, under(directory, f"{place}/package.json"))
            if isinstance(manifest, Unknown):
                return manifest
            name = manifest.value.get("name")
            found.append(
                Workspace(under(directory, place), name if isinstance(name, str) else None)
            )
    return Known(tuple(found), patterns.source)


def _patterns(tree: Tree, directory: str, data: dict[str, Any]) -> Fact[tuple[str, ...]]:
    manifest = under(directory, "package.json")
    declared = data.get("workspaces")
    if isinstance(declared, dict):
        declared = declared.get("packages", [])
    pnpm = under(directory, "pnpm-workspace.yaml")
    if declared is None and tree.is_file(pnpm):
        return _pnpm_patterns(tree, pnpm)
    if declared is None:
        return Known((), manifest)
    if not isinstance(declared, list) or not all(isinstance(item, str) for item in declared):
        return Unknown(f"{manifest}: workspaces is no list of patterns")
    return Known(tuple(declared), manifest)


def _pnpm_patterns(tree: Tree, path: str) -> Fact[tuple[str, ...]]:
    import yaml  # noqa: PLC0415 - only pnpm workspaces pay for it

    match tree.read(path):
        case Unknown() as missing:
            return missing
        case Known(text):
            try:
                content = yaml.safe_load(text)
            except yaml.YAMLError:
                return Unknown(f"{path} does not parse")
    packages = content.get("packages", []) if isinstance(content, dict) else []
    if not isinstance(packages, list) or not all(isinstance(item, str) for item in packages):
        return Unknown(f"{path}: packages is no list of patterns")
    return Known(tuple(packages), path)


def _packages(tree: Tree, top: str, place: str, depth: int) -> Iterator[str]:
    """Directories below `top` that hold a package.json."""
    folder = under(top, place or ".")
    for name in tree.listdir("" if folder == "." else folder):
        path = f"{place}/{name}" if place else name
        if name in SKIPPED or not tree.is_dir(under(top, path)):
            continue
        if tree.is_file(under(top, f"{path}/package.json")):
            yield path
        if depth < _DEEPEST:
            yield from _packages(tree, top, path, depth + 1)


def _matches(place: str, pattern: str) -> bool:
    """Shell globs by path segment; `**` stands for any number of segments."""
    return _segments(place.split("/"), pattern.split("/"))


def _segments(place: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not place
    if pattern[0] == "**":
        return any(_segments(place[index:], pattern[1:]) for index in range(len(place) + 1))
    return (
        bool(place)
        and fnmatch.fnmatchcase(place[0], pattern[0])
        and _segments(place[1:], pattern[1:])
    )
