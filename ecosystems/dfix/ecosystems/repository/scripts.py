"""Text with commands: shell scripts, Makefiles, justfiles, package.json, Jenkinsfiles."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.docker import MENTIONS, Where, shown
from dfix.ecosystems.repository.placing import placed
from dfix.ecosystems.repository.shown import ROOT, Built, Consumed, Word, inside
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note
from dfix.ecosystems.repository.words import Command, Shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

CHECKOUTS = dict.fromkeys(
    (
        "GITHUB_WORKSPACE",
        "CI_PROJECT_DIR",
        "WORKSPACE",
        "TRAVIS_BUILD_DIR",
        "CIRCLE_WORKING_DIRECTORY",
        "BITBUCKET_CLONE_DIR",
        "DRONE_WORKSPACE",
        "CI_WORKSPACE",
        "CODEBUILD_SRC_DIR",
        "BUILDKITE_BUILD_CHECKOUT_PATH",
        "BUILD_SOURCESDIRECTORY",
        "SYSTEM_DEFAULTWORKINGDIRECTORY",
        "APPVEYOR_BUILD_FOLDER",
    ),
    ROOT,
)
"""Where CI systems put the repository, by the variable that says so."""


def read_commands(
    text: str,
    where: Where,
    *,
    folders: tuple[str, ...],
    line: int = 1,
    env: Mapping[str, str] | None = None,
    script: str = "",
) -> Iterator[Shown]:
    """What the commands of a text show. Text that mentions no builder costs nothing."""
    if not any(mention in text for mention in MENTIONS):
        return
    shell = Shell(folders, {**CHECKOUTS, **(env or {})}, script, line)
    for command in shell.commands(text):
        yield from shown(command, where)
        yield from _inner(command, where)


def _inner(command: Command, where: Where) -> Iterator[Shown]:
    """``sh -c "docker build ."``."""
    texts = command.texts
    if (
        len(texts) > len(("sh", "-c"))
        and posixpath.basename(texts[0]) in {"sh", "bash"}
        and texts[1].lstrip("-").endswith("c")
    ):
        shell = Shell(command.folders, dict(command.env), "", command.line)
        for inner in shell.commands(texts[2]):
            yield from shown(inner, where)


def shell_script(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """A shell script: it may be started from its own folder, the root, or the one above."""
    folder = posixpath.dirname(path)
    candidates = tuple(dict.fromkeys(("", folder, posixpath.dirname(folder))))
    yield from read_commands(text, Where(tree, path), folders=candidates, script=path)


def batch_file(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """PowerShell and cmd files: their continuation characters, otherwise as a shell's lines."""
    plain = text.replace("\r\n", "\n").replace("`\n", "\\\n").replace("^\n", "\\\n")
    lines = [
        line for line in plain.split("\n") if not line.lstrip().lower().startswith(("rem ", "::"))
    ]
    yield from shell_script(tree, path, "\n".join(lines))


# make

_ASSIGNMENT = re.compile(
    r"^(?:export\s+|override\s+)*([A-Za-z_][\w.-]*)\s*(:::?=|::?=|\?=|\+=|=)[ \t]*(.*)$"
)
_REFERENCE = re.compile(r"\$\(([\w.-]+)\)|\$\{([\w.-]+)\}")
_TARGET = re.compile(r"^[^\s#:=][^:=]*:(?!=)")
_VALUE_LIMIT = 200
_RECIPE_LIMIT = 4_000


