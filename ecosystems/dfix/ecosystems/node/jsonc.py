"""JSON as tools write it.

With comments and trailing commas (tsconfig.json, angular.json, nest-cli.json).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree


def read_object(tree: Tree, path: str) -> Fact[dict[str, Any]]:
    """Read the object in a file; Unknown if there is none."""
    match tree.read(path):
        case Unknown() as missing:
            return missing
        case Known(text):
            return parse_object(text, path)


def parse_object(text: str, path: str) -> Fact[dict[str, Any]]:
    """Parse an object; Unknown if the text is something else. `path` is for the sentence."""
    try:
        value = json.loads(_plain(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return Unknown(f"{path} does not parse as JSON")
    return Known(value, path) if isinstance(value, dict) else Unknown(f"{path} holds no object")


def _plain(text: str) -> str:
    """Blank out comments and commas before a closing bracket; strings stay."""
    kept: list[str] = []
    position, length = 0, len(text)
    while position < length:
        character = text[position]
        if character == '"':
            end = _string_end(text, position)
            kept.append(text[position:end])
            position = end
        elif text.startswith("//", position):
            end = text.find("\n", position)
            position = length if end < 0 else end
        elif text.startswith("/*", position):
            end = text.find("*/", position + 2)
            position = length if end < 0 else end + 2
        else:
            if character in "}]":
                _drop_comma(kept)
            kept.append(character)
            position += 1
    return "".join(kept)


def _string_end(text: str, start: int) -> int:
    position = start + 1
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position + 1


def _drop_comma(kept: list[str]) -> None:
    last = len(kept) - 1
    while last >= 0 and kept[last].isspace():
        last -= 1
    if last >= 0 and kept[last] == ",":
        del kept[last]
