"""One COPY of a folder, and the first install below it that needs only manifests from it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import CacheKind, Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.model.layout import context_path, landings
from dfix.refactor.plans import caches, locking, passing, reading, rearranging
from dfix.refactor.plans.ignoring import with_patterns
from dfix.refactor.scripts import NotDivisible, comments_between, divide, doubled
from dfix.refactor.transform import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dfix.ecosystems.calls import FirstPhase, Inputs
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place


FILE_TESTS = ("-e", "-f", "-d", "-r", "-s", "-x")


class NotMoved(NamedTuple):
    """Why the COPY stays: where, a slug of copy-manifests-first, a sentence, and what would answer it."""

    place: Place
    slug: str
    sentence: str
    setting: str | None = None


class Reordering(NamedTuple):
    """The changes that copy manifests first; `safe` if the same build results whatever the registry holds."""

    place: Place
    words: str
    changes: tuple[edits.Change, ...]
    files: Mapping[str, str | None]
    because: tuple[Evidence, ...]
    safe: bool


class Install(NamedTuple):
    """An install below a broad COPY, and what it reads."""

    place: Place
    called: Called
    inputs: Inputs
    folder: str  # of the manifest, in the context
    added: (
        tuple[str, ...] | None
    )  # the words of a fetch step that must be written first (implicit), or None
    first: FirstPhase | None = None  # the install is done twice, first without the project itself


def copies_folder(ctx: Context, place: Place) -> bool:
    """Does a COPY or ADD bring a folder of the build context?"""
    node = place.node
    if not isinstance(node, Transfer) or node.heredocs or place.source_stage is not None:
        return False
    for source in node.sources:
        path = context_path(source)
        if path is not None and (path == "" or ctx.project.is_folder(path)):
            return True
    return False


def first_install(ctx: Context, copy: Place) -> Reordering | NotMoved | None:
    """The finding for the first install behind this COPY that reads its manifests from it, or reads nothing of it."""
    found = _first_install(ctx, copy)
    return _below_named(ctx, copy) if found is None else found


def _first_install(ctx: Context, copy: Place) -> Reordering | NotMoved | None:
    target = copy.destination
    for later in copy.following:
        if not isinstance(later.node, Run) or not later.may_call:
            continue
        for called in later.called:
            call = called.call
            if call is None or call.role not in (
                Role.INSTALL,
                Role.FETCH,
                Role.BUILD,
                Role.CHANGE,
            ):
                continue
            if isinstance(target, Unknown):
                return NotMoved(
                    copy, "unknown-directory", f"where this lands is not known: {target.why}"
                )
            if isinstance(called.directory, Unknown):
                return NotMoved(
                    later,
                    "unknown-directory",
                    f"its directory is not known: {called.directory.why}",
                )
            directory = paths.join(called.directory.value, call.directory)
            if not paths.within(directory, target.value):
                continue
            if not ctx.project.at_hand:
                return NotMoved(later, "no-project-files", "the project's files are not at hand")
            install = _install(ctx, copy, later, called, directory, target.value)
            if isinstance(install, NotMoved):
                return install
            if install is not None:
                return _reordered(ctx, copy, install, target.value)
        if any(
            called.call is not None and called.call.role in (Role.BUILD, Role.RUN, Role.PROJECT)
            for called in later.called
        ):
            return None  # the sources are used here: what is installed later is no business of this COPY
    return None


def _below_named(ctx: Context, copy: Place) -> Reordering | None:
    """The COPY below the installs that name their packages, and so read nothing that it brings."""
    target, source = copy.destination, _whole(copy)
    if isinstance(target, Unknown) or source is None or not ctx.project.at_hand:
        return None
    copied = passing.Copied(copy, target.value, _brings(ctx, source, target.value))
    last: Place | None = None
    for later in copy.following:
        if passing.instruction(later, copied) is not None:
            break
        if isinstance(later.node, Run) and rearranging.names_packages(later):
            last = later
    if last is None:
        return None
    called = next(each for each in last.called if each.call is not None)
    words = " ".join(word or "..." for word in called.values[:3])
    return Reordering(
        copy,
        words,
        rearranging.below(copy, last, ctx.style),
        {},
        (Evidence(f"{words} names its packages and reads no file of the project", last.where),),
        safe=False,
    )


def _whole(copy: Place) -> str | None:
    """The one folder of the context that a COPY brings; None if there are several or it leaves some out."""
    node = copy.node
    assert isinstance(node, Transfer)  # noqa: S101 - the moved instruction is a COPY or ADD
    if len(node.sources) != 1 or node.flag("exclude") is not None:
        return None
    return context_path(node.sources[0])


def _brings(ctx: Context, source: str, target: str) -> Callable[[str], bool]:
    def brings(path: str) -> bool:
        below = paths.relative(path, target)
        inside = posixpath.join(source, below) if below else source
        return ctx.project.is_file(inside) or ctx.project.is_folder(inside)

    return brings


def _install(
    ctx: Context, copy: Place, later: Place, called: Called, directory: str, target: str
) -> Install | NotMoved | None:
    """What this call installs from the folder that was copied; None if it is none of this transform's business."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    context = ctx.project.context
    if isinstance(context, Unknown):
        return NotMoved(later, "no-project-files", context.why)
    landed = landings(copy, ctx.project.is_folder)
    if (
        isinstance(landed, Unknown)
        or len(landed.value) != 1
        or copy.node.flag("exclude") is not None
    ):
        return NotMoved(
            copy, "several-sources", "it brings more than one source, or leaves some out"
        )
    source = landed.value[0].source
    folder = posixpath.normpath(posixpath.join(source, paths.relative(directory, target)))
    folder = "" if folder == "." else folder
    manager = ecosystem_of(call)
    asked = locking.here(locking.released(later, call))  # its own flag is part of `folder`
    first: FirstPhase | None = None
    if call.role in (Role.BUILD, Role.CHANGE):
        if _fetched_before(copy, later, manager.id) or _mounts_store(ctx, later, called):
            return None
        fetch = manager.fetch(asked, context.value, folder, env=caches.environment(later, called))
        if fetch is None:
            return None
        if isinstance(fetch, Unknown):
            return NotMoved(later, "unknown-inputs", fetch.why)
        inputs, added = fetch.value.inputs, fetch.value.words
    else:
        known = manager.inputs(
            asked,
            context.value,
            folder,
            env=caches.environment(later, called),
            workdir=directory,
        )
        added = None
        if isinstance(known, Known):
            inputs = known.value
        else:
            phase = manager.without_project(
                asked,
                context.value,
                folder,
                env=caches.environment(later, called),
                workdir=directory,
            )
            if not isinstance(phase, Known):
                return NotMoved(later, "unknown-inputs", (phase or known).why)
            if _fetched_before(copy, later, manager.id):
                return None
            first, inputs = phase.value, phase.value.inputs
    if not inputs.dependencies:
        return None
    hidden = [path for path in inputs.files if not ctx.project.is_file(path)]
    if hidden:
        return NotMoved(
            later,
            "unknown-inputs",
            f"{hidden[0]} is needed, but {ctx.project.ignore_path} keeps it out of the context",
        )
    outside = [path for path in inputs.files if not paths.within("/" + path, "/" + source)]
    if outside:
        return NotMoved(
            later, "unknown-inputs", f"{outside[0]} lies outside {source or 'the context'}"
        )
    if _brings_only(ctx, source, inputs.files):
        return None
    return Install(later, called, inputs, folder, added, first)


