"""What each instruction does: what it writes and reads, and whether the container needs it.

Nothing is rewritten. The fates are those of the slice that split-stages would use; where there is none, the reason is
its hold-back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Assignments, From, Run, ShellForm, Start, Transfer
from dfix.refactor.model.layout import folder_behind, origin
from dfix.refactor.plans import caches
from dfix.refactor.plans.bringing import Blocked
from dfix.refactor.plans.slicing import slice_of
from dfix.refactor.plans.split import Asked, ask
from dfix.refactor.plans.starting import criterion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.plans.slicing import Slice

FATES = {"build": "build time", "run": "run time", "both": "build and run time"}


class Explained(NamedTuple):
    """One instruction: its line and keyword, what it writes and reads, when it is needed, and why."""

    line: int
    keyword: str
    needed: str
    why: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]


class StageExplained(NamedTuple):
    """One stage: its name, what its container starts, why its slice is not known, and its instructions."""

    label: str
    starts: tuple[str, ...]
    unknown: str
    instructions: tuple[Explained, ...]


def explain(ctx: Context) -> tuple[StageExplained, ...]:
    """Every stage of a file. Only the default target has a criterion: what its container starts."""
    return tuple(_stage(ctx, stage) for stage in ctx.model.stages)


def _stage(ctx: Context, stage: Stage) -> StageExplained:
    starts: tuple[str, ...] = ()
    found: Slice | None = None
    asked: Asked | None = None
    unknown = "" if stage.is_last else "other stages take from it, nothing is started in it"
    if stage.is_last and ctx.project.at_hand:
        criteria = criterion(ctx, stage)
        if isinstance(criteria, Unknown):
            unknown = criteria.why
        else:
            starts = tuple(
                f"{' '.join(word or '...' for word in each.words)} ({each.where})"
                for each in criteria.value.started
            )
            answer = ask(ctx, stage, criteria.value)
            if isinstance(answer, Asked):
                asked = answer
                try:
                    found = slice_of(stage, answer.request.root, answer.service)
                except Blocked as blocked:
                    unknown = str(blocked.args[2])
            else:
                unknown = answer.sentence
    elif stage.is_last:
        unknown = "no project files are at hand"
    instructions = tuple(_instruction(ctx, place, found, asked) for place in stage.places)
    return StageExplained(stage.label, starts, unknown, instructions)


def _instruction(ctx: Context, place: Place, found: Slice | None, asked: Asked | None) -> Explained:
    fate = found.fates.get(place.at) if found is not None else None
    writes, reads = _effects(ctx, place)
    return Explained(
        place.line,
        place.node.name,
        FATES[fate] if fate is not None else "not known" if found is None else "build time",
        _why(place, fate, asked),
        tuple(dict.fromkeys(writes)),
        tuple(dict.fromkeys(reads)),
    )


def _why(place: Place, fate: str | None, asked: Asked | None) -> str:
    node = place.node
    if fate is None or asked is None:
        return ""
    live = [each.path for each in asked.service.live if each.where == place.where]
    if live:
        return f"it writes {', '.join(live)}, which the container needs"
    if isinstance(node, From):
        return "the container needs only what is copied out of it"
    if fate == "run":
        return "it is part of the image's configuration"
    if fate == "both":
        return "it holds for the build, and the container sees it"
    if isinstance(node, Run | Transfer):
        return "nothing that the container starts needs it itself, only what comes of it"
    return "only the build sees it"


def _effects(ctx: Context, place: Place) -> tuple[list[str], list[str]]:
    """What an instruction writes and reads."""
    node = place.node
    if isinstance(node, Transfer):
        target = place.destination
        source = place.source_stage
        where = "the build context" if source is None else getattr(source, "label", str(source))
        lands = target.value if isinstance(target, Known) else node.destination
        return [lands], [f"{path} of {where}" for path in node.sources]
    if isinstance(node, Run):
        writes: list[str] = []
        reads: list[str] = []
        for called in place.called:
            more_writes, more_reads = _command(ctx, place, called)
            writes.extend(more_writes)
            reads.extend(more_reads)
        if not place.called:
            writes.append("not known: the command cannot be read")
        return writes, reads
    if isinstance(node, Assignments):
        return [pair.name for pair in node.pairs], []
    if isinstance(node, Start) and isinstance(node.body, ShellForm):
        return [], ["/bin/sh"]
    return [], []


def _command(ctx: Context, place: Place, called: Called) -> tuple[list[str], list[str]]:
    call = called.call
    name = called.program or "a command that is not literal"
    if call is None:
        names = [word for word in called.values[1:] if word and not word.startswith("-")]
        if called.program in ("apt-get", "apt", "apk") and called.verb in ("install", "add"):
            return [f"packages {', '.join(names[1:])}"], ["package lists"]
        return [f"what {name} {' '.join(names[:2])}".rstrip()], []
    writes, reads = [], list(_inputs(ctx, place, called))
    kept = caches.filled(ctx, place, called)
    if not isinstance(kept, Unknown):
        for cache in kept:
            lies = caches.target(place, called, cache)
            writes.append(
                f"{cache.id} cache in {lies.value if isinstance(lies, Known) else cache.path}"
            )
    writes.append(f"what {name} {call.verb} makes ({call.role.value})")
    return writes, reads


def _inputs(ctx: Context, place: Place, called: Called) -> Iterator[str]:
    """The files of the project that a call is known to read."""
    call, directory = called.call, called.directory
    context = ctx.project.context
    if call is None or isinstance(directory, Unknown) or isinstance(context, Unknown):
        return
    project = ctx.project
    folder = origin(directory.value, place, project.is_folder, project.is_file, project.matching)
    if isinstance(folder, Unknown):
        folder = folder_behind(directory.value, place, project.is_folder, project.matching)
    if isinstance(folder, Unknown):
        return
    known = ecosystem_of(call).inputs(
        call,
        context.value,
        folder.value,
        env=caches.environment(place, called),
        workdir=directory.value,
    )
    if isinstance(known, Known):
        yield from known.value.files
