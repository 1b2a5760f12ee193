"""Edits inside a token that continuations cut across.

Offsets count in the cooked text; the raw text is what changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.lines import SPACE, Logical, assemble, continues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.grammar.nodes import Token

    Edit = tuple[int, int, str]


def splice(token: Token, edits: Sequence[Edit], escape: str = "\\") -> Token:
    """A copy of the token with ranges of its cooked text replaced: `(start, end, new text)`.

    Raw text that no edit touches stays byte for byte: continuations, comment lines, blanks. A
    removed range takes its continuations along, and its comment lines unless it fills whole lines
    that others follow; a replaced one takes both. New text may hold continuations of its own. What an
    edit leaves dangling at the end (a continuation, comment lines that nothing follows) goes.

    Raises ValueError if edits overlap or lie outside, or if the outcome would end the logical line
    early.
    """
    line = _logical(token, escape)
    raw, size = token.text, len(line.cooked)
    out: list[str] = []
    done = raw_done = 0
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        if not done <= start <= end <= size:
            msg = f"edit {start}:{end} overlaps another or lies outside of 0:{size}"
            raise ValueError(msg)
        begin, stop = _raw_bounds(line, start, end)
        out.append(raw[raw_done : max(begin, raw_done)])
        if not text:
            text, stop = _comments_left(raw, max(begin, raw_done), stop, escape)  # noqa: PLW2901 - what is left of it
        out.append(text)
        done, raw_done = end, max(stop, raw_done)
    out.append(raw[raw_done:])
    text = _closed("".join(out), escape)
    made, stop_line = assemble(text.split("\n"), 0, escape)
    if stop_line <= text.count("\n"):
        msg = "the edit would end the line early"
        raise ValueError(msg)
    return token.with_changes(text=text, value=made.cooked)


def raw_range(token: Token, start: int, end: int, escape: str = "\\") -> str:
    """The raw text between two cooked offsets, continuations and comment lines included."""
    line = _logical(token, escape)
    first = line.end(start)
    return token.text[
        first : max(first, len(token.text) if end == len(line.cooked) else line.start(end))
    ]


def _logical(token: Token, escape: str) -> Logical:
    line, stop = assemble(token.text.split("\n"), 0, escape)
    if line.cooked != token.value or stop <= token.text.count("\n"):
        msg = "the token's text is not its value"
        raise ValueError(msg)
    return line


def _raw_bounds(line: Logical, start: int, end: int) -> tuple[int, int]:
    """The raw range of a cooked one. A continuation on the border goes with blanks beside it."""
    cooked, size = line.cooked, len(line.cooked)
    if start == end:
        behind = start and (start == size or cooked[start - 1] not in " \t")
        at = line.end(start) if behind else line.start(start)
        return at, at
    begin = line.end(start) if start and cooked[start] in " \t" else line.start(start)
    if end == size:
        return begin, len(line.raw)
    return begin, line.start(end) if cooked[end - 1] in " \t" else line.end(end)


def _comments_left(raw: str, begin: int, stop: int, escape: str) -> tuple[str, int]:
    """The comment lines of a removed range that filled its lines, behind a continuation; and where the text goes on.

    The cooked text gains and loses no blank by that. Where something else stands on the last line,
    nothing is left.
    """
    first, *lines = raw[begin:stop].split("\n")
    comments = [line for line in lines[:-1] if line.lstrip(SPACE).startswith("#")]
    behind, newline, _ = raw[stop:].partition("\n")
    if not comments or not newline or behind.strip(SPACE) != escape:
        return "", stop
    blanks = behind[: len(behind) - len(behind.lstrip(SPACE))]
    end = "\r\n" if first.endswith("\r") else "\n"
    kept = f"{blanks}{escape}{end}" + "".join(f"{line}\n" for line in comments)
    return kept, stop + len(behind) + 1


def _closed(text: str, escape: str) -> str:
    """The text without blanks, continuations and dropped lines at its end."""
    lines = text.split("\n")
    while True:
        last = lines[-1].strip(SPACE)
        if len(lines) > 1 and (not last or last.startswith("#")):
            lines.pop()
        elif (length := continues(lines[-1].rstrip("\r"), escape)) >= 0:
            lines[-1] = lines[-1][:length]
        else:
            break
    lines[-1] = lines[-1].rstrip(SPACE)
    return "\n".join(lines)
