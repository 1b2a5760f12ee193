"""What an ELF file needs to be loaded: its interpreter and its libraries.

Read from the program headers and the dynamic section alone, which a stripped file has, too:
https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"\x7fELF"
LOAD, DYNAMIC, INTERP = 1, 2, 3  # types of program headers
NEEDED, STRTAB, RPATH, RUNPATH = 1, 5, 15, 29  # tags of the dynamic section


class Elf(NamedTuple):
    """A program or a library. `paths` are its own search paths, `$ORIGIN` as it stands there."""

    bits: int
    machine: int
    interpreter: str | None
    needed: tuple[str, ...]
    paths: tuple[str, ...]


class _Segment(NamedTuple):
    kind: int
    offset: int
    address: int
    size: int


def read(data: bytes) -> Elf | None:
    """What the bytes of a file say; None for what is no ELF file or a damaged one."""
    if not data.startswith(MAGIC) or len(data) < 64:  # noqa: PLR2004 - the longer of both headers
        return None
    try:
        return _read(data)
    except (struct.error, OverflowError, KeyError, ValueError):
        return None


def _read(data: bytes) -> Elf:
    wide = {1: False, 2: True}[data[4]]
    order = {1: "<", 2: ">"}[data[5]]
    machine = struct.unpack_from(order + "H", data, 18)[0]
    segments = _segments(data, order, wide=wide)
    found = [each for each in segments if each.kind == INTERP]
    interpreter = _string(data, found[0].offset) if found else None
    tags = _tags(data, order, segments, wide=wide)
    strings = next((value for tag, value in tags if tag == STRTAB), None)
    names: dict[int, list[str]] = {NEEDED: [], RPATH: [], RUNPATH: []}
    if strings is not None:
        start = _offset(segments, strings)
        for tag, value in tags:
            if tag in names:
                names[tag].append(_string(data, start + value))
    # RUNPATH, where it is, counts alone: https://man7.org/linux/man-pages/man8/ld.so.8.html
    paths = ":".join(names[RUNPATH] or names[RPATH]).split(":")
    return Elf(
        64 if wide else 32,
        machine,
        interpreter,
        tuple(names[NEEDED]),
        tuple(path for path in paths if path),
    )


def _segments(data: bytes, order: str, *, wide: bool) -> list[_Segment]:
    start = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)[0]
    size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    found: list[_Segment] = []
    for number in range(count):
        at = start + number * size
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            kind, offset, address, _, length = struct.unpack_from(order + "IIIII", data, at)
        found.append(_Segment(kind, offset, address, length))
    return found


def _tags(
    data: bytes, order: str, segments: list[_Segment], *, wide: bool
) -> list[tuple[int, int]]:
    form = order + ("QQ" if wide else "II")
    step = struct.calcsize(form)
    found: list[tuple[int, int]] = []
    for segment in segments:
        if segment.kind != DYNAMIC:
            continue
        for at in range(segment.offset, segment.offset + segment.size, step):
            tag, value = struct.unpack_from(form, data, at)
            if tag == 0:
                break
            found.append((tag, value))
    return found


def _offset(segments: list[_Segment], address: int) -> int:
    """Where an address of the loaded program lies in the file."""
    for each in segments:
        if each.kind == LOAD and each.address <= address < each.address + each.size:
            return address - each.address + each.offset
    msg = f"no segment holds {address:#x}"
    raise ValueError(msg)


def _string(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "surrogateescape")
