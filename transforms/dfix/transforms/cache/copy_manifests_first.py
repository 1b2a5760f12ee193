"""Copy the dependency manifests and install before copying the sources.

## Why
A RUN is built again when anything in front of it changed. Where the whole project is copied before its dependencies are
installed, every edit of a source file installs them again.
Source: https://docs.docker.com/build/cache/optimize/#order-your-layers

## When it holds back
- unknown-inputs: what the install reads is not known, or not all of it is a file of the build context;
- opaque-step: a step between the COPY and the install may read the sources;
- opaque-before-install: so may a command in front of the install, in the same RUN;
- not-plain: the install stands inside a condition, a pipeline or a here-document, or commands are joined by more than `&&`;
- shell-state: the RUN would have to be divided, and shell state reaches across the cut;
- several-sources: the COPY brings more than one source, or excludes some;
- context-overwrites-install: the later COPY could put a developer's install over the one in the image, and the ignore
  file cannot be told not to;
- unknown-directory: the directory of the install, or of the COPY, is not known;
- no-project-files: the project's files are not at hand.

## Level
`safe` if the install enforces its lockfile and the ignore file already leaves out what it writes; otherwise `review`:
an install without a lock resolves anew on each source edit today, and would from now on keep its result.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Flag, Run, Transfer
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.model.layout import context_path, landings
from dfix.refactor.plans import caches, passing
from dfix.refactor.plans.ignoring import with_patterns
from dfix.refactor.scripts import NotDivisible, divide
from dfix.refactor.transform import (
    Case,
    Evidence,
    Finding,
    HeldBack,
    Level,
    Phase,
    Question,
    Rewrite,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Inputs
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

RULE = "https://docs.docker.com/build/cache/optimize/#order-your-layers"
NPM = {
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0",'
        ' "dependencies": {"left-pad": "1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0"}}}'
    ),
    ".dockerignore": "node_modules\n",
    "index.js": "",
}

CASES = (
    Case.untouched(
        "manifests come first already",
        before=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            'CMD ["node", "index.js"]\n'
        ),
        project=NPM,
    ),
    Case.rewrites(
        "everything is copied before npm ci",
        before='FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n',
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            'CMD ["node", "index.js"]\n'
        ),
        project=NPM,
    ),
    Case.rewrites(
        "install and build in one RUN",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n",
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            "RUN npm run build\n"
        ),
        project=NPM,
    ),
    Case.rewrites(
        "the ignore file does not leave out node_modules",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
        after="FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n",
        project={key: text for key, text in NPM.items() if key != ".dockerignore"},
        files={".dockerignore": "node_modules\n"},
    ),
    Case.holds_back(
        "a script of the project runs before the install",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN ./configure.sh\nRUN npm ci\n",
        because="opaque-step",
        project={**NPM, "configure.sh": "#!/bin/sh\n"},
    ),
)


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    slugs=(
        "unknown-inputs",
        "opaque-step",
        "opaque-before-install",
        "not-plain",
        "shell-state",
        "several-sources",
        "context-overwrites-install",
        "unknown-directory",
        "no-project-files",
    ),
    cases=CASES,
)
def copy_manifests_first(ctx: Context) -> Iterator[Finding]:
    """Move each COPY of a folder below the installs that need only manifests from it."""
    for stage in ctx.model.stages:
        for place in stage.places:
            if not _copies_folder(ctx, place):
                continue
            finding = _first_install(ctx, place)
            if finding is not None:
                yield finding


class Install(NamedTuple):
    """An install below a broad COPY, and what it reads."""

    place: Place
    called: Called
    inputs: Inputs
    folder: str  # of the manifest, in the context
    added: (
        tuple[str, ...] | None
    )  # the words of a fetch step that must be written first (implicit), or None


def _copies_folder(ctx: Context, place: Place) -> bool:
    node = place.node
    if not isinstance(node, Transfer) or node.heredocs or place.source_stage is not None:
        return False
    for source in node.sources:
        path = context_path(source)
        if path is not None and (path == "" or ctx.project.is_folder(path)):
            return True
    return False


def _first_install(ctx: Context, copy: Place) -> Finding | None:
    """The finding for the first install behind this COPY that reads its manifests from it."""
    target = copy.destination
    for later in copy.following:
        if not isinstance(later.node, Run) or not later.may_call:
            continue
        for called in later.called:
            call = called.call
            if call is None or call.role not in (Role.INSTALL, Role.FETCH, Role.BUILD):
                continue
            if isinstance(target, Unknown):
                return hold_back(
                    copy, "unknown-directory", f"where this lands is not known: {target.why}"
                )
            if isinstance(called.directory, Unknown):
                return hold_back(
                    later,
                    "unknown-directory",
                    f"its directory is not known: {called.directory.why}",
                )
            directory = paths.join(called.directory.value, call.directory)
            if not paths.within(directory, target.value):
                continue
            if not ctx.project.at_hand:
                return hold_back(later, "no-project-files", "the project's files are not at hand")
            install = _install(ctx, copy, later, called, directory, target.value)
            if isinstance(install, HeldBack):
                return install
            if install is not None:
                return _reordered(ctx, copy, install, target.value)
        if any(
            called.call is not None and called.call.role in (Role.BUILD, Role.RUN, Role.PROJECT)
            for called in later.called
        ):
            return None  # the sources are used here: what is installed later is no business of this COPY
    return None


def _install(
    ctx: Context, copy: Place, later: Place, called: Called, directory: str, target: str
) -> Install | HeldBack | None:
    """What this call installs from the folder that was copied; None if it is none of this transform's business."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    context = ctx.project.context
    if isinstance(context, Unknown):
        return hold_back(later, "no-project-files", context.why)
    landed = landings(copy, ctx.project.is_folder)
    if (
        isinstance(landed, Unknown)
        or len(landed.value) != 1
        or copy.node.flag("exclude") is not None
    ):
        return hold_back(
            copy, "several-sources", "it brings more than one source, or leaves some out"
        )
    source = landed.value[0].source
    folder = posixpath.normpath(posixpath.join(source, paths.relative(directory, target)))
    folder = "" if folder == "." else folder
    manager = ecosystem_of(call)
    if call.role is Role.BUILD:
        fetch = manager.fetch(call, context.value, folder, env=caches.environment(later, called))
        if fetch is None:
            return None
        if isinstance(fetch, Unknown):
            return hold_back(later, "unknown-inputs", fetch.why)
        if _fetched_before(copy, later, manager.id):
            return None
        inputs, added = fetch.value.inputs, fetch.value.words
    else:
        known = manager.inputs(
            call,
            context.value,
            folder,
            env=caches.environment(later, called),
            workdir=directory,
        )
        if isinstance(known, Unknown):
            return hold_back(later, "unknown-inputs", known.why)
        inputs, added = known.value, None
    if not inputs.dependencies:
        return None
    hidden = [path for path in inputs.files if not ctx.project.is_file(path)]
    if hidden:
        return hold_back(
            later,
            "unknown-inputs",
            f"{hidden[0]} is needed, but {ctx.project.ignore_path} keeps it out of the context",
        )
    outside = [path for path in inputs.files if not paths.within("/" + path, "/" + source)]
    if outside:
        return hold_back(
            later, "unknown-inputs", f"{outside[0]} lies outside {source or 'the context'}"
        )
    if _brings_only(ctx, source, inputs.files):
        return None
    return Install(later, called, inputs, folder, added)


