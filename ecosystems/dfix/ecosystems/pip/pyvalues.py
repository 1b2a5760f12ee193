"""Constant values in Python sources: strings, paths, and where a path begins."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.runtime import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 20
_KEEPS = frozenset(
    {
        "resolve",
        "absolute",
        "expanduser",
        "as_posix",
        "abspath",
        "realpath",
        "normpath",
        "expandvars",
    }
)
_WRAPS = frozenset({"str", "Path", "PurePath", "fspath", "path"})


@dataclass(frozen=True, slots=True)
class Value:
    """A constant string and, where it is a path, what it is relative to."""

    text: str
    anchor: Anchor = Anchor.WORKDIR


def plain(text: str) -> Value:
    """A string as written."""
    return Value(text, Anchor.ROOT if text.startswith("/") else Anchor.WORKDIR)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        held = dotted(node.value)
        return f"{held}.{node.attr}" if held else ""
    return ""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one module that are assigned once, with their values' expressions."""

    path: str
    constants: Mapping[str, ast.expr]

    @classmethod
    def of(cls, path: str, tree: ast.Module) -> Names:
        """Collect them; a name that anything else binds too is left out."""
        values: dict[str, ast.expr] = {}
        bound: dict[str, int] = {}
        for node in ast.walk(tree):
            for name in _bound(node):
                bound[name] = bound.get(name, 0) + 1
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                values[node.targets[0].id] = node.value
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.value is not None
            ):
                values[node.target.id] = node.value
        return cls(path, {name: value for name, value in values.items() if bound.get(name) == 1})

    def value(self, node: ast.expr | None, depth: int = 0) -> Value | None:
        """The constant string or path that an expression has; None if it is not constant."""
        if depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(value=str(text)):
                return plain(text)
            case ast.Name(id="__file__"):
                return Value(self.path, Anchor.SOURCE)
            case ast.Name(id=name) if name in self.constants:
                return self.value(self.constants[name], depth + 1)
            case ast.JoinedStr(values=parts):
                return self._joined([self._part(part, depth) for part in parts])
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return self._joined([self.value(left, depth + 1), self.value(right, depth + 1)])
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                return _paths([self.value(left, depth + 1), self.value(right, depth + 1)])
            case ast.Attribute(value=held, attr="parent"):
                return _parent(self.value(held, depth + 1), 1)
            case ast.Subscript(
                value=ast.Attribute(value=held, attr="parents"),
                slice=ast.Constant(value=int(level)),
            ):
                return _parent(self.value(held, depth + 1), level + 1)
            case ast.Call():
                return self._call(node, depth)
            case _:
                return None

    def number(self, node: ast.expr | None, depth: int = 0) -> int | None:
        """The number of an expression.

        Also as the default of `os.environ.get("PORT", 8000)` and inside `int(...)`.
        """
        if depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int(number)):
                return number
            case ast.Constant(value=str(text)) if text.isdecimal():
                return int(text)
            case ast.Name(id=name) if name in self.constants:
                return self.number(self.constants[name], depth + 1)
            case ast.BoolOp(op=ast.Or(), values=[*_, last]):
                return self.number(last, depth + 1)
            case ast.Call(func=ast.Name(id="int"), args=[inner]):
                return self.number(inner, depth + 1)
            case ast.Call(func=function, args=[_, default]) if dotted(function).endswith(
                ("getenv", "environ.get")
            ):
                return self.number(default, depth + 1)
            case _:
                return None

    def _part(self, part: ast.expr, depth: int) -> Value | None:
        return self.value(part.value if isinstance(part, ast.FormattedValue) else part, depth + 1)

    def _joined(self, parts: list[Value | None]) -> Value | None:
        known = [part for part in parts if part is not None]
        if len(known) != len(parts) or any(part.anchor is Anchor.SOURCE for part in known[1:]):
            return None
        if not known:
            return Value("")
        text = "".join(part.text for part in known)
        return (
            Value(posixpath.normpath(text), Anchor.SOURCE)
            if known[0].anchor is Anchor.SOURCE
            else plain(text)
        )

    def _call(self, node: ast.Call, depth: int) -> Value | None:
        name = dotted(node.func)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else name
        arguments = [self.value(argument, depth + 1) for argument in node.args]
        if name.endswith("path.join") or name == "join":
            return _paths(arguments)
        if last == "joinpath" and isinstance(node.func, ast.Attribute):
            return _paths([self.value(node.func.value, depth + 1), *arguments])
        if last == "dirname" and len(arguments) == 1:
            return _parent(arguments[0], 1)
        if name in {"os.getcwd", "Path.cwd", "pathlib.Path.cwd"}:
            return Value(".")
        if last in _WRAPS and node.args:
            return _paths(arguments)
        if last in _KEEPS:
            if arguments:
                return arguments[0]
            return (
                self.value(node.func.value, depth + 1)
                if isinstance(node.func, ast.Attribute)
                else None
            )
        return None


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case (
            ast.arg(arg=name)
            | ast.FunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.AsyncFunctionDef(name=name)
        ):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.split(".", maxsplit=1)[0]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def _paths(parts: list[Value | None]) -> Value | None:
    """Path segments put together; an absolute one begins anew, as os.path.join does."""
    known = [part for part in parts if part is not None]
    if len(known) != len(parts) or not known:
        return None
    for index, part in enumerate(known):
        if part.anchor is not Anchor.WORKDIR:
            first, rest = part, known[index + 1 :]
            if any(other.anchor is not Anchor.WORKDIR for other in rest):
                continue
            return Value(
                posixpath.normpath("/".join([first.text, *(r.text for r in rest if r.text)])),
                first.anchor,
            )
    return Value(posixpath.normpath("/".join(part.text for part in known if part.text) or "."))


def _parent(value: Value | None, levels: int) -> Value | None:
    if value is None:
        return None
    text = value.text
    for _ in range(levels):
        text = (
            posixpath.normpath(posixpath.join(text, ".."))
            if text in {"", "."}
            else posixpath.dirname(text) or "."
        )
    return Value(text, value.anchor)
