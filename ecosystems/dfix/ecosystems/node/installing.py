"""All that an install reads from a Node.js project, whichever package manager does it.

What differs from manager to manager is a value, `Installer`: the locks, the lifecycle scripts that
run, and a function that adds the files that only this manager reads.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Call, Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.lifecycle import Reads, add_prisma, add_scripts, reading_packages
from dfix.ecosystems.node.manifest import KINDS, Manifest, kind_of, local_path, read_manifest
from dfix.ecosystems.node.settings import Settings, read_settings
from dfix.ecosystems.node.workspaces import workspaces_of
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dfix.ecosystems.tree import Tree

REGISTRIES = frozenset({"registry.npmjs.org", "registry.yarnpkg.com"})
_DEEPEST = 4  # installs that a lifecycle script starts in another folder, one inside the other
_LINKS = ("link:", "portal:", "exec:")


class Found(NamedTuple):
    """The files in their order of importance, with reasons."""

    manifests: dict[str, str]
    locks: dict[str, str]
    others: dict[str, str]

    @property
    def reasons(self) -> dict[str, str]:
        """All of them, manifests first."""
        return {**self.manifests, **self.locks, **self.others}


class Project(NamedTuple):
    """A folder that is installed: its manifest first, then those of its workspaces."""

    tree: Tree
    folder: str
    manifests: tuple[Manifest, ...]
    settings: Settings


class Installer(NamedTuple):
    """What sets the install of one package manager apart.

    `locks` in the order in which it looks, `beside` other locks that it reads too, each with the
    reason. `patterns` says where the workspaces are named. `events` are the scripts that an install
    runs of the project, `member_events` of its workspaces. `links_folders` tells that a dependency
    on a folder of the project becomes a link. `add` adds what only this manager reads and `outputs`
    names what it writes beside node_modules.
    """

    ecosystem: str
    title: str
    locks: tuple[str, ...]
    events: tuple[str, ...]
    member_events: tuple[str, ...]
    beside: Mapping[str, str] = {}
    patterns: str = "package.json"
    links_folders: bool = False
    add: Callable[[Project, Found], Unknown | None] | None = None
    outputs: Callable[[Project], tuple[str, ...]] | None = None


def install_inputs(
    installer: Installer, call: Call, tree: Tree, directory: str, depth: int = 0
) -> Fact[Inputs]:
    """What an install in a folder reads; Unknown wherever something cannot be followed."""
    folder = inside(directory)
    if folder is None:
        return Unknown(f"{directory} is outside the build context")
    read = project_in(installer, tree, folder)
    if isinstance(read, Unknown):
        return read
    project, found = read.value, Found({}, {}, {})
    for each in project.manifests:
        found.manifests[each.path] = f"{installer.title} reads {each.path}"
        problem = _linked(installer, tree, each, found)
        if problem is not None:
            return problem
    _add_locks(installer, project, found)
    problem = _add_settings(installer, project, found)
    if problem is None and installer.add is not None:
        problem = installer.add(project, found)
    if problem is not None:
        return problem
    reads = Reads.nothing()
    if call.scripts and not project.settings.on("ignore-scripts"):
        for each in project.manifests:
            problem = _scripts(installer, tree, each, reads, root=each is project.manifests[0])
            if problem is not None:
                return problem
    found.others.update(reads.reasons)
    outputs = [posixpath.join(each.folder, "node_modules") for each in project.manifests]
    if installer.outputs is not None:
        outputs = [*installer.outputs(project)]
    whole = Inputs(
        files=tuple(found.reasons),
        lock=next(iter(found.locks), None),
        outputs=(*outputs, *reads.outputs),
        dependencies=any(each.wanted or each.data.get("workspaces") for each in project.manifests),
        reasons=found.reasons,
        enforced=call.locked,
        programs=_programs(tree, found, project),
        hosts=_hosts(project.settings),
        differs=tuple(reads.differs),
    )
    return _with_inner(installer, tree, whole, reads.installs, depth)


def project_in(installer: Installer, tree: Tree, folder: str) -> Fact[Project]:
    """The project of a folder; Unknown if it is a workspace of another, which installs it."""
    manifest = read_manifest(tree, folder)
    if isinstance(manifest, Unknown):
        return manifest
    above = _workspace_root(installer, tree, folder)
    if above is not None:
        return Unknown(f"{folder} is a workspace of {above}, where {installer.title} installs")
    settings = read_settings(tree, folder)
    if isinstance(settings, Unknown):
        return settings
    projects = projects_of(tree, manifest.value, patterns=installer.patterns)
    if isinstance(projects, Unknown):
        return projects
    return Known(Project(tree, folder, projects.value, settings.value), manifest.source)


def _names_workspaces(tree: Tree, manifest: Manifest, patterns: str) -> bool:
    if patterns == "package.json":
        return bool(manifest.data.get("workspaces"))
    return tree.is_file(posixpath.join(manifest.folder, patterns))


def _members(tree: Tree, manifest: Manifest, patterns: str) -> dict[str, object]:
    """The manifest as `workspaces_of` wants it, so that it looks at one place for the patterns."""
    if patterns == "package.json":
        return {**manifest.data, "workspaces": manifest.data.get("workspaces", [])}
    there = tree.is_file(posixpath.join(manifest.folder, patterns))
    return {} if there else {"workspaces": []}


def _workspace_root(installer: Installer, tree: Tree, folder: str) -> str | None:
    """The package.json above that names this folder as a workspace: the install is of that one."""
    above = folder
    while above:
        above = posixpath.dirname(above)
        manifest = read_manifest(tree, above)
        if isinstance(manifest, Unknown):
            continue
        if not _names_workspaces(tree, manifest.value, installer.patterns):
            continue
        members = workspaces_of(
            tree, above or ".", _members(tree, manifest.value, installer.patterns)
        )
        if isinstance(members, Unknown) or any(each.directory == folder for each in members.value):
            return manifest.value.path
    return None


def projects_of(
    tree: Tree, manifest: Manifest, *, patterns: str = "package.json"
) -> Fact[tuple[Manifest, ...]]:
    """The manifests of a project and of its workspaces."""
    found = [manifest]
    named = _names_workspaces(tree, manifest, patterns)
    members = workspaces_of(tree, manifest.folder or ".", _members(tree, manifest, patterns))
    if isinstance(members, Unknown):
        return members
    if named and patterns == "package.json" and not members.value:
        return Unknown(f"no folder of {manifest.path}'s workspaces is there")
    for member in members.value:
        read = read_manifest(tree, member.directory)
        if isinstance(read, Unknown):
            return read
        found.append(read.value)
    return Known(tuple(found), manifest.path)


def _linked(installer: Installer, tree: Tree, manifest: Manifest, found: Found) -> Unknown | None:
    """Add what `file:` dependencies, patches and the programs of workspaces name."""
    for kind in KINDS:
        for name, spec in manifest.table(kind).items():
            problem = _local(installer, tree, manifest, found, name, spec)
            if problem is not None:
                return problem
    for name, path in manifest.table("patchedDependencies").items():
        problem = add_patch(tree, manifest, found, name, path)
        if problem is not None:
            return problem
    if len(found.manifests) > 1:
        return _add_programs(installer, tree, manifest, found)
    return None


def add_patch(tree: Tree, manifest: Manifest, found: Found, name: str, path: str) -> Unknown | None:
    """Add a patch that the manifest, or a file beside it, names for a package."""
    at = inside(posixpath.join(manifest.folder, path))
    if not at or not tree.is_file(at):
        return Unknown(f"{manifest.path} patches {name} by {path}, which is not there")
    found.others[at] = f"{manifest.path} patches {name} by it"
    return None


def _local(
    installer: Installer, tree: Tree, manifest: Manifest, found: Found, name: str, spec: str
) -> Unknown | None:
    """Add the archive that a dependency names; Unknown for sources outside the workspaces."""
    if spec.startswith(_LINKS):
        return Unknown(f"{manifest.path} takes {name} from the sources in {spec}")
    if kind_of(spec) != "file":
        return None
    at = inside(local_path(spec, manifest.folder))
    if at is None or spec.startswith(("/", "~")):
        return Unknown(f"{manifest.path} takes {name} from {spec}, outside the build context")
    if tree.is_file(at):
        found.others[at] = f"{manifest.path} installs {name} from it"
    elif at and not tree.is_file(posixpath.join(at, "package.json")):
        return Unknown(f"{manifest.path} takes {name} from {spec}, which is not there")
    elif not installer.links_folders or at not in {
        posixpath.dirname(path) for path in found.manifests
    }:
        return Unknown(f"{manifest.path} installs {name} from the sources in {at or '.'}")
    return None


def _add_programs(
    installer: Installer, tree: Tree, manifest: Manifest, found: Found
) -> Unknown | None:
    """A workspace's programs are linked and made executable, so those that are there must be."""
    bins = manifest.data.get("bin")
    paths = (
        [bins] if isinstance(bins, str) else list(bins.values()) if isinstance(bins, dict) else []
    )
    for path in paths:
        at = inside(posixpath.join(manifest.folder, path)) if isinstance(path, str) else None
        if at and tree.is_file(at):
            found.others[at] = f"{installer.title} links the program that {manifest.path} names"
    directories = manifest.data.get("directories")
    if isinstance(directories, dict) and "bin" in directories:
        return Unknown(f"{manifest.path} links all programs of a folder")
    return None