def _fetched_before(copy: Place, later: Place, ecosystem: str) -> bool:
    """Did an earlier step of the stage, in front of the COPY, fetch these dependencies already?"""
    return any(
        called.call is not None
        and called.call.ecosystem == ecosystem
        and called.call.role in (Role.FETCH, Role.INSTALL)
        for place in later.preceding
        if isinstance(place.node, Run)
        for called in place.called
    )


def _brings_only(ctx: Context, source: str, files: tuple[str, ...]) -> bool:
    """Does the copied folder hold nothing but install inputs?"""
    context = ctx.project.context
    if isinstance(context, Unknown) or source == "":
        return False
    return all(
        path in files for path in context.value.files() if paths.within("/" + path, "/" + source)
    )


def _reordered(ctx: Context, copy: Place, install: Install, target: str) -> Finding:
    """The rewrite: manifests in the place of the COPY, the COPY below the install."""
    place, called = install.place, install.called
    source = context_path(copy.node.sources[0]) or ""  # type: ignore[attr-defined]

    def brings(path: str) -> bool:
        below = paths.relative(path, target)
        inside = posixpath.join(source, below) if below else source
        return ctx.project.is_file(inside) or (ctx.project.is_folder(inside))

    copied = passing.Copied(copy, target, brings)
    for between in copy.following:
        if between is place:
            break
        reason = passing.instruction(between, copied)
        if reason is not None:
            return hold_back(place, "opaque-step", reason)
    body = _divided(ctx, install, copied)
    if isinstance(body, HeldBack):
        return body
    ignored = _ignored(ctx, install)
    if isinstance(ignored, HeldBack):
        return ignored
    files, ignore_evidence = ignored
    missing = tuple(
        path for path in install.inputs.files if not _brought(ctx, copy, path, source, target)
    )
    changes = _changes(ctx, copy, install, body, missing, source)
    call = called.call
    assert call is not None  # noqa: S101 - an install is a call
    safe = (
        install.inputs.enforced
        and not files
        and install.added is None
        and called.element >= 0
        and not called.command.context
    )
    reasons = tuple(
        Evidence(install.inputs.reasons[path], path)
        for path in install.inputs.files
        if path in install.inputs.reasons
    )
    words = " ".join(install.added or tuple(word or "..." for word in called.values[:3]))
    return Rewrite(
        place.node,
        f"copy the manifests and run {words} before copying the sources",
        Level.SAFE if safe else Level.REVIEW,
        (
            *reasons,
            *ignore_evidence,
            Evidence("a step runs again when a file copied before it changed", RULE),
        ),
        changes,
        files,
        needs=(),
    )


