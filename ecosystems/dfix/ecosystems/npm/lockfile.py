"""Does a package-lock.json hold what the manifest asks for, so that `npm ci` accepts it?

`npm ci` loads the lock as a tree, lets the manifest's dependencies point into it and fails when
anything would have to be added or changed
(https://github.com/npm/cli/blob/latest/lib/utils/validate-lockfile.js). The same question is asked
here of every dependency of every package in the lock. A lock that passes here passes there; some
that pass there are refused here, with the reason.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manifest import (
    KINDS,
    Manifest,
    alias_range,
    kind_of,
    local_path,
    named,
    read_json,
    read_manifest,
)
from dfix.ecosystems.node.ranges import parse_range, satisfies
from dfix.ecosystems.node.workspaces import workspaces_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.tree import Tree

RULE = "https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json"
NAMES = ("npm-shrinkwrap.json", "package-lock.json")
"""In the order in which npm looks.

https://docs.npmjs.com/cli/v10/configuring-npm/npm-shrinkwrap-json
"""

_OTHERS = {"yarn.lock": "Yarn", "pnpm-lock.yaml": "pnpm", "bun.lock": "Bun", "bun.lockb": "Bun"}
_NEWEST = 3  # lockfileVersion
_ONE = 1


class Lock(NamedTuple):
    """A lockfile: `packages` by location (versions 2 and 3), `dependencies` by name (1 and 2)."""

    path: str
    version: int
    packages: Mapping[str, Mapping[str, Any]]
    dependencies: Mapping[str, Mapping[str, Any]]


def lock_path(tree: Tree, folder: str) -> str | None:
    """The lockfile in force."""
    for name in NAMES:
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            return path
    return None


def read_lock(tree: Tree, folder: str) -> Fact[Lock]:
    """Read the lockfile of a folder."""
    path = lock_path(tree, folder)
    if path is None:
        for name, manager in _OTHERS.items():
            if tree.is_file(posixpath.join(folder, name)):
                return Unknown(
                    f"there is no package-lock.json, but {name} of {manager}", "no-lockfile"
                )
        return Unknown(
            f"there is no package-lock.json in {folder or 'the build context'}", "no-lockfile"
        )
    data = read_json(tree, path)
    if isinstance(data, Unknown):
        return data
    version = data.value.get("lockfileVersion")
    if not isinstance(version, int) or not _ONE <= version <= _NEWEST:
        return Unknown(f"{path} has lockfileVersion {version}, which is not known")
    packages, dependencies = data.value.get("packages", {}), data.value.get("dependencies", {})
    for table in (packages, dependencies):
        if not isinstance(table, dict) or not all(isinstance(e, dict) for e in table.values()):
            return Unknown(f"{path} does not have the form of a lockfile")
    return Known(Lock(path, version, packages, dependencies), path)


def acceptable(lock: Lock, npm: Fact[int], *, legacy_peers: bool) -> Unknown | None:
    """Why this npm cannot work from a lock of this version; None if it can.

    npm 5 and 6 read versions 1 and 2, npm 7 and later all; npm 5 has `ci` only since 5.7. From
    version 1 npm 7 must look up peer dependencies, which it would have to add and then fails.
    """
    if isinstance(npm, Unknown):
        return Unknown(npm.why, "unknown-manager")
    if npm.value < 6:  # noqa: PLR2004 - see above
        return Unknown(f"npm {npm.value} may not have npm ci", "unknown-manager")
    if npm.value == 6 and lock.version == _NEWEST:  # noqa: PLR2004 - see above
        why = f"{lock.path} has lockfileVersion {lock.version}, which npm {npm.value} does not read"
        return Unknown(why, "lock-too-new")
    if npm.value > 6 and lock.version == _ONE and not legacy_peers:  # noqa: PLR2004 - see above
        why = (
            f"{lock.path} has lockfileVersion 1, which does not hold the peer dependencies that "
            f"npm {npm.value} installs"
        )
        return Unknown(why, "lock-too-old")
    return None


def mismatch(
    tree: Tree, folder: str, lock: Lock, *, legacy_peers: bool, old: bool = False
) -> Fact[str | None]:
    """The first thing that manifest and lock disagree about, or None; `old` asks as npm 6 does."""
    manifest = read_manifest(tree, folder)
    if isinstance(manifest, Unknown):
        return manifest
    data = manifest.value.data
    if data.get("packageExtensions") or data.get("patchedDependencies"):
        return Unknown("package.json changes what its packages depend on")
    overrides = _overrides(manifest.value)
    if isinstance(overrides, Unknown):
        return overrides
    if lock.version == _ONE or old:
        return _compared_old(manifest.value, lock)
    if "" not in lock.packages:
        return Unknown(f"{lock.path} does not describe the project itself")
    members = _members(tree, folder, manifest.value, lock)
    if isinstance(members, Unknown):
        return members
    comparison = _Comparison(lock, manifest.value, overrides.value, legacy_peers=legacy_peers)
    for location, wanted in members.value:
        problem = comparison.manifest(location, wanted)
        if problem is not None:
            return problem if isinstance(problem, Unknown) else Known(problem, lock.path)
    return comparison.packages(frozenset(location for location, _ in members.value))


def _overrides(manifest: Manifest) -> Fact[dict[str, str]]:
    """Versions that the project forces everywhere; Unknown for those under conditions."""
    table = manifest.data.get("overrides", {})
    if not isinstance(table, dict):
        return Unknown("overrides is no table")
    found: dict[str, str] = {}
    for name, value in table.items():
        if not isinstance(value, str) or "@" in name[1:]:
            return Unknown(f"{manifest.path} overrides {name} under conditions")
        wanted = manifest.wanted.get(value[1:]) if value.startswith("$") else value
        if wanted is None:
            return Unknown(f"{manifest.path} overrides {name} by {value}, which it does not name")
        found[name] = wanted
    return Known(found, manifest.path)


def _members(
    tree: Tree, folder: str, manifest: Manifest, lock: Lock
) -> Fact[list[tuple[str, Manifest]]]:
    """The project and its workspaces, by their location in the lock."""
    found = [("", manifest)]
    data = {**manifest.data, "workspaces": manifest.data.get("workspaces", [])}
    members = workspaces_of(tree, folder or ".", data)
    if isinstance(members, Unknown):
        return members
    for member in members.value:
        read = read_manifest(tree, member.directory)
        if isinstance(read, Unknown):
            return read
        location = posixpath.relpath(member.directory, folder or ".")
        if location not in lock.packages:
            return Unknown(f"{lock.path} does not know the workspace {location}")
        found.append((location, read.value))
    known = {location for location, _ in found}
    for location, entry in lock.packages.items():
        target = entry.get("resolved") if entry.get("link") else None
        if isinstance(target, str) and target not in known:
            read = read_manifest(tree, posixpath.normpath(posixpath.join(folder, target)))
            if isinstance(read, Unknown):
                return Unknown(f"{lock.path} links {location} to {target}, but {read.why}")
            known.add(target)
            found.append((target, read.value))
    return Known(found, lock.path)


class _Comparison:
    """One walk over a lock of version 2 or 3."""

    def __init__(
        self, lock: Lock, root: Manifest, overrides: Mapping[str, str], *, legacy_peers: bool
    ) -> None:
        self.lock = lock
        self.root = root
        self.overrides = overrides
        self.legacy_peers = legacy_peers

    def manifest(self, location: str, manifest: Manifest) -> str | Unknown | None:
        """Compare a package.json of the project with what the lock says of it."""
        entry = self.lock.packages.get(location, {})
        # npm compares what is installed, not the texts; of a workspace it loads the lock's text.
        if location:
            for kind in (*KINDS, "peerDependencies"):
                if manifest.table(kind) != named(entry, kind):
                    return f"{kind} of {manifest.path} changed since"
        for name, spec in manifest.wanted.items():
            locked = next((named(entry, k)[name] for k in KINDS if name in named(entry, k)), None)
            problem = self._edge(location, name, spec, locked)
            if problem is not None:
                return problem
        if self.legacy_peers:
            return None
        return self._peers(location, manifest.table("peerDependencies"), manifest.data)

    def packages(self, members: frozenset[str]) -> Fact[str | None]:
        """Compare every other package with its neighbours."""
        for location, entry in self.lock.packages.items():
            if (
                location in members
                or entry.get("link")
                or entry.get("inBundle")
                or entry.get("extraneous")
            ):
                continue
            if entry.get("hasShrinkwrap"):
                return Unknown(f"{location} brings a lockfile of its own")
            if "version" not in entry:
                return Unknown(f"{self.lock.path} gives {location} no version")
            bundled = entry.get("bundleDependencies") or ()
            optional = named(entry, "optionalDependencies")
            for name, spec in self._wanted(entry):
                if bundled is True or name in bundled:
                    continue
                problem = self._edge(location, name, spec, spec)
                if problem is None:
                    continue
                if name in optional and self._resolved(location, name) is None:
                    # npm ci takes such a lock and leaves the package out:
                    # https://github.com/npm/cli/issues/4828
                    why = (
                        f"{self.lock.path} lacks {name}, an optional package of {location} for "
                        "another platform"
                    )
                    return Unknown(why, "missing-linux-packages")
                return problem if isinstance(problem, Unknown) else Known(problem, self.lock.path)
            if not self.legacy_peers:
                peers = self._peers(location, named(entry, "peerDependencies"), entry)
                if peers is not None:
                    return peers if isinstance(peers, Unknown) else Known(peers, self.lock.path)
        return Known(None, self.lock.path)

    def _wanted(self, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from named(entry, "dependencies").items()
        yield from named(entry, "optionalDependencies").items()

    def _peers(
        self, location: str, peers: Mapping[str, str], data: Mapping[str, Any]
    ) -> str | Unknown | None:
        meta = data.get("peerDependenciesMeta")
        for name, spec in peers.items():
            about = meta.get(name) if isinstance(meta, dict) else None
            if isinstance(about, dict) and about.get("optional"):
                continue  # `npm ci` trusts the lock in these
            problem = self._edge(location, name, spec, spec)
            if isinstance(problem, str):
                # npm may or may not keep a conflict between peers that the lock holds.
                return Unknown(f"{problem}, which npm ci may refuse")
            if problem is not None:
                return problem
        return None

    def _edge(
        self, location: str, name: str, spec: str, locked: str | None
    ) -> str | Unknown | None:
        """Does what `name` leads to satisfy `spec`? `locked` is what the lock was asked for."""
        who = location or self.root.path
        found = self._resolved(location, name)
        if found is None:
            return f"it lacks {name}, which {who} depends on"
        at, entry = found
        spec = self.overrides.get(name, spec) if location or name not in self.root.wanted else spec
        kind = kind_of(spec)
        wanted = alias_range(spec) if kind == "alias" else spec
        if entry.get("link"):
            return self._link(location, name, spec, entry)
        if kind == "alias" and parse_range(wanted) is None:
            kind = "tag"
        if kind in {"range", "alias"}:
            version = entry.get("version")
            if not isinstance(version, str):
                return Unknown(f"{self.lock.path} gives {at} no version")
            held = wanted.strip() in {"", "*"} or satisfies(version, wanted)
            return None if held else f"{name}@{version} does not satisfy {spec} of {who}"
        if kind == "tag":
            # npm trusts that what came from a registry once had the tag.
            remote = str(entry.get("resolved", "")).startswith("http")
            return None if remote else f"{name}@{spec} of {who} did not come from a registry"
        if kind == "other":
            return Unknown(f"{who} asks for {name} by {spec}, which npm does not know")
        return None if spec == locked else f"{name} of {who} comes from another place since"

    def _link(
        self, location: str, name: str, spec: str, entry: Mapping[str, Any]
    ) -> str | Unknown | None:
        """A dependency that is a folder of the project."""
        target = str(entry.get("resolved", ""))
        if kind_of(spec) == "file":
            same = local_path(spec, location or ".") == posixpath.normpath(target)
            return (
                None if same else f"{name} of {location or 'the project'} is another folder since"
            )
        version = self.lock.packages.get(target, {}).get("version")
        if spec.strip() in {"", "*"}:
            return None
        if not isinstance(version, str):
            return Unknown(f"the workspace {target} has no version")
        return None if satisfies(version, spec) else f"{name}@{version} does not satisfy {spec}"

    def _resolved(self, location: str, name: str) -> tuple[str, Mapping[str, Any]] | None:
        """What Node.js finds under a name from a location: the nearest node_modules upwards."""
        place = location
        while True:
            if posixpath.basename(place) != "node_modules":
                at = f"{place}/node_modules/{name}" if place else f"node_modules/{name}"
                entry = self.lock.packages.get(at)
                if entry is not None:
                    return at, entry
            if not place:
                return None
            place = posixpath.dirname(place)


def _compared_old(manifest: Manifest, lock: Lock) -> Fact[str | None]:
    """The comparison for the tree of names that npm 6 reads."""
    if manifest.data.get("workspaces"):
        return Unknown("npm 6 does not know workspaces")
    if manifest.wanted and not lock.dependencies:
        return Known(f"it lacks {next(iter(manifest.wanted))}", lock.path)
    problem = _branch(manifest.path, manifest.wanted, (lock.dependencies,))
    if isinstance(problem, Unknown):
        return problem
    return Known(problem, lock.path)


def _branch(
    who: str, wanted: Mapping[str, str], scopes: tuple[Mapping[str, Mapping[str, Any]], ...]
) -> str | Unknown | None:
    """Compare one package's needs in the scopes it sees, the nearest last, then what is below."""
    for name, spec in wanted.items():
        entry = next((scope[name] for scope in reversed(scopes) if name in scope), None)
        if entry is None:
            return f"it lacks {name}, which {who} depends on"
        version = entry.get("version")
        kind = kind_of(spec)
        if kind == "tag" and isinstance(version, str) and entry.get("resolved"):
            continue
        if kind != "range" or not isinstance(version, str):
            if who.endswith("package.json"):
                return Unknown(f"{who} takes {name} from {spec}")
            continue  # written by npm itself when it locked the package
        if spec.strip() not in {"", "*"} and not satisfies(version, spec):
            return f"{name}@{version} does not satisfy {spec} of {who}"
    for name, entry in scopes[-1].items():
        inner = entry.get("dependencies")
        below = (*scopes, inner) if isinstance(inner, dict) else (*scopes, {})
        if entry.get("bundled"):
            continue
        problem = _branch(name, named(entry, "requires"), below) if entry.get("requires") else None
        if problem is not None:
            return problem
    return None
