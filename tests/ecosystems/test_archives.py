"""Archives are known by what they hold."""

from __future__ import annotations

import io
import tarfile

import pytest

from dfix.ecosystems.archives import may_be_unpacked
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.tree import MemoryTree


def tar(mode="w", form=tarfile.PAX_FORMAT):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode, format=form) as archive:
        entry = tarfile.TarInfo("a")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"a"))
    return made.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_is_one_whatever_its_name(mode, form):
    assert may_be_unpacked(MemoryTree({"model.bin": tar(mode, form)}), "model.bin").value


def test_a_tar_without_a_magic_number_has_a_checksum():
    old = bytearray(tar(form=tarfile.USTAR_FORMAT))
    old[257:265] = bytes(8)
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])
    assert may_be_unpacked(MemoryTree({"a": bytes(old)}), "a").value


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"PK\x03\x04" + bytes(600), b"#!/bin/sh\n" + b"a" * 600, b"\x7fELF" + bytes(600)],
)
def test_other_files_are_none(content):
    assert not may_be_unpacked(MemoryTree({"a.tar": content}), "a.tar").value


def test_a_file_that_is_not_there_is_unknown():
    assert isinstance(may_be_unpacked(MemoryTree({}), "a"), Unknown)
