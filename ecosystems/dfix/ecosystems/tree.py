"""The one door to project files.

A `Tree` is a folder as the rest of dfix sees it: text by POSIX path relative to the folder, nothing
above it. Behind it lies a disk, a Git commit, a dict, another tree's folder, or another tree with
changes on top. Version control data (``.git``) is never part of a tree. A path that does not
normalise to something inside names nothing.
"""

from __future__ import annotations

import os
import posixpath
import stat
from typing import TYPE_CHECKING, Protocol

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

TEXT_LIMIT = 16_000_000
"""Bytes beyond which a file is not read as text: the largest lockfiles seen have a third of it."""

FILES_LIMIT = 400_000
"""Files beyond which a folder is not listed, so that a run on a home directory ends."""

VERSION_CONTROL = ".git"


class TreeTooLargeError(Exception):
    """The folder holds more than `FILES_LIMIT` files: a part of them would be a wrong answer."""


class Tree(Protocol):
    """A folder of project files."""

    @property
    def root(self) -> str:
        """What to call the folder in a sentence."""
        ...

    def files(self) -> tuple[str, ...]:
        """All files, sorted by path. Raises `TreeTooLargeError`."""
        ...

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        ...

    def is_dir(self, path: str) -> bool:
        """Is there such a folder? The tree itself is ``""``."""
        ...

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; empty if there is no such folder."""
        ...

    def read(self, path: str) -> Fact[str]:
        """The text of a file with its line ends; Unknown if missing, not UTF-8 or too large."""
        ...

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        """At most the first `limit` bytes of a file; Unknown if it is missing or cannot be read."""
        ...


def inside(path: str) -> str | None:
    """The normal form of a relative path, ``""`` for the folder itself; None if it leaves it.

    >>> inside("./a//b/../c"), inside("."), inside("../a")
    ('a/c', '', None)
    """
    if path.startswith("/") or "\0" in path:
        return None
    clean = posixpath.normpath(path) if path else "."
    if clean == "..":
        return None
    if clean.startswith("../"):
        return None
    return "" if clean == "." else clean


def text_of(data: bytes, path: str, size: int | None = None) -> Fact[str]:
    """Decode a file; `size` is its whole length where `data` may be only its beginning."""
    if (len(data) if size is None else size) > TEXT_LIMIT:
        return Unknown(f"{path} is larger than {TEXT_LIMIT // 1_000_000} MB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Unknown(f"{path} is UTF-16, not UTF-8")
    if b"\0" in data:
        return Unknown(f"{path} is not a text file")
    try:
        return Known(data.decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        return Unknown(f"{path} is not UTF-8")


class MemoryTree:
    """Files given as a mapping from path to text or bytes."""

    def __init__(self, files: Mapping[str, str | bytes], root: str = "the project") -> None:
        self._files: dict[str, str | bytes] = {}
        self._names: dict[str, set[str]] = {"": set()}
        self.root = root
        for path, content in files.items():
            clean = inside(path)
            if clean:
                self._files[clean] = content
                self._grow(clean)

    def _grow(self, path: str) -> None:
        while path:
            parent, _, name = path.rpartition("/")
            self._names.setdefault(parent, set()).add(name)
            path = parent

    def files(self) -> tuple[str, ...]:
        """All files, sorted."""
        return tuple(sorted(self._files))

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        return inside(path) in self._files

    def is_dir(self, path: str) -> bool:
        """Is there such a folder?"""
        return inside(path) in self._names

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        clean = inside(path)
        return () if clean is None else tuple(sorted(self._names.get(clean, ())))

    def read(self, path: str) -> Fact[str]:
        """The text of a file."""
        found = self._files.get(inside(path) or "")
        if found is None:
            return Unknown(f"{path} is missing")
        return Known(found, path) if isinstance(found, str) else text_of(found, path)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        """The first bytes of a file."""
        found = self._files.get(inside(path) or "")
        if found is None:
            return Unknown(f"{path} is missing")
        return Known((found.encode() if isinstance(found, str) else found)[:limit], path)


class DiskTree:
    """A folder on disk, read as questions come.

    A symbolic link counts as what it points to if that lies inside the folder; a linked folder is a
    folder whose files are not listed again by `files`. Links that leave the folder, sockets and
    devices are not there.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._base = os.path.realpath(root)
        self.root = os.fspath(root)
        self._kinds: dict[str, dict[str, str]] = {}  # folder -> name -> "file", "dir" or "link"

    def _disk(self, path: str) -> str:
        return os.path.join(self._base, *path.split("/")) if path else self._base  # noqa: PTH118

    def _kind(self, path: str) -> str | None:
        if not path:
            return "dir"
        parent, _, name = path.rpartition("/")
        if self._kind(parent) not in {"dir", "link"}:
            return None
        return self._entries(parent).get(name)

    def _entries(self, folder: str) -> dict[str, str]:
        found = self._kinds.get(folder)
        if found is None:
            found = dict(self._scan(folder))
            self._kinds[folder] = found
        return found

    def _scan(self, folder: str) -> Iterator[tuple[str, str]]:
        """Names and kinds in a folder; an unreadable one is empty, and a build would fail on it."""
        try:
            with os.scandir(self._disk(folder)) as entries:
                for entry in entries:
                    kind = self._kind_of(entry)
                    if kind is not None and entry.name != VERSION_CONTROL:
                        yield entry.name, kind
        except OSError:
            return

    def _kind_of(self, entry: os.DirEntry[str]) -> str | None:
        try:
            if entry.is_symlink():
                target = os.path.realpath(entry.path)
                if target != self._base and not target.startswith(self._base + os.sep):
                    return None
                mode = os.stat(target).st_mode  # noqa: PTH116
                return "link" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else None
            if entry.is_dir(follow_symlinks=False):
                return "dir"
            return "file" if entry.is_file(follow_symlinks=False) else None
        except OSError:  # a link to nothing, or gone since
            return None

    def files(self) -> tuple[str, ...]:
        """All files, sorted. Raises `TreeTooLargeError`."""
        found: list[str] = []
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for name, kind in self._entries(folder).items():
                path = f"{folder}/{name}" if folder else name
                if kind == "file":
                    found.append(path)
                elif kind == "dir":
                    waiting.append(path)
            if len(found) > FILES_LIMIT:
                message = f"{self.root} holds more than {FILES_LIMIT} files; name a smaller folder"
                raise TreeTooLargeError(message)
        return tuple(sorted(found))

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        clean = inside(path)
        return bool(clean) and self._kind(clean or "") == "file"

    def is_dir(self, path: str) -> bool:
        """Is there such a folder?"""
        clean = inside(path)
        return clean is not None and self._kind(clean) in {"dir", "link"}

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        clean = inside(path)
        if clean is None or self._kind(clean) not in {"dir", "link"}:
            return ()
        return tuple(sorted(self._entries(clean)))

    def read(self, path: str) -> Fact[str]:
        """The text of a file."""
        data = self.read_bytes(path, TEXT_LIMIT + 1)
        return data if isinstance(data, Unknown) else text_of(data.value, path)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        """The first bytes of a file."""
        if not self.is_file(path):
            return Unknown(f"{path} is missing")
        try:
            with open(self._disk(inside(path) or ""), "rb") as file:  # noqa: PTH123
                return Known(file.read(limit), path)
        except OSError as error:
            return Unknown(f"{path} cannot be read: {error.strerror or error}")


