"""One file through small transforms: steps, levels, what is offered, held back and dropped."""

from __future__ import annotations

import pytest
from small import BECAUSE, removes, renames, run, transform, with_script

from dfix.ecosystems.tree import MemoryTree
from dfix.refactor import edits
from dfix.refactor.config import Config
from dfix.refactor.transform import HeldBack, Level, Phase, Rewrite

TEXT = "FROM a\nRUN one\nRUN two\nRUN one\n"


def test_rewrites_of_one_pass_are_one_step_with_its_parts():
    report = run(TEXT, renames("three", "one", "three"))
    assert report.after == "FROM a\nRUN three\nRUN two\nRUN three\n"
    assert [step.transform for step in report.steps] == ["three"]
    assert [part.line for part in report.steps[0].parts] == [2, 4]
    assert report.steps[0].files == {"Dockerfile": report.after}


def test_the_second_transform_sees_what_the_first_one_did():
    report = run(TEXT, renames("b", "three", "four"), renames("a", "one", "three"))
    assert report.after == "FROM a\nRUN four\nRUN two\nRUN four\n"


def test_phases_come_before_names():
    early = renames("z", "one", "early", phase=Phase.REPAIR)
    late = renames("a", "one", "late", phase=Phase.TIDY)
    assert "early" in run(TEXT, late, early).after


def test_after_edges_come_before_names():
    first = renames("z", "one", "first")
    second = renames("a", "one", "second", after=("z",))
    assert "first" in run(TEXT, second, first).after


def test_ids_survive_a_step_that_was_left_out():
    both = (renames("x", "one", "three"), renames("y", "two", "four"))
    first = run(TEXT, *both)
    skipped = run(TEXT, *both, without=(first.steps[0].id,))
    assert [step.id for step in skipped.steps if step.transform == "y"] == [
        step.id for step in first.steps if step.transform == "y"
    ]


def test_without_a_part_takes_the_others():
    entry = renames("x", "one", "three")
    parts = run(TEXT, entry).steps[0].parts
    assert len({part.id for part in parts}) == 2
    assert run(TEXT, entry, without=(parts[1].id,)).after == "FROM a\nRUN three\nRUN two\nRUN one\n"


def test_without_all_parts_is_no_step():
    entry = renames("x", "one", "three")
    report = run(TEXT, entry, without=tuple(part.id for part in run(TEXT, entry).steps[0].parts))
    assert report.after == TEXT
    assert not report.steps


def test_what_lies_above_the_level_is_offered():
    report = run(TEXT, renames("x", "two", "three", level=Level.BOLD))
    assert report.after == TEXT
    assert [(each.because, each.line, each.level) for each in report.offered] == [
        ("level", 3, Level.BOLD)
    ]
    assert run(TEXT, renames("x", "two", "three", level=Level.BOLD), level=Level.BOLD).steps


def test_only_and_skip_choose():
    both = (renames("x", "one", "three"), renames("y", "two", "four"))
    assert {step.transform for step in run(TEXT, *both, only=("y",)).steps} == {"y"}
    assert {step.transform for step in run(TEXT, *both, skip=("y",)).steps} == {"x"}


def test_a_rewrite_that_loses_a_comment_is_offered():
    text = "FROM a\n# why\nSTOPSIGNAL INT\nRUN b\n"
    report = run(text, removes("x", "STOPSIGNAL", "drop"))
    assert report.after == text
    assert [each.because for each in report.offered] == ["comment-loss"]
    assert not report.dropped


def test_a_rewrite_that_changes_the_contract_is_dropped_once():
    seen = []
    inner = removes("x", "USER")

    def generate(ctx):
        seen.append(ctx.file)
        yield from inner.find(ctx)

    text = "FROM a\nUSER b\nRUN one\n"
    report = run(text, transform("x", generate), renames("y", "one", "two"))
    assert report.after == "FROM a\nUSER b\nRUN two\n"
    assert [(each.transform, each.check) for each in report.dropped] == [("x", "contract")]
    assert report.ending.kind == "settled"


def test_one_bad_rewrite_does_not_take_the_others_away():
    def generate(ctx):
        for place in ctx.model.places():
            if place.node.name == "USER":
                yield Rewrite(
                    place.node, "bad", Level.SAFE, BECAUSE, (edits.remove(place.node, "keep"),)
                )
            elif place.node.name == "RUN" and place.node.body.text.value == "one":
                change = edits.replace(place.node, with_script(place.node, "three"))
                yield Rewrite(place.node, "good", Level.SAFE, BECAUSE, (change,))

    report = run("FROM a\nRUN one\nUSER b\nRUN one\nRUN one\n", transform("x", generate))
    assert report.after == "FROM a\nRUN three\nUSER b\nRUN three\nRUN three\n"
    assert len(report.dropped) == 1


