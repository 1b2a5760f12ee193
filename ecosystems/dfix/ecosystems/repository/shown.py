"""What one source shows, before it is known which Dockerfile it is about.

Every reader of this package yields these; `index` joins them.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.repository.values import BuildUse, Consumer, Note, Override

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.tree import Tree

ROOT = "/@root"
"""How expanded text names the repository's root, which every CI system calls differently."""


class Word(NamedTuple):
    """One word. `known` is false where an expansion in it could not be resolved."""

    text: str
    known: bool = True


class Built(NamedTuple):
    """Something is built. Without `use.dockerfile` only its builder counts, for every file."""

    use: BuildUse


class Started(NamedTuple):
    """A container is started or entered.

    Linked by `key` (the same service), `container` (a container's or pod's name) or `image`;
    `name` registers a container's name for others.
    """

    overrides: tuple[Override, ...]
    source: str
    image: str = ""
    key: str = ""
    container: str = ""
    name: str = ""


class Consumed(NamedTuple):
    """Something builds on an image, a Dockerfile or a service."""

    consumer: Consumer
    image: str = ""
    dockerfile: str = ""
    key: str = ""


class Tagged(NamedTuple):
    """An image gets another name."""

    image: str
    alias: str


class ComposeCalled(NamedTuple):
    """A compose command builds services: of the named `files`, or of those in `folders`."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    builder: str
    source: str
    ephemeral: bool
    service: str = ""
    overrides: tuple[Override, ...] = ()


Shown = Built | Started | Consumed | Tagged | ComposeCalled | Note


def inside(folder: str, path: str) -> str | None:
    """What `path` means in `folder`, from the root; None if it lies outside or is absolute."""
    if path.startswith(ROOT):
        folder, path = "", path[len(ROOT) :].lstrip("/") or "."
    if path.startswith(("/", "~", "git@")) or "://" in path:
        return None
    joined = posixpath.normpath(posixpath.join(folder, path or "."))
    if joined.startswith("../") or joined == "..":
        return None
    return "" if joined == "." else joined


def default_dockerfile(
    tree: Tree, context: str, names: Iterable[str] = ("Dockerfile", "dockerfile")
) -> str:
    """The file that a builder takes when none is named."""
    paths = [posixpath.join(context, name) for name in names]
    return next((path for path in paths if tree.is_file(path)), paths[0])


def remote(context: str) -> bool:
    """Does a context name something that is fetched?"""
    return "://" in context or context.startswith(("git@", "github.com/", "target:", "service:"))


SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox", "sh.exe", "bash.exe"})


def starts_shell(words: Iterable[str]) -> bool:
    """Is one of the first words a shell, as in ``tini -- sh -c``?"""
    return any(posixpath.basename(word) in SHELLS for word in list(words)[:6])


def folders_of(folder: str, path: str) -> tuple[str, ...]:
    """What `path` means in `folder` as the folders in which something runs: one, or none."""
    found = inside(folder, path)
    return () if found is None else (found,)
