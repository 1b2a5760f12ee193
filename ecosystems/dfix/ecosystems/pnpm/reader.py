"""What a call of pnpm does, and what it needs of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call, Locked
    from dfix.ecosystems.node.installing import Installer
    from dfix.ecosystems.tree import Tree

FROZEN = "https://pnpm.io/cli/install#--frozen-lockfile"
VIRTUAL = "https://pnpm.io/settings#enableglobalvirtualstore"


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
        """`--frozen-lockfile`."""
        del call, tree, folder
        return Unknown("locks of pnpm are not compared yet")


ECOSYSTEM = PnpmEcosystem(__file__)
