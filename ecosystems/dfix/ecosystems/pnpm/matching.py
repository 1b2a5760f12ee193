"""Does a pnpm-lock.yaml hold what the manifests ask for, so that `--frozen-lockfile` takes it?

pnpm compares, for each workspace, the specifiers of the lock with those of package.json, and some
settings that the lock repeats; anything else is an error
(https://github.com/pnpm/pnpm/blob/main/lockfile/settings-checker/src/getOutdatedLockfileSetting.ts and
https://github.com/pnpm/pnpm/blob/main/lockfile/verification/src/satisfiesPackageManifest.ts).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manifest import KINDS, Manifest
from dfix.ecosystems.pnpm.inputs import read_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.node.installing import Project
    from dfix.ecosystems.tree import Tree

_BODY = ("packages:", "snapshots:")  # the long tables, which are not compared
# Of settings that pnpm writes into the lock, these values are its own: https://pnpm.io/settings
_USUAL = {"autoInstallPeers": True, "excludeLinksFromLockfile": False}
_CHECKSUMS = ("packageExtensionsChecksum", "pnpmfileChecksum", "ignoredOptionalDependencies")


class Lock(NamedTuple):
    """The head of a lockfile: its version as written, and its tables without the packages."""

    path: str
    version: str
    head: Mapping[str, Any]
    packages: frozenset[str]


def read_lock(tree: Tree, path: str) -> Fact[Lock]:
    """Read a pnpm-lock.yaml of version 6 or 9; Unknown for others."""
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    head: list[str] = []
    packages: set[str] = set()
    inside = ""
    for line in text.value.splitlines():
        if line and not line[0].isspace():
            inside = line if line.startswith(_BODY) else ""
            if line.startswith(("---", "%")):
                return Unknown(f"{path} holds several documents")
        if not inside:
            head.append(line)
        elif line.startswith("  ") and line[2:3].strip() and inside.startswith("packages:"):
            key = line.strip().partition(": ")[0].rstrip(":").strip("'\"").lstrip("/")
            packages.add(key.partition("(")[0])
    import yaml  # noqa: PLC0415 - only projects of pnpm pay for it

    try:
        data = yaml.safe_load("\n".join(head))
    except yaml.YAMLError:
        return Unknown(f"{path} does not parse")
    version = str(data.get("lockfileVersion", "")) if isinstance(data, dict) else ""
    if version not in {"6.0", "9.0"}:
        return Unknown(f"{path} has lockfileVersion {version or 'none'}, which is not compared")
    return Known(Lock(path, version, data, frozenset(packages)), path)


def mismatch(lock: Lock, project: Project) -> Fact[str | None]:
    """The first thing that manifests and lock disagree about, or None."""
    workspace = read_workspace(project.tree, project.folder)
    if isinstance(workspace, Unknown):
        return workspace
    settings = _settings(lock, project, workspace.value)
    if settings is not None:
        return settings if isinstance(settings, Unknown) else Known(settings, lock.path)
    importers = lock.head.get("importers")
    if importers is None:
        importers = {".": lock.head}  # version 6 without workspaces
    if not isinstance(importers, dict):
        return Unknown(f"{lock.path} does not have the form of a lockfile")
    known: set[str] = set()
    for manifest in project.manifests:
        below = posixpath.relpath(manifest.folder or ".", project.folder or ".")
        known.add(below)
        entry = importers.get(below)
        if not isinstance(entry, dict):
            if below not in importers and not manifest.wanted:
                continue
            entry = {}
        problem = _importer(manifest, entry, lock)
        if problem is not None:
            return Known(problem, lock.path)
    left = set(importers) - known
    if left:
        return Known(f"it has the workspace {min(left)}, which is not there", lock.path)
    return Known(None, lock.path)


def _importer(manifest: Manifest, entry: Mapping[str, Any], lock: Lock) -> str | None:
    """Compare one package.json with its importer."""
    locked: dict[str, tuple[str, str]] = {}
    for kind in KINDS:
        table = entry.get(kind)
        for name, row in table.items() if isinstance(table, dict) else ():
            if not isinstance(row, dict):
                return f"{lock.path} does not give {name} a specifier"
            locked[str(name)] = (str(row.get("specifier")), str(row.get("version")))
    wanted = manifest.wanted
    for name, spec in wanted.items():
        if name not in locked:
            return f"it lacks {name}, which {manifest.path} depends on"
        if locked[name][0] != spec:
            return f"{name} of {manifest.path} is {spec}, not {locked[name][0]}"
        version = locked[name][1].partition("(")[0]
        plain = version[:1].isdecimal() and ":" not in version
        if plain and f"{name}@{version}" not in lock.packages:
            return f"it lacks {name}@{version}"
    surplus = set(locked) - set(wanted) - set(manifest.table("peerDependencies"))
    return f"nothing asks for {min(surplus)} any more" if surplus else None


def _settings(lock: Lock, project: Project, workspace: Mapping[str, Any]) -> str | Unknown | None:
    """Compare the settings that the lock repeats."""
    for key in _CHECKSUMS:
        if key in lock.head:
            return Unknown(f"{lock.path} has a {key}, which is not compared")
    root = project.manifests[0]
    own = root.data.get("pnpm")
    manifest: Mapping[str, Any] = own if isinstance(own, dict) else {}
    for key in ("packageExtensions", "ignoredOptionalDependencies", "pnpmfile", "updateConfig"):
        if manifest.get(key) or workspace.get(key):
            return Unknown(f"the setting {key} changes what packages depend on")
    for name in (".pnpmfile.cjs", ".pnpmfile.mjs"):
        if project.tree.is_file(posixpath.join(project.folder, name)):
            return Unknown(f"{name} may change what packages depend on")
    for key in ("overrides", "patchedDependencies", "catalogs"):
        problem = _table(lock, key, _asked(key, root, manifest, workspace), root)
        if problem is not None:
            return problem
    written = lock.head.get("settings")
    for key, usual in _USUAL.items():
        name = _kebab(key)
        asked = workspace.get(key, project.settings.values.get(name, usual))
        if (written.get(key, usual) if isinstance(written, dict) else usual) != _truth(asked):
            return f"the setting {name} changed since"
    return None


def _asked(
    key: str, root: Manifest, manifest: Mapping[str, Any], workspace: Mapping[str, Any]
) -> Any:
    if key == "catalogs":
        catalogs = dict(workspace.get("catalogs") or {})
        if workspace.get("catalog"):
            catalogs["default"] = workspace["catalog"]
        return catalogs
    found = workspace.get(key) or manifest.get(key) or {}
    if key == "overrides" and not found:
        found = root.data.get("resolutions") or {}
    return found


def _table(lock: Lock, key: str, asked: Any, root: Manifest) -> str | Unknown | None:
    written = lock.head.get(key) or {}
    if not asked and not written:
        return None
    if not isinstance(asked, dict) or not isinstance(written, dict):
        return Unknown(f"{key} is no table")
    if key == "overrides":
        if any(
            str(value).startswith(("$", "catalog:", "link:", "file:")) for value in asked.values()
        ):
            return Unknown(f"{root.path} overrides a package by what something else says")
        same = {str(k): str(v) for k, v in asked.items()} == {
            str(k): str(v) for k, v in written.items()
        }
        return None if same else "the overrides changed since"
    if key == "catalogs":
        for catalog, rows in written.items():
            for name, row in rows.items() if isinstance(rows, dict) else ():
                specifier = row.get("specifier") if isinstance(row, dict) else None
                if (asked.get(catalog) or {}).get(name) != specifier:
                    return f"{name} in the catalog {catalog} changed since"
        return None
    # A patch is compared by its hash, in one of several forms.
    return Unknown(f"{key} is not compared")


def _kebab(key: str) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in key)


def _truth(value: object) -> bool:
    return value is True or str(value).lower() == "true"
