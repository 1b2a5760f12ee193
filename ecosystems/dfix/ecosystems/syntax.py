"""What releases of the Dockerfile frontend know, and which release an engine brings: the facts of ``syntax.toml``."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tables import table

Release = tuple[int, ...]


class Feature(NamedTuple):
    """Something that a Dockerfile may use: its name, how a sentence calls it, and since which frontend it is there."""

    name: str
    title: str
    since: Release
    source: str

    @property
    def version(self) -> str:
        """The release as it is written."""
        return ".".join(map(str, self.since))


def release(text: str) -> Release | None:
    """`23.0` as numbers; None if it is no version."""
    parts = text.strip().removeprefix("v").split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else None


def embedded(engine: str) -> Fact[Release]:
    """The frontend that a Docker Engine of at least this version brings."""
    wanted = release(engine)
    if wanted is None:
        return Unknown(f"{engine} is no version of Docker Engine")
    found: Fact[Release] = Unknown(f"which frontend Docker Engine {engine} brings is not known")
    for row in _rows()["engine"]:
        if (release(row["version"]) or ()) <= wanted:
            found = Known(release(row["frontend"]) or (), row["source"])
    return found


def of_flag(instruction: str, flag: str) -> Feature | None:
    """The feature that a flag of an instruction is, if it is one that not every frontend has."""
    for row in _rows()["flag"]:
        if row["name"] == flag and instruction in row["instructions"]:
            return Feature(
                flag, f"{instruction} --{flag}", release(row["since"]) or (), row["source"]
            )
    return None


def named(name: str) -> Feature:
    """The feature of that name. Raises `KeyError`."""
    for row in _rows()["feature"]:
        if row["name"] == name:
            return Feature(name, row["title"], release(row["since"]) or (), row["source"])
    raise KeyError(name)


@cache
def _rows() -> dict[str, Any]:
    return table(__file__, "syntax")
