"""Options of a command line, by which of them take a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.words import Word

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


@dataclass(frozen=True, slots=True)
class Options:
    """The options, in order, each with its value (of a flag: its own name), and the other words."""

    named: tuple[tuple[str, Word], ...]
    positional: tuple[Word, ...]

    def all(self, *names: str) -> tuple[Word, ...]:
        """The values of all options with one of these names."""
        return tuple(word for name, word in self.named if name in names)

    def last(self, *names: str) -> Word | None:
        """The value that counts: the last one."""
        found = self.all(*names)
        return found[-1] if found else None


def parsed(
    words: Sequence[Word],
    valued: Collection[str] | None,
    *,
    flags: Collection[str] = (),
    letters: str = "",
    stop: bool = False,
) -> Options:
    """Read options. With `valued`, those take a value; with None all do except `flags`.

    `letters` are flags that may stand together (``-it``). `stop`: options end at the first word.
    """
    named: list[tuple[str, Word]] = []
    positional: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        text = word.text
        at += 1
        if text == "--":
            positional.extend(words[at:])
            break
        if not text.startswith("-") or text == "-":
            positional.append(word)
            if stop:
                positional.extend(words[at:])
                break
            continue
        name, equals, value = text.partition("=")
        if equals and name.startswith("--"):
            named.append((name, Word(value, word.known)))
        elif not text.startswith("--") and len(text) > 2:  # noqa: PLR2004 - letters, or -fFILE
            at = _short(word, words, at, named, letters, valued)
        elif (text in valued if valued is not None else text not in flags) and at < len(words):
            named.append((text, words[at]))
            at += 1
        else:
            named.append((text, word))
    return Options(tuple(named), tuple(positional))


def _short(
    word: Word,
    words: Sequence[Word],
    at: int,
    named: list[tuple[str, Word]],
    letters: str,
    valued: Collection[str] | None,
) -> int:
    """Several short flags, the last of which may take the next word; or one with its value attached."""
    text = word.text
    if text[1] not in letters and (valued is None or text[:2] in valued):
        named.append((text[:2], Word(text[2:].removeprefix("="), word.known)))
        return at
    named.extend((f"-{letter}", word) for letter in text[1:-1])
    last = f"-{text[-1]}"
    takes = last in valued if valued is not None else text[-1] not in letters
    if takes and at < len(words):
        named.append((last, words[at]))
        return at + 1
    named.append((last, word))
    return at
