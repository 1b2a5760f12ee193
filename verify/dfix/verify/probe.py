"""What a container of an image does: started under limits, asked, and ended.

Both images are started one after the other under the same limits and asked the same. Only what one
image answers the same way twice is compared: a body with a clock in it says nothing of a change.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from dfix.verify.processes import TimedOut
from dfix.verify.progress import tail
from dfix.verify.values import Probe, Said, Unbuilt

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from dfix.verify.build import Plan
    from dfix.verify.config import Image
    from dfix.verify.engine import Engine

PAUSE = 0.1  # seconds between two questions
ASK = 5.0  # seconds for one HTTP answer
BODY = 1_000_000  # bytes of a body that are read
SHOWN = 200  # characters of an answer in a sentence
LOOPBACK = "127.0.0.1"
HOST = "host"


class Answers(NamedTuple):
    """What a container said, by question; its log for those who read of a difference."""

    said: Mapping[str, str]
    log: str


def ask(engine: Engine, image: str, config: Image, plan: Plan) -> Answers:
    """Start an image and ask it everything that its configuration and the settings name."""
    said: dict[str, str] = {}
    log = ""
    with _container(engine, image, config, plan, ()) as container:
        if container.failure is not None:
            return Answers({"start": container.failure}, "")
        _main(container, config, said)
        log = engine.logs(container.id)
    for probe in engine.settings.probes:
        if probe.kind == "run":
            said[f"run {' '.join(probe.words)}"] = _to_the_end(engine, image, config, plan, probe)
    return Answers(said, log)


def compare(
    before: Answers, after: Answers, again: Answers | None
) -> tuple[list[Said], list[Said]]:
    """Objections and notes; `again` is a second start of the image before, None if not needed."""
    objections: list[Said] = []
    notes: list[Said] = []
    for question in dict.fromkeys((*before.said, *after.said)):
        was, now = before.said.get(question, "nothing"), after.said.get(question, "nothing")
        if was == now:
            notes.append(Said("behaviour", f"{question}: the same, {_short(was)}"))
        elif again is not None and again.said.get(question, "nothing") != was:
            notes.append(
                Said("behaviour", f"{question}: not compared, it differs from start to start")
            )
        else:
            sentence = f"{question}: was {_short(was)} and is {_short(now)}"
            objections.append(Said("behaviour", sentence, tail(after.log)))
    return objections, notes


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[:SHOWN] + "…"


class _Container:
    """A started container; `busy` are ports of this machine that somebody else answers on."""

    def __init__(
        self, engine: Engine, identity: str, own: int, busy: frozenset[int], failure: str | None
    ) -> None:
        self.engine = engine
        self.busy = busy
        self.id = identity
        self.own = own  # the port in PORT, on the host's network
        self.failure = failure

    @property
    def on_host(self) -> bool:
        return self.engine.settings.network == HOST

    def running(self) -> bool:
        return bool(self.engine.state(self.id).get("Running"))

    def ports(self, port: str) -> list[int]:
        """The ports of this machine where one of the container's may be heard."""
        if self.on_host:
            return [each for each in (self.own, _number(port)) if each not in self.busy]
        published = self.engine.published(self.id, port)
        return [] if published is None else [published]


@contextlib.contextmanager
def _container(
    engine: Engine, image: str, config: Image, plan: Plan, words: Sequence[str]
) -> Generator[_Container]:
    own = engine.settings.port or _free_port()
    options: list[str] = []
    if engine.settings.network == HOST:
        options += ["--env", f"PORT={own}"]
    else:
        options += [f"--publish={LOOPBACK}::{port}" for port in sorted(config.ports)]
    if plan.read_only:
        options.append("--read-only")
    options += [f"--tmpfs={path}" for path in plan.tmpfs]
    if config.healthcheck:
        options += ["--health-interval=500ms", "--health-start-period=0s"]
    shared = {own, *map(_number, config.ports)} if engine.settings.network == HOST else set()
    busy = frozenset(port for port in shared if _is_busy(port))
    identity, failure = "", None
    try:
        identity = engine.start(image, options, words)
    except Unbuilt as error:
        failure = f"does not start: {_plain(error.sentence)}"
    try:
        yield _Container(engine, identity, own, busy, failure)
    finally:
        if identity:
            engine.stop(identity)


