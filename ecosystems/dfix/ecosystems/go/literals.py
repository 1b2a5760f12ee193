"""Constant strings of one Go package."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tree_sitter import Node

_DEEPEST = 20  # nested expressions; deeper ones are not paths that people write
_JOINS = {"filepath.Join", "path.Join"}
_KEEPS = {"filepath.FromSlash", "filepath.ToSlash", "filepath.Clean", "path.Clean"}
_STRING_TYPES = {"interpreted_string_literal", "raw_string_literal"}


def text_of(node: Node) -> str:
    """The source text of a node."""
    return node.text.decode() if node.text is not None else ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of a package that have one constant string as their value."""

    constants: dict[str, Node]

    @classmethod
    def of(cls, files: Iterable[Mapping[str, list[Node]]]) -> Scope:
        """Collect them from the captures of all files."""
        values: dict[str, Node] = {}
        shadowed: set[str] = set()
        for captures in files:
            shadowed.update(text_of(node) for node in captures.get("shadow", ()))
            for declaration in captures.get("declare", ()):
                for name, value in _declared(declaration):
                    if value is None or name in values:
                        shadowed.add(name)
                    else:
                        values[name] = value
        return cls({name: value for name, value in values.items() if name not in shadowed})

    def value(self, node: Node, depth: int = 0) -> str | None:
        """The constant string that an expression has; None if it is not constant."""
        if depth > _DEEPEST:
            return None
        match node.type:
            case "interpreted_string_literal":
                return _unescaped(text_of(node))
            case "raw_string_literal":
                return text_of(node)[1:-1].replace("\r", "")
            case "parenthesized_expression" | "expression_list" if len(node.named_children) == 1:
                return self.value(node.named_children[0], depth + 1)
            case "identifier":
                declared = self.constants.get(text_of(node))
                return None if declared is None else self.value(declared, depth + 1)
            case "binary_expression":
                return self._sum(node, depth)
            case "call_expression":
                return self._call(node, depth)
            case _:
                return None

    def _sum(self, node: Node, depth: int) -> str | None:
        operator = node.child_by_field_name("operator")
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        if operator is None or left is None or right is None or text_of(operator) != "+":
            return None
        first, second = self.value(left, depth + 1), self.value(right, depth + 1)
        return None if first is None or second is None else first + second

    def _call(self, node: Node, depth: int) -> str | None:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return None
        name = text_of(function)
        if name not in _JOINS | _KEEPS:
            return None
        parts = [self.value(argument, depth + 1) for argument in arguments.named_children]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts) or not known:
            return None
        return posixpath.normpath("/".join(part for part in known if part) or ".")


def _declared(node: Node) -> Iterable[tuple[str, Node | None]]:
    """Names that a declaration gives, each with its value's expression or None."""
    if node.type == "short_var_declaration":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        names = left.named_children if left is not None else []
    else:
        names, right = node.children_by_field_name("name"), node.child_by_field_name("value")
    values = right.named_children if right is not None else []
    if len(values) != len(names):
        return [(text_of(name), None) for name in names]
    return [(text_of(name), value) for name, value in zip(names, values, strict=True)]


def _unescaped(quoted: str) -> str | None:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:  # \x41, \a and octal escapes, which JSON lacks; no path is written so
        return None
