"""What tests/corpus.py asks of one Dockerfile: the properties that always hold, and what the run brought.

A record is plain data (it crosses a process boundary and goes into JSON). The judge is tests/corpus_scan.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import corpus_managers as managers
import corpus_scan as scan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.api import Report, Step

SERVED = tuple(managers.BY_NAME)
EVERYTHING = None
# Instructions that a transform may change besides the anchors that its steps name.
REACH: dict[str, frozenset[str] | None] = {
    "name-stages": frozenset({"FROM", "COPY", "ADD", "RUN"}),  # `--from=0`, also in mounts
    "use-lockfile": frozenset({"COPY"}),  # that of the manifest brings the lock too
    "mount-caches": frozenset({"COPY"}),  # it reads what was compiled where the RUN now puts it
    "copy-manifests-first": frozenset(
        {"COPY", "ADD"}
    ),  # a destination is spelled out, the same COPY not doubled
    "normalize-casing": EVERYTHING,  # a stage's name, wherever it stands
    "split-stages": EVERYTHING,
    "split-dependencies": EVERYTHING,
}
# Transforms whose work is to change the order.
MOVES = {"copy-manifests-first", "split-stages", "split-dependencies", "sink-volatile-args"}
# npm's spellings of one thing; `use-lockfile` turns an install into a `ci`.
SAME = {
    "i": "install", "in": "install", "add": "install", "ci": "install", "clean-install": "install", "ic": "install",
    "install-clean": "install",
}  # fmt: skip


class Job(NamedTuple):
    """One Dockerfile: its project's folder, its path in it, and how to run."""

    root: str
    path: str
    level: str
    limit: float


class TooLongError(Exception):
    """The time limit of one file is over."""


def check(job: Job) -> dict[str, Any]:
    """The record of one file. Never raises for it, and takes no longer than the limit."""
    record = blank(job)
    began = time.perf_counter()
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, job.limit)
    try:
        _fill(record, job)
    except TooLongError:
        record["problems"].append(["too long", f"over {job.limit:g} s"])
    except Exception:  # noqa: BLE001 - whatever it is, it is the finding
        record["problems"].append(["crash", traceback.format_exc(limit=-4)])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    record["seconds"] = round(time.perf_counter() - began, 3)
    return record


def blank(job: Job) -> dict[str, Any]:
    """A record of which nothing is known yet."""
    record: dict[str, Any] = {"project": Path(job.root).name, "path": job.path}
    record |= {key: [] for key in ("problems", "steps", "held", "offered", "runs", "early")}
    return record | {"others": {}, "ending": ["none", ""], "bytes": 0, "changed": False}


def _too_long(*_: object) -> None:
    raise TooLongError


def _fill(record: dict[str, Any], job: Job) -> None:
    from dfix.api import parse, refactor
    from dfix.api.tasks import Unusable, disk, read

    try:
        text = read(str(Path(job.root, job.path)))
    except Unusable as unusable:
        record["ending"] = [unusable.ending.kind, unusable.ending.reason]
        return
    record["bytes"] = len(text)
    problem = record["problems"].append
    if parse(text).code != text:
        problem(["not lossless", "the tree prints another text"])
    tree = disk(job.root)
    report = refactor(text, path=job.path, project=tree, level=job.level)
    record["ending"] = [report.ending.kind, report.ending.reason]
    record["changed"] = report.changed
    record["steps"] = [
        [step.transform, step.level.name.lower(), len(step.parts)] for step in report.steps
    ]
    record["held"] = [[held.transform, held.slug, held.line] for held in report.held_back]
    record["offered"] = [[one.transform, one.because, one.line] for one in report.offered]
    for dropped in report.dropped:
        kind = "crash" if dropped.check == "exception" else "dropped"
        problem(
            [kind, f"{dropped.transform}: line {dropped.line}: {dropped.check}: {dropped.detail}"]
        )
    if report.ending.kind in {"cycle", "budget"}:
        problem(["unsettled", f"{report.ending.kind}: {report.ending.reason}"])
    if report.before != text:
        problem(["not lossless", "the report's text before is another"])
    try:
        before = scan.instructions(_judged(text))
    except ValueError as refusal:
        record["refused before"] = str(refusal)
        if report.changed:
            problem(["rewrote a refused file", str(refusal)])
        return
    folder = scan.context_of(Path(job.root, job.path), Path(job.root), before)
    after = before
    if report.changed:
        try:
            after = scan.instructions(_judged(report.after))
        except ValueError as refusal:
            problem(["refused by BuildKit", str(refusal)])
            return
        _check_change(record, report, tree, job.level)
    record["runs"] = run_outcomes(before, after, report)
    record["early"] = early_outcomes(before, after, report, folder)
    others = Counter(
        call.manager for one in before for call in scan.run_calls(one) if call.manager not in SERVED
    )
    record["others"] = dict(others)


def _check_change(record: dict[str, Any], report: Report, tree: Any, level: str) -> None:
    from dfix.api import refactor
    from dfix.ecosystems.tree import OverlayTree

    problem = record["problems"].append
    lost = Counter(scan.comments(report.before)) - Counter(scan.comments(report.after))
    if lost:
        problem(["comment lost", "; ".join(lost)])
    text = report.before
    for step in report.steps:
        after = step.files.get(report.path) or text
        for trouble in stray_changes(step, text, after):
            problem(["instruction changed", trouble])
        text = after
    changed = {path: new for path, (_, new) in report.files.items()} | {report.path: report.after}
    again = refactor(
        report.after, path=report.path, project=OverlayTree(tree, changed), level=level
    )
    if again.after != report.after or again.ending.kind != "settled" or again.changed:
        steps = ", ".join(step.transform for step in again.steps) or again.ending.kind
        problem(["not idempotent", steps])
    trouble = diff_trouble(report)
    if trouble:
        problem(["diff does not apply", trouble])


