"""What a call of Yarn does, and what it needs of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call, Locked
    from dfix.ecosystems.node.installing import Installer
    from dfix.ecosystems.tree import Tree
    from dfix.ecosystems.yarn.generation import Generation

FROZEN = "https://classic.yarnpkg.com/en/docs/cli/install#toc-yarn-install-frozen-lockfile"
IMMUTABLE = "https://yarnpkg.com/cli/install"


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

    def enforced(self, call: Call, tree: Tree, folder: str) -> Fact[tuple[Locked, str]]:
        """`--frozen-lockfile` of classic, `--immutable` of berry."""
        del call, tree, folder
        return Unknown("locks of Yarn are not compared yet")


ECOSYSTEM = YarnEcosystem(__file__)
