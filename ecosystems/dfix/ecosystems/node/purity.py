"""What installed npm packages need of the system."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.locks import locked
from dfix.ecosystems.runtime import Purity, PurityKind, purities_of
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree


@lru_cache(maxsize=1)
def _purity() -> dict[str, Purity]:
    return purities_of(table(__file__, "packages"))


def purity(name: str) -> Fact[Purity]:
    """What is known about a package that runs an install script or needs something of the system.

    Unknown for names that the table does not hold; a package whose lockfile entry has no install
    script and that the table does not hold is pure, which `purities` says.
    """
    known = _purity().get(name)
    return (
        Unknown(f"what {name} needs at run time is not known")
        if known is None
        else Known(known, known.source)
    )


@lru_cache(maxsize=1)
def _quiet() -> dict[str, str]:
    found: dict[str, str] = table(__file__, "quiet")["majors"]
    return found


def quiet(name: str, version: str | None) -> bool:
    """Was a package of this major version seen in lockfiles of npm, and never with an install script?"""
    major = (version or "").partition(".")[0]
    return major.isdecimal() and major in _quiet().get(name, "").split()


def purities(tree: Tree, directory: str = ".") -> Fact[tuple[Purity, ...]]:
    """Judge the packages that a production install brings.

    By the table first and the lockfile otherwise.

    Unknown names the first package with an install script that the table does not hold, or of which
    the lockfile does not tell whether it has one. Packages that a lockfile restricts to a platform
    are prebuilt binaries: bundled.
    """
    read = locked(tree, directory)
    if isinstance(read, Unknown):
        return read
    judged: dict[str, Purity] = {}
    for package in read.value:
        if package.development:
            continue
        known = _purity().get(package.name)
        if known is None and package.scripts is not False:
            why = "runs an install script" if package.scripts else "may run an install script"
            return Unknown(f"{package.name} {why}, and what it needs at run time is not known")
        kind = PurityKind.BUNDLED if package.system else PurityKind.PURE
        judged[package.name] = known or Purity(package.name, kind, package.source)
    return Known(tuple(judged.values()), read.source)
