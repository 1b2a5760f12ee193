"""Package managers as the judge of tests/corpus.py knows them: which calls download, and which install a project.

Written from the managers' manuals, without a look at what dfix knows of them: where the two disagree, one is wrong.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Manager(NamedTuple):
    """One package manager: what it is called, what it reads, what its subcommands do.

    `fetches` are subcommands that download or compile; "" is a call without one, "*" any that is there. `installs`
    bring what the project's manifests name, unless packages are named; `implies` do so on the way to something else.
    """

    name: str
    programs: frozenset[str]
    manifests: tuple[str, ...]
    fetches: frozenset[str]
    installs: frozenset[str] = frozenset()
    implies: frozenset[str] = frozenset()
    takes_names: bool = (
        True  # words behind the subcommand are packages, and the call is not the project's then
    )
    system: bool = False


def _row(
    name: str, programs: str, manifests: str, fetches: str, installs: str = "", implies: str = "", *,
    takes_names: bool = True, system: bool = False,
) -> Manager:  # fmt: skip
    def words(text: str) -> frozenset[str]:
        return frozenset("" if word == "-" else word for word in text.split())

    return Manager(
        name,
        words(programs),
        tuple(manifests.split()),
        words(fetches),
        words(installs),
        words(implies),
        takes_names,
        system,
    )


NPM = "install i in ins isntall add ci clean-install install-clean ic it cit install-test install-ci-test"
MANAGERS = (
    _row("npm", "npm", "package.json", f"{NPM} update up upgrade rebuild", NPM.replace(" add ", " ")),
    _row("yarn", "yarn yarnpkg", "package.json", "- install add up upgrade global dlx workspaces", "- install"),
    _row("pnpm", "pnpm", "package.json", "install i add ci fetch update up dlx", "install i ci fetch"),
    _row("bun", "bun", "package.json", "install i ci add update", "install i ci"),
    _row("pip", "pip", "requirements.txt setup.py pyproject.toml", "install download wheel"),
    _row("poetry", "poetry", "pyproject.toml", "install sync add update", "install sync"),
    _row("uv", "uv", "pyproject.toml requirements.txt", "sync add pip tool run", "sync", "run"),
    _row("pipenv", "pipenv", "Pipfile", "install sync update", "install sync"),
    _row("pdm", "pdm", "pyproject.toml", "install sync add update", "install sync"),
    _row("conda", "conda mamba micromamba", "environment.yml environment.yaml", "install create env update"),
    _row("go", "go", "go.mod", "build install get mod test run generate vet list tool"),
    _row("cargo", "cargo", "Cargo.toml", "build b install fetch test t run r check c rustc chef update vendor", "fetch",
         "build b test t run r check c rustc"),
    _row("maven", "mvn mvnw", "pom.xml", "*", "dependency:go-offline dependency:resolve dependency:resolve-plugins",
         "*", takes_names=False),
    _row("gradle", "gradle gradlew", "build.gradle build.gradle.kts", "*", "dependencies", "*", takes_names=False),
    _row("sbt", "sbt", "build.sbt", "*", "update", "*", takes_names=False),
    _row("dotnet", "dotnet", "", "restore build publish run test pack tool", "restore", "build publish run test pack",
         takes_names=False),
    _row("bundler", "bundle bundler", "Gemfile", "- install update package cache", "- install", takes_names=False),
    _row("gem", "gem", "Gemfile", "install update"),
    _row("composer", "composer composer.phar", "composer.json", "install update require create-project global", "install",
         takes_names=False),
    _row("mix", "mix", "mix.exs", "deps.get deps.compile deps.update do deps deps.get, compile release", "deps.get do",
         "compile release", takes_names=False),
    _row("apt", "apt-get apt aptitude", "", "install update upgrade dist-upgrade full-upgrade build-dep", system=True),
    _row("apk", "apk", "", "add update upgrade", system=True),
    _row("dnf", "dnf microdnf yum", "", "install update upgrade groupinstall makecache builddep localinstall reinstall",
         system=True),
    _row("zypper", "zypper", "", "install in update up refresh ref dup dist-upgrade", system=True),
)  # fmt: skip
BY_NAME = {manager.name: manager for manager in MANAGERS}
BY_PROGRAM = {program: manager.name for manager in MANAGERS for program in manager.programs}
MANIFESTS = {manager.name: manager.manifests for manager in MANAGERS if manager.manifests}
OTHER_PROGRAMS = {
    "bower", "cabal", "stack", "lein", "glide", "dep", "govendor", "easy_install", "cpanm", "luarocks", "opam", "pacman",
    "pecl", "pip-sync", "rebar3", "swift", "deno", "ant", "cmake", "make", "ninja",
}  # fmt: skip
PYTHON = re.compile(r"python[0-9.]*$|pypy[0-9.]*$")
PIP = re.compile(r"pip[0-9.]*$")
SHELLS = {"sh", "bash", "ash", "dash"}
QUESTIONS = {"--version", "-v", "-V", "--help", "-h", "-version"}
PIP_FILES = ("-r", "--requirement", "-e", "--editable")


def manager_of(words: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The manager that a command calls, by name, and the words behind the program's; the program itself if not ours."""
    head, rest = posixpath.basename(words[0]), tuple(words[1:])
    if head == "corepack" and rest[:1] and rest[0] in BY_PROGRAM:
        head, rest = rest[0], rest[1:]
    if head in SHELLS and rest and posixpath.basename(rest[0]) in {"mvnw", "gradlew"}:
        head, rest = posixpath.basename(rest[0]), rest[1:]
    if head == "php" and rest and rest[0].endswith("composer.phar"):
        head, rest = "composer", rest[1:]
    if PYTHON.fullmatch(head) and rest[:1] == ("-m",) and rest[1:2]:
        head, rest = rest[1], rest[2:]
    if PIP.fullmatch(head):
        return "pip", rest
    if head in BY_PROGRAM:
        return BY_PROGRAM[head], rest
    return (head, rest) if head in OTHER_PROGRAMS else None


