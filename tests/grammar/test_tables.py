"""The committed tables are the grammars', and the driver that runs them does what Lark's own does."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Token, Tree, UnexpectedInput
from nasty import CASES, FAULTY
from shell_scripts import SCRIPTS

import dfix.grammar
from dfix.grammar import decode, driver, shell_reader
from dfix.grammar.compile import NAMES, lark_for, rendered
from dfix.grammar.driver import Driver, load
from dfix.grammar.lexer import lex
from dfix.grammar.lines import assemble
from dfix.grammar.shell_reader import Reader
from dfix.grammar.shell_words import Unreadable

HOME = Path(dfix.grammar.__file__).parent
SOURCES = {name: (HOME / f"{name}.lark").read_text(encoding="utf-8") for name in NAMES}
LARKS = {name: lark_for(source) for name, source in SOURCES.items()}


def instructions() -> dict[str, list[str]]:
    """The terminals of every logical line of the nasty cases, by a name."""
    found = {}
    for name, data in {**CASES, **{key: value[0] for key, value in FAULTY.items()}}.items():
        lines = decode(data).removeprefix("\ufeff").split("\n")
        at = 0
        while at < len(lines):
            if not lines[at].strip() or lines[at].lstrip().startswith("#"):
                at += 1
                continue
            first = at
            line, at = assemble(lines, at, "\\")
            found[f"{name}, line {first + 1}"] = ["GAP", "COMMENT", *lex(line, "\\").kinds]
    return found


INSTRUCTIONS = instructions()


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_tables_are_fresh(name: str):
    committed = (HOME / f"{name}_tables.py").read_text(encoding="utf-8")
    assert committed == rendered(name, SOURCES[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_grammar_is_compiled_in_memory(name: str, monkeypatch: pytest.MonkeyPatch):
    committed = load(name)
    monkeypatch.setattr(driver, "fingerprint", lambda _source: 0)
    fresh = load(name)
    assert fresh.states is not committed.states
    assert list(fresh.states) == list(committed.states)
    assert list(fresh.rules) == list(committed.rules)


def by_lark(name: str, kinds: list[str]) -> object:
    """The tree that Lark's own driver makes, or None."""
    names = {name for _, _, name in load(name).rules if name}
    parser = LARKS[name].parse_interactive()
    try:
        for at, kind in enumerate(kinds):
            parser.feed_token(Token(kind, str(at)))
        return shape(parser.feed_eof(), names)
    except UnexpectedInput:
        return None


def shape(tree: object, names: set[str]) -> object:
    """A Lark tree as nested tuples, without the nodes that only hand a child on."""
    if not isinstance(tree, Tree):
        return int(tree)
    children = tuple(shape(child, names) for child in tree.children)
    if str(tree.data) not in names or (len(children) == 1 and tree.data not in names):
        return children[0]
    return (str(tree.data), *children)


def by_driver(name: str, kinds: list[str]) -> object:
    """The tree that the table driver makes, or None."""
    tables = load(name)
    builders = {rule: _maker(rule) for _, _, rule in tables.rules if rule}
    try:
        return Driver(tables, builders).parse(kinds, range(len(kinds)))
    except driver.UnexpectedToken:
        return None


def _maker(rule: str):
    return lambda *children: (rule, *children)


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_the_driver_reads_instructions_as_lark_does(name: str):
    kinds = INSTRUCTIONS[name]
    assert by_driver("dockerfile", kinds) == by_lark("dockerfile", kinds)


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_driver_reads_scripts_as_lark_does(text: str, monkeypatch: pytest.MonkeyPatch):
    kinds: list[str] = []
    advance = Driver.advance

    def noting(self, path, stack, kind, value):
        kinds.append(kind)
        return advance(self, path, stack, kind, value)

    monkeypatch.setattr(shell_reader.Driver, "advance", noting)
    reader = Reader(text)
    try:
        reader.read()
    except Unreadable:
        return
    monkeypatch.undo()
    if "substitution" in {label for _, _, label in reader.marks}:
        return  # the inner script's terminals stand among the outer one's
    assert kinds.pop() == driver.END
    tree = by_driver("shell", kinds)
    assert tree is not None
    assert tree == by_lark("shell", kinds)


def test_every_named_alternative_has_a_builder():
    from dfix.grammar.build import BUILDERS

    assert {name for _, _, name in load("dockerfile").rules if name} == set(BUILDERS)
    assert {name for _, _, name in load("shell").rules if name} == set(shell_reader.BUILDERS)
