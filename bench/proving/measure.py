"""How long builds take and what they run again: the naive file, dfix's, another tool's, in turn.

Cold: every step runs and every cache mount is empty. Then, on the caches of the last cold build:
nothing changed, a source edit, a manifest edit, another value of an argument. The variants take
turns inside every round, so that a slow minute of the machine slows all of them. Every build makes
an image, as a developer's does.
"""

from __future__ import annotations

import secrets
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proving import processes, trial
from proving.engine import Build, Engine, EngineError
from proving.foretold import Foretold, argument_of, foretell
from proving.refactoring import Refactored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from proving.projects import Edit, Project
    from proving.refactoring import Refactoring

COLD, NONE, ARGUMENT = "cold", "none", "argument"
OURS = ("before", "dfix")
PATIENCE = 180.0  # seconds to wait for a port that another run holds


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often to build; no second round begins after `seconds`.

    What runs nearly everything is built `cold` times: from nothing, and after a manifest edit. The
    other rebuilds are made `again` times. Another tool's files are built at most `rivals` times.
    """

    cold: int
    again: int
    seconds: float
    rivals: int

    def over(self, variant: Variant, turn: int) -> bool:
        """Was this variant built often enough?"""
        return variant.name not in OURS and turn >= self.rivals


@dataclass(slots=True)
class Variant:
    """One Dockerfile of the project, and everything that was seen of it."""

    name: str
    folder: Path
    refactored: Refactored
    dockerfile: str
    caches: str = ""
    size: int = 0
    layers: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, trial.Answer] = field(default_factory=dict)
    objections: list[str] = field(default_factory=list)
    builds: dict[str, list[Build]] = field(default_factory=dict)
    foretold: dict[str, Foretold] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Did it build and start?"""
        return bool(self.answers)

    def result(self) -> dict[str, Any]:
        """The variant as it is kept. Times are in seconds."""
        return {
            "tool": self.refactored.tool,
            "ending": self.refactored.ending,
            "steps": [step for step, _ in self.refactored.steps],
            "dockerfile": self.dockerfile.splitlines(),
            "works": self.works,
            "objections": self.objections,
            "size": self.size,
            "layers": self.layers,
            "builds": {
                kind: _measured(builds, self.foretold.get(kind))
                for kind, builds in self.builds.items()
            },
        }


def measure(
    project: Project,
    tools: Mapping[str, Refactoring],
    engine: Engine,
    room: Path,
    rounds: Rounds,
) -> dict[str, Any]:
    """Measure one project; `tools` make the variants beside `before`.

    A variant equal to one that stands already is not built. Raises `EngineError` for a missing base
    image or a naive file that does not work: there is nothing to compare then.
    """
    present = trial.bases(project, engine)
    inherited = trial.variables(present[project.bases[0]]["Config"])
    variants, same = _variants(project, tools, room)
    deadline = time.monotonic() + rounds.seconds
    first = variants[0]
    for turn in range(rounds.cold):
        if turn and time.monotonic() > deadline:
            break
        for variant in variants:
            if turn and (not variant.works or rounds.over(variant, turn)):
                continue
            _cold(project, variant, engine, looked_at=turn > 0)
            if not first.works:
                raise EngineError(f"the naive file: {'; '.join(first.objections)}")
    for variant in variants[1:]:
        if variant.works:
            variant.objections.extend(_differences(first, variant, inherited))
    working = [variant for variant in variants if variant.works]
    edits: dict[str, Edit | None] = {NONE: None, **project.edits, ARGUMENT: None}
    often = dict.fromkeys(edits, rounds.again) | {"manifest": rounds.cold}
    for turn in range(max(often.values())):
        for kind, edit in edits.items():
            if turn >= often[kind] or (turn and time.monotonic() > deadline):
                continue
            for variant in working:
                if not rounds.over(variant, turn):
                    _again(variant, kind, edit, engine)
    for variant in working[1:]:
        variant.objections.extend(_installs(project, variant))
    for variant in working:
        variant.objections.extend(_unforetold(variant))
    return {
        "project": project.name,
        "title": project.title,
        "ecosystem": project.ecosystem,
        "bases": {
            name: "registry" if image.get("RepoDigests") else "local stand-in"
            for name, image in present.items()
        },
        "variants": {variant.name: variant.result() for variant in variants},
        "same": same,
    }


def _variants(
    project: Project, tools: Mapping[str, Refactoring], room: Path
) -> tuple[list[Variant], dict[str, str]]:
    """The variants with words of their own, and which other names mean one of them.

    Files that differ in nothing but white space are one: they build alike.
    """
    makers: dict[str, Callable[[Path], Refactored]] = {
        "before": lambda _: Refactored("none", ()),
        **tools,
    }
    variants: list[Variant] = []
    same: dict[str, str] = {}
    for name, make in makers.items():
        folder = project.copy_to(room / project.name / name)
        refactored = make(folder)
        text = (folder / "Dockerfile").read_text(encoding="utf-8")
        equal = next(
            (each.name for each in variants if words(each.dockerfile) == words(text)), None
        )
        if equal is not None:
            same[name] = equal
            continue
        variants.append(Variant(name, folder, refactored, text))
    return variants, same


