"""What BuildKit's own parser makes of a text (PyPI `dockerfile`, BuildKit v0.12.5).

Its Go runtime hangs after a fork, and dies with the process that it upsets; so one spawned worker serves all questions.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess


class Command(NamedTuple):
    """One instruction as BuildKit reads it; lines count from 1."""

    cmd: str
    flags: tuple[str, ...]
    value: tuple[str, ...]
    json: bool
    start: int
    end: int


class Refused(Exception):
    """BuildKit's parser does not take the text; its message."""


def buildkit(text: str) -> list[Command]:
    """The instructions of a text. Raises Refused. `ONBUILD RUN x` has the command `ONBUILD RUN`."""
    connection = _worker()
    connection.send(text.encode("utf-8", "surrogateescape"))
    answer = connection.recv()
    if isinstance(answer, str):
        raise Refused(answer)
    return [Command(*each) for each in answer]


@functools.cache
def _worker() -> Connection:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    atexit.register(_stop, process, ours)
    return ours


def _stop(process: BaseProcess, connection: Connection) -> None:
    connection.close()
    process.join(1)


def _serve(connection: Connection) -> None:
    import tempfile
    from pathlib import Path

    import dockerfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Dockerfile"
        while True:
            try:
                data = connection.recv()
            except EOFError:
                return
            path.write_bytes(data)
            try:
                found = dockerfile.parse_file(str(path))
            except (dockerfile.GoParseError, dockerfile.GoIOError, UnicodeDecodeError) as error:
                connection.send(str(error))
                continue
            connection.send(
                [
                    (
                        f"{each.cmd} {each.sub_cmd or ''}".strip().upper(),
                        each.flags,
                        each.value,
                        each.json,
                        each.start_line,
                        each.end_line,
                    )
                    for each in found
                ]
            )