def test_an_item_that_inherits_a_gap_is_changed_in_the_next_pass():
    def generate(ctx):
        for place in ctx.model.places():
            node = place.node
            if node.name == "USER":
                change = edits.remove(node, "keep")  # the contract refuses this one
            elif node.name == "RUN" and node.body.text.value == "gone":
                change = edits.remove(node, "keep")
            elif node.name == "RUN" and node.body.text.value == "one":
                change = edits.replace(node, with_script(node, "three"))
            else:
                continue
            yield Rewrite(node, "a change", Level.SAFE, BECAUSE, (change,))

    text = "FROM a\n\n\nRUN gone\nRUN one\nUSER b\n"
    report = run(text, transform("x", generate))
    assert report.after == "FROM a\n\n\nRUN three\nUSER b\n"
    assert len(report.dropped) == 1


def test_a_rewrite_that_changes_nothing_is_dropped():
    def generate(ctx):
        node = next(iter(ctx.model.runs())).node
        yield Rewrite(
            node, "nothing", Level.SAFE, BECAUSE, (edits.replace(node, edits.bare(node)),)
        )

    report = run(TEXT, transform("x", generate))
    assert [each.check for each in report.dropped] == ["no-change"]
    assert report.ending.kind == "settled"


def test_a_transform_that_raises_is_reported_and_the_others_go_on():
    def generate(_ctx):
        raise RuntimeError("oops")
        yield

    report = run(TEXT, transform("x", generate), renames("y", "two", "four"))
    assert "four" in report.after
    assert [(each.transform, each.check) for each in report.dropped] == [("x", "exception")]


def test_a_rewrite_above_its_ceiling_is_a_bug_of_the_transform():
    report = run(TEXT, renames("x", "one", "three", level=Level.REVIEW, ceiling=Level.SAFE))
    assert report.after == TEXT
    assert [each.check for each in report.dropped] == ["exception"]


def test_two_transforms_that_undo_each_other_are_a_cycle():
    report = run(TEXT, renames("x", "one", "three"), renames("y", "three", "one"))
    assert report.ending.kind == "cycle"
    assert not report.changed


def test_a_builder_that_lacks_something_holds_back():
    entry = renames("x", "one", "three", needs=("cache_mount",))
    tree = MemoryTree({"Dockerfile": TEXT})
    report = run(TEXT, entry, tree=tree, config=Config(builder="kaniko"))
    assert report.after == TEXT
    assert {each.slug for each in report.held_back} == {"builder-lacks"}
    assert run(TEXT, entry, tree=tree, config=Config(builder="buildkit")).after != TEXT


@pytest.mark.parametrize("names", ["[x]", "[y, x]", ""])
def test_a_pragma_above_an_instruction_holds_back(names: str):
    text = f"FROM a\n# dfix: ignore{names} our own reason\nRUN one\nRUN one\n"
    report = run(text, renames("x", "one", "three"))
    assert report.after.endswith("RUN one\nRUN three\n")
    assert [(each.slug, each.sentence) for each in report.held_back] == [
        ("ignored", "our own reason")
    ]


def test_a_pragma_for_another_transform_does_not():
    text = "FROM a\n# dfix: ignore[y] not this one\nRUN one\n"
    assert "three" in run(text, renames("x", "one", "three")).after


def test_hold_backs_are_those_of_the_file_as_it_is_in_the_end():
    def generate(ctx):
        for place in ctx.model.runs():
            if place.node.body.text.value == "one":
                yield HeldBack(place.node, "slug", "one is not three")

    report = run(TEXT, transform("a", generate), renames("b", "one", "three"))
    assert not report.held_back
    assert [each.line for each in run(TEXT, transform("a", generate)).held_back] == [2, 4]


@pytest.mark.parametrize(
    ("text", "path", "kind"),
    [
        ("FROM {{ a }}\nRUN one\n", "Dockerfile", "refused"),
        (TEXT, "Dockerfile.j2", "refused"),
        ("# dfix: skip-file\n" + TEXT, "Dockerfile", "refused"),
        ("FROM a\nFOO b\nRUN one\n", "Dockerfile", "unparsable"),
    ],
)
def test_a_file_that_is_not_for_us_stays(text: str, path: str, kind: str):
    report = run(text, renames("x", "one", "three"), path=path)
    assert report.ending.kind == kind
    assert report.after == text
    assert not report.changed


def test_an_empty_file_does_not_break_anything():
    for text in ("", "\n", "# only a comment\n"):
        report = run(text, renames("x", "one", "three"))
        assert report.after == text
        assert not report.changed


def test_other_files_are_part_of_a_step():
    def generate(ctx):
        if not ctx.project.tree.is_file("new"):
            node = (
                ctx.model.places()[0].node
                if not hasattr(ctx.model.places(), "__next__")
                else next(ctx.model.places()).node
            )
            yield Rewrite(node, "write", Level.SAFE, BECAUSE, files={"new": "text\n"})

    report = run(TEXT, transform("x", generate), tree=MemoryTree({"Dockerfile": TEXT}))
    assert report.files == {"new": (None, "text\n")}
    assert report.changed
    assert report.steps[0].files["new"] == "text\n"
