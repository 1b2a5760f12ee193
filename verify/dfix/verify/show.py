"""A proof for people: as text for a terminal, as markdown for a pull request."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.verify.values import Fallen, Proof, Rebuild, Said, Side

MEGABYTE = 1_000_000  # bytes
DETAIL = 12  # lines of a log that a person is shown
EDITS = {"none": "no change", "source": "a source edit", "manifest": "a manifest edit"}


def text(proof: Proof, name: str, *, verbose: bool = False) -> Iterator[str]:
    """Lines for a terminal; notes in full if asked for. `name` is how the file is shown."""
    yield f"{name}: {verdict(proof)}"
    for fallen in proof.fallen:
        yield f"  left out: {fallen.title} ({fallen.transform})"
        for said in fallen.objections:
            yield f"    {said.sentence}"
            yield from (f"      | {line}" for line in _log(said))
    for step in proof.report.steps if proof.may_write else ():
        yield f"  proven: {step.title} ({step.transform})"
    if proof.trial is None:
        return
    if not proof.may_write:
        for said in proof.trial.objections:
            yield f"  {said.sentence}"
    for row in _rows(proof):
        yield "  " + row[0] + ": " + (row[1] if row[1] == row[2] else f"{row[1]} -> {row[2]}")
    if verbose:
        for said in proof.trial.notes:
            yield f"  note: {said.sentence}"
            yield from (f"    | {line}" for line in _log(said))


def markdown(proof: Proof, name: str) -> Iterator[str]:
    """Lines of markdown: the verdict, a table of both builds, what was left out, and the notes."""
    yield f"### `{name}`: {verdict(proof)}"
    yield ""
    rows = list(_rows(proof)) if proof.trial is not None else []
    if rows:
        yield "| | before | after |"
        yield "|---|---|---|"
        yield from (f"| {what} | {was} | {now} |" for what, was, now in rows)
        yield ""
    for step in proof.report.steps if proof.may_write else ():
        yield f"- proven: {_inline(step.title)} (`{step.transform}`)"
    for fallen in proof.fallen:
        yield from _fallen(fallen)
    if proof.trial is not None and proof.trial.notes:
        yield ""
        yield "<details><summary>what else was seen</summary>"
        yield ""
        yield from (f"- {_inline(said.sentence)}" for said in proof.trial.notes)
        yield ""
        yield "</details>"
    yield ""


def verdict(proof: Proof) -> str:
    """The outcome as half a sentence."""
    day = f" on {proof.kept}, and nothing changed since" if proof.kept else ""
    match proof.outcome:
        case "proven":
            return f"proven by building{day}, {_steps(len(proof.report.steps))}"
        case "proven-in-part":
            kept = _steps(len(proof.report.steps))
            return f"{kept} proven by building{day}, {len(proof.fallen)} left out"
        case "refuted":
            return f"not proven: {proof.reason}"
        case "nothing-to-prove":
            return proof.reason
        case "not-tried":
            return f"not tried: {proof.reason}"


def _fallen(fallen: Fallen) -> Iterator[str]:
    yield f"- left out: {_inline(fallen.title)} (`{fallen.transform}`)"
    for said in fallen.objections:
        yield f"  - {_inline(said.sentence)}"
        log = list(_log(said))
        if log:
            yield "    ```text"
            yield from (f"    {line}" for line in log)
            yield "    ```"


def _rows(proof: Proof) -> Iterator[tuple[str, str, str]]:
    trial = proof.trial
    if trial is None or trial.after is None:
        return
    before, after = trial.before, trial.after
    yield "size", _size(before), _size(after)
    if before.image:
        yield "image", before.image, after.image
    yield "layers", str(len(before.layers)), str(len(after.layers))
    yield "build", _build(before), _build(after)
    others = {rebuild.edit: rebuild for rebuild in after.rebuilds}
    for rebuild in before.rebuilds:
        if rebuild.edit in others:
            what = f"steps run again after {EDITS[rebuild.edit]}"
            yield what, _count(rebuild), _count(others[rebuild.edit])
    if before.findings or after.findings:
        yield (
            "findings of docker build --check",
            str(len(before.findings)),
            str(len(after.findings)),
        )


def _size(side: Side) -> str:
    return f"{side.size / MEGABYTE:.1f} MB"


def _build(side: Side) -> str:
    cached = sum(step.cached for step in side.steps)
    return f"{side.seconds:.1f} s" + (f", {cached} of {len(side.steps)} cached" if cached else "")


def _count(rebuild: Rebuild) -> str:
    return f"{len(rebuild.ran)} of {len(rebuild.steps)} ({median(rebuild.seconds):.1f} s)"


def _steps(number: int) -> str:
    return f"{number} step" + ("" if number == 1 else "s")


def _log(said: Said) -> list[str]:
    return said.detail.splitlines()[-DETAIL:]


def _inline(sentence: str) -> str:
    """A sentence whose marks markdown would read, without them."""
    return "".join(
        f"\\{char}" if char in "\\`*_<>|[]" else char for char in sentence.replace("\n", " ")
    )
