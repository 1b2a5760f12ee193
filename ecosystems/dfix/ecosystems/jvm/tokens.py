"""Words of sources in Java, Kotlin, Scala or Groovy: names and literal texts, comments left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTES = ('"""', "'''", '"', "'")


class Token(NamedTuple):
    """A piece of a source: a `name`, a `string` (its text), a `line` end, or a `mark`."""

    kind: str
    text: str
    literal: bool = True  # a string without anything to be put in


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a source."""
    at, size = 0, len(text)
    while at < size:
        char = text[at]
        if text.startswith("//", at) and not text.startswith(":", at - 1):
            at = _until(text, "\n", at)
        elif text.startswith("/*", at):
            at = _until(text, "*/", at + 2) + 2
        elif char == "\n":
            yield Token("line", char)
            at += 1
        elif char in "\"'":
            quote = next(each for each in QUOTES if text.startswith(each, at))
            end = at + len(quote)
            while end < size and not text.startswith(quote, end):
                end += 2 if text[end] == "\\" else 1
            inner = text[at + len(quote) : end]
            yield Token("string", inner, "$" not in inner and "\\" not in inner)
            at = end + len(quote)
        elif char.isalpha() or char in "_$":
            end = at
            while end < size and (text[end].isalnum() or text[end] in "_$"):
                end += 1
            yield Token("name", text[at:end])
            at = end
        else:
            if not char.isspace():
                yield Token("mark", char)
            at += 1


def _until(text: str, end: str, start: int) -> int:
    found = text.find(end, start)
    return len(text) if found < 0 else found
