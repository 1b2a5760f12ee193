"""One project on trial: built, started and asked, before the refactoring and after it.

Nothing here decides by seconds. What is held against a refactoring: a build that fails, an answer
that differs, a contract that differs, a program that does not run, an install that runs again after
a source edit, an edit that does not arrive.
"""

from __future__ import annotations

import hashlib
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proving import processes
from proving.engine import Build, Engine, EngineError, answers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from proving.projects import Project
    from proving.refactoring import Refactored, Refactoring

UP = 60.0  # seconds for a server to answer for the first time
PAUSE = 0.1
ASK = 10.0
ROOT = frozenset({"", "0", "0:0", "root", "root:root"})
CONTRACT = (
    *("Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "Volumes", "Labels", "StopSignal"),
    *("Healthcheck", "Shell", "OnBuild"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: the parts that must not differ."""

    status: int
    kind: str
    body: bytes

    def shown(self) -> dict[str, Any]:
        """The answer in a result: its body as a digest."""
        digest = hashlib.sha256(self.body).hexdigest()
        return {"status": self.status, "type": self.kind, "bytes": len(self.body), "sha256": digest}


@dataclass(slots=True)
class Side:
    """What was seen of one of the two: the image's size in bytes, its config, answers, rebuilds."""

    size: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)
    rebuilds: dict[str, Build] = field(default_factory=dict)


@dataclass(slots=True)
class Trial:
    """A finished trial: both sides, what was done, and every objection; none is a proof."""

    project: Project
    refactored: Refactored
    dockerfiles: tuple[str, str]
    ignore_file: str | None
    before: Side = field(default_factory=Side)
    after: Side = field(default_factory=Side)
    bases: Mapping[str, bool] = field(default_factory=dict)  # image: is it from a registry?
    inherited: Mapping[str, str] = field(default_factory=dict)  # variables of today's base
    objections: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Was anything refactored?"""
        return self.dockerfiles[0] != self.dockerfiles[1]

    @property
    def proven(self) -> bool:
        """Is this the proof of a split?"""
        return self.changed and self.refactored.split and not self.objections


def hold(project: Project, refactoring: Refactoring, engine: Engine, room: Path) -> Trial:
    """Try one project in an empty folder. Failures become objections; a missing base raises."""
    present = bases(project, engine)
    # the folder's own name tells a hand-written refactoring which project it is given
    before = project.copy_to(room / project.name / "before")
    after = project.copy_to(room / project.name / "after")
    refactored = refactoring(after)
    ignore = after / ".dockerignore"
    trial = Trial(
        project,
        refactored,
        (_dockerfile(before), _dockerfile(after)),
        ignore.read_text(encoding="utf-8") if ignore.exists() else None,
        bases={name: bool(image.get("RepoDigests")) for name, image in present.items()},
        inherited=variables(present[project.bases[0]]["Config"]),
    )
    trial.objections.extend(f"dropped: {each}" for each in refactored.dropped)
    for word, folder, side in (("before", before, trial.before), ("after", after, trial.after)):
        if word == "after" and not trial.changed:
            break
        try:
            _observe(trial, side, folder, word, engine)
        except (EngineError, processes.OverdueError) as error:
            trial.objections.append(f"{word}: {error}")
            break
    else:
        trial.objections.extend(_differences(trial))
    return trial


def _dockerfile(folder: Path) -> str:
    return (folder / "Dockerfile").read_text(encoding="utf-8")


def bases(project: Project, engine: Engine) -> dict[str, dict[str, Any]]:
    """What the engine knows of the project's base images; `EngineError` if one is not there."""
    found: dict[str, dict[str, Any]] = {}
    missing = []
    for name in project.bases:
        image = engine.image(name)
        if image is None:
            missing.append(name)
        else:
            found[name] = image
    if missing:
        raise EngineError(f"base images are not here, pull or make them: {', '.join(missing)}")
    return found


def _observe(trial: Trial, side: Side, folder: Path, word: str, engine: Engine) -> None:
    project = trial.project
    tag = f"dfix-bench/{project.tag}:{word}-{engine.mark}"
    engine.build(folder, tag)
    image = engine.image(tag) or {}
    side.size, side.config = image["Size"], image["Config"]
    side.answers = ask(project, engine, tag)
    for probe in project.probes:
        body = side.answers[probe.path].body.decode("utf-8", "replace")
        if probe.contains not in body:
            trial.objections.append(f"{word}: {probe.path} does not answer {probe.contains!r}")
    for command in project.commands:
        done = engine.command(tag, command.entrypoint, command.args)
        side.prints[command.entrypoint] = done.output
        if done.code or command.prints not in done.output:
            trial.objections.append(
                f"{word}: {command.entrypoint} ended with {done.code}: {done.output.strip()}"
            )
    side.rebuilds["none"] = engine.build(folder, None)
    for kind, edit in project.edits.items():
        whole = (folder / edit.path).read_bytes()
        nonce = secrets.token_hex(6)
        edit.make(folder, nonce)
        edited = f"{tag}-{kind}" if edit.appears else None
        side.rebuilds[kind] = engine.build(folder, edited)
        if edited is not None:
            shown = ask(project, engine, edited)[edit.appears].body
            if nonce.encode() not in shown:
                trial.objections.append(f"{word}: the {kind} edit does not arrive in the image")
        (folder / edit.path).write_bytes(whole)


def ask(project: Project, engine: Engine, image: str) -> dict[str, Answer]:
    """Start the image, wait until the first probe is answered, ask all, end it."""
    if answers(project.port):
        raise EngineError(f"port {project.port} is taken by another program")
    container = engine.start(image, project.env)
    try:
        deadline = time.monotonic() + UP
        while (first := _get(project.port, project.probes[0].path)) is None:
            if not engine.runs(container):
                raise EngineError(f"the container ended:\n{engine.log(container)}")
            if time.monotonic() > deadline:
                log = engine.log(container)
                raise EngineError(f"nothing answers on port {project.port}:\n{log}")
            time.sleep(PAUSE)
        found = {project.probes[0].path: first}
        for probe in project.probes[1:]:
            answer = _get(project.port, probe.path)
            if answer is None:
                raise EngineError(f"{probe.path} is not answered:\n{engine.log(container)}")
            found[probe.path] = answer
        if not engine.runs(container):  # then somebody else answered
            raise EngineError(f"the container ended:\n{engine.log(container)}")
    finally:
        engine.stop(container)
    return found


def _get(port: int, path: str) -> Answer | None:
    """The answer to a GET; None while nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ASK) as reply:
            return Answer(reply.status, reply.headers.get("Content-Type", ""), reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get("Content-Type", ""), error.read())
    except OSError:
        return None


def _differences(trial: Trial) -> list[str]:
    before, after = trial.before, trial.after
    told = [
        f"{path} answers differently: {answer.shown()} became {after.answers[path].shown()}"
        for path, answer in before.answers.items()
        if answer != after.answers[path]
    ]
    told.extend(
        f"{program} prints something else"
        for program, output in before.prints.items()
        if after.prints[program] != output
    )
    told.extend(contract(before.config, after.config, trial.inherited))
    told.extend(
        f"after a source edit an install runs again: {step}"
        for step in after.rebuilds["source"].ran
        if any(install in step for install in trial.project.installs)
    )
    return told


def contract(
    before: Mapping[str, Any], after: Mapping[str, Any], inherited: Mapping[str, str]
) -> list[str]:
    """What differs in what the two images promise.

    `inherited` are the variables of today's base. Those may leave, and a new base may bring its
    own: which of them matter is the refactoring's knowledge, and the result lists them. A declared
    variable may neither leave nor change. PATH may lose directories, and gains none.
    """
    told = [
        f"{key} changed: {before.get(key)!r} became {after.get(key)!r}"
        for key in CONTRACT
        if (before.get(key) or None) != (after.get(key) or None)
    ]
    users = before.get("User") or "", after.get("User") or ""
    if users[0] != users[1] and not ROOT.issuperset(users):
        told.append(f"User changed: {users[0]!r} became {users[1]!r}")
    old, new = variables(before), variables(after)
    for name, value in old.items():
        if name == "PATH":
            continue
        if name not in new and inherited.get(name) != value:
            told.append(f"the variable {name} is gone")
        elif new.get(name, value) != value:
            told.append(f"the variable {name} changed: {value!r} became {new[name]!r}")
    strange = set(new.get("PATH", "").split(":")) - set(old.get("PATH", "").split(":")) - {""}
    if strange:
        told.append(f"PATH gained {', '.join(sorted(strange))}")
    return told


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    """The environment of an image."""
    pairs = (each.partition("=") for each in config.get("Env") or ())
    return {name: value for name, _, value in pairs}
