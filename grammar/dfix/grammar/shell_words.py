"""Shell words: where one ends, what it says, which variables it names.

Source: POSIX.1-2017, Shell Command Language, 2.2 (quoting), 2.3 (token recognition) and 2.6
(expansions), and the bash manual for `$'...'`, `<(...)` and brace expansion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.grammar.shell_values import Command

# Everything that neither ends a word nor changes how it is read.
_PLAIN = re.compile(r"""[^ \t\n'"\\$`|&;<>()*?\[{]+""")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACES = re.compile(r"\{[^\s{}]*(?:,|\.\.)[^\s{}]*\}")
_DOLLAR = re.compile(r"\$\{?[!#]?([A-Za-z_][A-Za-z0-9_]*)")
_SPECIAL = "@*#?-$!0123456789"
_STOPS = "|&;<>()"


class Unreadable(Exception):
    """The text is no shell script that could be read; the message says why."""


_NO_NAMES: frozenset[str] = frozenset()


class Word:
    """One word. `start` and `end` are offsets in the script's text.

    `value` is the word with its quotes removed, None if it holds an expansion. `glob` says that an
    unquoted `*`, `?`, `[` or a brace expansion makes it a pattern. `variables` are the names that
    it expands, `quoted` whether any part of it is quoted.
    """

    __slots__ = ("end", "glob", "quoted", "start", "text", "value", "variables")

    def __init__(
        self,
        text: str,
        start: int,
        *,
        value: str | None,
        glob: bool = False,
        variables: frozenset[str] = _NO_NAMES,
        quoted: bool = False,
    ) -> None:
        self.text = text
        self.start = start
        self.end = start + len(text)
        self.value = value
        self.glob = glob
        self.variables = variables
        self.quoted = quoted

    def __repr__(self) -> str:
        return f"Word({self.text!r}, value={self.value!r})"


class Scanner:
    """Cuts words out of one text.

    `substitute(at)` reads the script of a command substitution whose first character is at `at` and
    gives the offset of the closing parenthesis; `backquoted(start, end)` is told of what stands
    between backquotes. Both add to `found`; what they added goes again if it was no arithmetic.
    """

    __slots__ = ("_backquoted", "_counted", "_found", "_names", "_substitute", "seen", "text")

    def __init__(
        self,
        text: str,
        substitute: Callable[[int], int],
        backquoted: Callable[[int, int], None],
        found: list[Command],
    ) -> None:
        self.text = text
        self._substitute = substitute
        self._backquoted = backquoted
        self._found = found
        self._counted: dict[int, int | None] = {}  # arithmetic tried: a second try would double
        self._names: set[str] = set()
        self.seen: set[str] = set()  # every variable named anywhere

    def word(self, start: int, *, array: bool = False) -> Word:
        """The word at `start`, maybe empty. With `array`, `(...)` may follow an equals sign."""
        text, size = self.text, len(self.text)
        at = start
        outer, self._names = self._names, set()
        out: list[str] = []
        literal, glob, quoted = True, False, False
        while at < size:
            plain = _PLAIN.match(text, at)
            if plain is not None:
                out.append(plain.group())
                at = plain.end()
                continue
            char = text[at]
            if char in "*?[{":
                glob = glob or char != "{" or _BRACES.match(text, at) is not None
                out.append(char)
                at += 1
            elif char == "\\":
                if text.startswith("\n", at + 1):  # a continuation inside a here-document's script
                    at += 2
                    continue
                quoted = True
                out.append(text[at + 1 : at + 2])
                at = min(at + 2, size)
            elif char == "'":
                close = self._single(at)
                out.append(text[at + 1 : close - 1])
                at, quoted = close, True
            elif char == '"':
                at, inner = self._double(at)
                quoted = True
                literal = literal and inner is not None
                out.append(inner or "")
            elif char == "$":
                following = self._dollar(at, quoted=False)
                if following == at + 1:
                    out.append("$")
                else:
                    literal = False
                at = following
            elif char == "`":
                at, literal = self._backquotes(at), False
            elif char in "<>" and text.startswith("(", at + 1):
                at, literal = self._substitute(at + 2) + 1, False
            elif char == "(" and array and at > start and text[at - 1] == "=":
                at, literal = self._balanced(at, "(", ")"), False
            else:
                break
        names, self._names = self._names, outer
        self.seen |= names
        return Word(
            text[start:at],
            start,
            value="".join(out) if literal else None,
            glob=glob,
            variables=frozenset(names),
            quoted=quoted,
        )

    def document(self, start: int, end: int) -> None:
        """See the variables in a here-document's body; unreadable ones are searched for `$`."""
        text = self.text
        at = start
        try:
            while at < end:
                char = text[at]
                if char == "\\":
                    at += 2
                elif char == "$":
                    at = self._dollar(at, quoted=True)
                else:
                    at += 1
        except Unreadable:
            self._names.update(_DOLLAR.findall(text, start, end))
        self.seen |= self._names
        self._names.clear()

    def arithmetic(self, at: int) -> int | None:
        """The offset behind the `((...))` that opens at `at`; None if it is something else."""
        if at in self._counted:
            return self._counted[at]
        known = len(self._found)
        end: int | None = None
        try:
            close = self._balanced(at + 1, "(", ")", names=True)
        except Unreadable:
            pass
        else:
            end = close + 1 if self.text.startswith(")", close) else None
        if end is None:
            del self._found[known:]
        else:
            self.seen |= self._names
        self._counted[at] = end
        return end

    def condition(self, at: int) -> int:
        """The offset behind `[[ ... ]]`, whose brackets open at `at`."""
        text, size = self.text, len(self.text)
        at += 2
        while at < size:
            char = text[at]
            if char in " \t\n":
                at += 1
                if text.startswith("]]", at) and (at + 2 == size or text[at + 2] in " \t\n|&;<>()"):
                    return at + 2
            elif char in _STOPS and not (char in "<>" and text.startswith("(", at + 1)):
                at += 1
            else:
                at = max(self.word(at).end, at + 1)
        msg = "[[ without ]]"
        raise Unreadable(msg)

    def _single(self, at: int) -> int:
        close = self.text.find("'", at + 1)
        if close < 0:
            msg = "a quote without its end"
            raise Unreadable(msg)
        return close + 1

    def _double(self, at: int) -> tuple[int, str | None]:
        """The offset behind a double-quoted string and what it says."""
        text, size = self.text, len(self.text)
        out: list[str] = []
        literal = True
        at += 1
        while at < size:
            char = text[at]
            if char == '"':
                return at + 1, "".join(out) if literal else None
            if char == "\\":
                following = text[at + 1 : at + 2]
                if following != "\n":
                    out.append(
                        following if following and following in '$`"\\' else char + following
                    )
                at += 2
            elif char == "$":
                following_at = self._dollar(at, quoted=True)
                if following_at == at + 1:
                    out.append("$")
                else:
                    literal = False
                at = following_at
            elif char == "`":
                at, literal = self._backquotes(at), False
            else:
                out.append(char)
                at += 1
        msg = "a double quote without its end"
        raise Unreadable(msg)

    def _dollar(self, at: int, *, quoted: bool) -> int:
        """The offset behind the expansion at `at`; `at + 1` if the `$` stands for itself."""
        text = self.text
        char = text[at + 1 : at + 2]
        if char == "{":
            return self._parameter(at + 2, quoted=quoted)
        if char == "(":
            if text.startswith("((", at + 1):
                close = self.arithmetic(at + 1)
                if close is not None:
                    return close
            return self._substitute(at + 2) + 1
        if char == "[":
            return self._balanced(at + 1, "[", "]", names=True)
        if char == "'" and not quoted:
            return self._ansi(at + 2)
        if char == '"' and not quoted:
            return self._double(at + 1)[0]
        name = _NAME.match(text, at + 1)
        if name is not None:
            self._names.add(name.group())
            return name.end()
        return at + 2 if char and char in _SPECIAL else at + 1

    def _ansi(self, at: int) -> int:
        text, size = self.text, len(self.text)
        while at < size:
            if text[at] == "\\":
                at += 2
            elif text[at] == "'":
                return at + 1
            else:
                at += 1
        msg = "a quote without its end"
        raise Unreadable(msg)

    def _parameter(self, at: int, *, quoted: bool) -> int:
        """The offset behind `${...}`, whose content begins at `at`."""
        text, size = self.text, len(self.text)
        first = at + 1 if text[at : at + 1] in ("!", "#") and text[at + 1 : at + 2] != "}" else at
        name = _NAME.match(text, first)
        if name is not None:
            self._names.add(name.group())
            at = name.end()
        elif text[at : at + 1] and text[at] in _SPECIAL:
            at += 1
        # Inside double quotes bash and dash differ over single quotes here. Bash looks for the second
        # one, which is the stricter of both: whoever reads on must not lose count of the quotes.
        while at < size:
            char = text[at]
            if char == "}":
                return at + 1
            if char == "\\":
                at += 2
            elif char == "'":
                at = self._single(at)
            elif char == '"':
                at = self._double(at)[0]
            elif char == "$":
                at = self._dollar(at, quoted=quoted)
            elif char == "`":
                at = self._backquotes(at)
            else:
                at += 1
        msg = "${ without }"
        raise Unreadable(msg)

    def _backquotes(self, at: int) -> int:
        text, size = self.text, len(self.text)
        start = at + 1
        at = start
        while at < size:
            if text[at] == "\\":
                at += 2
            elif text[at] == "`":
                self._backquoted(start, at)
                return at + 1
            else:
                at += 1
        msg = "a backquote without its end"
        raise Unreadable(msg)

    def _balanced(self, at: int, opened: str, closed: str, *, names: bool = False) -> int:
        """The offset behind the bracket that closes the one at `at`; `names` notes names."""
        text, size = self.text, len(self.text)
        depth = 0
        while at < size:
            char = text[at]
            if char == opened:
                depth += 1
            elif char == closed:
                depth -= 1
                if not depth:
                    return at + 1
            elif char == "\\":
                at += 1
            elif char == "'":
                at = self._single(at)
                continue
            elif char == '"':
                at = self._double(at)[0]
                continue
            elif char == "$":
                at = self._dollar(at, quoted=False)
                continue
            elif char == "`":
                at = self._backquotes(at)
                continue
            elif names and (char.isalpha() or char == "_"):
                name = _NAME.match(text, at)
                if name is not None:
                    self._names.add(name.group())
                    at = name.end()
                    continue
            at += 1
        msg = f"{opened} without {closed}"
        raise Unreadable(msg)
