"""Commands that empty a cache which is to be mounted, and those that would try to remove the mount itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.refactor.model import paths
from dfix.refactor.plans import caches

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dfix.grammar.shell import Word
    from dfix.refactor.model import Called, Place


class Cleanup(NamedTuple):
    """A command that empties a mounted cache: the whole command does (`whole`), or some of its words name it.

    Neither: it removes a folder that holds the cache, which fails on a mount point.
    """

    called: Called
    whole: bool
    words: tuple[int, ...]


# They fail on a mount point, or put something else in its place.
MOVES = frozenset({"find", "ln", "mv", "rmdir"})
FINDS = frozenset({"-delete", "-exec", "-execdir"})


def cleaning(place: Place, targets: Sequence[str], owners: Collection[str]) -> list[Cleanup]:
    """The commands of a RUN that empty one of the caches that are to be mounted there.

    `owners` are the ecosystems of these caches: a clean-up of another one has nothing to do with them.
    """
    found: list[Cleanup] = []
    for called in place.called:
        call = called.managed
        if call is not None and call.role is Role.CLEAN and call.ecosystem in owners:
            found.append(Cleanup(called, whole=True, words=()))
        elif called.program in MOVES:
            if _moves(called, targets, place):
                found.append(Cleanup(called, whole=False, words=()))
        elif called.program == "rm":
            operands = [
                at
                for at, word in enumerate(called.values)
                if at and not (word or "").startswith("-")
            ]
            inside = tuple(at for at in operands if _lies(called, at, targets, place) == "inside")
            holds = any(_lies(called, at, targets, place) == "holds" for at in operands)
            if holds or inside:
                found.append(Cleanup(called, len(inside) == len(operands), () if holds else inside))
    return found


def _moves(called: Called, targets: Sequence[str], place: Place) -> bool:
    """Does a command move, link or delete what lies there, as far as its words say where?"""
    if called.program == "find" and not FINDS & set(called.values):
        return False
    return any(
        _lies(called, at, targets, place)
        for at, word in enumerate(called.values)
        if at and word is not None and not word.startswith("-")
    )


def _lies(called: Called, at: int, targets: Sequence[str], place: Place) -> str:
    """Is what a word of `rm` names `inside` a mounted directory (or one itself), does it `hold` one? Else empty.

    What is not known may hold one: a mount cannot be removed, and `rm` would fail.
    """
    path = _removed(called, at, place)
    if path is None:
        return "holds"
    if not path.startswith("/"):
        if isinstance(called.directory, Unknown):
            return ""
        path = paths.join(called.directory.value, path)
    path = path.removesuffix("/*").removesuffix("/.*").rstrip("/") or "/"
    if any(char in path for char in "*?[{"):
        return _matches(path, targets)
    if any(paths.within(path, target) for target in targets):
        return "inside"
    return "holds" if any(paths.within(target, path) for target in targets) else ""


def _removed(called: Called, at: int, place: Place) -> str | None:
    """The path that a word of `rm` names; None if it is not known."""
    path = called.values[at]
    if path is None:
        path = _expanded(called, called.command.words[called.offset + at], place)
    if path is not None and (path == "~" or path.startswith("~/")):
        home = caches.home_of(place, called)
        return None if isinstance(home, Unknown) else paths.join(home.value, path[2:])
    return path


def _expanded(called: Called, word: Word, place: Place) -> str | None:
    """A word with the values of the variables that it names; None if one of them, or the word's form, is not known."""
    text = word.text.replace('"', "")
    if set(text) & set("`'()"):
        return None
    known = caches.environment(place, called)
    home = caches.home_of(place, called)
    if isinstance(home, Known):
        known.setdefault("HOME", home.value)
    for name in sorted(word.variables, key=len, reverse=True):
        value = known.get(name) or _assigned(place, name)
        if value is None:
            return None
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    return None if "$" in text else text


def _assigned(place: Place, name: str) -> str | None:
    """What the script itself assigns to a variable: a literal, or a folder of mktemp, which holds no mount."""
    if place.script is None:
        return None
    for element in place.script.elements:
        for command in element.commands:
            for assigned, word in command.assignments:
                if assigned == name:
                    fresh = word.text.strip('"').startswith(("$(mktemp", "`mktemp"))
                    return "/tmp/tmp.XXXXXXXXXX" if fresh else word.value  # noqa: S108 - a name, as mktemp makes them
    return None


def _matches(pattern: str, targets: Sequence[str]) -> str:
    """The same for a path with a glob: what matches a folder on the way to a mount holds it."""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - only patterns pay for it

    # Only some shells expand braces: what holds them may be anything.
    wanted = ["*" if "{" in part else part for part in pattern.split("/")]
    for target in targets:
        parts = target.split("/")
        pairs = list(zip(wanted, parts, strict=False))
        if not all(fnmatchcase(part, want) for want, part in pairs):
            continue
        same = all(want == part for want, part in pairs)
        return "inside" if same and len(wanted) > len(parts) else "holds"
    return ""
