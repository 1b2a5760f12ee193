"""What a distribution's package manager keeps for the machine: where a mount is worth it, and what has been set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.refactor.plans.caches import earlier_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.calls import Cache
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place


def worth(place: Place, called: Called, cache: Cache) -> bool:
    """Does a step that fills a cache use it? An index that is fetched and then left alone needs no mount."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    if not call.distribution:
        return True
    manager = ecosystem_of(call)
    return any(
        each.managed is not None
        and each.managed.ecosystem == call.ecosystem
        and each.managed.role is Role.ADD
        and cache.id
        in {*manager.looks_in(each.managed), *(c.id for c in manager.caches(each.managed))}
        for each in place.called
    )


def targets(ctx: Context) -> tuple[str | None, ...]:
    """The stages that the configuration and the repository build by name; None for one that is not known."""
    found: list[str | None] = [ctx.config.target] if ctx.config.target else []
    if ctx.project.at_hand:
        for build in ctx.project.repository.builds:
            found += [None] if "target" in build.unknown else [build.target] if build.target else []
    return tuple(found)


def set_before(place: Place, command: Sequence[str]) -> bool:
    """Did this step, or one that it builds on, run a command already, whatever else it was given?"""
    wanted = {word for word in command[1:] if not word.startswith("-")}
    return any(
        called.program == command[0] and wanted <= set(called.values) and not called.command.context
        for run in (*earlier_places(place), place)
        for called in (run.called if run.node.name == "RUN" else ())
    )
