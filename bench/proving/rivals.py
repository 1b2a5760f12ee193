"""Other people's tools on the same files, as programs of their own and never as a dependency.

tally (https://pypi.org/project/tally-cli/) is under the AGPL: it is started, and nothing else. Put
it into an environment of its own and name the program: `--tally PROGRAM`.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from proving import processes
from proving.refactoring import Refactored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT = 60.0  # seconds
SAFE = ("--fix",)
UNSAFE = ("--fix", "--fix-unsafe")


def tally(program: str, *fixes: str) -> Callable[[Path], Refactored]:
    """Refactor a folder's Dockerfile with tally. It ends with 1 while findings are left."""

    def refactor(folder: Path) -> Refactored:
        done = processes.run(
            [
                *(program, "lint", *fixes, "--no-config", "--slow-checks=off", "--format=json"),
                *("--context", str(folder), str(folder / "Dockerfile")),
            ],
            LIMIT,
        )
        ended = "settled" if done.code in {0, 1} else f"failed with {done.code}"
        return Refactored(" ".join(("tally", *fixes)), (), ending=ended)

    return refactor


def version(program: str) -> str | None:
    """The version of tally; None if there is no such program."""
    if shutil.which(program) is None:
        return None
    return processes.run([program, "--version"], LIMIT).output.split()[2]
