"""Which step is guilty: the earliest after which the file fails, and inside it the guilty parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.verify.trial import Variant
from dfix.verify.values import Fallen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dfix.refactor.report import Report, Step
    from dfix.verify.values import Said

    Objections = Callable[[Variant], tuple[Said, ...]]
    Again = Callable[[tuple[str, ...]], Report]


def final(report: Report) -> Variant:
    """What a report changes, as a variant."""
    others = {path: after for path, (_, after) in report.files.items()}
    return Variant({report.path: report.after, **others}, report.steps)


def guilty(
    report: Report,
    objections: Objections,
    known: tuple[Said, ...],
    again: Again,
    without: tuple[str, ...],
) -> Fallen:
    """The step whose file fails while that of the step before does not, or the parts of it that do.

    `known` are the objections to the whole report, `without` the ids that it was made without. The
    number of trials is the logarithm of the number of steps, and then of parts.
    """
    passes, fails, found = 0, len(report.steps), known
    while fails - passes > 1:
        middle = (passes + fails) // 2
        raised = objections(_prefix(report.steps[:middle]))
        if raised:
            fails, found = middle, raised
        else:
            passes = middle
    step = report.steps[fails - 1]
    if fails == len(report.steps) and len(report.steps) > 1:
        found = objections(_prefix(report.steps)) or found
    ids = _guilty_parts(step, objections, again, without)
    titles = [part.title for part in step.parts if part.id in ids]
    title = titles[0] if len(titles) == 1 else step.title
    return Fallen(ids, step.transform, title, found)


def _prefix(steps: Sequence[Step]) -> Variant:
    return Variant(dict(steps[-1].files), steps)


def _guilty_parts(
    step: Step, objections: Objections, again: Again, without: tuple[str, ...]
) -> tuple[str, ...]:
    """The parts without which the file passes, by halves; all of them where halves do not tell."""
    everything = tuple(dict.fromkeys(part.id for part in step.parts))
    suspects = everything
    while len(suspects) > 1:
        half = len(suspects) // 2
        for kept, left_out in (
            (suspects[half:], suspects[:half]),
            (suspects[:half], suspects[half:]),
        ):
            others = tuple(each for each in everything if each not in kept)
            report = again((*without, *others))
            if report.ending.kind != "settled":
                return everything
            if not objections(final(report)):
                continue
            suspects = kept
            del left_out
            break
        else:
            return suspects
    # The others are innocent only if the file passes without the suspect alone.
    if suspects != everything:
        report = again((*without, *suspects))
        if report.ending.kind != "settled" or objections(final(report)):
            return everything
    return suspects
