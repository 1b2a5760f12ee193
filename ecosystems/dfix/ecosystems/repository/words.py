"""Shell text as simple commands: just enough to find how images are built and started.

This is not a shell. It reads quotes, escapes, comments, continuation lines, here-documents (and
skips their bodies), and ends a command at each operator and keyword. Variables are expanded where
the text itself assigns a constant; what stays unknown keeps its text, and the word says so.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.shown import ROOT, Word, inside
from dfix.ecosystems.repository.tokens import NAME, expansion_end, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 400_000
"""Characters of script text that are read."""
DEPTH = 8
"""How deep values and command substitutions may refer to others."""

KEYWORDS = frozenset(
    {"then", "do", "else", "elif", "if", "while", "until", "!", "{", "}", "fi", "done", "time"}
)
PREFIXES = frozenset({"sudo", "exec", "command", "nohup", "eval", "xargs", "env", "winpty"})
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: its words without assignments, where it stands, and what is in force there.

    `folders` are the folders in which it may run: more than one where the text does not tell.
    """

    words: tuple[Word, ...]
    line: int
    folders: tuple[str, ...]
    env: Mapping[str, str]
    stdin: Word | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as text."""
        return tuple(word.text for word in self.words)


@dataclass
class Shell:
    """The state in which a text begins. `path` is the script's own path ("" if it has none)."""

    folders: tuple[str, ...] = ("",)
    env: dict[str, str] = field(default_factory=dict)
    path: str = ""
    line: int = 1

    def commands(self, text: str) -> Iterator[Command]:
        """The simple commands of a text, in order."""
        yield from _Walk(self).commands(text[:LIMIT])


