"""What a Dockerfile says, read without dfix: the independent side of tests/corpus.py.

BuildKit's own parser (PyPI `dockerfile`) gives the instructions, a scanner of twenty lines the comments, and a scan over
words the package managers that a RUN calls. Nothing here imports dfix, and nothing is shared with it: where the two
disagree, one of them is wrong. The parser's Go runtime hangs after a fork: start the processes with `spawn`.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

import corpus_managers as managers
import dockerfile
from corpus_managers import MANIFESTS

if TYPE_CHECKING:
    from pathlib import Path

PROJECTS = {*MANIFESTS, "dotnet"}
SKIP_WORDS = {"sudo", "exec", "time", "env", "command", "then", "do", "else", "if", "elif", "while", "until", "!", "{",
              "nice", "eval", "xargs"}  # fmt: skip
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


class Call(NamedTuple):
    """One package manager call: the words after the manager's own, and where its shell had gone by `cd`."""

    manager: str
    words: tuple[str, ...]
    folder: str | None

    @property
    def subcommand(self) -> str:
        """The first word that is no flag, or nothing."""
        return managers.subcommand(self.manager, self.words)

    @property
    def fetches(self) -> bool:
        """Does it download or compile?"""
        return managers.fetches(self.manager, self.words)

    @property
    def for_project(self) -> bool:
        """Does it install what the project's manifests name (and not tools that the command names)?"""
        return managers.for_project(self.manager, self.words)

    @property
    def explicit(self) -> bool:
        """Is it a step of its own that only brings dependencies (and not a build that fetches on its way)?"""
        return managers.explicit(self.manager, self.words)


class Instruction(NamedTuple):
    """An instruction as BuildKit's parser reports it, ONBUILD unwrapped into `on_build`."""

    keyword: str
    value: tuple[str, ...]
    flags: tuple[str, ...]
    json: bool
    on_build: bool
    first: int
    last: int
    original: str
    bodies: tuple[str, ...]
    stage: int

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two instructions the same, wherever they stand."""
        return (self.keyword, self.on_build, self.flags, self.json, self.value, self.bodies)

    @property
    def script(self) -> str:
        """The shell text of a RUN: its words, or the bodies of its heredocs."""
        return "\n".join(self.bodies) if self.bodies else " ".join(self.value)

    @property
    def cache_mounted(self) -> bool:
        """Does it mount a cache?"""
        return any(flag.startswith("--mount") and "type=cache" in flag for flag in self.flags)


def instructions(text: str) -> list[Instruction]:
    """What BuildKit's parser reads. Raises `ValueError` where BuildKit refuses the file."""
    try:
        commands = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, dockerfile.GoIOError) as problem:
        raise ValueError(str(problem)) from problem
    found, stage = [], -1
    for command in commands:
        keyword = command.cmd.upper()
        stage += keyword == "FROM"
        wrapped = keyword == "ONBUILD" and bool(command.sub_cmd)
        found.append(
            Instruction(
                (command.sub_cmd or "").upper() if wrapped else keyword,
                command.value,
                command.flags,
                command.json,
                wrapped,
                command.start_line,
                command.end_line,
                command.original,
                tuple(body.content for body in command.heredocs),
                stage,
            )
        )
    return found


def comments(text: str) -> list[str]:
    """Every comment line, stripped; heredoc bodies are no comments. Twenty lines that know nothing of a grammar."""
    found: list[str] = []
    ends: list[tuple[bool, str]] = []
    continued = False
    escape = "`" if re.match(r"(?:#[^\n]*\n)*#\s*escape\s*=\s*`", text) else "\\"
    for line in text.removeprefix("\ufeff").split("\n"):
        bare = line.strip()
        if ends:
            dashed, word = ends[0]
            if (line.rstrip("\r").lstrip("\t") if dashed else line.rstrip("\r")) == word:
                ends.pop(0)
            continue
        if bare.startswith("#"):
            found.append(bare)
            continue
        if not bare and continued:
            continue
        if re.match(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", line, re.IGNORECASE) and not continued:
            heads = re.finditer(
                r"(?<![<\w\"'])\d*<<(-?)([\"']?)([A-Za-z_][\w.-]*)\2(?=\s|$|[;|&>)])", line
            )
            ends = [(bool(head[1]), head[3]) for head in heads]
        continued = bare.endswith(escape) and not ends
    return found


def segments(script: str) -> list[list[str]]:
    """The script cut at the shell's operators, each piece as words. Quotes are honoured where they balance."""
    cut: list[list[str]] = [[]]
    for line in script.split("\n"):
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars="();&|")
            lexer.whitespace_split = True
            lexer.commenters = "#"
            words = list(lexer)
        except ValueError:
            words = re.sub(r"(&&|\|\||[;|()])", r" \1 ", line).split()
        for word in words:
            if word and not word.strip("();&|"):
                cut.append([])
            else:
                cut[-1].append(word)
        cut.append([])
    return [piece for piece in cut if piece]


