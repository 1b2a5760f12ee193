"""Development dependencies that the stage that ships has no use for: where they are installed, and how they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Run, Transfer
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.plans import passing, system_packages
from dfix.refactor.plans.final_stage import ask_of, contributors, folder_of
from dfix.refactor.plans.locking import stands_alone
from dfix.refactor.plans.split import Asked
from dfix.refactor.plans.starting import criterion
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.facts import Fact
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.plans.starting import Criterion

QUIET = frozenset({Role.CLEAN, Role.CONFIG})


class NotPruned(NamedTuple):
    """Why development dependencies stay: where, a slug of prune-dev-dependencies, and a sentence."""

    place: Place
    slug: str
    sentence: str


class Pruned(NamedTuple):
    """The change that takes them out, at which instruction, what it says, and why it may."""

    place: Place
    title: str
    change: edits.Change
    because: tuple[Evidence, ...]


class _Refused(Exception):
    """A reason to leave them; `args` are those of NotPruned."""


class _Install(NamedTuple):
    """A call that installs them, in a stage, and the folders that it fills."""

    stage: Stage
    place: Place
    called: Called
    directory: str
    outputs: tuple[str, ...]


def prune(ctx: Context) -> Iterator[Pruned | NotPruned]:
    """What takes development dependencies out of the final stage, or why they stay."""
    final = ctx.model.final
    own = [*_installs(_chain(final))]
    copied = [*_copied(final)]
    if not own and not copied:
        return
    started = criterion(ctx, final)
    for install, source in [*((each, None) for each in own), *copied]:
        try:
            found = _pruned(ctx, install, source, started)
        except _Refused as refused:
            yield NotPruned(*refused.args)
            continue
        if found is not None:
            yield found


def _chain(stage: Stage) -> tuple[Stage, ...]:
    """A stage and those that it builds on, the lowest first."""
    chain = [stage]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    return tuple(reversed(chain))


def _installs(stages: tuple[Stage, ...]) -> Iterator[_Install]:
    """The installs that bring development dependencies, as far as flags and environment tell."""
    for stage in stages:
        for place in stage.runs():
            for called in place.called:
                call = called.call
                if call is None or call.role is not Role.INSTALL or call.production:
                    continue
                if isinstance(called.directory, Unknown) or call.everywhere:
                    continue
                manager = ecosystem_of(call)
                environment = {**place.before.values(), **called.assigned}
                if any(
                    rule.effect == "production" and environment.get(rule.name, "") == rule.when
                    for rule in manager.knowledge.env
                ):
                    continue
                directory = paths.join(called.directory.value, call.directory)
                outputs = tuple(
                    paths.join(directory, output.path) for output in manager.knowledge.outputs
                )
                yield _Install(stage, place, called, directory, outputs)


def _copied(final: Stage) -> Iterator[tuple[_Install, Stage]]:
    """The installs of other stages whose folders the final stage copies, each with the stage that is copied from."""
    seen: set[int] = set()
    for place in final.transfers():
        source, node = place.source_stage, place.node
        assert isinstance(node, Transfer)  # noqa: S101 - transfers() gives COPY and ADD only
        if source is None or isinstance(source, str):
            continue
        wanted = [place.before.resolve(each) for each in node.sources]
        for install in _installs(_chain(source)):
            taken = any(
                isinstance(each, Known) and paths.within(output, paths.join("/", each.value))
                for each in wanted
                for output in install.outputs
            )
            if taken and id(install.called) not in seen:
                seen.add(id(install.called))
                yield install, source


def _pruned(
    ctx: Context, install: _Install, source: Stage | None, started: Fact[Criterion]
) -> Pruned | None:
    final = ctx.model.final
    if isinstance(started, Unknown):
        raise _Refused(install.place, "unknown-start", started.why)
    stages = _chain(final if source is None else source)
    asked = ask_of(ctx, final, started.value, stages)
    call = install.called.call
    assert call is not None  # noqa: S101 - an install was read from it
    if not isinstance(asked, Asked) or asked.service.language != ecosystem_of(call).language:
        return None
    service = asked.service
    if not service.omit:
        if service.omit_because:
            raise _Refused(install.place, "needs-development", service.omit_because)
        return None
    for obstacle in service.obstacles:
        if obstacle.slug in ("unknown-process", "unknown-sources", "development-server"):
            raise _Refused(install.place, "needs-development", obstacle.sentence)
    if ctx.project.for_others is not None:
        raise _Refused(install.place, "image-for-others", ctx.project.for_others)
    because = (Evidence(service.omit_because, _manifest(asked)),)
    if source is None:
        return _omitted(ctx, install, asked, because)
    _only_for_the_final_stage(ctx, source)
    return _appended(ctx, install, source, service.omit, because)


def _manifest(asked: Asked) -> str:
    evidence = asked.service.evidence
    return evidence[0][1] if evidence else asked.request.folder or "."


def _only_for_the_final_stage(ctx: Context, source: Stage) -> None:
    """Does anyone else use what the stage installs?"""
    first = source.places[0]
    final = ctx.model.final
    other = next((each for each in source.users if each is not final), None)
    if other is not None:
        raise _Refused(first, "used-elsewhere", f"{other.label} uses what {source.label} installs")
    for stage in contributors(final):
        for place in stage.runs():
            names = [mount.options.get("from", "") for mount in place.mounts]
            if source.name is not None and source.name.lower() in (name.lower() for name in names):
                raise _Refused(first, "used-elsewhere", f"{place.where} mounts {source.label}")
    targets = ctx.project.repository.targets
    if isinstance(targets, Unknown):
        raise _Refused(first, "used-elsewhere", targets.why)
    for target in targets.value:
        if target is not None and ctx.model.stage_named(target, before=final) is source:
            raise _Refused(
                first, "used-elsewhere", f"{targets.source} builds {source.label} itself"
            )


def _appended(
    ctx: Context,
    install: _Install,
    source: Stage,
    words: tuple[str, ...],
    because: tuple[Evidence, ...],
) -> Pruned:
    """A last step of the builder that takes them out of what it has installed."""
    last = source.places[-1]
    workdir, user = source.final.workdir, source.final.user
    acting = install.place.before.user
    if isinstance(user, Unknown) or isinstance(acting, Unknown) or user.value != acting.value:
        raise _Refused(last, "another-user", "the last step of the builder is another user's")
    if source.final.shell is not None or not last.before.stage.places:
        raise _Refused(last, "not-plain", "another shell is in force at the end of the builder")
    text = " ".join(words)
    if isinstance(workdir, Unknown) or workdir.value != install.directory:
        text = f"cd {install.directory} && {text}"
    title = f"leave development dependencies in the builder: {' '.join(words)}"
    return Pruned(last, title, edits.insert_after(last.node, compose.run(ctx.style, text)), because)


def _omitted(
    ctx: Context, install: _Install, asked: Asked, because: tuple[Evidence, ...]
) -> Pruned | None:
    """The install of the final stage without them, if no later step of it needs one."""
    place, called = install.place, install.called
    call, context = called.call, ctx.project.context
    assert call is not None  # noqa: S101 - an install was read from it
    if install.stage is not ctx.model.final:
        raise _Refused(place, "used-elsewhere", f"{install.stage.label} is what others build on")
    if isinstance(context, Unknown):
        raise _Refused(place, "unknown-directory", context.why)
    folder = folder_of(ctx.project, install.stage, install.directory)
    if isinstance(folder, Unknown):
        raise _Refused(place, "unknown-directory", folder.why)
    tree = visible(context.value, ctx.project.ignore)
    here = call._replace(directory="")
    words = ecosystem_of(call).production(here, tree, folder.value, asked.request.base.release)
    if words is None:
        return None
    if isinstance(words, Unknown):
        raise _Refused(place, "lifecycle-script", words.why)
    edited = Edited(place)
    if not edited.possible or not stands_alone(place, called):
        raise _Refused(place, "not-plain", "the install is no plain command of the RUN")
    _unused_by_steps(install)
    edited.append_words(called, " ".join(words.value))
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - it has a script
    change = edits.replace(node, edits.bare(node).with_changes(body=edited.body()))
    title = "install production dependencies only"
    return Pruned(
        place, title, change, (*because, Evidence("the flag leaves them out", words.source))
    )


def _unused_by_steps(install: _Install) -> None:
    """Every command behind the install must be one that runs nothing of what it installed."""
    behind = False
    for place in install.stage.places[install.place.at :]:
        if not isinstance(place.node, Run):
            continue
        if place.script is None:
            raise _Refused(place, "used-by-step", "the command cannot be read as shell source")
        for called in place.called:
            if behind and not _harmless(called, install):
                words = " ".join(word or "..." for word in called.values[:3])
                raise _Refused(place, "used-by-step", f"{words} may need a development dependency")
            behind = behind or called is install.called


def _harmless(called: Called, install: _Install) -> bool:
    if not called.values or system_packages.installs(called):
        return True
    call = called.call
    if call is not None:
        return call.role in QUIET
    known = (
        called.program in passing.SHELL_WORDS
        or called.program in passing.FILE_PROGRAMS
        or called.program in passing.SYSTEM_PROGRAMS
    )
    named = any(
        output.rpartition("/")[2] in (word or "").split("/")
        for word in called.values
        for output in install.outputs
    )
    return known and called.program not in ("xargs", "env") and not named
