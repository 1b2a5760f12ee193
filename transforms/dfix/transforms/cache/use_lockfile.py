"""Install exactly what the lockfile says, and fail where it does not fit.

## Why
An install that may resolve anew gives another result on another day, and a new lockfile that
nobody reads. The locked form of the command installs what was tested, or fails. Source:
https://docs.npmjs.com/cli/v10/commands/npm-ci

## When it holds back
- no-lockfile: the folder of the manifest has no lockfile that this manager reads;
- lock-ignored: it has one, but the ignore file keeps it out of the build context;
- lock-mismatch: the lockfile does not hold what the manifest asks for, so the locked form would fail;
- lock-too-new: the lockfile's format is one that the manager of the image does not read;
- lock-too-old: its format lacks something that the manager of the image would have to add;
- lock-off: a setting or a flag tells the manager to leave the lockfile alone;
- missing-linux-packages: the lockfile lacks optional packages of other platforms, the image's perhaps among them;
- unknown-manager: the manager's version in the image is not known;
- unknown-lock: lockfile or manifest cannot be read or compared;
- lock-not-copied: the lockfile is not in the image in front of the install, and the COPY cannot take it along;
- manifest-touched: a command in front of the install may have changed or removed manifest or lockfile;
- unknown-folder: where the manifest in the image comes from is not known;
- not-plain: the install stands where one word of it cannot be replaced alone;
- no-project-files: the project's files are not at hand.

## Level
`review`: the versions that are installed may differ from those that the unlocked command
would choose today.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Copy, Run, Token, Words
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.model.layout import brought
from dfix.refactor.plans import caches, locking
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, HeldBack, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Locked
    from dfix.ecosystems.tree import Tree
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

PLAIN_FLAGS = frozenset({"chown", "chmod", "link"})
RESOLVING = (Role.INSTALL, Role.FETCH, Role.BUILD, Role.PROJECT)  # may choose versions
ODD = " \t\"'$*?[]\\#"  # a path with one of these is not written as a plain word
NPM = {
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0",'
        ' "dependencies": {"left-pad": "1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0"}}}'
    ),
    "index.js": "",
}

CASES = (
    Case.untouched(
        "the lock is enforced already",
        before="FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n",
        project=NPM,
    ),
    Case.untouched(
        "packages named on the command line",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install -g serve\n",
        project=NPM,
    ),
    Case.rewrites(
        "npm install with a lock that fits",
        before="FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm install --no-audit\n",
        after="FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci --no-audit\n",
        project=NPM,
    ),
    Case.rewrites(
        "the lock is not copied yet",
        before="FROM node:22\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n",
        after="FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\n",
        project=NPM,
    ),
    Case.holds_back(
        "a variable tells npm to leave the lockfile alone",
        before="FROM node:22\nENV NPM_CONFIG_PACKAGE_LOCK=false\nCOPY package*.json ./\nRUN npm install\n",
        because="lock-off",
        project={"package.json": "{}"},
    ),
    Case.holds_back(
        "there is no lockfile",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\n",
        because="no-lockfile",
        project={"package.json": NPM["package.json"]},
    ),
    Case.holds_back(
        "the manifest has moved on",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\n",
        because="lock-mismatch",
        project={**NPM, "package.json": '{"name": "a", "dependencies": {"left-pad": "2.0.0"}}'},
    ),
)


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    slugs=(
        "no-lockfile",
        "lock-ignored",
        "lock-mismatch",
        "lock-too-new",
        "lock-too-old",
        "lock-off",
        "missing-linux-packages",
        "unknown-manager",
        "unknown-lock",
        "lock-not-copied",
        "manifest-touched",
        "unknown-folder",
        "not-plain",
        "no-project-files",
    ),
    cases=CASES,
)
def use_lockfile(ctx: Context) -> Iterator[Finding]:
    """Give each install its locked form."""
    for place, called in ctx.calls():
        call = called.call
        assert call is not None  # noqa: S101 - `calls` yields those that have one
        if call.role not in RESOLVING or call.locked:
            continue
        finding = _locked(ctx, place, called)
        if finding is not None:
            yield finding


class Grounds(NamedTuple):
    """The locked form of a call, and where its files stand."""

    locked: Locked
    folder: str  # of the manifest, in the context
    directory: str  # of the call, in the image
    copied_by: Place  # the COPY that brings the manifest
    brings_lock: bool


def _locked(ctx: Context, place: Place, called: Called) -> Finding | None:
    """The rewrite of one install; None where there is no lock to speak of."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    if not ctx.project.at_hand:
        asked = ecosystem_of(call).locked_form(call, ctx.project.tree, "")
        if asked is None:
            return None
        return hold_back(place, "no-project-files", "the project's files are not at hand")
    grounds = _grounds(ctx, place, called)
    if grounds is None or isinstance(grounds, HeldBack):
        return grounds
    files = [_image_path(path, grounds.folder, grounds.directory) for path in grounds.locked.reads]
    touched = locking.touched(place, called, grounds.copied_by, grounds.directory, files)
    if touched is not None:
        return hold_back(place, "manifest-touched", touched)
    edited = Edited(place)
    if not edited.possible or not locking.stands_alone(place, called):
        return hold_back(
            place, "not-plain", "the install stands where it cannot be replaced on its own"
        )
    changes: list[edits.Change] = []
    if not grounds.brings_lock:
        extended = _with_lock(grounds)
        if extended is None:
            where = grounds.copied_by.where
            return hold_back(
                place,
                "lock-not-copied",
                f"{grounds.locked.reads[-1]} is not copied, and {where} cannot simply take it along",
            )
        changes.append(extended)
    for index, text in grounds.locked.replace.items():
        if text is None:
            edited.remove_word(called, index)
        else:
            edited.replace_word(called, index, text)
    if grounds.locked.append:
        edited.append_words(called, " ".join(grounds.locked.append))
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - calls stand in RUNs
    changes.append(edits.replace(node, edits.bare(node).with_changes(body=edited.body())))
    manager = ecosystem_of(call).knowledge.title
    return Rewrite(
        node,
        f"let {manager} install what {posixpath.basename(grounds.locked.reads[-1])} says",
        Level.REVIEW,
        (
            Evidence(grounds.locked.because, grounds.locked.reads[-1]),
            Evidence(
                "the locked form never changes the lock, and fails if it does not fit",
                grounds.locked.source,
            ),
        ),
        tuple(changes),
    )


