"""Expand package.json scripts to the simple commands that run in the end.

`npm start` runs prestart, start and poststart; each may call further scripts. What is expanded is
what npm does (https://docs.npmjs.com/cli/v10/using-npm/scripts): yarn berry and pnpm may skip pre
and post scripts, so the expansion can hold more than they run, never less.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Words = tuple[str | None, ...]

_DEEPEST = 12  # scripts within scripts; deeper is a loop
_MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_SHELL_WORDS = frozenset(
    {"if", "for", "while", "until", "case", "function", "{", "!", "[", "[[", "eval", "source"}
)
_FIRST = {
    "test": "test",
    "start": "start",
    "stop": "stop",
    "restart": "restart",
    "t": "test",
    "tst": "test",
}
_OWN_VERBS = frozenset(
    {"install", "i", "ci", "add", "remove", "publish", "pack", "audit", "cache", "config", "set",
    "version", "login", "link", "why", "workspace", "workspaces", "dlx", "global", "init", "up",
    "upgrade", "update", "prune", "rebuild"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command.

    Its words (None where one is not constant), the variables set before it, and where it stands.
    """

    words: Words
    source: str
    env: tuple[tuple[str, str | None], ...] = ()

    @property
    def program(self) -> str | None:
        """The last part of the program's name."""
        first = self.words[0] if self.words else None
        return None if first is None else first.rpartition("/")[2]


def expand(
    scripts: Mapping[str, str],
    words: Sequence[str | None],
    *,
    has_server: bool = False,
    manifest: str = "package.json",
) -> Fact[tuple[Command, ...]]:
    """The simple commands that `words` come to, in order.

    `has_server` tells that server.js exists, which npm starts when there is no start script.
    Unknown where a script is missing, calls itself, or uses more of the shell than lists of simple
    commands.
    """
    return _expanded(
        scripts, Command(tuple(words), "the command"), 0, has_server=has_server, manifest=manifest
    )


def _expanded(
    scripts: Mapping[str, str], command: Command, depth: int, *, has_server: bool, manifest: str
) -> Fact[tuple[Command, ...]]:
    if depth > _DEEPEST:
        return Unknown(f"the scripts of {manifest} call each other without end")
    unwrapped = _unwrapped(command)
    called = _script(unwrapped, scripts)
    if isinstance(called, Unknown):
        return called
    match called:
        case None:
            return Known((unwrapped,), unwrapped.source)
        case names, extra:
            pass
    found: list[Command] = []
    for name in names:
        text = scripts.get(name)
        if text is None and name == "start" and has_server:
            # https://docs.npmjs.com/cli/v10/using-npm/scripts#default-values
            text = "node server.js"
        if text is None:
            return Unknown(f"{manifest} has no script {name}")
        own = _own(scripts, name, text, extra, manifest)
        if isinstance(own, Unknown):
            return own
        for inner in own.value:
            merged = Command(inner.words, inner.source, unwrapped.env + inner.env)
            deeper = _expanded(scripts, merged, depth + 1, has_server=has_server, manifest=manifest)
            if isinstance(deeper, Unknown):
                return deeper
            found.extend(deeper.value)
    return Known(tuple(found), f"{manifest}: scripts.{names[-1]}")


def _own(
    scripts: Mapping[str, str], name: str, text: str, extra: Words, manifest: str
) -> Fact[tuple[Command, ...]]:
    """The commands of a script and of the pre and post scripts around it."""
    found: list[Command] = []
    for stage in (f"pre{name}", name, f"post{name}"):
        body = text if stage == name else scripts.get(stage)
        if body is None:
            continue
        parsed = commands_of(body, f"{manifest}: scripts.{stage}")
        if isinstance(parsed, Unknown):
            return parsed
        found.extend(parsed.value)
        if stage == name and extra and parsed.value:
            found[-1] = Command(found[-1].words + extra, found[-1].source, found[-1].env)
    return Known(tuple(found), f"{manifest}: scripts.{name}")


def _script(
    command: Command, scripts: Mapping[str, str]
) -> tuple[tuple[str, ...], Words] | Unknown | None:
    """The scripts that a command runs and the words that it hands to them; None if it runs none."""
    program = command.program
    words = command.words
    if program in {"npm-run-all", "run-s", "run-p", "npm-run-all2", "concurrently"}:
        return _several(command, scripts)
    if program not in _MANAGERS:
        return None
    rest = list(words[1:])
    while rest and rest[0] in {
        "--silent",
        "-s",
        "--quiet",
        "-q",
        "--if-present",
        "--no-update-notifier",
    }:
        del rest[0]
    if not rest:
        return Unknown(f"{program} without a verb installs") if program == "yarn" else None
    verb = rest[0]
    if verb is None:
        return Unknown(f"what {program} runs is not constant")
    if verb.startswith("-"):
        return Unknown(f"{program} {verb} may run another package's script")
    if verb in {"run", "run-script", "rum", "urn"}:
        rest = [word for word in rest[1:] if word not in {"--silent", "-s", "--if-present"}]
        if not rest or rest[0] is None or rest[0].startswith("-"):
            return Unknown(f"which script {program} runs is not constant")
        return (rest[0],), _handed(program, rest[1:])
    if verb in _FIRST and (program != "bun" or _FIRST[verb] in scripts):
        return (_FIRST[verb],), _handed(program, rest[1:])
    if program != "npm" and verb in scripts and verb not in _OWN_VERBS:
        return (verb,), _handed(program, rest[1:])
    if program == "npm" and verb in scripts and verb not in _OWN_VERBS:
        # It ends with a list of commands: https://docs.npmjs.com/cli/v10/commands/npm
        return Unknown(f"npm {verb} is no command of npm, only npm run {verb} is")
    return None


