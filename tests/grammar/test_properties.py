"""What holds for any text at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Refused, buildkit
from reading import commands

from dfix.grammar import Positions, decode, encode, parse
from dfix.grammar.nodes import Node, Run, ShellForm, Token
from dfix.grammar.shell import read_text, splice

PIECES = st.sampled_from(
    [
        "FROM a\n", "RUN ", "COPY ", "ENV ", "LABEL ", "ARG ", "CMD ", "HEALTHCHECK ", "ONBUILD ", "run\t",
        "\n", "\r\n", " ", "\\\n", " \\ \n", "\\", "\\\\", "`", "# c\n", " # c", "#", "=", "a", "a=b", '"', "'",
        '["a", "b"]', "[", "]", ",", "<<EOF", "<<-E", "EOF\n", "E\n", "<<<", "$X", "${Y:-z w}", "--", "--f=x y",
        '--m="a b" ', "CMD", "NONE", "AS", "é", "\xa0", "\x0b", "\x0c", "\x85", "\u2028", "\x1c", "\ufeff",
        "# escape=`\n", "# syntax=x\n", "#!/x\n", "&&", ";", "(", ")", "{", "}", "|", "if ", "fi ", "case ", "esac",
    ]
)  # fmt: skip
SOUP = st.lists(PIECES, max_size=25).map("".join)
TEXT = SOUP | st.text(max_size=80)


def nodes(node: Node | Token):
    yield node
    if isinstance(node, Node):
        for child in node.children():
            yield from nodes(child)


@given(TEXT)
def test_any_text_comes_back(text: str):
    assert parse(text).code == text


@given(
    st.binary(max_size=80).filter(
        lambda data: b"\0" not in data and data[:1] not in (b"\xff", b"\xfe")
    )
)
def test_any_bytes_come_back(data: bytes):
    assert encode(parse(data).code) == data
    assert encode(decode(data)) == data


@given(TEXT)
def test_any_copy_prints_the_same(text: str):
    for node in nodes(parse(text)):
        assert node.with_changes().code == node.code


@given(TEXT)
def test_reading_what_was_printed_gives_the_same_tree(text: str):
    assert repr(parse(parse(text).code)) == repr(parse(text))


@given(TEXT)
def test_any_token_stands_where_its_position_says(text: str):
    file = parse(text)
    positions = Positions(file)
    for leaf in file.leaves():
        assert text.startswith(leaf.text, positions.offset(leaf)) or not leaf.text
    for item in file.items:
        first, last = positions.span(item)
        assert 1 <= first <= positions.line(item) <= last <= text.count("\n") + 1


@settings(max_examples=200, deadline=None)
@given(SOUP.filter(lambda text: text.isprintable() or "\x85" not in text))
def test_buildkit_reads_the_same(text: str):
    file = parse(text)
    if file.diagnostics or not file.instructions:
        return
    try:
        theirs = buildkit(text)
    except Refused as refused:
        assert "codec" in str(refused)  # noqa: PT017 - the binding's own trouble with cut characters
        return
    if all(flag.isascii() for command in theirs for flag in command.flags):
        assert commands(file) == theirs


@given(SOUP)
def test_reading_scripts_never_fails(text: str):
    script = read_text(text)
    if script is not None:
        for element in script.elements:
            assert script.text[element.start : element.end] == element.text
            assert all(
                element.start <= each.start <= each.end <= element.end for each in element.commands
            )


SCRIPT = st.lists(
    st.sampled_from(
        ["a", "bc", " ", " ", "&&", " \\\n", "\\\n", " \\\n # c\n ", " \\\n\n", "'q r'", "\\\r\n"]
    ),
    min_size=1,
    max_size=20,
).map("".join)


@given(SCRIPT, st.data())
def test_a_splice_edits_the_cooked_text_and_leaves_the_rest(script: str, data: st.DataObject):
    run = parse(f"FROM x\nRUN {script}\nRUN z\n").items[1]
    if not isinstance(run, Run) or not isinstance(run.body, ShellForm):
        return
    token = run.body.text
    size = len(token.value)
    cuts = sorted(data.draw(st.lists(st.integers(0, size), min_size=2, max_size=2)))
    new = data.draw(st.sampled_from(["", "X", "X Y", " \\\n && X"]))
    made = splice(token, [(cuts[0], cuts[1], new)])
    cooked = new.replace("\\\n", "")
    expected = token.value[: cuts[0]] + cooked + token.value[cuts[1] :]
    assert made.value.strip() == expected.strip()
    again = parse(f"FROM x\nRUN {made.text}\nRUN z\n")
    assert again.code.endswith("\nRUN z\n")
    assert len(again.items) == 3
