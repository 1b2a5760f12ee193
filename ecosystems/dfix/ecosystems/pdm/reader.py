"""What a call of PDM does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import read_arguments
from dfix.ecosystems.calls import Cache, Call, FirstPhase, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.modules_called import behind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.knowledge import Output
    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree

_INSTALLS = frozenset({"install", "sync"})
_GROUPS = frozenset({"cache", "venv", "python", "py", "self", "plugin"})
_FALSE = frozenset({"false", "no", "off", "0"})
VENV_RULE = "https://pdm-project.org/en/latest/usage/venv/"
CHECK_RULE = "https://pdm-project.org/en/latest/reference/cli/#install"


class PdmEcosystem(Ecosystem):
    """PDM, by its own name or as a module of Python."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a pdm command does; None for a Python that runs something else."""
        start = behind(words, "pdm")
        if start is None:
            return None
        leading = read_arguments(words, start, self.knowledge.flags, stop=1)
        if not leading.rest:
            return Call("pdm", "", Role.CONFIG, tuple(words))  # pdm --version
        at, verb = leading.rest[0]
        if verb in _GROUPS:
            deeper = read_arguments(words, at + 1, self.knowledge.flags, stop=1).rest
            verb = f"{verb} {deeper[0][1]}".replace("py ", "python ") if deeper else verb
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"pdm {verb}"
            return Call("pdm", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if verb == "config":
            local = any(word in {"-l", "--local", "-d", "--delete"} for word in words)
            return Call("pdm", verb, Role.CHANGE if local else Role.CONFIG, tuple(words))
        if verb not in _INSTALLS:
            return Call("pdm", verb, command.role, tuple(words))
        given = read_arguments(words, start, self.knowledge.flags, letters="joined")
        surplus = tuple(word for _, word in given.rest[1:] if word is not None)
        return Call(
            ecosystem="pdm",
            verb=verb,
            role=Role.RUN if given.has("nothing-installed") else Role.INSTALL,
            words=tuple(words),
            locked=command.locked or given.has("locked") or given.has("frozen"),
            production=given.has("production"),
            unknown=(*given.unknown, *surplus),
            directory=next((value for value in given.values("directory") if value), ""),
            flags=given.pairs,
        )

    def outputs(
        self, call: Call, env: Mapping[str, str | None] | None = None
    ) -> tuple[Output, ...]:
        """`.venv`, unless a variable says otherwise."""
        names = ("PDM_VENV_IN_PROJECT", "PDM_USE_VENV")
        said = any((env or {}).get(name, "") != "" for name in names)
        return self.knowledge.outputs if call.verb in _INSTALLS and not said else ()

    def links(self, call: Call) -> bool:
        """`pdm config install.cache on`: packages are then links into the cache (tried)."""
        words = call.words
        if call.verb != "config" or "install.cache" not in words:
            return False
        value = words[words.index("install.cache") + 1 :][:1]
        return bool(value) and (value[0] is None or value[0].lower() not in _FALSE)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The cache, unless a settings file of the project makes what is installed links into it.

        https://pdm-project.org/en/latest/usage/config/#cache-the-installation-of-wheels
        """
        for name in ("pdm.toml", ".pdm.toml") if tree is not None else ():
            path = posixpath.join(directory, name)
            text = tree.read(path) if tree is not None and tree.is_file(path) else None
            if text is not None and (isinstance(text, Unknown) or "cache" in text.value):
                why = f"{path} may make what is installed links into the cache"
                return Unknown(why, "linked-cache")
        return Known(self.caches(call, env), self.id)

    def lock_off(self, env: Mapping[str, str | None]) -> str | None:
        """A variable that leaves the lock alone, or names another one."""
        names = ("PDM_FROZEN_LOCKFILE", "PDM_NO_LOCK", "PDM_LOCKFILE", "PDM_PYPI_URL")
        return next((name for name in names if env.get(name, "") != ""), None)

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """`.venv` of the project, which is what PDM makes unless it is told otherwise.

        https://pdm-project.org/en/latest/usage/venv/
        """
        from dfix.ecosystems.python.pyproject import read_pyproject  # noqa: PLC0415 - when asked
        from dfix.ecosystems.python.specs import refused  # noqa: PLC0415 - the same

        env = did.environment
        if did.call.unknown or did.call.role is not Role.INSTALL:
            return Unknown(f"where pdm {did.call.verb} installs is not known")
        names = ("VIRTUAL_ENV", "CONDA_PREFIX", *(name for name in env if name.startswith("PDM_")))
        said = next((name for name in names if env.get(name, "") != ""), None)
        if said is not None and said not in {"PDM_CHECK_UPDATE", "PDM_CACHE_DIR"}:
            return Unknown(f"{said} may lead PDM to another environment")
        config = [each for each in request.did if each.call.ecosystem == "pdm"]
        if any(each.call.verb in {"config", "use", "venv create"} for each in config):
            return Unknown("a command of PDM may lead it to another environment")
        here = posixpath.normpath(posixpath.join(did.directory, did.call.directory))
        inside = posixpath.relpath(here, request.root)
        folder = posixpath.normpath(posixpath.join(request.folder or ".", inside))
        for name in ("__pypackages__", ".pdm-python", "pdm.toml", ".python-version"):
            path = posixpath.normpath(posixpath.join(folder, name))
            if request.tree.is_file(path) or request.tree.is_dir(path):
                return Unknown(f"{path} may lead PDM to another environment")
        manifest = read_pyproject(request.tree, folder)
        if isinstance(manifest, Unknown):
            return manifest
        other = refused(manifest.value, request.base.release)
        return Known(posixpath.join(here, ".venv"), VENV_RULE) if other is None else other

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
        from dfix.ecosystems.pdm.lockfile import install_inputs  # noqa: PLC0415 - when asked

        if call.role is not Role.INSTALL:
            return Unknown(f"what pdm {call.verb} reads is not known")
        problem = self._not_read(call)
        if problem is not None:
            return problem
        for rule in self.knowledge.env:
            if rule.effect == "file" and env and env.get(rule.name, "") != "":
                return Unknown(f"{rule.name} names a file that pdm reads too")
        return install_inputs(
            tree,
            _folder(call, directory, workdir),
            locked=call.locked,
            without=self._has(call, "no-project"),
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
        """`--no-self`, where a lock tells what there is to install."""
        if call.role is not Role.INSTALL or self._has(call, "no-project"):
            return None
        first = call._replace(flags=(*call.flags, ("--no-self", None)))
        found = self.inputs(first, tree, directory, env=env, workdir=workdir)
        if isinstance(found, Unknown):
            return found
        if found.value.lock is None:
            return Unknown("there is no pdm.lock")
        because = f"pdm {call.verb} adds the project itself to what --no-self installed"
        source = self.knowledge.extra["two-phases"]
        return Known(FirstPhase(("--no-self",), found.value, because, source), found.source)

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """`pdm install --check`."""
        from dfix.ecosystems.pdm.lockfile import fits  # noqa: PLC0415 - when asked

        del runtime
        if call.verb != "install" or call.role is not Role.INSTALL or call.locked:
            return None
        problem = self._not_read(call)
        if problem is not None:
            return problem
        folder = _folder(call, directory, None)
        found = fits(tree, folder)
        if isinstance(found, Unknown):
            return found
        manifest = posixpath.join(folder, "pyproject.toml")
        if not found.value:
            why = f"the hash in {found.source} is not that of {manifest}"
            return Unknown(why, "lock-mismatch")
        because = f"the hash in {found.source} is that of {manifest}"
        reads = (manifest, found.source)
        return Known(Locked({}, ("--check",), because, CHECK_RULE, reads), found.source)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Is the lock's hash that of the manifest?"""
        from dfix.ecosystems.pdm.lockfile import fits  # noqa: PLC0415 - when asked

        return fits(tree, directory)

    def _not_read(self, call: Call) -> Unknown | None:
        if call.unknown:
            return Unknown(f"pdm {call.verb} has {call.unknown[0]}, which is not understood")
        for name, value in call.flags:
            if self.knowledge.flags[name].effect in {"other-project", "file"}:
                return Unknown(f"pdm reads what {value or name} means too")
        return None

    def _has(self, call: Call, effect: str) -> bool:
        return any(self.knowledge.flags[name].effect == effect for name, _ in call.flags)


def _folder(call: Call, directory: str, workdir: str | None) -> str:
    inner = call.directory
    if inner.startswith("/") and workdir is not None:
        inner = posixpath.relpath(inner, workdir)
    return posixpath.join(directory, inner) if inner else directory


ECOSYSTEM = PdmEcosystem(__file__)
