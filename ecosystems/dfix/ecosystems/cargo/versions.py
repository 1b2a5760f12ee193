"""Requirements of Cargo: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html."""

from __future__ import annotations

from typing import NamedTuple

_PARTS = 3


class Version(NamedTuple):
    """A version; `pre` sorts a release behind its pre-releases."""

    numbers: tuple[int, int, int]
    pre: tuple[tuple[int, int, str], ...]
    released: bool

    @property
    def key(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[int, int, str], ...]]:
        """What it is sorted by."""
        return self.numbers, self.released, self.pre


def parse(text: str) -> Version | None:
    """`1.2.3-rc.1+build`; None if it is no version."""
    core, _, pre = text.partition("+")[0].partition("-")
    numbers = core.split(".")
    if len(numbers) != _PARTS or not all(each.isdecimal() for each in numbers):
        return None
    first, second, third = map(int, numbers)
    return Version((first, second, third), _pre(pre), not pre)


def _pre(text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (0, int(each), "") if each.isdecimal() else (1, 0, each) for each in text.split(".") if text
    )


def satisfies(version: str, requirement: str) -> bool:
    """Does a version satisfy all comparators of a requirement? What is not understood is not satisfied."""
    found = parse(version)
    if found is None:
        return False
    parts = [each.strip() for each in requirement.split(",") if each.strip()]
    if not all(_comparator(found, each) for each in parts):
        return False
    # a pre-release is taken only where a comparator names one of the same numbers
    return found.released or any(_names_pre(found, each) for each in parts)


def _split(comparator: str) -> tuple[str, str]:
    text = comparator.lstrip("^~=<>")
    return comparator[: len(comparator) - len(text)], text.strip()


def _names_pre(found: Version, comparator: str) -> bool:
    named = parse(_split(comparator)[1])
    return named is not None and not named.released and named.numbers == found.numbers


def _comparator(found: Version, comparator: str) -> bool:
    operator, text = _split(comparator)
    core, _, pre = text.partition("+")[0].partition("-")
    parts = core.split(".")
    wild = next((n for n, each in enumerate(parts) if each in {"*", "x", "X"}), None)
    numbers = parts if wild is None else parts[:wild]
    if len(parts) > _PARTS or not all(each.isdecimal() for each in numbers):
        return False
    given = [int(each) for each in numbers]
    if not given:
        return wild is not None and operator in {"", "="}
    first, second, third = (*given, 0, 0)[:_PARTS]
    low = Version((first, second, third), _pre(pre), not pre)
    match operator:
        case "" if wild is not None:
            return list(found.numbers[: len(given)]) == given
        case "" | "^":
            return low.key <= found.key and _same(found, given, _left(given))
        case "~":
            return low.key <= found.key and _same(found, given, min(len(given), 2))
        case "=":
            same = list(found.numbers[: len(given)]) == given
            return same and (len(given) < _PARTS or found.pre == low.pre)
        case ">=":
            return found.key >= low.key
        case "<":
            return found.key < low.key
        case ">":
            return found.key > low.key and (
                len(given) == _PARTS or not _same(found, given, len(given))
            )
        case "<=":
            return found.key <= low.key or (len(given) < _PARTS and _same(found, given, len(given)))
        case _:
            return False


def _left(given: list[int]) -> int:
    """How many numbers must be equal: those up to the first that is not 0."""
    for at, number in enumerate(given):
        if number:
            return at + 1
    return len(given)


def _same(found: Version, given: list[int], count: int) -> bool:
    return list(found.numbers[:count]) == given[:count]
