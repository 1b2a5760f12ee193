"""Reading a project's sources within bounds, and telling which of its files a string names."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.runtime import SOURCE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from dfix.ecosystems.tree import Tree

MOST_FILES = 40_000
"""Files of one project beyond which its sources are not read."""

SKIPPED = frozenset(
    {".git", "node_modules", "bower_components", ".venv", "venv", "__pycache__", ".tox", ".next"}
)
"""Names of directories that hold what tools have put there, not sources."""

LONGEST_MENTION = 200  # characters; longer strings are text, not paths


def read_all(tree: Tree, paths: Iterable[str]) -> Fact[dict[str, str]]:
    """The texts of `paths`.

    Unknown if one cannot be read or all together exceed SOURCE_LIMIT characters.
    """
    texts: dict[str, str] = {}
    spent = 0
    for path in paths:
        match tree.read(path):
            case Known(text):
                spent += len(text)
                texts[path] = text
            case Unknown(why):
                return Unknown(why)
        if spent > SOURCE_LIMIT:
            return Unknown(
                f"the sources are larger than {SOURCE_LIMIT // 1_000_000} MB, more than is read"
            )
    return Known(texts, "sources")


def under(directory: str, path: str) -> str:
    """`path`, which is relative to `directory`, relative to the tree's root and normalised."""
    return posixpath.normpath(posixpath.join(directory or ".", path))


@dataclass(frozen=True, slots=True)
class Paths:
    """The files and directories that one part of a tree has.

    For look-ups by strings found in sources.
    """

    files: frozenset[str]
    directories: frozenset[str]

    def mentioned(self, text: str, directory: str) -> str | None:
        """The file or directory that a string literal names, seen from `directory`.

        None if it names none.

        A bare word ("static", "app") names a directory only by accident as often as not, yet an
        open call built from it is exactly what cannot be seen, so it counts when the directory
        holds no source code of its own. The caller filters by that; here a candidate only has to
        exist.
        """
        if not text or len(text) > LONGEST_MENTION or "\n" in text or "://" in text:
            return None
        path = under(directory, text.lstrip("/") if text.startswith("/") else text)
        if path in self.files or (path in self.directories and path not in {".", directory}):
            return path
        return None


def paths_of(tree: Tree, directory: str = ".", skip: Container[str] = SKIPPED) -> Fact[Paths]:
    """List the files under `directory` and the directories that hold them, without those in `skip`.

    Unknown where there are more than MOST_FILES, as with a link that leads back to its own parent.
    """
    files: list[str] = []
    directories: set[str] = set()
    waiting = [under(directory, ".")]
    while waiting:
        folder = waiting.pop()
        prefix = "" if folder == "." else f"{folder}/"
        for name in tree.listdir("" if folder == "." else folder):
            path = f"{prefix}{name}"
            if tree.is_file(path):
                files.append(path)
            elif name not in skip and tree.is_dir(path):
                directories.add(path)
                waiting.append(path)
        if len(files) > MOST_FILES or len(directories) > MOST_FILES:
            return Unknown(f"{directory} holds more than {MOST_FILES} files")
    return Known(Paths(frozenset(files), frozenset(directories)), directory)