def stray_changes(step: Step, before: str, after: str) -> Iterable[str]:
    """Instructions that a step changed although it does not name them, or moved although that is not its work."""
    old, new = scan.instructions(_judged(before)), scan.instructions(_judged(after))
    reach = REACH.get(step.transform, frozenset())
    named = [part.line for part in step.parts]
    count, kept = Counter(one.key for one in old), Counter(one.key for one in new)
    if reach is not EVERYTHING:
        told = Counter(
            one.key
            for one in old
            if one.keyword in reach or any(one.first <= line <= one.last for line in named)
        )
        for key in count - kept - told:
            one = next(one for one in old if one.key == key)
            yield f"{step.transform}: line {one.first}: {one.original[:80]}"
    if step.transform not in MOVES:
        stay = {key for key, number in count.items() if number == kept[key]}
        if [one.key for one in old if one.key in stay] != [
            one.key for one in new if one.key in stay
        ]:
            yield f"{step.transform}: the order of untouched instructions is another"


def diff_trouble(report: Report) -> str:
    """What `git apply` says against the diffs, or how the files differ that it made; nothing if all is well."""
    from dfix.render.diff import file_diff

    texts = {path: pair for path, pair in report.files.items() if pair[0] != pair[1]}
    if report.before != report.after:
        texts[report.path] = (report.before, report.after)
    with tempfile.TemporaryDirectory() as folder:
        for path, (old, _) in texts.items():
            if old is not None:
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(old.encode("utf-8", "surrogateescape"))
        patch = "".join(file_diff(path, old, new) for path, (old, new) in texts.items())
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn"],
            input=patch.encode("utf-8", "surrogateescape"), cwd=folder, capture_output=True, check=False,
            env={**os.environ, "GIT_DIR": str(Path(folder, ".absent")), "GIT_CONFIG_GLOBAL": os.devnull},
        )  # fmt: skip
        if done.returncode:
            return done.stderr.decode("utf-8", "replace").strip()
        for path, (_, new) in texts.items():
            place = Path(folder, path)
            made = place.read_bytes() if place.exists() else None
            if made != (None if new is None else new.encode("utf-8", "surrogateescape")):
                return f"{path} is another file after git apply"
    return ""


def signature(instruction: scan.Instruction) -> tuple[tuple[str, str], ...]:
    """The managers and subcommands of a RUN, npm's spellings united."""
    return tuple(
        (call.manager, SAME.get(call.subcommand, call.subcommand))
        for call in scan.run_calls(instruction)
        if call.manager in SERVED
    )


def run_outcomes(
    before: list[scan.Instruction], after: list[scan.Instruction], report: Report
) -> list[dict[str, Any]]:
    """Of every RUN that calls a package manager and mounts no cache: did it get a mount, and if not, why not?"""
    mounted = Counter(signature(one) for one in after if one.keyword == "RUN" and one.cache_mounted)
    mounted -= Counter(
        signature(one) for one in before if one.keyword == "RUN" and one.cache_mounted
    )
    outcomes = []
    for one in before:
        calls = [call for call in scan.run_calls(one) if call.manager in SERVED]
        if not calls or one.cache_mounted or one.on_build:
            continue
        key = signature(one)
        if mounted[key] > 0:
            mounted[key] -= 1
            outcome = "served"
        else:
            outcome = _why_not("mount-caches", one.first, one.last, report)
        fetching = [call for call in calls if call.fetches]
        only_system = all(managers.BY_NAME[call.manager].system for call in fetching or calls)
        outcomes.append(
            {
                "system": only_system,
                "managers": sorted({call.manager for call in (fetching or calls)}),
                "fetches": bool(fetching),
                "line": one.first,
                "text": one.original[:160],
                "outcome": outcome,
            }
        )
    return outcomes


def early_outcomes(
    before: list[scan.Instruction], after: list[scan.Instruction], report: Report, folder: Path
) -> list[dict[str, Any]]:
    """Of every project install that runs after everything was copied: was it mended, and if not, why not?"""
    left = Counter(
        (one.manager, signature(one.install)) for one in scan.early_copies(after, folder)
    )
    outcomes = []
    for one in scan.early_copies(before, folder):
        key = (one.manager, signature(one.install))
        if left[key] > 0:
            left[key] -= 1
            outcome = _why_not("copy-manifests-first", one.copy.first, one.install.last, report)
            if outcome == "silent" and not one.explicit and scan.fetches_nothing(one, folder):
                outcome = "nothing to fetch"
        else:
            outcome = "mended"
        outcomes.append(
            {
                "manager": one.manager,
                "explicit": one.explicit,
                "line": one.install.first,
                "copy": one.copy.original[:80],
                "text": one.install.original[:160],
                "outcome": outcome,
            }
        )
    return outcomes


def _why_not(transform: str, first: int, last: int, report: Report) -> str:
    for held in report.held_back:
        if held.transform == transform and first <= held.line <= last:
            return f"held back: {held.slug}"
    for one in report.offered:
        if one.transform == transform and first <= one.line <= last:
            return f"offered: {one.because}"
    if report.ending.kind != "settled":
        return f"ending: {report.ending.kind}"
    return "silent"


def _judged(text: str) -> str:
    """The text for BuildKit's parser, which takes no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
