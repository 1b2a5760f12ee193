"""What the distributions that a build installs need of the system at run time."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.natives import compiled
from dfix.ecosystems.python.places import FOLDERS
from dfix.ecosystems.python.requirements import is_archive
from dfix.ecosystems.python.runtime import (
    INSTALLERS,
    Distribution,
    extras_of,
    judged_lock,
    name_of,
    own_distributions,
    purity,
)
from dfix.ecosystems.python.wheels import Locked, locked, normalised
from dfix.ecosystems.runtime import Purity, PurityKind
from dfix.ecosystems.service import Obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.python.places import Places
    from dfix.ecosystems.python.runtime import PythonProject
    from dfix.ecosystems.service import Did, Request

_BY_LOCK = frozenset({"sync", "install"})  # commands whose packages their manager's lock lists
PURE = '[tool.dfix.split] pure = ["{name}"]'


def requirements_of(request: Request) -> tuple[str, ...] | Obstacle:
    """The requirements files that the build installs, as paths of the tree."""
    files: list[str] = []
    for did in request.did:
        if did.call.role not in (Role.INSTALL, Role.FETCH):
            continue
        for flag, value in did.call.flags:
            if flag != "--requirement":
                continue
            if value is None:
                return Obstacle(
                    "unknown-package",
                    f"{did.where} installs from a requirements file that is not named literally",
                )
            path = _in_tree(request, did, value)
            if path is None:
                return Obstacle(
                    "unknown-package",
                    f"{did.where} installs from {value}, and which file of the project that is is not known",
                )
            files.append(path)
    return tuple(dict.fromkeys(files))


def _in_tree(request: Request, did: Did, name: str) -> str | None:
    """The tree's path of a file that a call names."""
    absolute = posixpath.normpath(posixpath.join(did.directory, did.call.directory, name))
    known = request.origins.get(absolute)
    if known is None:
        inside = posixpath.relpath(absolute, request.root)
        known = posixpath.normpath(posixpath.join(request.folder or ".", inside))
    return known if request.tree.is_file(known) else None


def judged(
    request: Request, found: PythonProject, installed: Places
) -> tuple[tuple[Purity, ...], tuple[Obstacle, ...]]:
    """What each installed distribution needs.

    Those of which nothing is known are obstacles where the full image leaves; on a slim one the
    stage's own steps tell.
    """
    listed = _listed(request, found)
    if isinstance(listed, Unknown):
        return (), (Obstacle("unknown-package", listed.why),)
    pure = {normalised(name) for name in request.pure}
    known: dict[str, Purity] = {}
    obstacles: dict[Obstacle, None] = {}
    for item in listed.value:
        why = compiled(item.name, item.text, request.base.release)
        if why is not None and request.base.variant == "full" and item.name not in pure:
            obstacles[
                Obstacle("unknown-package", f"{item.source}: {why}", PURE.format(name=item.name))
            ] = None
    frozen = _frozen(request)
    if isinstance(frozen, Unknown):
        return (), (Obstacle("unknown-package", frozen.why),)
    names = {package.name for package in frozen.value}
    for package in frozen.value:
        if package.name in INSTALLERS or package.name in pure:
            continue
        why = compiled(package.name, f"{package.name}=={package.version}", request.base.release)
        fact = judged_lock(package, names) if why is None else Unknown(why)
        if isinstance(fact, Known):
            known.setdefault(fact.value.name, fact.value)
            for obstacle in _against(request, fact.value, package.source, installed):
                obstacles[obstacle] = None
        elif request.base.variant == "full":
            setting = PURE.format(name=package.name)
            obstacles[Obstacle("unknown-package", f"{package.source}: {fact.why}", setting)] = None
    waiting = [(item.name, item.extras, item.source, item.url) for item in listed.value]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras, where, url = waiting.pop(0)
        if name in INSTALLERS or name in pure or (name, extras) in seen:
            continue
        seen.add((name, extras))
        fact = purity(name, extras) if url is None else Unknown(f"{name} is not from the index")
        if isinstance(fact, Unknown):
            if request.base.variant == "full":
                obstacles[
                    Obstacle("unknown-package", f"{where}: {fact.why}", PURE.format(name=name))
                ] = None
            continue
        each = fact.value
        known.setdefault(each.name, each)
        waiting += [(brought, (), each.source, None) for brought in each.brings]
        for obstacle in _against(request, each, where, installed):
            obstacles[obstacle] = None
    return tuple(known.values()), tuple(obstacles)


