"""Requirements of the standard's form, so that two spellings of one can be told to be the same.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/. Only what is surely equal
is: a marker that is not one comparison, or a version that is not plainly written, is compared as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.python.wheels import normalised

if TYPE_CHECKING:
    from dfix.ecosystems.python.pyproject import Pyproject

_OPERATORS = ("===", "==", "~=", "<=", ">=", "!=", "<", ">")


class Spec(NamedTuple):
    """One requirement: `versions` are its clauses, `marker` its condition with single blanks and quotes."""

    name: str
    extras: frozenset[str]
    versions: frozenset[str]
    marker: str
    url: str


def read_spec(text: str) -> Spec | None:
    """A requirement as written in a manifest; None if it is not of that form."""
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] in "-_."):
        end += 1
    name, rest = text[:end], text[end:].strip()
    extras: frozenset[str] = frozenset()
    if rest.startswith("["):
        inner, bracket, rest = rest[1:].partition("]")
        if not bracket:
            return None
        extras = frozenset(normalised(each.strip()) for each in inner.split(",") if each.strip())
        rest = rest.strip()
    if rest.startswith("@"):
        url, _, marker = rest[1:].partition(" ;")
        return Spec(normalised(name), extras, frozenset(), marker_of(marker), url.strip())
    versions, _, marker = rest.partition(";")
    found = clauses(versions)
    if not name or found is None:
        return None
    return Spec(normalised(name), extras, found, marker_of(marker), "")


def clauses(text: str) -> frozenset[str] | None:
    """The clauses of a version specifier, without blanks; None if one is not of that form."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    found = set()
    for each in text.split(","):
        clause = "".join(each.split())
        if not clause:
            continue
        operator = next((one for one in _OPERATORS if clause.startswith(one)), None)
        if operator is None or not clause[len(operator) :][:1].isalnum():
            return None
        found.add(clause)
    return frozenset(found)


def marker_of(text: str) -> str:
    """A marker with single blanks between its words and single quotes, else as it is written."""
    words: list[str] = []
    rest = text.strip()
    while rest:
        if rest[0] in "\"'":
            inner, quote, rest = rest[1:].partition(rest[0])
            if not quote:
                return text.strip()
            words.append(f"'{inner}'")
        elif rest[0] in "()":
            words.append(rest[0])
            rest = rest[1:]
        elif rest[0] in "<>=!~":
            end = len(rest) - len(rest.lstrip("<>=!~"))
            words.append(rest[:end])
            rest = rest[end:]
        else:
            end = next((n for n, mark in enumerate(rest) if mark in " \t\"'()<>=!~"), len(rest))
            words.append(rest[:end])
            rest = rest[end:]
        rest = rest.lstrip()
    return " ".join(words).replace("( ", "(").replace(" )", ")")


def refused(manifest: Pyproject, release: tuple[int, ...] | None) -> Unknown | None:
    """Why a manager may look for another Python than this release: the manifest may not allow it."""
    if release is None or len(release) < 2:  # noqa: PLR2004 - X.Y
        return Unknown("the version of Python in the image is not known")
    poetry = manifest.table("tool", "poetry", "dependencies").get("python", "")
    for text in (manifest.project.get("requires-python", ""), poetry):
        parts = ["".join(each.split()) for each in str(text).split(",") if each.strip()]
        if not all(admits(each, release) for each in parts):
            python = ".".join(map(str, release))
            return Unknown(f"whether Python {python} is one of {text} is not known")
    return None


def admits(clause: str, release: tuple[int, ...]) -> bool:
    """Does every Python of this release, X.Y or X.Y.Z, fulfil the clause? Not where that cannot be told."""
    operator = next((one for one in (*_OPERATORS, "^", "~") if clause.startswith(one)), "")
    version = clause[len(operator) :]
    wild = version.endswith(".*")
    parts = version.removesuffix(".*").split(".")
    if not all(part.isdigit() for part in parts):
        return False
    wanted = tuple(map(int, parts))
    minor = release[:2]
    if operator == ">=":
        return minor >= wanted[:2] and (len(wanted) < 3 or minor > wanted[:2] or wanted[2] == 0)  # noqa: PLR2004
    if operator == "<":
        return minor < wanted[:2] if len(wanted) > 1 else minor[:1] < wanted
    if operator == "==" and wild:
        return minor[: len(wanted)] == wanted
    if operator == "~=" and len(wanted) == 2:  # noqa: PLR2004 - ~=3.11 is >=3.11, <4
        return minor >= wanted and minor[0] == wanted[0]
    if operator == "^":
        return minor >= wanted[:2] and minor[0] == wanted[0] and not any(wanted[2:])
    if operator == "~":
        return minor[: len(wanted)] == wanted[:2] and not any(wanted[2:])
    if operator == "!=":
        return minor != wanted[:2]
    return False
