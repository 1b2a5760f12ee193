"""Which files are archives by what they hold, as builders that unpack them look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

BLOCK = 512  # bytes: a tar's first header
# What a compressed file begins with (gzip, bzip2, xz, Zstandard); it may be a compressed tar.
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


def may_be_unpacked(tree: Tree, path: str) -> Fact[bool]:
    """May a builder take this file for a tar, compressed or not? Unknown if it cannot be read.

    Docker looks at the first block, whatever the name: a tar named `model.bin` is unpacked (tried on
    Docker Engine 28.5). Old tars have no magic number, but a checksum.
    """
    head = tree.read_bytes(path, BLOCK)
    if isinstance(head, Unknown):
        return head
    return Known(_begins_an_archive(head.value), path)


def _begins_an_archive(head: bytes) -> bool:
    if head.startswith(COMPRESSED):
        return True
    if len(head) < BLOCK:
        return False
    if not any(head):
        return True  # an empty archive begins with zeros
    import tarfile  # noqa: PLC0415 - only a file of some size pays for it

    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True
