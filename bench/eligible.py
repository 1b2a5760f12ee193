"""Which Dockerfiles a builder/runtime split could serve.

`python bench/eligible.py DIR [--list] [--json OUT]`. The denominator of every split ratio, so it
knows nothing of dfix: BuildKit's own parser (PyPI `dockerfile`) reads, words decide. A file is
eligible if it has a single stage, a CMD or ENTRYPOINT, a COPY or ADD from the build context, and
a step that compiles or an installed compiler or -dev package. Every folder directly below DIR is
a project; identical texts count once; text-only collections can be left out with `--skip`.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import re
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = re.compile(
    r"(?:dockerfile|containerfile)(?:[._-][\w-]*)?|.*[._-](?:dockerfile|containerfile)",
    re.IGNORECASE,
)
NOT_ONE = re.compile(
    r"\.(?:md|txt|dockerignore|py|js|ts|go|sh|json|ya?ml|j2|erb|tmpl|template|in)$", re.IGNORECASE
)
LEADING = {"sudo", "exec", "then", "do", "else", "if", "{"}
SKIPPED_FOLDERS = {"node_modules", "vendor", ".git"}

# Programs that compile by themselves, and those that do with a subcommand.
COMPILERS = {
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "make",
    "cmake",
    "ninja",
    "meson",
    "javac",
    "tsc",
    "webpack",
    "rollup",
    "parcel",
    "gulp",
    "grunt",
    "hugo",
    "nvcc",
    "ghc",
    "rustc",
    "kotlinc",
    "scalac",
    "go-wrapper",
    "xbuild",
    "msbuild",
    "qmake",
}
COMPILES: dict[str, frozenset[str]] = {
    "go": frozenset({"build", "install", "get"}),
    "cargo": frozenset({"build", "install", "rustc"}),
    "mvn": frozenset({"package", "install", "verify", "compile"}),
    "gradle": frozenset({"build", "assemble", "jar", "bootJar", "shadowJar", "installDist", "war"}),
    "dotnet": frozenset({"build", "publish"}),
    "mix": frozenset({"compile", "release"}),
    "sbt": frozenset({"compile", "assembly", "stage", "dist"}),
    "stack": frozenset({"build", "install"}),
    "cabal": frozenset({"build", "install", "new-build"}),
    "lein": frozenset({"uberjar", "compile"}),
    "swift": frozenset({"build"}),
    "zig": frozenset({"build"}),
    "ng": frozenset({"build"}),
    "nest": frozenset({"build"}),
    "next": frozenset({"build"}),
    "nuxt": frozenset({"build", "generate"}),
    "vite": frozenset({"build"}),
    "vue-cli-service": frozenset({"build"}),
    "react-scripts": frozenset({"build"}),
    "gatsby": frozenset({"build"}),
    "jekyll": frozenset({"build"}),
    "elm": frozenset({"make"}),
}
ALIASES = {"mvnw": "mvn", "gradlew": "gradle"}
SCRIPT_RUNNERS = {"npm", "yarn", "pnpm", "bun"}
BUILD_SCRIPT = re.compile(
    r"(?:^|[:_-])(?:build|compile|bundle|dist|generate|prod|production)(?:$|[:_-])"
)
INSTALLERS = {
    "apt-get": "install",
    "apt": "install",
    "aptitude": "install",
    "apk": "add",
    "yum": "install",
    "dnf": "install",
    "microdnf": "install",
    "zypper": "install",
}
COMPILER_PACKAGE = re.compile(
    r"(?:build-essential|build-base|gcc|g\+\+|clang|make|cmake|automake|autoconf|bison|flex|nasm|yasm|gfortran|swig"
    r"|golang(?:-go)?|go|rustc|cargo|maven|gradle|ghc|alpine-sdk|base-devel|musl-dev|libc6-dev"
    r"|openjdk-?\d+(?:-jdk(?:-headless)?)?|default-jdk|gcc-\d+|g\+\+-\d+|gcc-c\+\+)$"
    r"|.*-(?:dev|devel|headers)$"
)
LANGUAGES = {
    "go": r"golang|go",
    "node": r"node|iojs|alpine-node|bun",
    "python": r"python.*|pypy|uvicorn.*|conda.*|miniconda3?",
    "java": r"maven|gradle|openjdk|eclipse-temurin|java|amazoncorretto",
    "rust": r"rust",
    "dotnet": r"sdk|dotnet|aspnet",
    "ruby": r"ruby|rails",
    "php": r"php.*|composer",
    "elixir": r"elixir|erlang",
}


class Verdict(NamedTuple):
    """Why a file is eligible, or what it lacks first.

    In this order: one stage, a start command, a COPY, a compile step.
    """

    eligible: bool
    reason: str
    base: str
    language: str


def judge(text: str) -> Verdict:
    """The verdict over one text. Raises `ValueError` where BuildKit's parser refuses it."""
    try:
        commands = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, dockerfile.GoIOError) as problem:
        raise ValueError(str(problem)) from problem
    bases = [
        command.value[0] for command in commands if command.cmd.upper() == "FROM" and command.value
    ]
    base = bases[-1] if bases else ""
    pieces = [
        piece
        for command in commands
        if command.cmd.upper() == "RUN"
        for piece in commands_of(command)
    ]
    language = language_of(base, pieces)
    if len(bases) != 1:
        return Verdict(False, f"{len(bases)} stages" if bases else "no FROM", base, language)
    if not any(command.cmd.upper() in {"CMD", "ENTRYPOINT"} for command in commands):
        return Verdict(False, "no CMD or ENTRYPOINT", base, language)
    if not any(copies_from_context(command) for command in commands):
        return Verdict(False, "no COPY from the context", base, language)
    steps = [" ".join(piece[:3]) for piece in pieces if compiles(piece)]
    packages = [package for piece in pieces for package in compiler_packages(piece)]
    if steps:
        return Verdict(True, f"compiles: {steps[0]}", base, language)
    if packages:
        return Verdict(True, f"installs: {' '.join(packages[:3])}", base, language)
    return Verdict(False, "nothing compiles", base, language)


