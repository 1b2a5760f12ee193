"""The shell view of an instruction: what runs, in which context, with which words."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from shell_scripts import SCRIPTS

from dfix.grammar import parse_items
from dfix.grammar.shell import Script, read_script, read_text

if TYPE_CHECKING:
    from pathlib import Path


def bash_accepts(texts: list[str], folder: Path) -> list[bool]:
    """What `bash -n` says of each text."""
    for at, text in enumerate(texts):
        (folder / str(at)).write_text(text, encoding="utf-8", newline="")
    loop = 'for f in "$@"; do bash -n "$f" 2>/dev/null && echo y || echo n; done'
    files = [str(folder / str(at)) for at in range(len(texts))]
    done = subprocess.run(
        ["bash", "-c", loop, "loop", *files], capture_output=True, text=True, check=True
    )
    return [answer == "y" for answer in done.stdout.split()]


def test_parses_what_bash_parses_and_nothing_else(tmp_path: Path):
    ours = {text: read_text(text) is not None for text in SCRIPTS}
    assert ours == dict(zip(SCRIPTS, bash_accepts(SCRIPTS, tmp_path), strict=True))


def script(text: str) -> Script:
    found = read_text(text)
    assert found is not None
    return found


def of(text: str) -> Script | None:
    (item,) = parse_items(text)
    return read_script(item)


def contexts(text: str) -> dict[str, set[str]]:
    return {command.values[0]: set(command.context) for command in script(text).commands}


def test_elements_are_the_top_level_list():
    found = script("a && b || c; d & e")
    assert [(each.text, each.operator) for each in found.elements] == [
        ("a", "&&"),
        ("b", "||"),
        ("c", ";"),
        ("d", "&"),
        ("e", ""),
    ]
    assert all(found.text[each.start : each.end] == each.text for each in found.elements)
    assert found.text[found.elements[0].operator_start : found.elements[0].operator_end] == "&&"


def test_an_element_is_simple_if_it_is_one_command():
    one, pipe, group, negated = script("a b; c | d; { e; }; ! f").elements
    assert one.simple is one.commands[0]
    assert pipe.simple is group.simple is negated.simple is None
    assert [command.values for command in pipe.commands] == [("c",), ("d",)]


def test_contexts_say_what_a_command_stands_in():
    assert contexts("a; if b; then c | d; fi; (e; { f; }) & ! g; h || i") == {
        "a": set(),
        "b": {"conditional"},
        "c": {"conditional", "pipeline"},
        "d": {"conditional", "pipeline"},
        "e": {"subshell", "background"},
        "f": {"subshell", "group", "background"},
        "g": {"negated"},
        "h": set(),
        "i": {"conditional"},
    }
    assert contexts("while a; do b; done; case x in y) c;; esac; f() { d; }") == {
        "a": {"loop"},
        "b": {"loop"},
        "c": {"case"},
        "d": {"function", "group"},
    }


def test_a_whole_list_goes_to_the_background():
    assert contexts("a && b & c") == {"a": {"background"}, "b": {"background"}, "c": set()}


def test_commands_in_substitutions_are_listed():
    assert contexts('echo $(a "$(b)") `c` <(d)') == {
        "echo": set(),
        "a": {"substitution"},
        "b": {"substitution"},
        "c": {"substitution"},
        "d": {"substitution"},
    }
    assert not script("echo `c`").opaque_parts
    assert script(r"echo `c \`d\``").opaque_parts


def test_words_say_what_they_mean():
    (command,) = script(r"""x 'a b' "c\"d" e\ f "g"'h' $i "j$k" *.c {l,m} {} ~/n $'o'""").commands
    assert command.values == (
        "x", "a b", 'c"d', "e f", "gh", None, None, "*.c", "{l,m}", "{}", "~/n", None,
    )  # fmt: skip
    assert [word.text for word in command.words if word.glob] == ["*.c", "{l,m}"]
    assert [word.text for word in command.words if word.quoted] == [
        "'a b'", r'"c\"d"', r"e\ f", "\"g\"'h'", '"j$k"',
    ]  # fmt: skip
    assert command.words[6].variables == {"k"}


def test_words_stand_where_they_say():
    found = script("a 'b c' && d > $e")
    for command in found.commands:
        for word in command.words:
            assert found.text[word.start : word.end] == word.text


def test_variables_are_found_wherever_they_are_expanded():
    found = script(
        'a $b "${c:-$d}" $((e + 1)) `f $g`; [[ $h ]]; ((i++)); for j in $k; do l; done; '
        "case $m in $n) o;; esac; p=$q r >$s ${!t}"
    )
    assert found.variables == set("bcdeghikmnqst")


def test_variables_in_here_documents_count():
    assert of("RUN cat <<E > f\n$A ${B}\nE\n").variables == {"A", "B"}
    assert script("cat <<E\n$A\nE\ncat <<'E'\n$B\nE\n").variables == {"A"}


def test_assignments_and_redirects_are_apart_from_the_words():
    (command,) = script('A=1 B="x $y" cmd z 2>>log <in').commands
    assert [(name, word.value) for name, word in command.assignments] == [("A", "1"), ("B", None)]
    assert command.values == ("cmd", "z")
    assert [(each.fd, each.operator, each.target.value) for each in command.redirects] == [
        ("2", ">>", "log"),
        ("", "<", "in"),
    ]


def test_a_comment_at_the_end_is_a_hazard_and_one_inside_is_none():
    assert script("a # b").ends_in_comment
    assert not script("a # b\nc").ends_in_comment
    assert not script("a#b").ends_in_comment


def test_the_script_of_a_run_is_its_cooked_text():
    found = of("RUN --network=none a \\\n  # gone\n  && b\n")
    assert found.text == "a   && b"
    assert found.editable
    assert len(found.elements) == 2


def test_the_script_of_a_here_document_is_its_body():
    found = of("RUN <<EOF\nset -e\ncd /x\nEOF\n")
    assert [each.text for each in found.elements] == ["set -e", "cd /x"]
    assert not found.editable


def test_tabs_go_from_an_indented_here_document():
    assert of("RUN <<-EOF\n\ta\n\tEOF\n").text == "a\n"


@pytest.mark.parametrize(
    ("shebang", "read"),
    [("/bin/sh", "x"), ("/usr/bin/env bash", "x"), ("/bin/bash -e", "x"), ("/usr/bin/env python3", None)],
)  # fmt: skip
def test_a_shebang_says_who_reads_a_here_document(shebang: str, read: str | None):
    found = of(f"RUN <<EOF\n#!{shebang}\nx\nEOF\n")
    assert (found and found.elements[0].text) == read


def test_a_command_in_front_makes_the_line_the_script():
    found = of("RUN cat <<EOF > f\nnot a script (\nEOF\n")
    assert found.text == "cat <<EOF > f"
    assert found.editable


@pytest.mark.parametrize(
    ("text", "read"),
    [("CMD a && b", "a && b"), ("HEALTHCHECK CMD a", "a"), ("ONBUILD RUN a", "a"), ("ENTRYPOINT a", "a")],
)  # fmt: skip
def test_other_instructions_have_scripts_too(text: str, read: str):
    assert of(text).text == read


@pytest.mark.parametrize(
    "text", ['RUN ["a"]', "CMD", "HEALTHCHECK NONE", "COPY a b", "RUN a &&", "RUN 'a"]
)
def test_no_script_is_none(text: str):
    assert of(text) is None


def test_a_run_of_nothing_has_no_elements():
    assert of("RUN\n").elements == ()
