"""What a Dockerfile builds: state, expansion, contract."""

from __future__ import annotations

import pytest
from small import model_of

from dfix.ecosystems.facts import Known, Unknown
from dfix.refactor.model.contract import differences
from dfix.refactor.model.expand import Undecided, expand, variables

NOTHING = frozenset()


def last(text: str):
    return model_of(text).final.places[-1].before


def value(fact):
    return fact.value if isinstance(fact, Known) else None


# expansion: https://docs.docker.com/reference/dockerfile/#environment-replacement


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("$A/b", "one/b"),
        ("${A}b", "oneb"),
        ("${A:-x}", "one"),
        ("${N:-x}", "x"),
        ("${N:-$A}", "one"),
        ("${A:+x}", "x"),
        ("${N:+x}", ""),
        ("$N", ""),
        ("'$A'", "$A"),
        ('"$A"', "one"),
        ("\\$A", "$A"),
        ("a\\ b", "a b"),
        ("$", "$"),
    ],
)
def test_a_word_is_expanded_as_buildkit_does(word: str, expected: str) -> None:
    assert expand(word, {"A": "one"}.get) == expected


def test_the_escape_character_is_the_files_own() -> None:
    assert expand("C:\\a`$A", {"A": "one"}.get, "`") == "C:\\a$A"


def test_a_modifier_that_is_not_known_is_undecided() -> None:
    with pytest.raises(Undecided):
        expand("${A^^}", {"A": "one"}.get)


def test_the_variables_of_a_word() -> None:
    assert variables("$A/${B:-$C}'$D'")[:2] == ("A", "B")
    assert "D" not in variables("'$D'")


# state


def test_the_base_hands_on_its_shell() -> None:
    handed = last("FROM mambaorg/micromamba:1.5.8\nRUN x\n")
    assert handed.shell == ("/usr/local/bin/_dockerfile_shell.sh",)
    own = last('FROM mambaorg/micromamba:1.5.8\nSHELL ["/bin/bash", "-c"]\nRUN x\n')
    assert own.shell == ("/bin/bash", "-c")
    assert last("FROM debian:12\nRUN x\n").shell is None


def test_workdirs_add_up() -> None:
    assert value(last("FROM scratch\nWORKDIR /a\nWORKDIR b/../c\nRUN x\n").workdir) == "/a/c"


def test_a_workdir_from_a_build_argument_is_unknown() -> None:
    assert isinstance(last("FROM scratch\nARG A=/a\nWORKDIR $A\nRUN x\n").workdir, Unknown)


def test_a_workdir_from_an_env_is_known() -> None:
    assert value(last("FROM scratch\nENV A=/a\nWORKDIR ${A}/b\nRUN x\n").workdir) == "/a/b"


def test_env_wins_over_arg() -> None:
    state = last("FROM scratch\nARG A=1\nENV A=2\nRUN x\n")
    assert state.variable("A") == "2"


def test_a_build_argument_is_undecided_even_with_a_default() -> None:
    with pytest.raises(Undecided):
        last("FROM scratch\nARG A=1\nRUN x\n").variable("A")


def test_a_stage_sees_the_env_of_the_stage_below_and_not_its_args() -> None:
    state = last("FROM scratch AS a\nARG X=1\nENV Y=2\nFROM a\nRUN x\n")
    assert state.variable("Y") == "2"
    assert state.variable("X") is None


def test_a_user_is_known_until_it_is_an_argument() -> None:
    assert value(last("FROM node:22\nUSER node\nRUN x\n").user) == "node"
    assert isinstance(last("FROM node:22\nARG U\nUSER $U\nRUN x\n").user, Unknown)


def test_values_of_one_env_are_expanded_with_those_of_the_lines_above() -> None:
    state = last("FROM scratch\nENV A=1\nENV A=2 B=$A\nRUN x\n")
    assert state.variable("B") == "1"


# contract


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ('CMD ["a"]', 'CMD ["b"]', "CMD"),
        ('ENTRYPOINT ["a"]', "", "ENTRYPOINT"),
        ("ENV A=1", "ENV A=2", "ENV A"),
        ("ENV A=1", "", "ENV A"),
        ("USER a", "USER b", "USER"),
        ("WORKDIR /a", "WORKDIR /b", "WORKDIR"),
        ("EXPOSE 80", "EXPOSE 81", "EXPOSE"),
        ("VOLUME /a", "", "VOLUME"),
        ("LABEL a=1", "LABEL a=2", "LABEL"),
        ("STOPSIGNAL INT", "STOPSIGNAL TERM", "STOPSIGNAL"),
        ("HEALTHCHECK CMD a", "HEALTHCHECK NONE", "HEALTHCHECK"),
        ("ONBUILD RUN a", "", "ONBUILD"),
        ('SHELL ["bash", "-c"]', "", "SHELL"),
        ("ARG A", "", "A"),
    ],
)
def test_each_part_of_the_contract_counts(before: str, after: str, part: str) -> None:
    found = differences(model_of(f"FROM a\n{before}\n"), model_of(f"FROM a\n{after}\n"), NOTHING)
    assert found
    assert part in " ".join(found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ENV A 1", "ENV A=1"),
        ("EXPOSE 80", "EXPOSE 80/tcp"),
        ("WORKDIR /a\nWORKDIR b", "WORKDIR /a/b"),
        ("ENV A=1\nENV B=2", "ENV B=2 A=1"),
        ("CMD a\nCMD b", "CMD b"),
        ("RUN a", "RUN b"),
        ('cmd [ "a" ]', 'CMD ["a"]'),
    ],
)
def test_other_spellings_are_the_same_contract(before: str, after: str) -> None:
    assert not differences(model_of(f"FROM a\n{before}\n"), model_of(f"FROM a\n{after}\n"), NOTHING)


def test_a_named_stage_must_stay_and_its_name_is_compared_without_case() -> None:
    before = model_of("FROM a AS Build\nENV A=1\nFROM b\n")
    assert not differences(before, model_of("FROM a AS build\nENV A=1\nFROM b\n"), NOTHING)
    assert differences(before, model_of("FROM a AS other\nENV A=1\nFROM b\n"), NOTHING)
    assert differences(before, model_of("FROM a AS build\nENV A=2\nFROM b\n"), NOTHING)


def test_an_unnamed_stage_in_between_promises_nothing() -> None:
    before = model_of("FROM a\nENV A=1\nFROM b\n")
    assert not differences(before, model_of("FROM a AS x\nFROM b\n"), NOTHING)


def test_another_base_must_be_declared() -> None:
    before, after = model_of("FROM debian:12\n"), model_of("FROM debian:11\n")
    assert differences(before, after, NOTHING)
    assert not differences(before, after, frozenset({"base"}))
