"""Edits of several reports to one file become one edit."""

from __future__ import annotations

import handmade as reports
import pytest

from dfix.api.unite import merge, unite
from dfix.cli.writing import sets

IGNORE = ".dockerignore"


def test_two_reports_that_say_the_same_of_a_file_make_one_edit():
    shared = {IGNORE: ("a\n", "a\nb\n")}
    one, two = reports.changed(files=shared), reports.changed(path="Two", files=shared)
    run = unite([one, two])
    assert run.edits[IGNORE].after == "a\nb\n"
    assert list(run.edits) == ["Dockerfile", IGNORE, "Two"]


def test_two_reports_that_add_different_lines_are_joined():
    one = reports.changed(files={IGNORE: (None, ".git\nnode_modules\n")})
    two = reports.changed(path="Two", files={IGNORE: (None, ".git\n.venv\n")})
    edit = unite([one, two]).edits[IGNORE]
    assert (edit.before_sha, edit.after) == (None, ".git\nnode_modules\n.venv\n")


def test_a_report_that_cannot_be_joined_takes_only_its_own_away():
    one = reports.changed(files={"compose.yaml": ("a: 1\n", "a: 2\n")})
    two = reports.changed(path="Two", files={"compose.yaml": ("a: 1\n", "a: 3\n")})
    run = unite([one, two])
    assert run.edits["compose.yaml"].after == "a: 2\n"
    assert "Two" not in run.edits
    assert run.reports[1].ending.kind == "refused"
    assert "compose.yaml is also changed for Dockerfile" in run.reports[1].ending.reason


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n", "A\nb\nc\nD\n"),
        ("a\nb\n", "a\nb\nx\n", "a\nb\nx\n", "a\nb\nx\n"),
        ("a\n", "a\nx\n", "a\ny\n", "a\nx\ny\n"),
        ("a\n", "a\nx\n", "a\n!y\n", None),
        ("a\n", "b\n", "c\n", None),
        ("a\nb\n", "b\n", "a\nx\nb\n", None),
        ("", "x", "y\n", "x\ny\n"),
    ],
)
def test_merging_an_ignore_file(base, ours, theirs, expected):
    assert merge(base, ours, theirs, additive=True) == expected


def test_insertions_at_one_place_of_another_file_are_not_joined():
    assert merge("a\n", "a\nx\n", "a\ny\n", additive=False) is None


def test_files_of_reports_that_share_one_are_written_together():
    shared = {IGNORE: ("a\n", "a\nb\n")}
    given = [
        reports.changed(path="One", files=shared),
        reports.changed(path="Alone"),
        reports.changed(path="Two", files=shared),
    ]
    assert [sorted(each) for each in sets(unite(given))] == [[IGNORE, "One", "Two"], ["Alone"]]
