"""What a call of Bun's package manager does, and what it needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call, Locked
    from dfix.ecosystems.node.installing import Installer
    from dfix.ecosystems.tree import Tree

FROZEN = "https://bun.com/docs/pm/cli/install#reproducible-installs"


class BunEcosystem(NodeManager):
    """bun and bunx."""

    runs = ("bunx",)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The cache; none where a backend links into it."""
        for name, value in call.flags:
            if self.knowledge.flags[name].effect == "backend" and value not in {
                "copyfile",
                "hardlink",
            }:
                return Unknown(
                    f"{name} {value} lets node_modules link into the cache", "linked-cache"
                )
        path = posixpath.join(directory, "bunfig.toml")
        text = tree.read(path) if tree is not None else None
        if isinstance(text, Known):
            for word in ("backend", "globalStore", "[install.cache]", "cache"):
                if word in text.value:
                    return Unknown(f"{path} has a setting of the cache", "linked-cache")
        return Known(self.caches(call, env), self.id)

    def installer(self, call: Call, tree: Tree, folder: str) -> Fact[Installer]:
        """There is one."""
        from dfix.ecosystems.bun.inputs import BUN  # noqa: PLC0415 - read when asked

        del call, tree, folder
        return Known(BUN, self.id)

    def enforced(self, call: Call, tree: Tree, folder: str) -> Fact[tuple[Locked, str]]:
        """`--frozen-lockfile`."""
        del call, tree, folder
        return Unknown("locks of Bun are not compared yet")


ECOSYSTEM = BunEcosystem(__file__)
