"""What the grammar expected, in the words of a reader of Dockerfiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dfix.grammar.driver import UnexpectedToken
    from dfix.grammar.nodes import Token

NAMES = {
    "AS": "AS",
    "CLOSE": "']'",
    "COMMA": "','",
    "EOL": "end of line",
    "EQUALS": "'='",
    "FLAG": "",
    "FLAG_VALUE": "a value",
    "KEY": "a name",
    "NAME": "a stage name",
    "NONE": "NONE",
    "OPEN": "'['",
    "REST": "",
    "SCRIPT": "a command",
    "STRING": "a string",
    "TEST": "CMD",
    "TEXT": "a value",
    "VALUE": "a value",
    "IMAGE": "an image",
    "PATH": "a path",
    "PORT": "a port",
}


def expectations(unexpected: UnexpectedToken) -> tuple[str, ...]:
    """The expected terminals as a reader knows them, flags aside; empty for a wrong keyword."""
    expected = unexpected.expected
    if unexpected.kind == "NOT_STRINGS" or "GAP" in expected or "COMMENT" in expected:
        return ()
    names = {NAMES.get(kind, kind) for kind in expected}
    return tuple(sorted(names - {""}))


def describe(kind: str, token: Token) -> str:
    """What stands there instead."""
    if kind == "EOL":
        return "unexpected end of line"
    if kind == "UNKNOWN":
        return f"unknown instruction {token.value!r}"
    if kind == "NOT_STRINGS":
        return "a JSON array that holds more than strings"
    return f"unexpected {token.value!r}"