def _add_locks(installer: Installer, project: Project, found: Found) -> None:
    for name in installer.locks:
        path = posixpath.join(project.folder, name)
        if project.tree.is_file(path):
            found.locks[path] = f"{installer.title} takes the versions from {path}"
            break
    for name, reason in installer.beside.items():
        path = posixpath.join(project.folder, name)
        if project.tree.is_file(path):
            found.others[path] = reason.format(path=path)


def _add_settings(installer: Installer, project: Project, found: Found) -> Unknown | None:
    settings, tree = project.settings, project.tree
    if settings.path is None:
        return None
    found.others[settings.path] = f"{installer.title} takes its settings from {settings.path}"
    for key in ("cafile", "certfile", "keyfile", "userconfig", "globalconfig"):
        value = settings.values.get(key, "")
        if value and not value.startswith("/"):
            at = inside(posixpath.join(posixpath.dirname(settings.path), value))
            if not at or not tree.is_file(at):
                return Unknown(f"{settings.path} names {value}, which is not in the build context")
            found.others[at] = f"{settings.path} names it"
    return None


def _scripts(
    installer: Installer, tree: Tree, manifest: Manifest, reads: Reads, *, root: bool
) -> Unknown | None:
    scripts = manifest.table("scripts")
    gyp = posixpath.join(manifest.folder, "binding.gyp")
    if tree.is_file(gyp) and not {"install", "preinstall"} & set(scripts):
        return Unknown(f"{installer.title} compiles the sources that {gyp} names")
    events = installer.events if root else installer.member_events
    problem = add_scripts(events, tree, manifest, reads, manager=installer.ecosystem)
    if problem is not None:
        return problem
    for name, rule in reading_packages().items():
        if rule["reads"] == "prisma" and name in manifest.wanted and _has_schema(tree, manifest):
            problem = add_prisma(tree, manifest, reads, name, place=manifest.folder)
            if problem is not None:
                return problem
    return None


