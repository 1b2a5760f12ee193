"""Words of Maven, Gradle and sbt: flags whose value is glued to them, and options of the Java machine.

Maven reads its words with Commons CLI, Gradle with a parser of its own; both take `-DskipTests`,
`-D skipTests`, `-Pprod` and `-P prod`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import NOT_LITERAL, Arguments, Given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.arguments import FlagRule


def read_words(
    words: Sequence[str | None], rules: Mapping[str, FlagRule], glued: Sequence[str]
) -> Arguments:
    """Read `words[1:]`; the flags in `glued` may have their value in the same word."""
    flags: list[Given] = []
    rest: list[tuple[int, str | None]] = []
    unknown: list[str] = []
    at = 1
    while at < len(words):
        word = words[at]
        if word is None or not word.startswith("-"):
            rest.append((at, word))
            if word is None:
                unknown.append(NOT_LITERAL)
            at += 1
            continue
        given = _given(words, at, word, rules, glued)
        if given is None:
            unknown.append(word)
            at += 1
            continue
        if given.value is None and given.rule.takes == "value":
            unknown.append(NOT_LITERAL)
        flags.append(given)
        at = given.at[-1] + 1
    return Arguments(tuple(flags), tuple(rest), tuple(unknown))


def _given(
    words: Sequence[str | None],
    at: int,
    word: str,
    rules: Mapping[str, FlagRule],
    glued: Sequence[str],
) -> Given | None:
    name, equals, value = word.partition("=")
    rule = rules.get(name)
    if rule is not None:
        if equals or rule.takes != "value":
            return Given(rule, value if equals else None, (at,))
        behind = words[at + 1] if at + 1 < len(words) else None
        return Given(rule, behind, (at, at + 1) if at + 1 < len(words) else (at,))
    for flag in glued:
        if word.startswith(flag) and flag in rules:
            return Given(rules[flag], word[len(flag) :], (at,))
    return None


def wrapped(words: Sequence[str | None], script: str) -> bool:
    """Is this a project's own wrapper script, perhaps behind the shell that runs it?"""
    return any(posixpath.basename(word or "") == script for word in words[:2])


def properties(values: Sequence[str | None]) -> dict[str, str | None]:
    """Properties by name, from the values of `-D`: one without a value is "true"."""
    found: dict[str, str | None] = {}
    for each in values:
        if each is not None:
            name, equals, value = each.partition("=")
            found[name] = value if equals else "true"
    return found


def property_in(options: str, name: str) -> str | None:
    """The value of a property in a text of options (MAVEN_OPTS, `.mvn/jvm.config`); None if it sets none."""
    for word in reversed(options.split()):
        key, equals, value = word.strip("\"'").partition("=")
        if equals and key in (f"-D{name}", name):
            return value
    return None
