"""What every tree of the grammar room is made of: tokens that own the text, nodes that own tokens.

Every byte of the source belongs to exactly one `Token`; a file prints by concatenating its tokens,
so an untouched tree prints what was read. Nodes are immutable by contract and equal only to
themselves: `with_changes` makes a copy that shares all untouched children. Nodes know neither their
parent nor their position; `dfix.grammar.positions` computes spans on demand.

Plain classes with slots: as many frozen dataclasses would cost more to define than a file costs to
parse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class Token:
    """A leaf: the text of one lexical unit and the white space in front of it.

    `before` holds what separates the token from the one before it on the same logical line: blanks,
    continuations (escape character and line end) and the comment or empty lines that BuildKit drops
    inside a continuation. `text` is the source as written. `value` is the *cooked* text, what
    BuildKit sees after it joined the lines; it is the same string as `text` unless a continuation
    lies inside the token.
    """

    __slots__ = ("before", "kind", "text", "value")

    kind: str
    before: str
    text: str
    value: str

    def __init__(self, kind: str, text: str, before: str = "", value: str | None = None) -> None:
        self.kind = kind
        self.text = text
        self.before = before
        self.value = text if value is None else value

    @property
    def code(self) -> str:
        """The source text of this token, white space in front included."""
        return self.before + self.text

    def with_changes(self, **changes: str) -> Token:
        """A copy with some fields replaced; a new `text` without a `value` is its own value."""
        text = changes.get("text", self.text)
        value = changes.get("value", self.value if "text" not in changes else text)
        return Token(
            changes.get("kind", self.kind), text, changes.get("before", self.before), value
        )

    def leaves(self) -> Iterator[Token]:
        """The token alone, so that tokens and nodes can be walked alike."""
        yield self

    def __repr__(self) -> str:
        return f"Token({self.kind!r}, {self.text!r}, before={self.before!r})"


class Node:
    """An inner node: `fields` names its children in the order in which they print.

    A child is a `Token`, a `Node`, a tuple of either, or None. Every class takes its children in
    that order.
    """

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]] = ()

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some children replaced; all others are shared."""
        unknown = changes.keys() - set(self.fields)
        if unknown:
            msg = f"{type(self).__name__} has no field {min(unknown)!r}"
            raise TypeError(msg)
        return type(self)(*(changes.get(name, getattr(self, name)) for name in self.fields))

    def leaves(self) -> Iterator[Token]:
        """The tokens below this node, in source order."""
        for name in self.fields:
            child = getattr(self, name)
            if child is None:
                continue
            if child.__class__ is tuple:
                for one in child:
                    yield from one.leaves()
            else:
                yield from child.leaves()

    def children(self) -> Iterator[Node | Token]:
        """The direct children, in source order."""
        for name in self.fields:
            child = getattr(self, name)
            if child.__class__ is tuple:
                yield from child
            elif child is not None:
                yield child

    @property
    def code(self) -> str:
        """The source text below this node."""
        return "".join([leaf.before + leaf.text for leaf in self.leaves()])

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({inner})"


class Diagnostic:
    """Why a line does not parse, and where; line and column (in characters) count from 1."""

    __slots__ = ("column", "expected", "line", "message", "source")

    def __init__(
        self, line: int, column: int, message: str, expected: tuple[str, ...], source: str
    ) -> None:
        self.line = line
        self.column = column
        self.message = message
        self.expected = expected
        self.source = source  # the physical source line

    def render(self, path: str) -> str:
        """`path:line:column: message; expected ...`, the source line, a caret under the column."""
        expected = f"; expected {' or '.join(self.expected)}" if self.expected else ""
        lead = "".join("\t" if char == "\t" else " " for char in self.source[: self.column - 1])
        place = f"{path}:{self.line}:{self.column}"
        return f"{place}: {self.message}{expected}\n  {self.source}\n  {lead}^"

    def __repr__(self) -> str:
        return f"Diagnostic({self.line}:{self.column}: {self.message})"
