"""What Yarn's install reads beside manifests, lockfile and .npmrc."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.node.installing import Found, Installer, Project
from dfix.ecosystems.node.manifest import KINDS, Manifest
from dfix.ecosystems.tree import inside, walk
from dfix.ecosystems.yarn.settings import read_rc

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tried with 1.22.22: preinstall, install, postinstall, prepublish and prepare of the project, the first three of its
# workspaces, and only these with --production. https://classic.yarnpkg.com/en/docs/package-json#toc-scripts
CLASSIC_EVENTS = ("preinstall", "install", "postinstall", "prepublish", "prepare")
# Tried with 3.8 and 4.14: of the project and of its workspaces. https://yarnpkg.com/advanced/lifecycle-scripts
BERRY_EVENTS = ("preinstall", "install", "postinstall")

_RC_FILES = ("yarn-path",)
_RC_FOLDERS = ("yarn-offline-mirror",)


def _add_classic(project: Project, found: Found) -> Unknown | None:
    """Add .yarnrc and what it names, and .yarnclean."""
    tree, folder = project.tree, project.folder
    above = folder
    while above:
        above = posixpath.dirname(above)
        for name in (".yarnrc", ".npmrc"):
            if tree.is_file(posixpath.join(above, name)):
                return Unknown(f"{posixpath.join(above, name)} counts for {folder} too")
    clean = posixpath.join(folder, ".yarnclean")
    if tree.is_file(clean):
        # https://classic.yarnpkg.com/en/docs/cli/autoclean
        found.others[clean] = f"Yarn removes from packages what {clean} names"
    path = posixpath.join(folder, ".yarnrc")
    if not tree.is_file(path):
        return None
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    found.others[path] = f"Yarn takes its settings from {path}"
    for line in text.value.splitlines():
        key, _, value = line.strip().partition(" ")
        value = value.strip().strip('"')
        if key in _RC_FILES:
            at = inside(posixpath.join(folder, value))
            if not at or not tree.is_file(at):
                return Unknown(f"{path} names {value}, which is not in the build context")
            found.others[at] = f"{path} tells Yarn to start it"
        elif key in _RC_FOLDERS:
            at = inside(posixpath.join(folder, value))
            if not at:
                return Unknown(f"{path} names {value}, which is outside the build context")
            found.others.update(dict.fromkeys(walk(tree, at), f"Yarn installs from it by {path}"))
        elif "modules-folder" in key or key.strip('"-').endswith(("cwd", "use-yarnrc")):
            return Unknown(f"{path} sets {key}")
    return None


def _add_berry(project: Project, found: Found) -> Unknown | None:
    """Add .yarnrc.yml, the release, plugins, patches, constraints and a cache of the project."""
    tree, folder = project.tree, project.folder
    rc = read_rc(tree, folder)
    if isinstance(rc, Unknown):
        return rc
    if not rc.value.modules:
        return Unknown(f"{rc.value.linker_source}, and what lies beside node_modules is not moved")
    if rc.value.path is not None:
        found.others[rc.value.path] = f"Yarn takes its settings from {rc.value.path}"
    for named in _started(rc.value.data):
        at = inside(posixpath.join(folder, named))
        if not at or not tree.is_file(at):
            return Unknown(f"{rc.value.path} names {named}, which is not in the build context")
        found.others[at] = f"{rc.value.path} tells Yarn to run it"
    for name in ("yarn.config.cjs", "constraints.pro"):
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            return Unknown(f"{path} holds constraints, and what they read is not known")
    for sub in (".yarn/patches", ".yarn/cache", ".yarn/offline-mirror"):
        for path in walk(tree, posixpath.join(folder, sub)):
            found.others[path] = "Yarn installs with it"
    for manifest in project.manifests:
        if manifest is not project.manifests[0] and manifest.data.get("workspaces"):
            return Unknown(f"{manifest.path} has workspaces of its own")
        problem = _patches(project, manifest, found)
        if problem is not None:
            return problem
    return None


def _started(data: dict[str, Any]) -> Iterator[str]:
    if isinstance(data.get("yarnPath"), str):
        yield data["yarnPath"]
    plugins = data.get("plugins")
    for each in plugins if isinstance(plugins, list) else ():
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict) and isinstance(each.get("path"), str):
            yield each["path"]


def _patches(project: Project, manifest: Manifest, found: Found) -> Unknown | None:
    """Add the files that `patch:` dependencies and resolutions name.

    https://yarnpkg.com/protocol/patch
    """
    for kind in (*KINDS, "resolutions"):
        for name, spec in manifest.table(kind).items():
            if not spec.startswith("patch:"):
                continue
            for path in spec.partition("#")[2].partition("::")[0].split("&"):
                plain = path.removeprefix("optional!")
                if plain.startswith("builtin<"):
                    continue
                base = project.folder if plain.startswith("~/") else manifest.folder
                at = inside(posixpath.join(base, plain.removeprefix("~/")))
                if not at or not project.tree.is_file(at):
                    return Unknown(f"{manifest.path} patches {name} by {plain}, which is not there")
                found.others[at] = f"{manifest.path} patches {name} by it"
    return None


def _berry_outputs(project: Project) -> tuple[str, ...]:
    modules = [posixpath.join(each.folder, "node_modules") for each in project.manifests]
    return (*modules, posixpath.join(project.folder, ".yarn/install-state.gz"))


CLASSIC_INSTALLER = Installer(
    ecosystem="yarn",
    title="Yarn",
    locks=("yarn.lock",),
    events=CLASSIC_EVENTS,
    member_events=CLASSIC_EVENTS[:3],
    add=_add_classic,
)
BERRY_INSTALLER = Installer(
    ecosystem="yarn",
    title="Yarn",
    locks=("yarn.lock",),
    events=BERRY_EVENTS,
    member_events=BERRY_EVENTS,
    add=_add_berry,
    outputs=_berry_outputs,
)
