"""Text to tree: `parse` for files, `parse_items` for instructions that dfix composes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.build import BUILDERS
from dfix.grammar.driver import Driver, UnexpectedToken, load
from dfix.grammar.heredocs import openers
from dfix.grammar.lexer import lex
from dfix.grammar.lines import BOM, SPACE, assemble, directive
from dfix.grammar.nodes import (
    Comment,
    Diagnostic,
    Directive,
    Dockerfile,
    Heredoc,
    Prologue,
    Remark,
    Token,
    Unparsed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.grammar.heredocs import Opener
    from dfix.grammar.lexer import Leaves
    from dfix.grammar.lines import Logical
    from dfix.grammar.nodes import Item

_UTF16_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_driver: Driver | None = None


class NotText(ValueError):
    """The bytes are no UTF-8 text; the message says what they seem to be."""


def decode(data: bytes) -> str:
    """The text of a file; bytes that are not UTF-8 survive as surrogates. Raises NotText."""
    if data.startswith(_UTF16_32):
        msg = "the file is encoded as UTF-16 or UTF-32; save it as UTF-8"
        raise NotText(msg)
    if b"\x00" in data:
        msg = "the file holds NUL bytes; it is no text"
        raise NotText(msg)
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a text that `decode` read."""
    return text.encode("utf-8", "surrogateescape")


def parse(source: str | bytes) -> Dockerfile:
    """The tree of a file. What does not parse becomes `Unparsed` items; bytes may raise NotText."""
    text = decode(source) if isinstance(source, bytes) else source
    bom = BOM if text.startswith(BOM) else ""
    reader = _Reader(text[len(bom) :])
    directives = reader.directives()
    items, tail = reader.items()
    return Dockerfile(Prologue(Token("BOM", bom), directives), items, tail)


def parse_items(text: str, escape: str = "\\") -> tuple[Item, ...]:
    """The items of instruction text without a prologue. Raises ValueError if a line is no such."""
    reader = _Reader(text)
    reader.escape = escape
    items, tail = reader.items()
    faults = [item.diagnostic for item in items if isinstance(item, Unparsed)]
    if faults:
        raise ValueError(faults[0].render("text"))
    if tail.text:
        msg = "the text ends in blank lines"
        raise ValueError(msg)
    return items