class GitTree:
    """The files of one commit; `git` runs a Git command in the repository and returns its output.

    This room starts no processes: the caller brings one that does. Submodules and symbolic links
    are not there. Raises whatever `git` raises.
    """

    def __init__(self, git: Callable[[Sequence[str]], bytes], revision: str) -> None:
        self._git = git
        self.root = revision
        self._blobs: dict[str, tuple[str, int]] = {}
        listing = git(("ls-tree", "-r", "-z", "-l", "--full-tree", revision))
        for entry in listing.split(b"\0"):
            fields, _, name = entry.partition(b"\t")
            mode, _, rest = fields.partition(b" ")
            if mode in {b"100644", b"100755"}:
                _, oid, size = rest.split()
                self._blobs[name.decode("utf-8", "surrogateescape")] = (oid.decode(), int(size))
        self._shape = MemoryTree(dict.fromkeys(self._blobs, ""))

    def files(self) -> tuple[str, ...]:
        """All files, sorted."""
        return self._shape.files()

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        return self._shape.is_file(path)

    def is_dir(self, path: str) -> bool:
        """Is there such a folder?"""
        return self._shape.is_dir(path)

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        return self._shape.listdir(path)

    def read(self, path: str) -> Fact[str]:
        """The text of a file."""
        _, size = self._blobs.get(inside(path) or "", ("", 0))
        data = self.read_bytes(path, TEXT_LIMIT) if size <= TEXT_LIMIT else Known(b"", path)
        return data if isinstance(data, Unknown) else text_of(data.value, path, size)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        """The first bytes of a file."""
        blob = self._blobs.get(inside(path) or "")
        if blob is None:
            return Unknown(f"{path} is missing")
        return Known(self._git(("cat-file", "blob", blob[0]))[:limit], path)


