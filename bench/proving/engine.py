"""The container engine, through the `docker` command: build, start, ask, and leave nothing behind.

Which steps were cached is read from BuildKit's progress, as `dfix verify` reads it.
"""

from __future__ import annotations

import json
import secrets
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dfix.verify.progress import LOG_LINES, Ran, failure, steps, tail
from proving import processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

SHORT = 60.0  # seconds for a command that only asks or removes


class NoEngineError(Exception):
    """There is no engine to build with; the sentence names the cure."""


class EngineError(Exception):
    """The engine did not do what it was asked; the sentence ends in its log's last lines."""


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build. FROM is no step: it is never run."""

    steps: tuple[Ran, ...]
    seconds: float

    @property
    def cached(self) -> int:
        """The number of steps taken from the cache."""
        return sum(step.cached for step in self.steps)

    @property
    def ran(self) -> tuple[str, ...]:
        """The steps that ran."""
        return tuple(step.name for step in self.steps if not step.cached)


@dataclass(slots=True)
class Engine:
    """An engine and what was made with it; as a context manager it removes that at the end."""

    docker: str = "docker"
    network: str = "host"
    build_limit: float = 600.0
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    version: str = ""
    _images: list[str] = field(default_factory=list)
    _containers: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Find the engine; `NoEngineError` if there is none."""
        try:
            found = processes.run([self.docker, "version", "-f", "{{.Server.Version}}"], SHORT)
        except FileNotFoundError:
            raise NoEngineError(f"no {self.docker} command: install Docker with buildx") from None
        except processes.OverdueError as late:
            raise NoEngineError(f"the engine does not answer: {late}") from None
        if found.code:
            raise NoEngineError(
                f"no engine answers: start it, or set DOCKER_HOST: {tail(found.output, 1)}"
            )
        self.version = found.output.strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove every container and image that was made here."""
        for name in list(self._containers):
            self.stop(name)
        for tag in dict.fromkeys(self._images):
            self._quietly("image", "rm", "--force", tag)

    def image(self, name: str) -> dict[str, Any] | None:
        """What the engine knows of an image; None if it is not there."""
        found = self._quietly("image", "inspect", name)
        if found is None or found.code:
            return None
        described: list[dict[str, Any]] = json.loads(found.output)
        return described[0]

    def build(
        self,
        context: Path,
        tag: str | None,
        *,
        fresh: bool = False,
        caches: str = "",
        arguments: Mapping[str, str] | None = None,
    ) -> Build:
        """Build the folder's `Dockerfile`; without a tag no image is kept.

        A `fresh` build runs every step, and `caches` names a set of cache mounts: with a new name
        they are empty. Both together are a first build, and nobody else's cache is cleared for it.
        https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args

        The build reads a copy of the Dockerfile from outside the context, without its syntax line:
        what is built is what the engine's own frontend makes of it. Raises `EngineError` with the
        end of the failing step's log, and `processes.OverdueError`.
        """
        if tag is not None:
            self._images.append(tag)
        with tempfile.TemporaryDirectory(prefix="dfix-bench-") as aside:
            dockerfile = Path(aside, "Dockerfile")
            text = (context / "Dockerfile").read_bytes()
            dockerfile.write_bytes(without_syntax(text))
            own = context / "Dockerfile.dockerignore"
            if own.exists():
                dockerfile.with_name(own.name).write_bytes(own.read_bytes())
            argv = [
                *(self.docker, "build", "--progress=rawjson", "--pull=false"),
                *(f"--network={self.network}", "--file", str(dockerfile)),
                *(("--no-cache",) if fresh else ()),
                *(("--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={caches}") if caches else ()),
                *(
                    word
                    for name, value in (arguments or {}).items()
                    for word in ("--build-arg", f"{name}={value}")
                ),
                *(("--load", "--tag", tag) if tag is not None else ("--output=type=cacheonly",)),
                str(context),
            ]
            done = processes.run(argv, self.build_limit)
        if done.code:
            why = failure(done.output)
            raise EngineError(f"the build failed:\n{why.step}\n{why.log}".replace("\n\n", "\n"))
        return Build(steps(done.output), done.seconds)

    def drop(self, tag: str) -> None:
        """Remove an image that was built here; the build cache keeps its steps."""
        self._quietly("image", "rm", "--force", tag)
        self._images.remove(tag)

    def start(self, image: str, env: Mapping[str, str]) -> str:
        """Start a container in the background and give its name."""
        name = f"dfix-bench-{self.mark}-{len(self._containers)}-{secrets.token_hex(2)}"
        self._containers.append(name)
        given = [word for key, value in env.items() for word in ("--env", f"{key}={value}")]
        self._must(
            "run",
            "--detach",
            "--pull=never",
            f"--network={self.network}",
            "--name",
            name,
            *given,
            image,
        )
        return name

    def command(self, image: str, entrypoint: str, args: Sequence[str]) -> processes.Finished:
        """Run one program of the image to its end."""
        name = f"dfix-bench-{self.mark}-{len(self._containers)}-{secrets.token_hex(2)}"
        self._containers.append(name)
        argv = ["run", "--pull=never", f"--network={self.network}", "--name", name]
        try:
            return processes.run(
                [self.docker, *argv, "--entrypoint", entrypoint, image, *args], SHORT
            )
        finally:
            self.stop(name)

    def runs(self, container: str) -> bool:
        """Does the container still run?"""
        state = self._quietly("inspect", "-f", "{{.State.Running}}", container)
        return state is not None and state.output.strip() == "true"

    def log(self, container: str) -> str:
        """The last lines that a container wrote."""
        found = self._quietly("logs", "--tail", str(LOG_LINES), container)
        return "" if found is None else found.output.strip()

    def stop(self, container: str) -> None:
        """Kill a container and remove it; as process 1, many programs ignore the polite way."""
        self._quietly("rm", "--force", "--volumes", container)
        if container in self._containers:
            self._containers.remove(container)

    def _must(self, *argv: str) -> processes.Finished:
        done = processes.run([self.docker, *argv], SHORT)
        if done.code:
            raise EngineError(f"docker {argv[0]} failed: {tail(done.output, 3)}")
        return done

    def _quietly(self, *argv: str) -> processes.Finished | None:
        """An answer, or None if there was none: clean-up never hides the first error."""
        try:
            return processes.run([self.docker, *argv], SHORT)
        except (processes.OverdueError, OSError):
            return None


def without_syntax(text: bytes) -> bytes:
    r"""A Dockerfile without its syntax directive; all other directives stay.

    >>> without_syntax(b"# syntax=docker/dockerfile:1\nFROM scratch\n")
    b'FROM scratch\n'
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        words = line.strip().lower().replace(b" ", b"")
        if not words.startswith(b"#"):
            break
        if words.startswith(b"#syntax="):
            return b"".join(lines[:number] + lines[number + 1 :])
    return text


def answers(port: int) -> bool:
    """Does anything listen on this port of the loopback address?"""
    with socket.socket() as there:
        there.settimeout(1.0)
        return there.connect_ex(("127.0.0.1", port)) == 0
