"""From one stage to builder and run time: what is asked of the project, and what the new stage is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.service import Base, Did, Live, Request, Service
from dfix.grammar.nodes import Run
from dfix.refactor.model import paths
from dfix.refactor.model.layout import folder_behind, origin
from dfix.refactor.plans import locking
from dfix.refactor.plans.building import WORKS

if TYPE_CHECKING:
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.plans.starting import Criterion


@dataclass(frozen=True, slots=True)
class Asked:
    """The request to one ecosystem and its answer; `places` are the RUNs behind `request.did`, in the same order."""

    request: Request
    service: Service
    places: tuple[tuple[Place, Called], ...]


@dataclass(frozen=True, slots=True)
class Unserved:
    """Why no ecosystem answers: the slug and the sentence of the hold-back."""

    slug: str
    sentence: str
    setting: str | None = None


@dataclass(slots=True)
class Work:
    """The calls of one language's package managers in a stage."""

    did: list[Did] = field(default_factory=list)
    places: list[tuple[Place, Called]] = field(default_factory=list)
    roots: list[tuple[str, Place]] = field(default_factory=list)
    works: bool = False  # installs or builds anything, be it only for the whole machine


def ask(ctx: Context, stage: Stage, criterion: Criterion) -> Asked | Unserved:
    """Ask each ecosystem that works in the stage what the started programs need; the first that knows answers."""
    reasons: list[str] = []
    found = work_of(stage)
    if ctx.config.split.artefacts:
        return _named(ctx, stage, criterion)
    if not found:
        return Unserved("nothing-built", "no step of it is known to build or install anything")
    for name, work in found.items():
        if (
            find_spec(f"dfix.ecosystems.{name}") is None
            or find_spec(f"dfix.ecosystems.{name}.service") is None
        ):
            reasons.append(f"{name} is not served yet")
            continue
        module = import_module(f"dfix.ecosystems.{name}.service")
        asked = _request(ctx, stage, criterion, work)
        if isinstance(asked, Unknown):
            reasons.append(asked.why)
            continue
        answer: Fact[Service] = module.services(asked.value)
        if isinstance(answer, Known):
            return Asked(asked.value, answer.value, tuple(work.places))
        reasons.append(answer.why)
    return Unserved(
        "no-artefact",
        "; ".join(dict.fromkeys(reasons)),
        '[tool.dfix.split] artefacts = ["/app/server"]',
    )


def _named(ctx: Context, stage: Stage, criterion: Criterion) -> Asked | Unserved:
    """The configuration's own answer: the paths that it names are live, and nothing else is."""
    workdir, image, context = stage.final.workdir, stage.root_image, ctx.project.context
    for fact in (workdir, image, context):
        if isinstance(fact, Unknown):
            return Unserved("unknown-directory", fact.why)
    assert isinstance(workdir, Known)  # noqa: S101 - see above
    assert isinstance(context, Known)  # noqa: S101 - see above
    assert not isinstance(image, Unknown)  # noqa: S101 - see above
    paths_named = ctx.config.split.artefacts
    base = Base(image.family, image.release, image.libc, image.variant)
    request = Request(context.value, "", workdir.value, (), criterion.started, base)
    setting = "[tool.dfix.split] artefacts"
    service = Service(
        language="configuration",
        shape="named artefacts",
        live=tuple(
            Live(path, "the configuration names it", setting, native=True) for path in paths_named
        ),
        claimed=criterion.started,
        vouched=True,
    )
    return Asked(request, service, ())


def work_of(*stages: Stage) -> dict[str, Work]:
    """The calls of each language's package managers in some stages, of those that install or build anything."""
    found: dict[str, Work] = {}
    for place in (each for stage in stages for each in stage.places):
        if not isinstance(place.node, Run):
            continue
        user = place.before.user
        for called in place.called:
            call = called.call
            if call is None or isinstance(called.directory, Unknown):
                continue
            work = found.setdefault(ecosystem_of(call).language, Work())
            environment = {**place.before.values(), **called.assigned}
            directory = paths.join(called.directory.value, call.directory)
            name = user.value if isinstance(user, Known) else "?"
            asked = locking.released(place, call)
            work.did.append(Did(asked, called.directory.value, environment, place.where, name))
            work.places.append((place, called))
            if call.role in WORKS:
                work.works = True
                if not (call.role is Role.ADD and call.everywhere):
                    work.roots.append((directory, place))
    return {name: work for name, work in found.items() if work.works}


def _request(ctx: Context, stage: Stage, criterion: Criterion, work: Work) -> Fact[Request]:
    """The request for one ecosystem: its project lies where its first install or build works, if that is copied."""
    context = ctx.project.context
    if isinstance(context, Unknown):
        return context
    image = stage.root_image
    if isinstance(image, Unknown):
        return image
    last = stage.places[-1]
    workdir = stage.final.workdir
    candidates = [directory for directory, _ in work.roots]
    if isinstance(workdir, Known):
        candidates.append(workdir.value)
    why = "no folder of the context is copied to where it works"
    for directory in dict.fromkeys(candidates):
        folder = origin(
            directory, last, ctx.project.is_folder, ctx.project.is_file, ctx.project.matching
        )
        if isinstance(folder, Unknown):
            folder = folder_behind(directory, last, ctx.project.is_folder, ctx.project.matching)
        if isinstance(folder, Unknown):
            why = folder.why
            continue
        if directory == "/":
            return Unknown("the project lies in the root folder of the image")
        path = stage.final.values().get("PATH") or ""
        base = Base(
            image.family,
            image.release,
            image.libc,
            image.variant,
            tuple(path.split(":")) if path else (),
        )
        return Known(
            Request(
                context.value,
                folder.value,
                directory,
                tuple(work.did),
                criterion.started,
                base,
                ctx.config.split.pure,
                ctx.config.split.artefacts,
                origins_of(ctx, work),
            ),
            folder.source,
        )
    return Unknown(why)


def origins_of(ctx: Context, work: Work) -> dict[str, str]:
    """Where in the context the files that calls name on their command lines come from."""
    project = ctx.project
    found: dict[str, str] = {}
    for did, (place, _) in zip(work.did, work.places, strict=True):
        for name in did.call.files:
            path = paths.join(paths.join(did.directory, did.call.directory), name)
            source = origin(path, place, project.is_folder, project.is_file, project.matching)
            if isinstance(source, Known):
                found[path] = source.value
    return found
