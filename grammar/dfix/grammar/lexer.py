"""Logical lines to tokens: one mode for each kind of instruction.

The cuts are BuildKit's: moby/buildkit `frontend/dockerfile/parser/split_command.go` (keyword and
flags) and `line_parsers.go` (arguments). All decisions fall on cooked text; `Leaves` turns cooked
offsets into tokens that hold the source as written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dfix.grammar.lines import BLANK, SPACE
from dfix.grammar.nodes import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dfix.grammar.lines import Logical

    Mode = Callable[["Leaves", int, int], None]

WORD = re.compile(rf"[^{BLANK}]+")
STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
# A JSON string as Go's encoding/json reads it: no control characters, only the escapes of RFC 8259.
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
JSON_SPACE = " \t\r\n"


class Leaves:
    """The tokens of one logical line, made in order.

    `kinds` are the grammar's terminals, `values` the tokens. `at` is how much of the raw text has
    gone into tokens.
    """

    __slots__ = ("at", "cooked", "escape", "heredocs", "kinds", "line", "raw", "values")

    def __init__(self, line: Logical, escape: str) -> None:
        self.line = line
        self.cooked = line.cooked
        self.raw = line.raw
        self.escape = escape
        self.kinds: list[str] = []
        self.values: list[Token] = []
        self.at = 0
        self.heredocs = False  # may this line open here-documents?

    def add(self, terminal: str, start: int, end: int, kind: str) -> Token:
        """The token of a range of cooked text, with what lies between the last one and it."""
        line = self.line
        raw = line.raw
        value = self.cooked[start:end]
        if line.starts:
            begin = line.start(start)
            stop = line.start(end - 1) + 1
            text = raw[begin:stop]
            token = Token(kind, text, raw[self.at : begin], value)
        else:
            begin = line.indent + start
            stop = line.indent + end
            token = Token(kind, value, raw[self.at : begin])
        self.at = stop
        self.kinds.append(terminal)
        self.values.append(token)
        return token

    def add_empty(self, terminal: str, kind: str) -> None:
        """A token without text."""
        self.kinds.append(terminal)
        self.values.append(Token(kind, ""))

    def finish(self) -> None:
        """The end of the line: blanks in front, then the line end itself."""
        rest = self.raw[self.at :]
        if rest == "\n":
            before = ""
        else:
            cut = len(rest) - 2 if rest.endswith("\r\n") else len(rest) - rest.endswith("\n")
            before, rest = rest[:cut], rest[cut:]
        self.kinds.append("EOL")
        self.values.append(Token("EOL", rest, before))
        self.at = len(self.raw)


def lex(line: Logical, escape: str, leaves: Leaves | None = None) -> Leaves:
    """The tokens of a logical line, from the keyword to the line end."""
    leaves = Leaves(line, escape) if leaves is None else leaves
    cooked = line.cooked
    end = len(cooked.rstrip(SPACE))
    start = 0
    while start < end and cooked[start] in SPACE:  # behind a line of nothing but a backslash
        start += 1
    _instruction(leaves, start, end)
    leaves.finish()
    return leaves


def _instruction(leaves: Leaves, start: int, end: int) -> None:
    """Keyword, flags and arguments between two cooked offsets, without white space at the ends."""
    cooked = leaves.cooked
    stop = start
    while stop < end and cooked[stop] not in BLANK:
        stop += 1
    name = cooked[start:stop].upper()
    mode = MODES.get(name)
    if mode is None:
        if stop > start:
            leaves.add("UNKNOWN", start, stop, "KEYWORD")
        return
    leaves.add(name, start, stop, "KEYWORD")
    start = stop
    while start < end and cooked[start] in BLANK:
        start += 1
    if cooked.startswith("--", start, end):
        start = _flags(leaves, start, end)
    while start < end and cooked[start] in SPACE:
        start += 1
    mode(leaves, start, end)


def _flags(leaves: Leaves, start: int, end: int) -> int:
    """Cut the flags off; the offset of what follows them.

    BuildKit: `extractBuilderFlags`. It walks bytes, so that some characters beyond ASCII fall apart
    in a flag; here they stay whole.
    """
    cooked = leaves.cooked
    while cooked.startswith("--", start, end):
        at, equals = start, -1
        quote = ""
        while at < end:
            char = cooked[at]
            if char == "\\":
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in BLANK:
                break
            elif char == "=" and equals < 0:
                equals = at
            at += 1
        at = min(at, end)
        if equals < 0:
            leaves.add("FLAG", start, at, "FLAG")
            if at == start + 2:  # `--` alone ends the flags
                return at
        else:
            leaves.add("FLAG", start, equals, "FLAG")
            leaves.add("EQUALS", equals, equals + 1, "EQUALS")
            if at > equals + 1:
                leaves.add("FLAG_VALUE", equals + 1, at, "FLAG_VALUE")
        start = at
        while start < end and cooked[start] in BLANK:
            start += 1
    return start


def _words(leaves: Leaves, start: int, end: int, terminal: str) -> None:
    for match in WORD.finditer(leaves.cooked, start, end):
        leaves.add(terminal, match.start(), match.end(), "WORD")


def _ports(leaves: Leaves, start: int, end: int) -> None:
    _words(leaves, start, end, "PORT")


def _text(leaves: Leaves, start: int, end: int) -> None:
    if start < end:
        leaves.add("TEXT", start, end, "TEXT")


def _body(leaves: Leaves, start: int, end: int) -> None:
    if start < end and not _array(leaves, start, end):
        leaves.add("SCRIPT", start, end, "SHELL")


def _run(leaves: Leaves, start: int, end: int) -> None:
    if start == end:
        leaves.add_empty("SCRIPT", "SHELL")  # BuildKit accepts a RUN that runs nothing
        leaves.heredocs = True
    elif not _array(leaves, start, end):
        leaves.add("SCRIPT", start, end, "SHELL")
        leaves.heredocs = True


def _transfer(leaves: Leaves, start: int, end: int) -> None:
    if not _array(leaves, start, end):
        _words(leaves, start, end, "PATH")
        leaves.heredocs = True


def _listing(leaves: Leaves, start: int, end: int) -> None:
    if not _array(leaves, start, end):
        _words(leaves, start, end, "PATH")


def _array(leaves: Leaves, start: int, end: int) -> bool:
    """Cut a JSON array of strings; False, and nothing cut, if BuildKit would not read one here."""
    cooked = leaves.cooked
    while start < end and cooked[start] in SPACE:
        start += 1
    if start == end or cooked[start] != "[":
        return False
    cuts = [("OPEN", start, start + 1)]
    at = _skip(cooked, start + 1, end)
    if not cooked.startswith("]", at, end):
        while True:
            match = STRING.match(cooked, at, end)
            if match is None:
                return _other_array(leaves, start, end)
            cuts.append(("STRING", at, match.end()))
            at = _skip(cooked, match.end(), end)
            if not cooked.startswith(",", at, end):
                break
            cuts.append(("COMMA", at, at + 1))
            at = _skip(cooked, at + 1, end)
        if not cooked.startswith("]", at, end):
            return _other_array(leaves, start, end)
    cuts.append(("CLOSE", at, at + 1))
    at += 1
    while at < end and cooked[at] in SPACE:
        at += 1
    if at < end:
        cuts.append(("REST", at, end))
    for kind, begin, stop in cuts:
        leaves.add(kind, begin, stop, kind)
    return True


def _skip(cooked: str, at: int, end: int) -> int:
    while at < end and cooked[at] in JSON_SPACE:
        at += 1
    return at


def _other_array(leaves: Leaves, start: int, end: int) -> bool:
    """No array of strings: valid JSON is an error for BuildKit, all else is shell text or words."""
    import json  # noqa: PLC0415 - for look-alikes only

    def reject(name: str) -> None:
        raise ValueError(name)

    try:
        json.JSONDecoder(parse_constant=reject).raw_decode(leaves.cooked[start:end])
    except (ValueError, RecursionError):
        return False
    leaves.add("NOT_STRINGS", start, end, "TEXT")
    return True


def _from(leaves: Leaves, start: int, end: int) -> None:
    cooked = leaves.cooked
    for at, match in enumerate(WORD.finditer(cooked, start, end)):
        begin, stop = match.span()
        word = cooked[begin:stop].lower()
        if at == 1 and word == "as":
            leaves.add("AS", begin, stop, "AS")
        elif at == 2 and leaves.kinds[-1] == "AS" and STAGE_NAME.fullmatch(word):  # noqa: PLR2004
            leaves.add("NAME", begin, stop, "WORD")
        else:
            leaves.add("WORD" if at else "IMAGE", begin, stop, "WORD")


def _pair_word(escape: str) -> re.Pattern[str]:
    """A word of ENV, LABEL or ARG (BuildKit: `parseWords`).

    The groups hold an escape character that escapes nothing, which BuildKit drops.
    """
    mark = re.escape(escape)
    return re.compile(
        rf"""(?:[^{SPACE}'"{mark}]+|{mark}.|({mark}\Z)"""
        rf"""|"(?:[^"{mark}]+|{mark}.)*(?:"|({mark})?\Z)|'[^']*(?:'|\Z))+""",
        re.DOTALL,
    )


_PAIR_WORDS: dict[str, re.Pattern[str]] = {}


def _pairs(leaves: Leaves, start: int, end: int) -> None:
    pattern = _PAIR_WORDS.get(leaves.escape)
    if pattern is None:
        pattern = _PAIR_WORDS[leaves.escape] = _pair_word(leaves.escape)
    cooked = leaves.cooked
    for match in pattern.finditer(cooked, start, end):
        begin, stop = match.span()
        equals = cooked.find("=", begin, stop)
        dangling = match.lastindex is not None and match.end(match.lastindex) == stop
        if equals < 0:
            token = leaves.add("KEY", begin, stop, "KEY")
            if dangling:
                token.value = token.value[:-1]
            continue
        if equals == begin:  # without a name; the grammar must not take the word in front for it
            leaves.add("NAMELESS", begin, stop, "VALUE")
            continue
        leaves.add("KEY", begin, equals, "KEY")
        leaves.add("EQUALS", equals, equals + 1, "EQUALS")
        if equals + 1 < stop:
            token = leaves.add("VALUE", equals + 1, stop, "VALUE")
            if dangling:
                token.value = token.value[:-1]


def _assignments(leaves: Leaves, start: int, end: int) -> None:
    """ENV and LABEL: an equals sign in the first word makes `key=value ...`, else `key value`."""
    pattern = _PAIR_WORDS.get(leaves.escape)
    if pattern is None:
        pattern = _PAIR_WORDS[leaves.escape] = _pair_word(leaves.escape)
    cooked = leaves.cooked
    first = pattern.match(cooked, start, end)
    if first is None or cooked.find("=", start, first.end()) >= 0:
        _pairs(leaves, start, end)
        return
    stop = start
    while stop < end and cooked[stop] not in BLANK:
        stop += 1
    leaves.add("KEY", start, stop, "KEY")
    while stop < end and cooked[stop] in BLANK:
        stop += 1
    if stop < end:
        leaves.add("VALUE", stop, end, "VALUE")


def _healthcheck(leaves: Leaves, start: int, end: int) -> None:
    cooked = leaves.cooked
    stop = start
    while stop < end and cooked[stop] not in BLANK:
        stop += 1
    if start == stop:
        return
    name = cooked[start:stop].upper()
    leaves.add({"NONE": "NONE", "CMD": "TEST"}.get(name, "WORD"), start, stop, "WORD")
    while stop < end and cooked[stop] in BLANK:
        stop += 1
    _body(leaves, stop, end)


def _onbuild(leaves: Leaves, start: int, end: int) -> None:
    leaves.add_empty("GAP", "GAP")
    _instruction(leaves, start, end)
    leaves.add_empty("EOL", "EOL")


MODES: Mapping[str, Mode] = {
    "ADD": _transfer,
    "ARG": _pairs,
    "CMD": _body,
    "COPY": _transfer,
    "ENTRYPOINT": _body,
    "ENV": _assignments,
    "EXPOSE": _ports,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _assignments,
    "MAINTAINER": _text,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _body,
    "STOPSIGNAL": _text,
    "USER": _text,
    "VOLUME": _listing,
    "WORKDIR": _text,
}
