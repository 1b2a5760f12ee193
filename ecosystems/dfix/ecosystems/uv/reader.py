"""What a call of uv does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Cache, Call, FirstPhase, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.piplike import pip_call, pip_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.knowledge import Output
    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

LOCKED_RULE = (
    "https://docs.astral.sh/uv/concepts/projects/sync/#checking-if-the-lockfile-is-up-to-date"
)
# Commands whose subcommand is the second word.
_GROUPS = frozenset({"pip", "tool", "python", "cache", "self", "auth", "workspace"})
_PIP = frozenset({"pip install", "pip sync"})
_FALSE = frozenset({"", "0", "false", "no", "off", "n", "f"})
_RESOLVES = frozenset({"index", "find-links", "resolves"})
_LEAVES_OUT = ("no-project", "no-workspace", "no-local")


class UvEcosystem(Ecosystem):
    """uv and uvx."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a uv command does."""
        if (words[0] or "").rpartition("/")[2].startswith("uvx"):
            return Call("uv", "uvx", Role.RUN, tuple(words))
        leading = read_arguments(words, 1, self.knowledge.flags, stop=1)
        if not leading.rest:
            return Call("uv", "", Role.CONFIG, tuple(words))  # uv --version
        at, verb = leading.rest[0]
        if verb in _GROUPS:
            deeper = read_arguments(words, at + 1, self.knowledge.flags, stop=1).rest
            verb = f"{verb} {deeper[0][1]}" if deeper else verb
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"uv {verb}"
            return Call("uv", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if command.role is Role.RUN:
            given = leading
            operands: tuple[str, ...] = ()
        else:
            given = read_arguments(words, 1, self.knowledge.flags, letters="joined")
            behind = given.rest[len(verb.split()) :]
            operands = tuple(word for _, word in behind if word is not None)
        if verb in _PIP:
            call = pip_call("uv", words, verb, given, operands)
            everywhere = given.has("system") and not call.outputs
            return call._replace(directory=_directory(given), everywhere=everywhere)
        return self._project_call(words, verb, command.role, given, operands)

    def _project_call(
        self,
        words: Sequence[str | None],
        verb: str,
        role: Role,
        given: Arguments,
        operands: tuple[str, ...],
    ) -> Call:
        unknown = given.unknown
        packages: tuple[str, ...] = ()
        files: tuple[str, ...] = ()
        if verb == "tool install":
            packages = (*operands, *(value for value in given.values("with") if value))
        elif verb == "python install":
            role = Role.ADD if operands else Role.RUN
        elif verb == "sync":
            if given.has("nothing-installed"):
                role = Role.RUN
            unknown = (*unknown, *operands)
        outputs = tuple(value for value in given.values("output") if value)
        if verb == "venv":
            outputs = operands[:1] or (".venv",)
            if not given.has("no-manifest"):
                files = ("pyproject.toml", "uv.toml", ".python-version", ".python-versions")
            unknown = (
                *unknown,
                *(flag.rule.name for flag in given.effects("system-site")),
            )
        return Call(
            ecosystem="uv",
            verb=verb,
            role=role,
            words=tuple(words),
            locked=given.has("locked") or given.has("frozen"),
            production=given.has("dev"),
            offline=given.has("offline"),
            everywhere=verb in {"tool install", "python install"},
            defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
            files=files,
            packages=packages,
            unknown=unknown if role is not Role.RUN else (),
            directory=_directory(given),
            flags=given.pairs,
            cache=next((value for value in given.values("cache") if value), None),
            outputs=outputs,
        )

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The cache, unless files are symbolic links into it: site-packages is then full of them (tried).

        https://docs.astral.sh/uv/reference/settings/#link-mode
        """
        mode = dict(call.flags).get("--link-mode", (env or {}).get("UV_LINK_MODE", ""))
        if mode is None or mode == "symlink":
            what = "a link mode that is not literal may make" if mode is None else "symlink makes"
            return Unknown(f"{what} what is installed links into the cache", "linked-cache")
        for name in ("uv.toml", "pyproject.toml") if tree is not None and not mode else ():
            text = tree.read(posixpath.join(directory, name)) if tree is not None else None
            line = text.value.partition("link-mode")[2] if isinstance(text, Known) else ""
            if "symlink" in line.partition("\n")[0]:
                why = f"{name} makes what is installed links into the cache"
                return Unknown(why, "linked-cache")
        return Known(self.caches(call, env), self.id)

    def cache_off(self, env: Mapping[str, str | None]) -> str | None:
        """`UV_NO_CACHE`, unless it says no."""
        name = super().cache_off(env)
        value = env.get(name) if name else None
        return None if name and value is not None and value.lower() in _FALSE else name

    def lock_off(self, env: Mapping[str, str | None]) -> str | None:
        """The variable in force that makes uv take the lock unseen, or ask other indexes than the lock names."""
        for name in self.knowledge.extra["lock-variables"]:
            if env.get(name, "") not in _FALSE:
                return str(name)
        return None

    def outputs(
        self, call: Call, env: Mapping[str, str | None] | None = None
    ) -> tuple[Output, ...]:
        """`.venv` of the project, unless a variable leads elsewhere."""
        if call.verb != "sync" or (env or {}).get("UV_PROJECT_ENVIRONMENT", "") != "":
            return ()
        return self.knowledge.outputs

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """The project's environment, the active one, or the system's prefix."""
        from dfix.ecosystems.uv.environments import environment  # noqa: PLC0415 - when asked

        return environment(self.knowledge, did, request)

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """Manifest, lock and settings of a project, or the requirements files of `uv pip`."""
        from dfix.ecosystems.uv.inputs import settings_of, sync_inputs  # noqa: PLC0415 - when asked

        problem = self._not_read(call, env)
        if problem is not None:
            return problem
        folder = _folder(call, directory, workdir)
        if call.verb in _PIP:
            system = call.everywhere or _system(env)
            found = pip_inputs(
                self.knowledge.flags,
                call,
                tree,
                folder,
                workdir=workdir,
                outputs=() if system else (".venv",),
            )
            return found if isinstance(found, Unknown) else settings_of(tree, folder, found.value)
        if call.verb != "sync":
            return Unknown(f"what uv {call.verb} reads is not known")
        return sync_inputs(
            self.knowledge, call, tree, folder, env=env or {}, without=_without_project(self, call)
        )

    def without_project(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[FirstPhase] | None:
        """`--no-install-project`, where a lock tells what there is to install."""
        if call.verb != "sync" or _without_project(self, call):
            return None
        first = call._replace(flags=(*call.flags, ("--no-install-project", None)))
        found = self.inputs(first, tree, directory, env=env, workdir=workdir)
        if isinstance(found, Unknown):
            return found
        if found.value.lock is None:
            return Unknown("there is no uv.lock")
        because = "uv sync adds the project itself to what --no-install-project installed"
        source = self.knowledge.extra["two-phases"]
        return Known(
            FirstPhase(("--no-install-project",), found.value, because, source), found.source
        )

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """`uv sync --locked`."""
        from dfix.ecosystems.uv.lockfile import matches  # noqa: PLC0415 - read when asked

        del runtime
        if call.verb != "sync" or call.role is not Role.INSTALL or call.locked:
            return None
        problem = self._not_read(call, None)
        if problem is not None:
            return problem
        for name, _ in call.flags:
            if name and self.knowledge.flags[name].effect in _RESOLVES:
                return Unknown(f"{name} may ask for another lock", "lock-off")
        found = matches(self.knowledge, tree, _folder(call, directory, None))
        if isinstance(found, Unknown):
            return found
        lock, manifest = found.value
        because = f"{lock} is what uv would write for {manifest}"
        return Known(Locked({}, ("--locked",), because, LOCKED_RULE, (manifest, lock)), lock)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Would `uv sync --locked` accept the lock?"""
        from dfix.ecosystems.uv.lockfile import matches  # noqa: PLC0415 - read when asked

        found = matches(self.knowledge, tree, directory)
        if isinstance(found, Unknown):
            return Known(False, directory) if found.slug == "lock-mismatch" else found
        return Known(True, found.source)

    def _not_read(self, call: Call, env: Mapping[str, str | None] | None) -> Unknown | None:
        if call.unknown:
            return Unknown(f"uv {call.verb} has {call.unknown[0]}, which is not understood")
        for name, value in call.flags:
            if name and self.knowledge.flags[name].effect in {"other-project", "file"}:
                return Unknown(f"uv reads {value or 'what ' + name + ' means'} too")
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, "") != "":
                return Unknown(f"{rule.name} names a file that uv reads too")
        return None


def _directory(given: Arguments) -> str:
    return next((value for value in given.values("directory") if value), "")


def _folder(call: Call, directory: str, workdir: str | None) -> str:
    inner = call.directory
    if inner.startswith("/") and workdir is not None:
        inner = posixpath.relpath(inner, workdir)
    return posixpath.join(directory, inner) if inner else directory


def _without_project(ecosystem: Ecosystem, call: Call) -> bool:
    """Does a flag leave the project itself out?"""
    effects = {ecosystem.knowledge.flags[name].effect for name, _ in call.flags if name}
    return bool(effects & {*_LEAVES_OUT, "only-group"})


def _system(env: Mapping[str, str | None] | None) -> bool:
    value = (env or {}).get("UV_SYSTEM_PYTHON", "")
    return value is not None and value.lower() not in _FALSE


ECOSYSTEM = UvEcosystem(__file__)
