"""Read a call of a package manager whose command line is `manager [flags] verb [flags] [words]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.knowledge import Command, Knowledge

_INSTALLS = frozenset({Role.INSTALL, Role.ADD, Role.PROJECT, Role.FETCH})
_LONGEST = 3  # words of a verb: "cache clean", "pm cache rm"
_ARCHIVES = (".tgz", ".tar.gz", ".tar")


def read_manager_call(
    knowledge: Knowledge, words: Sequence[str | None], *, start: int, alone: str, adds: bool
) -> Call:
    """What the words behind the program's name do.

    `alone` is the verb of a call without one, `adds` tells that an install with packages adds them.
    A verb that the table does not have is a script of the project.
    """
    given = read_arguments(words, start, knowledge.flags, letters="joined")
    verb, command, behind = _verb(knowledge, given, alone)
    if given.has("prints") and not given.rest:
        return Call(knowledge.id, "", Role.CONFIG, tuple(words))
    if command is None:
        named = "a subcommand that is not literal" if verb is None else f"{knowledge.id} {verb}"
        return Call(knowledge.id, verb or "", Role.RUN, tuple(words), unknown=(named,))
    everywhere = given.has("everywhere") or verb in knowledge.extra.get("everywhere", ())
    role = _role(command, given, behind, everywhere=everywhere, adds=adds)
    installs = role in _INSTALLS
    operands = tuple(word for word in behind if word is not None)
    surplus = behind if role is Role.INSTALL and not command.verb.startswith("workspaces") else ()
    unknown = (*given.unknown, *(f"the word {word}" for word in surplus if word is not None))
    return Call(
        ecosystem=knowledge.id,
        verb=command.verb,
        role=role,
        words=tuple(words),
        locked=command.locked or (given.has("locked") and not given.has("unlocked")),
        production=given.has("production"),
        offline=given.has("offline"),
        everywhere=everywhere,
        files=tuple(word for word in operands if _is_local(word)) if role is Role.ADD else (),
        packages=operands if role is Role.ADD else (),
        unknown=unknown if installs else (),
        directory="" if everywhere else next((v for v in given.values("directory") if v), ""),
        flags=given.pairs,
        cache=next((value for value in given.values("cache") if value), None),
        scripts=not given.has("no-scripts"),
    )


def start_of(words: Sequence[str | None], programs: Sequence[str]) -> int | None:
    """Where the arguments begin, also behind corepack; None for a corepack that runs something else."""
    program = (words[0] or "").rpartition("/")[2]
    if program != "corepack":
        return 1
    # `corepack pnpm@9 install`: https://github.com/nodejs/corepack#corepack-binary-nameversion-args
    named = (words[1] or "").partition("@")[0] if len(words) > 1 else ""
    return 2 if named in programs else None


def _verb(
    knowledge: Knowledge, given: Arguments, alone: str
) -> tuple[str | None, Command | None, list[str | None]]:
    """The verb, its row, and the words behind it that are no flags."""
    rest = [word for _, word in given.rest]
    if not rest:
        return alone, knowledge.commands.get(alone), []
    for count in range(min(_LONGEST, len(rest)), 0, -1):
        named = " ".join(word or "?" for word in rest[:count])
        if named in knowledge.commands:
            return named, knowledge.commands[named], rest[count:]
    return rest[0], None, rest[1:]


def _role(
    command: Command,
    given: Arguments,
    behind: list[str | None],
    *,
    everywhere: bool,
    adds: bool,
) -> Role:
    if command.role is not Role.INSTALL:
        return command.role
    if given.has("nothing-installed"):
        return Role.CHANGE
    if behind and adds:
        return Role.ADD
    return Role.PROJECT if everywhere else Role.INSTALL


def _is_local(word: str) -> bool:
    return word.startswith((".", "/", "~/", "file:", "link:")) or word.endswith(_ARCHIVES)
