"""npm's version ranges: does a version satisfy a range?

The grammar and its arithmetic are those of https://github.com/npm/node-semver#ranges, in the loose
mode that npm uses for dependencies
(https://github.com/npm/cli/blob/latest/workspaces/arborist/lib/dep-valid.js): a leading `v` or `=`,
a prerelease without its hyphen; what is no comparator is dropped from a range, and a range of
nothing else is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_PRE = r"(?:-?((?:\d+|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:\d+|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
_BUILD = r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_X = r"(\d+|[xX*])"
_VERSION = re.compile(rf"[v=\s]*(\d+)\.(\d+)\.(\d+){_PRE}{_BUILD}")
_PARTIAL = rf"[v=\s]*{_X}(?:\.{_X}(?:\.{_X}{_PRE}{_BUILD})?)?"
_SIMPLE = re.compile(rf"(~>?|\^|[<>]?=?)\s*{_PARTIAL}")
_HYPHEN = re.compile(rf"\s*{_PARTIAL}\s+-\s+{_PARTIAL}\s*")
_GLUE = re.compile(r"(~>?|\^|[<>]=?|=)\s+")

LONGEST = 256  # characters of a version or range, as in node-semver

Prerelease = tuple[int | str, ...]


class Version(NamedTuple):
    """A parsed version; its order is `_key`, not the tuple's."""

    major: int
    minor: int
    patch: int
    prerelease: Prerelease

    @property
    def triple(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch


class Comparator(NamedTuple):
    """One condition, such as `>=1.2.3`; without an operator the version itself."""

    operator: str
    version: Version


Partial = tuple["str | None", "str | None", "str | None", "str | None"]
Alternative = tuple[Comparator, ...]  # all must hold; an empty one holds always

_NOTHING: Alternative = (Comparator("<", Version(0, 0, 0, (0,))),)


@lru_cache(maxsize=8192)
def parse_version(text: str) -> Version | None:
    """Read a version; None if it is none."""
    match = _VERSION.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if match is None:
        return None
    major, minor, patch, prerelease = match.groups()
    return Version(int(major), int(minor), int(patch), _identifiers(prerelease))


@lru_cache(maxsize=8192)
def parse_range(text: str) -> tuple[Alternative, ...] | None:
    """Read a range as alternatives; None if it is none (a tag, an address)."""
    if len(text) > LONGEST:
        return None
    found: list[Alternative] = []
    for part in text.strip().split("||"):
        alternative = _alternative(part.strip())
        if alternative is not None:
            found.append(alternative)
    if () in found:
        return ((),)  # as in node-semver: `*` beside others stands alone, and means no prerelease
    return tuple(found) or None


def satisfies(version: str, wanted: str) -> bool | None:
    """Is `version` in the range `wanted`? None if one of the two is not what it should be."""
    parsed, alternatives = parse_version(version), parse_range(wanted)
    if alternatives is None:
        return None
    if parsed is None:
        return False
    return any(_holds(parsed, alternative) for alternative in alternatives)


def _holds(version: Version, alternative: Alternative) -> bool:
    for comparator in alternative:
        order = _compare(version, comparator.version)
        match comparator.operator:
            case ">":
                kept = order > 0
            case ">=":
                kept = order >= 0
            case "<":
                kept = order < 0
            case "<=":
                kept = order <= 0
            case _:
                kept = order == 0
        if not kept:
            return False
    if not version.prerelease:
        return True
    # A prerelease is only meant by a comparator that names a prerelease of the same version.
    return any(
        comparator.version.prerelease and comparator.version.triple == version.triple
        for comparator in alternative
    )


def _compare(a: Version, b: Version) -> int:
    if a.triple != b.triple:
        return 1 if a.triple > b.triple else -1
    if bool(a.prerelease) != bool(b.prerelease):
        return -1 if a.prerelease else 1
    left, right = _key(a.prerelease), _key(b.prerelease)
    return (left > right) - (left < right)


def _key(prerelease: Prerelease) -> list[tuple[int, int, str]]:
    """Numbers come before words, a shorter list before the same list with more."""
    return [(0, p, "") if isinstance(p, int) else (1, 0, p) for p in prerelease]


def _identifiers(text: str | None) -> Prerelease:
    if not text:
        return ()
    return tuple(int(part) if part.isdecimal() else part for part in text.split("."))


def _alternative(text: str) -> Alternative | None:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        groups = hyphen.groups()
        return (*_from(_partial(groups[:4])), *_to(_partial(groups[4:])))
    words = _GLUE.sub(r"\1", text).split()
    if not words:
        return ()
    found: list[Comparator] = []
    understood = False
    for word in words:
        match = _SIMPLE.fullmatch(word)
        if match is None:
            continue
        operator, groups = match.group(1), match.groups()[1:]
        if operator[:1] not in {"^", "~"} and _number_behind_wildcard(groups[:3]):
            continue
        understood = True
        found.extend(_simple(operator, _partial(groups)))
    return tuple(found) if understood else None


def _number_behind_wildcard(groups: tuple[str | None, ...]) -> bool:
    """`1.x.2` is no comparator for newer releases of node-semver, and older ones ignore the 2."""
    wild = False
    for group in groups:
        if wild and group is not None and group not in "xX*":
            return True
        wild = wild or (group is not None and group in "xX*")
    return False


def _partial(groups: tuple[str | None, ...]) -> Partial:
    """Numbers as text, None from the first one on that is missing or a wildcard."""
    numbers: list[str | None] = []
    for group in groups[:3]:
        wild = group is None or group in "xX*" or (numbers and numbers[-1] is None)
        numbers.append(None if wild else group)
    return numbers[0], numbers[1], numbers[2], groups[3]


def _simple(operator: str, partial: Partial) -> Alternative:
    if operator == "^":
        return _caret(partial)
    if operator in {"~", "~>"}:
        return _tilde(partial)
    return _plain(operator, partial)


def _at(
    operator: str, major: int, minor: int = 0, patch: int = 0, pre: Prerelease = ()
) -> Comparator:
    return Comparator(operator, Version(major, minor, patch, pre))


def _below(major: int, minor: int = 0, patch: int = 0) -> Comparator:
    """Below all prereleases of a version too: `<2.0.0-0`."""
    return _at("<", major, minor, patch, (0,))


def _caret(partial: Partial) -> Alternative:
    """No change of the first number that is not zero."""
    if partial[0] is None:
        return ()
    major = int(partial[0])
    if partial[1] is None:
        return _at(">=", major), _below(major + 1)
    minor = int(partial[1])
    if partial[2] is None:
        end = _below(0, minor + 1) if major == 0 else _below(major + 1)
        return _at(">=", major, minor), end
    patch, pre = int(partial[2]), _identifiers(partial[3])
    if major:
        end = _below(major + 1)
    elif minor:
        end = _below(0, minor + 1)
    else:
        end = _below(0, 0, patch + 1)
    return _at(">=", major, minor, patch, pre), end


def _tilde(partial: Partial) -> Alternative:
    """Changes of the patch number, or of what is left out."""
    if partial[0] is None:
        return ()
    major = int(partial[0])
    if partial[1] is None:
        return _at(">=", major), _below(major + 1)
    minor = int(partial[1])
    patch, pre = int(partial[2] or 0), _identifiers(partial[3] if partial[2] is not None else None)
    return _at(">=", major, minor, patch, pre), _below(major, minor + 1)


def _plain(operator: str, partial: Partial) -> Alternative:
    """A comparator, or a version of which numbers are left out."""
    if partial[0] is None:
        return _NOTHING if operator in {"<", ">"} else ()
    major = int(partial[0])
    minor, patch = (None if n is None else int(n) for n in partial[1:3])
    if minor is not None and patch is not None:
        return (_at(operator, major, minor, patch, _identifiers(partial[3])),)
    after = (major + 1, 0) if minor is None else (major, minor + 1)
    match operator:
        case ">":
            return (_at(">=", *after),)
        case "<=":
            return (_below(*after),)
        case "<":
            return (_below(major, minor or 0),)
        case ">=":
            return (_at(">=", major, minor or 0),)
        case _:
            return _at(">=", major, minor or 0), _below(*after)


def _from(partial: Partial) -> Alternative:
    """The lower end of `1.2 - 2.3`."""
    if partial[0] is None:
        return ()
    pre = _identifiers(partial[3] if partial[2] is not None else None)
    return (_at(">=", int(partial[0]), int(partial[1] or 0), int(partial[2] or 0), pre),)


def _to(partial: Partial) -> Alternative:
    """The upper end: a number that is left out counts as any."""
    if partial[0] is None:
        return ()
    major = int(partial[0])
    if partial[1] is None:
        return (_below(major + 1),)
    if partial[2] is None:
        return (_below(major, int(partial[1]) + 1),)
    return (_at("<=", major, int(partial[1]), int(partial[2]), _identifiers(partial[3])),)
