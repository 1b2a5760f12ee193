"""What a call of the dotnet command does, and what a restore reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, FlagRule, read_arguments
from dfix.ecosystems.calls import Cache, Call, Role
from dfix.ecosystems.ecosystem import Ecosystem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GROUPS = frozenset({"tool", "nuget", "workload"})
_RESTORES = frozenset({"restore", "build", "publish", "pack", "test", "run", "watch", "msbuild"})
_ALONE = frozenset(
    {"restore", "nologo", "m", "graph", "bl", "noautorsp", "tl"}
)  # switches without a value
# Programs of .NET Core 1 and 2 that were built but not published read packages where they were restored to:
# https://learn.microsoft.com/dotnet/core/whats-new/dotnet-core-3-0#build-copies-dependencies
_OLD = ("netcoreapp1", "netcoreapp2")


class DotnetEcosystem(Ecosystem):
    """The dotnet command, and msbuild and nuget by their own names."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command of .NET does."""
        program = (words[0] or "").replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
        if program != "dotnet":
            verb = "msbuild" if program == "msbuild" else f"nuget.exe {words[1:2]}"
            return Call("dotnet", verb, Role.RUN, tuple(words), unknown=(program,), offline=True)
        if len(words) == 1:
            return Call("dotnet", "", Role.CONFIG, tuple(words))
        first = words[1]
        if first is not None and first.startswith("-"):
            return Call("dotnet", "", Role.CONFIG, tuple(words))  # dotnet --info
        started = _started(words)
        if started is not None:
            return started
        deeper = first in _GROUPS and len(words) > 2  # noqa: PLR2004 - program, group, verb
        verb = f"{first} {words[2]}" if deeper else str(first)
        command = self.knowledge.commands.get(verb)
        if first is None or command is None:
            named = "a subcommand that is not literal" if first is None else f"dotnet {verb}"
            return Call("dotnet", verb, Role.RUN, tuple(words), unknown=(named,), reads_store=True)
        start = 1 + len(verb.split())
        stop = 0 if verb in {"tool run", "fsi", "ef"} else None
        given = read_arguments(self._plain(words), start, self._flags(verb), stop=stop)
        return self._read(words, verb, command.role, given)

    def _read(self, words: Sequence[str | None], verb: str, role: Role, given: Arguments) -> Call:
        operands = tuple(word for _, word in given.rest if word is not None)
        everywhere = role is Role.ADD
        if verb in {"tool install", "tool update"} and not given.has("everywhere"):
            everywhere = False
            if not given.has("output"):
                role = Role.CHANGE
        if verb == "nuget locals":
            role = Role.CLEAN if given.has("clear") or "-c" in words else Role.CONFIG
        if role is Role.CONFIG and any(name == "--configfile" for name, _ in given.pairs):
            role = Role.CHANGE
        offline = given.has("offline") or verb in {"clean", "format", "store", "vstest", "ef"}
        if verb == "msbuild":
            targets = ";".join(value or "" for value in given.values("target")).lower()
            offline = not given.has("restore") and "restore" not in targets
        projects = operands[:1] if verb in _RESTORES and verb not in {"run", "watch"} else ()
        return Call(
            ecosystem="dotnet",
            verb=verb,
            role=role,
            words=tuple(words),
            locked=given.has("locked"),
            offline=offline,
            everywhere=everywhere,
            files=projects,
            packages=operands if role is Role.ADD else (),
            unknown=given.unknown,
            flags=given.pairs,
            cache=next((value for value in given.values("cache") if value), None),
            outputs=tuple(value for value in given.values("output") if value),
            reads_store=self.knowledge.commands[verb].reads_store,
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The packages folder of a call that may fill it: one that does not restore only reads it."""
        return () if call.offline else super().caches(call, env)

    def _flags(self, verb: str) -> Mapping[str, FlagRule]:
        rules = self.knowledge.flags
        if verb == "restore":
            return {**rules, "-f": rules["--force"]}
        if verb == "run":
            return {**rules, "-p": rules["--project"]}
        if verb == "msbuild":
            return {**rules, "-r": rules["-restore"]}
        return rules

    def _plain(self, words: Sequence[str | None]) -> list[str | None]:
        """The words with MSBuild's switches as other flags are written: `/p:A=B` as `--p=A=B`."""
        return [self._switch(word) for word in words]

    def _switch(self, word: str | None) -> str | None:
        if not word or word[0] not in "-/":
            return word
        name, colon, value = word.lstrip("-/").partition(":")
        if name.lower() not in self.knowledge.extra["switches"]:
            return word
        if colon:
            return f"--{name.lower()}={value}"
        alone = word[0] == "/" and name.lower() in _ALONE
        return f"--{name.lower()}" if alone else word


def _started(words: Sequence[str | None]) -> Call | None:
    """`dotnet app.dll` and `dotnet exec app.dll`."""
    at = 2 if words[1] == "exec" else 1
    while at < len(words) and (words[at] or "").startswith("-"):
        at += 2  # dotnet exec --runtimeconfig file
    word = words[at] if at < len(words) else None
    if word is None:
        return None
    plain = word.replace("\\", "/")
    if at == 1 and not plain.lower().endswith((".dll", ".exe")):
        return None
    old = any(each.startswith(_OLD) for each in posixpath.dirname(plain).split("/"))
    if old:
        return Call("dotnet", "exec", Role.RUN, tuple(words), reads_store=True, offline=True)
    return Call("dotnet", "exec", Role.START, tuple(words))


ECOSYSTEM = DotnetEcosystem(__file__)
