"""What empties a cache in the RUN that fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Cache
    from dfix.refactor.model import Called, Place


def emptied(place: Place, called: Called, cache: Cache, target: str) -> bool:
    """Does the RUN leave nothing of a cache that its command `called` fills, so that no later step can miss it?"""
    call = called.managed
    if call is None:
        return False
    if call.defeats_cache:
        return True
    for later in place.called:
        if later.element <= called.element or later.command.context:
            continue
        other = later.managed
        if other is not None and other.role is Role.CLEAN and other.ecosystem == call.ecosystem:
            command = ecosystem_of(other).knowledge.commands.get(other.verb)
            if command is not None and cache.id in command.caches:
                return True
        elif removed(later, target):
            return True
    return False


def removed(called: Called, target: str) -> bool:
    """Does a command remove a folder, or all that is in it?"""
    return called.program == "rm" and any(
        word is not None and _whole(called, word, target) for word in called.values[1:]
    )


def _whole(called: Called, word: str, target: str) -> bool:
    """Does `rm` remove all of a directory?"""
    path = word.removesuffix("/*").rstrip("/") or "/"
    if not path.startswith("/") and not isinstance(called.directory, Unknown):
        path = paths.join(called.directory.value, path)
    return path.startswith("/") and paths.within(target, path)