def _against(request: Request, each: Purity, where: str, installed: Places) -> Iterator[Obstacle]:
    """What speaks against taking a distribution to another base."""
    if each.kind is PurityKind.ELSEWHERE:
        covered = FOLDERS[request.base.libc or "glibc"]
        outside = [
            folder
            for folder in each.elsewhere
            if folder.startswith("~") or (installed.system and folder not in covered)
        ]
        if outside or not each.elsewhere:
            yield Obstacle(
                "unknown-package", f"{where}: {each.name} installs files outside of site-packages"
            )
    if (
        each.kind is PurityKind.SOURCE_ONLY
        and not each.libraries
        and request.base.variant == "full"
    ):
        yield Obstacle(
            "unknown-package",
            f"{where}: {each.name} is compiled when it is installed, and what it links to is not known",
            PURE.format(name=each.name),
        )


def lock_of(did: Did) -> str | None:
    """The name of the lock that lists what a call installs; None for a call that names it itself."""
    from dfix.ecosystems import ecosystem_of  # noqa: PLC0415 - the package that loads this one

    if did.call.role not in (Role.INSTALL, Role.PROJECT) or did.call.verb not in _BY_LOCK:
        return None
    name = ecosystem_of(did.call).knowledge.extra.get("lock")
    return None if name is None else str(name)


def _frozen(request: Request) -> Fact[tuple[Locked, ...]]:
    """The packages of the locks that the build's calls install; the manager itself is none of them."""
    found: dict[str, Locked] = {}
    for did in request.did:
        name = lock_of(did)
        if name is None:
            continue
        here = posixpath.normpath(posixpath.join(did.directory, did.call.directory))
        inside = posixpath.relpath(here, request.root)
        path = posixpath.normpath(posixpath.join(request.folder or ".", inside, str(name)))
        if inside.startswith("..") or not request.tree.is_file(path):
            return Unknown(f"{did.where} installs without a {name}")
        packages = locked(request.tree, lock=path)
        if isinstance(packages, Unknown):
            return packages
        for package in packages.value:
            if not (
                did.call.production
                and package.groups
                and "main" not in package.groups
                and "default" not in package.groups
            ):
                found[package.name] = package
    return Known(tuple(found.values()), "locks")


def _listed(request: Request, found: PythonProject) -> Fact[tuple[Distribution, ...]]:
    """The distributions that the build's calls install, or download for a later one."""
    listed: list[Distribution] = []
    fetched = any(did.call.role is Role.FETCH for did in request.did)
    for did in request.did:
        archive = next(
            (value for name, value in did.call.flags if not name and value and is_archive(value)),
            None,
        )
        if archive is not None and not fetched:
            return Unknown(f"{did.where} installs {archive}, and what it needs is not known")
        if did.call.role in (Role.ADD, Role.INSTALL, Role.PROJECT, Role.FETCH):
            for package in did.call.packages:
                if "://" in package or package.startswith("git+"):
                    return Unknown(f"{did.where} installs {package}, which is not from the index")
                listed.append(
                    Distribution(
                        name_of(package), did.where, extras=extras_of(package), text=package
                    )
                )
        if did.call.role is Role.PROJECT:
            own = _own(request, did)
            if isinstance(own, Unknown):
                return own
            listed += own.value
    if any(
        did.call.role is not Role.CHANGE and "--requirement" in dict(did.call.flags)
        for did in request.did
    ):
        if isinstance(found.distributions, Unknown):
            return found.distributions
        listed += [item for item in found.distributions.value if not item.development]
    return Known(tuple(listed), found.source)


def _own(request: Request, did: Did) -> Fact[tuple[Distribution, ...]]:
    """What `pip install .` brings beside the project itself."""
    listed: list[Distribution] = []
    for name, value in did.call.flags:
        if name not in ("", "--editable") or value is None or is_archive(value):
            continue
        folder, _, extras = value.partition("[")
        absolute = posixpath.normpath(posixpath.join(did.directory, folder))
        inside = posixpath.relpath(absolute, request.root)
        if inside.startswith(".."):
            return Unknown(f"{did.where} installs {value}, which lies outside of the project")
        directory = posixpath.normpath(posixpath.join(request.folder or ".", inside))
        wanted = tuple(each.strip() for each in extras.rstrip("]").split(",") if each.strip())
        own = own_distributions(request.tree, directory, wanted)
        if isinstance(own, Unknown):
            return Unknown(f"{did.where} installs the project itself: {own.why}")
        listed += own.value
    return Known(tuple(listed), did.where)