def _plain(sentence: str) -> str:
    """A message of the engine without the id of one container."""
    return sentence.partition("failed: ")[2] or sentence


def _main(container: _Container, config: Image, said: dict[str, str]) -> None:
    """Ask a started container for its ports, its health, its state, and what the settings name."""
    settings = container.engine.settings
    paths = [probe.words[0] for probe in settings.probes if probe.kind == "get"] or ["/"]
    end = time.monotonic() + settings.start_limit
    for port in sorted(port for port in config.ports if port.endswith("/tcp")):
        number = _listening(container, port, end)
        silence = "silence"
        if _number(port) in container.busy:
            silence = "not asked, somebody else answers on this port of the machine"
        for path in paths:
            said[f"GET {path} on {port}"] = silence if number is None else _get(number, path)
    if config.healthcheck.get("Test") and config.healthcheck["Test"] != ["NONE"]:
        said["health"] = _health(container, end)
    if not said:
        _wait(container, end)
    for probe in settings.probes:
        if probe.kind == "exec":
            said[f"exec {' '.join(probe.words)}"] = _inside(container, probe)
    state = container.engine.state(container.id)
    if state.get("Running"):
        said["state"] = "runs"
    else:
        output = container.engine.logs(container.id)
        said["state"] = f"ended with {state.get('ExitCode')}"
        said["output"] = output.strip()


def _wait(container: _Container, end: float) -> None:
    while time.monotonic() < end and container.running():
        time.sleep(PAUSE)


def _listening(container: _Container, port: str, end: float) -> int | None:
    """The port that answers first; None if none does while the container runs and there is time."""
    while True:
        for number in container.ports(port):
            if _get(number, "/") != "silence":
                return number
        if time.monotonic() >= end or not container.running():
            return None
        time.sleep(PAUSE)


def _get(port: int, path: str) -> str:
    """Status and body of an HTTP answer, as text."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ASK)
    try:
        connection.request("GET", path, headers={"Accept": "*/*"})
        answer = connection.getresponse()
        body = answer.read(BODY).decode("utf-8", "replace")
    except http.client.RemoteDisconnected:
        return "silence"
    except http.client.HTTPException as error:
        return f"no HTTP: {type(error).__name__}"
    except OSError:
        return "silence"
    finally:
        connection.close()
    return f"{answer.status} {body}"


def _health(container: _Container, end: float) -> str:
    while True:
        state = container.engine.state(container.id)
        status = (state.get("Health") or {}).get("Status", "none")
        if status != "starting" or time.monotonic() >= end or not state.get("Running"):
            return str(status)
        time.sleep(PAUSE)


def _inside(container: _Container, probe: Probe) -> str:
    try:
        done = container.engine.inside(container.id, probe.words)
    except TimedOut:
        return "no end"
    return f"{done.code} {done.said.strip()}".replace(container.id, "the container")


def _to_the_end(engine: Engine, image: str, config: Image, plan: Plan, probe: Probe) -> str:
    with _container(engine, image, config, plan, probe.words) as container:
        if container.failure is not None:
            return container.failure
        _wait(container, time.monotonic() + engine.settings.start_limit)
        state = engine.state(container.id)
        if state.get("Running"):
            return "no end"
        return f"{state.get('ExitCode')} {engine.logs(container.id).strip()}"


def _number(port: str) -> int:
    """The number of a port of a container; of a range, its first."""
    return int(port.partition("/")[0].partition("-")[0])


def _is_busy(port: int) -> bool:
    with socket.socket() as there:
        there.settimeout(1.0)
        return there.connect_ex((LOOPBACK, port)) == 0


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind((LOOPBACK, 0))
        number: int = any_port.getsockname()[1]
    return number