def _grounds(ctx: Context, place: Place, called: Called) -> Grounds | HeldBack | None:
    """The locked form, and what of its files is in the image in front of the call."""
    assert called.call is not None  # noqa: S101 - the caller looked
    call = locking.released(place, called.call)
    manager = ecosystem_of(call)
    switch = manager.lock_off(caches.environment(place, called))
    if switch is not None and manager.locked_form(call, ctx.project.tree, "") is not None:
        return hold_back(
            place, "lock-off", f"{switch} tells the manager to leave the lockfile alone"
        )
    context = ctx.project.context
    if isinstance(context, Unknown):
        if manager.locked_form(call, ctx.project.tree, "") is None:
            return None
        return hold_back(place, "unknown-folder", context.why)
    if isinstance(called.directory, Unknown):
        if manager.locked_form(call, context.value, "") is None:
            return None
        return hold_back(place, "unknown-folder", called.directory.why)
    directory = paths.join(called.directory.value, call.directory)
    sent = ctx.project.sent
    refused: list[HeldBack] = []
    for folder in locking.folders(ctx, place, directory):
        # The call's own folder is already part of `directory`, so it is asked as if it ran there.
        form = manager.locked_form(
            locking.here(call), sent, folder, runtime=locking.runtime(place, called)
        )
        if form is None:
            return None
        if isinstance(form, Unknown):
            refused.append(_refusal(ctx, place, called, folder, form, context.value))
            continue
        found = _placed(ctx, place, form.value, folder, directory)
        if isinstance(found, HeldBack):
            refused.append(found)
            continue
        return found
    if not refused:
        if (
            manager.locked_form(
                locking.here(call), sent, "", runtime=locking.runtime(place, called)
            )
            is None
        ):
            return None
        return hold_back(place, "unknown-folder", f"no COPY of this file brings {directory}")
    return next((each for each in refused if each.slug != "no-lockfile"), refused[0])