def _fetched_before(copy: Place, later: Place, ecosystem: str) -> bool:
    """Did an earlier step, in front of the COPY or in a stage below, fetch these dependencies already?

    `go mod tidy` does too, so that a fetch behind it would find nothing left to do.
    """
    earlier = list(later.preceding)
    below = copy.stage.parent
    while below is not None:
        earlier += below.places
        below = below.parent
    return any(
        called.call is not None
        and called.call.ecosystem == ecosystem
        and called.call.role in (Role.FETCH, Role.INSTALL, Role.CHANGE)
        for place in earlier
        if isinstance(place.node, Run)
        for called in place.called
    )


def _mounts_store(ctx: Context, later: Place, called: Called) -> bool:
    """Does the RUN find what it would fetch in a mount?"""
    found = caches.filled(ctx, later, called)
    if isinstance(found, Unknown):
        return False
    stores = [each for each in found if each.kind is CacheKind.STORE]
    lie = [caches.target(later, called, each) for each in stores]
    mounted = [mount.target.rstrip("/") for mount in later.mounts if mount.type == "cache"]
    return bool(stores) and all(
        isinstance(each, Known) and any(paths.within(each.value, target) for target in mounted)
        for each in lie
    )


def _brings_only(ctx: Context, source: str, files: tuple[str, ...]) -> bool:
    """Does the copied folder hold nothing but install inputs?"""
    context = ctx.project.context
    if isinstance(context, Unknown) or source == "":
        return False
    return all(
        path in files for path in context.value.files() if paths.within("/" + path, "/" + source)
    )