def copies_from_context(command: dockerfile.Command) -> bool:
    """Is it a COPY or ADD of a local file?"""
    if command.cmd.upper() not in {"COPY", "ADD"} or any(
        flag.startswith("--from") for flag in command.flags
    ):
        return False
    return any("://" not in source and "<<" not in source for source in command.value[:-1])


def commands_of(command: dockerfile.Command) -> Iterator[list[str]]:
    """The commands of a RUN as words.

    Cut at the shell's operators, leading assignments and `sudo` taken away.
    """
    if command.json:
        yield list(command.value)
        return
    bodies = "\n".join(body.content for body in command.heredocs)
    for line in (bodies or " ".join(command.value)).split("\n"):
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars="();&|")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            words = line.replace("&&", " && ").replace(";", " ; ").split()
        piece: list[str] = []
        for word in [*words, ";"]:
            if word.strip("();&|"):
                if piece or not (
                    re.match(r"\w+=", word)
                    or word in {"sudo", "exec", "then", "do", "else", "if", "{"}
                ):
                    piece.append(word)
            elif piece:
                yield piece
                piece = []


def compiles(piece: Sequence[str]) -> bool:
    """Is it a command that compiles or bundles?"""
    program, words = posixpath.basename(piece[0]), list(piece[1:])
    if program in {"npx", "bunx"} and words:
        return compiles(words)
    if re.fullmatch(r"python[0-9.]*", program) and words[:1] == ["setup.py"]:
        return bool({"build", "install", "build_ext", "bdist_wheel"} & set(words))
    plain = [word for word in words if not word.startswith("-")]
    if program in SCRIPT_RUNNERS:
        script = plain[1] if plain[:1] in (["run"], ["run-script"]) and len(plain) > 1 else ""
        script = script or (plain[0] if plain and program != "npm" else "")
        return bool(BUILD_SCRIPT.search(script))
    program = ALIASES.get(program, program)
    return program in COMPILERS or bool(COMPILES.get(program, frozenset()) & set(plain))


