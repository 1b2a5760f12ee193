"""What the container of a final stage needs, where earlier stages install and build it."""

from __future__ import annotations

import posixpath
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.service import Base, Request, Service
from dfix.grammar.nodes import Transfer
from dfix.refactor.model import Place, paths
from dfix.refactor.model.layout import folder_behind, origin
from dfix.refactor.plans.split import Asked, Unserved, Work, origins_of, work_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.refactor.context import Context
    from dfix.refactor.model import Stage
    from dfix.refactor.plans.starting import Criterion
    from dfix.refactor.project import Project


def contributors(stage: Stage) -> tuple[Stage, ...]:
    """The stage, those that it builds on, and those that any of them copies from, in the order of the file."""
    found: dict[int, Stage] = {}
    waiting = [stage]
    while waiting:
        each = waiting.pop()
        if each.index in found:
            continue
        found[each.index] = each
        if each.parent is not None:
            waiting.append(each.parent)
        for place in each.transfers():
            source = place.source_stage
            if source is not None and not isinstance(source, str):
                waiting.append(source)
    return tuple(found[index] for index in sorted(found))


def served(language: str) -> bool:
    """Does an ecosystem tell what the programs of this language need?"""
    package = find_spec(f"dfix.ecosystems.{language}")
    return (
        package is not None
        and package.submodule_search_locations is not None  # a module is no ecosystem
        and find_spec(f"dfix.ecosystems.{language}.service") is not None
    )


def ask_of(
    ctx: Context, stage: Stage, criterion: Criterion, stages: Sequence[Stage]
) -> Asked | Unserved:
    """Ask the ecosystems what the container of `stage` needs, of what all of `stages` install and build.

    The family of the base is asked too: the sources that an image of Python starts are Python's.
    """
    image, workdir, context = stage.root_image, stage.final.workdir, ctx.project.context
    for fact in (image, workdir, context):
        if isinstance(fact, Unknown):
            return Unserved("unknown-directory", fact.why)
    assert not isinstance(image, Unknown)  # noqa: S101 - see above
    assert isinstance(workdir, Known)  # noqa: S101 - see above
    assert isinstance(context, Known)  # noqa: S101 - see above
    work = work_of(*stages)
    names = [name for name in (image.family, *work) if served(name)]
    if not names:
        unknown = next(iter(work), image.family)
        return Unserved("not-served", f"what a program of {unknown} needs cannot be told yet")
    folder = folder_of(ctx.project, stage, workdir.value)
    if isinstance(folder, Unknown):
        return Unserved("no-artefact", folder.why)
    path = stage.final.values().get("PATH") or ""
    base = Base(
        image.family,
        image.release,
        image.libc,
        image.variant,
        tuple(path.split(":")) if path else (),
    )
    reasons: list[str] = []
    for name in dict.fromkeys(names):
        did = work.get(name, Work())
        request = Request(
            context.value,
            folder.value,
            workdir.value,
            tuple(did.did),
            criterion.started,
            base,
            ctx.config.split.pure,
            ctx.config.split.artefacts,
            origins_of(ctx, did),
        )
        answer: Fact[Service] = import_module(f"dfix.ecosystems.{name}.service").services(request)
        if isinstance(answer, Known):
            return Asked(request, answer.value, tuple(did.places))
        reasons.append(answer.why)
    return Unserved("no-artefact", "; ".join(dict.fromkeys(reasons)))


def folder_of(project: Project, stage: Stage, directory: str) -> Fact[str]:
    """The folder of the context whose project lies in a directory of the image, followed through all stages."""
    if directory == "/":
        return Unknown("the project lies in the root folder of the image")
    last = _end(stage)
    direct = origin(directory, last, project.is_folder, project.is_file, project.matching)
    if isinstance(direct, Known) and project.is_folder(direct.value):
        return direct
    found: dict[str, str] = {}
    behind = folder_behind(directory, last, project.is_folder, project.matching)
    if isinstance(behind, Known):
        found[behind.value] = behind.source
    for place in stage.transfers():
        source = place.source_stage
        if source is None or isinstance(source, str):
            continue
        for there in _there(place, directory):
            below = folder_of(project, source, there)
            if isinstance(below, Known):
                found[below.value] = place.where
    if not found:
        return Unknown(f"no COPY brings {directory} from a folder of the context")
    if len(found) > 1:
        names = " and ".join(sorted(each or "." for each in found))
        return Unknown(f"{directory} is put together from {names}")
    folder, where = next(iter(found.items()))
    return Known(folder, where)


def _end(stage: Stage) -> Place:
    """A place behind the last instruction."""
    return Place(stage.model, stage, len(stage.places), stage.places[-1].node, stage.final)


def _there(place: Place, directory: str) -> list[str]:
    """The directories of the other stage that lie there as `directory` does here, as each source tells."""
    node, target = place.node, place.destination
    assert isinstance(node, Transfer)  # noqa: S101 - the caller asks of COPY only
    if isinstance(target, Unknown) or not paths.within(target.value, directory):
        return []
    below = paths.relative(target.value, directory)
    found: list[str] = []
    for written in node.sources:
        value = place.before.resolve(written)
        if isinstance(value, Unknown):
            continue
        source = paths.join("/", value.value)
        name = posixpath.basename(source)
        if below and source.endswith("/" + below):
            found.append(source[: -len(below) - 1] or "/")
        elif not below and ("." in name or "*" in name):
            found.append(posixpath.dirname(source))
        elif not below:
            found.append(source)
    return found
