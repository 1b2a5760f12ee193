"""Requirements of the standard's form, so that two spellings of one can be told to be the same.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/. Only what is surely equal
is: a marker that is not one comparison, or a version that is not plainly written, is compared as text.
"""

from __future__ import annotations

from typing import NamedTuple

from dfix.ecosystems.python.wheels import normalised

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
