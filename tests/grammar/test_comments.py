"""Who owns which comment and which blank line."""

from __future__ import annotations

import re

import pytest
from nasty import CASES

from dfix.grammar import decode, parse
from dfix.grammar.nodes import Comment, Node, Remark, Token


def comment_lines(text: str) -> list[str]:
    """All comment lines of a Dockerfile, found without the parser: the independent scanner."""
    found, waiting, documents, continued = [], [], [], False
    escape = "`" if re.match(r"\s*#\s*escape=`", text) else "\\"
    for line in text.removeprefix("\ufeff").split("\n"):
        bare = line.strip()
        if documents:
            if bare.lstrip("\t") == documents[0]:
                documents.pop(0)
            continue
        if bare.startswith("#"):
            found.append(bare)
            continue
        if not bare:
            continue
        if continued or re.match(r"(?i)(onbuild\s+)?(run|copy|add)\s", bare):
            waiting += re.findall(r"(?<![<'\"(0-9])[0-9]?<<-?['\"]?([A-Z]+)\b", line)
        text_end = line.rstrip()
        continued = text_end.endswith(escape) and not text_end.endswith(escape * 2)
        if not continued:
            documents, waiting = waiting, []
    return found


def owned_comments(node: Node | Token) -> list[str]:
    """All comment lines that the tree knows of."""
    if isinstance(node, Token):
        if node.kind in ("BODY", "DIRECTIVE", "COMMENT"):
            return [node.text.strip()] if node.kind != "BODY" else []
        lines = node.code.split("\n")[1:]
        return [line.strip() for line in lines if line.strip().startswith("#")]
    return [each for child in node.children() for each in owned_comments(child)]


@pytest.mark.parametrize("name", CASES)
def test_the_tree_holds_every_comment_that_an_independent_scanner_finds(name: str):
    text = decode(CASES[name])
    assert owned_comments(parse(text)) == comment_lines(text)


def texts(comments: tuple[Comment, ...]) -> list[str]:
    return [comment.text.text for comment in comments]


def test_a_comment_that_touches_an_instruction_is_its_own():
    _, run = parse("FROM a\n# one\n  # two\nRUN x\n").items
    assert texts(run.comments) == ["# one", "# two"]
    assert run.comments[1].text.before == "  "


def test_a_block_that_a_blank_line_follows_stands_alone():
    remark, start = parse("# licence\n\n# about a\nFROM a\n").items
    assert isinstance(remark, Remark)
    assert texts(remark.comments) == ["# licence"]
    assert start.gap.text == "\n"
    assert texts(start.comments) == ["# about a"]


def test_a_block_at_the_end_stands_alone():
    file = parse("FROM a\n\n\n# end\n# really\n\n")
    remark = file.items[1]
    assert isinstance(remark, Remark)
    assert remark.gap.text == "\n\n"
    assert texts(remark.comments) == ["# end", "# really"]
    assert file.tail.text == "\n"


def test_blank_lines_belong_to_what_follows_whatever_blanks_they_hold():
    _, run = parse("FROM a\n  \n\t\nRUN x\n").items
    assert run.gap.text == "  \n\t\n"


def test_the_prologue_takes_the_directives_and_no_comment():
    file = parse("\ufeff#!/bin/x\n# syntax=a/b:1\n# check=skip=all\n# about\nFROM a\n")
    assert file.prologue.bom.text == "\ufeff"
    assert [each.name for each in file.prologue.directives] == ["", "syntax", "check"]
    assert file.prologue.directive("check").value == "skip=all"
    assert texts(file.items[0].comments) == ["# about"]


def test_a_comment_inside_a_continuation_stays_with_the_line_below_it():
    _, run = parse("FROM a\nRUN one \\\n  # why\n  && two\n").items
    assert run.comments == ()
    assert run.body.text.text == "one \\\n  # why\n  && two"
    assert run.body.text.value == "one   && two"


def test_a_comment_in_front_of_an_argument_stays_in_front_of_it():
    _, env = parse("FROM a\nENV A=b \\\n  # why\n  C=d\n").items
    assert env.pairs[1].key.before == " \\\n  # why\n  "


def test_the_escape_character_is_the_directives():
    assert parse("# escape=`\nFROM a\n").escape == "`"
    assert parse("FROM a\n").escape == "\\"
