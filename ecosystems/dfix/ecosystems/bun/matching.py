"""Does a bun.lock hold what the manifests ask for, so that `--frozen-lockfile` takes it?

Bun fails if it would write the lock in another way (https://bun.com/docs/pm/cli/install#reproducible-installs).
The lock repeats the dependencies of each workspace as its package.json has them.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsonc import read_object

if TYPE_CHECKING:
    from dfix.ecosystems.node.installing import Project

_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_LISTS = (
    "trustedDependencies",
    "overrides",
    "patchedDependencies",
    "catalog",
    "catalogs",
    "resolutions",
)


def mismatch(project: Project, path: str) -> Fact[tuple[int, str | None]]:
    """The lock's version, and the first thing that it and the manifests disagree about, or None."""
    read = read_object(project.tree, path)
    if isinstance(read, Unknown):
        return read
    data = read.value
    version, workspaces = data.get("lockfileVersion"), data.get("workspaces")
    packages = data.get("packages")
    if not isinstance(version, int) or not isinstance(workspaces, dict):
        return Unknown(f"{path} does not have the form of a lockfile")
    root = project.manifests[0].data
    for key in _LISTS:
        if root.get(key) or data.get(key):
            return Unknown(f"{key} is not compared")
    known: set[str] = set()
    for manifest in project.manifests:
        below = posixpath.relpath(manifest.folder or ".", project.folder or ".")
        below = "" if below == "." else below
        known.add(below)
        entry = workspaces.get(below)
        if not isinstance(entry, dict):
            return Known((version, f"it lacks the workspace {below}"), path)
        differs = _workspace(manifest.data, entry, below)
        if differs is not None:
            return Known((version, f"{differs} of {manifest.path} changed since"), path)
    left = set(workspaces) - known
    if left:
        return Known((version, f"it has the workspace {min(left)}, which is not there"), path)
    for manifest in project.manifests:
        for name in manifest.wanted:
            if not isinstance(packages, dict) or name not in packages:
                return Known((version, f"it lacks {name}"), path)
    return Known((version, None), path)


def _workspace(manifest: dict[str, Any], entry: dict[str, Any], below: str) -> str | None:
    """The table that differs between a manifest and the lock, or None."""
    for table in _TABLES:
        if (manifest.get(table) or {}) != (entry.get(table) or {}):
            return table
    if manifest.get("name") != entry.get("name"):
        return "the name"
    if below and manifest.get("version") != entry.get("version"):
        return "the version"
    if below and bool(manifest.get("bin")) != ("bin" in entry or "binDir" in entry):
        return "the programs"
    return None
