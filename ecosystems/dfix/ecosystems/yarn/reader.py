"""What a call of Yarn does, and what it needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Locked
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager, program_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call, Inputs
    from dfix.ecosystems.node.installing import Installer
    from dfix.ecosystems.node.yarnlock import Lock
    from dfix.ecosystems.tree import Tree
    from dfix.ecosystems.yarn.generation import Generation

FROZEN = "https://classic.yarnpkg.com/en/docs/cli/install#toc-yarn-install-frozen-lockfile"
IMMUTABLE = "https://yarnpkg.com/cli/install"


# Flags of an install that count for the next one too, and those that change nothing of its result.
_REPEATED = frozenset(
    {"--frozen-lockfile", "--pure-lockfile", "--ignore-engines", "--ignore-optional"}
)
_PASSED = frozenset(
    {
        "--ignore-scripts",
        "--non-interactive",
        "--silent",
        "--no-progress",
        "--network-timeout",
        "--network-concurrency",
        "--prefer-offline",
        "--verbose",
        "--cwd",
    }
)


class YarnEcosystem(NodeManager):
    """Yarn, classic and berry."""

    alone = "install"
    adds = False

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The cache of the Yarn that runs; none under Plug'n'Play, where the program reads it."""
        found = self.generation(call, tree, directory)
        if isinstance(found, Unknown):
            return found
        wanted = "yarn" if found.value.name == "classic" else "berry"
        caches = tuple(each for each in self.caches(call, env) if each.id == wanted)
        if wanted == "yarn":
            return Known(caches, found.source)
        if tree is None:
            return Unknown("which linker Yarn uses is not known", "unknown-manager")
        from dfix.ecosystems.yarn.settings import read_rc  # noqa: PLC0415 - read when asked

        settings = read_rc(tree, directory)
        if isinstance(settings, Unknown):
            return Unknown(settings.why, "unknown-manager")
        if not settings.value.modules:
            why = f"{settings.value.linker_source}, whose programs read packages from the cache"
            return Unknown(why, "linked-cache")
        if settings.value.moved is not None:
            return Unknown(f"{settings.value.path} moves the cache", "moved-cache")
        return Known(() if settings.value.local_only else caches, settings.source)

    def generation(self, call: Call, tree: Tree | None, directory: str) -> Fact[Generation]:
        """Classic or berry."""
        from dfix.ecosystems.yarn.generation import generation  # noqa: PLC0415 - read when asked

        return generation(self.knowledge, call, tree, directory)

    def installer(self, call: Call, tree: Tree, folder: str) -> Fact[Installer]:
        """Classic's or berry's."""
        from dfix.ecosystems.yarn.inputs import (  # noqa: PLC0415 - read when asked
            BERRY_INSTALLER,
            CLASSIC_INSTALLER,
        )

        found = self.generation(call, tree, folder)
        if isinstance(found, Unknown):
            return found
        classic = found.value.name == "classic"
        return Known(CLASSIC_INSTALLER if classic else BERRY_INSTALLER, found.source)

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """As of every manager; but Yarn 1 resolves what the lock lacks, so that it must lack nothing."""
        found = super().inputs(call, tree, directory, env=env, workdir=workdir)
        if isinstance(found, Unknown) or not found.value.enforced:
            return found
        held = self.enforced(call, tree, self._folder(call, directory, workdir))
        return Known(found.value._replace(enforced=not isinstance(held, Unknown)), found.source)

    def enforced(self, call: Call, tree: Tree, folder: str) -> Fact[tuple[Locked, str]]:
        """`--frozen-lockfile` of classic, `--immutable` of berry."""
        from dfix.ecosystems.node.installing import project_in  # noqa: PLC0415 - read when asked
        from dfix.ecosystems.node.manager import lock_of  # noqa: PLC0415
        from dfix.ecosystems.node.yarnlock import read_lock  # noqa: PLC0415
        from dfix.ecosystems.yarn.matching import berry_mismatch, classic_mismatch  # noqa: PLC0415

        found = self.generation(call, tree, folder)
        how = self.installer(call, tree, folder)
        if isinstance(found, Unknown) or isinstance(how, Unknown):
            return found if isinstance(found, Unknown) else Unknown("nothing tells the Yarn")
        path = lock_of(how.value, tree, folder)
        project = project_in(how.value, tree, folder)
        if isinstance(path, Unknown) or isinstance(project, Unknown):
            return path if isinstance(path, Unknown) else Unknown(getattr(project, "why", ""))
        lock = read_lock(tree, path.value)
        if isinstance(lock, Unknown):
            return lock
        refused = self._refused(found.value, tree, folder, lock.value)
        if refused is not None:
            return refused
        manifests = project.value.manifests
        classic = found.value.name == "classic"
        differs = (
            classic_mismatch(lock.value, manifests)
            if classic
            else berry_mismatch(lock.value, manifests, folder)
        )
        if isinstance(differs, Unknown):
            return differs
        if differs.value is not None:
            why = f"{path.value} does not match the manifest: {differs.value}"
            return Unknown(why, "lock-mismatch")
        flag, source = ("--frozen-lockfile", FROZEN) if classic else ("--immutable", IMMUTABLE)
        because = f"{path.value} satisfies the manifest; yarn install {flag} installs it or fails"
        reads = (*(each.path for each in manifests), path.value)
        return Known((Locked({}, (flag,), because, source, reads), path.value), path.value)

    def prune_in(
        self, call: Call, tree: Tree, directory: str, release: tuple[int, ...] | None
    ) -> tuple[str, ...] | None:
        """Yarn 1 installs again for production, and takes away what is too much.

        Tried with 1.22.22: --ignore-scripts keeps the files that install scripts of packages made,
        and leaves out scripts of the project that need development dependencies. Of berry's
        `workspaces focus --production` it is not known whether what was compiled stays.
        """
        from dfix.ecosystems.node.manifest import read_manifest  # noqa: PLC0415 - read when asked

        del release
        found = self.generation(call, tree, directory)
        if isinstance(found, Unknown) or found.value.name != "classic":
            return None
        manifest = read_manifest(tree, directory)
        if isinstance(manifest, Unknown) or manifest.value.data.get("workspaces"):
            return None
        given = {word.partition("=")[0] for word in call.words if word and word.startswith("-")}
        if given - _REPEATED - _PASSED:
            return None
        words = ["install", "--production", "--ignore-scripts", "--prefer-offline"]
        words += [word for word in call.words if word in _REPEATED]
        return (*program_of(call), *words)

    def building(self, call: Call, tree: Tree, directory: str) -> Fact[frozenset[str]]:
        """Berry can be told to run none: https://yarnpkg.com/configuration/yarnrc#enableScripts."""
        from dfix.ecosystems.yarn.settings import read_rc  # noqa: PLC0415 - read when asked

        settings = read_rc(tree, directory)
        if isinstance(settings, Known) and settings.value.data.get("enableScripts") is False:
            return Known(frozenset(), settings.source)
        return super().building(call, tree, directory)

    def _refused(self, found: Generation, tree: Tree, folder: str, lock: Lock) -> Unknown | None:
        """Why this Yarn cannot work from a lock of this form; None if it can."""
        if found.name == "classic":
            if lock.version is not None:
                return Unknown(f"{lock.path} is of a later Yarn than 1", "lock-too-new")
            text = tree.read(posixpath.join(folder, ".yarnrc"))
            if isinstance(text, Known) and "lockfile" in text.value:
                return Unknown(f"{folder or '.'}/.yarnrc has a setting of the lockfile", "lock-off")
            return None
        if lock.version is None:
            return Unknown(f"{lock.path} is of Yarn 1, which a later one rewrites", "lock-too-old")
        from dfix.ecosystems.yarn.settings import read_rc  # noqa: PLC0415 - read when asked

        settings = read_rc(tree, folder)
        if isinstance(settings, Unknown):
            return settings
        if not settings.value.modules:
            return Unknown(f"{settings.value.linker_source}, which writes more than the lockfile")
        writes = self._lock_version(found.release)
        if writes is None:
            return Unknown("the release of Yarn in this image is not known", "unknown-manager")
        if writes != lock.version:
            why = f"{lock.path} has version {lock.version}, and this Yarn writes version {writes}"
            return Unknown(why, "lock-too-new" if lock.version > writes else "lock-too-old")
        return None

    def _lock_version(self, release: tuple[int, ...] | None) -> int | None:
        """The version of the lock that a release of berry writes; None if that was not tried."""
        if release is None or len(release) < 3:  # noqa: PLR2004 - a floating release
            return None
        for first, last, version in self.knowledge.extra["lock-of-release"]:
            low, high = (tuple(int(part) for part in each.split(".")) for each in (first, last))
            if low <= release <= high:
                return int(version)
        return None


ECOSYSTEM = YarnEcosystem(__file__)
