"""What packages of Debian are for: which only build, and which library a development package stands for.

The facts are those of ``debian.toml``. Names change from suite to suite, so a question names its suite; where the suite
is not known, only a name that all supported suites share is an answer.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

SUITES = ("bullseye", "bookworm", "trixie")

# Programs of the packages that every Debian system has (Essential: yes), as far as services call them.
# https://www.debian.org/doc/debian-policy/ch-binary.html#essential-packages
ESSENTIAL = frozenset(
    "[ apt apt-get awk base64 basename bash cat chgrp chmod chown chroot cp cut dash date dd df diff dirname du echo env "
    "expr false find flock grep groupadd gunzip gzip head hostname id install kill ln ls md5sum mkdir mkfifo mktemp mount "
    "mv nice nohup nproc perl printenv printf pwd readlink realpath rm rmdir runuser sed seq setpriv sh sha256sum sleep sort "
    "stat stty su sync tail tar tee test timeout touch tr true tty umount uname uniq useradd wc which whoami xargs yes".split()
)
# Applets of Alpine's BusyBox beside those: https://pkgs.alpinelinux.org/contents?name=busybox-binsh
BUSYBOX = (
    ESSENTIAL - {"apt", "apt-get", "bash", "perl", "dash", "useradd", "runuser"}
) | frozenset(
    "adduser addgroup ash crond ip nc nslookup pgrep pidof ping pkill ps route top traceroute unzip vi wget".split()
)


class Purpose(NamedTuple):
    """What a package is for: whether it only builds, and which packages the result needs when it runs."""

    builds: bool
    runtime: tuple[str, ...]


@cache
def _libraries() -> Mapping[str, Mapping[str, Any]]:
    return {row["name"]: row for row in _facts()["library"]}


@cache
def _facts() -> dict[str, Any]:
    return table(__file__, "debian")


@cache
def _tools() -> frozenset[str]:
    return frozenset(_facts()["tools"]["names"])


def purpose(package: str, suite: str | None) -> Fact[Purpose]:
    """What a package named in an `apt-get install` is for.

    A build tool is for the builder alone, a development package for it and its library for the run time; everything
    else is taken to be for the run time, as it is. Unknown for a development package that the table does not hold, or
    whose library has another name in another suite while the suite is not known.
    """
    if package in _tools() or package.startswith(
        ("gcc-", "g++-", "clang-", "llvm-", "python3.", "linux-headers-")
    ):
        if package.startswith("python3.") and not package.endswith("-dev"):
            return Known(Purpose(builds=False, runtime=(package,)), _page(package, suite))
        return Known(Purpose(builds=True, runtime=()), _page(package, suite))
    row = _libraries().get(package)
    if row is None:
        if package.endswith("-dev"):
            return Unknown(f"which library {package} stands for is not known")
        return Known(Purpose(builds=False, runtime=(package,)), _page(package, suite))
    names = row.get("all") or (row.get(suite) if suite is not None else None)
    if names is None:
        if suite is None:
            return Unknown(
                f"the library of {package} has another name in each release, and the release is not known"
            )
        return Unknown(f"which library {package} stands for in {suite} is not known")
    return Known(Purpose(builds=True, runtime=tuple(names)), _page(package, suite))


def named(library: str, suite: str | None) -> Fact[str]:
    """The name that a library of bookworm has in another suite; Unknown if that is not told by the table."""
    candidates = [
        row
        for row in _libraries().values()
        if library in (row.get("all") or row.get("bookworm") or ())
    ]
    if any("all" in row for row in candidates):
        return Known(library, _page(library, suite))
    if suite == "bookworm":
        return Known(library, _page(library, suite))
    for row in candidates:
        there = row.get(suite or "")
        if there is not None and len(there) == len(row["bookworm"]):
            return Known(there[row["bookworm"].index(library)], _page(row["name"], suite))
    where = suite or "a release that is not known"
    return Unknown(f"the name of {library} in {where} is not known")


def package_of(program: str) -> str | None:
    """The package that brings a program; None if the table does not hold it."""
    found: str | None = _facts()["programs"].get(program)
    return found


def _page(package: str, suite: str | None) -> str:
    return f"https://packages.debian.org/{suite or 'stable'}/{package}"
