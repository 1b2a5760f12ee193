"""Processes that end: there is a time limit, and the whole group goes with its first process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GRACE = 5.0  # seconds between asking a process group to end and ending it


class OverdueError(Exception):
    """A process ran longer than it was allowed to; it has been ended."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended. `output` is what it wrote, both streams as they came."""

    code: int
    output: str
    seconds: float


def run(argv: Sequence[str], limit: float) -> Finished:
    """Run a program for at most `limit` seconds, without input.

    The program leads a process group of its own, so nothing that it starts outlives it, however
    this function is left. Raises `OverdueError`, and `FileNotFoundError` without such a program.
    """
    begin = time.monotonic()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        raise OverdueError(f"{' '.join(argv[:3])} ... took longer than {limit:.0f} s") from None
    finally:
        if process.returncode is None:
            _end(process)
    return Finished(process.returncode, output, time.monotonic() - begin)


def _end(process: subprocess.Popen[str]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.communicate(timeout=GRACE)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
        break
    process.wait()
