"""Does a stage build anything? Asked of every file, so this imports no plan that only a split needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known
from dfix.refactor.context import mentions

if TYPE_CHECKING:
    from dfix.refactor.model import Place, Stage

# Programs that build or install, of ecosystems that have no folder yet: a reader would ask why nothing is split.
UNSERVED = {
    "bun": "Bun", "bundle": "Bundler", "cargo": "Cargo", "cmake": "CMake", "composer": "Composer",
    "conda": "conda", "deno": "Deno", "dotnet": ".NET", "g++": "C++", "gcc": "C",
    "mamba": "conda", "make": "make",
    "meson": "Meson", "mix": "Mix", "ninja": "Ninja",
    "R": "R", "Rscript": "R", "rustc": "Rust",
}  # fmt: skip
WORKS = (Role.INSTALL, Role.FETCH, Role.BUILD, Role.PROJECT, Role.RUN, Role.ADD)


def unserved(stage: Stage) -> tuple[Place, str] | None:
    """The first RUN that builds with a program of an ecosystem that is not served, and that ecosystem's name."""
    for place in stage.runs():
        if not any(mentions(place.node, name) for name in UNSERVED):
            continue
        for called in place.called:
            if called.program in UNSERVED:
                return place, UNSERVED[called.program]
    return None


def builds(stage: Stage) -> bool:
    """Does a stage install or build anything, so that its reader would ask why it is not split?"""
    for place in stage.runs():
        if (
            not place.may_call
            and not mentions(place.node, "install")
            and not mentions(place.node, "add")
        ):
            continue
        for called in place.called:
            call = called.call
            if call is not None and call.role in WORKS:
                return True
            if called.program in ("apt-get", "apt", "apk") and called.verb in ("install", "add"):
                names = (word.partition("=")[0] for word in called.values[1:] if word)
                if any(_only_builds(name) for name in names):
                    return True
    return False


def _only_builds(package: str) -> bool:
    from dfix.ecosystems import debian  # noqa: PLC0415 - it imports tables
    from dfix.refactor.plans.runtime_packages import ALPINE_TOOLS  # noqa: PLC0415 - it imports tables

    found = debian.purpose(package, None)
    return (
        package in ALPINE_TOOLS
        or package.endswith("-dev")
        or (isinstance(found, Known) and found.value.builds)
    )
