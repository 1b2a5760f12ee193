"""Which stages a target needs: what it builds on, copies from or mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Cmd, Entrypoint, Transfer
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def shipped(model: Model, targets: Iterable[str | None] = ()) -> frozenset[int]:
    """Indices of the stages whose layers leave the build: those that may be a target, and what they build on.

    May be a target: the default one, one that is named in `targets` (None: any may be), one that no
    other stage uses, and one that says what it starts. A stage out of which a root folder, or the
    system's settings, are copied counts too.
    """
    found = {model.final.index} if model.stages else set[int]()
    names = {None if name is None else name.lower() for name in targets}
    used = {each.index for stage in model.stages for each in sources_of(stage)}
    for stage in model.stages:
        named = stage.name is not None and (None in names or stage.name.lower() in names)
        starts = stage.last(Cmd) is not None or stage.last(Entrypoint) is not None
        if named or starts or stage.index not in used:
            found.add(stage.index)
    for place in model.places():
        source = place.source_stage if isinstance(place.node, Transfer) else None
        if source is None or isinstance(source, str) or not isinstance(place.node, Transfer):
            continue
        if any(paths.overlap(paths.join("/", each), "/etc/apt") for each in place.node.sources):
            found.add(source.index)
    for stage in reversed(model.stages):
        if stage.index in found and stage.parent is not None:
            found.add(stage.parent.index)
    return frozenset(found)


def mounted_stage(place: Place, mount: Mount) -> Stage | None:
    """The stage whose files a mount shows; None for the build context, an image, and other kinds of mount."""
    name = mount.options.get("from")
    return None if name is None else place.model.stage_named(name, before=place.stage)
