"""The file system of an image, read from the tar stream of `docker export`."""

from __future__ import annotations

import posixpath
import tarfile
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, TYPE_CHECKING, Literal

from dfix.verify import elf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dfix.verify.elf import Elf

Kind = Literal["file", "folder", "link", "other"]
LINKS = 40  # in a row; Linux gives up there as well
LARGEST = 512 * 1024 * 1024  # bytes of an ELF file that is still read
# What the engine puts into every container, whatever the image holds.
ENGINES = (
    "dev",
    "proc",
    "sys",
    ".dockerenv",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "etc/mtab",
)


@dataclass(frozen=True, slots=True)
class Node:
    """A file, folder or link. `script` is the interpreter of a first line `#!`, with its words."""

    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int = 0
    target: str = ""
    script: tuple[str, ...] = ()
    elf: Elf | None = None


@dataclass(frozen=True)
class Files:
    """All files of an image by absolute path."""

    nodes: Mapping[str, Node]
    texts: Mapping[str, str] = field(default_factory=dict)  # of the few files whose content counts

    def resolve(self, path: str) -> str | None:
        """Where a path leads through all links; None if it leads nowhere."""
        left = [part for part in path.split("/") if part]
        here = ""
        links = 0
        while left:
            part = left.pop(0)
            if part in (".", ".."):
                here = here if part == "." else here.rpartition("/")[0]
                continue
            there = f"{here}/{part}"
            node = self.nodes.get(there)
            if node is None:
                return None
            if node.kind == "link":
                links += 1
                if links > LINKS:
                    return None
                if node.target.startswith("/"):
                    here = ""
                left = [each for each in node.target.split("/") if each] + left
            else:
                here = there
        return here or "/"

    def has(self, path: str) -> bool:
        """Does a path lead to something?"""
        return self.resolve(path) is not None

    def find(self, program: str, folders: Iterable[str], workdir: str = "/") -> str | None:
        """The file that a command's first word starts; None if it is not there."""
        if "/" in program:
            return self.resolve(posixpath.join(workdir, program))
        for folder in folders:
            found = self.resolve(posixpath.join(folder, program))
            if found is not None:
                return found
        return None

    @cached_property
    def users(self) -> Mapping[int, str]:
        """Names of users by number, of this image's passwd file."""
        return _names(self.texts.get("/etc/passwd", ""))

    @cached_property
    def groups(self) -> Mapping[int, str]:
        """Names of groups by number."""
        return _names(self.texts.get("/etc/group", ""))

    @cached_property
    def library_folders(self) -> tuple[str, ...]:
        """Where the loader looks: what ld.so.conf names, then what it and musl have built in."""
        named = [
            line.strip()
            for path, text in sorted(self.texts.items())
            if path.startswith("/etc/ld.so.conf")
            for line in text.splitlines()
            if line.startswith("/")
        ]
        arch = ("x86_64", "aarch64", "arm", "i386", "powerpc64le", "s390x", "riscv64")
        ends = ("linux-gnu", "linux-gnueabihf", "linux-gnueabi")
        multiarch = [f"/{top}/{a}-{e}" for top in ("lib", "usr/lib") for a in arch for e in ends]
        plain = ["/lib64", "/usr/lib64", "/lib", "/usr/local/lib", "/usr/lib"]
        return tuple(folder for folder in [*named, *multiarch, *plain] if self.has(folder))


READ = ("/etc/passwd", "/etc/group", "/etc/ld.so.conf")


def read(stream: IO[bytes]) -> Files:
    """Read a tar stream to its end. Raises `tarfile.TarError` and `OSError` for one that is cut."""
    nodes: dict[str, Node] = {}
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=1, encoding="utf-8") as tar:
        for member in tar:
            name = member.name.removeprefix("./").strip("/")
            if not name or name in ENGINES or name.startswith(("dev/", "proc/", "sys/")):
                continue
            path = f"/{name}"
            nodes[path] = _node(tar, member, nodes)
            if path in READ or path.startswith("/etc/ld.so.conf.d/"):
                texts[path] = _content(tar, member)
    return Files(nodes, texts)


def _node(tar: tarfile.TarFile, member: tarfile.TarInfo, nodes: Mapping[str, Node]) -> Node:
    kind: Kind = "other"
    if member.isdir():
        kind = "folder"
    elif member.issym():
        kind = "link"
    elif member.islnk():  # another name of a file that came before
        known = nodes.get(f"/{member.linkname.removeprefix('./').strip('/')}")
        return known or Node("file", member.mode, member.uid, member.gid)
    elif member.isfile():
        kind = "file"
    target = member.linkname if kind == "link" else ""
    script, binary = _start(tar, member) if kind == "file" else ((), None)
    return Node(kind, member.mode, member.uid, member.gid, member.size, target, script, binary)


def _start(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[tuple[str, ...], Elf | None]:
    if member.size < 4 or member.name.startswith("etc/"):  # noqa: PLR2004 - shorter than any mark
        return (), None
    content = tar.extractfile(member)
    if content is None:
        return (), None
    head = content.read(256)
    if head.startswith(b"#!"):
        line = head[2:].split(b"\n")[0].decode("utf-8", "replace")
        return tuple(line.split()), None
    if head.startswith(elf.MAGIC) and member.size <= LARGEST:
        return (), elf.read(head + content.read())
    return (), None


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    content = tar.extractfile(member) if member.isfile() else None
    return "" if content is None else content.read().decode("utf-8", "replace")


def _names(text: str) -> dict[int, str]:
    """Names by number, of lines `name:x:number:`."""
    rows = [line.split(":") for line in text.splitlines()]
    return {int(row[2]): row[0] for row in rows if len(row) > 2 and row[2].isdigit()}  # noqa: PLR2004 - the number is the third
