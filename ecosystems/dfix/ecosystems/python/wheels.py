"""What lockfiles of Python projects tell about packages: names, versions, and which wheels exist.

Wheel names tell whether a package holds native code:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.tree import Tree

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lockfile.

    `wheels` is "linux" when a wheel for glibc exists, which pip prefers there; "any" when there is
    only one without native code; "none" when there are only sources or other platforms' wheels;
    None where the lockfile does not say. `groups` are the dependency groups that want it, empty
    where the lockfile does not say.
    """

    name: str
    version: str | None
    wheels: str | None
    groups: tuple[str, ...]
    source: str


def normalised(name: str) -> str:
    """By the documentation.

    https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    plain = name.lower().replace("_", "-").replace(".", "-")
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain


def locked(tree: Tree, directory: str = ".", lock: str | None = None) -> Fact[tuple[Locked, ...]]:
    """The packages of one lockfile: the named one, or the only one in `directory`."""
    present = (
        [lock]
        if lock
        else [under(directory, name) for name in LOCKS if tree.is_file(under(directory, name))]
    )
    if len(present) != 1:
        return Unknown(
            f"there are several lockfiles: {', '.join(present)}"
            if present
            else "there is no lockfile"
        )
    path = present[0]
    read = tree.read(path)
    if isinstance(read, Unknown):
        return read
    try:
        return (
            _pipenv(read.value, path) if path.endswith("Pipfile.lock") else _toml(read.value, path)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unknown(f"{path} does not have the form of a lockfile")


def _toml(text: str, path: str) -> Fact[tuple[Locked, ...]]:
    """uv: `wheels` with `url`; poetry and pdm: `files` with `file`."""
    import tomllib  # noqa: PLC0415 - only projects with such a lockfile pay for it

    packages: list[dict[str, Any]] = tomllib.loads(text)["package"]
    found: list[Locked] = []
    for package in packages:
        source = package.get("source", {})
        if isinstance(source, dict) and {"virtual", "editable", "directory"} & source.keys():
            continue  # the project itself and its members
        files = [*package.get("wheels", ()), *package.get("files", ())]
        names = [
            str(entry.get("file") or entry.get("url") or "").rpartition("/")[2] for entry in files
        ]
        told = bool(names) or "sdist" in package
        groups = package.get("groups", ())
        found.append(
            Locked(
                name=normalised(package["name"]),
                version=package.get("version"),
                wheels=wheel_kind(names) if told else None,
                groups=tuple(groups) if isinstance(groups, list) else (),
                source=path,
            )
        )
    return Known(tuple(found), path)


def wheel_kind(files: Iterable[str]) -> str:
    """Of a release's file names: "linux", "any" or "none"."""
    platforms = [
        name.removesuffix(".whl").rpartition("-")[2] for name in files if name.endswith(".whl")
    ]
    if any("manylinux" in platform for platform in platforms):
        return "linux"
    return "any" if "any" in platforms else "none"


def _pipenv(text: str, path: str) -> Fact[tuple[Locked, ...]]:
    """Pipfile.lock names hashes only, so it does not tell about wheels."""
    import json  # noqa: PLC0415

    data = json.loads(text)
    found = [
        Locked(
            normalised(name),
            str(entry.get("version", "")).removeprefix("==") or None,
            None,
            (group,),
            path,
        )
        for group in ("default", "develop")
        for name, entry in data[group].items()
    ]
    return Known(tuple(found), path)
