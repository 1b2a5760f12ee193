"""Every transform's own cases: its page's examples are its first tests."""

from __future__ import annotations

import pytest

from dfix.ecosystems.tree import MemoryTree
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Case, Level, Transform
from dfix.transforms import catalogue

CASES = [
    pytest.param(entry, case, id=f"{entry.id}: {case.title}")
    for entry in catalogue(third_party=False)
    for case in entry.cases
]


def run(entry: Transform, text: str, project: dict[str, str]):
    tree = MemoryTree({"Dockerfile": text, **project}) if project else None
    return refactor(
        text, path="Dockerfile", tree=tree, transforms=[entry], level=Level.BOLD, only=[entry.id]
    )


@pytest.mark.parametrize(("entry", "case"), CASES)
def test_case(entry: Transform, case: Case) -> None:
    report = run(entry, case.before, dict(case.project))
    assert not report.dropped
    assert report.ending.kind == "settled"
    assert report.after == (case.after if case.after is not None else case.before)
    slugs = {refusal.slug for refusal in report.held_back}
    if case.because is not None:
        assert case.because in slugs
    assert {path: after for path, (_, after) in report.files.items()} == dict(case.files)


@pytest.mark.parametrize(("entry", "case"), CASES)
def test_a_second_run_changes_nothing(entry: Transform, case: Case) -> None:
    first = run(entry, case.before, dict(case.project))
    project = {
        **case.project,
        **{path: text for path, (_, text) in first.files.items() if text is not None},
    }
    second = run(entry, first.after, project)
    assert second.after == first.after
    assert not second.files


@pytest.mark.parametrize("entry", catalogue(third_party=False), ids=lambda entry: entry.id)
def test_each_slug_is_documented_and_each_documented_slug_declared(entry: Transform) -> None:
    section = entry.page.partition("## When it holds back\n")[2].partition("\n## ")[0]
    documented = {
        line[2:].partition(":")[0] for line in section.splitlines() if line.startswith("- ")
    }
    assert documented == set(entry.slugs)
