"""From which version on the index has wheels of a distribution, by Python.

An older version that a project pins is compiled when it is installed. A full Python image has
headers of many libraries, so that works, and the result loads libraries that a slim image lacks:
Pillow 9.5.0 on Python 3.12 finds no libjpeg there (tried). Only distributions stand here whose
sources link to such a library: those of buildpack-deps that CPython itself does not need,
https://github.com/docker-library/buildpack-deps/blob/master/debian/bookworm/Dockerfile. All
others, compiled or not, load what both images have.
"""

from __future__ import annotations

from typing import Final

Version = tuple[int, ...]

# First versions with a manylinux wheel for x86_64, as `pip index versions NAME --only-binary=:all:
# --python-version X.Y` told in November 2026.
SINCE: Final[dict[str, dict[Version, Version]]] = {
    "pillow": {
        (3, 7): (5, 2, 0),
        (3, 8): (6, 2, 1),
        (3, 9): (8, 0, 0),
        (3, 10): (8, 3, 2),
        (3, 11): (9, 2, 0),
        (3, 12): (10, 0, 0),
        (3, 13): (10, 4, 0),
        (3, 14): (11, 3, 0),
    },
    "lxml": {
        (3, 7): (4, 2, 2),
        (3, 8): (4, 4, 1),
        (3, 9): (4, 5, 2),
        (3, 10): (4, 6, 3),
        (3, 11): (4, 9, 1),
        (3, 12): (4, 9, 3),
        (3, 13): (5, 3, 0),
        (3, 14): (6, 0, 1),
    },
    "psycopg2-binary": {
        (3, 7): (2, 7, 5),
        (3, 8): (2, 8, 4),
        (3, 9): (2, 8, 6),
        (3, 10): (2, 9, 1),
        (3, 11): (2, 9, 5),
        (3, 12): (2, 9, 9),
        (3, 13): (2, 9, 10),
        (3, 14): (2, 9, 11),
    },
    "gmpy2": {
        (3, 7): (2, 1, 0),
        (3, 8): (2, 1, 0),
        (3, 9): (2, 1, 0),
        (3, 10): (2, 1, 0),
        (3, 11): (2, 1, 4),
        (3, 12): (2, 2, 0),
        (3, 13): (2, 2, 0),
        (3, 14): (2, 2, 2),
    },
}
_OPERATORS = ("===", "==", "~=", "<=", ">=", "!=", "<", ">", "^")
_ABOVE = 1_000_000  # stands for "whatever comes behind"


def compiled(name: str, requirement: str, release: Version | None) -> str | None:
    """Why this version is, or may be, compiled when it is installed on that Python; None if a wheel is there."""
    since = SINCE.get(name)
    bound = newest(requirement)
    if since is None or bound is None:
        return None
    minor = release[:2] if release is not None and len(release) > 1 else max(since)
    python = ".".join(map(str, minor))
    if minor > max(since):
        return f"whether {requirement} has a wheel for Python {python} is not known"
    if bound < since[max(minor, min(since))]:
        return f"{requirement} has no wheel for Python {python} and is compiled against libraries of the full image"
    return None


def newest(requirement: str) -> Version | None:
    """The newest version that a requirement allows; None if it sets no bound above, or one that is not understood."""
    text = requirement.partition(";")[0].partition(" #")[0].partition("[")
    spec = text[2].partition("]")[2] if text[1] else text[0]
    bounds = [found for clause in spec.split(",") if (found := _bound(clause)) is not None]
    return min(bounds, default=None)


def _bound(clause: str) -> Version | None:
    at = min((clause.find(mark) for mark in "=~<>!^" if mark in clause), default=-1)
    if at < 0:
        return None
    clause = clause[at:].strip().strip("()\"' ")
    operator = next((each for each in _OPERATORS if clause.startswith(each)), "")
    parts = clause[len(operator) :].strip().split(" ")[0].split(".")
    numbers = tuple(int(part) for part in parts if part.isdigit())
    if not numbers:
        return None
    match operator:
        case "==" | "===" | "<=":
            return (*numbers, _ABOVE) if parts[-1] == "*" else numbers
        case "~=":
            return (*numbers[:-1], _ABOVE)
        case "^":
            return (numbers[0], _ABOVE)
        case "<":
            return _below(numbers)
        case _:
            return None


def _below(numbers: Version) -> Version:
    """The newest version in front of this one."""
    last = len(numbers) - 1
    while last > 0 and numbers[last] == 0:
        last -= 1
    return (*numbers[:last], max(numbers[last] - 1, 0), _ABOVE)
