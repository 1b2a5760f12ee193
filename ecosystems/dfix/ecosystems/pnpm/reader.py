"""What a call of pnpm does, and what it needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Locked
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager, program_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call
    from dfix.ecosystems.node.installing import Installer, Project
    from dfix.ecosystems.node.manifest import Manifest
    from dfix.ecosystems.pnpm.matching import Lock
    from dfix.ecosystems.tree import Tree

FROZEN = "https://pnpm.io/cli/install#--frozen-lockfile"
VERIFIED = "https://pnpm.io/supply-chain-security#block-risky-postinstall-scripts"
_ASKS_SINCE = 10  # the first release that runs scripts of packages only where it is told to
_ALLOW_ALL = (
    "dangerouslyAllowAllBuilds",
    "neverBuiltDependencies",
    "onlyBuiltDependenciesFile",
    "configDependencies",
)
# Flags that leave the layout of node_modules alone: with another one a later call would start over, or ask
# (https://pnpm.io/settings#confirmmodulespurge).
_SAME_LAYOUT = frozenset(
    {
        "--frozen-lockfile",
        "--no-frozen-lockfile",
        "--ignore-scripts",
        "--reporter",
    }
)
WORKSPACE = "pnpm-workspace.yaml"


class PnpmEcosystem(NodeManager):
    """pnpm and pnpx."""

    runs = ("pnpx",)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The store; nothing of what is installed for the machine, which may only link into it."""
        if call.everywhere:
            why = "what pnpm installs for the machine may only link into its store"
            return Unknown(why, "linked-cache")
        if self._flag(call, "elsewhere") == "--package-import-method":
            return Unknown("the command tells pnpm how to link into its store", "linked-cache")
        if tree is not None:
            from dfix.ecosystems.node.settings import read_settings  # noqa: PLC0415
            from dfix.ecosystems.pnpm.inputs import read_workspace  # noqa: PLC0415

            workspace, settings = read_workspace(tree, directory), read_settings(tree, directory)
            if isinstance(workspace, Unknown) or isinstance(settings, Unknown):
                return Unknown("the settings of pnpm cannot be read", "unknown-manager")
            values = {**settings.value.values, **workspace.value}
            for key in ("enableGlobalVirtualStore", "enable-global-virtual-store"):
                if str(values.get(key, "false")).lower() == "true":
                    return Unknown(f"{key} lets node_modules link into the store", "linked-cache")
            for key in ("packageImportMethod", "package-import-method"):
                if values.get(key, "auto") not in {"auto", "copy", "clone-or-copy"}:
                    return Unknown(f"{key} does not let pnpm copy from a mount", "linked-cache")
            for key in ("storeDir", "store-dir"):
                if key in values:
                    return Unknown(f"the setting {key} moves the store", "moved-cache")
        return Known(self.caches(call, env), self.id)

    def installer(self, call: Call, tree: Tree, folder: str) -> Fact[Installer]:
        """There is one."""
        from dfix.ecosystems.pnpm.inputs import PNPM  # noqa: PLC0415 - read when asked

        del call, tree, folder
        return Known(PNPM, self.id)

    def enforced(self, call: Call, tree: Tree, folder: str) -> Fact[tuple[Locked, str]]:
        """`--frozen-lockfile`, where the lock is of a version that this pnpm takes."""
        from dfix.ecosystems.node.installing import project_in  # noqa: PLC0415 - read when asked
        from dfix.ecosystems.node.manager import lock_of  # noqa: PLC0415
        from dfix.ecosystems.pnpm.inputs import PNPM  # noqa: PLC0415
        from dfix.ecosystems.pnpm.matching import mismatch, read_lock  # noqa: PLC0415

        path = lock_of(PNPM, tree, folder)
        if isinstance(path, Unknown):
            return path
        project = project_in(PNPM, tree, folder)
        if isinstance(project, Unknown):
            return project
        if project.value.settings.off("lockfile") or project.value.settings.off("frozen-lockfile"):
            return Unknown(f"{project.value.settings.path} turns the lockfile off", "lock-off")
        lock = read_lock(tree, path.value)
        if isinstance(lock, Unknown):
            return lock
        refused = self._refused(call, project.value, lock.value)
        if refused is not None:
            return refused
        differs = mismatch(lock.value, project.value)
        if isinstance(differs, Unknown):
            return differs
        if differs.value is not None:
            why = f"{path.value} does not match the manifest: {differs.value}"
            return Unknown(why, "lock-mismatch")
        because = f"{path.value} satisfies the manifest; --frozen-lockfile installs it or fails"
        workspace = posixpath.join(folder, WORKSPACE)
        reads = (
            *(each.path for each in project.value.manifests),
            *((workspace,) if tree.is_file(workspace) else ()),
            path.value,
        )
        form = Locked({}, ("--frozen-lockfile",), because, FROZEN, reads)
        return Known((form, path.value), path.value)

    def prune_in(
        self, call: Call, tree: Tree, directory: str, release: tuple[int, ...] | None
    ) -> tuple[str, ...] | None:
        """`pnpm prune --prod`; none with workspaces, where it does nothing or fails.

        Tried with 8.15, 9.15, 10.34 and 12.21: without --ignore-scripts it runs the scripts of the
        project, which may need what it has just removed; with it, what was compiled stays.
        https://pnpm.io/cli/prune
        """
        from dfix.ecosystems.pnpm.inputs import read_workspace  # noqa: PLC0415 - read when asked

        del release
        workspace = read_workspace(tree, directory)
        if isinstance(workspace, Unknown) or workspace.value.get("packages"):
            return None
        if {name for name, _ in call.flags} - _SAME_LAYOUT:
            return None
        return (*program_of(call), "prune", "--prod", "--ignore-scripts")

    def building(self, call: Call, tree: Tree, directory: str) -> Fact[frozenset[str]]:
        """From version 10 on, only packages that the project names.

        https://pnpm.io/settings#onlybuiltdependencies, https://pnpm.io/settings#allowbuilds
        """
        from dfix.ecosystems.node.manifest import read_manifest  # noqa: PLC0415 - read when asked
        from dfix.ecosystems.pnpm.inputs import read_workspace  # noqa: PLC0415

        every = super().building(call, tree, directory)
        workspace = read_workspace(tree, directory)
        manifest = read_manifest(tree, directory)
        if isinstance(workspace, Unknown) or isinstance(manifest, Unknown):
            return every
        release = _release(call, manifest.value)
        head = (release or "").lstrip("^~v").partition(".")[0]
        if not call.scripts or not head.isdecimal() or int(head) < _ASKS_SINCE:
            return every
        own = manifest.value.data.get("pnpm")
        names: set[str] = set()
        for settings in (workspace.value, own if isinstance(own, dict) else {}):
            if any(settings.get(key) for key in _ALLOW_ALL):
                return every
            only, allowed = settings.get("onlyBuiltDependencies"), settings.get("allowBuilds")
            for each in (only, allowed):
                names.update(str(key).rpartition("@")[0] or str(key) for key in each or ())
        return Known(frozenset(names), workspace.source if names else VERIFIED)

    def _refused(self, call: Call, project: Project, lock: Lock) -> Unknown | None:
        """Why this pnpm cannot work from the lock; None if it can.

        packageManager wins: corepack obeys it, and pnpm starts the release that it names
        (https://pnpm.io/settings#managepackagemanagerversions).
        """
        named = project.manifests[0].data.get("packageManager")
        if isinstance(named, str) and not named.startswith("pnpm@"):
            return Unknown(f"{project.manifests[0].path} names {named}", "unknown-manager")
        release = _release(call, project.manifests[0])
        if release is None:
            return Unknown("the release of pnpm in this image is not known", "unknown-manager")
        extra = self.knowledge.extra
        floating = release in {"", "latest"}
        head = str(extra["newest-tried"]) if floating else release.lstrip("^~v").partition(".")[0]
        if not head.isdecimal():
            return Unknown(f"the release {release} of pnpm is not known", "unknown-manager")
        taken = extra["locks"][lock.version.partition(".")[0]]
        if int(head) in taken or (floating and max(taken) == extra["newest-tried"]):
            return None
        why = f"{lock.path} has lockfileVersion {lock.version}, which pnpm {head} may not take"
        return Unknown(why, "lock-too-new" if int(head) < min(taken) else "lock-too-old")


def _release(call: Call, manifest: Manifest) -> str | None:
    """The release of pnpm: the one that packageManager names, else the one that a step installed."""
    named = manifest.data.get("packageManager")
    return named.removeprefix("pnpm@") if isinstance(named, str) else call.release


ECOSYSTEM = PnpmEcosystem(__file__)
