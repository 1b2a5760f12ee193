"""Tell which module of Python a command runs: `python -m poetry install` is `poetry install`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Switches that change nothing of what a module does: https://docs.python.org/3/using/cmdline.html
SWITCHES = frozenset({"-u", "-I", "-B", "-E", "-s", "-S", "-O", "-OO", "-q", "-v"})


def behind(words: Sequence[str | None], program: str) -> int | None:
    """Index of the first word behind `program`, or behind `python -m program`; None if another program is called."""
    name = (words[0] or "").rpartition("/")[2].removesuffix(".exe")
    if not name.startswith("python"):
        return 1
    at = 1
    while at < len(words) and words[at] in SWITCHES:
        at += 1
    if at < len(words) and words[at] == f"-m{program}":
        return at + 1
    if at + 1 < len(words) and words[at] == "-m" and words[at + 1] == program:
        return at + 2
    return None
