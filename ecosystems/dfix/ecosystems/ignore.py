"""What an ignore file keeps out of a build context.

The rules are those of moby/patternmatcher as BuildKit's file sender applies it: folder by folder,
remembering for each pattern whether the folder above matched. Two consequences that surprise: a
file may come back out of an excluded folder (``node_modules`` then ``!node_modules/x``), and a
pattern that was not asked about a folder because the answer could not matter does not count for
what is in it. Sources: https://github.com/moby/patternmatcher/blob/main/patternmatcher.go
(MatchesUsingParentResults),
https://github.com/moby/patternmatcher/blob/main/ignorefile/ignorefile.go,
https://github.com/tonistiigi/fsutil/blob/master/filter.go
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.ecosystems.facts import Fact
    from dfix.ecosystems.tree import Tree

_NO_PATTERN_MEANING = frozenset(".+()|{}$")  # special to regular expressions, literal in a pattern


class Pattern:
    """One line of an ignore file. `text` is cleaned and has no ``!``; `line` counts from one."""

    __slots__ = ("line", "matches", "negated", "text")

    def __init__(self, text: str, line: int, *, negated: bool) -> None:
        self.text = text
        self.line = line
        self.negated = negated
        self.matches = _compiled(text)

    def __repr__(self) -> str:
        return f"Pattern({'!' if self.negated else ''}{self.text})"


class Ignore:
    """The patterns of one ignore file. `problems` are lines for which Docker refuses to build."""

    __slots__ = ("_memory", "patterns", "problems")

    def __init__(self, patterns: tuple[Pattern, ...], problems: tuple[str, ...] = ()) -> None:
        self.patterns = patterns
        self.problems = problems
        self._memory: dict[str, tuple[bool, tuple[bool, ...]]] = {}

    @classmethod
    def parse(cls, text: str) -> Ignore:
        """Read an ignore file."""
        patterns: list[Pattern] = []
        problems: list[str] = []
        for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
            read = _line(raw.removesuffix("\r"))
            if read is None:
                continue
            word, negated = read
            if not word:
                problems.append(f"line {number}: an exclamation mark without a pattern")
                continue
            try:
                patterns.append(Pattern(word, number, negated=negated))
            except re.error:
                problems.append(f"line {number}: {word} is not a pattern")
        return cls(tuple(patterns), tuple(problems))

    def excludes(self, path: str) -> bool:
        """Is a file or folder, by its path from the context's root, kept out of the context?"""
        clean = inside(path)
        return bool(clean) and self._result(clean or "")[0]

    def _result(self, path: str) -> tuple[bool, tuple[bool, ...]]:
        found = self._memory.get(path)
        if found is None:
            parent = posixpath.dirname(path)
            above = self._result(parent)[1] if parent else (False,) * len(self.patterns)
            found = self._memory[path] = self._decide(path, above)
        return found

    def _decide(self, path: str, above: tuple[bool, ...]) -> tuple[bool, tuple[bool, ...]]:
        excluded = False
        matched: list[bool] = []
        for pattern, parent_matched in zip(self.patterns, above, strict=True):
            # A pattern that cannot change the answer is not asked, and is unmatched further down.
            match = parent_matched or (pattern.negated == excluded and pattern.matches(path))
            matched.append(match)
            if match:
                excluded = not pattern.negated
        return excluded, tuple(matched)


def _line(raw: str) -> tuple[str, bool] | None:
    """Pattern and negation; None for a blank line or a comment (only in the first column)."""
    if raw.startswith("#"):
        return None
    word = raw.strip()
    if not word:
        return None
    negated = word.startswith("!")
    if negated:
        word = word[1:].strip()
    if not word:
        return "", negated
    clean = _clean(word)
    if len(clean) > 1 and clean.startswith("/"):
        clean = clean[1:]
    if not negated and clean.startswith(
        "!"
    ):  # "/!x" or "./!x": the matcher reads the mark after cleaning
        negated, clean = True, clean[1:]
    return clean, negated


def _clean(path: str) -> str:
    """Go's path.Clean: like normpath, but two leading slashes are one."""
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean


def _compiled(pattern: str) -> Callable[[str], bool]:
    """A test for paths. Raises `re.error` if the pattern is none."""
    if not any(character in pattern for character in "*?[]\\"):
        return pattern.__eq__
    if pattern == "**":
        return lambda _path: True
    stem = pattern[:-2]
    if pattern.endswith("**") and not any(character in stem for character in "*?[]\\"):
        return lambda path: path.startswith(stem)
    return _whole(re.compile(_expression(pattern)))


