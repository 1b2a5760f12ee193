"""Command, flags, value, form and lines are those of BuildKit's own parser."""

from __future__ import annotations

import pytest
from nasty import CASES, FAULTY
from oracle import Refused, buildkit
from reading import commands

from dfix.grammar import decode, parse

# BuildKit v0.12.5 cannot be asked about these.
BEYOND = {
    "a line over 64 KB": "its scanner stops at 64 KB",
    "an empty file": "it wants an instruction",
    "a file of one newline": "it wants an instruction",
    "no instruction": "it wants an instruction",
    "bytes that are not UTF-8": "the binding decodes strictly",
}


@pytest.mark.parametrize("name", [name for name in CASES if name not in BEYOND])
def test_agrees_with_buildkit(name: str):
    text = decode(CASES[name])
    assert commands(parse(text)) == buildkit(text)


@pytest.mark.parametrize("name", BEYOND)
def test_the_exceptions_are_still_needed(name: str):
    with pytest.raises(Refused):
        buildkit(decode(CASES[name]))


@pytest.mark.parametrize(
    "name", ["an escape directive with text behind it", "a pair without its equals sign",
             "an array of more than strings", "a here-document without its end", "a directive given twice"]
)  # fmt: skip
def test_buildkit_refuses_it_too(name: str):
    with pytest.raises(Refused):
        buildkit(decode(FAULTY[name][0]))
