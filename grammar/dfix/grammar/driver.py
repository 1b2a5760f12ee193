"""Runs compiled LALR tables.

Lark compiles the grammars (`dfix.grammar.compile`); importing it at run time would cost more than
the whole parse of a file, so what runs here are its tables. A table whose `.lark` source has
changed since is compiled again, in memory.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Actions = Mapping[str, int]
    Rules = Sequence[tuple[str, int, str]]

END = "$END"


class UnexpectedToken(Exception):
    """The token at index `at` has no place here; `expected` names the terminals that have."""

    def __init__(self, at: int, kind: str, expected: frozenset[str]) -> None:
        super().__init__(kind)
        self.at = at
        self.kind = kind
        self.expected = expected


class Tables:
    """The compiled form of one grammar.

    `states[s]` maps a terminal to the next state (>= 0), or to the complement of a rule's number to
    reduce by it (< 0); a nonterminal to the state to go to. `rules[r]` is (nonterminal, length,
    name of the builder function). State 0 is the start; a state that goes on at the end of the
    input accepts it.
    """

    __slots__ = ("rules", "states")

    def __init__(self, states: Sequence[Actions], rules: Rules) -> None:
        self.states = states
        self.rules = rules


def fingerprint(source: str) -> int:
    """A number that changes when the grammar changes, line ends aside."""
    return zlib.crc32(source.replace("\r\n", "\n").encode())


def load(name: str) -> Tables:
    """The tables of `<name>.lark`: the committed ones, or fresh ones if the grammar changed."""
    from importlib import import_module  # noqa: PLC0415 - a builtin name by run time

    module = import_module(f"dfix.grammar.{name}_tables")
    folder = __file__.rpartition("/")[0] if "/" in __file__ else __file__.rpartition("\\")[0]
    try:
        # pathlib would cost every start 4 ms
        with open(f"{folder}/{name}.lark", encoding="utf-8") as file:  # noqa: PTH123
            source = file.read()
    except OSError:
        return Tables(module.STATES, module.RULES)
    if fingerprint(source) == module.FINGERPRINT:
        return Tables(module.STATES, module.RULES)
    # imports lark, which a plain start never needs
    from dfix.grammar.compile import compiled  # noqa: PLC0415

    return compiled(source)


class Driver:
    """A shift-reduce parser over one grammar's tables and one set of builder functions."""

    __slots__ = ("_owner", "_rules", "_tables")

    def __init__(self, tables: Tables, builders: Mapping[str, Callable[..., Any]]) -> None:
        self._tables = tables
        self._rules = tuple((goal, size, builders.get(name)) for goal, size, name in tables.rules)
        self._owner: Any = None

    def of(self, owner: object) -> Driver:
        """A driver over the same tables whose builder functions are given `owner` first."""
        driver = Driver.__new__(Driver)
        driver._tables, driver._rules = self._tables, self._rules  # noqa: SLF001 - the same class
        driver._owner = owner  # noqa: SLF001 - the same class
        return driver

    def parse(self, kinds: Sequence[str], values: Sequence[Any]) -> Any:
        """The value of the start symbol for these terminals. Raises UnexpectedToken."""
        path = [0]
        stack: list[Any] = []
        advance = self.advance
        for at, kind in enumerate(kinds):
            if not advance(path, stack, kind, values[at]):
                raise UnexpectedToken(at, kind, self.acceptable(path))
        if not advance(path, stack, END, None):
            raise UnexpectedToken(len(kinds), END, self.acceptable(path))
        return stack[0]

    def advance(self, path: list[int], stack: list[Any], kind: str, value: Any) -> bool:
        """Take one terminal: reduce as the tables say, then shift it. False if it has no place.

        `path` holds the states passed, `stack` the values of the symbols between them. A rule
        without a builder hands its only child on.
        """
        states = self._tables.states
        while True:
            action = states[path[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                path.append(action)
                stack.append(value)
                return True
            goal, size, builder = self._rules[~action]
            if builder is not None:
                parts = stack[-size:] if size else ()
                made = builder(*parts) if self._owner is None else builder(self._owner, *parts)
                if size:
                    del stack[-size:]
                stack.append(made)
            elif not size:
                stack.append(None)
            if size:
                del path[-size:]
            path.append(states[path[-1]][goal])

    def acceptable(self, path: Sequence[int]) -> frozenset[str]:
        """The terminals that could follow: look-ahead alone names some that reductions rule out."""
        row = self._tables.states[path[-1]]
        return frozenset(kind for kind in row if kind.isupper() and self.accepts(path, kind))

    def accepts(self, path: Sequence[int], kind: str) -> bool:
        """Could this terminal come next?"""
        path = list(path)
        states = self._tables.states
        while True:
            action = states[path[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            goal, size, _ = self._rules[~action]
            if size:
                del path[-size:]
            path.append(states[path[-1]][goal])