def compiler_packages(piece: Sequence[str]) -> list[str]:
    """Compilers and -dev packages that the command installs."""
    if INSTALLERS.get(posixpath.basename(piece[0])) not in piece:
        return []
    return [word for word in piece[1:] if COMPILER_PACKAGE.match(word.split("=")[0])]


def language_of(base: str, pieces: Sequence[Sequence[str]]) -> str:
    """The language by the base image's name, else by what the RUN instructions call."""
    name = base.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    for language, pattern in LANGUAGES.items():
        if re.fullmatch(pattern, name):
            return language
    called = {posixpath.basename(piece[0]) for piece in pieces}
    for language, programs in {
        "node": {"npm", "yarn", "pnpm"},
        "python": {"pip", "pip3", "poetry"},
        "go": {"go"},
        "java": {"mvn", "gradle"},
        "rust": {"cargo"},
        "ruby": {"bundle", "gem"},
        "php": {"composer"},
        "c": {"make", "cmake", "gcc", "g++"},
    }.items():
        if programs & called:
            return language
    return "other"


def dockerfiles(folder: Path, skip: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Project, path and text of every Dockerfile; identical texts once."""
    seen: set[str] = set()
    for root in sorted(folder.iterdir()):
        if not root.is_dir() or any(part in root.name for part in skip):
            continue
        for place, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
            for name in sorted(names):
                path = Path(place, name)
                if NAME.fullmatch(name) and not NOT_ONE.search(name) and path.is_file():
                    text = path.read_bytes().decode("utf-8", "replace")
                    if text not in seen:
                        seen.add(text)
                        yield root.name, path.relative_to(root).as_posix(), text


def main(arguments: list[str]) -> int:
    """Judge everything and print the table."""
    parser = argparse.ArgumentParser(description="which Dockerfiles a split could serve")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--skip", action="append", default=[], help="projects whose name contains this"
    )
    parser.add_argument("--list", action="store_true", help="name every eligible file")
    parser.add_argument("--json", type=Path, help="write every verdict there")
    chosen = parser.parse_args(arguments)
    verdicts: list[tuple[str, str, Verdict]] = []
    refused = 0
    for project, path, text in dockerfiles(chosen.folder, chosen.skip):
        try:
            verdicts.append((project, path, judge(text)))
        except ValueError:
            refused += 1
    eligible = [one for one in verdicts if one[2].eligible]
    projects = len({one[0] for one in verdicts})
    print(f"{len(verdicts)} distinct Dockerfiles of {projects} projects ({refused} refused)")
    print(f"eligible: {len(eligible)} files of {len({one[0] for one in eligible})} projects")
    lacking = Counter(
        "several stages" if verdict.reason.endswith("stages") else verdict.reason
        for _, _, verdict in verdicts
        if not verdict.eligible
    )
    print(
        "not eligible: "
        + ", ".join(f"{reason} {number}" for reason, number in lacking.most_common())
    )
    for language, number in Counter(one[2].language for one in eligible).most_common():
        of_it = [one for one in eligible if one[2].language == language]
        by_step = sum(one[2].reason.startswith("compiles") for one in of_it)
        projects = len({one[0] for one in of_it})
        print(f"  {language}: {number} ({by_step} by a compile step), {projects} projects")
    if chosen.list:
        for project, path, verdict in eligible:
            print(f"{project}\t{path}\t{verdict.language}\t{verdict.base}\t{verdict.reason}")
    if chosen.json:
        rows = [
            {"project": project, "path": path, **verdict._asdict()}
            for project, path, verdict in verdicts
        ]
        chosen.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
