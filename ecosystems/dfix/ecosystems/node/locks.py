"""What lockfiles of JavaScript projects tell about packages.

Names, and which run scripts at install time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree


_KEY_DEPTH = 2  # blanks before a package's key in pnpm-lock.yaml


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lockfile.

    `scripts` tells that it runs a script at install time, which is how native code is compiled or
    fetched; None where the lockfile does not say. `development` packages are left out by a
    production install. `system` tells that it is restricted to some platforms, as prebuilt binaries
    are.
    """

    name: str
    version: str | None
    scripts: bool | None
    development: bool
    optional: bool
    system: bool
    source: str


def locked(tree: Tree, directory: str = ".") -> Fact[tuple[Locked, ...]]:
    """The packages of the one lockfile in `directory`."""
    readers = {
        "npm-shrinkwrap.json": _npm,
        "package-lock.json": _npm,
        "pnpm-lock.yaml": _pnpm,
        "yarn.lock": _yarn,
    }
    present = [name for name in readers if tree.is_file(under(directory, name))]
    if not present:
        return Unknown(
            "there is no lockfile that is read (package-lock.json, pnpm-lock.yaml, yarn.lock)"
        )
    if len(present) > 1 and "npm-shrinkwrap.json" not in present:
        return Unknown(f"there are several lockfiles: {', '.join(present)}")
    path = under(directory, present[0])
    read = tree.read(path)
    if isinstance(read, Unknown):
        return read
    return readers[present[0]](read.value, path)


def install_scripts(tree: Tree, directory: str = ".") -> Fact[tuple[Locked, ...]]:
    """The packages that run a script at install time; Unknown where the lockfile does not tell."""
    read = locked(tree, directory)
    if isinstance(read, Unknown):
        return read
    if any(package.scripts is None for package in read.value):
        return Unknown(f"{read.source} does not tell which packages run install scripts")
    return Known(tuple(package for package in read.value if package.scripts), read.source)


def _npm(text: str, path: str) -> Fact[tuple[Locked, ...]]:
    """Versions 2 and 3.

    https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json
    """
    try:
        data: Any = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return Unknown(f"{path} does not parse as JSON")
    if not isinstance(data, dict):
        return Unknown(f"{path} holds no object")
    if data.get("lockfileVersion") == 1:
        return Known(tuple(_npm_first(data, path)), path)
    if data.get("lockfileVersion") not in {2, 3}:
        return Unknown(f"{path} has lockfileVersion {data.get('lockfileVersion')}, not 1, 2 or 3")
    packages = data.get("packages")
    if not isinstance(packages, dict):
        return Unknown(f"{path} lists no packages")
    found: list[Locked] = []
    for place, entry in packages.items():
        if not isinstance(entry, dict) or entry.get("link") or "node_modules/" not in place:
            continue  # the root and workspaces are the project itself
        name = entry.get("name") or place.rpartition("node_modules/")[2]
        found.append(
            Locked(
                name=name,
                version=entry.get("version"),
                scripts=bool(entry.get("hasInstallScript")),
                development=bool(entry.get("dev") or entry.get("devOptional")),
                optional=bool(entry.get("optional") or entry.get("devOptional")),
                system=any(key in entry for key in ("os", "cpu", "libc")),
                source=f"{path}: {place}",
            )
        )
    return Known(tuple(found), path)


def _npm_first(data: dict[str, Any], path: str) -> Iterator[Locked]:
    """LockfileVersion 1 nests `dependencies` and does not say which run scripts."""
    listed = data.get("dependencies")
    for name, entry in listed.items() if isinstance(listed, dict) else ():
        if isinstance(entry, dict):
            development, optional = bool(entry.get("dev")), bool(entry.get("optional"))
            yield Locked(
                name, entry.get("version"), None, development, optional, system=False, source=path
            )
            yield from _npm_first(entry, path)


def _pnpm(text: str, path: str) -> Fact[tuple[Locked, ...]]:
    """Keys of `packages:`. Lockfiles up to version 6 say `requiresBuild`; version 9 no longer does.

    Source: https://github.com/pnpm/spec/tree/master/lockfile
    """
    lines = text.splitlines()
    version = next(
        (line.split(":")[1].strip(" '\"") for line in lines if line.startswith("lockfileVersion:")),
        "",
    )
    if not version or not version[0].isdecimal():
        return Unknown(f"{path} names no lockfileVersion")
    tells = version.split(".")[0] in {"5", "6"}
    found: list[Locked] = []
    for key, entry in _pnpm_entries(lines):
        name, locked_version = _pnpm_key(key)
        scripts = entry.get("requiresBuild", False) if tells else None
        development, optional = entry.get("dev", False), entry.get("optional", False)
        system = "os" in entry or "cpu" in entry
        found.append(Locked(name, locked_version, scripts, development, optional, system, path))
    return Known(tuple(found), path)


def _pnpm_entries(lines: list[str]) -> Iterator[tuple[str, dict[str, bool]]]:
    """The keys below `packages:`, each with its fields: true unless it says `false`."""
    inside = False
    key = ""
    entry: dict[str, bool] = {}
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if line and depth == 0:
            inside = line.startswith("packages:")
        elif inside and depth == _KEY_DEPTH and line.rstrip().endswith((":", "}")):
            if key:
                yield key, entry
            key, entry = line.strip().partition(": ")[0].rstrip(":").strip("'\""), {}
        elif inside and depth == 2 * _KEY_DEPTH:
            field, _, value = line.strip().partition(":")
            entry[field] = value.strip() != "false"
    if key:
        yield key, entry


def _pnpm_key(key: str) -> tuple[str, str | None]:
    """`/@scope/name@1.0.0(peer@2)` and the older `/@scope/name/1.0.0_peer`."""
    plain = key.removeprefix("/").split("(")[0]
    head, at, version = plain.rpartition("@")
    if at and head:
        return head, version
    parts = plain.split("/")
    count = 2 if plain.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:]).split("_")[0] or None


def _yarn(text: str, path: str) -> Fact[tuple[Locked, ...]]:
    """Keys of a yarn.lock of either kind.

    Neither says which packages run scripts or are for development.
    """
    found: list[Locked] = []
    name: str | None = None
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")) and line.endswith(":"):
            first = line[:-1].split(",")[0].strip().strip('"')
            head, at, wanted = (
                first.rpartition("@") if "@npm:" not in first else first.partition("@npm:")
            )
            name = (
                head
                if at
                and head
                and not wanted.startswith("workspace:")
                and "@workspace:" not in first
                else None
            )
        elif name is not None and line.strip().startswith(("version ", "version:")):
            value = line.strip().removeprefix("version").strip(' :"')
            found.append(
                Locked(
                    name, value, None, development=False, optional=False, system=False, source=path
                )
            )
            name = None
    return Known(tuple(found), path) if found else Unknown(f"{path} lists no packages")
