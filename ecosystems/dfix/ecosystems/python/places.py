"""Where calls of pip install: the system's prefix, a virtual environment, or a home directory."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.python.runtime import INSTALLERS, name_of
from dfix.ecosystems.service import Live, Obstacle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dfix.ecosystems.service import Did, Request

# Where pip of the official images installs. The rest of each folder is the same in both stages, since family, version
# and release are.
PREFIX = "/usr/local"
SCHEME = "https://docs.python.org/3/library/sysconfig.html#posix-prefix"
FOLDERS = {"glibc": ("bin", "share", "etc"), "musl": ("bin", "share")}
# `pip install --user` of root; other users' homes are not known here.
HOME = "/root/.local"
USER_SCHEME = "https://docs.python.org/3/library/sysconfig.html#user-scheme"
VENV = "https://docs.python.org/3/library/venv.html"
# The folders of PATH that every base has.
SYSTEM = frozenset({"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"})
# Variables that move an installation elsewhere: https://pip.pypa.io/en/stable/topics/configuration/
MOVERS = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PYTHONUSERBASE", "PIP_PYTHON")
INSTALLING = (Role.INSTALL, Role.ADD, Role.PROJECT)


class Places(NamedTuple):
    """What the installations leave behind.

    `programs` are the folders in which installed programs lie; `system` tells that something is
    installed below the system's prefix.
    """

    live: tuple[Live, ...]
    programs: frozenset[str]
    shape: str
    system: bool
    obstacles: tuple[Obstacle, ...]


def places_of(request: Request) -> Places:
    """Where the calls of a build install; obstacles where that is not known."""
    environments = dict(_environments(request))
    used: dict[str, None] = {}
    obstacles: list[Obstacle] = []
    for did in request.did:
        if did.call.role not in INSTALLING:
            continue
        told = _told(request, did)
        place = _place(did, environments) if told == "" else told
        if isinstance(place, Obstacle):
            obstacles.append(place)
        elif not _only_tools(did):
            used[place] = None
    obstacles += _unmade(request, {*environments, *used})
    release = request.base.release
    if release is None or len(release) < 2:  # noqa: PLR2004 - X.Y
        obstacles.append(
            Obstacle("unknown-version", "the tag of the base does not name X.Y of Python")
        )
        release = (3, 0)
    if not used and not obstacles:
        used[PREFIX] = None
    live = [each for place in used for each in _live(request, place, release)]
    kinds = {PREFIX: "site-packages", HOME: "user's site-packages"}
    shape = " + ".join(sorted({kinds.get(place, "virtual environment") for place in used}))
    return Places(
        tuple(live),
        frozenset({f"{PREFIX}/bin", *(f"{place}/bin" for place in used)}),
        shape or "site-packages",
        PREFIX in used,
        tuple(obstacles),
    )


def _told(request: Request, did: Did) -> str | Obstacle:
    """Where the call's own manager says that it installs; empty if that is for PATH and flags to tell."""
    from dfix.ecosystems import ecosystem_of  # noqa: PLC0415 - the package that loads this one

    found = ecosystem_of(did.call).installs_into(did, request)
    return (
        Obstacle("opaque-step", f"{did.where}: {found.why}")
        if isinstance(found, Unknown)
        else found.value
    )


def _environments(request: Request) -> Iterator[tuple[str, Did]]:
    """The virtual environments that the build makes, and the calls that do."""
    for did in request.did:
        if did.call.verb == "venv":
            for folder in did.call.outputs:
                yield posixpath.normpath(posixpath.join(did.directory, folder)), did


def _place(did: Did, environments: dict[str, Did]) -> str | Obstacle:
    """The prefix below which one call installs."""
    call = did.call
    mover = next((name for name in MOVERS if did.environment.get(name, "") != ""), None)
    if mover is not None:
        return Obstacle("opaque-step", f"{mover} moves what {did.where} installs")
    flags = {name for name, _ in call.flags}
    program = call.words[0] or ""
    named = posixpath.normpath(posixpath.join(did.directory, program)) if "/" in program else ""
    folders = (
        [posixpath.dirname(named)] if named else (did.environment.get("PATH") or "").split(":")
    )
    if not named and did.environment.get("PATH", "") is None:
        return Obstacle("opaque-step", f"which pip {did.where} calls is not known: PATH is not")
    inside = next(
        (f[: -len("/bin")] for f in folders if f.removesuffix("/bin") in environments), None
    )
    outputs = [posixpath.normpath(posixpath.join(did.directory, each)) for each in call.outputs]
    if any(each != inside for each in outputs) and call.outputs:
        return Obstacle("opaque-step", f"{did.where} installs into a folder that a flag names")
    first = next((f for f in folders if f in SYSTEM or f.removesuffix("/bin") in environments), "")
    if inside is not None and f"{inside}/bin" == first:
        if environments[inside].call.unknown:
            word = environments[inside].call.unknown[0]
            return Obstacle("opaque-step", f"the virtual environment is made with {word}")
        return inside
    if did.user != "root":
        return Obstacle("opaque-step", "pip installs as another user, into that user's home")
    if "--user" in flags:
        return HOME
    if call.unknown:
        return Obstacle(
            "opaque-step", f"{did.where} has {call.unknown[0]}, which is not understood"
        )
    return PREFIX


def _only_tools(did: Did) -> bool:
    """Does a call only bring tools that install, which nothing needs afterwards?"""
    call = did.call
    return call.role is Role.ADD and all(name_of(each) in INSTALLERS for each in call.packages)


def _unmade(request: Request, environments: Collection[str]) -> Iterator[Obstacle]:
    """Folders of PATH in which programs lie that no step is known to bring."""
    for folder in request.base.path:
        known = folder in SYSTEM or folder in ("", f"{HOME}/bin")
        known = known or folder.removesuffix("/bin") in environments
        if not known and posixpath.relpath(folder, request.root).startswith(".."):
            yield Obstacle("opaque-step", f"PATH names {folder}, and what lies there is not known")


def _live(request: Request, place: str, release: tuple[int, ...]) -> Iterator[Live]:
    if place == HOME:
        yield Live(HOME, "pip install --user installs there", USER_SCHEME, native=True)
    elif place != PREFIX:
        yield Live(place, "it is the virtual environment that pip installs into", VENV, native=True)
    else:
        site = f"{PREFIX}/lib/python{release[0]}.{release[1]}/site-packages"
        yield Live(site, "pip installs there", SCHEME, native=True)
        for name in FOLDERS[request.base.libc or "glibc"]:
            claim = "programs and data of distributions lie there"
            yield Live(f"{PREFIX}/{name}", claim, SCHEME)