def _refusal(
    ctx: Context, place: Place, called: Called, folder: str, form: Unknown, context: Tree
) -> HeldBack:
    """The hold-back for what the ecosystem said of a folder."""
    assert called.call is not None  # noqa: S101 - the caller looked
    call = locking.released(place, called.call)
    if form.slug == "no-lockfile" and ctx.project.ignore_path is not None:
        whole = ecosystem_of(call).locked_form(
            locking.here(call), context, folder, runtime=locking.runtime(place, called)
        )
        if isinstance(whole, Known) or (isinstance(whole, Unknown) and whole.slug != "no-lockfile"):
            sentence = f"{ctx.project.ignore_path} keeps the lockfile out of the build context"
            return hold_back(place, "lock-ignored", sentence)
    return hold_back(place, form.slug or "unknown-lock", form.why)


def _placed(
    ctx: Context, place: Place, locked: Locked, folder: str, directory: str
) -> Grounds | HeldBack:
    """Where the compared files stand in the image: all must come from the folder that was compared."""
    project = ctx.project
    bringers: list[Place] = []
    *manifests, lock = locked.reads
    for path in (*manifests, lock):
        at = _image_path(path, folder, directory)
        found = brought(at, place, project.is_folder, project.is_file, project.matching)
        if isinstance(found, Known) and found.value[0] == path:
            bringers.append(found.value[1])
        elif isinstance(found, Known):
            sentence = f"{at} comes from {found.value[0]}, not from {path}"
            return hold_back(place, "unknown-folder", sentence)
        elif path == lock:
            return Grounds(locked, folder, directory, bringers[0], brings_lock=False)
        else:
            return hold_back(place, "unknown-folder", found.why)
    return Grounds(locked, folder, directory, bringers[0], brings_lock=True)


def _with_lock(grounds: Grounds) -> edits.Change | None:
    """The COPY of the manifest with the lockfile beside it; None if it is not a plain one."""
    node = grounds.copied_by.node
    lock, manifest = grounds.locked.reads[-1], grounds.locked.reads[0]
    if not isinstance(node, Copy) or not isinstance(node.paths, Words) or node.heredocs:
        return None
    if any(flag.name not in PLAIN_FLAGS for flag in node.flags) or any(
        char in lock for char in ODD
    ):
        return None
    if not node.destination.endswith("/") and node.destination != ".":
        return None
    if posixpath.dirname(lock) != posixpath.dirname(manifest):
        return None
    *sources, destination = node.paths.items
    if any(source.value != source.text for source in sources):
        return None  # a line break inside a word
    beside = next((each for each in sources if posixpath.normpath(each.value) == manifest), None)
    if beside is None:
        return None
    written = posixpath.join(posixpath.dirname(beside.value), posixpath.basename(lock))
    if beside.value.startswith("./") and not written.startswith("./"):
        written = f"./{written}"
    added = Token("WORD", written, " ")
    at = sources.index(beside) + 1
    if destination.value == ".":  # with several sources a folder is written as one
        destination = destination.with_changes(text="./")
    items = (*sources[:at], added, *sources[at:], destination)
    return edits.replace(
        node, edits.bare(node).with_changes(paths=node.paths.with_changes(items=items))
    )


def _image_path(path: str, folder: str, directory: str) -> str:
    """Where a file of the folder lies in the image, if the folder is that directory."""
    return paths.join(directory, posixpath.relpath(path, folder or "."))
