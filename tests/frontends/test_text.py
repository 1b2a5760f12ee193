"""What people read."""

from __future__ import annotations

import handmade as reports

from dfix.refactor.report import Ending, Refusal, Report
from dfix.render import text


def shown(*given, **options):
    return "".join(text.render(reports.view(*given, **options)))


def errors(*given, **options):
    return list(text.troubles(reports.view(*given, **options)))


def test_the_summary_says_what_would_change_what_is_offered_and_what_was_held_back():
    assert shown(reports.everything()) == (
        "Dockerfile\n"
        "  would: Do it (some-transform, safe)\n"
        "  offered: More at line 1 (other: --level bold takes it)\n"
        "  held back at line 1: there is no lock file (third: no-lockfile)\n"
        "  held back: the base is not known (third: unknown-base)\n"
        "\n"
        "1 file, 1 would change in 1 step, 2 rewrites held back; --diff shows it, --write does it\n"
    )


def test_explain_adds_evidence_answers_files_and_notes():
    explained = shown(reports.everything(), explain=True)
    assert "    because it is quiet [Dockerfile:1]\n" in explained
    assert "    answer: so: a = 1\n" in explained
    assert "    files: .dockerignore\n" in explained
    assert "  note: no builder is shown\n" in explained


def test_written_changes_are_told_as_done():
    assert "  did: Do it" in shown(reports.changed(), written=True)
    assert shown(reports.changed(), written=True).endswith("1 file, 1 changed in 1 step\n")


def test_many_hold_backs_are_counted_and_explain_shows_all():
    held = tuple(Refusal("t", "slug", f"reason {n}", n) for n in range(1, 9))
    report = Report("Dockerfile", "", "", held_back=held)
    assert "and 3 more held back: --explain shows them" in shown(report)
    assert "reason 8" in shown(report, explain=True)


def test_a_dropped_rewrite_is_reported_as_a_bug():
    [line] = errors(reports.everything())
    assert line.startswith("bug: Dockerfile: fourth at line 1 failed its contract check")
    assert line.endswith("USER differs; please report this")


def test_a_line_that_does_not_parse_is_shown_with_a_caret():
    assert errors(reports.unparsable()) == [
        "error: Bad:2:4: unexpected end of line; expected '='\n  ENV\n     ^"
    ]


def test_every_ending_but_settled_is_named():
    for kind, words in {
        "cycle": "error: D: did not settle, so nothing is written: why",
        "budget": "error: D: did not settle, so nothing is written: why",
        "refused": "left alone: D: why",
        "unparsable": "error: D: why",
        "unreadable": "error: D: why",
        "failed": "bug: D: why; please report this",
    }.items():
        assert errors(Report("D", "a", "b", ending=Ending(kind, "why"))) == [words]


def test_problems_come_first():
    given = errors(reports.unparsable(), problems=[("missing", "there is none")])
    assert given[0] == "error: missing: there is none"


def test_names_are_relative_to_the_current_folder_where_they_lie_in_it():
    assert "web/Dockerfile\n" in shown(reports.changed(path="web/Dockerfile"), folder="/p")
    assert "\nDockerfile\n" in "\n" + shown(reports.changed(path="web/Dockerfile"), folder="/p/web")
    assert "/p/Dockerfile\n" in shown(reports.changed(), folder="/elsewhere")