def _handed(program: str, rest: Sequence[str | None]) -> Words:
    """The arguments that reach the script: npm wants `--` before them, the others pass all on."""
    if "--" in rest:
        return tuple(rest[rest.index("--") + 1 :])
    return () if program == "npm" else tuple(rest)


def _several(
    command: Command, scripts: Mapping[str, str]
) -> tuple[tuple[str, ...], Words] | Unknown:
    names: list[str] = []
    for word in command.words[1:]:
        if word is None:
            return Unknown(f"which scripts {command.program} runs is not constant")
        if word.startswith("-"):
            continue
        name = word.removesuffix(" {@}")
        for prefix in ("npm:", "npm run ", "yarn run ", "pnpm run ", "yarn ", "pnpm "):
            name = name.removeprefix(prefix)
        # npm-run-all's patterns: `*` stands for one part between colons, `**` for any
        chosen = fnmatch.filter(scripts, name) if "*" in name else [name] if name in scripts else []
        if not chosen:
            return Unknown(f"{command.program} runs {word}, which is no script")
        names.extend(chosen)
    return (
        (tuple(names), ()) if names else Unknown(f"{command.program} runs nothing that is constant")
    )


def _unwrapped(command: Command) -> Command:
    """The command without what only runs another: cross-env, npx, yarn exec, dotenv --."""
    words = command.words
    env = command.env
    while words:
        program = command_name(words[0])
        if program in {"cross-env", "cross-env-shell", "env"}:
            words, more = _assignments(words[1:])
            env += more
        elif program in {"npx", "bunx", "exec", "dotenvx"}:
            words = words[1:]
            while words and words[0] is not None and words[0].startswith("-"):
                words = words[1:]
        elif program in _MANAGERS and len(words) > 2 and words[1] in {"exec", "dlx", "x"}:  # noqa: PLR2004 - verb and program
            words = words[2:] if words[2] != "--" else words[3:]
        elif program in {"dotenv", "env-cmd"} and "--" in words:
            words = words[words.index("--") + 1 :]
        else:
            break
    return Command(words, command.source, env)


def command_name(word: str | None) -> str | None:
    """The last part of a program's path."""
    return None if word is None else word.rpartition("/")[2]


def _assignments(words: Words) -> tuple[Words, tuple[tuple[str, str | None], ...]]:
    found: list[tuple[str, str | None]] = []
    for index, word in enumerate(words):
        name, equals, value = (word or "").partition("=")
        if not equals or not name.isidentifier():
            return words[index:], tuple(found)
        found.append((name, value))
    return (), tuple(found)


def commands_of(text: str, source: str) -> Fact[tuple[Command, ...]]:
    """The simple commands of a script's text, whatever joins them.

    Reads words, quotes, && || ; | & and redirections; Unknown for groups, substitutions and
    keywords.
    """
    tokens = _tokens(text)
    if tokens is None:
        return Unknown(f"{source} uses more of the shell than simple commands")
    found: list[Command] = []
    words: list[str | None] = []
    before: list[tuple[str, str | None]] = []
    skip = False
    for kind, value in [*tokens, ("operator", ";")]:
        if kind == "redirect":
            skip = True
        elif kind == "word" and skip:
            skip = False
        elif kind == "assignment" and not words and value is not None:
            before.append((value, None))
        elif kind in {"word", "assignment"}:
            words.append(value if kind == "word" else None)
        else:
            rest, env = _assignments(tuple(words))
            if rest and rest[0] in _SHELL_WORDS:
                return Unknown(f"{source} uses more of the shell than simple commands")
            if rest:
                found.append(Command(rest, source, (*before, *env)))
            words, before = [], []
    return Known(tuple(found), source)


def _tokens(text: str) -> list[tuple[str, str | None]] | None:
    """Words, operators and redirections.

    A word's value is None if it holds a variable; None for groups.
    """
    tokens: list[tuple[str, str | None]] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t\r\n":
            if character == "\n":
                tokens.append(("operator", ";"))
            position += 1
        elif character in "()`" or text.startswith("$(", position):
            return None
        elif character in "&|;":
            double = text[position : position + 2] in {"&&", "||"}
            tokens.append(("operator", text[position : position + (2 if double else 1)]))
            position += 2 if double else 1
        elif character in "<>":
            position += 2 if text[position : position + 2] in {">>", "<<", ">&", "&>"} else 1
            tokens.append(("redirect", None))
        else:
            start = position
            read = _word(text, position)
            if read is None:
                return None
            value, position = read
            if (
                value is not None
                and value.isdecimal()
                and position < len(text)
                and text[position] in "<>"
            ):
                continue  # the number of a redirected stream
            name, equals, _ = text[start:position].partition("=")
            variable = value is None and equals and name.isidentifier()
            tokens.append(("assignment", name) if variable else ("word", value))
    return tokens


def _word(text: str, start: int) -> tuple[str | None, int] | None:
    """A word and where it ends.

    Its value is None if it holds a variable; None if it holds a substitution.
    """
    value: list[str] = []
    constant = True
    position = start
    quote = ""
    while position < len(text):
        character = text[position]
        if text.startswith("$(", position) or (character == "`" and quote != "'"):
            return None
        if quote:
            if character == quote:
                quote = ""
            elif character == "\\" and quote == '"' and position + 1 < len(text):
                position += 1
                value.append(text[position])
            else:
                constant = constant and not (character == "$" and quote == '"')
                value.append(character)
        elif character in "'\"":
            quote = character
        elif character in " \t\r\n&|;<>()":
            break
        elif character == "\\" and position + 1 < len(text):
            position += 1
            value.append(text[position])
        else:
            constant = constant and character != "$"
            value.append(character)
        position += 1
    return None if quote else ("".join(value) if constant else None, position)
