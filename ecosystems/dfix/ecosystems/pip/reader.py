"""What a call of pip does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import read_arguments
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.piplike import pip_call, pip_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

_INSTALLS = frozenset({"install", "download", "wheel"})
# Switches of `python -m venv` and `virtualenv`: does a value follow?
# https://docs.python.org/3/library/venv.html, https://virtualenv.pypa.io/en/latest/cli_interface.html
_VENV_SWITCHES = {
    "--clear": False, "--copies": False, "--symlinks": False, "--upgrade": False, "--upgrade-deps": False,
    "--prompt": True, "-p": True, "--python": True, "--always-copy": False, "--no-download": False,
    "--download": False, "--no-vcs-ignore": False, "-q": False, "-v": False, "--without-scm-ignore-files": False,
}  # fmt: skip
_PYTHON_SWITCHES = frozenset({"-u", "-I", "-B", "-E", "-s", "-S", "-O", "-OO", "-q", "-v"})


class PipEcosystem(Ecosystem):
    """pip, called by its own name or as a module of Python."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a pip command does; None for a Python that runs something else."""
        start = _behind_program(words)
        if start is None:
            return _virtual_environment(words)
        rules = self.knowledge.flags
        given = read_arguments(words, start, rules, letters="joined")
        operands = list(given.rest)
        if not operands:
            role = Role.CONFIG  # pip --version, pip --help
            return Call("pip", "", role, tuple(words))
        verb = operands.pop(0)[1]
        if verb == "cache" and operands:
            verb = f"cache {operands.pop(0)[1]}"
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"pip {verb}"
            return Call("pip", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if verb not in _INSTALLS:
            return Call("pip", verb, command.role, tuple(words), unknown=given.unknown)
        given_words = tuple(word for _, word in operands if word is not None)
        return pip_call("pip", words, verb, given, given_words, _environment(words[0] or ""))

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """Where PATH and flags lead pip, which the language's rules tell."""
        del did, request
        return Known("", "pip")

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """The requirements files, constraints and local archives of an install."""
        if call.verb not in _INSTALLS:
            return Unknown(f"what pip {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"pip {call.verb} has {call.unknown[0]}, which is not understood")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, "") != "":
                return Unknown(f"{rule.name} names a file that pip reads too")
        return pip_inputs(self.knowledge.flags, call, tree, directory, workdir=workdir)


def _behind_program(words: Sequence[str | None]) -> int | None:
    """Index of the first word behind `pip` or `python -m pip`."""
    program = (words[0] or "").rpartition("/")[2]
    if program.startswith("pip"):
        return 1
    at = 1
    while at < len(words) and words[at] in _PYTHON_SWITCHES:
        at += 1
    if at < len(words) and words[at] == "-mpip":
        return at + 1
    if at + 1 < len(words) and words[at] == "-m" and words[at + 1] == "pip":
        return at + 2
    return None


def _virtual_environment(words: Sequence[str | None]) -> Call | None:
    """`python -m venv /opt/venv` and `virtualenv /opt/venv`: what later calls of pip install into.

    Not understood with `--system-site-packages`, which reads the system's distributions too, and
    with `--without-pip`.
    """
    at = 1
    if (words[0] or "").rpartition("/")[2] != "virtualenv":
        while at < len(words) and words[at] in _PYTHON_SWITCHES:
            at += 1
        if tuple(words[at : at + 2]) not in {("-m", "venv"), ("-m", "virtualenv")}:
            return None
        at += 2
    folders: list[str] = []
    unknown: list[str] = []
    while at < len(words):
        word = words[at]
        if word is None:
            unknown.append("a folder that is not literal")
        elif not word.startswith("-"):
            folders.append(word)
        elif word.partition("=")[0] not in _VENV_SWITCHES:
            unknown.append(word)
        elif _VENV_SWITCHES[word.partition("=")[0]] and "=" not in word:
            at += 1
        at += 1
    return Call(
        "pip", "venv", Role.CONFIG, tuple(words), unknown=tuple(unknown), outputs=tuple(folders)
    )


def _environment(program: str) -> str:
    """The virtual environment whose pip is called by its path: `.venv/bin/pip` gives `.venv`."""
    folder = posixpath.dirname(program)
    if posixpath.basename(folder) != "bin" or folder in {"/bin", "/usr/bin", "/usr/local/bin"}:
        return ""
    return posixpath.dirname(folder)


ECOSYSTEM = PipEcosystem(__file__)
