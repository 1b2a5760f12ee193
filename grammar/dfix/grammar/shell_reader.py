"""Reads a script: tokens as the grammar's state allows, and what `shell` hands out."""

from __future__ import annotations

import functools
import re
from typing import Any

from dfix.grammar.driver import END, Driver, load
from dfix.grammar.shell_values import Assigned, Command, Member, Redirect, Span
from dfix.grammar.shell_words import Scanner, Unreadable, Word

_BLANKS = re.compile(r"(?:[ \t]|\\\n)+")
# A word that means what it says: nothing in it is special to any shell, and it ends where it ends.
_LITERAL = re.compile(r"[A-Za-z0-9_./:@%+,-]+(?=[ \t\n;&|)]|\Z)")
_DIGITS = re.compile(r"(?:[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})(?=[<>])")
_REDIRECT = re.compile(r"<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]\s]*\])?\+?=")
_TIMED = re.compile(r"time(?=[ \t]+(?:[({!]|if[ \t]|for[ \t]|while[ \t]|until[ \t]|case[ \t]))")
_OPERATORS = {
    "&&": "AND",
    "||": "OR",
    ";;&": "DSEMI",
    ";;": "DSEMI",
    ";&": "DSEMI",
    "|&": "PIPE",
    "|": "PIPE",
    ";": "SEMI",
    "&": "AMP",
    "(": "LPAR",
    ")": "RPAR",
}
_RESERVED = {
    "if": "IF",
    "then": "THEN",
    "elif": "ELIF",
    "else": "ELSE",
    "fi": "FI",
    "for": "FOR",
    "select": "FOR",
    "in": "IN",
    "do": "DO",
    "done": "DONE",
    "while": "WHILE",
    "until": "UNTIL",
    "case": "CASE",
    "esac": "ESAC",
    "function": "FUNCTION",
    "{": "LBRACE",
    "}": "RBRACE",
    "!": "BANG",
    "]]": "UNOPENED",  # of no rule: it closes what `Scanner.condition` reads
}
_MAYBE_BLANK = frozenset(" \t\\")
_MAYBE_SPECIAL = frozenset("&|;()<>{0123456789")
# Behind these a reserved word is an argument, whatever the grammar's look-ahead would allow.
_PLAIN_CONTEXT = frozenset({"WORD", "ASSIGNMENT", "TARGET"})
# Behind these stands one word, and behind that a reserved word again.
_NAMING = frozenset({"FOR", "CASE", "FUNCTION"})


