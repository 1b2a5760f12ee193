"""Split the words of a command into flags, their values and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOT_LITERAL = "a word that is not literal"
"""Stands in `Call.unknown` for a word whose text the shell makes."""


class FlagRule(NamedTuple):
    """A flag that is understood: its main name, if a value follows, its effect, who says so."""

    name: str
    # "nothing", "value", "anything" (a value whose text does not matter, so that it need not be
    # literal), "optional" (only --flag=value), "boolean" (true may follow)
    takes: str
    effect: str
    source: str


class Given(NamedTuple):
    """A flag as given: its value, None if there is none or not literal; its words' indices."""

    rule: FlagRule
    value: str | None
    at: tuple[int, ...]


class Arguments(NamedTuple):
    """What stands behind a program's name; `rest` are the words that are no flags, with indices."""

    flags: tuple[Given, ...]
    rest: tuple[tuple[int, str | None], ...]
    unknown: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """Main names and values of the flags, in order."""
        return tuple((given.rule.name, given.value) for given in self.flags)

    def effects(self, effect: str) -> tuple[Given, ...]:
        """The given flags that have an effect."""
        return tuple(given for given in self.flags if given.rule.effect == effect)

    def has(self, effect: str) -> bool:
        """Was a flag with this effect given, and not as `--flag=false`?"""
        return any(given.rule.effect == effect and given.value != "false" for given in self.flags)

    def values(self, effect: str) -> tuple[str | None, ...]:
        """The values of all flags with an effect."""
        return tuple(given.value for given in self.flags if given.rule.effect == effect)


def read_arguments(
    words: Sequence[str | None],
    start: int,
    rules: Mapping[str, FlagRule],
    *,
    stop: int | None = None,
    letters: Literal["apart", "joined"] = "apart",
) -> Arguments:
    """Read `words[start:]`; with `stop`, only until that many words that are no flags were met.

    A flag that no rule names is unknown; whether the word behind it is its value is then unknown
    too, and that word counts among the rest. With `letters` joined, `-qr file` is `-q -r file` and
    `-rfile` is `-r file`.
    """
    flags: list[Given] = []
    rest: list[tuple[int, str | None]] = []
    unknown: list[str] = []
    at = start
    while at < len(words) and (stop is None or len(rest) < stop):
        word = words[at]
        if word == "--":
            rest.extend((n, words[n]) for n in range(at + 1, len(words)))
            break
        if word is None or not word.startswith("-") or word == "-":
            rest.append((at, word))
            at += 1
            continue
        read = _flag(word, at, rules)
        if read is None and letters == "joined" and not word.startswith("--"):
            read = _letters(word, at, rules)
        if read is None:
            unknown.append(word)
            at += 1
            continue
        *whole, last = read
        flags.extend(whole)
        at += 1
        if last.rule.takes in {"value", "anything"} and last.value is None:
            value = words[at] if at < len(words) else None
            if value is None and (last.rule.takes == "value" or at >= len(words)):
                unknown.append(NOT_LITERAL if at < len(words) else word)
            last = Given(last.rule, value, (at - 1, at))
            at += 1
        elif last.rule.takes == "boolean" and last.value is None and _boolean(words, at):
            last = Given(last.rule, words[at], (at - 1, at))
            at += 1
        flags.append(last)
    unknown.extend(NOT_LITERAL for _, word in rest if word is None)
    return Arguments(tuple(flags), tuple(rest), tuple(unknown))


def _boolean(words: Sequence[str | None], at: int) -> bool:
    return at < len(words) and words[at] in {"true", "false"}


def _flag(word: str, at: int, rules: Mapping[str, FlagRule]) -> list[Given] | None:
    """`--flag` or `--flag=value`."""
    name, equals, value = word.partition("=")
    rule = rules.get(name)
    return None if rule is None else [Given(rule, value if equals else None, (at,))]


def _letters(word: str, at: int, rules: Mapping[str, FlagRule]) -> list[Given] | None:
    """`-abc`: several one-letter flags, the last perhaps with its value behind it."""
    found: list[Given] = []
    for position in range(1, len(word)):
        rule = rules.get("-" + word[position])
        if rule is None:
            return None
        if rule.takes in {"value", "anything"}:
            return [*found, Given(rule, word[position + 1 :] or None, (at,))]
        found.append(Given(rule, None, (at,)))
    return found
