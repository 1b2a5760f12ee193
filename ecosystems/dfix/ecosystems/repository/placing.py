"""Which Dockerfile and which context a place means."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal

from dfix.ecosystems.repository.shown import default_dockerfile, inside, remote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.repository.shown import Word
    from dfix.ecosystems.repository.values import BuildUse
    from dfix.ecosystems.tree import Tree

NamedFrom = Literal["folder", "context", "either"]
"""What a builder takes a Dockerfile's path to be relative to: where it runs, or the context."""

CONTAINERFILES = ("Containerfile", "Dockerfile")


def placed(
    tree: Tree,
    use: BuildUse,
    folders: Iterable[str],
    context: Word,
    dockerfile: Word | None,
    named_from: NamedFrom = "folder",
    names: tuple[str, ...] = ("Dockerfile", "dockerfile"),
) -> BuildUse | None:
    """The use with its Dockerfile and context; None if it builds no file of this repository.

    Of several folders in which the place may run, those count in which the file exists; if that
    still leaves different answers, the use has no Dockerfile.
    """
    if not context.known and (dockerfile is None or not dockerfile.known):
        return _open(use)
    if dockerfile is not None and not dockerfile.known:
        return _open(use)
    found: dict[tuple[str, str | None], None] = {}
    missing = False
    for folder in folders:
        for path, where in _readings(tree, folder, context, dockerfile, named_from, names):
            if tree.is_file(path):
                found.setdefault((path, where))
                break
            missing = True
    if not found:
        return None if missing or remote(context.text) else _open(use)
    if len(found) > 1:
        files = {path for path, _ in found}
        if len(files) > 1:
            return _open(use)
        return _with(use, files.pop(), None, "relative to a folder that is not known")
    path, where = next(iter(found))
    if where is not None and not tree.is_dir(where):
        return _with(use, path, None, f"not a folder of the repository: {where}")
    return _with(use, path, where, _why(context))


def _readings(
    tree: Tree,
    folder: str,
    context: Word,
    dockerfile: Word | None,
    named_from: NamedFrom,
    names: tuple[str, ...],
) -> Iterable[tuple[str, str | None]]:
    """(Dockerfile, context) for each way to read the two words in a folder."""
    where = inside(folder, context.text) if context.known and context.text != "-" else None
    if where is not None and tree.is_file(where):  # `-f` left out: the file itself was named
        yield where, posixpath.dirname(where)
        return
    if dockerfile is None:
        if where is not None:
            yield default_dockerfile(tree, where, names), where
        return
    bases: list[str | None] = []
    if named_from in {"folder", "either"}:
        bases.append(folder)
    if named_from in {"context", "either"}:
        bases.append(where)
    for base in bases:
        path = None if base is None else inside(base, dockerfile.text)
        if path is not None:
            yield path, where


def _why(context: Word) -> str:
    if not context.known:
        return f"not literal: {context.text}"
    if context.text == "-":
        return "empty: the file is read from standard input"
    return "outside of the repository"


def _open(use: BuildUse) -> BuildUse:
    return _with(use, None, None, "not literal")


def _with(use: BuildUse, dockerfile: str | None, context: str | None, why: str) -> BuildUse:
    return use._replace(
        dockerfile=dockerfile, context=context, context_why="" if context is not None else why
    )


def cache_types(entries: Iterable[str], direct: str = "registry") -> tuple[str, ...]:
    """The types in ``--cache-from`` entries; a bare image reference is a registry cache."""
    found: dict[str, None] = {}
    for entry in entries:
        for line in entry.splitlines():
            text = line.strip()
            if not text:
                continue
            parts = {
                name: value for name, _, value in (part.partition("=") for part in text.split(","))
            }
            found.setdefault(parts.get("type", direct) if "=" in text else direct)
    return tuple(found)


def pairs(entries: Iterable[str]) -> dict[str, str | None]:
    """``NAME=value`` entries; None where the value comes from the environment."""
    found: dict[str, str | None] = {}
    for entry in entries:
        name, equals, value = entry.strip().partition("=")
        if name and not name.startswith("#"):
            found[name] = value if equals else None
    return found


def split_list(texts: Iterable[str]) -> tuple[str, ...]:
    """Entries that commas or line ends separate."""
    return tuple(
        part.strip()
        for text in texts
        for part in text.replace("\n", ",").split(",")
        if part.strip()
    )
