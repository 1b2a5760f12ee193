"""Python's concrete syntax by LibCST: parsing within bounds, walking, and the lines of statements.

LibCST reads the syntax of every released Python, whichever runs dfix. Its parser is native and
recursive: nesting that CPython itself refuses, or chains of thousands of operators, would end the
whole process, so a scan of the text comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import libcst as cst

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Open brackets at one time: MAXLEVEL in
# https://github.com/python/cpython/blob/3.13/Parser/lexer/state.h
MOST_BRACKETS: Final = 200
# Operators in one expression: LibCST 1.9 read 3,000 in three seconds and crashed on 20,000 (tried).
MOST_OPERATORS: Final = 1500
MOST_INDENT: Final = 400  # columns; CPython allows 100 levels
MOST_BRANCHES: Final = 1500  # `elif`; LibCST 1.9 read 3,000 and crashed on 20,000 (tried)

_SMALL = 400  # characters; less text cannot be nested deep enough to matter
_PART = re.compile(
    r'"""(?s:.)*?"""|\'\'\'(?s:.)*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*'
    r"|[()\[\]{},\n]|[-+*/%@&|^~<>.]+|\b(?:not|and|or|if|lambda|await|in|is)\b"
)
# What holds white space, punctuation or a name, and no expression. `colon` and the like are tokens.
_LAYOUT = re.compile(
    r"whitespace|comma|lpar|rpar|^l?r?b(racket|race)$|semicolon|leading_lines|lines_after|header"
    r"|footer|^dot$|colon|equal|indent|newline|encoding|default_|has_trailing|relative|comment"
    r"|^(attr|keyword|name|operator)$|asynchronous"
)
_FIELDS: dict[type[object], tuple[str, ...]] = {}
_LONGEST_INTEGER = 20  # digits
# The clauses of compound statements; `if` stands for `elif`.
_CLAUSES = frozenset({
    cst.IndentedBlock, cst.SimpleStatementSuite, cst.Else, cst.Finally, cst.ExceptHandler,
    cst.ExceptStarHandler, cst.MatchCase, cst.If,
})  # fmt: skip


def parse(path: str, text: str) -> Fact[cst.Module]:
    """The syntax tree of a file. Unknown if it does not parse, or is nested too deeply to try."""
    unparsable = Unknown(f"{path} does not parse as Python")
    if not _shallow(text):
        return Unknown(f"{path} is nested more deeply than is read")
    try:
        return Known(cst.parse_module(text.removeprefix("\ufeff")), path)
    except (cst.ParserSyntaxError, ValueError, RecursionError, MemoryError):
        return unparsable


def _shallow(text: str) -> bool:
    if len(text) < _SMALL:
        return True
    if text.count("elif") > MOST_BRANCHES:
        return False
    outer: list[int] = []
    operators = 0
    for match in _PART.finditer(text):
        part = match[0]
        if part in "([{":
            outer.append(operators + 1)
            operators = 0
            if len(outer) > MOST_BRACKETS:
                return False
        elif part in ")]}":
            operators = outer.pop() if outer else 0
        elif part == ",":
            operators = 0
        elif part == "\n":
            if not outer:
                operators = 0
        elif part[0] != "#":
            operators += 1
        if operators > MOST_OPERATORS:
            return False
    return not re.search(rf"^[ \t]{{{MOST_INDENT}}}", text, re.MULTILINE)


class Place(NamedTuple):
    """Where a node stands: its statement in a block."""

    block: Block
    at: int

    def line(self) -> int:
        """The line in which the statement begins."""
        lead: Sequence[cst.EmptyLine] = getattr(self.node, "leading_lines", ())
        return self.block.top(self.at) + len(lead)

    @property
    def node(self) -> cst.CSTNode:
        """The statement or clause."""
        return self.block.statements[self.at]


class Block:
    """The statements of a module or a suite, or one clause, and the line in which each begins.

    Lines are counted when one is asked for: LibCST's own positions take longer than its parser.
    """

    __slots__ = ("_tops", "module", "outer", "rest", "statements")

    def __init__(
        self,
        module: cst.Module,
        statements: Sequence[cst.CSTNode],
        outer: Place | None = None,
        rest: Sequence[cst.CSTNode] = (),
    ) -> None:
        """`rest` is the outer statement's text from this block on."""
        self.module = module
        self.statements = statements
        self.outer = outer
        self.rest = rest
        self._tops: list[int] = []

    def top(self, index: int) -> int:
        """The line in which the blank lines and comments above a statement begin."""
        if not self._tops:
            self._tops.append(self._first())
        while len(self._tops) <= index:
            done = len(self._tops) - 1
            self._tops.append(self._tops[done] + self._height(self.statements[done]))
        return self._tops[index]

    def _first(self) -> int:
        if self.outer is None:
            return 1 + len(self.module.header)
        block, at = self.outer
        end = block.top(at) + self._height(self.outer.node)
        colon = isinstance(self.rest[0], cst.IndentedBlock)  # a line ends behind it
        return end - sum(self._height(node) for node in self.rest) + colon

    def _height(self, node: cst.CSTNode) -> int:
        return self.module.code_for_node(node).count("\n")


