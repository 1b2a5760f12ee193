"""What a call of pip does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.requirements import (
    add_links,
    is_archive,
    is_local,
    is_remote,
    read_requirements,
)
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.arguments import FlagRule
    from dfix.ecosystems.tree import Tree

_INSTALLS = frozenset({"install", "download", "wheel"})
_NAME_FILES = frozenset(
    {"requirement", "constraint", "find-links", "group", "editable", "archive", "project"}
)
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
        return _install(words, verb, given, tuple(word for _, word in operands if word is not None))

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
        named: list[tuple[str, str]] = []
        reasons: dict[str, str] = {}
        for effect, value in _named_files(self.knowledge.flags, call):
            path = _placed(effect, value, directory, workdir)
            if isinstance(path, Unknown):
                return path
            if effect in {"requirement", "constraint"}:
                named.append((path.value, effect))
                continue
            problem = _add_file(tree, effect, path.value, reasons)
            if problem is not None:
                return problem
        read = read_requirements(tree, directory, named)
        if isinstance(read, Unknown):
            return read
        found = read.value
        reasons = {**found.reasons, **reasons}
        wanted = [each for each in found.requirements if not each.constraint]
        outputs = [*call.outputs, *(("src",) if found.writes_src else ())]
        return Known(
            Inputs(
                files=tuple(reasons),
                lock=None,
                outputs=_outputs(outputs, directory, workdir),
                dependencies=bool(wanted or call.packages or len(reasons) > len(found.reasons)),
                reasons=reasons,
                enforced=not call.packages and all(each.hashed for each in wanted),
                programs=found.programs,
                hosts=found.hosts,
            ),
            read.source,
        )


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


def _install(
    words: Sequence[str | None], verb: str, given: Arguments, operands: tuple[str, ...]
) -> Call:
    local = tuple(word for word in operands if is_local(word))
    packages = tuple(word for word in operands if not is_local(word))
    editable = tuple(value for value in given.values("editable") if value)
    projects = [word for word in local if not is_archive(word)]
    projects += [word for word in editable if not is_remote(word)]
    if projects:
        role = Role.PROJECT
    elif given.has("requirement") or given.has("group"):
        role = Role.INSTALL if verb == "install" else Role.FETCH
    else:
        role = Role.ADD if verb == "install" else Role.FETCH
    outputs = [value for value in given.values("output") if value]
    environment = _environment(words[0] or "")
    if environment:
        outputs.append(environment)
    if verb != "install" and not given.has("output"):
        outputs.append(".")  # where archives are written without --dest or --wheel-dir
    named = [
        value
        for effect in ("requirement", "constraint", "find-links")
        for value in given.values(effect)
        if value and "://" not in value
    ]
    return Call(
        ecosystem="pip",
        verb=verb,
        role=role,
        words=tuple(words),
        locked=given.has("locked"),
        offline=given.has("offline"),
        everywhere=verb == "install" and not outputs,
        defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
        files=(*named, *local, *(word for word in editable if not is_remote(word))),
        packages=(*packages, *(word for word in editable if is_remote(word))),
        unknown=given.unknown,
        flags=(*given.pairs, *(("", word) for word in local)),
        cache=next((value for value in given.values("cache") if value), None),
        outputs=tuple(outputs),
    )


def _environment(program: str) -> str:
    """The virtual environment whose pip is called by its path: `.venv/bin/pip` gives `.venv`."""
    folder = posixpath.dirname(program)
    if posixpath.basename(folder) != "bin" or folder in {"/bin", "/usr/bin", "/usr/local/bin"}:
        return ""
    return posixpath.dirname(folder)


def _named_files(rules: Mapping[str, FlagRule], call: Call) -> list[tuple[str, str]]:
    """What names local files on the command line: the effect of the flag or operand, the value."""
    found: list[tuple[str, str]] = []
    for name, value in call.flags:
        if value is None or "://" in value:
            continue
        effect = rules[name].effect if name else "archive" if is_archive(value) else "project"
        if effect in _NAME_FILES and not (effect == "editable" and is_remote(value)):
            found.append((effect, value))
    return found


def _add_file(tree: Tree, effect: str, path: str, reasons: dict[str, str]) -> Unknown | None:
    """Add an archive that is installed, or a folder of archives that `--find-links` names."""
    if effect == "find-links":
        return add_links(tree, path, reasons, "--find-links")
    if not tree.is_file(path):
        return Unknown(f"{path} is missing")
    reasons[path] = f"pip installs {path}"
    return None


def _placed(effect: str, value: str, directory: str, workdir: str | None) -> Fact[str]:
    """The tree's path of a file named on the command line; Unknown for folders of sources."""
    if effect in {"editable", "project"}:
        return Unknown(f"pip installs the sources in {value}")
    if effect == "group":
        return Unknown(f"pip reads the dependency group {value} of a pyproject.toml")
    if value.startswith("~") or any(mark in value for mark in "*?["):
        return Unknown(f"{value} is not one file of the build context")
    if value.startswith("/"):
        if workdir is None:
            return Unknown(f"{value} is an absolute path, and where the project lies is not known")
        value = posixpath.relpath(value, workdir)
    path = inside(posixpath.join(directory, value))
    return Unknown(f"{value} is outside the build context") if not path else Known(path, value)


def _outputs(named: Sequence[str], directory: str, workdir: str | None) -> tuple[str, ...]:
    """Written directories inside the project; what lies elsewhere no COPY of it reaches."""
    found: dict[str, None] = {}
    for value in named:
        path = value
        if path.startswith("/"):
            if workdir is None or not path.startswith(workdir.rstrip("/") + "/"):
                continue
            path = posixpath.relpath(path, workdir)
        placed = inside(posixpath.join(directory, path))
        if placed:
            found[placed] = None
    return tuple(found)


ECOSYSTEM = PipEcosystem(__file__)