def _divided(
    ctx: Context, install: Install, copied: passing.Copied
) -> tuple[Run | None, Run | None] | HeldBack:
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
        return hold_back(
            place, "not-plain", "the install stands inside a condition, a loop or a pipeline"
        )
    by_element: dict[int, list[Called]] = {}
    for each in place.called:
        by_element.setdefault(each.element, []).append(each)
    for number in range(called.element):
        for each in by_element.get(number, ()):
            reason = passing.command(each, copied)
            if reason is not None:
                return hold_back(place, "opaque-before-install", reason)
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
        return hold_back(place, *obstacle.args)
    return node.with_changes(body=first), node.with_changes(body=second, heredocs=())


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
        and not any(
            word and word.startswith("-") and len(word) == 2 and word[1] in "efdrsx"
            for each in tests
            for word in each.values
        )
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


def _ignored(
    ctx: Context, install: Install
) -> tuple[dict[str, str | None], tuple[Evidence, ...]] | HeldBack:
    """The ignore file with the install's outputs in it: as it is, or as it must become."""
    missing = [path for path in install.inputs.outputs if not ctx.project.ignore.excludes(path)]
    if not missing:
        where = ctx.project.ignore_path
        if not install.inputs.outputs or where is None:
            return {}, ()
        return {}, (
            Evidence(f"{', '.join(install.inputs.outputs)} cannot come from the context", where),
        )
    written = with_patterns(ctx.project, missing)
    if isinstance(written, Unknown):
        return HeldBack(
            install.place.node,
            "context-overwrites-install",
            f"the later COPY could bring {missing[0]} over the installed one, and {written.why}",
            Question(f"# .dockerignore\n{missing[0]}"),
        )
    path, text = written.value
    claim = f"{', '.join(missing)} of a developer's machine would replace the installed one"
    return {path: text}, (Evidence(claim, path),)


