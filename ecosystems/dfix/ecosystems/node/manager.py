"""What Yarn, pnpm and Bun have in common: the questions of `Ecosystem` that are answered alike."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Call, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.calling import read_manager_call, start_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.node.installing import Installer
    from dfix.ecosystems.tree import Tree


# The locks of all managers: https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json,
# https://yarnpkg.com/advanced/lexicon#lockfile, https://pnpm.io/git#lockfiles, https://bun.com/docs/pm/lockfile
_LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "Yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "Bun",
    "bun.lockb": "Bun",
}


def lock_of(installer: Installer, tree: Tree, folder: str) -> Fact[str]:
    """The lockfile in force; Unknown with the slug `no-lockfile`."""
    for name in installer.locks:
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            return Known(path, path)
    wanted = installer.locks[0]
    for name, manager in _LOCKS.items():
        if tree.is_file(posixpath.join(folder, name)):
            return Unknown(f"there is no {wanted}, but {name} of {manager}", "no-lockfile")
    return Unknown(f"there is no {wanted} in {folder or 'the build context'}", "no-lockfile")


def program_of(call: Call) -> tuple[str, ...]:
    """The words with which a call starts its manager: `pnpm`, `corepack pnpm`."""
    words = [word for word in call.words if word is not None]
    return tuple(words[: 2 if words[0].rpartition("/")[2] == "corepack" else 1])


class NodeManager(Ecosystem):
    """A package manager of Node.js projects.

    `alone` is the verb of a call without one, `runs` are the programs that only run something
    (pnpx), `adds` tells that an install with packages adds them.
    """

    alone = ""
    runs: tuple[str, ...] = ()
    adds = True

    def installer(self, call: Call, tree: Tree, folder: str) -> Fact[Installer]:
        """How the manager installs this folder."""
        raise NotImplementedError

    def enforced(self, call: Call, tree: Tree, folder: str) -> Fact[tuple[Locked, str]]:
        """The locked form where the lock fits, and the lock; else Unknown with its slug."""
        raise NotImplementedError

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command does; None for a corepack that runs something else."""
        programs = [each for each in self.knowledge.programs if each != "corepack"]
        start = start_of(words, programs)
        if start is None:
            return None
        program = (words[start - 1] or "").rpartition("/")[2].partition("@")[0]
        if program in self.runs:
            return Call(self.id, program, Role.RUN, tuple(words))
        return read_manager_call(
            self.knowledge, words, start=start, alone=self.alone, adds=self.adds
        )

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """Manifests, lockfile, settings, and what lifecycle scripts read."""
        from dfix.ecosystems.node.installing import install_inputs  # noqa: PLC0415 - read when asked

        if call.role not in {Role.INSTALL, Role.FETCH}:
            return Unknown(f"what {self.id} {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"{self.id} {call.verb} has {call.unknown[0]}, which is not understood")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, ""):
                return Unknown(f"{rule.name} names a file that {self.id} reads too")
        elsewhere = self._flag(call, "elsewhere")
        if elsewhere is not None:
            return Unknown(f"{elsewhere} leads {self.id} to other files")
        folder = self._folder(call, directory, workdir)
        how = self.installer(call, tree, folder)
        return how if isinstance(how, Unknown) else install_inputs(how.value, call, tree, folder)

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """The same call with the flag that enforces the lock, where the lock fits."""
        del runtime  # the release of these managers is not that of Node.js
        if call.role is not Role.INSTALL or call.locked or call.verb not in self.lockable:
            return None
        if call.unknown:
            return Unknown(f"{self.id} {call.verb} has {call.unknown[0]}, which is not understood")
        off = self._flag(call, "no-lock") or self._flag(call, "unlocked")
        if off is not None:
            return Unknown(f"{off} tells {self.id} to leave the lockfile alone", "lock-off")
        elsewhere = self._flag(call, "elsewhere")
        if elsewhere is not None:
            return Unknown(f"{elsewhere} leads {self.id} to other files")
        found = self.enforced(call, tree, self._folder(call, directory, None))
        return found if isinstance(found, Unknown) else Known(found.value[0], found.value[1])

    @property
    def lockable(self) -> tuple[str, ...]:
        """The verbs that have a locked form."""
        return ("install",)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Does the lockfile give every dependency a version that satisfies it?"""
        call = self.read_call((self.knowledge.programs[0], "install"))
        assert call is not None  # noqa: S101 - the manager's own words
        found = self.enforced(call, tree, directory)
        if not isinstance(found, Unknown):
            return Known(True, found.value[1])
        return Known(False, found.why) if found.slug == "lock-mismatch" else found

    def reads_env(self, call: Call) -> tuple[str, ...]:
        """Scripts of packages may read any variable, unless the manager is told not to run them."""
        if call.role in {Role.CONFIG, Role.CLEAN} or (
            not call.scripts and call.role is Role.INSTALL
        ):
            return tuple(rule.name for rule in self.knowledge.env if rule.name != "*")
        return ("*",)

    def _flag(self, call: Call, effect: str) -> str | None:
        """The flag of a call that has an effect."""
        for name, value in call.flags:
            if self.knowledge.flags[name].effect == effect and value != "false":
                return name
        return None

    def _folder(self, call: Call, directory: str, workdir: str | None) -> str:
        inner = call.directory
        if inner.startswith("/") and workdir is not None:
            inner = posixpath.relpath(inner, workdir)
        return posixpath.join(directory, inner) if inner else directory
