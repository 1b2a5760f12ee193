"""What pnpm's install reads beside manifests, lockfile and .npmrc."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.installing import Found, Installer, Project, add_patch

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

# Tried with 8.15, 9.15 and 10.34, of the project and of its workspaces. https://pnpm.io/scripts
MEMBER_EVENTS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")
EVENTS = ("pnpm:devPreinstall", *MEMBER_EVENTS)
WORKSPACE = "pnpm-workspace.yaml"
_OWN_LOCKS = "shared-workspace-lockfile"
# Settings under which an install copies the sources of workspaces, or reads what is not looked at here.
# https://pnpm.io/settings
_ODD = (
    "injectWorkspacePackages",
    "inject-workspace-packages",
    "lockfileDir",
    "lockfile-dir",
    "modulesDir",
    "modules-dir",
    "virtualStoreDir",
    "virtual-store-dir",
    "globalPnpmfile",
    "global-pnpmfile",
)


def read_workspace(tree: Tree, folder: str) -> Fact[dict[str, Any]]:
    """The settings in pnpm-workspace.yaml; empty without one."""
    path = posixpath.join(folder, WORKSPACE)
    if not tree.is_file(path):
        return Known({}, path)
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    import yaml  # noqa: PLC0415 - only pnpm's workspaces pay for it

    try:
        data = yaml.safe_load(text.value) or {}
    except yaml.YAMLError:
        return Unknown(f"{path} does not parse")
    return Known(data, path) if isinstance(data, dict) else Unknown(f"{path} holds no table")


def _add(project: Project, found: Found) -> Unknown | None:
    """Add pnpm-workspace.yaml, .pnpmfile.cjs and patches."""
    tree, folder, root = project.tree, project.folder, project.manifests[0]
    above = folder
    while above:
        above = posixpath.dirname(above)
        if tree.is_file(posixpath.join(above, WORKSPACE)):
            return Unknown(f"{posixpath.join(above, WORKSPACE)} counts for {folder} too")
    read = read_workspace(tree, folder)
    if isinstance(read, Unknown):
        return read
    workspace = read.value
    if tree.is_file(posixpath.join(folder, WORKSPACE)):
        found.others[posixpath.join(folder, WORKSPACE)] = (
            f"pnpm takes workspaces and settings from {posixpath.join(folder, WORKSPACE)}"
        )
    for key in _ODD:
        if workspace.get(key) or project.settings.values.get(key):
            return Unknown(f"the setting {key} leads pnpm to files that are not looked at")
    if project.settings.off(_OWN_LOCKS) or workspace.get("sharedWorkspaceLockfile") is False:
        return Unknown("each workspace has a lockfile of its own")
    own = root.data.get("pnpm")
    manifest_settings: dict[str, Any] = own if isinstance(own, dict) else {}
    for settings in (workspace, manifest_settings):
        patches = settings.get("patchedDependencies")
        for name, path in patches.items() if isinstance(patches, dict) else ():
            problem = add_patch(tree, root, found, str(name), str(path))
            if problem is not None:
                return problem
        overrides = settings.get("overrides")
        for name, spec in overrides.items() if isinstance(overrides, dict) else ():
            if str(spec).startswith(("link:", "file:", "portal:", ".")):
                return Unknown(f"pnpm takes {name} from the sources in {spec}")
    for manifest in project.manifests:
        meta = manifest.data.get("dependenciesMeta")
        if isinstance(meta, dict) and any(
            isinstance(each, dict) and each.get("injected") for each in meta.values()
        ):
            return Unknown(f"{manifest.path} injects the sources of a workspace")
        published = manifest.data.get("publishConfig")
        if isinstance(published, dict) and published.get("directory"):
            return Unknown(f"{manifest.path} is linked by a folder that is built")
    return _pnpmfile(project, workspace, found)


def _pnpmfile(project: Project, workspace: dict[str, Any], found: Found) -> Unknown | None:
    """Add the hooks, if they read nothing but themselves.

    https://pnpm.io/pnpmfile
    """
    named = workspace.get("pnpmfile") or project.settings.values.get("pnpmfile")
    for name in (named,) if isinstance(named, str) else (".pnpmfile.cjs", ".pnpmfile.mjs"):
        path = posixpath.normpath(posixpath.join(project.folder, name))
        text = project.tree.read(path)
        if isinstance(text, Unknown):
            continue
        if any(
            sign in text.value for sign in ("require(", "import ", "import(", "process.", "fetch(")
        ):
            return Unknown(f"{path} holds hooks, and what they read is not known")
        found.others[path] = f"pnpm runs the hooks in {path}"
    return None


PNPM = Installer(
    ecosystem="pnpm",
    title="pnpm",
    locks=("pnpm-lock.yaml",),
    events=EVENTS,
    member_events=MEMBER_EVENTS,
    patterns=WORKSPACE,
    add=_add,
)
