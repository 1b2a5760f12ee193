r"""Which here-documents a line opens.

Source: moby/buildkit `parser.go` (`heredocsFromLine`, `heredocFromMatch`) and `shell/lex.go`: the
line is split as the builder's own word lexer would, with nothing set in the environment, and a word
`^(\d*)<<(-?)([^<]*)$` opens a document. A line that this lexer rejects opens none.
"""

from __future__ import annotations

from typing import NamedTuple

from dfix.grammar.lines import SPACE


class Opener(NamedTuple):
    """A here-document to come: its terminator; with `chomp` (`<<-`) tabs may precede it."""

    name: str
    chomp: bool


class _Rejected(Exception):
    """The builder's lexer gives up on this text."""


def openers(line: str) -> tuple[Opener, ...] | None:
    """The documents that a cooked line opens, in order; None if BuildKit rejects one of them."""
    if "<<" not in line:
        return ()
    try:
        words = _Words(line, raw=True).split()
    except _Rejected:
        return ()
    found: list[Opener] = []
    for word in words:
        try:
            opener = _opener(word)
        except _Rejected:
            return None
        if opener is not None:
            found.append(opener)
    return tuple(found)


def _opener(word: str) -> Opener | None:
    digits = len(word) - len(word.lstrip("0123456789"))
    rest = word[digits:]
    if not rest.startswith("<<"):
        return None
    rest = rest[2:]
    chomp = rest.startswith("-")
    rest = rest[1:] if chomp else rest
    if not rest or "<" in rest:
        return None
    names = _Words(rest, raw=False).split()
    return Opener(names[0], chomp) if len(names) == 1 else None


class _Words:
    """The builder's word lexer over one text; `raw` keeps quotes and escapes."""

    __slots__ = ("at", "raw", "text")

    def __init__(self, text: str, *, raw: bool) -> None:
        self.text = text
        self.at = 0
        self.raw = raw

    def split(self) -> list[str]:
        """The words of the whole text."""
        return self._until("", self.raw)[1]

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str, list[str]]:  # noqa: FBT001
        text, size = self.text, len(self.text)
        result: list[str] = []
        words: list[str] = []
        word: list[str] = []
        while self.at < size:
            char = text[self.at]
            if char == stop:
                self.at += 1
                break
            if char in "'\"":
                part = self._quoted(char)
                word.append(part)
                result.append(part)
            elif char == "$":
                part = self._dollar()
                result.append(part)
                for one in part:
                    _add(one, word, words)
            elif char == "\\":
                part = text[self.at + 1 : self.at + 2]
                self.at += 2
                if raw_escapes:
                    part = "\\" + part
                word.append(part)
                result.append(part)
            else:
                self.at += 1
                result.append(char)
                _add(char, word, words)
        else:
            if stop:
                raise _Rejected
        if any(word):
            words.append("".join(word))
        return "".join(result), words

    def _quoted(self, quote: str) -> str:
        text = self.text
        begin = self.at
        at = begin + 1
        out: list[str] = []
        while at < len(text):
            char = text[at]
            if char == quote:
                self.at = at + 1
                inner = "".join(out)
                return f"{quote}{inner}{quote}" if self.raw else inner
            if quote == '"' and char == "$":
                self.at = at
                out.append(self._dollar())
                at = self.at
                continue
            if quote == '"' and char == "\\":
                following = text[at + 1 : at + 2]
                if self.raw:
                    out.append("\\")
                if following and following in '"$\\':
                    out.append(following)
                    at += 2
                    continue
                if following:
                    out.append("\\")
                at += 1
                continue
            out.append(char)
            at += 1
        raise _Rejected

    def _dollar(self) -> str:
        text = self.text
        self.at += 1
        if text[self.at : self.at + 1] != "{":
            return "$" + self._name()
        self.at += 1
        if text[self.at : self.at + 1] in ("", "{", "}", ":"):
            raise _Rejected
        name = self._name()
        operator = text[self.at : self.at + 1]
        self.at += 1
        if operator == "}":
            return f"${{{name}}}"
        if operator == ":":
            operator += text[self.at : self.at + 1]
            self.at += 1
        if operator[-1:] and operator[-1] in "+-?#%" and operator:
            word, _ = self._until("}", operator[-1] in "#%")
            return f"${{{name}{operator}{word}}}"
        if operator == "/":
            if text[self.at : self.at + 1] == "/":
                self.at += 1
            pattern, _ = self._until("/", raw_escapes=True)
            replacement, _ = self._until("}", raw_escapes=True)
            return f"${{{name}/{pattern}/{replacement}}}"
        raise _Rejected

    def _name(self) -> str:
        text = self.text
        begin = self.at
        first = text[begin : begin + 1]
        if first.isdecimal():
            while text[self.at : self.at + 1].isdecimal():
                self.at += 1
        elif first and first in "@*#?-$!":
            self.at += 1
        else:
            while (char := text[self.at : self.at + 1]) and (
                char == "_" or char.isalpha() or char.isdecimal()
            ):
                self.at += 1
        return text[begin : self.at]


def _add(char: str, word: list[str], words: list[str]) -> None:
    if char in SPACE:
        if any(word):
            words.append("".join(word))
            word.clear()
    else:
        word.append(char)