def words(dockerfile: str) -> list[str]:
    r"""A Dockerfile without its layout: continued lines, indents and blank lines.

    >>> words("RUN a \\\n    && b\n") == words("RUN a && b\n\n")
    True
    """
    return dockerfile.replace("\\\n", " ").split()


def _cold(project: Project, variant: Variant, engine: Engine, *, looked_at: bool) -> None:
    """Build from nothing; the first time, look at the image and start it."""
    variant.caches = f"dfix-bench-{engine.mark}-{secrets.token_hex(4)}"
    tag = _tag(variant, engine)
    try:
        build = engine.build(variant.folder, tag, fresh=True, caches=variant.caches)
        variant.builds.setdefault(COLD, []).append(build)
        if looked_at:
            return
        image = engine.image(tag) or {}
        variant.size, variant.config = image["Size"], image["Config"]
        variant.layers = len(image["RootFS"].get("Layers") or ())
        answers = _asked(project, engine, tag)
        variant.objections.extend(
            f"{path}: {probe.contains!r} is not in the answer"
            for probe in project.probes
            for path in (probe.path,)
            if probe.contains.encode() not in answers[path].body
        )
        for command in project.commands:
            done = engine.command(tag, command.entrypoint, command.args)
            if done.code or command.prints not in done.output:
                variant.objections.append(f"{command.entrypoint} ended with {done.code}")
        variant.answers = answers
    except (EngineError, processes.OverdueError) as error:
        variant.objections.append(str(error))
    finally:
        engine.drop(tag)


def _asked(project: Project, engine: Engine, tag: str) -> dict[str, trial.Answer]:
    """The answers of the image; waits for its port while another run holds it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return trial.ask(project, engine, tag)
        except EngineError as error:
            if "is taken" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(1.0)


def _again(variant: Variant, kind: str, edit: Edit | None, engine: Engine) -> None:
    tag = _tag(variant, engine)
    whole = None
    given = {}
    if kind == ARGUMENT:
        name = argument_of(variant.folder)
        given[name] = secrets.token_hex(6)
        variant.foretold[kind] = foretell(variant.folder, "argument", name)
    elif edit is None:
        variant.foretold[kind] = foretell(variant.folder, "nothing")
    else:
        whole = (variant.folder / edit.path).read_bytes()
        edit.make(variant.folder, secrets.token_hex(6))
        known = "source" if kind == "source" else "manifest"
        variant.foretold[kind] = foretell(variant.folder, known, edit.path)
    try:
        build = engine.build(variant.folder, tag, caches=variant.caches, arguments=given)
        variant.builds.setdefault(kind, []).append(build)
    except (EngineError, processes.OverdueError) as error:
        variant.objections.append(f"after a {kind} edit: {error}")
    finally:
        engine.drop(tag)
        if edit is not None and whole is not None:
            (variant.folder / edit.path).write_bytes(whole)


def _tag(variant: Variant, engine: Engine) -> str:
    return f"dfix-bench/{variant.name}:{engine.mark}-{secrets.token_hex(4)}"


def _differences(first: Variant, variant: Variant, inherited: Mapping[str, str]) -> list[str]:
    told = [
        f"{path} answers differently"
        for path, answer in first.answers.items()
        if answer != variant.answers.get(path)
    ]
    return told + trial.contract(first.config, variant.config, inherited)


def _installs(project: Project, variant: Variant) -> list[str]:
    if not project.installs:
        return []
    again = {
        step
        for build in variant.builds.get("source", ())
        for step in build.ran
        if any(install in step for install in project.installs)
    }
    return [f"after a source edit an install runs again: {step}" for step in sorted(again)]


def _unforetold(variant: Variant) -> list[str]:
    """Where the static cost model is wrong."""
    return [
        f"after {kind}: {missed}"
        for kind, told in variant.foretold.items()
        for missed in dict.fromkeys(told.missed(build) for build in variant.builds.get(kind, ()))
        if missed is not None
    ]


def _measured(builds: list[Build], foretold: Foretold | None) -> dict[str, Any]:
    seconds = [round(build.seconds, 2) for build in builds]
    last = builds[-1]
    return {
        "seconds": seconds,
        "median": round(statistics.median(seconds), 2),
        "least": min(seconds),
        "most": max(seconds),
        "steps": len(last.steps),
        "cached": last.cached,
        "ran": list(last.ran),
        **({"foretold": foretold._asdict()} if foretold is not None else {}),
    }
