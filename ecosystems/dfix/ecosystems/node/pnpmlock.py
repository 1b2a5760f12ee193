"""Which packages of a pnpm-lock.yaml of version 9 a production install brings.

The file is read by its indents, as pnpm prints it: https://github.com/pnpm/spec/blob/master/lockfile/9.0.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = ("dependencies", "optionalDependencies")
_IMPORTED = 4  # an importer, a kind, a name, its fields


def production(text: str) -> frozenset[str] | None:
    """The keys of `packages:` that dependencies of the project lead to; None if one is not found."""
    snapshots: dict[str, list[str]] = {}
    todo: list[str] = []
    for path, value in _lines(text):
        section, *below = path
        if section == "importers" and len(below) == _IMPORTED and below[3] == "version":
            if below[1] in _KINDS and not value.startswith("link:"):
                todo.append(_key(below[2], value))
        elif section == "snapshots" and below:
            found = snapshots.setdefault(below[0], [])
            if len(below) == _IMPORTED - 1 and below[1] in _KINDS:
                found.append(_key(below[2], value))
    seen: set[str] = set()
    while todo:
        key = todo.pop()
        if key in seen:
            continue
        if key not in snapshots:
            return None
        seen.add(key)
        todo.extend(each for each in snapshots[key] if "@link:" not in each)
    return frozenset(key.partition("(")[0] for key in seen)


def _key(name: str, version: str) -> str:
    """The key of a snapshot: the version alone is of the same name, an alias brings its own."""
    plain = version.partition("(")[0]
    return version if "@" in plain[1:] and not plain[0].isdecimal() else f"{name}@{version}"


def _lines(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each line with a key, as the keys around it and its value."""
    around: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        depth = (len(line) - len(line.lstrip())) // 2
        if not stripped or stripped.startswith(("#", "- ")) or depth > len(around):
            continue
        name, value = _pair(stripped)
        around[depth:] = [name]
        yield tuple(around), value


def _pair(text: str) -> tuple[str, str]:
    if text[0] == "'":
        name, _, rest = text[1:].partition("'")
        return name, rest.removeprefix(":").strip().strip("'")
    name, _, value = text.partition(": ")
    return name.removesuffix(":"), value.strip().strip("'")