def statements(module: cst.Module) -> Iterator[tuple[Place, bool]]:
    """Every statement and clause in order, and whether the program also runs without it.

    That is so in a `try` that takes a failed import, and under `if TYPE_CHECKING`.
    """
    waiting: list[tuple[Place, bool]] = []

    def enter(block: Block, *, guarded: bool) -> None:
        waiting.extend((Place(block, at), guarded) for at in reversed(range(len(block.statements))))

    enter(Block(module, module.body), guarded=False)
    while waiting:
        place, guarded = waiting.pop()
        yield place, guarded
        node = place.node
        parts = _parts(node)
        footer = getattr(node, "footer", ())
        for at in reversed(range(len(parts))):
            rest = (*parts[at:], *footer)
            suite = parts[at]
            if isinstance(suite, cst.BaseSuite):
                inner: Sequence[cst.CSTNode] = suite.body
                enter(Block(module, inner, place, rest), guarded=guarded or _fails_softly(node))
            else:
                enter(Block(module, (suite,), place, rest), guarded=guarded)


def _parts(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The suites and clauses of a statement, in order."""
    if isinstance(node, cst.Match):
        return list(node.cases)
    handlers = node.handlers if isinstance(node, cst.Try | cst.TryStar) else ()
    suites = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
    body, *others = [part if type(part) in _CLAUSES else None for part in suites]
    return [part for part in (body, *handlers, *others) if part is not None]


def _fails_softly(node: cst.CSTNode) -> bool:
    """May imports in the first suite fail, or does only a type checker follow them?"""
    if isinstance(node, cst.If):
        return dotted(node.test).endswith("TYPE_CHECKING")
    if not isinstance(node, cst.Try | cst.TryStar):
        return False
    names: set[str] = set()
    for handler in node.handlers:
        kind = handler.type
        listed = [each.value for each in kind.elements] if isinstance(kind, cst.Tuple) else [kind]
        names |= {dotted(each) if each is not None else "" for each in listed}
    return bool(names & {"ImportError", "ModuleNotFoundError", "Exception", ""})


def expressions(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statement or clause itself and what it holds, without its suites and clauses."""
    waiting: list[Any] = [node]
    while waiting:
        current = waiting.pop()
        kind = type(current)
        names = _FIELDS.get(kind)
        if names is None:
            names = _FIELDS[kind] = _fields(kind)
        if current is not node and (not names or kind in _CLAUSES):
            continue
        if kind is not list and kind is not tuple:
            yield current
            waiting += [getattr(current, name) for name in names]
        else:
            waiting += current[::-1]


def _fields(kind: type[object]) -> tuple[str, ...]:
    """The fields of a node that may hold expressions, the last first; none for what is no node."""
    if not issubclass(kind, cst.CSTNode):
        return ("",) if issubclass(kind, list | tuple) else ()
    names: Sequence[str] = tuple(kind.__dataclass_fields__)
    return tuple(name for name in reversed(names) if not _LAYOUT.search(name))


def dotted(node: cst.CSTNode) -> str:
    """`a.b.c` of a name or attribute; "" for anything else."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(names)])


def literal(node: cst.CSTNode | None) -> str | None:
    """The text of a string literal without values in it; None for bytes and anything else."""
    if isinstance(node, cst.ConcatenatedString):
        left, right = literal(node.left), literal(node.right)
        return left + right if left is not None and right is not None else None
    if not isinstance(node, cst.SimpleString) or "b" in node.prefix.lower():
        return None
    if "\\" not in node.value or "r" in node.prefix.lower():
        return node.raw_value
    try:
        value = node.evaluated_value
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def integer(node: cst.CSTNode | None) -> int | None:
    """The value of an integer literal."""
    if not isinstance(node, cst.Integer) or len(node.value) > _LONGEST_INTEGER:
        return None
    return node.evaluated_value


def positional(node: cst.Call) -> list[cst.BaseExpression | None]:
    """The positional arguments of a call; None for those that `*` brings."""
    return [
        None if argument.star else argument.value
        for argument in node.args
        if argument.keyword is None and argument.star != "**"
    ]


def keywords(node: cst.Call) -> dict[str, cst.BaseExpression]:
    """The keyword arguments of a call."""
    return {
        argument.keyword.value: argument.value
        for argument in node.args
        if argument.keyword is not None
    }


def elements(node: cst.CSTNode | None) -> list[cst.BaseExpression] | None:
    """The elements of a list or tuple; None for anything else."""
    if not isinstance(node, cst.List | cst.Tuple):
        return None
    return [element.value for element in node.elements]