def _brought(ctx: Context, copy: Place, path: str, source: str, target: str) -> bool:
    """Did an earlier COPY bring this file to the same place already?"""
    wanted = paths.join(target, posixpath.relpath(path, source or "."))
    for earlier in copy.preceding:
        if not isinstance(earlier.node, Transfer) or earlier.source_stage is not None:
            continue
        landed = landings(earlier, ctx.project.is_folder)
        if isinstance(landed, Known) and any(
            not each.whole and each.target == wanted and each.source == path
            for each in landed.value
        ):
            return True
    return False


def _changes(
    ctx: Context,
    copy: Place,
    install: Install,
    body: tuple[Run | None, Run | None],
    missing: tuple[str, ...],
    source: str,
) -> tuple[edits.Change, ...]:
    node = copy.node
    assert isinstance(node, Transfer)  # noqa: S101 - the moved instruction is a COPY or ADD
    style = ctx.style
    between = [each for each in copy.following if each.at < install.place.at]
    moved = _absolute(copy, style) if any(each.node.name == "WORKDIR" for each in between) else node
    base = moved.destination
    flags = tuple(flag for flag in node.flags if flag.name in ("chown", "chmod", "link"))
    copies = [
        compose.copy(
            style,
            files,
            _folder(base, posixpath.relpath(folder, source or ".") if folder else "."),
            flags,
        )
        for folder, files in _by_folder(missing).items()
    ]
    first, rest = body
    run = install.place.node
    behind: list[edits.Item] = []
    if install.added is not None:
        behind.append(compose.run(style, _fetch_script(install)))
    elif first is not None:
        behind.append(edits.bare(first))
    mover = moved.with_changes(gap=run.gap if not between or run.gap.text else edits.no_gap())
    behind.append(mover)
    if rest is not None:
        behind.append(edits.bare(rest) if install.added is None else rest)
    head, *others = behind
    head = head.with_changes(gap=run.gap, comments=run.comments if install.added is None else ())
    changes = [edits.Change(run, (head, *others))]
    if copies:
        copies[0] = copies[0].with_changes(gap=node.gap)
        if not run.gap.text and node.gap.text:
            pass
        changes.insert(0, edits.Change(node, tuple(copies)))
    else:
        changes.insert(0, edits.Change(node, ()))
    return tuple(changes)


def _fetch_script(install: Install) -> str:
    words = " ".join(install.added or ())
    workdir = install.place.before.workdir
    directory = install.called.directory
    if (
        isinstance(workdir, Known)
        and isinstance(directory, Known)
        and workdir.value != directory.value
    ):
        return f"cd {directory.value} && {words}"
    return words


def _absolute(copy: Place, style: compose.Style) -> Transfer:
    """The COPY with its destination spelled out, since a WORKDIR now stands in front of it."""
    node, target = copy.node, copy.destination
    assert isinstance(node, Transfer)  # noqa: S101 - the moved instruction is a COPY or ADD
    if node.destination.startswith("/") or isinstance(target, Unknown):
        return node
    made = compose.copy(style, node.sources, target.value + ("/" if target.value != "/" else ""))
    return node.with_changes(paths=made.paths)


def _folder(base: str, below: str) -> str:
    """The destination of files of one folder: always ends in a slash."""
    if below == ".":
        return "./" if base in (".", "./") else base.rstrip("/") + "/"
    return f"{'.' if base in ('.', './') else base.rstrip('/')}/{below}/"


def _by_folder(files: tuple[str, ...]) -> dict[str, list[str]]:
    """The files by their folder, in order: `COPY a/x b/x ./` would flatten them."""
    folders: dict[str, list[str]] = {}
    for path in files:
        folders.setdefault(posixpath.dirname(path), []).append(path)
    return folders
