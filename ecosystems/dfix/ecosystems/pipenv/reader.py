"""What a call of Pipenv does, and what it reads of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.modules_called import behind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.knowledge import Output
    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

_INSTALLS = frozenset({"install", "sync"})
VENV_RULE = "https://pipenv.pypa.io/en/latest/virtualenv.html"
DEPLOY_RULE = "https://pipenv.pypa.io/en/latest/cli.html#install"
# Switches that are commands of their own, without a subcommand.
_ALONE = ("--rm", "--clear", "--where", "--venv", "--py", "--envs", "--version", "--help", "--man")


class PipenvEcosystem(Ecosystem):
    """Pipenv, by its own name or as a module of Python."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a pipenv command does; None for a Python that runs something else."""
        start = behind(words, "pipenv")
        if start is None:
            return None
        leading = read_arguments(words, start, self.knowledge.flags, stop=1)
        if not leading.rest:
            switch = next((each for each in _ALONE if each in words), "")
            command = self.knowledge.commands.get(switch)
            return Call("pipenv", switch, command.role if command else Role.CONFIG, tuple(words))
        verb = leading.rest[0][1]
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"pipenv {verb}"
            return Call("pipenv", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if verb not in _INSTALLS:
            return Call("pipenv", verb, command.role, tuple(words))
        given = read_arguments(words, start, self.knowledge.flags, letters="joined")
        packages = [word for _, word in given.rest[1:]]
        editable = [value for value in given.values("editable") if value]
        return Call(
            ecosystem="pipenv",
            verb=verb,
            role=_role(given, packages, editable),
            words=tuple(words),
            locked=command.locked or given.has("deploy") or given.has("from-lock"),
            production=not given.has("dev"),
            files=tuple(editable),
            packages=tuple(word for word in packages if word is not None),
            unknown=given.unknown,
            flags=given.pairs,
        )

    def outputs(
        self, call: Call, env: Mapping[str, str | None] | None = None
    ) -> tuple[Output, ...]:
        """`.venv` where a variable says so."""
        named = (env or {}).get("PIPENV_VENV_IN_PROJECT", "")
        return self.knowledge.outputs if named and call.verb in _INSTALLS else ()

    def lock_off(self, env: Mapping[str, str | None]) -> str | None:
        """`PIPENV_SKIP_LOCK`, or `PIPENV_IGNORE_PIPFILE`, which takes the lock unseen."""
        names = ("PIPENV_SKIP_LOCK", "PIPENV_IGNORE_PIPFILE")
        return next((name for name in names if env.get(name, "") != ""), None)

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """The system's prefix with --system, or `.venv` where a variable says so."""
        from dfix.ecosystems.python.places import PREFIX  # noqa: PLC0415 - when asked

        del request
        env = did.environment
        if did.call.unknown or did.call.role is not Role.INSTALL:
            return Unknown(f"where pipenv {did.call.verb} installs is not known")
        if any(
            env.get(name, "") != "" for name in ("VIRTUAL_ENV", "PIPENV_PYTHON", "PIPENV_PIPFILE")
        ):
            return Unknown("a variable may lead pipenv to another environment")
        if any(name == "--python" for name, _ in did.call.flags):
            return Unknown("a flag chooses the Python")
        if self._has(did.call, "system"):
            return Known(PREFIX, DEPLOY_RULE)
        if env.get("PIPENV_VENV_IN_PROJECT", "") in {"1", "true", "True"}:
            return Known(f"{did.directory.rstrip('/')}/.venv", VENV_RULE)
        return Unknown("Pipenv makes a virtual environment whose name is not known")

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """Pipfile, its lock, and the archives that they name."""
        from dfix.ecosystems.pipenv.pipfile import install_inputs  # noqa: PLC0415 - when asked

        del workdir
        if call.role is not Role.INSTALL:
            return Unknown(f"what pipenv {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"pipenv {call.verb} has {call.unknown[0]}, which is not understood")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, "") != "":
                return Unknown(f"{rule.name} names a file that pipenv reads too")
        skips = self._has(call, "no-lock") or (env or {}).get("PIPENV_SKIP_LOCK", "") != ""
        return install_inputs(
            tree,
            directory,
            locked=call.locked,
            system=self._has(call, "system"),
            skips_lock=skips,
        )

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """`pipenv install --deploy`."""
        from dfix.ecosystems.pipenv.pipfile import accepted  # noqa: PLC0415 - when asked

        if call.verb != "install" or call.role is not Role.INSTALL or call.locked:
            return None
        if call.unknown:
            return Unknown(f"pipenv install has {call.unknown[0]}, which is not understood")
        for effect in ("no-lock", "resolves", "index", "categories"):
            if self._has(call, effect):
                return Unknown("a flag may ask for another lock", "lock-off")
        found = accepted(tree, directory, runtime)
        if isinstance(found, Unknown):
            return found
        lock, manifest = found.value
        because = f"the hash in {lock} is that of {manifest}"
        return Known(Locked({}, ("--deploy",), because, DEPLOY_RULE, (manifest, lock)), lock)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Is the lock's hash that of the Pipfile?"""
        from dfix.ecosystems.pipenv.pipfile import fits  # noqa: PLC0415 - when asked

        return fits(tree, directory)

    def _has(self, call: Call, effect: str) -> bool:
        return any(self.knowledge.flags[name].effect == effect for name, _ in call.flags)


def _role(given: Arguments, packages: list[str | None], editable: list[str]) -> Role:
    if editable or any(word and word.startswith((".", "/")) for word in packages):
        return Role.PROJECT
    if packages:
        return Role.ADD
    return Role.CHANGE if given.has("requirement") else Role.INSTALL


ECOSYSTEM = PipenvEcosystem(__file__)
