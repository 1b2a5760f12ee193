"""All that `npm install` and `npm ci` read from a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Unknown
from dfix.ecosystems.node.installing import Installer, projects_of
from dfix.ecosystems.node.manifest import Manifest, read_manifest
from dfix.ecosystems.npm.lockfile import NAMES
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

# https://docs.npmjs.com/cli/v10/using-npm/scripts#life-cycle-operation-order
EVENTS = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "dependencies",
)

NPM = Installer(
    ecosystem="npm",
    title="npm",
    locks=NAMES,
    events=EVENTS,
    member_events=EVENTS,
    # https://github.com/npm/cli/blob/latest/workspaces/arborist/lib/shrinkwrap.js
    beside={"yarn.lock": "npm 7 and later read {path} too"},
    links_folders=True,
)


def manifests_of(tree: Tree, folder: str) -> Fact[tuple[Manifest, ...]]:
    """The manifests of a project and of its workspaces."""
    manifest = read_manifest(tree, inside(folder) or "")
    return manifest if isinstance(manifest, Unknown) else projects_of(tree, manifest.value)
