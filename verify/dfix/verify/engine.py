"""The container engine through the `docker` command: build, start, ask, and leave nothing behind.

Everything made here carries a mark of this run: images by their tag, containers by a label, cache
mounts by a name space of their own (`BUILDKIT_CACHE_MOUNT_NS`,
https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args). At the end all that
carries the mark is removed; the engine's build cache alone stays.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import IO, TYPE_CHECKING, Any, Self

from dfix.verify import processes
from dfix.verify.processes import Finished, TimedOut
from dfix.verify.progress import failure, steps, tail
from dfix.verify.values import Layer, NotTried, Settings, Unbuilt

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from dfix.verify.progress import Ran

REPOSITORY = "dfix-verify"
LABEL = "dfix.verify"
SHORT = 60.0  # seconds for a command that only asks or removes
START = 30.0  # seconds until an engine that is there has answered


def new_mark() -> str:
    """The mark of a run: no two runs on one engine have the same."""
    return secrets.token_hex(4)


class Engine:
    """An engine and what was made with it, as a context manager that removes all of that."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.mark = new_mark()
        self.version = ""
        self._number = 0
        self._has_caches = False

    def __enter__(self) -> Self:
        """Find the engine; `NotTried` if there is none."""
        docker = self.settings.docker
        try:
            found = self._run(["version", "--format", "{{.Server.Version}}"], START)
        except FileNotFoundError:
            raise NotTried(f"there is no {docker} command: install Docker with buildx") from None
        except TimedOut as late:
            raise NotTried(f"the container engine does not answer: {late}") from None
        if found.code:
            words = tail(found.said, 1).rstrip(".")
            raise NotTried(f"no container engine answers ({words}): start it, or set DOCKER_HOST")
        self.version = found.out.strip()
        if self._run(["buildx", "version"], START).code:
            raise NotTried(f"{docker} has no buildx: install the buildx plugin, 0.13 or later")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what carries the mark; what is over already needs no second try."""
        for name in self._listed(
            "ps", "--all", "--quiet", "--filter", f"label={LABEL}={self.mark}"
        ):
            self._quietly("rm", "--force", "--volumes", name)
        if not self.settings.keep_images:
            pattern = f"reference={REPOSITORY}:{self.mark}*"
            for tag in self._listed(
                "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", pattern
            ):
                self._quietly("image", "rm", "--force", tag)
        self.forget_caches("")

    # images

    def tag(self) -> str:
        """A new name for an image; whatever gets it goes at the end."""
        self._number += 1
        return f"{REPOSITORY}:{self.mark}-{self._number}"

    def build(
        self, options: Sequence[str], context: Path, tag: str | None
    ) -> tuple[tuple[Ran, ...], float]:
        """Build; without a tag only the cache keeps the result. Raises `Unbuilt` and `NotTried`."""
        kept = ("--output=type=cacheonly",) if tag is None else ("--load", "--tag", tag)
        argv = ["buildx", "build", "--progress=rawjson", *self._network(), *kept, *options]
        try:
            done = self._run([*argv, str(context)], self.settings.build_limit)
        except TimedOut:
            self.require()
            limit = self.settings.build_limit
            raise Unbuilt(f"the build did not end within {limit:.0f} s and was stopped") from None
        if done.code == 0:
            return steps(done.err), done.seconds
        self.require()
        step, log = failure(done.err)
        if "resolve image config for docker-image://" in step:
            raise Unbuilt(f"the frontend of the syntax line cannot be fetched: {_reason(log)}", log)
        raise Unbuilt(f"{step} failed" if step else _reason(log), log)

    def check(self, options: Sequence[str], context: Path) -> list[str] | None:
        """The findings of `docker build --check`; None from an engine or a frontend without it."""
        argv = ["buildx", "build", "--call=check,format=json", *options, str(context)]
        done = self._quietly(*argv)
        if done is None:
            return None
        try:
            found = json.loads(done.out)
        except json.JSONDecodeError:
            return None
        return [f"{each['ruleName']}: {each['detail']}" for each in found.get("warnings") or ()]

    def inspect(self, image: str) -> dict[str, Any]:
        """What the engine knows of an image."""
        found: list[dict[str, Any]] = json.loads(self._must("image", "inspect", image).out)
        return found[0]

    def has(self, image: str) -> bool:
        """Is this image there, without fetching it?"""
        return self.id_of(image) is not None

    def id_of(self, image: str) -> str | None:
        """What tells this image from any other; None if it is not there."""
        found = self._quietly("image", "inspect", "--format", "{{.Id}}", image)
        return None if found is None or found.code else found.out.strip()

    def layers(self, image: str) -> tuple[Layer, ...]:
        """The layers of an image, lowest first; those without files are left out."""
        argv = ("history", "--no-trunc", "--human=false", "--format", "{{json .}}", image)
        rows = [json.loads(line) for line in self._must(*argv).out.splitlines() if line]
        found = [Layer(int(row["Size"]), row["CreatedBy"]) for row in reversed(rows)]
        return tuple(layer for layer in found if layer.size)

    def remove_image(self, tag: str) -> None:
        """Take an image away before the end."""
        self._quietly("image", "rm", "--force", tag)

    # containers

    @contextlib.contextmanager
    def files(self, image: str) -> Generator[IO[bytes]]:
        """The file system of an image as a tar stream."""
        # The word is never run: `create` only asks for one where the image has no command.
        made = self._must(
            "create", *self._label(), "--pull=never", "--network=none", image, "/none"
        )
        container = made.out.strip()
        try:
            with processes.stream([self.settings.docker, "export", container]) as tar:
                yield tar
        finally:
            self.stop(container)

    def start(self, image: str, options: Sequence[str], words: Sequence[str] = ()) -> str:
        """Start a container in the background and give its id."""
        limits = (f"--memory={self.settings.memory}", f"--pids-limit={self.settings.processes}")
        argv = ("run", "--detach", "--pull=never", *self._label(), *self._network(), *limits)
        return self._must(*argv, *options, image, *words).out.split()[-1]

    def inside(self, container: str, words: Sequence[str]) -> Finished:
        """Run a command inside a container; raises `TimedOut`."""
        return self._run(["exec", container, *words], SHORT)

    def state(self, container: str) -> dict[str, Any]:
        """The state of a container: Running, ExitCode, Health."""
        found = self._must("inspect", "--format", "{{json .State}}", container)
        state: dict[str, Any] = json.loads(found.out)
        return state

    def logs(self, container: str) -> str:
        """What a container wrote, both streams."""
        found = self._quietly("logs", container)
        return "" if found is None else found.said

    def published(self, container: str, port: str) -> int | None:
        """The port of this machine that leads to a container's (`8080/tcp`)."""
        found = self._quietly("port", container, port)
        number = "" if found is None else found.out.partition("\n")[0].rpartition(":")[2]
        return int(number) if number.isdigit() else None

    def stop(self, container: str) -> None:
        """End a container and remove it; killed, since many processes ignore the polite way."""
        self._quietly("rm", "--force", "--volumes", container)

    # caches

    def own_caches(self, side: str) -> Mapping[str, str]:
        """Build arguments that give cache mounts a name space of this run and of one side."""
        self._has_caches = True
        return {"BUILDKIT_CACHE_MOUNT_NS": f"{REPOSITORY}-{self.mark}-{side}"}

    def forget_caches(self, side: str) -> int:
        """Remove the cache mounts of a side, of all for ""; those of others stay. The number."""
        if not self._has_caches:
            return 0
        found = self._listed(
            *("buildx", "du", "--filter", "type=exec.cachemount", "--format", "{{json .}}")
        )
        space = f'with id "{REPOSITORY}-{self.mark}-{side}'
        gone = 0
        for line in found:
            with contextlib.suppress(json.JSONDecodeError):
                row = json.loads(line)
                if space in row.get("Description", ""):
                    chosen = ("--filter", "type=exec.cachemount", "--filter", f"id={row['ID']}")
                    self._quietly("buildx", "prune", "--force", *chosen)
                    gone += 1
        return gone

    # the command

    def require(self) -> None:
        """See that the engine is still there; `NotTried` if it went."""
        found = self._quietly("version", "--format", "{{.Server.Version}}")
        if found is None or found.code:
            raise NotTried("the container engine stopped answering: start it and try again")

    def _network(self) -> tuple[str, ...]:
        network = self.settings.network
        return () if network is None else (f"--network={network}",)

    def _label(self) -> tuple[str, ...]:
        return ("--label", f"{LABEL}={self.mark}")

    def _run(self, argv: Sequence[str], limit: float) -> Finished:
        return processes.run([self.settings.docker, *argv], limit)

    def _must(self, *argv: str) -> Finished:
        try:
            done = self._run(argv, SHORT)
        except TimedOut as late:
            raise NotTried(f"the container engine does not answer: {late}") from None
        if done.code:
            self.require()
            raise Unbuilt(f"docker {argv[0]} failed: {tail(done.said, 1)}", tail(done.said))
        return done

    def _quietly(self, *argv: str) -> Finished | None:
        """An answer, or None: clean-up and questions never hide the first error."""
        try:
            return self._run(argv, SHORT)
        except (TimedOut, OSError):
            return None

    def _listed(self, *argv: str) -> list[str]:
        found = self._quietly(*argv)
        return [] if found is None or found.code else found.out.splitlines()


def _reason(log: str) -> str:
    """The last line of a log, as half a sentence."""
    return tail(log, 1).removeprefix("ERROR: ") or "the build failed without a word"
