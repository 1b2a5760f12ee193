"""Packages of Debian: which only build, what -dev packages stand for, what programs they bring.

The lists of ``debian.toml``, and what Debian's own archive says of them in ``archive.toml``: of
bullseye, bookworm and trixie. Other releases, Ubuntu's among them, are Unknown wherever a package's
name may differ there.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.facts import Fact

    ESSENTIAL: frozenset[str]
    """Programs of every Debian image, the slim ones included."""
    BUSYBOX: frozenset[str]
    """Programs of every alpine image."""

# Tools whose package may carry a version: gcc-12, clang-16, llvm-16-dev.
_VERSIONED = ("clang", "cpp", "g++", "gcc", "gfortran", "gobjc", "golang", "lld", "llvm")


class Purpose(NamedTuple):
    """What a package that a build installs is for.

    `builds`: nothing that was built needs it to run; `runtime` then names the packages of the
    shared libraries that it was built against, which are needed. Otherwise `runtime` is the package
    itself. `fetches`: it brings programs that fetch or unpack and nothing else, so that it is live
    only if one of these is started.
    """

    builds: bool
    runtime: tuple[str, ...]
    fetches: bool = False


def purpose(name: str, suite: str | None) -> Fact[Purpose]:
    """What a package is for, as its name on apt's command line says (``g++``, ``libpq-dev=15*``).

    Unknown for a -dev package that is not listed, or whose library has another name in another
    release while `suite` is None, or is not one of Debian's that was read.
    """
    bare = name.partition("=")[0].partition("/")[0].partition(":")[0]
    lists = _lists()
    tools: dict[str, tuple[str, ...]] = lists["builds"]["tool"]
    tool = _tool(bare, tools)
    if tool is not None:
        libraries = tools[tool]
        source = f"{lists['builds']['source']}{bare}"
        return Known(Purpose(builds=True, runtime=libraries), source)
    if bare in _archive()["development"]:
        if bare != name and "=" in name:
            return Unknown(f"{name} is pinned to a version, and its library would have to be too")
        return _development(bare, suite)
    if bare.endswith(("-dev", "-devel", "-headers")):
        return Unknown(f"which library {bare} stands for is not known")
    fetches = bare in lists["fetches"]["packages"]
    source = f"{lists['fetches']['source']}{bare}" if fetches else "installed by name"
    return Known(Purpose(builds=False, runtime=(name,), fetches=fetches), source)


def named(library: str, suite: str | None) -> Fact[str]:
    """A library's package in a release, from its name in any: ``libssl3`` is ``libssl3t64``.

    Unknown if the names differ and `suite` is None, or where it is not known to be there.
    """
    names = _libraries().get(library)
    if names is None:
        return Unknown(f"what {library} is called in each release of Debian is not known")
    if suite is None:
        if set(_lists()["suites"]) == names.keys() and len(set(names.values())) == 1:
            return Known(library, _source("library"))
        return Unknown(f"{library} has other names in other releases of Debian")
    if suite not in names:
        return Unknown(f"what {library} is called in {suite} is not known")
    return Known(names[suite], _source("library"))


def package_of(program: str) -> str | None:
    """The package that is installed for a program; None if none of those read brings it alone."""
    alternative: str | None = _lists()["programs"]["alternative"].get(program)
    found: str | None = _archive()["program"].get(program)
    return found or alternative


def programs_of(package: str) -> tuple[str, ...]:
    """The programs for which `package_of` names this package."""
    by_file = (one for one, owner in _archive()["program"].items() if owner == package)
    alternatives = _lists()["programs"]["alternative"].items()
    return (*by_file, *(one for one, owner in alternatives if owner == package))


def recommends(package: str, suite: str | None) -> Fact[tuple[str, ...]]:
    """What apt installs beside a package unless told otherwise, choices as ``a | b``.

    Unknown if the package was not read, or its recommendations differ and `suite` is None.
    """
    rows: dict[str, tuple[str, ...]] | None = _archive()["recommends"].get(package)
    if rows is None:
        return Unknown(f"what {package} recommends is not known")
    if suite is None:
        if set(_lists()["suites"]) == rows.keys() and len(set(rows.values())) == 1:
            return Known(next(iter(rows.values())), _source("recommends"))
        return Unknown(f"{package} recommends other packages in other releases of Debian")
    if suite not in rows:
        return Unknown(f"what {package} recommends in {suite} is not known")
    return Known(rows[suite], _source("recommends"))


MANY = "*"
"""Stands in what `beside` tells for packages that are too many to be named."""


def beside(names: Sequence[str], suite: str | None) -> Fact[tuple[str, ...]]:
    """What apt installs only because it is recommended, by the packages of a command line or by what they need.

    With `suite` None, what any release adds. Unknown if a package was not read.
    """
    rows: dict[str, dict[str, tuple[str, ...]]] = _archive()["beside"]
    needs: dict[str, dict[str, tuple[str, ...]]] = _archive()["needs"]
    found: set[str] = set()
    needed: set[str] = set()
    for name in names:
        bare = name.partition("=")[0].partition("/")[0].partition(":")[0]
        row = rows.get(bare)
        if row is None or (suite is not None and suite not in row):
            return Unknown(f"what is recommended beside {bare} is not known")
        releases = [suite] if suite is not None else list(row)
        for release in releases:
            found.update(row[release])
        here = [set(needs.get(bare, {}).get(release, ())) for release in releases]
        needed |= {bare}.union(set[str].intersection(*here))
    return Known(tuple(sorted(found - needed)), _source("beside"))


def live(packages: Sequence[str]) -> tuple[str, ...]:
    """Those of recommended packages without which something that is often done fails."""
    known = set(_lists()["beside"]["live"])
    return tuple(each for each in packages if each in known)


def idle(packages: Sequence[str]) -> bool:
    """Do recommended packages only hold texts that no program reads by itself?"""
    return set(packages) <= set(_lists()["beside"]["idle"])


def _tool(name: str, tools: dict[str, tuple[str, ...]]) -> str | None:
    if name in tools:
        return name
    if name.startswith("python3.") and name.endswith(("-dev", "-distutils")):
        return "python3-dev"
    if name.startswith("linux-headers-"):
        return "linux-headers-amd64"
    stem, dash, rest = name.partition("-")
    version, _, suffix = rest.partition("-")
    if dash and stem in _VERSIONED and version.replace(".", "").isdigit():
        bare = f"{stem}-{suffix}" if suffix else stem
        return bare if bare in tools else None
    return None


def _development(name: str, suite: str | None) -> Fact[Purpose]:
    rows: dict[str, tuple[str, ...]] = _archive()["development"][name]
    if suite is None:
        if set(_lists()["suites"]) == rows.keys() and len(set(rows.values())) == 1:
            libraries = next(iter(rows.values()))
            return Known(Purpose(builds=True, runtime=libraries), _source("development"))
        return Unknown(f"the library of {name} has other names in other releases of Debian")
    if suite not in rows:
        return Unknown(f"which library {name} stands for in {suite} is not known")
    return Known(Purpose(builds=True, runtime=rows[suite]), _source("development"))


def _source(part: str) -> str:
    return f"{_archive()['source']} ({part} of archive.toml)"


@cache
def _libraries() -> dict[str, dict[str, str]]:
    """Every name that a library has in some release, to its names in all."""
    return {
        name: row for row in _archive()["library"].values() for name in set(row.values())
    } | dict(_archive()["library"])


@cache
def _lists() -> dict[str, Any]:
    return table(__file__, "debian")


@cache
def _archive() -> dict[str, Any]:
    return table(__file__, "archive")


def __getattr__(name: str) -> frozenset[str]:
    """Make the two sets of programs when they are asked for: the tables are not read before."""
    if name == "BUSYBOX":
        return frozenset(_lists()["busybox"]["programs"])
    if name == "ESSENTIAL":
        layers = _archive()["layer"]["debian"].values()
        everywhere = frozenset[str].intersection(*(frozenset(each["programs"]) for each in layers))
        packages = [set(each["packages"]) for each in layers]
        alternatives = _lists()["programs"]["alternative"].items()
        return everywhere | {
            one for one, owner in alternatives if all(owner in each for each in packages)
        }
    raise AttributeError(name)
