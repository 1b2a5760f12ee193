"""The decision about one split, from what the container starts to the changes of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import read_call
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.refactor.plans import proven
from dfix.refactor.plans.bringing import Blocked
from dfix.refactor.plans.building import builds, unserved
from dfix.refactor.plans.redeclaring import NoStage
from dfix.refactor.plans.runtime_base import Chosen, Wants, choose
from dfix.refactor.plans.runtime_packages import NoPackage, packages_for
from dfix.refactor.plans.runtime_stage import Composer
from dfix.refactor.plans.slicing import Slice, slice_of
from dfix.refactor.plans.split import Asked, Unserved, ask
from dfix.refactor.plans.starting import criterion
from dfix.refactor.transform import Evidence, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.service import Obstacle, Service
    from dfix.refactor.context import Context
    from dfix.refactor.edits import Change
    from dfix.refactor.model import Place, Stage


SHOWN = 3  # obstacles of one slug that are told one by one


class NotSplit(NamedTuple):
    """Why a stage is not split: where, a slug of split-stages, a sentence, and the setting that would answer it."""

    place: Place
    slug: str
    sentence: str
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """One split: its slice, the base of the run time, and the changes that make it."""

    asked: Asked
    slice: Slice
    base: Chosen
    title: str
    level: Level
    because: tuple[Evidence, ...]
    changes: tuple[Change, ...]
    may_change: frozenset[str]  # parts of the contract, beside the base


def split(ctx: Context, stage: Stage) -> Iterator[Split | NotSplit]:
    """The split of a stage, or the reasons why there is none; nothing where nobody would ask."""
    first = stage.places[0]
    named = bool(ctx.config.split.artefacts)
    other = unserved(stage)
    if other is not None and not named:
        place, name = other
        yield NotSplit(
            place, "not-served", f"{name} builds here, which split-stages does not serve yet"
        )
        return
    if not named and not builds(stage):
        return
    image = stage.root_image
    if isinstance(image, Unknown):
        yield NotSplit(first, "unknown-base", image.why)
        return
    if ctx.project.for_others is not None:
        yield NotSplit(first, "image-for-others", ctx.project.for_others)
        return
    started = criterion(ctx, stage)
    if isinstance(started, Unknown):
        yield NotSplit(first, "unknown-start", started.why)
        return
    asked = ask(ctx, stage, started.value)
    if isinstance(asked, Unserved):
        yield NotSplit(first, asked.slug, asked.sentence, asked.setting)
        return
    service = asked.service
    building = _started_builder(asked)
    if building is not None:
        yield NotSplit(first, "starts-build-tool", building)
        return
    if service.obstacles:
        yield from _obstacles(first, service.obstacles)
        return
    try:
        found = slice_of(stage, asked.request.root, service)
    except Blocked as blocked:
        yield NotSplit(*blocked.args)
        return
    packages = packages_for(ctx, stage, found, service, started.value)
    if isinstance(packages, NoPackage):
        yield NotSplit(first, packages.slug, packages.sentence, packages.setting)
        return
    shell = service.shell or started.value.shell
    base = choose(ctx, stage, service, Wants(shell, packages.names, found.shell))
    if not isinstance(base, Chosen):
        yield NotSplit(first, base.slug, base.sentence, base.setting)
        return
    if (
        base.relation == "same image"
        and not packages.left_out
        and not (service.omit and _compiles(asked))
    ):
        return  # nothing would leave the image, or only what an install without it would leave out as well
    try:
        changes = Composer(ctx, stage, asked, found, base, packages).changes()
    except NoStage as obstacle:
        yield NotSplit(first, *obstacle.args)
        return
    shape = f"{service.shape}, {base.relation}"
    level = proven.level_of(shape)
    because = (*_evidence(stage, service, base, packages.because), proven.evidence(shape))
    # A program that is started by its bare name needs its folder in PATH, which the old base gave.
    may_change = frozenset() if "PATH" in stage.final.environment() else frozenset({"ENV PATH"})
    yield Split(asked, found, base, _title(base, shell, level), level, because, changes, may_change)


def _started_builder(asked: Asked) -> str | None:
    """What the container or the repository starts in the image that builds or installs, as half a sentence."""
    for started in asked.request.started:
        call = read_call(started.words)
        if call is None or (
            call.role in (Role.RUN, Role.CONFIG) and started in asked.service.claimed
        ):
            continue
        words = " ".join(word or "..." for word in started.words[:4])
        return f"{started.where} starts {words}, which needs what would stay in the builder"
    return None


def _obstacles(first: Place, obstacles: tuple[Obstacle, ...]) -> Iterator[NotSplit]:
    """One hold-back for each slug: a hundred packages of which nothing is known are one question."""
    by_slug: dict[str, list[Obstacle]] = {}
    for each in obstacles:
        by_slug.setdefault(each.slug, []).append(each)
    for slug, same in by_slug.items():
        sentence = "; ".join(dict.fromkeys(each.sentence for each in same[:SHOWN]))
        if len(same) > SHOWN:
            sentence += f"; and {len(same) - SHOWN} more like these"
        yield NotSplit(first, slug, sentence, _settings([each.setting for each in same]))


def _settings(settings: list[str | None]) -> str | None:
    """One setting that answers all: lists under the same name become one list."""
    given = list(dict.fromkeys(each for each in settings if each))
    if len(given) < 2:  # noqa: PLR2004 - one is as it is
        return given[0] if given else None
    heads = {each.partition(" = [")[0] for each in given}
    if len(heads) != 1 or not all(each.endswith("]") for each in given):
        return given[0]
    values = dict.fromkeys(each.partition(" = [")[2].removesuffix("]") for each in given)
    return f"{heads.pop()} = [{', '.join(values)}]"


def _compiles(asked: Asked) -> bool:
    """Does a step make anything of the sources, so that something but the install tells the stages apart?"""
    return any(did.call.role in (Role.BUILD, Role.RUN, Role.PROJECT) for did in asked.request.did)


def _title(base: Chosen, shell: str | None, level: Level) -> str:
    title = f"build in one stage and run in another, on {base.written}"
    if base.image.shell is None and shell is None:
        title += " (no shell)"
    return (
        title if level is not Level.BOLD else f"{title}; this shape was not proven by a build yet"
    )


def _evidence(
    stage: Stage, service: Service, base: Chosen, packages: tuple[Evidence, ...]
) -> Iterator[Evidence]:
    for live in service.live:
        yield Evidence(f"{live.path} is needed: {live.claim}", live.where)
    if service.whole:
        yield Evidence(
            f"all of the project's folder stays, since {service.whole}", stage.model.path
        )
    for claim, where in service.evidence:
        yield Evidence(claim, where)
    yield from base.because
    yield from packages
    if service.omit:
        yield Evidence(service.omit_because, "package.json")
