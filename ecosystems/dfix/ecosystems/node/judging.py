"""What the packages that a build installs need of the system at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.node.locks import locked
from dfix.ecosystems.node.purity import purity, quiet
from dfix.ecosystems.runtime import Purity, PurityKind
from dfix.ecosystems.service import Obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.node.locks import Locked
    from dfix.ecosystems.node.runtime import NodeProject
    from dfix.ecosystems.service import Request

PURE = '[tool.dfix.split] pure = ["{name}"]'


def judged(request: Request, found: NodeProject) -> tuple[tuple[Purity, ...], tuple[Obstacle, ...]]:
    """What each package of a production install needs.

    Those of which nothing tells are obstacles where the full image leaves; on a smaller one the
    stage's own steps tell.
    """
    if not found.dependencies and not found.optional:
        return (), ()
    installs = [did.call for did in request.did if did.call.role is Role.INSTALL]
    managers = {call.ecosystem for call in installs}
    packages = locked(request.tree, found.directory, managers.pop() if len(managers) == 1 else None)
    if isinstance(packages, Unknown):
        return _without_lock(request, found, packages.why)
    building = _building(request, found, installs)
    known: dict[str, Purity] = {}
    obstacles: dict[Obstacle, None] = {}
    for package in packages.value:
        if package.development or package.name in request.pure or package.name in known:
            continue
        fact = purity(package.name)
        if isinstance(fact, Known):
            known[package.name] = fact.value
            against = _against(fact.value, package)
        else:
            against = _unknown(package, building)
        for obstacle in against:
            if request.base.variant == "full" or obstacle.slug == "needs-browser":
                obstacles[obstacle] = None
    return tuple(known.values()), tuple(obstacles)


def compiling(
    request: Request, found: NodeProject, started: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Packages that the installs compile, or may: development ones too where they install them.

    `started` are packages installed by name whose programs the container starts: tools in JavaScript.
    """
    for did in request.did:
        for name in did.call.packages if did.call.role is Role.ADD else ():
            bare = name[: name.find("@", 1)] if "@" in name[1:] else name
            fact = purity(bare)
            compiled = isinstance(fact, Unknown) or fact.value.kind is not PurityKind.PURE
            if compiled and name not in started and bare not in request.pure:
                yield bare, did.where
    installs = [did for did in request.did if did.call.role is Role.INSTALL]
    packages = locked(request.tree, found.directory)
    if isinstance(packages, Unknown) or not installs:
        return
    production = all(did.call.production for did in installs)
    for package in packages.value:
        if package.name in request.pure or (package.development and production):
            continue
        fact = purity(package.name)
        # A prebuilt binary that a script fetches may not be there for this version: then it compiles.
        safe = (
            (PurityKind.PURE, PurityKind.BUNDLED)
            if package.scripts is False
            else (PurityKind.PURE,)
        )
        if isinstance(fact, Known):
            if fact.value.kind not in safe:
                yield package.name, package.source
        elif package.scripts is not False:
            yield package.name, package.source


def _without_lock(
    request: Request, found: NodeProject, why: str
) -> tuple[tuple[Purity, ...], tuple[Obstacle, ...]]:
    names = [name for name in (*found.dependencies, *found.optional) if name not in request.pure]
    facts = [fact.value for fact in map(purity, names) if isinstance(fact, Known)]
    if not names or request.base.variant != "full":
        return tuple(facts), ()
    sentence = f"nothing tells which packages run install scripts: {why}"
    return tuple(facts), (Obstacle("unknown-package", sentence, PURE.format(name=names[0])),)


def _against(each: Purity, package: Locked) -> Iterator[Obstacle]:
    """What speaks against taking a known package to another base."""
    setting = PURE.format(name=each.name)
    if each.kind is PurityKind.ELSEWHERE:
        yield Obstacle(
            "needs-browser" if _is_browser(each) else "unknown-package",
            f"{package.source}: {each.name} installs into {', '.join(each.elsewhere)}",
        )
    elif each.kind is PurityKind.SOURCE_ONLY and not each.libraries:
        yield Obstacle(
            "unknown-package",
            f"{package.source}: {each.name} is compiled when it is installed, and what it links to is not known",
            setting,
        )


def _is_browser(each: Purity) -> bool:
    return each.name.startswith(("playwright", "puppeteer", "cypress", "electron"))


def _building(request: Request, found: NodeProject, installs: list[Call]) -> frozenset[str] | None:
    """The packages whose scripts the installs run; None if any may."""
    names: set[str] = set()
    directory = "" if found.directory == "." else found.directory
    for call in installs:
        told = ecosystem_of(call).building(call, request.tree, directory)
        if isinstance(told, Unknown):
            return None
        names |= told.value
    return frozenset(names) if installs else None


def _unknown(package: Locked, building: frozenset[str] | None) -> Iterator[Obstacle]:
    """A package that the table does not hold is pure if it runs nothing when it is installed."""
    if package.scripts is False or (building is not None and package.name not in building):
        return
    if package.scripts is None and quiet(package.name, package.version):
        return
    runs = "runs a script" if package.scripts else "may run a script"
    yield Obstacle(
        "unknown-package",
        f"{package.name} {runs} when it is installed, and what it needs at run time is not known",
        PURE.format(name=package.name),
    )
