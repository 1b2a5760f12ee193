"""The packages of the distribution that the commands of a RUN install by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.refactor.model import Called, Place

VERBS = {"apt-get": "install", "apt": "install", "apk": "add"}
# Options with a value of their own behind them: apt-get(8), https://man.archlinux.org/man/apk.8
VALUED = frozenset(
    {
        "-t",
        "--target-release",
        "--default-release",
        "-o",
        "--option",
        "-c",
        "--config-file",
        "--repository",
        "-X",
        "--virtual",
        "-p",
        "--root",
        "--arch",
        "--cache-dir",
    }
)


class Installed(NamedTuple):
    """A package that a command names: without version, release and architecture; None where it is not literal."""

    name: str | None
    manager: str  # the program
    place: Place


def installs(called: Called) -> bool:
    """Does a command install packages of the distribution?"""
    return VERBS.get(called.program) == called.verb and called.verb is not None


def named(called: Called) -> tuple[str | None, ...]:
    """The packages that an install names, as written; None for a word that is not literal."""
    if not installs(called):
        return ()
    at = called.values.index(called.verb)
    words: list[str | None] = []
    valued = False
    for word in (*called.values[1:at], *called.values[at + 1 :]):
        if valued:
            valued = False
        elif word is not None and word.startswith("-"):
            valued = word in VALUED or (word == "-t" and called.program == "apk")
        else:
            words.append(word)
    return tuple(words)


def installed(places: Iterable[Place]) -> tuple[Installed, ...]:
    """All packages that the RUNs install by name, in order."""
    return tuple(
        Installed(word if word is None else bare(word), called.program, place)
        for place in places
        for called in place.called
        for word in named(called)
    )


def bare(package: str) -> str:
    """A package's name without version, release and architecture: `curl=7.88*`, `git/bookworm`, `libc6:i386`."""
    name = package
    for mark in ("=", "/", ":", "<", ">", "~", "@"):
        name = name.partition(mark)[0]
    return name