def makefile(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """A Makefile: each recipe line is a shell of its own in the Makefile's folder."""
    if not any(mention in text for mention in MENTIONS):
        return
    folder = posixpath.dirname(path)
    variables, exported = _variables(text)
    where = Where(tree, path)
    for line, recipe in _recipes(text):
        expanded = _expanded(recipe, variables)
        yield from read_commands(expanded, where, folders=(folder,), line=line, env=exported)


def _variables(text: str) -> tuple[dict[str, str | None], dict[str, str]]:
    """Make's variables (None: two values), and those that recipes find in their environment."""
    found: dict[str, str | None] = {"CURDIR": "."}
    exported: dict[str, str] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            continue
        match = _ASSIGNMENT.match(line.strip())
        if match is None:
            continue
        name, operator, value = match[1], match[2], match[3].partition(" #")[0].strip()
        if operator == "?=" and name in found:
            continue
        known = operator != "+=" and (name not in found or found[name] == value)
        found[name] = value if known else None
        if line.lstrip().startswith("export "):
            exported[name] = value
    for line in text.splitlines():
        if line.startswith("export ") and "=" not in line:
            exported.update({n: found[n] or "" for n in line.split()[1:] if found.get(n)})
    return found, exported


def _expanded(text: str, variables: Mapping[str, str | None]) -> str:
    """Replace references to known variables; ``$$`` is the shell's, the rest stays unknown."""
    text = text[:_RECIPE_LIMIT].replace("$(shell ", "$(")
    for _ in range(8):
        new = _REFERENCE.sub(lambda match: _value(match, variables), text)
        if new == text or len(new) > 2 * _RECIPE_LIMIT:
            break
        text = new.replace("$(shell ", "$(")
    return text.replace("$$", "$")


def _value(match: re.Match[str], variables: Mapping[str, str | None]) -> str:
    name = match[1] or match[2]
    if match.start() and match.string[match.start() - 1] == "$":
        return match[0]  # $${X} is for the shell
    if name == "MAKE":
        return "make"
    value = variables.get(name)
    if value is None or len(value) > _VALUE_LIMIT or f"({name})" in value:
        return "${" + name + "}" if value is None and name not in variables else "${?" + name + "}"
    return value


def _recipes(text: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each logical recipe line, without make's prefixes."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        start = at
        joined = lines[at].rstrip("\r")
        while joined.endswith("\\") and at + 1 < len(lines):
            at += 1
            joined += "\n" + lines[at].rstrip("\r").removeprefix("\t")
        at += 1
        if joined.startswith("\t"):
            yield start + 1, joined.lstrip("\t @-+")
        elif ";" in joined and _TARGET.match(joined):
            yield start + 1, joined.partition(";")[2].lstrip("\t @-+")


def justfile(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """A justfile: ``name := value`` lines, and ``{{name}}`` in indented recipe lines."""
    if not any(mention in text for mention in MENTIONS):
        return
    values = dict(
        re.findall(r"^(?:export\s+)?(\w+)\s*:=\s*['\"]([^'\"\n]*)['\"]\s*$", text, re.MULTILINE)
    )
    plain = re.sub(
        r"\{\{\s*(\w+)\s*\}\}", lambda match: values.get(match[1], "${" + match[1] + "}"), text
    )
    lines = [line.lstrip(" \t@-") if line[:1] in " \t" else "" for line in plain.split("\n")]
    yield from read_commands(
        "\n".join(lines), Where(tree, path), folders=(posixpath.dirname(path),)
    )


# package.json


def package_json(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """The scripts of a package.json; npm runs them in its folder."""
    if not any(mention in text for mention in MENTIONS):
        return
    try:
        scripts = json.loads(text).get("scripts")
    except (ValueError, AttributeError, RecursionError):
        yield Note("not valid JSON", path)
        return
    for name, script in scripts.items() if isinstance(scripts, dict) else ():
        if isinstance(script, str):
            at = text.find(json.dumps(name) + ":")
            line = text.count("\n", 0, at) + 1 if at >= 0 else 1
            yield from read_commands(
                script, Where(tree, path), folders=(posixpath.dirname(path),), line=line
            )


# Jenkins

_SH = re.compile(r"""\b(?:sh|bat|powershell)\b[\s(]*(?:\[?\s*script\s*:\s*)?('{3}|"{3}|'|")""")
_DOCKER_BUILD = re.compile(r"""docker\.build\s*\(\s*(["'])(.*?)\1\s*(?:,\s*(["'])(.*?)\3)?""")
_AGENT_IMAGE = re.compile(r"""\b(?:image|docker\.image\()\s*\(?\s*(["'])([^"'\n]+)\1""")
_DIR = re.compile(r"""\bdir\s*\(\s*['"]([^'"\n]+)['"]\s*\)\s*\{""")
_ENVIRONMENT = re.compile(r"""^\s*([A-Z_][A-Z0-9_]*)\s*=\s*(["'])([^"'\n]*)\2\s*$""", re.MULTILINE)


def jenkinsfile(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """A Jenkinsfile: sh steps, ``docker.build``, and agents made from a Dockerfile."""
    where = Where(tree, path)
    env = {name: value for name, _, value in _ENVIRONMENT.findall(text) if "$" not in value}
    scopes = _scopes(text)
    for match in _SH.finditer(text):
        end = text.find(match[1], match.end())
        if end > 0:
            line = text.count("\n", 0, match.end()) + 1
            folders = _folders(scopes, match.start())
            body = text[match.end() : end]
            yield from read_commands(body, where, folders=folders, line=line, env=env)
    for match in _DOCKER_BUILD.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        command = f"docker build -t '{match[2]}' {match[4] or '.'}"
        folders = _folders(scopes, match.start())
        yield from read_commands(command, where, folders=folders, line=line, env=env)
    yield from _agents(tree, path, text)


def _scopes(text: str) -> list[tuple[int, int, str]]:
    """(begin, end, folder) of each ``dir('folder') { ... }``; quotes may hold braces in pairs."""
    found = []
    for match in list(_DIR.finditer(text))[:200]:
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append((match.start(), end, match[1]))
    return found


def _folders(scopes: list[tuple[int, int, str]], at: int) -> tuple[str, ...]:
    """The folder in force at a place; none if it is not literal."""
    folder: str | None = ""
    for begin, end, name in scopes:
        if begin < at < end and folder is not None:
            folder = None if "$" in name else inside(folder, name)
    return () if folder is None else (folder,)


def _agents(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    for match in re.finditer(r"\bagent\s*\{\s*dockerfile\b\s*(\{[^}]*\}|true)", text):
        source = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        given = dict(re.findall(r"(\w+)\s+['\"]([^'\"]*)['\"]", match[1]))
        folder = given.get("dir", ".")
        use = BuildUse(None, None, source, builder="docker")
        name = Word(given.get("filename", "Dockerfile"))
        found = placed(tree, use, ("",), Word(folder), name, "context")
        if found is not None:
            yield Built(found)
            if found.dockerfile is not None:
                yield Consumed(
                    Consumer(f"the agent in {path}", source), dockerfile=found.dockerfile
                )
    for match in _AGENT_IMAGE.finditer(text):
        source = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        yield Consumed(Consumer(f"the agent in {path}", source), image=match[2])
