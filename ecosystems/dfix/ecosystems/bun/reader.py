"""What a call of Bun's package manager does, and what it needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Locked
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manager import NodeManager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call
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
        """`--frozen-lockfile`, for a lock that can be read and that this Bun takes."""
        from dfix.ecosystems.bun.inputs import BUN  # noqa: PLC0415 - read when asked
        from dfix.ecosystems.bun.matching import mismatch  # noqa: PLC0415
        from dfix.ecosystems.node.installing import project_in  # noqa: PLC0415
        from dfix.ecosystems.node.manager import lock_of  # noqa: PLC0415

        path = lock_of(BUN, tree, folder)
        if isinstance(path, Unknown):
            return path
        if path.value.endswith(".lockb"):
            return Unknown(f"{path.value} is binary, and is not read")
        project = project_in(BUN, tree, folder)
        if isinstance(project, Unknown):
            return project
        differs = mismatch(project.value, path.value)
        if isinstance(differs, Unknown):
            return differs
        version, difference = differs.value
        since = self.knowledge.extra["lock-since"].get(str(version))
        release = call.release
        if release is None or since is None:
            return Unknown("the release of Bun in this image is not known", "unknown-manager")
        numbers = [int(part) for part in release.lstrip("^~v").split(".") if part.isdecimal()]
        if release not in {"", "latest"} and numbers < list(since) and numbers != [since[0]]:
            why = f"{path.value} has lockfileVersion {version}, which bun {release} does not take"
            return Unknown(why, "lock-too-new")
        if difference is not None:
            why = f"{path.value} does not match the manifest: {difference}"
            return Unknown(why, "lock-mismatch")
        because = f"{path.value} satisfies the manifest; --frozen-lockfile installs it or fails"
        reads = (*(each.path for each in project.value.manifests), path.value)
        form = Locked({}, ("--frozen-lockfile",), because, FROZEN, reads)
        return Known((form, path.value), path.value)


ECOSYSTEM = BunEcosystem(__file__)
