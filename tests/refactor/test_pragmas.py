"""Comments that refuse rewrites: whose they are, what they reach, and which of ours refuse nothing."""

from __future__ import annotations

import pytest

from dfix.api import refactor

TEXT = "FROM alpine\n{}ENV A b\nCMD a b\n"


def ignored(text, level="bold", **more):
    report = refactor(text, level=level, **more)
    return {held.transform: held.sentence for held in report.held_back if held.slug == "ignored"}


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# dfix: ignore[modernize-env] a reason", "a reason"),
        ("# dfix: ignore[use-exec-form, modernize-env]", "a comment says ignore"),
        ("# dfix: ignore for now", "for now"),
        ("# hadolint ignore=DL3059,DL3020", None),
        ("# dfix: ignore[use-exec-form]", None),
        ("# hadolint ignores nothing", None),
    ],
)
def test_a_comment_above_an_instruction_refuses_what_it_names(comment, reason):
    assert ignored(TEXT.format(f"{comment}\n")).get("modernize-env") == reason


def test_hadolints_ids_refuse_what_mends_them():
    text = "FROM alpine\n# hadolint ignore=DL3059, DL3025\nCMD a b\n"
    assert ignored(text) == {"use-exec-form": "a comment tells hadolint to ignore DL3025"}
    assert refactor(text, level="bold").after == text


def test_a_global_pragma_of_hadolint_reaches_the_whole_file():
    text = "# hadolint global ignore=DL3025\nFROM alpine\nCMD a b\n"
    assert "use-exec-form" in ignored(text)


@pytest.mark.parametrize(
    ("directive", "left"),
    [
        ("# check=skip=JSONArgsRecommended", {"use-exec-form"}),
        (
            "# check=skip=LegacyKeyValueFormat,JSONArgsRecommended;error=true",
            {"use-exec-form", "modernize-env"},
        ),
        ("# check=skip=all", {"use-exec-form", "modernize-env"}),
        ("# check=error=true", set()),
    ],
)
def test_skipped_checks_are_not_mended(directive, left):
    assert set(ignored(f"{directive}\n" + TEXT.format(""))) == left


def test_skipping_all_checks_refuses_no_refactoring():
    text = "# check=skip=all\nFROM golang:1.23\nFROM scratch\nCOPY --from=0 /a /a\n"
    assert "COPY --from=builder" in refactor(text).after


def test_a_pragma_that_refuses_nothing_is_named_with_its_line():
    text = "FROM alpine\n\n# dfix: ignore[modernize-env] old\nENV A=b\n"
    assert refactor(text).notes == ("line 3: dfix: ignore[modernize-env] old refuses nothing",)


def test_a_pragma_that_names_no_transform_is_named():
    text = "FROM alpine\n# dfix: ignore[modernise-env]\nENV A b\n"
    notes = refactor(text).notes
    assert notes == ("line 2: dfix: ignore[modernise-env] names no transform: modernise-env",)


def test_a_pragma_for_what_did_not_run_is_not_judged():
    text = "FROM alpine\n# dfix: ignore[modernize-env]\nENV A=b\n"
    assert refactor(text, only=["name-stages"]).notes == ()


def test_a_pragma_that_refuses_is_not_named():
    assert refactor("FROM alpine\n# dfix: ignore\nENV A b\n").notes == ()
