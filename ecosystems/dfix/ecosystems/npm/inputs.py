"""All that `npm install` and `npm ci` read from a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Call, Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.lifecycle import Reads, add_prisma, add_scripts
from dfix.ecosystems.node.manifest import KINDS, Manifest, kind_of, local_path, read_manifest
from dfix.ecosystems.node.settings import Settings, read_settings
from dfix.ecosystems.node.workspaces import workspaces_of
from dfix.ecosystems.npm.lockfile import lock_path
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.tree import Tree

REGISTRIES = frozenset({"registry.npmjs.org"})
_DEEPEST = 4  # installs that a lifecycle script starts in another folder, one inside the other


class _Found(NamedTuple):
    """The files in their order of importance, with reasons."""

    manifests: dict[str, str]
    locks: dict[str, str]
    others: dict[str, str]

    @property
    def reasons(self) -> dict[str, str]:
        return {**self.manifests, **self.locks, **self.others}


def install_inputs(
    knowledge: Knowledge, call: Call, tree: Tree, directory: str, depth: int = 0
) -> Fact[Inputs]:
    """What an install in a folder reads; Unknown wherever something cannot be followed."""
    folder = inside(directory)
    if folder is None:
        return Unknown(f"{directory} is outside the build context")
    manifest = read_manifest(tree, folder)
    if isinstance(manifest, Unknown):
        return manifest
    above = _workspace_root(tree, folder)
    if above is not None:
        return Unknown(f"{folder} is a workspace of {above}, where npm installs")
    settings = read_settings(tree, folder)
    if isinstance(settings, Unknown):
        return settings
    projects = _projects(tree, manifest.value)
    if isinstance(projects, Unknown):
        return projects
    found = _Found({}, {}, {})
    for each in projects.value:
        found.manifests[each.path] = f"npm reads {each.path}"
        problem = _linked(tree, each, found)
        if problem is not None:
            return problem
    _add_lock(tree, folder, found)
    problem = _add_settings(tree, settings.value, found)
    if problem is not None:
        return problem
    reads = Reads.nothing()
    if call.scripts and not settings.value.on("ignore-scripts"):
        for each in projects.value:
            problem = _scripts(knowledge, tree, each, reads)
            if problem is not None:
                return problem
    found.others.update(reads.reasons)
    outputs = [posixpath.join(each.folder, "node_modules") for each in projects.value]
    whole = Inputs(
        files=tuple(found.reasons),
        lock=next(iter(found.locks), None),
        outputs=(*outputs, *reads.outputs),
        dependencies=any(each.wanted or each.data.get("workspaces") for each in projects.value),
        reasons=found.reasons,
        enforced=call.locked,
        programs=_programs(tree, found, projects.value),
        hosts=_hosts(settings.value),
        differs=tuple(reads.differs),
    )
    return _with_inner(knowledge, call, tree, whole, reads.installs, depth)


def _workspace_root(tree: Tree, folder: str) -> str | None:
    """The package.json above that names this folder as a workspace: npm installs there instead."""
    above = folder
    while above:
        above = posixpath.dirname(above)
        manifest = read_manifest(tree, above)
        if isinstance(manifest, Unknown) or not manifest.value.data.get("workspaces"):
            continue
        members = workspaces_of(tree, above or ".", manifest.value.data)
        if isinstance(members, Unknown) or any(each.directory == folder for each in members.value):
            return manifest.value.path
    return None


def projects_of(tree: Tree, folder: str) -> Fact[list[Manifest]]:
    """The manifests of a project and of its workspaces."""
    manifest = read_manifest(tree, inside(folder) or "")
    return manifest if isinstance(manifest, Unknown) else _projects(tree, manifest.value)


def _projects(tree: Tree, manifest: Manifest) -> Fact[list[Manifest]]:
    found = [manifest]
    data = {**manifest.data, "workspaces": manifest.data.get("workspaces", [])}
    members = workspaces_of(tree, manifest.folder or ".", data)
    if isinstance(members, Unknown):
        return members
    if data["workspaces"] and not members.value:
        return Unknown(f"no folder of {manifest.path}'s workspaces is there")
    for member in members.value:
        read = read_manifest(tree, member.directory)
        if isinstance(read, Unknown):
            return read
        found.append(read.value)
    return Known(found, manifest.path)


def _linked(tree: Tree, manifest: Manifest, found: _Found) -> Unknown | None:
    """Add what `file:` dependencies, patches and the programs of workspaces name."""
    for kind in KINDS:
        for name, spec in manifest.table(kind).items():
            if kind_of(spec) != "file":
                continue
            at = inside(local_path(spec, manifest.folder))
            if at is None or spec.startswith(("/", "~")):
                return Unknown(
                    f"{manifest.path} takes {name} from {spec}, outside the build context"
                )
            if tree.is_file(at):
                found.others[at] = f"{manifest.path} installs {name} from it"
            elif at and not tree.is_file(posixpath.join(at, "package.json")):
                return Unknown(f"{manifest.path} takes {name} from {spec}, which is not there")
            elif at not in {posixpath.dirname(path) for path in found.manifests}:
                return Unknown(f"{manifest.path} installs {name} from the sources in {at or '.'}")
    for name, path in manifest.table("patchedDependencies").items():
        at = inside(posixpath.join(manifest.folder, path))
        if not at or not tree.is_file(at):
            return Unknown(f"{manifest.path} patches {name} by {path}, which is not there")
        found.others[at] = f"{manifest.path} patches {name} by it"
    if found.manifests and manifest.path != next(iter(found.manifests)):
        _add_programs(tree, manifest, found)
    return None


def _add_programs(tree: Tree, manifest: Manifest, found: _Found) -> None:
    """A workspace's programs are linked and made executable, so those that are there must be."""
    bins = manifest.data.get("bin")
    paths = (
        [bins] if isinstance(bins, str) else list(bins.values()) if isinstance(bins, dict) else []
    )
    for path in paths:
        at = inside(posixpath.join(manifest.folder, path)) if isinstance(path, str) else None
        if at and tree.is_file(at):
            found.others[at] = f"npm links the program that {manifest.path} names"


