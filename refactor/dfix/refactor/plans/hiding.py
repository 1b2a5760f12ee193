"""What a mount over a store would hide: what an earlier step, a COPY or the base image put there."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import SHELLS, ecosystem_of
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer
from dfix.refactor.model import paths
from dfix.refactor.model.layout import landings
from dfix.refactor.plans import caches
from dfix.refactor.plans.bringing import BRINGS

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Cache
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

LINKS = BRINGS | {"ln", "rsync"}


def hidden(ctx: Context, place: Place, called: Called, cache: Cache) -> tuple[str, str] | None:
    """What a mount here would hide, as slug and sentence."""
    call, lies = called.managed, caches.target(place, called, cache)
    assert call is not None  # noqa: S101 - only a call has caches
    manager = ecosystem_of(call)
    if any(caches.looks_back(place, each, call.ecosystem, cache) for each in place.called):
        return "hidden-store", "it looks in what an earlier step fetched, which a mount would hide"
    here = next((each for each in place.called if each.call is not None), called)
    if here is called and manager.is_offline_reader(call, caches.environment(place, called)):
        return (
            "hidden-store",
            "it works offline from the store of its layer, which a mount would hide",
        )
    if isinstance(lies, Unknown):
        return None
    found = None
    # Only where builds put things that no download brings back does it matter what else may lie there.
    fragile = any(command.stores for command in manager.knowledge.commands.values())
    if fragile and isinstance(place.stage.root_image, Unknown):
        found = (
            f"what the base image keeps in {lies.value} is not known: {place.stage.root_image.why}"
        )
    for earlier in caches.earlier_places(place):
        found = found or _filled(ctx, earlier, called, cache, lies.value)
        if fragile:
            found = found or _put(ctx, earlier, lies.value)
    if fragile:
        found = found or _in_front(place, called, lies.value)
    return None if found is None else ("hidden-store", found)


def linked(place: Place, called: Called) -> tuple[str, str] | None:
    """Which earlier command makes what is installed nothing but links into the cache, as slug and sentence."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    manager = ecosystem_of(call)
    for run in (place, *caches.earlier_places(place)):
        for each in run.called if run.node.name == "RUN" else ():
            made = each.call is not None and each.call.ecosystem == call.ecosystem
            if made and each.call is not None and manager.links(each.call):
                words = " ".join(word or "..." for word in each.values[:3])
                why = f"line {run.line}: {words} makes what is installed links into the cache"
                return "linked-cache", why
    return None


def _filled(ctx: Context, earlier: Place, called: Called, cache: Cache, lies: str) -> str | None:
    """An earlier step of the same manager whose store must stay in its layer."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    for each in earlier.called if isinstance(earlier.node, Run) else ():
        earlier_call = each.managed
        if earlier_call is None or earlier_call.ecosystem != call.ecosystem:
            continue
        if earlier_call.distribution and not caches.fills(earlier_call):
            continue
        found = caches.filled(ctx, earlier, each)
        if isinstance(found, Unknown) or cache.id not in {one.id for one in found}:
            continue
        there = caches.target(earlier, each, cache)
        if (
            isinstance(there, Known)
            and lies == there.value
            and caches.missed(ctx, earlier, each, cache) is not None
        ):
            return f"line {earlier.line} fills the store in its layer, which a mount would hide"
    return None


def _put(ctx: Context, earlier: Place, lies: str) -> str | None:
    """An earlier instruction that puts anything into the store, or may."""
    node = earlier.node
    if isinstance(node, Transfer):
        target = earlier.destination
        if isinstance(target, Unknown) or not paths.overlap(target.value, lies):
            return None
        if paths.within(target.value, lies) or earlier.source_stage is not None:
            return f"line {earlier.line} copies into {lies}, which a mount would hide"
        landed = landings(earlier, ctx.project.is_folder)
        for each in landed.value if isinstance(landed, Known) else ():
            inside = posixpath.join(each.source, paths.relative(lies, each.target))
            if each.whole and paths.within(lies, each.target) and ctx.project.is_folder(inside):
                return f"line {earlier.line} copies into {lies}, which a mount would hide"
        return None
    for each in earlier.called if isinstance(node, Run) else ():
        reason = _command(earlier, each, lies)
        if reason is not None:
            return f"line {earlier.line} {reason}, which a mount would hide"
    return None


def _in_front(place: Place, called: Called, lies: str) -> str | None:
    """A command of the same RUN, in front of the call, that puts something into the store."""
    for each in place.called:
        if each is called:
            return None
        if each.call is None:
            reason = _command(place, each, lies)
            # What runs in the same RUN sees the mount too; only copies of what the step brings are lost with it.
            if reason is not None and each.program in LINKS:
                return f"it {reason}, which a mount would keep to itself"
    return None


def _command(place: Place, each: Called, lies: str) -> str | None:
    call = each.call
    if call is not None:
        return f"runs {each.program} {call.verb}, which fills {lies}" if call.stores else None
    first = each.values[0] if each.values else None
    if each.program in LINKS:
        for word in each.values[1:]:
            path = caches.seen(place, each, word) if word else Unknown("it is not literal")
            if isinstance(path, Known) and (
                paths.within(path.value, lies) or path.value == posixpath.dirname(lies)
            ):
                sources = [w for w in each.values[1:-1] if w and not w.startswith("-")]
                if not all(w.endswith((".xml", ".properties", ".gradle")) for w in sources):
                    return f"puts files into {lies}"
        return None
    if (
        each.program == "make"
        or (each.program in SHELLS and len(each.values) > 1)
        or (first is not None and first.startswith((".", "/")) and each.program.endswith(".sh"))
    ):
        return f"runs {first}, which may fill {lies}"
    return None
