"""Manifests that an install only reads, and that a later COPY brings anyway: the install can see them by a mount.

Tried on BuildKit 0.29 of Docker Engine 28.5: bind mounts at paths that are not there leave nothing in the layer, and
another user than root installs beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Copy, Run, Transfer
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.model.layout import all_landings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.model.layout import Landing

ODD = frozenset(", \t\"'$=\\")  # characters that mean something in a mount's options
MOST = 6  # mounts that can still be read


class Bound(NamedTuple):
    """The install, the COPY that goes, what is mounted, and the changes."""

    place: Place
    copied_by: Place
    files: tuple[str, ...]
    changes: tuple[edits.Change, ...]


class Copied(NamedTuple):
    """Why the COPY stays: the install, a slug of bind-manifests, and a sentence."""

    place: Place
    slug: str
    sentence: str


class _Refused(Exception):
    """A reason; `args` are the slug and the sentence."""


def bind(ctx: Context, stage: Stage) -> Iterator[Bound | Copied]:
    """The installs of a stage whose manifests are copied right in front of them."""
    for place in stage.runs():
        installs = [called for called in place.called if _installs(called)]
        before = stage.places[place.at - 1]
        if not installs or not isinstance(before.node, Transfer):
            continue
        if any(mount.type == "bind" for mount in place.mounts):
            continue
        try:
            yield _bound(ctx, before, place, installs)
        except _Refused as refused:
            locked = all(called.call is not None and called.call.locked for called in installs)
            if locked or (refused.args[0] == "not-frozen" and _could_be(installs[0])):
                yield Copied(place, *refused.args)


def _installs(called: Called) -> bool:
    return called.call is not None and called.call.role is Role.INSTALL


def _could_be(called: Called) -> bool:
    """Has the manager a lockfile at all, so that an install could be frozen?"""
    assert called.call is not None  # noqa: S101 - `_installs` looked
    return type(ecosystem_of(called.call)).lock_matches is not Ecosystem.lock_matches


def _bound(ctx: Context, copied_by: Place, place: Place, installs: list[Called]) -> Bound:
    called, call = installs[0], installs[0].call
    assert call is not None  # noqa: S101 - `_installs` looked
    _alone(place, installs)
    if isinstance(called.directory, Unknown):
        raise _Refused("unknown-directory", called.directory.why)
    landed = _landed(ctx, copied_by)
    _all_read(ctx, called, landed)
    again = _again(ctx, place)
    for each in landed:
        if not any(_brings(other, each) for other in again):
            raise _Refused("needed-later", f"no later COPY brings {each.target}")
    if isinstance(place.before.workdir, Unknown):
        raise _Refused("unknown-directory", place.before.workdir.why)
    base = place.before.workdir.value
    if any(not paths.within(each.target, base) or base == "/" for each in landed):
        raise _Refused("not-plain", f"they land outside of {base}, where the install works")
    mounts = [
        f"type=bind,source={each.source},target={_seen(each.target, base)}" for each in landed
    ]
    if len(mounts) > MOST or any(ODD & set(each.source + each.target) for each in landed):
        raise _Refused("not-plain", f"{len(mounts)} files, or names that a mount cannot take")
    if not call.locked:
        raise _Refused(
            "not-frozen", "the install may write manifest or lockfile, and a mount is read-only"
        )
    return Bound(
        place,
        copied_by,
        tuple(each.source for each in landed),
        _changes(ctx, copied_by, place, mounts),
    )


def _alone(place: Place, installs: list[Called]) -> None:
    """Does the step do nothing but install and clean up?"""
    others = [
        called
        for called in place.called
        if called not in installs
        and called.values
        and (called.call is None or called.call.role not in (Role.CLEAN, Role.CONFIG))
    ]
    if place.script is None or len(installs) > 1 or others or place.node.heredocs:  # type: ignore[attr-defined]
        raise _Refused("not-plain", "the step does more than install")


def _landed(ctx: Context, copied_by: Place) -> tuple[Landing, ...]:
    """The files of the COPY and where they land."""
    node = copied_by.node
    if not isinstance(node, Copy) or node.heredocs or copied_by.source_stage is not None:
        raise _Refused("not-plain", "they are not copied from the build context")
    if any(flag.name != "chown" for flag in node.flags):
        raise _Refused("not-plain", "their COPY has flags")
    found = tuple(all_landings(copied_by, ctx.project.is_folder, ctx.project.matching))
    if not found or any(each.whole or not ctx.project.is_file(each.source) for each in found):
        raise _Refused("not-plain", "their COPY brings folders, or what is not known")
    return found


def _all_read(ctx: Context, called: Called, landed: tuple[Landing, ...]) -> None:
    """Are these all files that the install reads?"""
    call, context = called.call, ctx.project.context
    assert call is not None  # noqa: S101 - the caller looked
    if isinstance(context, Unknown):
        raise _Refused("unknown-inputs", context.why)
    folder = landed[0].source.rpartition("/")[0]
    tree = visible(context.value, ctx.project.ignore)
    inputs = ecosystem_of(call).inputs(call._replace(directory=""), tree, folder)
    if isinstance(inputs, Unknown):
        raise _Refused("unknown-inputs", inputs.why)
    missing = set(inputs.value.files) - {each.source for each in landed}
    if missing:
        raise _Refused("unknown-inputs", f"{min(missing)} is read too, and comes from elsewhere")


def _again(ctx: Context, place: Place) -> list[Landing]:
    """What later COPYs of the stage bring, before another step could miss it."""
    found: list[Landing] = []
    for later in place.following:
        if isinstance(later.node, Run):
            break
        if isinstance(later.node, Transfer) and later.source_stage is None:
            found += all_landings(later, ctx.project.is_folder, ctx.project.matching)
    return found


def _brings(other: Landing, each: Landing) -> bool:
    if not other.whole:
        return other == each
    inside = each.source if not other.source else each.source.removeprefix(f"{other.source}/")
    if other.source and inside == each.source:
        return False
    return paths.join(other.target, inside) == each.target


def _seen(target: str, base: str) -> str:
    """A target as it is written: relative to the working directory."""
    return paths.relative(target, base)


def _changes(
    ctx: Context, copied_by: Place, place: Place, mounts: list[str]
) -> tuple[edits.Change, ...]:
    node, style = place.node, ctx.style
    assert isinstance(node, Run)  # noqa: S101 - the caller looked
    flags = list(node.flags)
    for each in mounts:
        before = " " if not flags else style.continuation()
        flags.append(compose.flag("mount", each, before))
    body = compose.below_the_flags(style, node.body)
    bound = edits.bare(node).with_changes(flags=tuple(flags), body=body)
    comments = (*copied_by.node.comments, *node.comments)
    dressed = bound.with_changes(gap=copied_by.node.gap, comments=comments)
    return (edits.remove(copied_by.node, "drop"), edits.Change(node, (dressed,)))
