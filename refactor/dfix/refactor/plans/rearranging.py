"""Where the manifests, the install and the COPY of the sources stand when a reordering is done."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.model.layout import context_path

if TYPE_CHECKING:
    from dfix.grammar.nodes import Item, Token
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place
    from dfix.refactor.plans.reordering import Install


def changes(
    ctx: Context,
    copy: Place,
    install: Install,
    body: tuple[Run | None, Run | None],
    missing: tuple[str, ...],
    source: str,
) -> tuple[edits.Change, ...]:
    """The manifests in front of the install, which `body` cuts in two, and the COPY behind what needs only them."""
    node = copy.node
    assert isinstance(node, Transfer)  # noqa: S101 - the moved instruction is a COPY or ADD
    style = ctx.style
    between = [each for each in copy.following if each.at < install.place.at]
    if install.added is not None and _fetches_in_place(copy, install, between):
        copies = _copies(style, node, node.destination, missing, source)
        return (_fetch_above(copy, [*copies, compose.run(style, " ".join(install.added))]),)
    moved = _absolute(copy, style) if any(each.node.name == "WORKDIR" for each in between) else node
    copies = _copies(style, node, moved.destination, missing, source)
    first, rest = body
    run = install.place.node
    apart = run.gap if not between or run.gap.text else edits.no_gap()
    behind: list[Item] = []
    if install.added is not None:
        behind.append(compose.run(style, _fetch_script(install)))
    elif first is not None:
        behind.append(edits.bare(first))
    passed = _passed(install, rest)
    mover: list[Item] = []
    if install.first is not None or not _repeated(copy, passed[-1] if passed else install.place):
        mover.append(moved.with_changes(gap=apart))
    if not passed:
        behind += mover
    if rest is not None:
        behind.append(rest)
    comments = run.comments if install.added is None else ()
    head = behind[0].with_changes(comments=comments)
    if all(each.node.name == "WORKDIR" for each in between):
        made = [edits.Change(node, _led(copies, node.gap))]
        behind[0] = head.with_changes(gap=run.gap)
    else:
        # What changes the manifests need not run again what stands in front of the install.
        made = [edits.Change(node, ())]
        head = head.with_changes(gap=apart if copies else run.gap)
        behind[:1] = [*_led(copies, run.gap), head]
    made.append(edits.Change(run, tuple(behind)))
    if passed:
        last = passed[-1].node
        made.append(edits.Change(last, (last, *mover)))
    return tuple(made)


def _copies(
    style: compose.Style, node: Transfer, base: str, missing: tuple[str, ...], source: str
) -> list[Item]:
    """The COPY instructions that bring the manifests, one for each folder."""
    flags = tuple(flag for flag in node.flags if flag.name in ("chown", "chmod", "link"))
    return [
        compose.copy(
            style,
            files,
            _folder(base, posixpath.relpath(folder, source or ".") if folder else "."),
            flags,
        )
        for folder, files in _by_folder(missing).items()
    ]


def _led(items: list[Item], gap: Token) -> tuple[Item, ...]:
    """The items, with these blank lines in front of the first."""
    return (items[0].with_changes(gap=gap), *items[1:]) if items else ()


def _fetches_in_place(copy: Place, install: Install, between: list[Place]) -> bool:
    """Can the fetch stand in front of the COPY, which then stays as it is?

    It runs where the COPY stands, so that has to be the module's directory, and nothing on the way to the build may
    change what the fetch sees.
    """
    workdir, target = copy.before.workdir, copy.destination
    if isinstance(workdir, Unknown) or isinstance(target, Unknown) or install.inputs.outputs:
        return False
    source = context_path(copy.node.sources[0]) or ""  # type: ignore[attr-defined]
    below = posixpath.relpath(posixpath.dirname(install.inputs.files[0]) or ".", source or ".")
    return workdir.value == paths.join(target.value, below) and all(
        each.node.name in ("WORKDIR", "COPY", "ADD", "EXPOSE", "LABEL") for each in between
    )


def _fetch_above(copy: Place, items: list[Item]) -> edits.Change:
    """Manifests and fetch in front of the COPY and its comments, spaced as the lines there are."""
    node = copy.node
    loose = node.gap if node.gap.text and copy.following[0].node.gap.text else edits.no_gap()
    first, *others = [each.with_changes(gap=loose) for each in items]
    return edits.Change(
        node, (first.with_changes(gap=node.gap), *others, node.with_changes(gap=loose))
    )


def _passed(install: Install, rest: Item | None) -> list[Place]:
    """The steps behind the install that read no source either: installs of packages that they name."""
    found: list[Place] = []
    if rest is not None:
        return found
    for later in install.place.following:
        if not isinstance(later.node, Run) or not names_packages(later):
            break
        found.append(later)
    return found


def below(copy: Place, last: Place, style: compose.Style) -> tuple[edits.Change, ...]:
    """The COPY directly below a step, both else as they are."""
    between = [each for each in copy.following if each.at < last.at]
    node = copy.node
    moved = _absolute(copy, style) if any(each.node.name == "WORKDIR" for each in between) else node
    mover = () if _repeated(copy, last) else (moved.with_changes(gap=last.node.gap),)
    return edits.Change(node, ()), edits.Change(last.node, (last.node, *mover))


def names_packages(place: Place) -> bool:
    """Does a RUN only install packages that it names, and so read nothing of the project?"""
    calls = [each for each in place.called if each.values]
    return (
        place.script is not None
        and bool(calls)
        and all(
            each.call is not None
            and each.call.role is Role.ADD
            and not each.call.files
            and not each.command.redirects
            for each in calls
        )
    )


def _repeated(copy: Place, last: Place) -> bool:
    """Does the very same COPY stand behind this step already, so that moving this one there would double it?"""
    node = copy.node
    after = last.following[:1]
    return (
        not node.comments
        and bool(after)
        and isinstance(after[0].node, Transfer)
        and after[0].node.code.split() == node.code.split()
        and after[0].before.workdir == copy.before.workdir
    )


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