class Reader:
    """Reads one text; after `read`, `commands` are all simple commands found, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.commands: list[Command] = []
        self.marks: list[tuple[int, int, str]] = []
        self.opaque_parts = False
        self.ends_in_comment = False
        self.scanner = Scanner(text, self._substitution, self._backquoted, self.commands)
        self._driver = _shell_driver().of(self)
        self._documents: list[tuple[str, bool, bool]] = []  # terminator, chomp, quoted

    def read(self) -> list[Member]:
        """The members of the top-level list. Raises Unreadable."""
        members, _ = self._list(0, nested=False)
        if self.marks:
            for command in self.commands:
                start, end = command.start, command.end
                command.context = frozenset(
                    label for first, last, label in self.marks if first <= start and end <= last
                )
        self.commands.sort(key=lambda command: command.start)
        return members

    def _substitution(self, at: int) -> int:
        """Read the script inside `$(...)` from `at` on; the offset of its closing parenthesis."""
        waiting, self._documents = self._documents, []
        _, end = self._list(at, nested=True)
        self._documents = waiting
        self.marks.append((at, end, "substitution"))
        return end

    def _backquoted(self, start: int, end: int) -> None:
        """What stands between backquotes is read if no backslash changes what it says."""
        inner = self.text[start:end]
        if "\\" in inner:
            self.opaque_parts = True
            return
        reader = Reader(" " * start + inner)  # blanks in front keep the offsets true
        try:
            reader.read()
        except Unreadable:
            self.opaque_parts = True
            return
        self.commands += reader.commands
        self.marks += reader.marks
        self.marks.append((start, end, "substitution"))
        self.scanner.seen |= reader.scanner.seen
        self.opaque_parts |= reader.opaque_parts

    def _list(self, at: int, *, nested: bool) -> tuple[list[Member], int]:
        """Read a list from `at` to the end of the text or, nested, to the `)` that closes it."""
        text, size = self.text, len(self.text)
        driver = self._driver
        path = [0]
        stack: list[Any] = []
        last = earlier = operator = ""
        while True:
            char = text[at : at + 1]
            if char in _MAYBE_BLANK:
                blanks = _BLANKS.match(text, at)
                if blanks is not None:
                    at = blanks.end()
                    char = text[at : at + 1]
            start = at
            if char == "#":
                at = text.find("\n", at)
                if at < 0:
                    at = size
                    self.ends_in_comment = not nested or self.ends_in_comment
                continue
            kind = "WORD"
            value: Any = None
            if not char:
                if nested:
                    raise _unexpected("the end", at)
                kind = END
            elif char == "\n":
                kind, at = "NEWLINE", self._bodies(at + 1)
                value = Span(start, start + 1)
            elif char in _MAYBE_SPECIAL and (found := self._special(at, last, path)) is not None:
                kind, value, at = found
            else:
                kind, value, at = self._word(at, last, earlier, path)
            if not driver.advance(path, stack, kind, value):
                if kind == "RPAR" and nested and driver.advance(path, stack, END, None):
                    return stack[0], start
                raise _unexpected(repr(text[start:at]) if start < at else "the end", start)
            if kind == END:
                return stack[0], size
            if last == "REDIRECT":
                self._await_document(operator, value)
                kind = "TARGET"
            elif kind == "REDIRECT":
                operator = text[start:at]
            earlier, last = last, kind

    def _special(self, at: int, last: str, path: list[int]) -> tuple[str, Any, int] | None:
        """The operator at `at`, or None if a word begins there."""
        text = self.text
        char = text[at]
        if char in "0123456789{":
            if last == "REDIRECT":
                return None
            digits = _DIGITS.match(text, at)
            return None if digits is None else ("FD", Span(*digits.span()), digits.end())
        if char in "<>" and text.startswith("(", at + 1):
            return None  # process substitution is a word
        redirect = _REDIRECT.match(text, at)
        if redirect is not None:
            return "REDIRECT", Span(*redirect.span()), redirect.end()
        may_count = text.startswith("((", at) and last not in _PLAIN_CONTEXT
        if may_count and self._driver.accepts(path, "ARITHMETIC"):
            close = self.scanner.arithmetic(at)
            if close is not None:
                return "ARITHMETIC", Span(at, close), close
        for length in (3, 2, 1):
            kind = _OPERATORS.get(text[at : at + length])
            if kind is not None:
                return kind, Span(at, at + length), at + length
        return None

    def _word(self, at: int, last: str, earlier: str, path: list[int]) -> tuple[str, Any, int]:
        """The reserved word, assignment or word at `at`."""
        text = self.text
        literal = _LITERAL.match(text, at)
        if literal is not None:
            plain = literal.group()
            if plain not in _RESERVED and plain != "time":
                return "WORD", Word(plain, at, value=plain), literal.end()
        scanner, accepts = self.scanner, self._driver.accepts
        if last == "REDIRECT":
            word = scanner.word(at)
            return "WORD", word, word.end
        if last not in _PLAIN_CONTEXT:
            if (
                text.startswith("[[", at)
                and text[at + 2 : at + 3] in " \t\n"
                and accepts(path, "CONDITION")
            ):
                end = scanner.condition(at)
                return "CONDITION", Span(at, end), end
            if _TIMED.match(text, at) and accepts(path, "TIME"):
                return "TIME", Span(at, at + 4), at + 4
        assigned = _ASSIGNMENT.match(text, at)
        if assigned is not None and accepts(path, "ASSIGNMENT"):
            word = self._value(assigned.end())
            return "ASSIGNMENT", Assigned(at, word.end, assigned.group(1), word), word.end
        word = scanner.word(at, array=assigned is not None)
        kind = _RESERVED.get(word.text.replace("\\\n", ""))
        if kind is not None:
            awaited = last not in _PLAIN_CONTEXT or (last == "WORD" and earlier in _NAMING)
            # where a command could begin, a reserved word out of place is no command of that name
            if awaited and (accepts(path, kind) or accepts(path, "IF")):
                return kind, Span(at, word.end), word.end
        return "WORD", word, word.end

    def _value(self, at: int) -> Word:
        """The value of an assignment: a word, or an array in parentheses."""
        if not self.text.startswith("(", at):
            return self.scanner.word(at)
        whole = self.scanner.word(at - 1, array=True)  # from the equals sign on
        return Word(self.text[at : whole.end], at, value=None, variables=whole.variables)

    def _await_document(self, operator: str, word: Word) -> None:
        """A here-document's body is read where the line ends."""
        if operator in ("<<", "<<-"):
            name = word.value if word.value is not None else word.text
            self._documents.append((name, operator == "<<-", word.quoted))

    def _bodies(self, at: int) -> int:
        """Skip the here-documents that wait for their bodies; the offset behind them."""
        text, size = self.text, len(self.text)
        for name, chomp, quoted in self._documents:
            begin = at
            while at < size:
                end = text.find("\n", at)
                end = size if end < 0 else end
                line = text[at:end]
                stop = at
                at = min(end + 1, size)
                if (line.lstrip("\t") if chomp else line) == name:
                    break
            else:
                stop = size
            if not quoted:
                self.scanner.document(begin, stop)
        self._documents.clear()
        return at

    # What the grammar's alternatives build
    # -------------------------------------------------------------------------

    def _mark(self, span: Span, label: str) -> Span:
        self.marks.append((span.start, span.end, label))
        return span

    def _nothing(self, _lines: None) -> list[Member]:
        return []

    def _top(self, _lines: None, members: list[Member]) -> list[Member]:
        return members

    def _none(self) -> None:
        return None

    def _drop(self, _lines: None, _newline: Span) -> None:
        return None

    def _keep(self, operator: Span) -> Span:
        return operator

    def _separator(self, operator: Span, _lines: None) -> Span:
        return operator

    def _first(self, pipeline: Any) -> list[Member]:
        return [Member(pipeline)]

    def _joined(
        self, members: list[Member], operator: Span, _lines: None, pipeline: Any
    ) -> list[Member]:
        members[-1].close(self.text[operator.start : operator.end], operator)
        members.append(Member(pipeline))
        if members[-2].operator == "||":
            self._mark(pipeline, "conditional")
        return members

    def _joined_plainly(self, members: list[Member], operator: Span, pipeline: Any) -> list[Member]:
        self._ended(members, operator)
        members.append(Member(pipeline))
        return members

    def _unended(self, members: list[Member]) -> list[Member]:
        return members

    def _ended(self, members: list[Member], operator: Span) -> list[Member]:
        members[-1].close(self.text[operator.start : operator.end], operator)
        if members[-1].operator == "&":
            first = len(members) - 1
            while first and members[first - 1].operator in ("&&", "||"):
                first -= 1
            self._mark(Span(members[first].pipeline.start, members[-1].pipeline.end), "background")
        return members

    def _one_command(self, command: Any) -> list[Any]:
        return [command]

    def _more_commands(
        self, commands: list[Any], _pipe: Span, _lines: None, command: Any
    ) -> list[Any]:
        commands.append(command)
        return commands

    def _unpiped(self, commands: list[Any]) -> Any:
        if len(commands) == 1:
            return commands[0]
        return self._mark(Span(commands[0].start, commands[-1].end), "pipeline")

    def _negated(self, bang: Span, pipeline: Any) -> Span:
        return self._mark(Span(bang.start, pipeline.end), "negated")

    def _one_part(self, part: Any) -> list[Any]:
        return [part]

    def _more_parts(self, parts: list[Any], part: Any) -> list[Any]:
        parts.append(part)
        return parts

    def _simple(self, parts: list[Any]) -> Command:
        command = Command(
            parts[0].start,
            parts[-1].end,
            tuple((part.name, part.word) for part in parts if isinstance(part, Assigned)),
            tuple(part for part in parts if isinstance(part, Word)),
            tuple(part for part in parts if isinstance(part, Redirect)),
        )
        self.commands.append(command)
        return command

    def _redirect(self, operator: Span, target: Word) -> Redirect:
        return Redirect(
            operator.start, target.end, "", self.text[operator.start : operator.end], target
        )

    def _redirect_of(self, fd: Span, operator: Span, target: Word) -> Redirect:
        text = self.text
        return Redirect(
            fd.start,
            target.end,
            text[fd.start : fd.end],
            text[operator.start : operator.end],
            target,
        )

    def _whole(self, *parts: Any) -> Span:
        """The range from the first part that has a place to the last one."""
        placed = [part for part in parts if part is not None]
        first, last = placed[0], placed[-1]
        return Span(
            first[0].pipeline.start if first.__class__ is list else first.start,
            last[-1].pipeline.end if last.__class__ is list else last.end,
        )

    def _group(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "group")

    def _subshell(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "subshell")

    def _conditional(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "conditional")

    def _repeated(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "loop")

    def _case(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "case")

    def _function(self, *parts: Any) -> Span:
        return self._mark(self._whole(*parts), "function")


BUILDERS = (
    "nothing", "top", "none", "drop", "keep", "separator", "first", "joined", "joined_plainly",
    "unended", "ended", "one_command", "more_commands", "unpiped", "negated", "one_part",
    "more_parts", "simple", "redirect", "redirect_of", "whole", "group", "subshell", "conditional",
    "repeated", "case", "function",
)  # fmt: skip


@functools.cache
def _shell_driver() -> Driver:
    """The driver of all readers; made on first use."""
    return Driver(load("shell"), {name: getattr(Reader, f"_{name}") for name in BUILDERS})


def _unexpected(what: str, at: int) -> Unreadable:
    return Unreadable(f"unexpected {what} at offset {at}")