class _Walk:
    """Reads one text; follows cd, assignments and subshells."""

    def __init__(self, shell: Shell, depth: int = 0) -> None:
        self.env = dict(shell.env)
        self.folders = shell.folders
        self.path = shell.path
        self.first = shell.line
        self.depth = depth
        self.saved: list[tuple[str, ...]] = []
        self.assigned: set[str] = set()

    def commands(self, text: str) -> Iterator[Command]:
        words: list[Word] = []
        stdin: Word | None = None
        redirect = ""
        line = start = self.first
        for kind, written, at in tokens(text, self.first):
            line = at
            if kind == "word":
                if not words:
                    start = at
                word = self.expand(written)
                if redirect:
                    stdin = word if redirect == "<" else stdin
                    redirect = ""
                elif words or written not in KEYWORDS:
                    words.append(word)
                continue
            if kind == "redirect":
                redirect = written
                if words and words[-1].text.isdigit():
                    words.pop()
                continue
            if words:
                yield from self._command(words, start, stdin)
            words, stdin, redirect = [], None, ""
            if written == "(":
                self.saved.append(self.folders)
            elif written == ")" and self.saved:
                self.folders = self.saved.pop()
        if words:
            yield from self._command(words, min(start, line), stdin)

    def _command(self, words: list[Word], line: int, stdin: Word | None) -> Iterator[Command]:
        env = self._prefixed(words)
        if not words:
            for name in env.keys() | self.env.keys():
                self._assign(name, env.get(name))
            return
        program = words[0].text
        if program in {"cd", "pushd", "chdir", "Set-Location"}:
            self._change(words)
        elif program in {"export", "local", "readonly", "declare", "set", "setx"}:
            for word in words[1:]:
                name, equals, value = word.text.partition("=")
                if equals and NAME.fullmatch(name):
                    self._assign(name, value if word.known else None)
        elif program == "unset":
            for word in words[1:]:
                self.env.pop(word.text, None)
        else:
            yield Command(tuple(words), line, self.folders, env, stdin)

    def _prefixed(self, words: list[Word]) -> dict[str, str]:
        """Take assignments and ``sudo``, ``exec``, ... off; what the command finds in its env."""
        env = dict(self.env)
        while words and (ASSIGNMENT.match(words[0].text) or words[0].text in PREFIXES):
            word = words.pop(0)
            name, equals, value = word.text.partition("=")
            if not equals:
                while words and words[0].text.startswith("-"):
                    del words[0]
            elif word.known and not name.endswith("+"):
                env[name] = value
            else:
                env.pop(name.rstrip("+"), None)
        return env

    def _assign(self, name: str, value: str | None) -> None:
        """A name with two values is not known: which one holds depends on the text's branches."""
        if value == self.env.get(name):
            return
        if value is None or name in self.assigned:
            self.env.pop(name, None)
        else:
            self.env[name] = value
        self.assigned.add(name)

    def _change(self, words: list[Word]) -> None:
        where = [word for word in words[1:] if not word.text.startswith("-")]
        if not where or not where[-1].known:
            self.folders = ()
            return
        new = [inside(folder, where[-1].text) for folder in self.folders or ("",)]
        absolute = where[-1].text.startswith(ROOT)
        known = bool(self.folders) or absolute
        self.folders = tuple(dict.fromkeys(f for f in new if f is not None)) if known else ()

    # expansion

    def expand(self, token: str) -> Word:
        """Remove quotes and expand what is known."""
        out: list[str] = []
        known = True
        at, quote = 0, ""
        while at < len(token):
            character = token[at]
            if quote == "'":
                if character == "'":
                    quote = ""
                else:
                    out.append(character)
                at += 1
            elif character == "\\" and at + 1 < len(token):
                if token[at + 1] != "\n":
                    keep = quote and token[at + 1] not in '"$`\\'
                    out.append(token[at : at + 2] if keep else token[at + 1])
                at += 2
            elif character in "\"'" and (not quote or character == quote):
                quote = "" if quote else character
                at += 1
            elif character in "$`":
                value, sure, at = self._expansion(token, at)
                out.append(value)
                known = known and sure
            else:
                out.append(character)
                at += 1
        return Word("".join(out), known)

    def _expansion(self, token: str, at: int) -> tuple[str, bool, int]:
        end = expansion_end(token, at)
        raw = token[at:end]
        if raw == "$":
            return raw, True, end
        if raw.startswith(("$((", "${{")) or self.depth > DEPTH:
            return raw, False, end
        value = self._substituted(raw) if raw[:2] == "$(" or raw[0] == "`" else self._variable(raw)
        return (raw, False, end) if value is None else (value, True, end)

    def _variable(self, raw: str) -> str | None:
        body = raw[2:-1] if raw.startswith("${") else raw[1:]
        if body in {"0", "BASH_SOURCE", "BASH_SOURCE[0]"} and self.path:
            return f"{ROOT}/{self.path}"
        if body == "PWD":
            return "."
        match = NAME.match(body)
        if match is None:
            return None
        name, rest = match[0], body[match.end() :]
        value = self.env.get(name)
        if not rest:
            return value
        if rest.startswith((":-", "-", ":=", "=")):
            if value:
                return value
            default = self._nested(rest.lstrip(":")[1:])
            return default.text if default.known else None
        return value if rest.startswith((":?", "?")) else None

    def _nested(self, text: str) -> Word:
        self.depth += 1
        word = self.expand(text) if self.depth <= DEPTH else Word(text, known=False)
        self.depth -= 1
        return word

    def _substituted(self, raw: str) -> str | None:
        """Substitutions that name a folder: pwd, dirname "$0", git rev-parse --show-toplevel."""
        inner = raw[1:-1] if raw[0] == "`" else raw[2:-1]
        shell = Shell(self.folders, self.env, self.path)
        walk = _Walk(shell, self.depth + 1)
        folder: Word | None = None
        for kind, token, _ in tokens(inner, 1):
            if kind == "operator" and token not in {"&&", ";", "\n"}:
                return None
        parts = _plain(inner)
        for position, part in enumerate(parts):
            words = [walk.expand(word) for word in part]
            if not words or not all(word.known for word in words):
                return None
            value = _folder(words, folder)
            if value is None:
                return None
            folder = Word(value)
            if position == len(parts) - 1:
                return value
        return None


def _plain(text: str) -> list[list[str]]:
    """The raw words of each command of a text; redirections are dropped."""
    parts: list[list[str]] = [[]]
    skip = False
    for kind, token, _ in tokens(text, 1):
        if kind == "operator":
            parts.append([])
        elif kind == "redirect":
            skip = True
            if parts[-1] and parts[-1][-1].isdigit():
                parts[-1].pop()
        elif skip:
            skip = False
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _folder(words: list[Word], before: Word | None) -> str | None:
    """What a command that prints a path prints."""
    texts = [word.text for word in words if word.text not in {"--", "-P", "-L"}]
    match texts:
        case ["pwd"]:
            return "." if before is None else before.text
        case ["cd", where]:
            return where
        case ["dirname", where]:
            return posixpath.dirname(where) or "."
        case ["realpath", where] | ["readlink", "-f", where] | ["echo", where]:
            return where
        case ["git", "rev-parse", "--show-toplevel"]:
            return ROOT
    return None
