"""What a call of mix or rebar3 does, and what fetching dependencies reads of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import read_arguments
from dfix.ecosystems.calls import Cache, Call, Role
from dfix.ecosystems.ecosystem import Ecosystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Of several tasks in one `mix do`, the one with the earlier role here tells what the whole is.
_WEIGHT = (Role.RUN, Role.CHANGE, Role.BUILD, Role.INSTALL, Role.ADD, Role.CONFIG)


class MixEcosystem(Ecosystem):
    """Mix with Hex, and rebar3."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command of mix or rebar3 does."""
        program = (words[0] or "").rpartition("/")[2]
        if program == "rebar3":
            verb = words[1] if len(words) > 1 else "help"
            return self._task(words, f"rebar3 {verb}", words[2:])
        if len(words) == 1 or (words[1] or "").startswith("-"):
            role = Role.RUN if len(words) == 1 else Role.CONFIG  # mix alone runs the default task
            return Call("mix", "", role, tuple(words))
        if words[1] != "do":
            return self._task(words, words[1], words[2:])
        parts = [self._task(words, part[0], part[1:]) for part in _parts(words[2:])]
        if not parts:
            return Call("mix", "do", Role.RUN, tuple(words), unknown=("mix do",))
        main = min(parts, key=lambda part: _WEIGHT.index(part.role))
        return main._replace(
            verb="do",
            unknown=tuple(each for part in parts for each in part.unknown),
            packages=(),
            locked=False,
            everywhere=all(part.everywhere for part in parts),
            flags=tuple(pair for part in parts for pair in part.flags),
        )

    def _task(
        self, words: Sequence[str | None], verb: str | None, rest: Sequence[str | None]
    ) -> Call:
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a task that is not literal" if verb is None else f"mix {verb}"
            return Call("mix", verb or "", Role.RUN, tuple(words), unknown=(named,))
        given = read_arguments(rest, 0, self.knowledge.flags)
        operands = tuple(word for _, word in given.rest if word is not None)
        adds = command.role is Role.ADD
        known = command.role in {Role.INSTALL, Role.BUILD, Role.ADD, Role.FETCH}
        local = tuple(word for word in operands if word.endswith(".ez") and "://" not in word)
        return Call(
            ecosystem="mix",
            verb=verb,
            role=command.role,
            words=tuple(words),
            locked=given.has("locked"),
            everywhere=adds,
            files=local if adds else (),
            packages=operands if adds else (),
            unknown=given.unknown if known and not adds else (),
            flags=given.pairs,
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """Hex's packages, where one of the tasks fetches any."""
        if call.verb != "do":
            return super().caches(call, env)
        fetches = any(part[:1] == ["deps.get"] for part in _parts(call.words[2:]))
        return super().caches(call._replace(verb="deps.get"), env) if fetches else ()


def _parts(words: Sequence[str | None]) -> Iterator[list[str | None]]:
    """The tasks of `mix do a --b, c` and of `mix do a --b + c`, each with its arguments."""
    part: list[str | None] = []
    for word in words:
        if word == "+":
            yield part
            part = []
        elif word is not None and word.endswith(","):
            yield [*part, word[:-1]]
            part = []
        else:
            part.append(word)
    if part:
        yield part


ECOSYSTEM = MixEcosystem(__file__)
