"""Does a yarn.lock hold what the manifests ask for, so that Yarn takes it as it is?

`--frozen-lockfile` of Yarn 1 looks at the project's own dependencies only, and resolves anew what
else is missing (tried with 1.22.22). `--immutable` of berry fails where it would write the lock in
any other way. What is asked here is stricter than the first, and as strict as the second: what
cannot be compared is refused, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manifest import Manifest, kind_of
from dfix.ecosystems.node.ranges import parse_range, satisfies
from dfix.ecosystems.node.yarnlock import descriptors, has_protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.node.yarnlock import Entry, Lock

_NPM_IN_TABLES = 8  # the version of berry's lock that writes `npm:` before ranges


def classic_mismatch(lock: Lock, manifests: Sequence[Manifest]) -> Fact[str | None]:
    """The first thing that the manifests and a lock of Yarn 1 disagree about, or None."""
    resolutions = manifests[0].table("resolutions")
    forced = {pattern.rpartition("/")[2] if "@" not in pattern else "" for pattern in resolutions}
    forced |= {"@" + pattern.rpartition("@")[2] for pattern in resolutions if "@" in pattern}
    members = {str(each.data.get("name")): each for each in manifests[1:]}
    for manifest in manifests:
        for name, spec in manifest.wanted.items():
            member = members.get(name)
            if member is not None and _satisfied_by(member, spec):
                continue
            problem = _classic_edge(lock, manifest.path, name, spec, forced)
            if problem is not None:
                return problem if isinstance(problem, Unknown) else Known(problem, lock.path)
    for key, entry in lock.entries.items():
        for table in ("dependencies", "optionalDependencies"):
            for name, spec in entry.table(table).items():
                problem = _classic_edge(lock, key, name, spec, forced)
                if problem is not None:
                    return problem if isinstance(problem, Unknown) else Known(problem, lock.path)
    return Known(None, lock.path)


def _satisfied_by(member: Manifest, spec: str) -> bool:
    version = member.data.get("version")
    if spec.strip() in {"", "*"}:
        return True
    known = isinstance(version, str) and parse_range(spec) is not None
    return known and satisfies(str(version), spec) is True


def _classic_edge(
    lock: Lock, who: str, name: str, spec: str, forced: set[str]
) -> str | Unknown | None:
    entry = lock.entries.get(f"{name}@{spec}")
    if entry is None:
        return f"it lacks {name}@{spec}, which {who} depends on"
    version = entry.fields.get("version", "")
    scope, _, last = name.rpartition("/")
    if last in forced or name in forced or scope in forced or kind_of(spec) != "range":
        return None
    if spec.strip() in {"", "*"} or satisfies(version, spec):
        return None
    return f"{name}@{version} does not satisfy {spec} of {who}"


def berry_mismatch(lock: Lock, manifests: Sequence[Manifest], folder: str) -> Fact[str | None]:
    """The first thing that the manifests and a lock of berry disagree about, or None."""
    assert lock.version is not None  # noqa: S101 - the caller looked
    root = manifests[0]
    resolutions = root.table("resolutions")
    odd = next((name for name in resolutions if "/" in name.lstrip("@").partition("/")[2]), None)
    if odd is not None or any("@" in name[1:] for name in resolutions):
        return Unknown(f"{root.path} resolves {odd or 'a package'} under conditions")
    seen: set[str] = set()
    todo: list[str] = []
    for manifest in manifests:
        below = _below(manifest.folder, folder)
        key = next((k for k in lock.entries if k.endswith(f"@workspace:{below}")), None)
        if key is None:
            return Known(f"it lacks the workspace {below}", lock.path)
        if manifest.data.get("name") not in {None, key.rpartition("@workspace:")[0]}:
            return Known(f"the workspace {below} has another name since", lock.path)
        problem = _berry_workspace(lock, manifest, lock.entries[key])
        if problem is not None:
            return problem if isinstance(problem, Unknown) else Known(problem, lock.path)
        todo.append(key)
    while todo:
        key = todo.pop()
        entry = lock.entries[key]
        if entry.keys[0] in seen:
            continue
        seen.add(entry.keys[0])
        for name, spec in entry.table("dependencies").items():
            wanted = descriptors(lock, name, resolutions.get(name, spec))
            if not wanted:
                return Known(f"it lacks {name}@{spec}, which {key} depends on", lock.path)
            todo.extend(wanted)
    left = next((key for key, entry in lock.entries.items() if entry.keys[0] not in seen), None)
    return Known(None if left is None else f"nothing needs {left} any more", lock.path)


def _below(folder: str, root: str) -> str:
    return (folder.removeprefix(f"{root}/") if root else folder) if folder != root else "."


def _berry_workspace(lock: Lock, manifest: Manifest, entry: Entry) -> str | Unknown | None:
    """Compare a workspace's entry with its manifest: each difference would be written."""
    assert lock.version is not None  # noqa: S101 - the caller looked
    wanted: dict[str, str] = {}
    for name, spec in manifest.wanted.items():
        kind = kind_of(spec)
        protocol = has_protocol(spec)
        if kind in {"range", "tag"} and not protocol:
            wanted[name] = f"npm:{spec}" if lock.version >= _NPM_IN_TABLES else spec
        elif spec.startswith(("npm:", "workspace:", "patch:")):
            wanted[name] = spec
        else:
            return Unknown(f"{manifest.path} takes {name} from {spec}")
    if wanted != dict(entry.table("dependencies")):
        return f"dependencies of {manifest.path} changed since"
    if manifest.table("peerDependencies") != dict(entry.table("peerDependencies")):
        return f"peerDependencies of {manifest.path} changed since"
    for name in ("dependenciesMeta", "peerDependenciesMeta"):
        if manifest.data.get(name):
            return Unknown(f"{manifest.path} has {name}")
    optional = bool(manifest.table("optionalDependencies"))
    if optional != ("dependenciesMeta" in entry.tables):
        return f"optionalDependencies of {manifest.path} changed since"
    bins = manifest.data.get("bin")
    if bool(bins) != ("bin" in entry.tables):
        return f"the programs of {manifest.path} changed since"
    if isinstance(bins, dict) and set(bins) != set(entry.table("bin")):
        return f"the programs of {manifest.path} changed since"
    return None
