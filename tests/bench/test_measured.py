"""What the measurements keep and show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from proving import measure, page, rivals
from proving.engine import Build
from proving.refactoring import Refactored

from dfix.verify.progress import Ran

MEASURED = Path(__file__).parents[2] / "bench" / "results" / "measured"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RUN a \\\n    && b\n", "RUN a && b\n"),
        ("FROM x\nRUN a\n", "FROM x\n\nRUN a\n\n"),
    ],
)
def test_layout_alone_makes_no_variant(one, other):
    assert measure.words(one) == measure.words(other)


def test_a_word_makes_a_variant():
    assert measure.words("ENV A 1\n") != measure.words("ENV A=1\n")


def test_counts_are_those_of_the_last_build_and_seconds_of_all():
    variant = measure.Variant("dfix", Path(), Refactored("dfix", ()), "FROM x\n")
    steps = (Ran("COPY . .", cached=True), Ran("RUN make", cached=False))
    variant.builds["source"] = [Build(steps[:1], 3.0), Build(steps, 1.0), Build(steps, 2.0)]
    found = variant.result()["builds"]["source"]
    assert (found["median"], found["least"], found["most"]) == (2.0, 1.0, 3.0)
    assert (found["steps"], found["cached"], found["ran"]) == (2, 1, ["RUN make"])


def test_a_program_that_is_not_there_has_no_version():
    assert rivals.version("no-such-program-here") is None


def test_every_size_stands_on_a_page_that_names_the_stand_ins():
    results = [json.loads(each.read_text()) for each in sorted(MEASURED.glob("*.json"))]
    text = page.text(results)
    assert "on stand-in bases" in text
    for result in results:
        assert f"## {result['project']}\n" in text


def by_dfix(file):
    """What dfix wrote; the naive file where it changed nothing."""
    result = json.loads(file.read_text())
    return result["variants"][result["same"].get("dfix", "dfix")]


@pytest.mark.parametrize("file", sorted(MEASURED.glob("*.json")), ids=lambda file: file.stem)
def test_what_dfix_wrote_works_and_breaks_no_promise(file):
    dfix = by_dfix(file)
    assert dfix["works"]
    assert dfix["objections"] == []


@pytest.mark.parametrize("file", sorted(MEASURED.glob("*.json")), ids=lambda file: file.stem)
def test_a_source_edit_runs_no_more_than_a_build_from_nothing(file):
    builds = by_dfix(file)["builds"]
    assert set(builds["source"]["ran"]) <= set(builds["cold"]["ran"])


def test_what_the_cost_model_foretells_is_held_against_the_build():
    from proving.foretold import Foretold

    build = Build((Ran("COPY . .", cached=False), Ran("RUN make", cached=True)), 1.0)

    assert Foretold(1, 1, 2).missed(build) is None
    assert Foretold(0, 2, 2).missed(build) is None
    assert Foretold(2, 2, 2).missed(build) == "foretold that 2 of 2 steps run, and 1 did"
    assert Foretold(0, 0, 2).missed(build) == "foretold that 0 of 2 steps run, and 1 did"
    assert Foretold(1, 1, 3).missed(build) == "foretold 3 steps, and the build has 2"


def test_a_wrong_foretelling_is_an_objection():
    from proving.foretold import Foretold

    variant = measure.Variant("dfix", Path(), Refactored("dfix", ()), "")
    variant.builds["source"] = [Build((Ran("COPY . .", cached=False),), 1.0)]
    variant.foretold["source"] = Foretold(0, 0, 1)

    assert measure._unforetold(variant) == [
        "after source: foretold that 0 of 1 steps run, and 1 did"
    ]


def test_an_argument_that_the_file_declares_is_changed_before_one_that_it_does_not(tmp_path):
    from proving.foretold import UNDECLARED, argument_of, foretell

    (tmp_path / "Dockerfile").write_text("ARG A\nFROM a\nRUN x\nARG B\nRUN y\n")
    assert argument_of(tmp_path) == "B"
    assert foretell(tmp_path, "argument", "B") == (1, 1, 2)
    assert foretell(tmp_path, "argument", UNDECLARED) == (0, 0, 2)


def test_another_tools_files_are_built_less_often():
    rounds = measure.Rounds(5, 5, 60, rivals=2)
    ours, tally = (
        measure.Variant(name, Path(), Refactored(name, ()), "") for name in ("dfix", "tally")
    )

    assert [rounds.over(ours, turn) for turn in range(3)] == [False, False, False]
    assert [rounds.over(tally, turn) for turn in range(3)] == [False, False, True]
