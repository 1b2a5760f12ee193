"""What reading a script gives: commands, redirections, members of lists, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from dfix.grammar.shell_words import Word

_NO_CONTEXT: frozenset[str] = frozenset()


class Span(NamedTuple):
    """A range of the script's text that needs no more than its place."""

    start: int
    end: int


class Redirect:
    """A redirection: `operator` as written, `fd` the digits in front, `target` the word behind."""

    __slots__ = ("end", "fd", "operator", "start", "target")

    def __init__(self, start: int, end: int, fd: str, operator: str, target: Word | None) -> None:
        self.start = start
        self.end = end
        self.fd = fd
        self.operator = operator
        self.target = target

    def __repr__(self) -> str:
        return f"Redirect({self.fd}{self.operator} {self.target!r})"


class Command:
    """A simple command.

    `context` names what it stands in: "conditional" (any part of an `if`, and what follows `||`),
    "loop", "case", "subshell", "group", "pipeline", "function", "negated", "background",
    "substitution".
    """

    __slots__ = ("assignments", "context", "end", "redirects", "start", "words")

    def __init__(
        self,
        start: int,
        end: int,
        assignments: tuple[tuple[str, Word], ...],
        words: tuple[Word, ...],
        redirects: tuple[Redirect, ...],
    ) -> None:
        self.start = start
        self.end = end
        self.assignments = assignments
        self.words = words
        self.redirects = redirects
        self.context: frozenset[str] = _NO_CONTEXT

    @property
    def values(self) -> tuple[str | None, ...]:
        """The words with their quotes removed; None for one that holds an expansion."""
        return tuple(word.value for word in self.words)

    def __repr__(self) -> str:
        return f"Command({[word.text for word in self.words]}, {sorted(self.context)})"


class Member:
    """One member of a list, with the operator behind it."""

    __slots__ = ("operator", "operator_end", "operator_start", "pipeline")

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.operator = ""
        self.operator_start = self.operator_end = pipeline.end

    def close(self, operator: str, span: Span) -> None:
        """Set the operator that follows."""
        self.operator = operator
        self.operator_start, self.operator_end = span


class Assigned(NamedTuple):
    """An assignment in front of a command."""

    start: int
    end: int
    name: str
    word: Word
