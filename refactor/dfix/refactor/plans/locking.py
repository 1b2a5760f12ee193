"""What speaks against giving an install its locked form: the manager, what runs in front of it, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.refactor.plans import passing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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
