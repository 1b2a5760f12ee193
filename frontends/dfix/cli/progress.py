"""A line on standard error while more than a second of work is under way, on a terminal only."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

from dfix.api.tasks import performed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.api.tasks import Task
    from dfix.refactor.report import Report

PATIENCE = 1.0  # seconds without a word
STEP = 0.1  # seconds between two lines


def watched(tasks: Sequence[Task], jobs: int, *, quiet: bool) -> Iterator[Report]:
    """The reports of the tasks in order."""
    if quiet or not sys.stderr.isatty():
        yield from performed(tasks, jobs)
        return
    due = monotonic() + PATIENCE
    shown = False
    for number, report in enumerate(performed(tasks, jobs), 1):
        if monotonic() >= due and number < len(tasks):
            sys.stderr.write(f"\r\x1b[K{number}/{len(tasks)} {report.path[-60:]}")
            sys.stderr.flush()
            due = monotonic() + STEP
            shown = True
        if shown and number == len(tasks):
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        yield report
