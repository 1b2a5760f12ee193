"""Constants in the configuration files of JavaScript build tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsgrammar import captures_of
from dfix.ecosystems.node.jsvalues import Names, Value, text_of
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from tree_sitter import Node

    from dfix.ecosystems.tree import Tree

ENDINGS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")


def config_file(tree: Tree, directory: str, stem: str) -> str | None:
    """The configuration file of a tool.

    `stem` with one of the endings of JavaScript and TypeScript.
    """
    names = (under(directory, stem + ending) for ending in ENDINGS)
    return next((name for name in names if tree.is_file(name)), None)


def constant_at(tree: Tree, path: str, keys: tuple[str, ...]) -> Fact[Value | None]:
    """The constant at `keys`, as in ("build", "outDir"); None if the file nowhere sets that.

    The object that holds the keys is not searched for: every object of the file counts whose keys
    lie so inside each other. Unknown if the file does not parse, sets it twice, or sets it to what
    is not constant.
    """
    read = tree.read(path)
    if isinstance(read, Unknown):
        return read
    found = _pairs(path, read.value)
    if found is None:
        return Unknown(f"{path} does not parse")
    names, pairs = found
    values = [value for value in pairs if _keys(value) == keys]
    if not values:
        return Known(None, path)
    if len(values) > 1:
        return Unknown(f"{path} sets {'.'.join(keys)} more than once")
    value = names.value(values[0].child_by_field_name("value"))
    if value is None:
        return Unknown(f"{path}: {'.'.join(keys)} is not constant")
    return Known(value, f"{path}:{values[0].start_point[0] + 1}")


def _pairs(path: str, text: str) -> tuple[Names, list[Node]] | None:
    captures = captures_of(path, text)
    return None if captures is None else (Names.of(path, captures), captures.get("pair", []))


def _keys(pair: Node) -> tuple[str, ...]:
    """The keys on the way to a pair, outermost first."""
    keys: list[str] = []
    node: Node | None = pair
    while node is not None:
        if node.type == "pair":
            key = node.child_by_field_name("key")
            keys.append(text_of(key).strip("\"'") if key is not None else "")
        node = node.parent
    return tuple(reversed(keys))
