"""Reports for people: what would change and why, what was held back and what would answer it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dfix.render.paint import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dfix.refactor.report import Dropped, Offered, Rebuilt, Refusal, Report, Step
    from dfix.refactor.transform import Evidence
    from dfix.render.paint import Paint
    from dfix.render.view import View

FEW = 5  # hold-backs of one file that are shown unless more is asked for


def render(view: View, paint: Paint = plain) -> Iterator[str]:
    """The summary: a paragraph a file, what is said of all files at the end."""
    for name, report in view.reports():
        paragraph = list(_paragraph(view, name, report, paint))
        if paragraph:
            yield "".join(f"{line}\n" for line in paragraph)
            yield "\n"
    if view.statistics:
        yield from (f"{line}\n" for line in _statistics(view))
    if view.verbosity >= 0:
        yield _total(view) + "\n"


def troubles(view: View, paint: Paint = plain) -> Iterator[str]:
    """What went wrong, a line each, for standard error."""
    for problem in view.problems:
        yield f"{paint('error', 'bad')}: {problem.path}: {problem.sentence}"
    for name, report in view.reports():
        yield from _trouble(name, report, paint)


def _trouble(name: str, report: Report, paint: Paint) -> Iterator[str]:
    ending = report.ending
    if ending.kind == "unparsable" and report.diagnostics:
        for diagnostic in report.diagnostics:
            yield f"{paint('error', 'bad')}: {diagnostic.render(name)}"
    elif ending.kind == "failed":
        yield f"{paint('bug', 'bad')}: {name}: {ending.reason}; please report this"
    elif ending.kind in ("unparsable", "unreadable"):
        yield f"{paint('error', 'bad')}: {name}: {ending.reason}"
    elif ending.kind in ("cycle", "budget"):
        sentence = f"did not settle, so nothing is written: {ending.reason}"
        yield f"{paint('error', 'bad')}: {name}: {sentence}"
    elif ending.kind == "refused":
        yield f"{paint('left alone', 'held')}: {name}: {ending.reason}"
    for dropped in report.dropped:
        yield f"{paint('bug', 'bad')}: {name}: {_bug(dropped)}"


def _bug(dropped: Dropped) -> str:
    where = f" at line {dropped.line}" if dropped.line else ""
    if dropped.check == "exception":
        return f"{dropped.transform}{where} stopped with {dropped.detail}; please report this"
    return (
        f"{dropped.transform}{where} failed its {dropped.check} check and was not applied: "
        f"{dropped.detail}; please report this"
    )


def _paragraph(view: View, name: str, report: Report, paint: Paint) -> Iterator[str]:
    if report.ending.kind != "settled" or view.verbosity < 0:
        return
    body = [
        *_steps(view, report, paint),
        *_costs(view, report),
        *_offers(view, report, paint),
        *_held_back(view, report, paint),
    ]
    if view.verbosity > 0 or view.explain:
        body += [f"  note: {note}" for note in report.notes]
    if body or view.verbosity > 0:
        yield paint(name, "name") + ("" if body else ": nothing to do")
        yield from body


def _steps(view: View, report: Report, paint: Paint) -> Iterator[str]:
    for step in report.steps:
        verb = "did" if view.written else "would"
        yield f"  {verb}: {step.title} {_tag(step, paint)}"
        for part in step.parts:
            if len(step.parts) > 1:
                yield f"    line {part.line}: {part.title}"
            if view.explain:
                yield from _evidence(part.because, paint)
        others = sorted(path for path in step.files if path != report.path)
        if others and view.explain:
            yield f"    files: {', '.join(others)}"


def _costs(view: View, report: Report) -> Iterator[str]:
    """What an edit rebuilds, before and after; that of a manifest only where more is asked for."""
    full = view.explain or view.verbosity > 0
    for each in report.cost:
        if each.edit != "source" and not full:
            continue
        before, after = each.before, each.after
        sentence = (
            f"  after an edit of {each.file} {_share(before)}; then {after.again} of {after.of}"
        )
        if before.installs and not after.installs:
            sentence += " and no install"
        elif after.installs and not before.installs:
            sentence += ", an install among them"
        yield sentence


def _share(rebuilt: Rebuilt) -> str:
    verb = "step runs" if rebuilt.of == 1 else "steps run"
    among = ", an install among them" if rebuilt.installs and rebuilt.again > 1 else ""
    return f"{rebuilt.again} of {rebuilt.of} {verb} again{among}"


def _offers(view: View, report: Report, paint: Paint) -> Iterator[str]:
    for each in report.offered:
        yield f"  offered: {each.title}{_at(each.line)} {_offer_tag(each, paint)}"
        if view.explain:
            yield from _evidence(each.evidence, paint)


def _offer_tag(each: Offered, paint: Paint) -> str:
    if each.because == "level":
        return paint(f"({each.transform}: --level {each.level.word} takes it)", "aside")
    return paint(f"({each.transform}: a comment would be lost)", "aside")


def _held_back(view: View, report: Report, paint: Paint) -> Iterator[str]:
    full = view.explain or view.verbosity > 0
    held = report.held_back if full else report.held_back[:FEW]
    for each in held:
        yield _refusal(each, paint)
        if full and each.answer is not None:
            sentence = f"{each.answer.sentence}: " if each.answer.sentence else ""
            yield f"    answer: {sentence}{each.answer.setting}"
    left = len(report.held_back) - len(held)
    if left:
        yield paint(f"  and {left} more held back: --explain shows them", "aside")


def _refusal(each: Refusal, paint: Paint) -> str:
    tag = paint(f"({each.transform}: {each.slug})", "aside")
    return f"  {paint('held back', 'held')}{_at(each.line)}: {each.sentence} {tag}"


def _at(line: int) -> str:
    return f" at line {line}" if line else ""


def _tag(step: Step, paint: Paint) -> str:
    return paint(f"({step.transform}, {step.level.word})", "aside")


def _evidence(because: Iterable[Evidence], paint: Paint) -> Iterator[str]:
    for each in because:
        yield f"    because {each.claim} {paint(f'[{each.where}]', 'aside')}"


def _statistics(view: View) -> Iterator[str]:
    """Counts a transform: rewrites taken, offered, and held back by slug."""
    taken: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    held: dict[str, Counter[str]] = {}
    for _, report in view.reports():
        for step in report.steps:
            taken[step.transform] += len(step.parts)
        offered.update(each.transform for each in report.offered)
        for each in report.held_back:
            held.setdefault(each.transform, Counter())[each.slug] += 1
    names = sorted({*taken, *offered, *held})
    width = max((len(name) for name in names), default=0)
    for name in names:
        slugs = held.get(name, Counter())
        detail = ", ".join(f"{slug} {count}" for slug, count in sorted(slugs.items()))
        line = f"{name:{width}}  {taken[name]:5} taken {offered[name]:5} offered"
        yield f"{line} {slugs.total():5} held back" + (f": {detail}" if detail else "")


def _total(view: View) -> str:
    reports = [report for _, report in view.reports()]
    changed = [report for report in reports if report.changed]
    files = _count(len(reports), "file")
    if not reports:
        return "no Dockerfile found"
    held = sum(len(report.held_back) for report in reports)
    tail = f", {_count(held, 'rewrite')} held back" if held else ""
    if not changed:
        return f"{files}, nothing to change{tail}"
    steps = _count(sum(len(report.steps) for report in changed), "step")
    verb = "changed" if view.written else "would change"
    hint = "" if view.written else "; --diff shows it, --write does it"
    return f"{files}, {len(changed)} {verb} in {steps}{tail}{hint}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
