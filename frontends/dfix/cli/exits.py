"""What the process's exit code says; of several, the gravest counts.

4 before 2 before 1 before 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.refactor.report import Report

DONE = 0  # nothing to do, a summary, written, held back, or a file that is left alone on purpose
CHANGES = 1  # --check or --diff found something to change
WRONG_USE = 2  # usage, configuration, a path or a file that cannot be read or written
UNSETTLED = 4  # a file did not parse, or a run over it did not settle


def code(reports: Iterable[Report], *, asks: bool, problems: bool) -> int:
    """The exit code of a run. `asks` says that a change is what the caller wants to hear of."""
    found = DONE
    for report in reports:
        match report.ending.kind:
            case "unparsable" | "cycle" | "budget" | "failed":
                found = max(found, UNSETTLED)
            case "unreadable":
                found = max(found, WRONG_USE)
            case "settled" | "refused":
                if asks and report.changed:
                    found = max(found, CHANGES)
    return max(found, WRONG_USE) if problems else found
