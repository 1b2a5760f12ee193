"""Services of compose files laid over each other: extends, and fragments of one project.

https://docs.docker.com/reference/compose-file/extension/ and .../merge/.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Self

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.shown import inside
from dfix.ecosystems.repository.values import Note
from dfix.ecosystems.repository.yamls import Fields, document, fields, text

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

EXTENDS_DEPTH = 8


def compose_file(tree: Tree, path: str) -> Fields | Note:
    """The mapping that a compose file is."""
    found = tree.read(path)
    return document(path, found.value) if isinstance(found, Known) else Note(found.why, path)


def extended(tree: Tree, path: str, services: Fields, service: Fields, depth: int) -> Fields:
    """A service laid over what it extends; its own keys win, mappings are united."""
    extends = service.get("extends")
    if extends is None or depth > EXTENDS_DEPTH:
        return service
    name = extends if isinstance(extends, str) else text(fields(extends).get("service"))
    file = text(fields(extends).get("file"))
    if file:
        other = inside(posixpath.dirname(path), file)
        found = compose_file(tree, other) if other is not None and tree.is_file(other) else None
        if not isinstance(found, Fields):
            return service
        below, services, path = (
            fields(fields(found.get("services")).get(name)),
            fields(found.get("services")),
            other or "",
        )
        below = _moved(below, posixpath.dirname(path))
    else:
        below = fields(services.get(name))
    return merged(extended(tree, path, services, below, depth + 1), service)


def _moved(service: Fields, folder: str) -> Fields:
    """A service of another folder: its relative context is one of that folder."""
    build = service.get("build")
    if build is None:
        return service
    new = Fields(service)
    changed = Fields(build) if isinstance(build, Fields) else Fields()
    context = build if isinstance(build, str) else text(changed.get("context")) or "."
    if "context" not in changed:
        changed.path, changed.line = service.path, service.lines.get("build", service.line)
    changed["context"] = Moved(context, folder)
    new["build"] = changed
    return new


class Moved(str):
    """A path that is relative to another folder than the file's."""

    __slots__ = ("folder",)
    folder: str

    def __new__(cls, value: str, folder: str) -> Self:
        """A path that already has a folder keeps it."""
        made = super().__new__(cls, value)
        made.folder = getattr(value, "folder", folder)
        return made


def merged(below: Fields, above: Fields) -> Fields:
    """One mapping over another, as compose merges files: `above` wins, mappings are united."""
    out = Fields(below)
    if not below:
        out.path, out.line = above.path, above.line
    for key, value in above.items():
        lower = out.get(key)
        if isinstance(lower, Fields) and isinstance(value, Fields):
            out[key] = merged(lower, value)
        elif key == "build" and isinstance(lower, str) and isinstance(value, Fields):
            out[key] = merged(long_build(lower), value)
        else:
            out[key] = value
        if key in above.lines:
            out.lines[key] = above.lines[key]
            out.paths[key] = above.paths.get(key, above.path)
    if not out.path:
        out.path, out.line = above.path, above.line
    return out


def long_build(context: str) -> Fields:
    """``build: .`` in its long form."""
    out = Fields({"context": context})
    out.path, out.line = getattr(context, "path", ""), getattr(context, "line", 0)
    return out
