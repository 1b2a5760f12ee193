"""What happens to gaps, comments and line ends when items come and go."""

from __future__ import annotations

import pytest
from small import find, item

from dfix.grammar import parse
from dfix.refactor import edits


def applied(text: str, *changes) -> str:
    file = parse(text)
    return edits.apply(file, [change(file) for change in changes]).code


def test_no_change_prints_the_same():
    text = "# a\r\nFROM a\r\n\r\n\r\nRUN b"
    assert applied(text) == text


def test_a_replaced_item_keeps_its_gap_and_comments():
    text = "FROM a\n\n\n# why\nRUN old\nRUN z\n"
    after = applied(text, lambda file: edits.replace(find(file, "old"), item("RUN new\n")))
    assert after == "FROM a\n\n\n# why\nRUN new\nRUN z\n"


def test_a_removed_item_leaves_its_comments_to_the_next_one():
    text = "FROM a\n# why\nRUN old\nRUN z\n"
    assert (
        applied(text, lambda file: edits.remove(find(file, "old"), "down"))
        == "FROM a\n# why\nRUN z\n"
    )


def test_comments_that_are_kept_stay_a_block_where_a_gap_follows():
    text = "FROM a\n# why\nRUN old\n\nRUN z\n"
    assert (
        applied(text, lambda file: edits.remove(find(file, "old"), "keep"))
        == "FROM a\n# why\n\nRUN z\n"
    )


def test_dropped_comments_go():
    text = "FROM a\n# why\nRUN old\nRUN z\n"
    assert applied(text, lambda file: edits.remove(find(file, "old"), "drop")) == "FROM a\nRUN z\n"


def test_the_larger_of_two_gaps_is_left_where_an_item_is_removed():
    text = "FROM a\n\n\nRUN old\n\nRUN z\n"
    assert (
        applied(text, lambda file: edits.remove(find(file, "old"), "drop")) == "FROM a\n\n\nRUN z\n"
    )


def test_no_gap_is_made_in_front_of_the_first_item():
    text = "ARG a\n\nFROM a\n"
    assert applied(text, lambda file: edits.remove(find(file, "ARG"), "drop")) == "\nFROM a\n"


def test_several_neighbours_go_at_once():
    text = "FROM a\n\nRUN b\nRUN c\n\nRUN d\n"
    after = applied(
        text,
        lambda file: edits.remove(find(file, "RUN b"), "drop"),
        lambda file: edits.remove(find(file, "RUN c"), "drop"),
    )
    assert after == "FROM a\n\nRUN d\n"


def test_what_is_inserted_in_front_takes_over_the_blank_lines():
    text = "FROM a\n\n# why\nRUN z\n"
    after = applied(text, lambda file: edits.insert_before(find(file, "RUN z"), item("RUN new\n")))
    assert after == "FROM a\n\nRUN new\n# why\nRUN z\n"


def test_what_is_inserted_between_comes_below_the_comments():
    text = "FROM a\n\n# why\nRUN z\n"
    after = applied(text, lambda file: edits.insert_between(find(file, "RUN z"), item("RUN new\n")))
    assert after == "FROM a\n\n# why\nRUN new\nRUN z\n"


def test_an_item_behind_a_last_one_without_a_line_end_ends_without_one_too():
    text = "FROM a\nRUN z"
    after = applied(text, lambda file: edits.insert_after(find(file, "RUN z"), item("RUN new\n")))
    assert after == "FROM a\nRUN z\nRUN new"


def test_removing_the_last_item_leaves_the_file_without_a_final_line_end():
    text = "FROM a\nRUN y\nRUN z"
    assert applied(text, lambda file: edits.remove(find(file, "RUN z"), "drop")) == "FROM a\nRUN y"


def test_line_ends_that_are_missing_are_those_of_the_file():
    text = "FROM a\r\nRUN z"
    after = applied(text, lambda file: edits.insert_after(find(file, "RUN z"), item("RUN new")))
    assert after == "FROM a\r\nRUN z\r\nRUN new"


def test_a_heredoc_at_the_end_gets_its_line_end_when_something_follows():
    text = "FROM a\nRUN <<E\nx\nE"
    after = applied(text, lambda file: edits.insert_after(file.items[-1], item("RUN new\n")))
    assert after == "FROM a\nRUN <<E\nx\nE\nRUN new"


def test_a_heredoc_that_becomes_the_last_item_loses_its_line_end_only():
    text = "FROM a\nRUN <<E\nx\nE\nRUN z"
    assert (
        applied(text, lambda file: edits.remove(file.items[-1], "drop")) == "FROM a\nRUN <<E\nx\nE"
    )


def test_comments_at_the_end_of_the_file_stay_there():
    text = "FROM a\nRUN z\n# end"
    after = applied(text, lambda file: edits.insert_after(find(file, "RUN z"), item("RUN new\n")))
    assert after == "FROM a\nRUN z\nRUN new\n# end"


def test_one_instruction_twice_is_two_items():
    text = "FROM a\nRUN z\n"
    file = parse(text)
    node = find(file, "RUN z")
    after = edits.apply(file, [edits.expand(node, edits.bare(node), edits.bare(node))])
    assert after.code == "FROM a\nRUN z\nRUN z\n"
    assert len({id(each.keyword) for each in after.instructions}) == 3


def test_two_changes_of_one_item_are_refused():
    file = parse("FROM a\nRUN z\n")
    node = find(file, "RUN z")
    with pytest.raises(ValueError, match="two changes touch one item"):
        edits.apply(file, [edits.remove(node, "drop"), edits.replace(node, item("RUN y\n"))])


def test_an_item_of_another_file_is_refused():
    with pytest.raises(ValueError, match="not in the file"):
        edits.apply(parse("FROM a\n"), [edits.remove(item("RUN z\n"), "drop")])


def test_an_untouched_last_item_without_a_line_end_stays_itself():
    file = parse("FROM a\nRUN old\nRUN z")
    after = edits.apply(file, [edits.replace(find(file, "old"), item("RUN new\n"))])
    assert after.items[-1] is file.items[-1]


def test_directives_stand_in_front_of_those_that_are_there_and_behind_a_shebang():
    file = parse("#!/usr/bin/docker\n# escape=`\nFROM a\n")
    after = edits.with_directives(file, {"syntax": "docker/dockerfile:1"})
    assert after.code.endswith("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\n")


def test_comment_lines_are_counted_inside_continuations_and_not_in_heredocs():
    file = parse("# one\nFROM a\nRUN b \\\n  # two\n  c\nRUN <<E\n# no\nE\n# three\n")
    assert edits.comment_lines(file.items) == ["# one", "# two", "# three"]
