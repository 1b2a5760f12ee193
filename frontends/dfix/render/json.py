r"""Reports as JSON; docs/json.md describes it and docs/json.schema.json is its schema.

Bytes that are no UTF-8 stand as lone surrogates (`\\udc80` to `\\udcff`), as Python's
surrogateescape has them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dfix.render.diff import file_diff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dfix.refactor.report import Rebuilt, Report
    from dfix.refactor.transform import Evidence, Question
    from dfix.render.view import Group, View

VERSION = 1  # counts up when a field goes or changes its meaning; new fields may come at any time


def render(view: View) -> Iterator[str]:
    """One JSON document."""
    yield json.dumps(document(view), indent=2) + "\n"


def document(view: View) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "version": VERSION,
        "level": view.level,
        "written": view.written,
        "projects": [_project(view, group) for group in view.groups],
        "problems": [problem._asdict() for problem in view.problems],
    }


def _project(view: View, group: Group) -> dict[str, Any]:
    return {
        "root": group.root,
        "files": [_file(view.name(group.root, each.path), each) for each in group.run.reports],
        "edits": list(_edits(group)),
    }


def _edits(group: Group) -> Iterator[dict[str, Any]]:
    befores: dict[str, str | None] = {}
    for report in group.run.reports:
        befores[report.path] = report.before
        for path, (before, _) in report.files.items():
            befores.setdefault(path, before)
    for path, edit in group.run.edits.items():
        yield {
            "path": path,
            "before_sha256": edit.before_sha,
            "after": edit.after,
            "diff": file_diff(path, befores[path], edit.after),
        }


def _file(name: str, report: Report) -> dict[str, Any]:
    return {
        "path": report.path,
        "name": name,
        "changed": report.changed,
        "ending": {"kind": report.ending.kind, "reason": report.ending.reason},
        "steps": [
            {
                "id": step.id,
                "transform": step.transform,
                "title": step.title,
                "level": step.level.word,
                "parts": [
                    {
                        "id": part.id,
                        "line": part.line,
                        "title": part.title,
                        "evidence": _evidence(part.because),
                    }
                    for part in step.parts
                ],
                "files": sorted(step.files),
            }
            for step in report.steps
        ],
        "offered": [
            {
                "id": each.id,
                "transform": each.transform,
                "title": each.title,
                "level": each.level.word,
                "line": each.line,
                "because": each.because,
                "evidence": _evidence(each.evidence),
            }
            for each in report.offered
        ],
        "held_back": [
            {
                "transform": each.transform,
                "slug": each.slug,
                "sentence": each.sentence,
                "line": each.line,
                "answer": _answer(each.answer),
            }
            for each in report.held_back
        ],
        "dropped": [
            {
                "id": each.id,
                "transform": each.transform,
                "line": each.line,
                "check": each.check,
                "detail": each.detail,
            }
            for each in report.dropped
        ],
        "diagnostics": [
            {
                "line": each.line,
                "column": each.column,
                "message": each.message,
                "expected": list(each.expected),
                "source": each.source,
            }
            for each in report.diagnostics
        ],
        "notes": list(report.notes),
        "cost": [
            {
                "edit": each.edit,
                "file": each.file,
                "before": _rebuilt(each.before),
                "after": _rebuilt(each.after),
            }
            for each in report.cost
        ],
    }


def _rebuilt(count: Rebuilt) -> dict[str, Any]:
    return {
        "again": count.again,
        "of": count.of,
        "installs": count.installs,
        "lines": list(count.lines),
    }


def _evidence(because: Iterable[Evidence]) -> list[dict[str, str]]:
    return [{"claim": each.claim, "where": each.where} for each in because]


def _answer(question: Question | None) -> dict[str, str] | None:
    if question is None:
        return None
    return {"setting": question.setting, "sentence": question.sentence}
