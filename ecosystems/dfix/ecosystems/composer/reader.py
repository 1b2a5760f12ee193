"""What a call of Composer does, and what an install reads of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Cache, Call, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.tree import Tree

_PHP_VALUES = frozenset({"-d", "-c", "--define", "--php-ini"})
_NOWHERE = "/dev/null"


class ComposerEcosystem(Ecosystem):
    """Composer, by its own name or as an archive that php runs."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command of Composer does; None for a php that runs something else."""
        start = _behind_program(words)
        if start is None:
            return None
        rules = self.knowledge.flags
        leading = read_arguments(words, start, rules, stop=1, letters="joined")
        if not leading.rest:
            return Call("composer", "", Role.CONFIG, tuple(words))  # composer --version
        at, verb = leading.rest[0]
        everywhere = verb == "global"
        if everywhere:
            deeper = read_arguments(words, at + 1, rules, stop=1, letters="joined").rest
            at, verb = deeper[0] if deeper else (at, "")
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"composer {verb}"
            return Call("composer", verb or "", Role.RUN, tuple(words), unknown=(named,))
        given = read_arguments(words, start, rules, letters="joined")
        operands = tuple(word for index, word in given.rest if index > at and word is not None)
        if command.role is Role.INSTALL:
            verb = "install"
        return _read(words, verb, given, operands, command.role, everywhere=everywhere)

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """Composer's cache.

        Where nothing says otherwise it follows from which folders of the home are there, and a
        mount makes one: so not for packages that are installed into such a folder.
        """
        found = super().caches(call, env)
        kept = [cache for cache in found if not cache.path.startswith(_NOWHERE)]
        if call.everywhere:
            return tuple(cache for cache in kept if cache.moved)
        path = (env or {}).get("PATH") or ""
        if (
            "/.config/composer" in path
        ):  # the folders of XDG are in use, and ~/.composer must not come to be
            return tuple(
                cache if cache.moved else cache._replace(path="~/.cache/composer") for cache in kept
            )
        return tuple(kept)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The caches; Unknown where it is not known in which folder they lie."""
        del tree, directory
        unplaced = self._unplaced(call, env or {})
        if unplaced is not None:
            return Unknown(unplaced, "moved-cache")
        return Known(self.caches(call, env), self.id)

    def _unplaced(self, call: Call, env: Mapping[str, str | None]) -> str | None:
        """A variable that is not literal, or packages that are installed below the home."""
        command = self.knowledge.commands.get(call.verb)
        if command is None or not command.caches:
            return None
        for name in ("COMPOSER_CACHE_DIR", "COMPOSER_HOME"):
            if name in env and env[name] is None:
                return f"{name}, which moves the cache, is not literal"
            if env.get(name):
                return None
        if call.everywhere:
            return "composer global installs into the first of two folders that is there, and a mount would make one"
        return None


def _behind_program(words: Sequence[str | None]) -> int | None:
    """Index of the first word behind `composer` or `php composer.phar`."""
    program = (words[0] or "").rpartition("/")[2]
    if not program.startswith("php"):
        return 1
    at = 1
    while at < len(words) and (words[at] or "").startswith("-"):
        at += 2 if words[at] in _PHP_VALUES else 1
    script = (words[at] or "").rpartition("/")[2] if at < len(words) else ""
    return (
        at + 1 if script in {"composer", "composer.phar", "composer2", "composer2.phar"} else None
    )


def _read(
    words: Sequence[str | None],
    verb: str,
    given: Arguments,
    operands: tuple[str, ...],
    role: Role,
    *,
    everywhere: bool,
) -> Call:
    outputs: tuple[str, ...] = ()
    if everywhere:
        changes = verb in {"require", "r", "update", "u", "upgrade", "install", "i"}
        role = Role.ADD if changes else role
    elif role is Role.INSTALL and given.has("nothing-installed"):
        role = Role.CHANGE
    elif verb == "create-project":
        outputs = operands[1:2] or (operands[0].rpartition("/")[2],) if operands else ()
    elif verb == "config" and not given.has("everywhere"):
        role = Role.CHANGE
    elif role is Role.ADD:
        everywhere = True
    return Call(
        ecosystem="composer",
        verb=verb,
        role=role,
        words=tuple(words),
        locked=False,
        production=given.has("production"),
        everywhere=everywhere,
        defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
        packages=operands if role is Role.ADD else (),
        unknown=given.unknown,
        directory=next((value for value in given.values("directory") if value), ""),
        flags=given.pairs,
        scripts=not given.has("no-scripts"),
        outputs=outputs,
    )


ECOSYSTEM = ComposerEcosystem(__file__)
