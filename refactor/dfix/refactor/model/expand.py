"""Variables in Dockerfile words, expanded as BuildKit's `shell/lex` does it.

https://docs.docker.com/reference/dockerfile/#environment-replacement
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Undecided(Exception):
    """The value depends on something that is not known here; `args[0]` names it."""


def variables(text: str, escape: str = "\\") -> tuple[str, ...]:
    """The names that a word expands, in order."""
    names: list[str] = []

    def note(name: str) -> str:
        names.append(name)
        return ""

    try:
        expand(text, note, escape)
    except Undecided:
        names.append("?")
    return tuple(names)


def expand(text: str, lookup: Callable[[str], str | None], escape: str = "\\") -> str:
    """The word with quotes removed and variables replaced; an unset variable is empty.

    `lookup` returns None for an unset variable and may raise `Undecided`; so does this function for
    a modifier that it does not know.
    """
    if not any(char in text for char in ("$", "'", '"', escape)):
        return text
    out: list[str] = []
    at, size = 0, len(text)
    double = False
    while at < size:
        char = text[at]
        if char == "'" and not double:
            close = text.find("'", at + 1)
            if close < 0:
                raise Undecided("an unclosed quote")
            out.append(text[at + 1 : close])
            at = close + 1
        elif char == '"':
            double = not double
            at += 1
        elif char == escape:
            following = text[at + 1 : at + 2]
            if double and following not in ('"', "$", escape):
                out.append(char)
            out.append(following)
            at += 2
        elif char == "$":
            value, at = _variable(text, at, lookup, escape)
            out.append(value)
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _variable(
    text: str, at: int, lookup: Callable[[str], str | None], escape: str
) -> tuple[str, int]:
    """The value of the variable at `text[at] == "$"`, and where the text goes on."""
    if text[at + 1 : at + 2] == "{":
        close = _closing_brace(text, at + 2)
        inner = text[at + 2 : close]
        end = 0
        while end < len(inner) and (inner[end].isalnum() or inner[end] == "_"):
            end += 1
        name, rest = inner[:end], inner[end:]
        if not name:
            raise Undecided("a malformed substitution")
        return _modified(name, rest, lookup, escape), close + 1
    end = at + 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    name = text[at + 1 : end]
    if not name:
        return "$", at + 1
    return lookup(name) or "", end


def _modified(name: str, rest: str, lookup: Callable[[str], str | None], escape: str) -> str:
    value = lookup(name)
    if not rest:
        return value or ""
    colon = rest.startswith(":")
    operator, word = (rest[1:2], rest[2:]) if colon else (rest[:1], rest[1:])
    is_set = value is not None and (not colon or value != "")
    match operator:
        case "-":
            return (value or "") if is_set else expand(word, lookup, escape)
        case "+":
            return expand(word, lookup, escape) if is_set else ""
        case "?" if is_set:
            return value or ""
        case _:
            raise Undecided(f"the substitution ${{{name}{rest}}}")


def _closing_brace(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at
        at += 1
    raise Undecided("an unclosed brace")