def calls(script: str) -> list[Call]:
    """The package managers that the script calls, in order, served or not."""
    found, folder = [], None
    for piece in segments(script):
        words = list(piece)
        while words and (
            words[0] in SKIP_WORDS or ASSIGNMENT.match(words[0]) or words[0].startswith("--mount")
        ):
            words.pop(0)
        if not words:
            continue
        head, rest = posixpath.basename(words[0]), words[1:]
        if head in managers.SHELLS and "-c" in rest[:2] and len(rest) > rest.index("-c") + 1:
            found += calls(rest[rest.index("-c") + 1])
        elif head == "cd":
            folder = rest[0] if rest else "~"
        else:
            called = managers.manager_of(words)
            if called is not None:
                found.append(Call(called[0], called[1], folder))
    return found


def run_calls(instruction: Instruction) -> list[Call]:
    """The calls of a RUN, in shell or exec form; none for other instructions."""
    if instruction.keyword != "RUN":
        return []
    if instruction.json and instruction.value:
        head = posixpath.basename(instruction.value[0])
        if head not in {"sh", "bash", "ash"}:
            return calls(shlex.join(instruction.value))
    script = "\n".join(instruction.bodies) if instruction.bodies else " ".join(instruction.value)
    return calls(shlex.join(instruction.value) if instruction.json else script)


class Early(NamedTuple):
    """An install that runs after everything was copied: where, by which manager, and is it an own step?"""

    stage: int
    manager: str
    copy: Instruction
    install: Instruction
    call: Call
    explicit: bool


def copies_everything(instruction: Instruction, folder: Path, manager: str) -> bool:
    """Does this COPY or ADD bring the sources with the manager's manifest, out of the context `folder`?"""
    if (
        instruction.keyword not in {"COPY", "ADD"}
        or instruction.on_build
        or len(instruction.value) < 2
    ):
        return False
    if any(flag.startswith("--from") for flag in instruction.flags):
        return False
    for source in instruction.value[:-1]:
        bare = posixpath.normpath(source.lstrip("/") or ".")
        if bare in {".", "*", "**"}:
            return True
        if any((folder / bare / name).is_file() for name in MANIFESTS.get(manager, ())):
            return True
        if manager == "dotnet" and any((folder / bare).glob("*.*proj")):
            return True
    return False


def early_copies(found: list[Instruction], folder: Path) -> list[Early]:
    """Per stage and manager the first project install, if everything was copied before it."""
    early, seen = [], set()
    for place, instruction in enumerate(found):
        if instruction.on_build:
            continue
        for call in run_calls(instruction):
            key = (instruction.stage, call.manager)
            if key in seen or call.manager not in PROJECTS or not call.for_project:
                continue
            seen.add(key)
            before = [one for one in found[:place] if one.stage == instruction.stage]
            copy = next(
                (one for one in before if copies_everything(one, folder, call.manager)), None
            )
            if copy is not None:
                early.append(
                    Early(instruction.stage, call.manager, copy, instruction, call, call.explicit)
                )
    return early


def fetches_nothing(early: Early, folder: Path) -> bool:
    """Does the Go module that was copied require no other module?"""
    for source in early.copy.value[:-1]:
        place = folder / source.lstrip("/") / "go.mod"
        if early.manager == "go" and place.is_file():
            text = place.read_text(encoding="utf-8", errors="replace")
            return not re.search(r"^\s*require\b", text, re.MULTILINE)
    return False


def context_of(path: Path, root: Path, found: list[Instruction]) -> Path:
    """The folder that the Dockerfile's COPY sources fit best: its own, or one above it up to `root`."""
    wanted = [
        source.lstrip("/")
        for one in found
        if one.keyword in {"COPY", "ADD"}
        and not any(flag.startswith("--from") for flag in one.flags)
        for source in one.value[:-1]
        if "$" not in source and "*" not in source and "://" not in source and "<<" not in source
    ]
    manifests = [
        name for one in found for call in run_calls(one) for name in MANIFESTS.get(call.manager, ())
    ]
    best, most = path.parent, -1.0
    for folder in path.parents:
        hits = float(sum((folder / source).exists() for source in wanted))
        hits += 0.5 * any((folder / name).is_file() for name in manifests)
        if hits > most:
            best, most = folder, hits
        if folder == root:
            break
    return best