def _whole(expression: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda path: expression.fullmatch(path) is not None


def _expression(pattern: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**", position):
            position += 2
            if pattern.startswith("/", position):
                position += 1
            if position >= len(pattern):
                parts.append(".*")
            else:
                # A leading "**x" tests the end of the path only: no slash is asked for before x.
                leading = not parts and pattern[position - 1] != "/"
                parts.append(".*" if leading and _literal(pattern[position:]) else "(?:.*/)?")
            continue
        if character == "\\":
            position += 1
            parts.append(_escaped(pattern[position : position + 1] or "\\"))
        elif character == "*":
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character in "[]" or character not in _NO_PATTERN_MEANING:
            parts.append(character)
        else:
            parts.append("\\" + character)
        position += 1
    return "(?s:" + "".join(parts) + ")"


def _escaped(character: str) -> str:
    r"""What a backslash and a character mean: Docker hands both to Go's regular expressions.

    So `\d` is a digit, and `\a` a control character, which no file name here has.
    """
    if not (character.isascii() and character.isalnum()):
        return re.escape(character)
    return "\\" + character if character in "dDsSwWbB" else "(?!)"


def _literal(rest: str) -> bool:
    return not any(character in rest for character in "*?[]\\")


class VisibleTree:
    """A build context as the builder sees it: a tree without what its ignore file excludes."""

    def __init__(self, tree: Tree, ignore: Ignore) -> None:
        self._tree = tree
        self._ignore = ignore
        self.root = tree.root

    def files(self) -> tuple[str, ...]:
        """All files that are sent, sorted."""
        return context_files(self._tree, self._ignore)

    def is_file(self, path: str) -> bool:
        """Is there such a file, and is it sent?"""
        return not self._ignore.excludes(path) and self._tree.is_file(path)

    def is_dir(self, path: str) -> bool:
        """Is there such a folder? An excluded one is there if a file comes back out of it."""
        if not self._ignore.excludes(path):
            return self._tree.is_dir(path)
        return next(self._sent(path), None) is not None

    def _sent(self, folder: str) -> Iterator[str]:
        clean = inside(folder)
        if clean and any(_may_return(pattern, clean) for pattern in self._ignore.patterns):
            for name in self._tree.listdir(clean):
                path = f"{clean}/{name}"
                if self.is_file(path) or self.is_dir(path):
                    yield path

    def listdir(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""
        clean = inside(path)
        if clean is None:
            return ()
        prefix = f"{clean}/" if clean else ""
        names = self._tree.listdir(clean)
        return tuple(n for n in names if self.is_file(prefix + n) or self.is_dir(prefix + n))

    def read(self, path: str) -> Fact[str]:
        """The text of a file that is sent."""
        from dfix.ecosystems.facts import Unknown  # noqa: PLC0415 - nothing else here needs it

        if self._ignore.excludes(path):
            return Unknown(f"{path} is excluded by the ignore file")
        return self._tree.read(path)

    def read_bytes(self, path: str, limit: int = 16_000_000) -> Fact[bytes]:
        """The first bytes of a file that is sent."""
        from dfix.ecosystems.facts import Unknown  # noqa: PLC0415 - nothing else here needs it

        if self._ignore.excludes(path):
            return Unknown(f"{path} is excluded by the ignore file")
        return self._tree.read_bytes(path, limit)


def _may_return(pattern: Pattern, folder: str) -> bool:
    """Could a negated pattern match something below this folder?"""
    if not pattern.negated:
        return False
    literal = pattern.text
    for mark in "*?[\\":
        literal = literal.partition(mark)[0]
    if literal.startswith(f"{folder}/"):
        return True
    return literal != pattern.text and f"{folder}/".startswith(literal)


def visible(tree: Tree, ignore: Ignore) -> Tree:
    """The part of a context that is sent to the builder."""
    return VisibleTree(tree, ignore) if ignore.patterns else tree


def context_files(tree: Tree, ignore: Ignore) -> tuple[str, ...]:
    """The files that are sent to the builder, sorted. Raises `TreeTooLargeError`."""
    return tuple(path for path in tree.files() if not ignore.excludes(path))
