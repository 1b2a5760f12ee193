"""Edits in cooked offsets change the raw text under them and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dfix.grammar import parse_items
from dfix.grammar.shell import raw_range, read_script, splice

if TYPE_CHECKING:
    from dfix.grammar.nodes import Token

LONG = "RUN apt-get update \\\n # install\n && apt-get install -y curl \\\n\n && rm -rf /x\n"


def body(text: str) -> Token:
    (run,) = parse_items(text)
    return run.body.text


def at(token: Token, part: str) -> tuple[int, int]:
    start = token.value.index(part)
    return start, start + len(part)


def test_without_edits_nothing_changes():
    token = body(LONG)
    copy = splice(token, [])
    assert (copy.text, copy.value, copy.before) == (token.text, token.value, token.before)


def test_a_word_is_replaced_and_continuations_stay():
    token = body(LONG)
    made = splice(token, [(*at(token, "curl"), "wget git")])
    assert made.text == token.text.replace("curl", "wget git")
    assert made.value == token.value.replace("curl", "wget git")


def test_several_edits_in_any_order():
    token = body(LONG)
    made = splice(token, [(*at(token, "/x"), "/y"), (*at(token, "update"), "upgrade")])
    assert made.text == token.text.replace("/x", "/y").replace("update", "upgrade")


def test_an_insertion_behind_a_command_stands_in_front_of_its_continuation():
    token = body(LONG)
    end = at(token, "update")[1]
    assert splice(token, [(end, end, " -q")]).text.startswith("apt-get update -q \\\n # install")


def test_an_insertion_in_front_of_a_command_stands_on_its_line():
    token = body("RUN a && \\\n    b\n")
    start = at(token, "b")[0]
    assert splice(token, [(start, start, "c && ")]).text == "a && \\\n    c && b"


def test_new_text_may_continue_lines():
    token = body("RUN a\n")
    made = splice(token, [(1, 1, " \\\n && b")])
    assert made.text == "a \\\n && b"
    assert made.value == "a  && b"


def test_a_removed_range_leaves_the_comments_of_its_whole_lines():
    token = body(LONG)
    start, end = at(token, "update")[1], at(token, "curl")[1]
    made = splice(token, [(start, end, "")])
    assert made.text == "apt-get update \\\n # install\n\n && rm -rf /x"
    assert made.value == "apt-get update  && rm -rf /x"


def test_a_removed_range_takes_its_continuations_along():
    token = body("RUN a \\\n && b \\\n && c\n")
    assert splice(token, [(1, at(token, "b")[1], "")]).text == "a \\\n && c"


def test_a_replaced_range_takes_comments_too():
    token = body(LONG)
    start, end = at(token, "update")[1], at(token, "curl")[1]
    assert splice(token, [(start, end, " -q")]).text == "apt-get update -q \\\n\n && rm -rf /x"


def test_removing_the_end_leaves_no_continuation_behind():
    token = body(LONG)
    start = at(token, "&& apt-get install")[0]
    made = splice(token, [(start, len(token.value), "")])
    assert made.text == made.value == "apt-get update"


def test_removing_the_start_leaves_no_blank_line_in_front():
    token = body("RUN a && \\\n    b\n")
    made = splice(token, [(0, at(token, "b")[0], "")])
    assert made.text == made.value == "b"


def test_a_word_across_a_continuation_goes_as_a_whole():
    token = body("RUN apt install wg\\\net git\n")
    made = splice(token, [(*at(token, "wget"), "curl")])
    assert made.text == "apt install curl git"


def test_other_escape_characters():
    (run,) = parse_items("RUN a `\n && b\n", escape="`")
    token = run.body.text
    assert splice(token, [(0, 1, "c")], "`").text == "c `\n && b"


def test_crlf_stays():
    token = body("RUN a \\\r\n && b\r\n")
    assert splice(token, [(0, 1, "c")]).text == "c \\\r\n && b"


@pytest.mark.parametrize("edits", [[(0, 3, ""), (2, 4, "")], [(3, 2, "")], [(0, 99, "")]])
def test_edits_must_be_disjoint_and_inside(edits: list[tuple[int, int, str]]):
    with pytest.raises(ValueError, match="overlaps"):
        splice(body("RUN a && b\n"), edits)


def test_no_edit_may_end_the_line():
    with pytest.raises(ValueError, match="end the line"):
        splice(body("RUN a && b\n"), [(1, 1, "\n")])


def test_the_raw_text_between_two_commands():
    token = body(LONG)
    script = read_script(parse_items(LONG)[0])
    one, two, three = script.elements
    assert raw_range(token, one.end, two.start) == " \\\n # install\n && "
    assert raw_range(token, two.end, three.start) == " \\\n\n && "
    assert raw_range(token, 0, len(token.value)) == token.text
