"""Read go.mod and go.work.

Both files share a line-based syntax: a verb and its arguments, or a verb and a parenthesised block
of argument lines; `//` begins a comment, strings may be quoted. Source:
https://go.dev/ref/mod#go-mod-file-lexical
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Requirement:
    """One module that go.mod requires.

    `indirect` where no package of the main module imports it.
    """

    path: str
    version: str
    indirect: bool
    source: str  # "go.mod:12"


@dataclass(frozen=True, slots=True)
class Replacement:
    """One `replace`: `new` is a module path or, beginning with ./ or ../ or /, a directory."""

    old: str
    old_version: str | None
    new: str
    new_version: str | None
    source: str

    @property
    def local(self) -> bool:
        """Does it point to a directory."""
        return self.new in {".", ".."} or self.new.startswith(("./", "../", "/"))


@dataclass(frozen=True, slots=True)
class GoMod:
    """What go.mod says."""

    module: str
    go: str | None
    toolchain: str | None
    requires: tuple[Requirement, ...]
    replaces: tuple[Replacement, ...]
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoWork:
    """What go.work says: the directories of its modules as written."""

    go: str | None
    uses: tuple[str, ...]
    replaces: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    verb: str
    words: tuple[str, ...]
    comment: str
    source: str


def parse_mod(text: str, path: str = "go.mod") -> Fact[GoMod]:
    """Read a go.mod file; Unknown if a line does not have the documented form."""
    module: str | None = None
    go: str | None = None
    toolchain: str | None = None
    requires: list[Requirement] = []
    replaces: list[Replacement] = []
    tools: list[str] = []
    for line in _lines(text, path):
        match line:
            case Unknown():
                return line
            case _Line("module", (name,)):
                module = name
            case _Line("go", (version,)):
                go = version
            case _Line("toolchain", (version,)):
                toolchain = version
            case _Line("require", (name, version)):
                indirect = line.comment.split(";")[0].strip() == "indirect"
                requires.append(Requirement(name, version, indirect, line.source))
            case _Line("replace", words):
                replacement = _replacement(words, line.source)
                if replacement is None:
                    return Unknown(f"{line.source}: the replace directive cannot be read")
                replaces.append(replacement)
            case _Line("tool", (name,)):
                tools.append(name)
            case _Line("exclude" | "retract" | "godebug" | "ignore"):
                continue
            case _:
                return Unknown(f"{line.source}: {line.verb} cannot be read")
    if module is None:
        return Unknown(f"{path} names no module")
    return Known(GoMod(module, go, toolchain, tuple(requires), tuple(replaces), tuple(tools)), path)


def parse_work(text: str, path: str = "go.work") -> Fact[GoWork]:
    """Read a go.work file; Unknown if a line does not have the documented form."""
    go: str | None = None
    uses: list[str] = []
    replaces: list[Replacement] = []
    for line in _lines(text, path):
        match line:
            case Unknown():
                return line
            case _Line("go", (version,)):
                go = version
            case _Line("use", (directory,)):
                uses.append(directory)
            case _Line("replace", words):
                replacement = _replacement(words, line.source)
                if replacement is None:
                    return Unknown(f"{line.source}: the replace directive cannot be read")
                replaces.append(replacement)
            case _Line("toolchain" | "godebug"):
                continue
            case _:
                return Unknown(f"{line.source}: {line.verb} cannot be read")
    return Known(GoWork(go, tuple(uses), tuple(replaces)), path)


def _replacement(words: tuple[str, ...], source: str) -> Replacement | None:
    match words:
        case (old, "=>", new):
            return Replacement(old, None, new, None, source)
        case (old, "=>", new, version):
            return Replacement(old, None, new, version, source)
        case (old, old_version, "=>", new):
            return Replacement(old, old_version, new, None, source)
        case (old, old_version, "=>", new, version):
            return Replacement(old, old_version, new, version, source)
        case _:
            return None


def _lines(text: str, path: str) -> Iterator[_Line | Unknown]:
    """Argument lines with the verb of their block before them."""
    block: str | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        source = f"{path}:{number}"
        read = _words(raw)
        if read is None:
            yield Unknown(f"{source}: a quoted string does not end")
            return
        words, comment = read
        if not words:
            continue
        if block is None and words[-1] == "(":
            block = words[0]
        elif block is not None and words == [")"]:
            block = None
        elif block is None:
            yield _Line(words[0], tuple(words[1:]), comment, source)
        else:
            yield _Line(block, tuple(words), comment, source)
    if block is not None:
        yield Unknown(f"{path}: the block of {block} does not end")


def _words(line: str) -> tuple[list[str], str] | None:
    """The words of a line and its comment; None if a quote does not end."""
    words: list[str] = []
    position = 0
    while position < len(line):
        character = line[position]
        if character in " \t\r,":
            position += 1
        elif line.startswith("//", position):
            return words, line[position + 2 :].strip()
        elif character in "()":
            words.append(character)
            position += 1
        elif character in '"`':
            end = position + 1
            while end < len(line) and line[end] != character:
                end += 2 if character == '"' and line[end] == "\\" else 1
            if end >= len(line):
                return None
            quoted = line[position : end + 1]
            words.append(quoted[1:-1] if character == "`" else _unquoted(quoted))
            position = end + 1
        else:
            end = position
            while (
                end < len(line) and line[end] not in ' \t\r,()"`' and not line.startswith("//", end)
            ):
                end += 1
            words.append(line[position:end])
            position = end
    return words, ""


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:  # an escape that JSON lacks; module paths hold none
        return quoted[1:-1]
