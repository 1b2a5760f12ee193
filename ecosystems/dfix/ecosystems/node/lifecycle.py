"""What the project's own lifecycle scripts read when a package manager installs its dependencies.

Which of them run the manager's `Installer` says. A script is understood when every command in it is
one whose inputs `lifecycle.toml` names; one other command makes the whole install Unknown.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.scripts import Command, commands_of, expand
from dfix.ecosystems.tables import table
from dfix.ecosystems.tree import inside, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.node.manifest import Manifest
    from dfix.ecosystems.tree import Tree

_GENERATORS = frozenset({"prisma-client-js", "prisma-client"})
_PRISMA_PLACES = ("prisma/schema.prisma", "schema.prisma")


class Reads(NamedTuple):
    """Files that scripts read, with reasons; what they write; the installs that they start, and where."""

    reasons: dict[str, str]
    outputs: list[str]
    installs: list[tuple[Call, str]]
    differs: list[str]

    @classmethod
    def nothing(cls) -> Reads:
        """No file yet."""
        return cls({}, [], [], [])


@lru_cache(maxsize=1)
def _rules() -> dict[str, Any]:
    return table(__file__, "lifecycle")


def reading_packages() -> Mapping[str, Mapping[str, Any]]:
    """Packages whose own install script reads a file of the project that depends on them."""
    found: Mapping[str, Mapping[str, Any]] = _rules()["package"]
    return found


def add_scripts(
    events: Sequence[str], tree: Tree, manifest: Manifest, reads: Reads, *, manager: str
) -> Unknown | None:
    """Add what the lifecycle scripts of one package.json read, those of these names."""
    scripts = manifest.table("scripts")
    for event in events:
        text = scripts.get(event)
        if text is None:
            continue
        who = f"{event} of {manifest.path}"
        if "<" in text:
            return Unknown(f"{who} reads a file by redirection")
        parsed = commands_of(text, who)
        if isinstance(parsed, Unknown):
            return parsed
        place = manifest.folder
        for command in parsed.value:
            if command.program == "cd":
                moved = _moved(place, command)
                if moved is None:
                    return Unknown(f"{who} changes to a folder that is not constant")
                place = moved
                continue
            problem = _command(manager, tree, manifest, command, place, who, reads)
            if problem is not None:
                return problem
    return None


def _moved(place: str, command: Command) -> str | None:
    _, *targets = command.words
    target = targets[0] if len(targets) == 1 else None
    if target is None or target.startswith(("/", "~", "-")):
        return None
    return inside(posixpath.join(place, target))


def _command(
    manager: str,
    tree: Tree,
    manifest: Manifest,
    command: Command,
    place: str,
    who: str,
    reads: Reads,
) -> Unknown | None:
    inner_install = _installed(command, place)
    if inner_install is not None:
        call, folder = inner_install
        if folder == manifest.folder:
            return Unknown(f"{who} installs the project again")
        if call.ecosystem != manager:
            return Unknown(f"{who} installs {folder} with {call.ecosystem}")
        reads.installs.append((call, folder))
        return None
    expanded: Fact[tuple[Command, ...]]
    if place == manifest.folder:
        expanded = expand(manifest.table("scripts"), command.words, manifest=manifest.path)
    else:
        expanded = Known((command,), who)
    if isinstance(expanded, Unknown):
        return expanded
    for inner in expanded.value:
        rule = _rules()["command"].get(inner.program or "")
        if rule is None:
            named = inner.program or "a command that is not constant"
            return Unknown(f"{who} runs {named}, and what that reads is not known")
        problem: Unknown | None = None
        match rule["reads"]:
            case "patches":
                problem = _patches(tree, inner, place, who, reads)
            case "prisma":
                problem = _prisma_command(tree, manifest, inner, place, who, reads)
            case _:
                if "differs" in rule:
                    reads.differs.append(f"{who}: {rule['differs']}")
        if problem is not None:
            return problem
    return None


def _installed(command: Command, place: str) -> tuple[Call, str] | None:
    """The install of a package manager in a script, and its folder; None for other commands."""
    from dfix.ecosystems import read_call  # noqa: PLC0415 - the reader imports this module
    from dfix.ecosystems.calls import Role  # noqa: PLC0415

    call = read_call(command.words)
    if call is None or call.role is not Role.INSTALL or call.unknown:
        return None
    folder = inside(posixpath.join(place, call.directory))
    return None if folder is None else (call, folder)


def _patches(tree: Tree, command: Command, place: str, who: str, reads: Reads) -> Unknown | None:
    folder = "patches"
    words = command.words[1:]
    for at, word in enumerate(words):
        if word is None:
            return Unknown(f"{who} takes its patches from a folder that is not constant")
        if word == "--patch-dir" and at + 1 < len(words):
            folder = words[at + 1] or ""
        elif word.startswith("--patch-dir="):
            folder = word.partition("=")[2]
    where = inside(posixpath.join(place, folder))
    if not where:
        return Unknown(f"{who} takes its patches from {folder}, which is outside the build context")
    for path in walk(tree, where):
        reads.reasons[path] = f"{who} applies it"
    return None


def _prisma_command(
    tree: Tree, manifest: Manifest, command: Command, place: str, who: str, reads: Reads
) -> Unknown | None:
    words = command.words[1:]
    if not words or words[0] != "generate" or None in words:
        return Unknown(f"{who} runs prisma, and what that reads is not known")
    named = None
    for at, word in enumerate(words):
        if word == "--schema" and at + 1 < len(words):
            named = words[at + 1]
        elif word is not None and word.startswith("--schema="):
            named = word.partition("=")[2]
    return add_prisma(tree, manifest, reads, who, place=place, named=named)


def add_prisma(
    tree: Tree, manifest: Manifest, reads: Reads, who: str, *, place: str, named: str | None = None
) -> Unknown | None:
    """Add the schema that `prisma generate` reads, and what it writes.

    .env files count: whether one is there is written into the generated client, which then loads
    it.
    """
    for name in tree.listdir(place):
        if name.startswith(("prisma.config.", ".config")):
            return Unknown(f"{posixpath.join(place, name)} tells prisma where its schema is")
    configured = manifest.data.get("prisma")
    if named is None and isinstance(configured, dict) and isinstance(configured.get("schema"), str):
        named = configured["schema"]
    candidates = _PRISMA_PLACES if named is None else (named,)
    paths = [path for each in candidates if (path := inside(posixpath.join(place, each)))]
    found = next((path for path in paths if tree.is_file(path) or tree.is_dir(path)), None)
    if found is None:
        return Unknown(
            f"{who} generates a prisma client, but there is no {' or '.join(candidates)}"
        )
    files = (
        [found] if tree.is_file(found) else [p for p in walk(tree, found) if p.endswith(".prisma")]
    )
    for path in files:
        text = tree.read(path)
        if isinstance(text, Unknown):
            return text
        reads.reasons[path] = f"{who} generates a client from it"
        problem = _generators(text.value, path, reads)
        if problem is not None:
            return problem
    for folder in {place, posixpath.dirname(found)}:
        env = posixpath.join(folder, ".env")
        if tree.is_file(env):
            reads.reasons[env] = f"{who} writes into the client that {env} is there"
    return None


def _generators(schema: str, path: str, reads: Reads) -> Unknown | None:
    """Read the `generator` blocks of a schema: which generator runs, and where it writes."""
    inside_generator = False
    for raw in schema.splitlines():
        line = raw.partition("//")[0].strip()
        if line.startswith("generator "):
            inside_generator = True
        elif line == "}":
            inside_generator = False
        elif inside_generator and "=" in line:
            key, _, value = (part.strip() for part in line.partition("="))
            value = value.strip('"')
            if key == "provider" and value not in _GENERATORS:
                return Unknown(
                    f"{path} runs the generator {value}, and what that reads is not known"
                )
            if key == "output":
                target = inside(posixpath.join(posixpath.dirname(path), value))
                if target is None or value.startswith("env("):
                    return Unknown(f"{path} writes its client to {value}")
                if "node_modules" not in target.split("/"):
                    reads.outputs.append(target)
    return None
