"""Compile the grammars with Lark: `python -m dfix.grammar.compile` writes the tables beside them.

Lark numbers states in an order that depends on string hashing; the tables are renumbered from the
start state outwards, so that the same grammar always gives the same file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lark import Lark, Token
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from dfix.grammar.driver import END, Tables, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

NAMES = ("dockerfile", "shell")


class Elsewhere(Lexer):
    """Stands in for a lexer: the terminals come from outside."""

    def __init__(self, _conf: object) -> None:
        pass

    def lex(self, lexer_state: object, parser_state: object) -> Iterator[Token]:
        """Never asked."""
        raise NotImplementedError


def lark_for(source: str) -> Lark:
    """Lark's parser for a grammar whose terminals all come from outside."""
    return Lark(declared(source), parser="lalr", lexer=Elsewhere, maybe_placeholders=False)


def declared(source: str) -> str:
    """The grammar with every terminal declared; the names in capitals are all of them."""
    names: set[str] = set()
    for line in source.splitlines():
        rule = line.partition("//")[0].partition("->")[0]
        names.update(
            word for word in rule.replace("|", " ").replace(":", " ").split() if word.isupper()
        )
    return f"{source}\n%declare {' '.join(sorted(names))}\n"


def compiled(source: str) -> Tables:
    """The tables of a grammar, states renumbered from the start."""
    engine: Any = lark_for(source)
    table: Any = engine.parser.parser._parse_table  # noqa: SLF001 - Lark has no other door to it
    goal: Any = table.end_states["start"]
    order: dict[Any, int] = {table.start_states["start"]: 0}
    queue: list[Any] = [table.start_states["start"]]
    for state in queue:
        for kind in sorted(table.states[state]):
            action, target = table.states[state][kind]
            if action is Shift and target not in order:
                order[target] = len(order)
                queue.append(target)
    numbers: dict[Any, int] = {}
    rules: list[tuple[str, int, str]] = []
    for rule in engine.rules:
        numbers[rule] = len(rules)
        name = rule.alias or ""
        if not name and len(rule.expansion) != 1:
            msg = f"an alternative of {rule.origin.name} has no name"
            raise ValueError(msg)
        rules.append((str(rule.origin.name), len(rule.expansion), str(name)))
    states: list[Mapping[str, int]] = [
        {
            str(kind): order[target] if action is Shift else ~numbers[target]
            for kind, (action, target) in sorted(table.states[state].items())
        }
        for state in queue
    ]
    states[order[goal]] = {
        END: 0
    }  # Lark's driver looks at the state instead; a row is one test less per token
    return Tables(states, rules)


def rendered(name: str, source: str) -> str:
    """The Python module that holds a grammar's tables."""
    tables = compiled(source)
    lines = [
        f'"""Compiled from {name}.lark by `python -m dfix.grammar.compile`; not for editing."""',
        "",
        "# fmt: off",
        "# ruff: noqa: E501",
        "",
        f"FINGERPRINT = {fingerprint(source)}",
        "RULES = (",
        *(f"    {rule!r}," for rule in tables.rules),
        ")",
        "STATES = (",
        *(f"    {dict(state)!r}," for state in tables.states),
        ")",
        "",
    ]
    return "\n".join(lines).replace("'", '"')


def main() -> int:
    """Write the tables of every grammar."""
    here = Path(__file__).parent
    for name in NAMES:
        grammar = here / f"{name}.lark"
        if grammar.exists():
            text = rendered(name, grammar.read_text(encoding="utf-8"))
            (here / f"{name}_tables.py").write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
