"""What pip-sync and pip-compile do, and what they read of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import read_arguments
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.piplike import pip_call, pip_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

_DEFAULT = "requirements.txt"  # https://pip-tools.readthedocs.io/en/latest/cli/pip-sync/


class PipToolsEcosystem(Ecosystem):
    """pip-sync and pip-compile."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What one of the two programs does."""
        verb = (words[0] or "").rpartition("/")[2]
        command = self.knowledge.commands.get(verb)
        if command is None:
            return None
        given = read_arguments(words, 1, self.knowledge.flags, letters="joined")
        operands = tuple(word for _, word in given.rest if word is not None)
        if command.role is not Role.INSTALL or given.has("nothing-installed"):
            role = Role.RUN if command.role is Role.INSTALL else command.role
            return Call("piptools", verb, role, tuple(words))
        call = pip_call("piptools", words, verb, given, operands or (_DEFAULT,))
        return call._replace(everywhere=True)

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """Where PATH leads, as pip does, which pip-sync calls."""
        del did, request
        return Known("", "pip-sync")

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """The requirements files, and what they include."""
        if call.role is not Role.INSTALL:
            return Unknown(f"what {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"{call.verb} has {call.unknown[0]}, which is not understood")
        if any(name and self.knowledge.flags[name].effect == "file" for name, _ in call.flags):
            return Unknown(f"{call.verb} reads a file of settings")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, "") != "":
                return Unknown(f"{rule.name} names a file that pip reads too")
        return pip_inputs(self.knowledge.flags, call, tree, directory, workdir=workdir)


ECOSYSTEM = PipToolsEcosystem(__file__)
