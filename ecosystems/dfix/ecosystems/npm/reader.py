"""What a call of npm does, and what it needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.node.settings import Settings
    from dfix.ecosystems.tree import Tree

OMIT_RULE = "https://docs.npmjs.com/cli/v10/commands/npm-ci#omit"
LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "prepare", "preprepare")
CI_RULE = "https://docs.npmjs.com/cli/v10/commands/npm-ci"

_RESOLVES_PEERS = 7  # the npm from which on peer dependencies are installed
_OMIT_SINCE = (16,)
_NODE_16_WITH_NPM_8 = 11  # 16.11.0, by https://nodejs.org/dist/index.json


class NpmEcosystem(Ecosystem):
    """npm and npx."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What an npm command does; None for a corepack that runs something else."""
        start = 1
        program = (words[0] or "").rpartition("/")[2]
        if program == "corepack":
            named = words[1] if len(words) > 1 else ""
            if named not in {"npm", "npx"}:
                from dfix.ecosystems.npm.corepack import read_corepack  # noqa: PLC0415 - few

                return read_corepack(words)
            program, start = named, 2
        if program.startswith("npx"):
            return Call("npm", "npx", Role.RUN, tuple(words))
        leading = read_arguments(words, start, self.knowledge.flags, stop=1)
        if not leading.rest:
            return Call("npm", "", Role.CONFIG, tuple(words))  # npm --version
        at, verb = leading.rest[0]
        if verb == "cache":
            deeper = read_arguments(words, at + 1, self.knowledge.flags, stop=1).rest
            verb = f"cache {deeper[0][1]}" if deeper else verb
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"npm {verb}"
            return Call("npm", verb or "", Role.RUN, tuple(words), unknown=(named,))
        given = read_arguments(words, start, self.knowledge.flags, letters="joined")
        behind = [word for _, word in given.rest[len(verb.split()) :]]
        operands = tuple(word for word in behind if word is not None)
        role = command.role
        everywhere = given.has("everywhere") or "global" in given.values("location")
        if command.verb == "install":
            # A word that is not literal may be a flag or a package: taken as a package.
            role = _install_role(given, everywhere=everywhere, packages=len(behind))
        directory = next((value for value in given.values("directory") if value), "")
        return Call(
            ecosystem="npm",
            verb=command.verb if role in {Role.INSTALL, Role.ADD, Role.PROJECT} else verb,
            role=role,
            words=tuple(words),
            locked=command.locked,
            production=_production(given),
            offline=given.has("offline"),
            everywhere=everywhere,
            files=tuple(word for word in operands if _is_local(word))
            if role is not Role.RUN
            else (),
            packages=operands if role is Role.ADD else (),
            unknown=given.unknown if role in {Role.INSTALL, Role.ADD, Role.PROJECT} else (),
            directory="" if everywhere else directory,
            flags=given.pairs,
            cache=next((value for value in given.values("cache") if value), None),
            scripts=not given.has("no-scripts"),
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
        from dfix.ecosystems.npm.inputs import NPM  # noqa: PLC0415

        if call.role is not Role.INSTALL:
            return Unknown(f"what npm {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"npm {call.verb} has {call.unknown[0]}, which is not understood")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, ""):
                return Unknown(f"{rule.name} names a file that npm reads too")
        named = self._named_file(call)
        if named is not None:
            return Unknown(f"npm reads {named}")
        return install_inputs(NPM, call, tree, self._folder(call, directory, workdir))

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """`npm ci` in the place of `npm install`, where the lock holds all that it needs."""
        if call.role is not Role.INSTALL or call.locked:
            return None
        if call.unknown:
            return Unknown(f"npm {call.verb} has {call.unknown[0]}, which is not understood")
        effects = {self.knowledge.flags[name].effect: value for name, value in call.flags}
        if "no-lock" in effects or effects.get("lock") == "false":
            return Unknown("the command tells npm to leave the lockfile alone", "lock-off")
        at = _verb_index(self, call)
        folder = self._folder(call, directory, None)
        legacy = effects.get("legacy-peers", "false") != "false" or "force" in effects
        matches = self._matches(tree, folder, runtime=runtime, legacy_peers=legacy)
        if isinstance(matches, Unknown):
            return matches
        because = f"{matches.source} satisfies the manifest; npm ci installs it or fails"
        reads = (*_manifests(tree, folder), matches.source)
        return Known(Locked({at: "ci"}, (), because, CI_RULE, reads), matches.source)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Does the lockfile give every dependency a version that satisfies it?"""
        from dfix.ecosystems.node.settings import read_settings  # noqa: PLC0415
        from dfix.ecosystems.npm.lockfile import mismatch, read_lock  # noqa: PLC0415

        lock = read_lock(tree, directory)
        if isinstance(lock, Unknown):
            return lock
        settings = read_settings(tree, directory)
        if isinstance(settings, Unknown):
            return settings
        found = mismatch(
            tree, directory, lock.value, legacy_peers=settings.value.on("legacy-peer-deps")
        )
        if isinstance(found, Unknown):
            return found
        return Known(found.value is None, lock.source)

    def _matches(
        self, tree: Tree, folder: str, *, runtime: str | None, legacy_peers: bool
    ) -> Fact[bool]:
        """Known where `npm ci` of this run time accepts the lock; else Unknown with the reason."""
        from dfix.ecosystems.node.settings import read_settings  # noqa: PLC0415
        from dfix.ecosystems.npm.lockfile import acceptable, mismatch, read_lock  # noqa: PLC0415

        settings = read_settings(tree, folder)
        if isinstance(settings, Unknown):
            return settings
        if settings.value.off("package-lock") or settings.value.off("shrinkwrap"):
            return Unknown(f"{settings.source} tells npm to leave the lockfile alone", "lock-off")
        lock = read_lock(tree, folder)
        if isinstance(lock, Unknown):
            return lock
        legacy = legacy_peers or _lenient(settings.value)
        refused = acceptable(lock.value, self.npm_of(runtime), legacy_peers=legacy)
        if refused is not None:
            return refused
        npm = self.npm_of(runtime)
        old = isinstance(npm, Known) and npm.value < _RESOLVES_PEERS
        found = mismatch(tree, folder, lock.value, legacy_peers=legacy or old, old=old)
        if isinstance(found, Unknown):
            return found
        if found.value is not None:
            why = f"{lock.value.path} does not match the manifest: {found.value}"
            return Unknown(why, "lock-mismatch")
        return Known(True, lock.value.path)

    def prune(self, call: Call, release: tuple[int, ...] | None) -> tuple[str, ...] | None:
        """`npm prune`, with the flags of the install that decide which tree is right.

        `--omit=dev` came with npm 7, which came with Node.js 16; npm 6 knows --production:
        https://docs.npmjs.com/cli/v7/commands/npm-prune
        """
        omit = "--omit=dev" if release is None or release >= _OMIT_SINCE else "--production"
        kept = dict.fromkeys(
            word for word in call.words if word in ("--legacy-peer-deps", "--force")
        )
        return ("npm", "prune", omit, *(word for word in kept if word))

    def production(
        self, call: Call, tree: Tree, directory: str, release: tuple[int, ...] | None
    ) -> Fact[tuple[str, ...]] | None:
        """`--omit=dev`, which the scripts of the project itself must bear: npm runs them all the same.

        https://docs.npmjs.com/cli/v10/using-npm/scripts#npm-ci
        """
        from dfix.ecosystems.npm.inputs import manifests_of  # noqa: PLC0415 - read when asked

        if call.role is not Role.INSTALL or call.production or call.unknown:
            return None
        folder = self._folder(call, directory, None)
        projects = manifests_of(tree, folder)
        if isinstance(projects, Unknown):
            return projects
        for each in projects.value if call.scripts else ():
            for name in LIFECYCLE:
                if name in each.table("scripts"):
                    return Unknown(f"{each.path} has a {name} script, which an install runs")
        words = ("--omit=dev",) if release is None or release >= _OMIT_SINCE else ("--production",)
        return Known(words, OMIT_RULE)

    def npm_of(self, runtime: str | None) -> Fact[int]:
        """The major version of the npm that comes with a Node.js version."""
        extra = self.knowledge.extra
        source = extra["npm-of-node-source"]
        if runtime is None:
            return Unknown("the version of npm in this image is not known")
        if runtime in extra["floating"]:
            return Known(extra["newest-npm"], source)
        name = runtime.removeprefix("lts-").removeprefix("v")
        major = str(extra["node-of-codename"].get(name, name.partition(".")[0]))
        npm = extra["npm-of-node"].get(major)
        if npm is None:
            return Unknown(f"the version of npm that comes with Node.js {runtime} is not known")
        minor = name.split(".")[1] if "." in name else ""
        if major == "16" and minor.isdecimal() and int(minor) < _NODE_16_WITH_NPM_8:
            npm = 7
        return Known(int(npm), source)

    def reads_env(self, call: Call) -> tuple[str, ...]:
        """Scripts of packages may read any variable, unless npm is told not to run them."""
        if call.role in {Role.CONFIG, Role.CLEAN} or (
            not call.scripts and call.role is Role.INSTALL
        ):
            return tuple(rule.name for rule in self.knowledge.env if rule.name != "*")
        return ("*",)

    def runs_code(self, call: Call, tree: Tree, directory: str) -> bool:
        """Scripts of the project and of packages, as manifest and lockfile tell."""
        from dfix.ecosystems.node.locks import install_scripts  # noqa: PLC0415 - read when asked
        from dfix.ecosystems.npm.inputs import manifests_of  # noqa: PLC0415 - the same

        if call.role in {Role.CLEAN, Role.CONFIG}:
            return False
        if call.role is not Role.INSTALL or call.unknown:
            return True
        if not call.scripts:
            return False
        folder = self._folder(call, directory, None)
        projects, packages = manifests_of(tree, folder), install_scripts(tree, folder or ".")
        if not call.locked or isinstance(projects, Unknown) or isinstance(packages, Unknown):
            return True
        own = any(name in each.table("scripts") for each in projects.value for name in LIFECYCLE)
        return own or bool(packages.value)

    def _named_file(self, call: Call) -> str | None:
        for name, value in call.flags:
            if self.knowledge.flags[name].effect == "file":
                return value or name
        return None

    def _folder(self, call: Call, directory: str, workdir: str | None) -> str:
        inner = call.directory
        if inner.startswith("/") and workdir is not None:
            inner = posixpath.relpath(inner, workdir)
        return posixpath.join(directory, inner) if inner else directory


def _install_role(given: Arguments, *, everywhere: bool, packages: int) -> Role:
    if given.has("nothing-installed"):
        return Role.CHANGE
    if packages:
        return Role.ADD
    return Role.PROJECT if everywhere else Role.INSTALL


def _production(given: Arguments) -> bool:
    """Are development dependencies left out, as far as the flags tell?"""
    if "dev" in given.values("include") or given.has("include-dev"):
        return False
    omitted = set(given.values("omit"))
    return given.has("production") or bool(omitted & {"dev", "prod", "production"})


def _manifests(tree: Tree, folder: str) -> tuple[str, ...]:
    """The manifests that a lock is compared with: the project's and those of its workspaces."""
    from dfix.ecosystems.npm.inputs import manifests_of  # noqa: PLC0415 - read when asked

    found = manifests_of(tree, folder)
    if isinstance(found, Unknown):
        return (posixpath.join(folder, "package.json"),)
    return tuple(each.path for each in found.value)


def _is_local(word: str) -> bool:
    return word.startswith((".", "/", "~/", "file:")) or word.endswith((".tgz", ".tar.gz", ".tar"))


def _lenient(settings: Settings) -> bool:
    return settings.on("legacy-peer-deps") or settings.on("force")


def _verb_index(ecosystem: Ecosystem, call: Call) -> int:
    """Which word is the subcommand."""
    start = 2 if (call.words[0] or "").endswith("corepack") else 1
    return read_arguments(call.words, start, ecosystem.knowledge.flags, stop=1).rest[0][0]


ECOSYSTEM = NpmEcosystem(__file__)
