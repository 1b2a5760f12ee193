"""The tree keeps every byte, and so does every copy of every node."""

from __future__ import annotations

import pytest
from nasty import CASES, FAULTY

from dfix.grammar import NotText, Positions, decode, encode, parse, parse_items
from dfix.grammar.nodes import Instruction, Node, Token, Unparsed

ALL = {**CASES, **{name: data for name, (data, _) in FAULTY.items()}}


def nodes(node: Node | Token):
    yield node
    if isinstance(node, Node):
        for child in node.children():
            yield from nodes(child)


@pytest.mark.parametrize("name", ALL)
def test_prints_what_was_read(name: str):
    data = ALL[name]
    assert encode(parse(data).code) == data


@pytest.mark.parametrize("name", CASES)
def test_everything_parses_that_should(name: str):
    assert parse(CASES[name]).diagnostics == ()


@pytest.mark.parametrize("name", ALL)
def test_a_copy_of_any_node_prints_the_same(name: str):
    for node in nodes(parse(ALL[name])):
        copy = node.with_changes()
        assert copy is not node
        assert copy.code == node.code


@pytest.mark.parametrize("name", ALL)
def test_every_byte_belongs_to_one_token(name: str):
    file = parse(ALL[name])
    leaves = list(file.leaves())
    full = [leaf for leaf in leaves if leaf.code]
    assert len({id(leaf) for leaf in full}) == len(full)
    assert "".join(leaf.before + leaf.text for leaf in leaves) == decode(ALL[name])


@pytest.mark.parametrize("name", ALL)
def test_a_token_stands_where_its_position_says(name: str):
    text = decode(ALL[name])
    file = parse(text)
    positions = Positions(file)
    for leaf in file.leaves():
        if leaf.text:
            offset = positions.offset(leaf)
            assert text.startswith(leaf.text, offset)
            assert positions.line(leaf) == text.count("\n", 0, offset) + 1


@pytest.mark.parametrize("name", CASES)
def test_items_parse_alone_as_they_do_in_the_file(name: str):
    file = parse(CASES[name])
    for item in file.items:
        again = parse_items(item.code, file.escape)
        assert [one.code for one in again] == [item.code]
        assert type(again[0]) is type(item)


def test_a_changed_child_shows_and_all_others_are_shared():
    (run,) = parse_items("# c\nRUN  one \\\n  two\n")
    copy = run.with_changes(keyword=run.keyword.with_changes(text="run"))
    assert copy.code == "# c\nrun  one \\\n  two\n"
    assert copy.body is run.body


def test_a_node_has_no_other_children_than_its_fields():
    (run,) = parse_items("RUN x\n")
    with pytest.raises(TypeError, match="'image'"):
        run.with_changes(image=None)


def test_a_copy_of_an_unparsed_line_keeps_its_diagnostic():
    item = parse("FROM a\nBOGUS\n").items[1]
    assert isinstance(item, Unparsed)
    assert item.with_changes().diagnostic is item.diagnostic


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused_by_name(encoding: str):
    with pytest.raises(NotText):
        decode("FROM a\n".encode(encoding))


def test_composed_text_must_parse():
    with pytest.raises(ValueError, match="unknown instruction"):
        parse_items("RUN x\nBOGUS\n")
    with pytest.raises(ValueError, match="blank lines"):
        parse_items("RUN x\n\n")


def test_composed_text_obeys_the_files_escape_character():
    (run,) = parse_items("RUN one `\n two\n", escape="`")
    assert run.body.text.value == "one  two"


@pytest.mark.parametrize(
    ("text", "newline"), [("FROM a\r\nRUN b\n", "\r\n"), ("FROM a", "\n"), ("\nFROM a\r\n", "\n")]
)
def test_new_lines_end_as_the_first_one_does(text: str, newline: str):
    assert parse(text).newline == newline


def test_spans_leave_gap_and_comments_out_and_take_documents_in():
    file = parse("FROM a\n\n# c\nRUN <<E\nx\nE\n\n# end\n")
    positions = Positions(file)
    _, run, remark = file.items
    assert isinstance(run, Instruction)
    assert positions.line(run) == 4
    assert positions.span(run) == (4, 6)
    assert positions.line(remark) == 8
