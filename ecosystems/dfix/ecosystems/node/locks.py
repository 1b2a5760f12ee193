"""What lockfiles of JavaScript projects tell about packages.

Names, and which run scripts at install time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node import pnpmlock
from dfix.ecosystems.node.jsonc import read_object
from dfix.ecosystems.node.yarnlock import package_of, production, read_lock
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


_READ = {
    "npm": ("npm-shrinkwrap.json", "package-lock.json"),
    "pnpm": ("pnpm-lock.yaml",),
    "yarn": ("yarn.lock",),
}


def locked(
    tree: Tree, directory: str = ".", manager: str | None = None
) -> Fact[tuple[Locked, ...]]:
    """The packages of the one lockfile in `directory`, of the manager that installs if it is known."""
    names = [name for names in _READ.values() for name in names]
    if manager is not None:
        names = list(_READ.get(manager, ()))
    present = [name for name in names if tree.is_file(under(directory, name))]
    if not present:
        read = "package-lock.json, pnpm-lock.yaml, yarn.lock"
        return Unknown(f"there is no lockfile that is read ({', '.join(names) or read})")
    if len(present) > 1 and "npm-shrinkwrap.json" not in present:
        return Unknown(f"there are several lockfiles: {', '.join(present)}")
    path = under(directory, present[0])
    if present[0] == "yarn.lock":
        return _yarn(tree, directory, path)
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    return _pnpm(text.value, path) if present[0] == "pnpm-lock.yaml" else _npm(text.value, path)


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
    needed = None if tells else pnpmlock.production(text)
    found: list[Locked] = []
    for key, entry in _pnpm_entries(lines):
        name, locked_version = _pnpm_key(key)
        scripts = entry.get("requiresBuild", False) if tells else None
        development, optional = entry.get("dev", False), entry.get("optional", False)
        if needed is not None:
            development = key not in needed
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


def _yarn(tree: Tree, directory: str, path: str) -> Fact[tuple[Locked, ...]]:
    """The entries of a yarn.lock of either generation.

    None says which packages run scripts; for development is what no dependency of the manifests
    leads to.
    """
    read = read_lock(tree, path)
    if isinstance(read, Unknown):
        return read
    lock = read.value
    wanted = _wanted(tree, directory)
    needed = None if wanted is None else production(lock, wanted)
    found: dict[str, Locked] = {}
    for key, entry in lock.entries.items():
        if entry.keys[0] in found or "@workspace:" in key or "@patch:" in key:
            continue
        found[entry.keys[0]] = Locked(
            package_of(entry),
            entry.fields.get("version"),
            None,
            development=needed is not None and entry.keys[0] not in needed,
            optional=False,
            system="conditions" in entry.fields,
            source=path,
        )
    return Known(tuple(found.values()), path)


def _wanted(tree: Tree, directory: str) -> list[tuple[str, str]] | None:
    """What a production install asks for; None where workspaces may ask for more."""
    manifest = read_object(tree, under(directory, "package.json"))
    if isinstance(manifest, Unknown) or manifest.value.get("workspaces"):
        return None
    if manifest.value.get("resolutions"):
        return None
    return [
        (name, spec)
        for kind in ("dependencies", "optionalDependencies")
        for name, spec in (manifest.value.get(kind) or {}).items()
        if isinstance(spec, str)
    ]
