"""YAML as plain values that remember where they stand.

Every scalar is a `Text` (nothing is guessed to be a number: ``22:22`` and ``1.10`` stay as
written), null is None. Aliases are shared, not copied, so that a small file cannot become a large
value; depth and size are bounded, and what does not parse is a `Note`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.values import Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 400_000
"""Characters. The largest hand-written workflow or manifest seen has a tenth of it."""
SLOW_LIMIT = 60_000
"""Characters that are read without libyaml, which is fifty times faster."""
DEPTH = 80
ENTRIES = 60_000


class Text(str):
    """A scalar. `path` and `line` (from 1) say where it stands; `quoted`: not plain."""

    __slots__ = ("line", "path", "quoted")
    path: str
    line: int
    quoted: bool

    @property
    def source(self) -> str:
        """``path:line``."""
        return f"{self.path}:{self.line}"


class Items(list[Any]):
    """A sequence and where it begins."""

    path: str = ""
    line: int = 0

    @property
    def source(self) -> str:
        """``path:line``."""
        return f"{self.path}:{self.line}"


class Fields(dict[str, Any]):
    """A mapping, where it begins, and the lines of its keys."""

    path: str = ""
    line: int = 0

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(values or {})
        self.lines: dict[str, int] = dict(getattr(values, "lines", {}))
        self.paths: dict[str, str] = dict(getattr(values, "paths", {}))
        self.path = getattr(values, "path", "")
        self.line = getattr(values, "line", 0)

    @property
    def source(self) -> str:
        """``path:line``."""
        return f"{self.path}:{self.line}"

    def at(self, *keys: str) -> str:
        """``path:line`` of the first of these keys that is there; of the mapping if none is."""
        for key in keys:
            if key in self.lines:
                return f"{self.paths.get(key, self.path)}:{self.lines[key]}"
        return self.source


def documents(path: str, text: str) -> tuple[Any, ...] | Note:
    """Read all documents of a file; a `Note` if it is too large, too deep, or not YAML."""
    import yaml  # noqa: PLC0415 - loaded only where a project has such a file

    fast = hasattr(yaml, "CSafeLoader")
    if len(text) > (LIMIT if fast else SLOW_LIMIT):
        return Note(f"not read: {len(text)} characters are too many", path)
    if _too_deep(text):
        return Note("not read: nested too deeply", path)
    loader = yaml.CSafeLoader if fast else yaml.SafeLoader
    try:
        nodes = list(yaml.compose_all(text, loader))
        reader = _Reader(path, yaml)
        return tuple(reader.value(node, 0) for node in nodes)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = path if mark is None else f"{path}:{mark.line + 1}"
        return Note(f"not valid YAML: {getattr(error, 'problem', None) or 'unreadable'}", where)
    except (_TooMuchError, RecursionError, ValueError) as error:
        return Note(f"not read: {str(error) or 'nested too deeply'}", path)


def document(path: str, text: str) -> Fields | Note:
    """The first document, if it is a mapping."""
    found = documents(path, text)
    if isinstance(found, Note):
        return found
    if found and isinstance(found[0], Fields):
        return found[0]
    return Note("not a mapping", path)


def fields(value: Any) -> Fields:
    """The value if it is a mapping, otherwise an empty one."""
    return value if isinstance(value, Fields) else Fields()


def items(value: Any) -> Items:
    """The value if it is a sequence, otherwise an empty one."""
    return value if isinstance(value, Items) else Items()


def text(value: Any) -> str:
    """The value if it is a scalar, otherwise an empty string."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """The scalars of a sequence; a scalar alone is one."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in items(value) if isinstance(each, str))


def source_of(value: Any, default: str) -> str:
    """Where a value stands."""
    return getattr(value, "source", default)


def true(value: Any) -> bool:
    """Is the scalar one of YAML's words for true?"""
    return isinstance(value, str) and value.lower() in {"true", "yes", "on", "1"}


def walk(value: Any, limit: int = ENTRIES) -> Iterator[Fields]:
    """All mappings inside a value, each once, outer ones first."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < limit:
        current = waiting.pop()
        if not isinstance(current, Fields | Items) or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Fields):
            yield current
            waiting.extend(reversed(list(current.values())))
        else:
            waiting.extend(reversed(current))


class _TooMuchError(Exception):
    """A bound was reached."""


class _Reader:
    """Turns composed nodes into values; aliases become the same value."""

    def __init__(self, path: str, yaml: Any) -> None:
        self.path = path
        self.yaml = yaml
        self.done: dict[int, Any] = {}
        self.left = ENTRIES

    def value(self, node: Any, depth: int) -> Any:
        if id(node) in self.done:
            return self.done[id(node)]
        self.left -= 1
        if depth > DEPTH:
            raise _TooMuchError
        if self.left < 0:
            message = "too many entries"
            raise _TooMuchError(message)
        if isinstance(node, self.yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, self.yaml.SequenceNode):
            found = Items()
            found.path, found.line = self.path, node.start_mark.line + 1
            self.done[id(node)] = found
            found.extend(self.value(child, depth + 1) for child in node.value)
            return found
        return self._mapping(node, depth)

    def _scalar(self, node: Any) -> Text | None:
        if not node.style and node.value in {"", "~", "null", "Null", "NULL"}:
            return None
        found = Text(node.value)
        found.path, found.line = self.path, node.start_mark.line + 1
        found.quoted = bool(node.style)
        return found

    def _mapping(self, node: Any, depth: int) -> Fields:
        found = Fields()
        found.path, found.line = self.path, node.start_mark.line + 1
        self.done[id(node)] = found
        merged: list[Any] = []
        for key, child in node.value:
            value = self.value(child, depth + 1)
            if not isinstance(key, self.yaml.ScalarNode):
                continue
            if key.value == "<<" and not key.style:
                merged.extend(value if isinstance(value, Items) else [value])
                continue
            found[key.value] = value
            found.lines[key.value] = key.start_mark.line + 1
        for base in merged:  # earlier ones win, and the mapping's own keys win over all
            if isinstance(base, Fields) and base is not found:
                self.left -= len(base)
                for name, value in base.items():
                    if name not in found:
                        found[name] = value
                        found.lines[name] = base.lines.get(name, base.line)
        if self.left < 0:
            message = "too many entries"
            raise _TooMuchError(message)
        return found


def _too_deep(text: str) -> bool:
    """Libyaml composes recursively in C: depth is bounded before it sees the text."""
    if re.search(rf"(?:[-?][ \t]+){{{DEPTH}}}", text):
        return True
    if text.count("[") + text.count("{") <= DEPTH * 4:
        return False
    depth = 0
    for character in text:
        if character in "[{":
            depth += 1
            if depth > DEPTH * 4:
                return True
        elif character in "]}" and depth:
            depth -= 1
    return False
