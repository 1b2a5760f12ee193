"""Physical lines to logical lines, as BuildKit's parser joins them.

Source: moby/buildkit `frontend/dockerfile/parser/parser.go` (`Parse`, `processLine`,
`trimContinuationCharacter`) and `directives.go`. What a line *is* gets decided on cooked text,
continuations removed; a `Logical` maps cooked offsets back to the text as written.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Go's unicode.IsSpace; Python's str.isspace knows \x1c-\x1f as well, which Go does not.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# What separates words: BuildKit's `[\t\v\f\r ]+`.
BLANK = "\t\v\f\r "
BOM = "\ufeff"
DIRECTIVES = ("syntax", "escape", "check")


class Logical:
    """One logical line.

    `raw` is the text as written, line end included; `cooked` what BuildKit sees, without the white
    space in front. `indent` is the offset of the first cooked character in `raw`. If lines were
    joined, `starts` holds the cooked offset of each piece and `origins` its offset in `raw`; both
    are empty for a single physical line.
    """

    __slots__ = ("cooked", "indent", "origins", "raw", "starts")

    def __init__(
        self,
        raw: str,
        cooked: str,
        indent: int,
        starts: Sequence[int] = (),
        origins: Sequence[int] = (),
    ) -> None:
        self.raw = raw
        self.cooked = cooked
        self.indent = indent
        self.starts = starts
        self.origins = origins

    def start(self, at: int) -> int:
        """The offset in `raw` of the cooked character `at`."""
        if not self.starts:
            return self.indent + at
        piece = bisect_right(self.starts, at) - 1
        return self.origins[piece] + at - self.starts[piece]

    def end(self, at: int) -> int:
        """The offset in `raw` behind the cooked character in front of `at`."""
        return self.start(at - 1) + 1 if at else self.start(0)


def continues(line: str, escape: str) -> int:
    r"""The length of a line's text in front of a continuation, or -1 if the line ends here.

    `line` has no line end. BuildKit's pattern is `([^\\])\\[ \t]*$|^\\[ \t]*$`: an escape character
    that is itself escaped continues nothing.
    """
    tail = line.rstrip(" \t")
    if not tail.endswith(escape) or tail.endswith(escape + escape):
        return -1
    return len(tail) - 1


def assemble(lines: Sequence[str], at: int, escape: str) -> tuple[Logical, int]:
    """The logical line that begins at physical line `at`, and the number of the line behind it.

    `lines` is the text split at line feeds (they are not part of the lines), so its last element
    has no line end.
    """
    first = lines[at]
    body = first.rstrip("\r")
    last = len(lines) - 1
    text = body.lstrip(SPACE)
    indent = len(body) - len(text)
    length = continues(text, escape)
    if length < 0:
        return Logical(first + "\n" if at < last else first, text, indent), at + 1
    pieces = [text[:length]]
    starts = [0]
    origins = [indent]
    cooked = length
    raw = len(first) + 1
    stop = at + 1
    while stop <= last:
        line = lines[stop]
        if stop == last and not line:
            break  # the text ends in a line feed: there is no further line
        stop += 1
        body = line.rstrip("\r")
        text = body.lstrip(SPACE)
        if text and text[0] != "#":
            length = continues(body, escape)
            starts.append(cooked)
            origins.append(raw)
            if length < 0:
                pieces.append(body)
                break
            pieces.append(body[:length])
            cooked += length
        raw += len(line) + 1
    joined = "\n".join(lines[at:stop])
    return Logical(
        joined + "\n" if stop <= last else joined, "".join(pieces), indent, starts, origins
    ), stop


def directive(line: str) -> tuple[str, str] | None:
    r"""The (lower-case name, value) of a parser directive, or None if the line is none.

    BuildKit: `^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$` with a name that it knows.
    """
    text = line.lstrip(SPACE)
    if not text.startswith("#"):
        return None
    name, equals, value = text[1:].lstrip(SPACE).partition("=")
    name = name.rstrip(" \t\f\r").lower()
    value = value.strip(" \t\f\r")
    return (name, value) if equals and value and name in DIRECTIVES else None