def _reordered(ctx: Context, copy: Place, install: Install, target: str) -> Reordering | NotMoved:
    """The rewrite: manifests in the place of the COPY, the COPY below the install."""
    place, called = install.place, install.called
    source = context_path(copy.node.sources[0]) or ""  # type: ignore[attr-defined]

    copied = passing.Copied(copy, target, _brings(ctx, source, target))
    for between in copy.following:
        if between is place:
            break
        reason = passing.instruction(between, copied)
        if reason is not None:
            return NotMoved(place, "opaque-step", reason)
    body = _divided(ctx, install, copied)
    if isinstance(body, NotMoved):
        return body
    ignored = _ignored(ctx, install)
    if isinstance(ignored, NotMoved):
        return ignored
    files, ignore_evidence = ignored
    missing = tuple(
        path for path in install.inputs.files if not _brought(ctx, install, path, source, target)
    )
    changes = rearranging.changes(ctx, copy, install, body, missing, source)
    call = called.call
    assert call is not None  # noqa: S101 - an install is a call
    safe = (
        install.inputs.enforced
        and not install.inputs.differs
        and not files
        and install.added is None
        and install.first is None
        and called.element >= 0
        and not called.command.context
    )
    reasons = tuple(
        Evidence(install.inputs.reasons[path], path)
        for path in install.inputs.files
        if path in install.inputs.reasons
    )
    words = " ".join(install.added or tuple(word or "..." for word in called.values[:3]))
    if install.first is not None:
        words = " ".join((words, *install.first.append))
        ignore_evidence = (
            Evidence(install.first.because, install.first.source),
            *ignore_evidence,
        )
    return Reordering(place, words, changes, files, (*reasons, *ignore_evidence), safe=safe)


def _divided(
    ctx: Context, install: Install, copied: passing.Copied
) -> tuple[Run | None, Run | None] | NotMoved:
    """The RUN of the install, cut behind what belongs to it: the install, and what needs the sources (or None)."""
    place, called = install.place, install.called
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - an install stands in a RUN
    if install.added is not None:
        return None, node
    script = place.script
    assert script is not None  # noqa: S101 - the call was read from it
    element = script.elements[called.element]
    if element.simple is None and not _only_installs(place, called):
        return NotMoved(
            place, "not-plain", "the install stands inside a condition, a loop or a pipeline"
        )
    by_element: dict[int, list[Called]] = {}
    for each in place.called:
        by_element.setdefault(each.element, []).append(each)
    for number in range(called.element):
        for each in by_element.get(number, ()):
            reason = passing.command(each, copied)
            if reason is not None:
                return NotMoved(place, "opaque-before-install", reason)
    if install.first is not None:
        try:
            once, again = doubled(place, called, install.first.append)
        except NotDivisible as obstacle:
            return NotMoved(place, *obstacle.args)
        return node.with_changes(body=once), edits.bare(node).with_changes(body=again)
    cut = called.element + 1
    while cut < len(script.elements) and all(
        passing.command(each, copied) is None or _belongs(each, called)
        for each in by_element.get(cut, ())
    ):
        cut += 1
    if cut == len(script.elements):
        return node, None
    try:
        first, second = divide(place, cut)
    except NotDivisible as obstacle:
        return NotMoved(place, *obstacle.args)
    # Comment lines on the cut lead the second half; they stand in no half's own text.
    comments = tuple(
        compose.comment(ctx.style, text.removeprefix("#").strip())
        for text in comments_between(place, cut)
    )
    rest = edits.bare(node).with_changes(body=second, heredocs=(), comments=comments)
    return node.with_changes(body=first), rest


