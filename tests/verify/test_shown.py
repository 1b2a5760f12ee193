"""How a proof is shown, and what its JSON promises."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from dfix.refactor.report import Report, Step
from dfix.refactor.transform import Level
from dfix.verify import document, progress, show
from dfix.verify.progress import Ran
from dfix.verify.values import Fallen, Layer, Proof, Rebuild, Said, Side, Trial

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/verify.schema.json").read_text())


def side(size, *ran):
    steps = (*(Ran(name, cached=False) for name in ran), Ran("COPY . .", cached=True))
    rebuild = Rebuild("source", "main.py", steps, (3.0, 1.0, 2.0))
    return Side(size, (Layer(size, "RUN a"),), steps, 2.5, (rebuild,), ("Rule: words",))


def proof(outcome="proven-in-part", **more):
    step = Step("a@RUN-1", "a", "Do it", Level.SAFE, (), {})
    report = Report("Dockerfile", "FROM a\n", "FROM b\n", steps=(step,))
    objection = Said("files", "the library libx left the image", "line one\nline two")
    trial = Trial(side(9_000_000, "RUN a", "RUN b"), side(1_000_000, "RUN a"), (), (objection,))
    fallen = (Fallen(("b@RUN-2",), "b", "Drop <it>", (objection,)),)
    return Proof("Dockerfile", outcome, report, **{"trial": trial, "fallen": fallen, **more})


PROOFS = [
    proof(),
    proof("proven", fallen=()),
    proof("refuted", reason="no step is left that proves"),
    proof("not-tried", reason="no engine", trial=None, fallen=()),
    proof("refuted", trial=Trial(side(1), None, (Said("build", "it fails"),))),
]


@pytest.mark.parametrize("each", PROOFS)
def test_the_json_follows_its_schema(each):
    jsonschema.validate(json.loads(document.render([each])), SCHEMA)


@pytest.mark.parametrize("each", PROOFS)
def test_no_form_fails_on_any_outcome(each):
    assert "Dockerfile" in "".join(show.text(each, "Dockerfile", verbose=True))
    assert "Dockerfile" in "".join(show.markdown(each, "Dockerfile"))


def test_text_says_what_was_proven_and_what_was_left_out():
    assert list(show.text(proof(), "web/Dockerfile")) == [
        "web/Dockerfile: 1 step proven by building, 1 left out",
        "  left out: Drop <it> (b)",
        "    the library libx left the image",
        "      | line one",
        "      | line two",
        "  proven: Do it (a)",
        "  size: 9.0 MB -> 1.0 MB",
        "  layers: 1",
        "  build: 2.5 s, 1 of 3 cached -> 2.5 s, 1 of 2 cached",
        "  steps run again after a source edit: 2 of 3 (2.0 s) -> 1 of 2 (2.0 s)",
        "  findings of docker build --check: 1",
    ]


def test_markdown_keeps_words_that_look_like_marks():
    assert "- left out: Drop \\<it\\> (`b`)" in list(show.markdown(proof(), "Dockerfile"))


# progress


def events(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_steps_are_counted_once_and_from_is_none():
    said = events(
        {"vertexes": [{"digest": "f", "name": "[1/3] FROM a"}]},
        {"vertexes": [{"digest": "a", "name": "[2/3] RUN x"}]},
        {"vertexes": [{"digest": "a", "name": "[2/3] RUN x", "cached": True}]},
        {"vertexes": [{"digest": "i", "name": "[internal] load build context"}]},
        {"vertexes": [{"digest": "b", "name": "[build 3/3] COPY . ."}]},
    )
    assert progress.steps(said) == (Ran("RUN x", cached=True), Ran("COPY . .", cached=False))


def test_a_failure_names_its_step_and_ends_its_log():
    said = events(
        {"vertexes": [{"digest": "a", "name": "[2/2] RUN x"}]},
        {"logs": [{"vertex": "a", "data": "bm8gc3VjaCBmaWxlCg=="}]},
        {"vertexes": [{"digest": "a", "name": "[2/2] RUN x", "error": "exit code: 1"}]},
    )
    assert progress.failure(said) == ("RUN x", "no such file\n\nexit code: 1")


def test_a_command_that_fails_before_the_build_has_the_last_word():
    assert progress.failure("ERROR: no builder\n{cut").log == "ERROR: no builder"
