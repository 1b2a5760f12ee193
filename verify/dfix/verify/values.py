"""What verify is asked, and what it answers: plain values for renderers and the bot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.refactor.report import Report
    from dfix.verify.progress import Ran

Aspect = Literal["build", "config", "files", "behaviour", "caches"]
ASPECTS: tuple[Aspect, ...] = ("build", "config", "files", "behaviour", "caches")
Outcome = Literal["proven", "proven-in-part", "refuted", "nothing-to-prove", "not-tried"]
Edit = Literal["none", "source", "manifest"]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a container is asked beside what its image declares.

    `kind` is "get" (an HTTP path), "exec" (a command inside the started container) or "run" (a
    container that gets these words in the place of CMD).
    """

    kind: Literal["get", "exec", "run"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to build and start. Times are in seconds.

    `network` is docker's word for builds and containers; None leaves it to the engine, and ports
    are published. `folder` is where contexts are copied to, None for the system's. `port` is the
    one that a container on the host's network is given in PORT. `edits` name the files of the
    context that stand for a source and a manifest edit; what is not named is looked for.
    """

    docker: str = "docker"
    network: str | None = None
    build_limit: float = 1800.0
    start_limit: float = 10.0
    offline_frontend: bool = False
    folder: str | None = None
    port: int | None = None
    memory: str = "1g"
    processes: int = 512
    probes: tuple[Probe, ...] = ()
    edits: Mapping[Edit, str] = field(default_factory=dict)
    rebuilds: int = 1  # of each kind, for medians; 0 leaves the cache's behaviour out
    keep_images: bool = False
    proofs: str | None = None  # the folder where proofs are kept; None: each is built


@dataclass(frozen=True, slots=True)
class Said:
    """A finding: an objection refutes the change, a note only tells. `detail` may have lines."""

    aspect: Aspect
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image: its size in bytes and the instruction that made it."""

    size: int
    by: str


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A build after an edit: what was edited, its steps, and the median of the times in seconds."""

    edit: Edit
    path: str
    steps: tuple[Ran, ...]
    seconds: tuple[float, ...]

    @property
    def cached(self) -> int:
        """The number of steps that were taken from the cache."""
        return sum(step.cached for step in self.steps)

    @property
    def ran(self) -> tuple[str, ...]:
        """The steps that ran."""
        return tuple(step.name for step in self.steps if not step.cached)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two builds. `image` is its tag where the image stays; sizes are in bytes."""

    size: int
    layers: tuple[Layer, ...]
    steps: tuple[Ran, ...]
    seconds: float
    rebuilds: tuple[Rebuild, ...] = ()
    findings: tuple[str, ...] = ()  # of `docker build --check`
    image: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A comparison of two builds. `after` is None if it did not build."""

    before: Side
    after: Side | None
    objections: tuple[Said, ...] = ()
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Fallen:
    """A step that did not prove, or parts of one, and why."""

    ids: tuple[str, ...]
    transform: str
    title: str
    objections: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome for one Dockerfile.

    `report` is the run that proved, with the fallen steps left out: its `after` may be written if
    the outcome is "proven" or "proven-in-part". `reason` says in half a sentence why nothing was
    tried or proven. `trial` is the last one, None if nothing was built.
    """

    path: str
    outcome: Outcome
    report: Report
    reason: str = ""
    trial: Trial | None = None
    fallen: tuple[Fallen, ...] = ()
    trials: int = 0  # comparisons that were built
    kept: str = ""  # the day on which it was proven, for a proof that was kept

    @property
    def may_write(self) -> bool:
        """Is what the report changes proven?"""
        return self.outcome in ("proven", "proven-in-part")


class NotTried(Exception):
    """Nothing can be said of the change; the sentence says why and names the cure."""


class Unbuilt(Exception):
    """A build failed or took too long."""

    def __init__(self, sentence: str, log: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.log = log
