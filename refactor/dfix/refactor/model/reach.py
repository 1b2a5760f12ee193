"""Which stages a target needs: what it builds on, copies from or mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.model import Model, Mount, Place, Stage


def needed(model: Model, target: str | None = None) -> tuple[Stage, ...]:
    """The stages that a target needs, in order: what it builds on, copies from or mounts."""
    if not model.stages:
        return ()
    last = model.final
    if target is not None:
        wanted = target.lower()
        last = next(
            (stage for stage in reversed(model.stages) if (stage.name or "").lower() == wanted),
            model.stages[int(target)]
            if target.isdigit() and int(target) < len(model.stages)
            else last,
        )
    found = {last.index}
    for stage in reversed(model.stages[: last.index + 1]):
        if stage.index in found:
            found.update(each.index for each in sources_of(stage))
    return tuple(model.stages[index] for index in sorted(found))


def sources_of(stage: Stage) -> Iterator[Stage]:
    """The earlier stages that a stage builds on, copies from or mounts."""
    if stage.parent is not None:
        yield stage.parent
    for place in stage.places:
        source = place.source_stage if isinstance(place.node, Transfer) else None
        if source is not None and not isinstance(source, str):
            yield source
        for mount in place.mounts:
            mounted = mounted_stage(place, mount)
            if mounted is not None:
                yield mounted


def mounted_stage(place: Place, mount: Mount) -> Stage | None:
    """The stage whose files a mount shows; None for the build context, an image, and other kinds of mount."""
    name = mount.options.get("from")
    return None if name is None else place.model.stage_named(name, before=place.stage)
