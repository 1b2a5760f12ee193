"""Prove what a run changes by building it; on a failure, run without the guilty step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dfix.verify import bisect, kept
from dfix.verify.build import plan
from dfix.verify.engine import Engine
from dfix.verify.trial import Trials
from dfix.verify.values import NotTried, Proof, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.config import Config
    from dfix.refactor.report import Report
    from dfix.verify.trial import Variant
    from dfix.verify.values import Aspect, Fallen, Outcome, Said, Trial

    Again = Callable[[tuple[str, ...]], Report]
    Tell = Callable[[str], None]

ATTEMPTS = 40  # guilty steps before the file is given up


def silent(sentence: str) -> None:
    """Tell nobody how far it is."""
    del sentence


def prove(
    again: Again,
    *,
    root: str | Path,
    tree: Tree,
    config: Config,
    settings: Settings | None = None,
    tell: Tell = silent,
) -> Proof:
    """Refactor a file of the project at `root` and prove it; nothing of the project is written.

    `again` refactors it without the steps that it is given; it is called first without any. Never
    raises for the file or the engine: what stood in the way is the outcome "not-tried" with its
    reason. An interrupt goes through, after all that was made is removed.
    """
    report = again(())
    if report.ending.kind != "settled":
        reason = report.ending.reason or report.ending.kind
        return Proof(report.path, "not-tried", report, reason)
    if not report.changed:
        return Proof(report.path, "nothing-to-prove", report, "nothing would change")
    trials: Trials | None = None
    try:
        how = plan(Path(root), tree, report.path, config)
        with Engine(settings or Settings()) as engine:
            place = kept.key(engine, how, report)
            known = None if place is None else _known(place, again, report)
            if known is not None:
                return known
            trials = Trials(engine, how, report.before)
            found = _until_it_proves(trials, again, report, tell)
            if place is not None and found.may_write:
                kept.keep(place, found)
            return found
    except NotTried as error:
        count = 0 if trials is None else trials.count
        return Proof(report.path, "not-tried", report, str(error), trials=count)


def _known(place: kept.Key, again: Again, report: Report) -> Proof | None:
    """The kept proof of a report, if the run still writes what was proven."""
    found = kept.find(place, report)
    if found is None:
        return None
    rest = again(found.without) if found.without else report
    return replace(found.proof, report=rest) if found.matches(rest) else None


def _until_it_proves(trials: Trials, again: Again, report: Report, tell: Tell) -> Proof:
    without: tuple[str, ...] = ()
    fallen: list[Fallen] = []
    trial: Trial | None = None

    def proof(outcome: Outcome, reason: str = "") -> Proof:
        return Proof(report.path, outcome, report, reason, trial, tuple(fallen), trials.count)

    while report.changed:
        tell(f"building {report.path} with {len(report.steps)} steps")
        trial = trials.hold(bisect.final(report))
        if not trial.objections:
            return proof("proven-in-part" if fallen else "proven")
        if len(fallen) == ATTEMPTS:
            return proof("refuted", f"{ATTEMPTS} steps failed, so the rest is not trusted either")
        tell(f"{trial.objections[0].sentence}: looking for the step")
        guilty = bisect.guilty(
            report, _asking(trials, trial.objections), trial.objections, again, without
        )
        fallen.append(guilty)
        without = (*without, *guilty.ids)
        next_report = again(without)
        if next_report.ending.kind != "settled":
            return proof("refuted", f"without {guilty.transform} the run does not settle")
        if _same(report, next_report):
            return proof("refuted", f"{guilty.transform} cannot be left out")
        report = next_report
    return proof("refuted", "no step is left that proves")


def _asking(trials: Trials, objections: tuple[Said, ...]) -> Callable[[Variant], tuple[Said, ...]]:
    """A question for bisection: does this variant fail as the whole did? Only that is looked at."""
    aspects: frozenset[Aspect] = frozenset(said.aspect for said in objections)

    def raised(variant: Variant) -> tuple[Said, ...]:
        # What does not build at all is no answer to another question, and a failure all the same.
        return trials.hold(variant, aspects).objections

    return raised


def _same(one: Report, other: Report) -> bool:
    return one.after == other.after and one.files == other.files
