"""Package managers of distributions: their calls name packages, and read nothing of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Cache, Call, Role
from dfix.ecosystems.ecosystem import Ecosystem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGE_FILES = (".deb", ".rpm", ".apk")


class DistributionEcosystem(Ecosystem):
    """A package manager that installs for the machine, and works as root.

    Flags of the effect `elsewhere` lead to another root folder or other caches: what such a call
    fills is not known.
    """

    distribution = True

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command does; None for a subcommand that neither fills, reads nor empties a cache."""
        given = read_arguments(words, 1, self.knowledge.flags, letters="joined")
        if not given.rest:
            return None
        verb, operands = given.rest[0][1], given.rest[1:]
        second = operands[0][1] if operands else None
        if f"{verb} {second}" in self.knowledge.commands:
            verb, operands = f"{verb} {second}", operands[1:]
        command = self.knowledge.commands.get(verb or "")
        if command is None:
            return None
        named = tuple(word for _, word in operands if word is not None)
        files = tuple(word for word in named if _is_file(word))
        adds = command.role is Role.ADD
        return Call(
            ecosystem=self.id,
            verb=command.verb,
            role=command.role,
            words=tuple(words),
            offline=given.has("offline"),
            everywhere=adds,
            defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
            files=files,
            packages=tuple(word for word in named if adds and word not in files),
            unknown=(*given.unknown, *self.elsewhere(given)),
            flags=given.pairs,
            distribution=True,
        )

    def elsewhere(self, given: Arguments) -> tuple[str, ...]:
        """What leads the call to another root folder or other caches, as a flag spells it."""
        return tuple(flag.rule.name for flag in given.effects("elsewhere"))

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """None for a call that may work elsewhere, or that the configuration in force may lead elsewhere."""
        moved = any(
            rule.effect == "elsewhere" and rule.name in (env or {}) for rule in self.knowledge.env
        )
        return () if call.unknown or moved else super().caches(call, env)


def _is_file(word: str) -> bool:
    return "://" not in word and (
        word.startswith(("/", "./", "../")) or word.endswith(_PACKAGE_FILES)
    )