class _Reader:
    """Reads one text, front to back."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        self.end = len(self.lines) - (not self.lines[-1])
        self.escape = "\\"
        self.fault: Diagnostic | None = None  # of a parser directive, in the line at `at`

    def directives(self) -> tuple[Directive, ...]:
        """The prologue: a shebang, then parser directives up to the first line that is none."""
        found: list[Directive] = []
        seen: set[str] = set()
        shebang = self.end > 0 and self.lines[0].startswith("#!")
        if shebang:
            found.append(self._directive())
        while self.at < self.end:
            match = directive(self.lines[self.at])
            if match is None:
                break
            name, value = match
            if name in seen:
                self._reject(f"only one {name} directive can be used", ())
                break
            if (
                name == "escape" and not shebang
            ):  # behind a shebang BuildKit reads no escape directive
                if value not in ("\\", "`"):
                    self._reject(f"invalid escape character {value!r}", ("'\\'", "'`'"))
                    break
                self.escape = value
            seen.add(name)
            found.append(self._directive())
        return tuple(found)

    def _directive(self) -> Directive:
        comment = self._comment()
        return Directive(comment.text.with_changes(kind="DIRECTIVE"), comment.end)

    def _reject(self, message: str, expected: tuple[str, ...]) -> None:
        line = self.lines[self.at]
        column = len(line) - len(line.lstrip(SPACE)) + 1
        self.fault = Diagnostic(self.at + 1, column, message, expected, line.rstrip("\r"))

    def _comment(self) -> Comment:
        """The comment line at `at`."""
        line = self.lines[self.at]
        self.at += 1
        newline = "\n" if self.at < len(self.lines) else ""
        text = line.lstrip(SPACE)
        before = line[: len(line) - len(text)]
        if text.endswith("\r") and newline:
            text = text[:-1]
            newline = "\r\n"
        return Comment(Token("COMMENT", text, before), Token("EOL", newline))

    def items(self) -> tuple[tuple[Item, ...], Token]:
        """All items from here on, and the blank lines behind the last one."""
        lines, end = self.lines, self.end
        items: list[Item] = []
        while True:
            first = self.at
            while self.at < end and not lines[self.at].strip(SPACE):
                self.at += 1
            gap = Token("GAP", self._between(first, self.at))
            if self.at == end:
                rest = lines[end] if end < len(lines) else ""
                gap.text = gap.value = gap.text + rest
                return tuple(items), gap
            comments: list[Comment] = []
            if self.fault is not None:
                items.append(self._unparsed(gap, comments, self.at + 1, self.fault))
                self.fault = None
                continue
            text = ""
            while self.at < end and (text := lines[self.at].lstrip(SPACE))[:1] == "#":
                comments.append(self._comment())
                text = ""
            if text:
                items.append(self._instruction(gap, comments))
            else:
                items.append(Remark(gap, tuple(comments)))

    def _between(self, first: int, stop: int) -> str:
        """The text of some physical lines, line ends included."""
        if first == stop:
            return ""
        text = "\n".join(self.lines[first:stop])
        return text + "\n" if stop < len(self.lines) else text

    def _instruction(self, gap: Token, comments: list[Comment]) -> Item:
        start = self.at
        line, self.at = assemble(self.lines, start, self.escape)
        leaves = lex(line, self.escape)
        kinds: list[str] = ["GAP"]
        values: list[object] = [gap]
        if comments:
            kinds += ["COMMENT"] * len(comments)
            values += comments
        lead = len(kinds)
        kinds += leaves.kinds
        values += leaves.values
        fault: Diagnostic | None = None
        if leaves.heredocs and "<<" in line.cooked:
            documents, fault = self._heredocs(line, leaves, start)
            kinds += ["HEREDOC"] * len(documents)
            values += documents
        if fault is None:
            try:
                return _dockerfile_driver().parse(kinds, values)  # type: ignore[no-any-return]
            except UnexpectedToken as unexpected:
                fault = _diagnose(unexpected, line, leaves, lead, start)
        stop, self.at = self.at, start
        return self._unparsed(gap, comments, stop, fault)

    def _heredocs(
        self, line: Logical, leaves: Leaves, start: int
    ) -> tuple[list[Heredoc], Diagnostic | None]:
        """The documents that a line opens, read from the lines behind it."""
        found = openers(line.cooked)
        if found is None:
            return [], _fault(
                line, start, leaves.values[0].before, "here-document with a bad name", ()
            )
        documents: list[Heredoc] = []
        for opener in found:
            document = self._heredoc(opener)
            if document is None:
                self.at = len(self.lines)
                return [], _fault(
                    line,
                    start,
                    leaves.values[0].before,
                    "unterminated here-document",
                    (f"{opener.name!r}",),
                )
            documents.append(document)
        return documents, None

    def _heredoc(self, opener: Opener) -> Heredoc | None:
        lines = self.lines
        for at in range(self.at, self.end):
            line = lines[at].rstrip("\r")
            if (line.lstrip("\t") if opener.chomp else line) == opener.name:
                body = Token("BODY", self._between(self.at, at))
                self.at = at + 1
                return Heredoc(body, Token("TERMINATOR", self._between(at, at + 1)))
        return None

    def _unparsed(
        self, gap: Token, comments: Sequence[Comment], stop: int, fault: Diagnostic
    ) -> Unparsed:
        text = self._between(self.at, stop)
        self.at = min(stop, self.end)
        body = text.rstrip("\r\n") if text.endswith("\n") else text
        return Unparsed(
            gap,
            tuple(comments),
            Token("UNPARSED", body),
            Token("EOL", text[len(body) :]),
            diagnostic=fault,
        )


def _dockerfile_driver() -> Driver:
    global _driver  # noqa: PLW0603 - built once, on first use
    if _driver is None:
        _driver = Driver(load("dockerfile"), BUILDERS)
    return _driver


def _fault(
    line: Logical, start: int, before: str, message: str, expected: tuple[str, ...]
) -> Diagnostic:
    """A diagnostic at the end of the raw text `before`."""
    row = before.count("\n")
    column = len(before) - before.rfind("\n")
    return Diagnostic(
        start + row + 1, column, message, expected, line.raw.split("\n")[row].rstrip("\r")
    )


def _diagnose(
    unexpected: UnexpectedToken, line: Logical, leaves: Leaves, lead: int, start: int
) -> Diagnostic:
    # for faulty lines only
    from dfix.grammar.expected import describe, expectations  # noqa: PLC0415

    at = unexpected.at - lead
    raw = "".join([value.code for value in leaves.values[:at]])
    token = leaves.values[at] if at < len(leaves.values) else leaves.values[-1]
    if unexpected.kind != "EOL":
        raw += token.before
    return _fault(line, start, raw, describe(unexpected.kind, token), expectations(unexpected))