def _add_lock(tree: Tree, folder: str, found: _Found) -> None:
    lock = lock_path(tree, folder)
    if lock is not None:
        found.locks[lock] = f"npm takes the versions from {lock}"
    yarn = posixpath.join(folder, "yarn.lock")
    if tree.is_file(yarn):
        # https://github.com/npm/cli/blob/latest/workspaces/arborist/lib/shrinkwrap.js
        found.others[yarn] = f"npm 7 and later read {yarn} too"


def _add_settings(tree: Tree, settings: Settings, found: _Found) -> Unknown | None:
    if settings.path is None:
        return None
    found.others[settings.path] = f"npm takes its settings from {settings.path}"
    for key in ("cafile", "certfile", "keyfile", "userconfig", "globalconfig"):
        value = settings.values.get(key, "")
        if value and not value.startswith("/"):
            at = inside(posixpath.join(posixpath.dirname(settings.path), value))
            if not at or not tree.is_file(at):
                return Unknown(f"{settings.path} names {value}, which is not in the build context")
            found.others[at] = f"{settings.path} names it"
    return None


def _scripts(knowledge: Knowledge, tree: Tree, manifest: Manifest, reads: Reads) -> Unknown | None:
    scripts = manifest.table("scripts")
    gyp = posixpath.join(manifest.folder, "binding.gyp")
    if tree.is_file(gyp) and not {"install", "preinstall"} & set(scripts):
        return Unknown(f"npm compiles the sources that {gyp} names")
    problem = add_scripts(knowledge.extra["lifecycle"], tree, manifest, reads)
    if problem is not None:
        return problem
    for name, rule in knowledge.extra["reading-packages"].items():
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


def _programs(tree: Tree, found: _Found, projects: list[Manifest]) -> tuple[str, ...]:
    asked = any(kind_of(spec) == "git" for each in projects for spec in each.wanted.values())
    for path in found.locks:
        text = tree.read(path)
        asked = asked or (isinstance(text, Known) and '"git+' in text.value)
    return ("git",) if asked else ()


def _hosts(settings: Settings) -> tuple[str, ...]:
    found = set()
    for key, value in settings.values.items():
        if key == "registry" or key.endswith(":registry"):
            host = value.partition("://")[2].partition("/")[0]
            found.add(host.rpartition("@")[2].partition(":")[0])
    return tuple(sorted(found - REGISTRIES - {""}))


def _with_inner(
    knowledge: Knowledge, call: Call, tree: Tree, whole: Inputs, folders: list[str], depth: int
) -> Fact[Inputs]:
    """Add what installs in other folders read, which a lifecycle script starts."""
    reasons = dict(whole.reasons)
    outputs = list(whole.outputs)
    differs = list(whole.differs)
    programs, hosts = set(whole.programs), set(whole.hosts)
    enforced = whole.enforced
    for folder in folders:
        if depth >= _DEEPEST:
            return Unknown("lifecycle scripts install one folder after the other without end")
        inner = install_inputs(knowledge, call, tree, folder, depth + 1)
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
        Inputs(
            files=tuple(files),
            lock=whole.lock,
            outputs=tuple(outputs),
            dependencies=whole.dependencies,
            reasons=reasons,
            enforced=enforced,
            programs=tuple(sorted(programs)),
            hosts=tuple(sorted(hosts)),
            differs=tuple(differs),
        ),
        files[0],
    )
