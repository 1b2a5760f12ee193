"""What a call of Poetry does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, FirstPhase, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.modules_called import behind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.knowledge import Output
    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

_GROUPS = frozenset({"cache", "env", "self", "source", "python"})
_INSTALLS = frozenset({"install", "sync"})
_TRUE = frozenset({"1", "true"})


class PoetryEcosystem(Ecosystem):
    """Poetry, by its own name or as a module of Python."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a poetry command does; None for a Python that runs something else."""
        start = behind(words, "poetry")
        if start is None:
            return None
        leading = read_arguments(words, start, self.knowledge.flags, stop=1)
        if not leading.rest:
            return Call("poetry", "", Role.CONFIG, tuple(words))  # poetry --version
        at, verb = leading.rest[0]
        if verb in _GROUPS:
            deeper = read_arguments(words, at + 1, self.knowledge.flags, stop=1).rest
            verb = f"{verb} {deeper[0][1]}" if deeper else verb
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"poetry {verb}"
            return Call("poetry", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if command.role in {Role.RUN, Role.CONFIG, Role.CLEAN}:
            given = leading
        else:
            given = read_arguments(words, start, self.knowledge.flags, letters="joined")
        role, unknown = command.role, given.unknown
        if verb in _INSTALLS:
            unknown = (*unknown, *(word for _, word in given.rest[1:] if word is not None))
            if given.has("only-project"):
                role = Role.PROJECT
            elif given.has("nothing-installed"):
                role = Role.RUN
        elif verb == "config" and "--local" in words:
            role = Role.CHANGE  # it writes poetry.toml
        return Call(
            ecosystem="poetry",
            verb=verb,
            role=role,
            words=tuple(words),
            production=_production(given),
            defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
            unknown=unknown if verb in _INSTALLS else (),
            directory=next((value for value in given.values("directory") if value), ""),
            flags=given.pairs,
            outputs=tuple(value for value in given.values("output") if value),
        )

    def outputs(
        self, call: Call, env: Mapping[str, str | None] | None = None
    ) -> tuple[Output, ...]:
        """`.venv` where a variable says so; poetry.toml and `poetry config` may say it too."""
        value = (env or {}).get("POETRY_VIRTUALENVS_IN_PROJECT", "") or ""
        if call.verb in _INSTALLS and value.lower() in _TRUE:
            return self.knowledge.outputs
        return ()

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """The active environment, the system's prefix, or `.venv`, as settings say."""
        from dfix.ecosystems.poetry.environments import environment  # noqa: PLC0415 - when asked

        return environment(did, request)

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """Manifest, lock and settings."""
        from dfix.ecosystems.poetry.inputs import install_inputs  # noqa: PLC0415 - when asked

        del env
        if call.verb not in _INSTALLS:
            return Unknown(f"what poetry {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"poetry {call.verb} has {call.unknown[0]}, which is not understood")
        inner = call.directory
        if inner.startswith("/") and workdir is not None:
            inner = posixpath.relpath(inner, workdir)
        folder = posixpath.join(directory, inner) if inner else directory
        return install_inputs(self.knowledge, tree, folder, without=_without_project(call))

    def without_project(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[FirstPhase] | None:
        """`--no-root`, where a lock tells what there is to install."""
        if call.verb not in _INSTALLS or _without_project(call) or call.role is not Role.INSTALL:
            return None
        first = call._replace(flags=(*call.flags, ("--no-root", None)))
        found = self.inputs(first, tree, directory, env=env, workdir=workdir)
        if isinstance(found, Unknown):
            return found
        if found.value.lock is None:
            return Unknown("there is no poetry.lock")
        because = "poetry install adds the project itself to what --no-root installed"
        source = self.knowledge.extra["two-phases"]
        return Known(FirstPhase(("--no-root",), found.value, because, source), found.source)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Is the lock's hash that of the manifest, as Poetry makes it?"""
        from dfix.ecosystems.poetry.lockfile import fits, read_lock  # noqa: PLC0415 - when asked

        lock = read_lock(tree, directory)
        return lock if isinstance(lock, Unknown) else fits(tree, directory, lock.value)


def _production(given: Arguments) -> bool:
    """Are development dependencies left out, as far as the flags tell?"""
    only = {name for value in given.values("only") for name in (value or "").split(",")}
    without = {name for value in given.values("without") for name in (value or "").split(",")}
    return given.has("dev") or only == {"main"} or "dev" in without


def _without_project(call: Call) -> bool:
    """Is the project itself left out? `--only main` installs it (tried with 1.5.1 and 2.5.1)."""
    return any(name == "--no-root" for name, _ in call.flags)


ECOSYSTEM = PoetryEcosystem(__file__)
