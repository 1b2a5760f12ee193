"""A line that does not parse says where, why and what was expected, and spoils no other."""

from __future__ import annotations

import pytest
from nasty import FAULTY

from dfix.grammar import parse
from dfix.grammar.nodes import Run, Unparsed


@pytest.mark.parametrize("name", FAULTY)
def test_says_what_is_wrong(name: str):
    data, expected = FAULTY[name]
    diagnostic = parse(data).diagnostics[0]
    assert diagnostic.render("D").split("\n")[0] == f"D:{expected}"


def test_points_at_the_place():
    (diagnostic,) = parse("FROM a\n\tENV A=b \\\n\t\tC D=e\n").diagnostics
    assert diagnostic.render("Dockerfile") == (
        "Dockerfile:3:5: unexpected 'D'; expected '='\n  \t\tC D=e\n  \t\t  ^"
    )


def test_the_lines_around_a_fault_parse():
    file = parse("FROM a\n# why\nBOGUS x \\\n  y\nRUN z\n")
    _, fault, run = file.items
    assert isinstance(fault, Unparsed)
    assert fault.text.text == "BOGUS x \\\n  y"
    assert [comment.text.text for comment in fault.comments] == ["# why"]
    assert isinstance(run, Run)


def test_a_fault_keeps_its_here_documents_to_itself():
    file = parse("FROM a\nCOPY <<E\nRUN x\nE\nRUN y\n")
    assert [type(item).__name__ for item in file.items] == ["From", "Unparsed", "Run"]


def test_every_fault_is_reported():
    assert [each.line for each in parse("A\nFROM a\nB\n").diagnostics] == [1, 3]
