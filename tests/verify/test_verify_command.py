"""`dfix verify` and `dfix --write --verify`, with the proof itself stood in for."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dfix.cli.main import group
from dfix.refactor.report import Ending, Report
from dfix.verify import proof as proofs
from dfix.verify.values import Fallen, Proof, Said

TEXT = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(TEXT)
    return tmp_path


@pytest.fixture
def outcome(monkeypatch):
    """Let every proof end in this way; what it was asked is returned."""
    asked = []

    def end(kind, reason="", drop=None):
        def prove(again, *, root, tree, config, settings, tell):
            asked.append(settings)
            report = again(())
            fallen = ()
            if drop is not None:
                step = next(step for step in report.steps if step.transform == drop)
                ids = tuple(part.id for part in step.parts)
                fallen = (Fallen(ids, drop, step.title, (Said("build", "it fails"),)),)
                report = again(ids)
            return Proof(report.path, kind, report, reason, fallen=fallen)

        monkeypatch.setattr(proofs, "prove", prove)
        return asked

    return end


def dfix(*args):
    return CliRunner().invoke(group, args, prog_name="dfix")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("proven", 0),
        ("nothing-to-prove", 0),
        ("proven-in-part", 1),
        ("refuted", 1),
        ("not-tried", 2),
    ],
)
def test_the_exit_code_says_the_outcome(kind, code, here, outcome):
    outcome(kind, "a reason")
    assert dfix("verify", "Dockerfile").exit_code == code


def test_what_was_not_tried_is_an_error_in_one_line(here, outcome):
    outcome("not-tried", "no container engine answers")
    result = dfix("verify", "Dockerfile")
    assert result.stderr == "error: Dockerfile: not tried: no container engine answers\n"
    assert result.stdout == ""


def test_json_is_json_whatever_the_outcome(here, outcome):
    outcome("not-tried", "no container engine answers")
    result = dfix("verify", "Dockerfile", "--format", "json")
    assert json.loads(result.stdout)["proofs"][0]["outcome"] == "not-tried"


def test_options_reach_the_engine(here, outcome):
    asked = outcome("proven")
    words = ["--network", "host", "--offline-frontend", "--build-limit", "7", "--rebuilds", "0"]
    words += ["--get", "/health", "--exec", "ls -a '/x y'", "--source-edit", "main.py"]
    assert dfix("verify", "Dockerfile", *words).exit_code == 0
    [settings] = asked
    assert (settings.network, settings.offline_frontend) == ("host", True)
    assert (settings.build_limit, settings.rebuilds) == (7, 0)
    assert [probe.words for probe in settings.probes] == [("/health",), ("ls", "-a", "/x y")]
    assert settings.edits == {"source": "main.py"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["verify", "nothing"], "there is no file nothing"),
        (["verify", "."], ". is a folder: name a file"),
        (["verify", "Dockerfile", "--exec", "'"], "a command cannot be read"),
        (["--verify", "Dockerfile"], "--verify goes with --write"),
        (["--write", "--verify", "-"], "--verify needs a file"),
    ],
)
def test_wrong_use_is_said(words, sentence, here):
    result = dfix(*words)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_what_is_proven_is_written(here, outcome):
    outcome("proven")
    assert dfix("--write", "--verify", "Dockerfile").exit_code == 0
    assert (here / "Dockerfile").read_text() != TEXT


def test_what_is_not_tried_is_not_written(here, outcome):
    outcome("not-tried", "no container engine answers")
    result = dfix("--write", "--verify", "Dockerfile")
    assert result.exit_code == 2
    assert "Dockerfile: not written: no container engine answers" in result.stderr
    assert (here / "Dockerfile").read_text() == TEXT


def test_what_is_refuted_is_not_written(here, outcome):
    outcome("refuted", "no step is left that proves")
    dfix("--write", "--verify", "Dockerfile")
    assert (here / "Dockerfile").read_text() == TEXT


def test_a_step_that_fell_out_is_reported_and_the_others_are_written(here, outcome):
    outcome("proven-in-part", drop="clean-apt-lists")
    result = dfix("--write", "--verify", "Dockerfile")
    assert "clean-apt-lists" in result.stderr
    assert "it fails" in result.stderr


def test_a_file_that_would_not_change_is_not_built(here):
    report = Report("Dockerfile", TEXT, TEXT)
    found = proofs.prove(lambda _: report, root=here, tree=None, config=None)
    assert found.outcome == "nothing-to-prove"
    unsettled = report._replace(ending=Ending("cycle", "round"))
    found = proofs.prove(lambda _: unsettled, root=here, tree=None, config=None)
    assert (found.outcome, found.reason) == ("not-tried", "round")