def subcommand(manager: str, words: Sequence[str]) -> str:
    """The first word that is no flag, nor the value of one that is known to take one."""
    valued = {
        "--cwd",
        "--prefix",
        "-C",
        "--dir",
        "--filter",
        "-F",
        "--directory",
        "--project",
        "-f",
        "--file",
        "-s",
    }
    if manager not in {"maven", "gradle"}:
        valued -= {"-f", "-s"}
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith(("-", "+")):
            return word
    return ""


def fetches(manager: str, words: Sequence[str]) -> bool:
    """Does the call download or compile?"""
    row = BY_NAME.get(manager)
    if row is None:
        return False
    verb = subcommand(manager, words)
    behind = _behind(verb, words)
    if manager == "go" and verb == "mod":
        return bool({"download", "tidy", "vendor"} & set(behind[:1]))
    if manager == "uv" and verb == "pip":
        return behind[:1] in (("install",), ("sync",))
    if manager == "conda" and verb == "env":
        return behind[:1] in (("create",), ("update",))
    if not verb and QUESTIONS & set(words):
        return False
    return verb in row.fetches or ("*" in row.fetches and bool(verb))


def for_project(manager: str, words: Sequence[str]) -> bool:
    """Does it install what the project's manifests name (and not tools that the command names)?"""
    row = BY_NAME.get(manager)
    if row is None or row.system:
        return False
    verb = subcommand(manager, words)
    behind = _behind(verb, words)
    plain = [word for word in behind if not word.startswith("-")]
    if {"-g", "--global"} & set(words) or "--location=global" in words:
        return False
    if manager == "pip" or (manager == "uv" and verb == "pip"):
        return (verb == "install" or behind[:1] in (("install",), ("sync",))) and _of_files(behind)
    if manager == "conda":
        return verb == "env" and behind[:1] in (("create",), ("update",))
    if manager == "go":
        return _go(verb, plain)
    if manager == "cargo" and verb == "install":
        return "--path" in words
    if not verb and QUESTIONS & set(words):
        return False
    known = verb in row.installs | row.implies or ("*" in row.implies and bool(verb))
    return known and fetches(manager, words) and not (row.takes_names and named(plain))


def explicit(manager: str, words: Sequence[str]) -> bool:
    """Is it a step of its own that only brings dependencies (and not a build that fetches on its way)?"""
    if not for_project(manager, words):
        return False
    verb = subcommand(manager, words)
    if manager == "go":
        return verb in {"mod", "get"}
    row = BY_NAME[manager]
    return (verb not in row.implies and "*" not in row.implies) or verb in row.installs


def named(plain: Sequence[str]) -> bool:
    """Are these names of packages (and not values of flags such as `--loglevel warn`)?"""
    values = {
        "warn",
        "error",
        "silent",
        "verbose",
        "http",
        "info",
        "dev",
        "production",
        "prod",
        "true",
        "false",
        "main",
    }
    return bool(plain) and not all(
        word in values or word.isdigit() or word.startswith(("$", ".", "/", "http", ">", "2>"))
        for word in plain
    )


def _of_files(behind: Sequence[str]) -> bool:
    return bool(set(PIP_FILES) & set(behind)) or any(
        word.startswith(("-r", "--requirement=", "--editable=", ".", "/")) for word in behind
    )


def _go(verb: str, plain: Sequence[str]) -> bool:
    if verb == "mod":
        return plain[:1] in (["download"], ["tidy"], ["vendor"], ["verify"])
    if verb == "get":
        return not plain or any(word.startswith(".") for word in plain)
    return verb in {"build", "install", "test", "run"} and not any("@" in word for word in plain)


def _behind(verb: str, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(words[list(words).index(verb) + 1 :]) if verb in words else tuple(words)
