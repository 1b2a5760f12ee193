"""What speaks against giving an install its locked form: the manager, what runs in front of it, and where it stands."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.refactor.model import paths
from dfix.refactor.model.layout import all_landings, transfers_before
from dfix.refactor.plans import passing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dfix.ecosystems.calls import Call
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place


def runtime(place: Place, called: Called) -> str | None:
    """The version of the language's run time in the image, which tells the manager's; None if it does not."""
    call, image = called.call, place.stage.root_image
    assert call is not None  # noqa: S101 - the caller looked
    knowledge = ecosystem_of(call).knowledge
    if isinstance(image, Unknown) or image.family not in knowledge.extra.get("runtime-images", ()):
        return None
    first = place.stage.root.places[0]
    if any(
        package.partition("@")[0] in knowledge.programs
        for earlier in _between(first, place)
        for each in earlier.called
        if each.call is not None and each.call.ecosystem == call.ecosystem and each.call.everywhere
        for package in each.call.packages
    ):
        return None  # the manager itself is replaced
    written = next((part.text for part in image.parts if part.kind == "version"), "latest")
    return None if "$" in image.name else image.version or written


def released(place: Place, call: Call) -> Call:
    """The call with the release of its manager, where a step in front of it installs that: the last one counts."""
    programs = ecosystem_of(call).knowledge.programs
    release = call.release
    for earlier in _between(place.stage.root.places[0], place):
        for each in earlier.called:
            if each.call is None or not each.call.everywhere:
                continue
            for package in each.call.packages:
                name, _, version = package.partition("@")
                if name in programs:
                    release = version
    return call if release is None else call._replace(release=release)


def here(call: Call) -> Call:
    """The call as if it ran where its own flag leads it."""
    return call._replace(directory="") if call.directory else call


def folders_of(ctx: Context, place: Place, called: Called) -> list[str]:
    """The folders of the context that a call may install; empty where the files are not at hand."""
    call = called.call
    known = ctx.project.at_hand and not isinstance(ctx.project.context, Unknown)
    if call is None or not known or isinstance(called.directory, Unknown):
        return []
    return folders(ctx, place, paths.join(called.directory.value, call.directory))


def folders(ctx: Context, place: Place, directory: str) -> list[str]:
    """The folders of the context whose files a COPY may have put into this directory, the nearest COPY first."""
    found: dict[str, None] = {}
    for earlier in transfers_before(place):
        if earlier.source_stage is not None:
            continue
        for landing in all_landings(earlier, ctx.project.is_folder, ctx.project.matching):
            if landing.whole and paths.within(directory, landing.target):
                folder = posixpath.join(landing.source, paths.relative(directory, landing.target))
                if ctx.project.is_folder(folder.rstrip("/")):
                    found.setdefault(folder.rstrip("/"))
            elif not landing.whole and posixpath.dirname(landing.target) == directory:
                found.setdefault(posixpath.dirname(landing.source))
    return list(found)


def touched(
    place: Place, called: Called, copied_by: Place, directory: str, files: Collection[str]
) -> str | None:
    """Why manifest or lockfile may no longer be what was copied, as half a sentence.

    `files` are their paths in the image, `directory` that of the install.
    """
    copied = passing.Copied(copied_by, directory, lambda path: path in files)
    for earlier in _between(copied_by, place):
        for each in earlier.called:
            if each is called:
                return None
            reason = _changes_manifest(each, called)
            if reason is None and not _installs(each):
                reason = passing.command(each, copied)
            if reason is not None:
                return f"line {earlier.line}: {reason}"
        if earlier.script is None:
            return f"line {earlier.line} cannot be read as shell source"
    return None


def _between(first: Place, last: Place) -> Iterator[Place]:
    """The RUNs behind `first` up to and with `last`, through the stages that lie between."""
    stages = [last.stage]
    while stages[-1] is not first.stage and stages[-1].parent is not None:
        stages.append(stages[-1].parent)
    for stage in reversed(stages):
        for each in stage.runs():
            behind = stage is not first.stage or each.at > first.at
            if behind and (stage is not last.stage or each.at <= last.at):
                yield each


def _changes_manifest(each: Called, install: Called) -> str | None:
    """Does a command of the same manager write manifest or lockfile?"""
    call, main = each.call, install.call
    if call is None or main is None or call.ecosystem != main.ecosystem:
        return None
    words = " ".join(word or "..." for word in each.values[:3])
    if call.role is Role.ADD and not call.everywhere:
        return f"{words} changes the manifest"
    return None


def _installs(each: Called) -> bool:
    """Does a command only install, here or elsewhere? That leaves the manifest, and a lock that fits, as they are."""
    return each.call is not None and each.call.role in (
        Role.INSTALL,
        Role.FETCH,
        Role.PRUNE,
        Role.CLEAN,
        Role.CONFIG,
    )


def stands_alone(place: Place, called: Called) -> bool:
    """Is the command a plain member of an `&&` or `;` list, so that nothing runs instead of it when it fails?"""
    script = place.script
    if script is None or script.elements[called.element].simple is None:
        return False
    before = script.elements[called.element - 1].operator if called.element else ""
    return "||" not in (before, script.elements[called.element].operator)
