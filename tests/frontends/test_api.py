"""The front door for programs."""

from __future__ import annotations

import doctest
import hashlib
from pathlib import Path

import pytest

import dfix.api
from dfix.api import Level, parse, refactor, run, tasks

CHANGING = "FROM scratch\nMAINTAINER ann\n"


def test_parse_gives_a_tree_that_prints_as_it_was_read():
    assert parse(b"FROM a\xff\r\n").code == "FROM a\udcff\r\n"


@pytest.mark.usefixtures("catalogue")
def test_refactor_takes_a_text_and_gives_a_report():
    report = refactor(CHANGING)
    assert report.after == "FROM scratch\nMAINTAINER ANN\n"
    assert [step.transform for step in report.steps] == ["shout-maintainer"]


@pytest.mark.usefixtures("catalogue")
def test_a_step_can_be_left_out_by_its_id():
    [step] = refactor(CHANGING).steps
    assert not refactor(CHANGING, without=[step.id]).changed


@pytest.mark.usefixtures("catalogue")
def test_levels_are_words_or_values():
    text = "FROM scratch\nCMD old\n"
    assert refactor(text, level="bold").after == refactor(text, level=Level.BOLD).after != text
    with pytest.raises(ValueError, match="there is no level 'reckless': safe, review or bold"):
        refactor(text, level="reckless")


@pytest.mark.usefixtures("catalogue")
def test_transforms_that_do_not_exist_are_errors():
    with pytest.raises(ValueError, match="did you mean drop-command"):
        refactor(CHANGING, only=["drop-comand"])
    with pytest.raises(ValueError, match="no transform zzz"):
        run(["Dockerfile"], skip=["zzz"])


@pytest.mark.usefixtures("catalogue")
def test_run_gives_edits_with_the_hash_of_what_was_read(put, here):
    put("a/Dockerfile", CHANGING)
    outcome = run(["a/Dockerfile", "b/Dockerfile"], here)
    assert [each.ending.kind for each in outcome.reports] == ["settled", "unreadable"]
    edit = outcome.edits["a/Dockerfile"]
    assert edit.before_sha == hashlib.sha256(CHANGING.encode()).hexdigest()
    assert (here / "a/Dockerfile").read_text() == CHANGING


def test_a_bug_that_one_file_shows_does_not_take_the_others_away(put, here, monkeypatch):
    put("a", CHANGING)
    put("b", "FROM scratch\n")

    def fail(text, **options):
        if "MAINTAINER" in text:
            raise KeyError("x")
        return real(text, **options)

    from dfix.refactor import pipeline

    real = pipeline.refactor
    monkeypatch.setattr(pipeline, "refactor", fail)
    monkeypatch.setattr(tasks, "transforms", lambda: ())
    reports = run(["a", "b"], here).reports
    assert [each.ending.kind for each in reports] == ["failed", "settled"]


def test_the_first_code_of_the_readme_runs():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    code = readme.partition("```python\n")[2].partition("```")[0]
    exec(compile(code, "README.md", "exec"), {})


def test_the_docstring_of_the_front_door_runs():
    assert doctest.testmod(dfix.api).failed == 0