def _has_schema(tree: Tree, manifest: Manifest) -> bool:
    """Without a schema at the usual places the package's own script generates nothing."""
    named = manifest.data.get("prisma")
    places = ["prisma/schema.prisma", "schema.prisma", "prisma/schema"]
    if isinstance(named, dict) and isinstance(named.get("schema"), str):
        places.append(named["schema"])
    paths = [posixpath.join(manifest.folder, place) for place in places]
    return any(tree.is_file(path) or tree.is_dir(path) for path in paths)


_GIT_IN_LOCK = ('"git+', "git+ssh:", "git+https:", "git@github", "#commit=", "type: git", ".git#")
"""How the locks of npm, Yarn, pnpm and Bun write a dependency that git clones.

https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json, https://yarnpkg.com/protocol/git,
https://github.com/pnpm/spec/blob/master/lockfile/9.0.md (resolution.type)
"""


def _programs(tree: Tree, found: Found, project: Project) -> tuple[str, ...]:
    asked = any(
        kind_of(spec) == "git" for each in project.manifests for spec in each.wanted.values()
    )
    for path in found.locks:
        text = tree.read(path)
        asked = asked or (
            isinstance(text, Known) and any(sign in text.value for sign in _GIT_IN_LOCK)
        )
    return ("git",) if asked else ()


def _hosts(settings: Settings) -> tuple[str, ...]:
    found = set()
    for key, value in settings.values.items():
        if key == "registry" or key.endswith(":registry"):
            host = value.partition("://")[2].partition("/")[0]
            found.add(host.rpartition("@")[2].partition(":")[0])
    return tuple(sorted(found - REGISTRIES - {""}))


def _with_inner(
    installer: Installer,
    tree: Tree,
    whole: Inputs,
    inner_calls: list[tuple[Call, str]],
    depth: int,
) -> Fact[Inputs]:
    """Add what installs in other folders read, which a lifecycle script starts."""
    reasons = dict(whole.reasons)
    outputs = list(whole.outputs)
    differs = list(whole.differs)
    programs, hosts = set(whole.programs), set(whole.hosts)
    enforced = whole.enforced
    for call, folder in inner_calls:
        if depth >= _DEEPEST:
            return Unknown("lifecycle scripts install one folder after the other without end")
        inner = install_inputs(installer, call, tree, folder, depth + 1)
        if isinstance(inner, Unknown):
            return inner
        reasons.update({p: r for p, r in inner.value.reasons.items() if p not in reasons})
        outputs.extend(path for path in inner.value.outputs if path not in outputs)
        differs.extend(inner.value.differs)
        programs.update(inner.value.programs)
        hosts.update(inner.value.hosts)
        enforced = False
    files = sorted(reasons, key=lambda path: (posixpath.basename(path) != "package.json",))
    return Known(
        whole._replace(
            files=tuple(files),
            outputs=tuple(outputs),
            reasons=reasons,
            enforced=enforced,
            programs=tuple(sorted(programs)),
            hosts=tuple(sorted(hosts)),
            differs=tuple(differs),
        ),
        files[0],
    )
