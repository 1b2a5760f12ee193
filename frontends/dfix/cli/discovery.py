"""From the paths of the command line to Dockerfiles.

A named file is taken whatever its name; a folder is searched for the names that Docker, Podman and
their users give to Dockerfiles, leaving out what `.gitignore` leaves out.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.render.view import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Copies and documents that carry the name; a template's name is taken, and the file then refused
# aloud.
OTHER = (".dockerignore", ".md", ".rst", ".orig", ".rej", ".bak", ".swp", "~")
NEVER = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", ".venv", ".tox", "__pycache__"})


class Found(NamedTuple):
    """A file to look at; both paths are absolute. `named` says that the command line names it."""

    file: str
    root: str
    named: bool

    @property
    def path(self) -> str:
        """The path from the project's root, with forward slashes."""
        return os.path.relpath(self.file, self.root).replace(os.sep, "/")


def discover(paths: Iterable[str], folder: str) -> tuple[list[Found], list[Problem]]:
    """The Dockerfiles that the paths mean, each once, sorted; and the paths that mean none.

    `folder` is the current one, absolute.
    """
    found: dict[str, Found] = {}
    problems: list[Problem] = []
    for path in paths:
        for each in _meant(path, folder):
            if isinstance(each, Problem):
                problems.append(each)
            elif each.file not in found or each.named:
                found[each.file] = each
    return sorted(found.values()), problems


def is_dockerfile(name: str) -> bool:
    """Is this what a Dockerfile is called?"""
    if name.endswith(OTHER):
        return False
    return (
        name == "Dockerfile"
        or name.startswith(("Dockerfile.", "Containerfile"))
        or name.endswith((".Dockerfile", ".dockerfile"))
    )


def root_of(path: str, folder: str) -> str:
    """The project of a file or folder.

    Its git checkout, else the current folder, else the folder itself.
    """
    start = path if os.path.isdir(path) else os.path.dirname(path)
    checkout = _checkout(start)
    if checkout is not None:
        return checkout
    return folder if _lies_in(start, folder) else start


def _meant(path: str, folder: str) -> Iterator[Found | Problem]:
    whole = os.path.normpath(os.path.join(folder, path))
    if os.path.isdir(whole):
        yield from _searched(path, whole, folder)
    elif os.path.lexists(whole):
        yield Found(whole, root_of(whole, folder), named=True)
    elif any(char in path for char in "*?["):
        from glob import glob  # noqa: PLC0415 - the shell has expanded most patterns

        matched = sorted(glob(path, root_dir=folder, recursive=True))
        if not matched:
            yield Problem(path, "no file matches")
        for each in matched:
            yield from _meant(each, folder)
    else:
        yield Problem(path, "there is no such file or folder")


def _searched(path: str, whole: str, folder: str) -> Iterator[Found | Problem]:
    root = root_of(whole, folder)
    empty = True
    for file in _walk(whole, root):
        empty = False
        yield Found(file, root, named=False)
    if empty and is_dockerfile(os.path.basename(whole)):
        yield Problem(path, "it is a folder, not a Dockerfile, and there is none in it")


def _walk(top: str, root: str) -> Iterator[str]:
    """The files below a folder that are called like Dockerfiles.

    Links to folders are not followed.
    """
    waiting = [(top, _above(top, root))]
    while waiting:
        folder, ignores = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # a folder that may not be read holds no Dockerfile that could be
            continue
        own = _ignore(folder) if any(entry.name == ".gitignore" for entry in entries) else None
        if own is not None:
            ignores = (*ignores, (folder, own))
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER and not _ignored(entry.path + os.sep, ignores):
                    waiting.append((entry.path, ignores))
            elif (
                is_dockerfile(entry.name)
                and not entry.is_dir()
                and not _ignored(entry.path, ignores)
            ):
                yield entry.path


def _above(top: str, root: str) -> tuple[tuple[str, Any], ...]:
    """The ignore files of the folders from the root down to a folder, without its own."""
    found: list[tuple[str, Any]] = []
    here = top
    while here != root and _lies_in(here, root):
        here = os.path.dirname(here)
        own = _ignore(here)
        if own is not None:
            found.append((here, own))
    return tuple(reversed(found))


@functools.cache
def _ignore(folder: str) -> Any | None:
    file = os.path.join(folder, ".gitignore")
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            patterns = stream.read().splitlines()
    except OSError:
        return None
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - a project without ignore files does not need it

    return GitIgnoreSpec.from_lines(patterns)


def _ignored(path: str, ignores: tuple[tuple[str, Any], ...]) -> bool:
    """The innermost ignore file that has a say decides."""
    for folder, spec in reversed(ignores):
        verdict = spec.check_file(path[len(folder) :].lstrip(os.sep).replace(os.sep, "/")).include
        if verdict is not None:
            return bool(verdict)
    return False


@functools.cache
def _checkout(folder: str) -> str | None:
    here = folder
    while True:
        if os.path.exists(os.path.join(here, ".git")):
            return here
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
