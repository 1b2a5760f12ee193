"""The words and operators of shell text, uninterpreted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPANSION = 5_000
"""Characters in which an expansion must end, so that reading stays linear."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEREDOC = re.compile(r"<<(?!<)(-?)[ \t]*[\\'\"]?([A-Za-z0-9_]+)['\"]?")
_SPACE = re.compile(r"(?:[ \t\r]|\\\r?\n)+")


def expansion_end(text: str, at: int) -> int:
    """Where the expansion that begins at a ``$`` or a back quote ends."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        return len(text) if end < 0 else end + 1
    following = text[at + 1 : at + 2]
    if following in {"(", "{"}:
        close = {"(": ")", "{": "}"}[following]
        depth, quote = 0, ""
        for position in range(at + 1, min(len(text), at + EXPANSION)):
            character = text[position]
            if quote:
                quote = "" if character == quote else quote
            elif character == "'" and following == "(":
                quote = character
            elif character == following:
                depth += 1
            elif character == close:
                depth -= 1
                if depth == 0:
                    return position + 1
        return min(len(text), at + EXPANSION)
    match = NAME.match(text, at + 1)
    if match is not None:
        return match.end()
    return at + 2 if following and following in "0123456789@*#?$!-" else at + 1


def tokens(text: str, first: int) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line); kind is word, operator or redirect. Here-documents are passed over."""
    at, line = 0, first
    heredocs: list[tuple[str, str]] = []
    while at < len(text):
        character = text[at]
        if character == "\n":
            yield "operator", "\n", line
            at, line = at + 1, line + 1
            for delimiter, strip in heredocs:
                at, line = _after_heredoc(text, at, line, delimiter, strip)
            heredocs = []
        elif (match := _SPACE.match(text, at)) is not None:
            at, line = match.end(), line + match[0].count("\n")
        elif character == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif (match := _HEREDOC.match(text, at)) is not None:
            heredocs.append((match[2], "\t" if match[1] else ""))  # <<- takes tabs away
            at = match.end()
            yield "redirect", "<<", line
            yield "word", "heredoc", line
        elif character in "<>" or text.startswith("&>", at):
            end = at + 1
            while end < len(text) and text[end] in "<>&|":
                end += 1
            yield "redirect", text[at:end], line
            at = end
        elif character in ";&|()":
            end = at + 1
            while end < len(text) and character in ";&|" and text[end] == character:
                end += 1
            yield "operator", text[at:end], line
            at = end
        else:
            end = _word_end(text, at)
            yield "word", text[at:end], line
            line += text.count("\n", at, end)
            at = end


def _after_heredoc(text: str, at: int, line: int, delimiter: str, strip: str) -> tuple[int, int]:
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        content = text[at:end].rstrip("\r")
        at, line = min(end + 1, len(text)), line + 1
        if (content.lstrip(strip) if strip else content) == delimiter:
            break
    return at, line


def _word_end(text: str, at: int) -> int:
    quote = ""
    while at < len(text):
        character = text[at]
        if quote == "'":
            quote = "" if character == "'" else quote
            at += 1
        elif character == "\\":
            at += 2
        elif (character == "$" and text[at + 1 : at + 2] in {"(", "{"}) or character == "`":
            at = expansion_end(text, at)
        elif character in "\"'" and (not quote or quote == character):
            quote = "" if quote else character
            at += 1
        elif not quote and character in " \t\r\n;&|()<>":
            break
        else:
            at += 1
    return min(at, len(text))
