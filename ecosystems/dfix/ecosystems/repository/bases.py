"""The images that Dockerfiles build on: FROM lines and ``--from=``, and no more of the language.

A neighbour that builds on this file's image is a consumer; this reads what it names, line by line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.interpolate import interpolated

if TYPE_CHECKING:
    from collections.abc import Iterator

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=(\S*)", re.IGNORECASE)
_COPIED = re.compile(r"^\s*(?:COPY|RUN|ADD)\s.*?(?:--from=|,from=)([^\s,]+)", re.IGNORECASE)
LIMIT = 400_000


def bases(text: str) -> Iterator[tuple[str, int]]:
    """(reference, line) of each image from outside; names of the file's own stages are left out."""
    stages: set[str] = set()
    args: dict[str, str] = {}
    started = False
    for number, line in enumerate(text[:LIMIT].splitlines(), 1):
        if (found := _FROM.match(line)) is not None:
            started = True
            reference = interpolated(found[1], args).text
            if reference.lower() not in stages and reference != "scratch":
                yield reference, number
            if found[2]:
                stages.add(found[2].lower())
        elif not started and (given := _ARG.match(line)) is not None:
            args[given[1]] = given[2].strip("\"'")
        elif (copied := _COPIED.match(line[:2000])) is not None:
            reference = copied[1]
            if not reference.isdigit() and reference.lower() not in stages:
                yield reference, number
