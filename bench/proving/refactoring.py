"""The step under proof, as a plain function: a folder goes in, and comes out refactored.

`by_dfix` is the real one; `by_hand` takes a Dockerfile that somebody wrote, which tries the bench
itself and shows what a careful person would reach.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dfix.refactor.report import Report

SPLIT = "split-stages"
ROUNDS = 8  # each round refuses what the round before it did beyond the split
SHAPE = "shape "  # how the split's evidence begins where it names the shape


@dataclass(frozen=True, slots=True)
class Refactored:
    """What was done to a folder: `(id, level)` of the steps, sentences for what was held back."""

    tool: str
    steps: tuple[tuple[str, str], ...]
    held_back: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()  # rewrites that failed a check: bugs of the tool
    shape: str | None = None  # as the tool names it
    ending: str = "settled"

    @property
    def split(self) -> bool:
        """Was the file split into stages?"""
        return any(step.partition("@")[0] == SPLIT for step, _ in self.steps)


if TYPE_CHECKING:
    Refactoring = Callable[[Path], Refactored]


def by_dfix(folder: Path) -> Refactored:
    """Refactor as a user's default run does, except that an unproven split is taken.

    A shape that was never built ships at `bold`, and only the bench may take it there: every other
    bold step is refused by its id, until none is left.
    """
    from dfix.api import Level, refactor  # noqa: PLC0415 - the bench also runs without it

    text = (folder / "Dockerfile").read_bytes().decode("utf-8", "surrogateescape")
    refused: set[str] = set()
    for _ in range(ROUNDS):
        report = refactor(text, project=folder, level=Level.BOLD, without=refused)
        bold = {
            part.id
            for step in report.steps
            if step.level is Level.BOLD and step.transform != SPLIT
            for part in step.parts
        }
        if not bold:
            break
        refused |= bold
    else:
        raise RuntimeError(f"bold steps remain after {ROUNDS} rounds: {', '.join(sorted(bold))}")
    if report.changed:
        _write(folder, report)
    return Refactored(
        tool="dfix",
        steps=tuple((step.id, step.level.word) for step in report.steps),
        held_back=tuple(
            f"{each.transform}: {each.slug}: {each.sentence}" for each in report.held_back
        ),
        dropped=tuple(f"{each.id}: {each.check}: {each.detail}" for each in report.dropped),
        shape=_shape(report),
        ending=f"{report.ending.kind} {report.ending.reason}".strip(),
    )


def by_hand(files: Path) -> Refactoring:
    """Take `<project>.Dockerfile` of that folder, and `<project>.dockerignore` if there is one."""

    def refactor(folder: Path) -> Refactored:
        written = files / f"{folder.parent.name}.Dockerfile"
        if not written.exists():
            return Refactored("hand", ())
        shutil.copyfile(written, folder / "Dockerfile")
        ignore = written.with_suffix(".dockerignore")
        if ignore.exists():
            shutil.copyfile(ignore, folder / ".dockerignore")
        return Refactored("hand", ((f"{SPLIT}@hand", "bold"),))

    return refactor


def _write(folder: Path, report: Report) -> None:
    after = report.after.encode("utf-8", "surrogateescape")
    (folder / "Dockerfile").write_bytes(after)
    for path, (_, text) in report.files.items():
        file = folder / path
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))


def _shape(report: Report) -> str | None:
    for step in report.steps:
        for part in step.parts:
            for evidence in part.because:
                if step.transform == SPLIT and evidence.where.startswith(SHAPE):
                    return evidence.where.removeprefix(SHAPE)
    return None
