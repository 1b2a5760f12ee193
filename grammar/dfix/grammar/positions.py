"""Where nodes and tokens stand in the source: one linear pass over a file's tokens finds out."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from dfix.grammar.nodes import Comment, Dockerfile, Instruction, Remark, Token, Unparsed

if TYPE_CHECKING:
    from dfix.grammar.nodes import Node


class Positions:
    """The positions of one file's nodes. Lines count from 1, offsets (in characters) from 0."""

    def __init__(self, file: Dockerfile) -> None:
        self._file = file
        self._offsets: dict[int, int] = {}
        self._breaks: list[int] = []

    def _walk(self) -> dict[int, int]:
        """Offsets by id(token); the file keeps its tokens alive, so ids stay unique."""
        if not self._offsets:
            offset = 0
            parts: list[str] = []
            for leaf in self._file.leaves():
                offset += len(leaf.before)
                self._offsets[id(leaf)] = offset
                offset += len(leaf.text)
                parts.append(leaf.before)
                parts.append(leaf.text)
            text = "".join(parts)
            at = text.find("\n")
            while at >= 0:
                self._breaks.append(at)
                at = text.find("\n", at + 1)
        return self._offsets

    def offset(self, token: Token) -> int:
        """Where the token's text begins, without `before`. Raises KeyError for a stranger."""
        return self._walk()[id(token)]

    def line_at(self, offset: int) -> int:
        """The line of an offset."""
        self._walk()
        return bisect_right(self._breaks, offset - 1) + 1

    def column_at(self, offset: int) -> int:
        """The column of an offset, from 1, in characters."""
        line = self.line_at(offset)
        return offset - (self._breaks[line - 2] + 1 if line > 1 else 0) + 1

    def line(self, part: Node | Token) -> int:
        """The line of the first significant token: of an instruction, its keyword."""
        return self.line_at(self.offset(_first(part)))

    def span(self, part: Node | Token) -> tuple[int, int]:
        """The first and the last line, here-documents included, gap and comments not."""
        first = _first(part)
        start = self.offset(first)
        if isinstance(part, Instruction):
            start -= len(first.before)
        last = first
        for leaf in part.leaves():
            if leaf.text or leaf.before:
                last = leaf
        end = self.offset(last) + len(last.text)
        return self.line_at(start), max(self.line_at(start), self.line_at(end - 1))


def _first(part: Node | Token) -> Token:
    if isinstance(part, Token):
        return part
    if isinstance(part, Instruction):
        return part.keyword
    if isinstance(part, Unparsed):
        return part.text
    if isinstance(part, Remark) and part.comments:
        return part.comments[0].text
    if isinstance(part, Comment):
        return part.text
    return next(leaf for leaf in part.leaves())
