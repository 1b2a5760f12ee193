"""What is kept of a trial: a result a project, and a row for each shape that was proven.

`results/<project>.json` holds what was built (digests of both Dockerfiles, the refactored one in
full), what was seen, and every objection. `proven.toml` is what dfix itself reads:

    [[proven]]
    shape = "go: static binary + files, static base"
    project = "go-web"          # bench/projects/go-web, bench/results/go-web.json
    before = 722826132          # bytes of the image as the engine counts them
    after = 9461432
    date = "2025-12-31"

Its compiled form, `proven.table`, is written beside it.

A row stands for a result that says `"proven": true` with the same shape, sizes and date: `unheld`
names every row that does not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proving.trial import Side, Trial, variables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADER = """\
# The shapes of a split that were built and started on a real engine, before and after.
# Written by bench/prove.py; a test holds each row to bench/results/<project>.json.
# Sizes are bytes, on the base images that the result names.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A proven shape."""

    shape: str
    project: str
    before: int
    after: int
    date: dt.date


def result(trial: Trial, engine: str, date: dt.date) -> dict[str, Any]:
    """A trial as it is kept."""
    naive, refactored = trial.dockerfiles
    gone = variables(trial.before.config).keys() - variables(trial.after.config).keys()
    come = variables(trial.after.config).keys() - variables(trial.before.config).keys()
    return {
        "project": trial.project.name,
        "date": date.isoformat(),
        "proven": trial.proven,
        "shape": shape(trial),
        "objections": trial.objections,
        "engine": engine,
        "machine": f"{platform.system()} {platform.machine()}",
        "bases": {
            name: "registry" if pulled else "local stand-in" for name, pulled in trial.bases.items()
        },
        "refactored_by": trial.refactored.tool,
        "ending": trial.refactored.ending,
        "steps": [{"id": step, "level": level} for step, level in trial.refactored.steps],
        "held_back": list(trial.refactored.held_back),
        "before": _side(trial.before, naive),
        "after": _side(trial.after, refactored) if trial.changed else None,
        "variables": {"gone": sorted(gone), "come": sorted(come)} if trial.changed else None,
        "refactored": refactored.splitlines() if trial.changed else None,
        "dockerignore": trial.ignore_file.splitlines() if trial.ignore_file else None,
    }


def shape(trial: Trial) -> str:
    """The shape of what was proven: as the refactoring names it, else as the project expects it."""
    return trial.refactored.shape or trial.project.shape


def _side(side: Side, dockerfile: str) -> dict[str, Any]:
    return {
        "dockerfile_sha256": hashlib.sha256(dockerfile.encode()).hexdigest(),
        "size": side.size,
        "answers": {path: answer.shown() for path, answer in side.answers.items()},
        "prints": side.prints,
        "rebuilds": {
            edit: {"steps": len(build.steps), "cached": build.cached, "ran": list(build.ran)}
            for edit, build in side.rebuilds.items()
        },
    }


def keep(results: Path, trial: Trial, engine: str, date: dt.date) -> None:
    """Write a trial's result."""
    results.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result(trial, engine, date), indent=2, ensure_ascii=False) + "\n"
    (results / f"{trial.project.name}.json").write_text(text, encoding="utf-8")


def rows(table: Path) -> list[Row]:
    """The rows of `proven.toml`; none if there is no file yet."""
    if not table.exists():
        return []
    said = tomllib.loads(table.read_text(encoding="utf-8"))
    return [
        Row(**{**row, "date": dt.date.fromisoformat(row["date"])}) for row in said.get("proven", ())
    ]


def record(table: Path, trials: Iterable[Trial], date: dt.date) -> None:
    """Bring `proven.toml` up to date: the row of a tried project is new, or gone."""
    from dfix.ecosystems.tables import compiled  # noqa: PLC0415 - reading rows needs no dfix

    kept = {row.project: row for row in rows(table)}
    for trial in trials:
        kept.pop(trial.project.name, None)
        if trial.proven:
            name = trial.project.name
            sizes = trial.before.size, trial.after.size
            kept[name] = Row(shape(trial), name, *sizes, date)
    table.parent.mkdir(parents=True, exist_ok=True)
    text = printed(kept.values())
    table.write_text(text, encoding="utf-8")
    table.with_suffix(".table").write_bytes(compiled(text.encode()))


def printed(table: Iterable[Row]) -> str:
    """The rows as TOML, by shape and then by project."""
    return HEADER + "".join(
        f"\n[[proven]]\nshape = {json.dumps(row.shape)}\nproject = {json.dumps(row.project)}\n"
        f"before = {row.before}\nafter = {row.after}\n"
        f"date = {json.dumps(row.date.isoformat())}\n"
        for row in sorted(table, key=lambda row: (row.shape, row.project))
    )


def unheld(table: Path, results: Path, projects: Path) -> list[str]:
    """Every row that its result does not hold, as a sentence.

    The naive Dockerfile must still be the one that was built; whether dfix still writes what was
    built then is for a test that runs dfix.
    """
    told = []
    for row in rows(table):
        file = results / f"{row.project}.json"
        if not file.exists():
            told.append(f"{row.project}: there is no result")
            continue
        kept = json.loads(file.read_text(encoding="utf-8"))
        if not kept["proven"]:
            told.append(f"{row.project}: the result is no proof: {kept['objections']}")
            continue
        seen = Row(
            kept["shape"],
            kept["project"],
            kept["before"]["size"],
            kept["after"]["size"],
            dt.date.fromisoformat(kept["date"]),
        )
        if seen != row:
            told.append(f"{row.project}: the row says {row}, the result {seen}")
        naive = (projects / row.project / "Dockerfile").read_bytes()
        if hashlib.sha256(naive).hexdigest() != kept["before"]["dockerfile_sha256"]:
            told.append(f"{row.project}: its Dockerfile is not the one that was built")
    return told
