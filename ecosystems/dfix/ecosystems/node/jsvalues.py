"""Constant values in JavaScript and TypeScript sources: strings, paths and port numbers."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.runtime import Anchor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

_DEEPEST = 20
_JOINS = {"join", "resolve", "normalize"}
_HERE = {"__dirname", "import.meta.dirname"}


@dataclass(frozen=True, slots=True)
class Value:
    """A constant string and, where it is a path, what it is relative to."""

    text: str
    anchor: Anchor = Anchor.WORKDIR


def text_of(node: Node) -> str:
    """The source text of a node."""
    return node.text.decode() if node.text is not None else ""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one module that are declared once and never assigned.

    With their values' expressions.
    """

    path: str  # of the source file, from the tree's root
    constants: Mapping[str, Node]

    @classmethod
    def of(cls, path: str, captures: Mapping[str, list[Node]]) -> Names:
        """Collect them from the captures of the module."""
        values: dict[str, Node] = {}
        shadowed = {text_of(node) for node in captures.get("shadow", ())}
        for declarator in captures.get("declare", ()):
            name, value = (
                declarator.child_by_field_name("name"),
                declarator.child_by_field_name("value"),
            )
            if name is None or name.type != "identifier":
                continue
            if value is None or text_of(name) in values:
                shadowed.add(text_of(name))
            else:
                values[text_of(name)] = value
        return cls(path, {name: value for name, value in values.items() if name not in shadowed})

    def value(self, node: Node | None, depth: int = 0) -> Value | None:
        """The constant string that an expression has; None if it is not constant."""
        if node is None or depth > _DEEPEST:
            return None
        match node.type:
            case "string":
                text = _unquoted(text_of(node))
                return None if text is None else _plain(text)
            case "template_string":
                return self._template(node, depth)
            case (
                "parenthesized_expression"
                | "as_expression"
                | "non_null_expression"
                | "await_expression"
            ):
                return (
                    self.value(node.named_children[0], depth + 1) if node.named_children else None
                )
            case "identifier":
                return self._name(node, depth)
            case "member_expression" if text_of(node) in _HERE:
                return self._here()
            case "binary_expression" if _operator(node) == "+":
                return self._sum(node, depth)
            case "call_expression" | "new_expression":
                return self._call(node, depth)
            case _:
                return None

    def fallback(self, node: Node | None, depth: int = 0) -> str | None:
        """The text of a number or string.

        Also behind `process.env.PORT || 3000` and `Number(...)`.
        """
        if node is None or depth > _DEEPEST:
            return None
        match node.type:
            case "number":
                return text_of(node)
            case "string":
                return _unquoted(text_of(node))
            case "binary_expression" if _operator(node) in {"||", "??"}:
                return self.fallback(node.child_by_field_name("right"), depth + 1)
            case "identifier":
                return self.fallback(self.constants.get(text_of(node)), depth + 1)
            case "parenthesized_expression" | "as_expression":
                return self.fallback(node.named_children[0], depth + 1)
            case "call_expression":
                arguments = arguments_of(node)
                return self.fallback(arguments[0], depth + 1) if arguments else None
            case "unary_expression":
                return self.fallback(node.child_by_field_name("argument"), depth + 1)
            case "ternary_expression":
                return self.fallback(node.child_by_field_name("alternative"), depth + 1)
            case _:
                return None

    def _here(self) -> Value:
        return Value(posixpath.dirname(self.path) or ".", Anchor.SOURCE)

    def _name(self, node: Node, depth: int) -> Value | None:
        name = text_of(node)
        declared = self.constants.get(name)
        if declared is not None:
            return self.value(declared, depth + 1)
        if name == "__dirname":
            return self._here()
        return Value(self.path, Anchor.SOURCE) if name == "__filename" else None

    def _template(self, node: Node, depth: int) -> Value | None:
        parts: list[Value] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = (
                    self.value(child.named_children[0], depth + 1) if child.named_children else None
                )
                if inner is None:
                    return None
                parts.append(inner)
            else:
                parts.append(Value(text_of(child)))
        return _joined(parts)

    def _sum(self, node: Node, depth: int) -> Value | None:
        left = self.value(node.child_by_field_name("left"), depth + 1)
        right = self.value(node.child_by_field_name("right"), depth + 1)
        return None if left is None or right is None else _joined([left, right])

    def _call(self, node: Node, depth: int) -> Value | None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = arguments_of(node)
        name = "" if function is None else text_of(function)
        last = name.rpartition(".")[2]
        if name == "process.cwd":
            return Value(".")
        if name == "URL" and len(arguments) == 2 and text_of(arguments[1]) == "import.meta.url":  # noqa: PLR2004
            target = self.value(arguments[0], depth + 1)
            return None if target is None else _paths([self._here(), target])
        if last == "fileURLToPath" and arguments:
            if text_of(arguments[0]) == "import.meta.url":
                return Value(self.path, Anchor.SOURCE)
            return self.value(arguments[0], depth + 1)
        if last == "dirname" and len(arguments) == 1:
            inner = self.value(arguments[0], depth + 1)
            return (
                None if inner is None else Value(posixpath.dirname(inner.text) or ".", inner.anchor)
            )
        if last in _JOINS and (
            name == last or name.split(".")[0] in {"path", "Path", "posix", "nodePath"}
        ):
            parts = [self.value(argument, depth + 1) for argument in arguments]
            known = [part for part in parts if part is not None]
            return _paths(known) if known and len(known) == len(parts) else None
        return None


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call or `new`, without comments."""
    arguments = call.child_by_field_name("arguments")
    return (
        []
        if arguments is None
        else [node for node in arguments.named_children if node.type != "comment"]
    )


def string_of(node: Node | None) -> str | None:
    """The value of a plain string literal."""
    return _unquoted(text_of(node)) if node is not None and node.type == "string" else None


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return "" if operator is None else text_of(operator)


def _plain(text: str) -> Value:
    return Value(text, Anchor.ROOT if text.startswith("/") else Anchor.WORKDIR)


def _joined(parts: list[Value]) -> Value | None:
    """Text put together; only the first part says where a path begins."""
    if not parts:
        return Value("")
    if any(part.anchor is Anchor.SOURCE for part in parts[1:]):
        return None
    text = "".join(part.text for part in parts)
    anchor = parts[0].anchor
    return Value(posixpath.normpath(text), anchor) if anchor is Anchor.SOURCE else _plain(text)


def _paths(parts: list[Value]) -> Value | None:
    """Path segments put together.

    An absolute later one is taken as a segment, as path.join does.
    """
    if any(part.anchor is Anchor.SOURCE for part in parts[1:]):
        return None
    text = posixpath.normpath("/".join(part.text for part in parts if part.text) or ".")
    return Value(text, parts[0].anchor)


def _unquoted(text: str) -> str | None:
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    try:
        return str(
            json.loads(
                '"' + inner.replace("\\'", "'").replace('"', '\\"').replace('\\\\"', '\\"') + '"'
            )
        )
    except ValueError:
        return None
