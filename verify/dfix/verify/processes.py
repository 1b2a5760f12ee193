"""Processes that end: each leads a group of its own, and the group goes however it is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from typing import IO

GRACE = 5.0  # seconds between asking a process group to end and ending it


class TimedOut(Exception):
    """A process ran longer than it was allowed to; its group has been ended."""


class Finished(NamedTuple):
    """How a process ended: its exit code, both streams as text, and how long it took in seconds."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        """Both streams, what went wrong last."""
        return self.out + self.err


def run(argv: Sequence[str], limit: float) -> Finished:
    """Run a program without input for at most `limit` seconds.

    Raises `TimedOut`, and `FileNotFoundError` where there is no such program.
    """
    begin = time.monotonic()
    with _started(argv, subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise TimedOut(f"{_short(argv)} took longer than {limit:.0f} s") from None
    seconds = time.monotonic() - begin
    return Finished(process.returncode, _text(out), _text(err), seconds)


@contextlib.contextmanager
def stream(argv: Sequence[str]) -> Generator[IO[bytes]]:
    """What a program writes, as a stream of bytes; its group ends with the context.

    The program's own complaints are not read: whoever needs them asks the program again.
    """
    with _started(argv, subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield process.stdout


@contextlib.contextmanager
def _started(argv: Sequence[str], errors: int) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        # Ctrl-C on a terminal reaches this program alone, which then ends the group in order.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            _end(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a group: politely, so that a builder hears of it, then for certain."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sign)
            process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _short(argv: Sequence[str]) -> str:
    return " ".join([os.path.basename(argv[0]), *argv[1:2]])  # noqa: PTH119 - a name, not a path


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