class OverlayTree:
    """A tree with changed files on top: path to new text, or None where the file is gone."""

    def __init__(self, base: Tree, changed: Mapping[str, str | None]) -> None:
        self._base = base
        self.root = base.root
        self._changed = {clean: text for path, text in changed.items() if (clean := inside(path))}
        kept: dict[str, str | bytes] = {p: t for p, t in self._changed.items() if t is not None}
        self._added = MemoryTree(kept)

    def files(self) -> tuple[str, ...]:
        """All files, sorted."""
        below = (path for path in self._base.files() if path not in self._changed)
        return tuple(sorted((*below, *self._added.files())))

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        clean = inside(path)
        if clean in self._changed:
            return self._changed[clean] is not None
        return self._base.is_file(path)

    def is_dir(self, path: str) -> bool:
        """Is there such a folder? One whose last file is gone still is."""
        return self._added.is_dir(path) or self._base.is_dir(path)

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        clean = inside(path)
        if clean is None:
            return ()
        prefix = f"{clean}/" if clean else ""
        below = (n for n in self._base.listdir(clean) if prefix + n not in self._changed)
        return tuple(sorted({*below, *self._added.listdir(clean)}))

    def read(self, path: str) -> Fact[str]:
        """The text of a file."""
        if inside(path) in self._changed:
            return self._added.read(path)
        return self._base.read(path)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        """The first bytes of a file."""
        if inside(path) in self._changed:
            return self._added.read_bytes(path, limit)
        return self._base.read_bytes(path, limit)


class _Subtree:
    """A folder of another tree. Facts name the file as seen from the outer tree, for evidence."""

    def __init__(self, base: Tree, folder: str) -> None:
        self.base = base
        self.folder = folder
        self.root = f"{base.root}/{folder}"

    def _outer(self, path: str) -> str | None:
        clean = inside(path)
        if clean is None:
            return None
        return f"{self.folder}/{clean}" if clean else self.folder

    def files(self) -> tuple[str, ...]:
        prefix = f"{self.folder}/"
        return tuple(p.removeprefix(prefix) for p in self.base.files() if p.startswith(prefix))

    def is_file(self, path: str) -> bool:
        outer = self._outer(path)
        return outer is not None and self.base.is_file(outer)

    def is_dir(self, path: str) -> bool:
        outer = self._outer(path)
        return outer is not None and self.base.is_dir(outer)

    def listdir(self, path: str) -> tuple[str, ...]:
        outer = self._outer(path)
        return () if outer is None else self.base.listdir(outer)

    def read(self, path: str) -> Fact[str]:
        outer = self._outer(path)
        return Unknown(f"{path} is outside {self.root}") if outer is None else self.base.read(outer)

    def read_bytes(self, path: str, limit: int = TEXT_LIMIT) -> Fact[bytes]:
        outer = self._outer(path)
        if outer is None:
            return Unknown(f"{path} is outside {self.root}")
        return self.base.read_bytes(outer, limit)


def subtree(tree: Tree, directory: str) -> Tree:
    """The folder `directory` of a tree as a tree; an empty one if it does not exist."""
    clean = inside(directory)
    if clean is None:
        return MemoryTree({}, root=directory)
    if not clean:
        return tree
    if isinstance(tree, _Subtree):
        return _Subtree(tree.base, f"{tree.folder}/{clean}")
    return _Subtree(tree, clean)


def walk(tree: Tree, folder: str, skip: Iterable[str] = ()) -> Iterator[str]:
    """Files under one folder in order, not entering folders whose name is in `skip`."""
    skipped = frozenset(skip)
    for name in tree.listdir(folder):
        path = f"{folder}/{name}" if folder else name
        if tree.is_file(path):
            yield path
        elif name not in skipped and tree.is_dir(path):
            yield from walk(tree, path, skipped)
