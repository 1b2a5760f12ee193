"""What a build says of itself: progress as JSON lines (`--progress=rawjson`, buildx 0.13).

Which steps were cached and which one failed is stated there, not guessed from text. The lines are
BuildKit's `client.SolveStatus`: https://github.com/moby/buildkit/blob/master/client/graph.go
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG_LINES = 25  # the end of a log that is worth showing


class Ran(NamedTuple):
    """A step of a build: the instruction as BuildKit names it, and whether it was cached."""

    name: str
    cached: bool


class Failure(NamedTuple):
    """Why a build failed: the step, empty if it failed before the first; the end of its log."""

    step: str
    log: str


def steps(progress: str) -> tuple[Ran, ...]:
    """The steps in the order in which they were first spoken of. FROM is no step: it never runs."""
    found: dict[str, Ran] = {}
    for event in _events(progress):
        for vertex in event.get("vertexes") or ():
            name = _instruction(vertex["name"])
            if name is not None:
                known = found.get(vertex["digest"], Ran(name, cached=False))
                cached = known.cached or bool(vertex.get("cached"))
                found[vertex["digest"]] = Ran(name, cached)
    return tuple(found.values())


def failure(progress: str) -> Failure:
    """Which step failed and the end of what it wrote; else the command's own last words."""
    names: dict[str, str] = {}
    failed: dict[str, str] = {}
    wrote: dict[str, bytes] = {}
    for event in _events(progress):
        for vertex in event.get("vertexes") or ():
            names[vertex["digest"]] = vertex["name"]
            if vertex.get("error"):
                failed[vertex["digest"]] = vertex["error"]
        for log in event.get("logs") or ():
            wrote[log["vertex"]] = wrote.get(log["vertex"], b"") + _bytes(log.get("data") or "")
    for digest, error in failed.items():
        if "context canceled" in error and len(failed) > 1:
            continue  # a step beside the one that failed
        log = wrote.get(digest, b"").decode("utf-8", "replace")
        return Failure(_instruction(names[digest]) or names[digest], tail(f"{log}\n{error}"))
    plain = "\n".join(line for line in progress.splitlines() if not line.startswith("{"))
    return Failure("", tail(plain))


def tail(text: str, lines: int = LOG_LINES) -> str:
    """The last lines of a text."""
    return "\n".join(text.strip().splitlines()[-lines:])


def _events(progress: str) -> Iterator[dict[str, Any]]:
    for line in progress.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # cut where the process ended
                continue


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except binascii.Error:
        return b""


def _instruction(name: str) -> str | None:
    """The instruction of `[builder 2/5] RUN make`; None for FROM and for what is none."""
    place, closed, instruction = name.removeprefix("[").partition("] ")
    if not (name.startswith("[") and closed) or "/" not in place.rpartition(" ")[2]:
        return None
    return None if instruction.startswith("FROM ") else instruction
