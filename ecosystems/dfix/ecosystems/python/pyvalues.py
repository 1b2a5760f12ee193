"""Constant values in Python sources: strings, paths, and where a path begins."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from dfix.ecosystems.python.pysyntax import dotted, elements, integer, literal, positional
from dfix.ecosystems.runtime import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
BINDING = frozenset({
    cst.AssignTarget, cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr,
    cst.Del, cst.AsName, cst.Param, cst.FunctionDef, cst.ClassDef, cst.ImportAlias, cst.Global,
    cst.Nonlocal, cst.MatchAs, cst.MatchStar,
})  # fmt: skip
"""The kinds of nodes that bind names."""
_WRAPS = frozenset({"str", "Path", "PurePath", "fspath", "path"})


@dataclass(frozen=True, slots=True)
class Value:
    """A constant string and, where it is a path, what it is relative to."""

    text: str
    anchor: Anchor = Anchor.WORKDIR


def plain(text: str) -> Value:
    """A string as written."""
    return Value(text, Anchor.ROOT if text.startswith("/") else Anchor.WORKDIR)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one module that are assigned once, with their values' expressions."""

    path: str
    constants: Mapping[str, cst.BaseExpression]

    @classmethod
    def of(cls, path: str, nodes: Iterable[cst.CSTNode]) -> Names:
        """Collect them; a name that anything else binds too is left out."""
        values: dict[str, cst.BaseExpression] = {}
        bound: dict[str, int] = {}
        for node in nodes:
            if type(node) not in BINDING:
                continue
            for name in _bound(node):
                bound[name] = bound.get(name, 0) + 1
            if isinstance(node, cst.Assign) and len(node.targets) == 1:
                target, value = node.targets[0].target, node.value
            elif isinstance(node, cst.AnnAssign) and node.value is not None:
                target, value = node.target, node.value
            else:
                continue
            if isinstance(target, cst.Name):
                values[target.value] = value
        return cls(path, {name: value for name, value in values.items() if bound.get(name) == 1})

    def value(self, node: cst.CSTNode | None, depth: int = 0) -> Value | None:
        """The constant string or path that an expression has; None if it is not constant."""
        if depth > _DEEPEST:
            return None
        text = literal(node)
        if text is not None:
            return plain(text)
        match node:
            case cst.Name(value="__file__"):
                return Value(self.path, Anchor.SOURCE)
            case cst.Name(value=name) if name in self.constants:
                return self.value(self.constants[name], depth + 1)
            case cst.FormattedString(parts=parts):
                return self._joined([self._part(node, part, depth) for part in parts])
            case cst.ConcatenatedString(left=left, right=right):
                return self._joined([self.value(left, depth + 1), self.value(right, depth + 1)])
            case cst.BinaryOperation(operator=cst.Add(), left=left, right=right):
                return self._joined([self.value(left, depth + 1), self.value(right, depth + 1)])
            case cst.BinaryOperation(operator=cst.Divide(), left=left, right=right):
                return _paths([self.value(left, depth + 1), self.value(right, depth + 1)])
            case cst.Attribute(value=held, attr=cst.Name(value="parent")):
                return _parent(self.value(held, depth + 1), 1)
            case cst.Subscript(
                value=cst.Attribute(value=held, attr=cst.Name(value="parents")),
                slice=[cst.SubscriptElement(slice=cst.Index(value=cst.Integer() as level))],
            ):
                return _parent(self.value(held, depth + 1), min(integer(level) or 0, 99) + 1)
            case cst.Call():
                return self._call(node, depth)
            case _:
                return None

    def number(self, node: cst.CSTNode | None, depth: int = 0) -> int | None:
        """The number of an expression.

        Also as the default of `os.environ.get("PORT", 8000)` and inside `int(...)`.
        """
        if depth > _DEEPEST:
            return None
        text = literal(node)
        if text is not None:
            return int(text) if text.isdecimal() and len(text) < _DEEPEST else None
        match node:
            case cst.Integer():
                return integer(node)
            case cst.Name(value=name) if name in self.constants:
                return self.number(self.constants[name], depth + 1)
            case cst.BooleanOperation(operator=cst.Or(), right=last):
                return self.number(last, depth + 1)
            case cst.Call(func=cst.Name(value="int"), args=[cst.Arg(value=inner)]):
                return self.number(inner, depth + 1)
            case cst.Call(func=function, args=[_, cst.Arg(value=default)]) if dotted(
                function
            ).endswith(("getenv", "environ.get")):
                return self.number(default, depth + 1)
            case _:
                return None

    def _part(
        self,
        string: cst.FormattedString,
        part: cst.BaseFormattedStringContent,
        depth: int,
    ) -> Value | None:
        if isinstance(part, cst.FormattedStringExpression):
            return self.value(part.expression, depth + 1)
        text = part.value if isinstance(part, cst.FormattedStringText) else "\\"
        if "\\" in text and "r" not in string.prefix.lower():
            return None  # escapes, of which paths have none
        return plain(text.replace("{{", "{").replace("}}", "}"))

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

    def _call(self, node: cst.Call, depth: int) -> Value | None:
        name = dotted(node.func)
        held = node.func.value if isinstance(node.func, cst.Attribute) else None
        last = node.func.attr.value if isinstance(node.func, cst.Attribute) else name
        arguments = [self.value(argument, depth + 1) for argument in positional(node)]
        if name.endswith("path.join") or name == "join":
            return _paths(arguments)
        if last == "joinpath" and held is not None:
            return _paths([self.value(held, depth + 1), *arguments])
        if last == "dirname" and len(arguments) == 1:
            return _parent(arguments[0], 1)
        if name in {"os.getcwd", "Path.cwd", "pathlib.Path.cwd"}:
            return Value(".")
        if last in _WRAPS and node.args:
            return _paths(arguments)
        if last in _KEEPS:
            if arguments:
                return arguments[0]
            return self.value(held, depth + 1) if held is not None else None
        return None


def _bound(node: cst.CSTNode) -> Iterator[str]:
    match node:
        case (
            cst.AssignTarget(target=target)
            | cst.AnnAssign(target=target)
            | cst.AugAssign(target=target)
            | cst.For(target=target)
            | cst.CompFor(target=target)
            | cst.NamedExpr(target=target)
            | cst.Del(target=target)
        ):
            yield from _targets(target)
        case cst.AsName(name=target):
            yield from _targets(target)
        case cst.Param(name=name) | cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            yield name.value
        case cst.ImportAlias(name=name, asname=other):
            if other is not None:
                yield from _targets(other.name)
            else:
                yield dotted(name).split(".", maxsplit=1)[0]
        case cst.Global(names=names) | cst.Nonlocal(names=names):
            yield from (item.name.value for item in names)
        case cst.MatchAs(name=cst.Name(value=text)) | cst.MatchStar(name=cst.Name(value=text)):
            yield text


def _targets(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Name):
        yield node.value
    elif isinstance(node, cst.StarredElement):
        yield from _targets(node.value)
    else:
        for element in elements(node) or ():
            yield from _targets(element)


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