def _only_installs(place: Place, called: Called) -> bool:
    """Is the compound command an install whichever branch is taken?"""
    inside = [each for each in place.called if each.element == called.element]
    call = called.call
    assert call is not None  # noqa: S101 - an install is a call
    installs = [
        each
        for each in inside
        if each.call is not None
        and each.call.role is Role.INSTALL
        and each.call.ecosystem == call.ecosystem
    ]
    tests = [each for each in inside if each.program in ("[", "test", "[[", "true", "false")]
    return (
        len(installs) >= 1
        and len(installs) + len(tests) == len(inside)
        and not any(word in FILE_TESTS for each in tests for word in each.values)
    )


def _belongs(each: Called, install: Called) -> bool:
    """Does this command only clean up or prune what the install made?"""
    call, main = each.call, install.call
    assert main is not None  # noqa: S101 - an install is a call
    return (
        call is not None
        and call.ecosystem == main.ecosystem
        and call.role in (Role.PRUNE, Role.CLEAN)
    )


def _needs_ignored(ctx: Context, patterns: list[str]) -> str | None:
    """Which step of which Dockerfile of this context names what the ignore file would leave out."""
    for model in reading.models(ctx):
        for source in reading.sources(model):
            for pattern in patterns:
                if source.path is not None and reading.names(source, pattern):
                    return (
                        f"the later COPY could bring {pattern} over the installed one, and line "
                        f"{source.place.line} of {model.path} needs it in the context"
                    )
    return None


def _ignored(
    ctx: Context, install: Install
) -> tuple[dict[str, str | None], tuple[Evidence, ...]] | NotMoved:
    """The ignore file with the install's outputs in it: as it is, or as it must become."""
    missing = [path for path in install.inputs.outputs if not ctx.project.ignore.excludes(path)]
    if not missing:
        where = ctx.project.ignore_path
        if not install.inputs.outputs or where is None:
            return {}, ()
        return {}, (
            Evidence(f"{', '.join(install.inputs.outputs)} cannot come from the context", where),
        )
    reader = _needs_ignored(ctx, missing)
    if reader is not None:
        return NotMoved(install.place, "context-overwrites-install", reader)
    written = with_patterns(ctx.project, missing)
    if isinstance(written, Unknown):
        return NotMoved(
            install.place,
            "context-overwrites-install",
            f"the later COPY could bring {missing[0]} over the installed one, and {written.why}",
            f"# .dockerignore\n{missing[0]}",
        )
    path, text = written.value
    files: dict[str, str | None] = {path: text}
    claim = f"{', '.join(missing)} of a developer's machine would replace the installed one"
    return files, (Evidence(claim, path),)


def _brought(ctx: Context, install: Install, path: str, source: str, target: str) -> bool:
    """Does another COPY in front of the install bring this file to the same place?"""
    wanted = paths.join(target, posixpath.relpath(path, source or "."))
    for earlier in install.place.preceding:
        if not isinstance(earlier.node, Transfer) or earlier.source_stage is not None:
            continue
        landed = landings(earlier, ctx.project.is_folder)
        if isinstance(landed, Known) and any(
            not each.whole and each.target == wanted and each.source == path
            for each in landed.value
        ):
            return True
    return False
