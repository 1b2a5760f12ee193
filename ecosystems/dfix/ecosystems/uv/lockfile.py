"""Read uv.lock, and tell whether `uv sync --locked` accepts it for a manifest.

https://github.com/astral-sh/uv/blob/main/crates/uv-resolver/src/lock/mod.rs. The lock repeats what
the manifest asks for, in its own spelling; what is not surely the same is unknown.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import Origin, Pyproject, read_pyproject, read_toml
from dfix.ecosystems.python.specs import Spec, clauses, marker_of, read_spec
from dfix.ecosystems.python.wheels import normalised
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.tree import Tree

    Data = Mapping[str, Any]

NAME = "uv.lock"
_FORMAT = 1  # the only version so far; revisions of it are read by every uv
_OWN = ("virtual", "editable", "directory")


def read_lock(tree: Tree, directory: str) -> Fact[Data]:
    """The lock of a folder; Unknown with the slug `no-lockfile` where there is none."""
    path = posixpath.join(inside(directory) or "", NAME)
    if not tree.is_file(path):
        return Unknown(f"there is no {path}", "no-lockfile")
    found = read_toml(tree, path)
    if isinstance(found, Known) and found.value.get("version") != _FORMAT:
        return Unknown(f"{path} has a format that is not known", "unknown-lock")
    return found


def own_package(lock: Data) -> Data:
    """The entry of the locked project itself."""
    for package in lock.get("package", ()):
        source = package.get("source", {})
        if any(source.get(kind) == "." for kind in _OWN):
            return dict(package)
    return {}


def origins(lock: Data) -> Iterator[Origin]:
    """Where the packages of the lock come from."""
    for package in lock.get("package", ()):
        name, source = package.get("name", ""), package.get("source", {})
        if any(source.get(kind) == "." for kind in _OWN):
            continue
        if "registry" in source:
            where = str(source["registry"])
            yield Origin(name, "index" if "://" in where else "folder", where)
        elif "git" in source:
            yield Origin(name, "git", f"git+{source['git']}")
        elif "url" in source:
            yield Origin(name, "remote", source["url"])
        elif "path" in source:
            yield Origin(name, "archive", source["path"])
        else:
            where = next((str(source[kind]) for kind in _OWN if kind in source), "elsewhere")
            yield Origin(name, "folder", where)


def matches(knowledge: Knowledge, tree: Tree, directory: str) -> Fact[tuple[str, str]]:
    """The lock and the manifest that it is right for; else Unknown with the reason's slug."""
    lock = read_lock(tree, directory)
    if isinstance(lock, Unknown):
        return lock
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    manifest = found.value
    odd = _odd_settings(knowledge, tree, manifest)
    if odd is not None:
        return Unknown(f"whether {lock.source} fits {odd} is not known", "unknown-lock")
    own = own_package(lock.value)
    if not own or [each for each in origins(lock.value) if each.kind == "folder"]:
        return Unknown(f"{lock.source} is that of a workspace", "unknown-lock")
    different = _difference(manifest, lock.value, own)
    if isinstance(different, Unknown):
        return Unknown(different.why, "unknown-lock")
    if different is not None:
        return Unknown(f"{lock.source} and {manifest.path} differ in {different}", "lock-mismatch")
    return Known((lock.source, manifest.path), lock.source)


def _odd_settings(knowledge: Knowledge, tree: Tree, manifest: Pyproject) -> str | None:
    """A setting that the lock may have to follow, beyond those that are compared here."""
    if tree.is_file(posixpath.join(manifest.folder, "uv.toml")):
        return posixpath.join(manifest.folder, "uv.toml")
    plain = (*knowledge.extra["plain-settings"], "dev-dependencies")
    odd = next((key for key in manifest.table("tool", "uv") if key not in plain), None)
    return f"[tool.uv] {odd} of {manifest.path}" if odd is not None else None


def _difference(manifest: Pyproject, lock: Data, own: Data) -> str | Unknown | None:
    """What differs, in a word; Unknown where it cannot be told."""
    project = manifest.project
    if manifest.dynamic - {"version", "readme", "description", "classifiers"}:
        return Unknown(f"the build backend tells some of {manifest.path}")
    if normalised(str(project.get("name", ""))) != own.get("name"):
        return "the name"
    version = str(project.get("version"))
    if "version" not in manifest.dynamic and version != own.get("version"):
        plain = version.replace(".", "").isdigit()
        return "the version" if plain else Unknown(f"how uv spells the version {version}")
    python = clauses(str(project.get("requires-python", "")))
    if not python:
        return Unknown(f"{manifest.path} names no versions of Python")
    if python != clauses(str(lock.get("requires-python", ""))):
        return "requires-python"
    metadata = own.get("metadata", {})
    wanted = _wanted(manifest)
    if wanted is None:
        return Unknown(f"a requirement of {manifest.path} is not read")
    different = _unlike(wanted, _locked(metadata.get("requires-dist", ())), "the dependencies")
    if different is not None:
        return different
    groups = _groups(manifest)
    if isinstance(groups, Unknown):
        return groups
    found = {name: _locked(each) for name, each in metadata.get("requires-dev", {}).items() if each}
    if groups.value.keys() != found.keys():
        return "the dependency groups"
    for name, locked in found.items():
        different = _unlike(groups.value[name], locked, name)
        if different is not None:
            return different
    return None


def _unlike(wanted: frozenset[Spec], locked: frozenset[Spec], what: str) -> str | Unknown | None:
    """What to call the difference; not known where only the spelling of a marker may differ."""
    if wanted == locked:
        return None
    if {each._replace(marker="") for each in wanted} == {
        each._replace(marker="") for each in locked
    }:
        return Unknown(f"whether a marker in {what} is the same is not known")
    return what


def _wanted(manifest: Pyproject) -> frozenset[Spec] | None:
    """The requirements of [project], those of an extra with its marker."""
    project = manifest.project
    found = [read_spec(text) for text in project.get("dependencies", ())]
    for extra, texts in project.get("optional-dependencies", {}).items():
        for text in texts:
            spec = read_spec(text)
            if spec is None:
                return None
            own = f"extra == '{normalised(extra)}'"
            marker = f"{spec.marker} and {own}" if spec.marker else own
            found.append(spec._replace(marker=marker))
    if any(spec is None or spec.url for spec in found):
        return None
    return frozenset(_as_locked(spec) for spec in found if spec is not None)


def _groups(manifest: Pyproject) -> Fact[Any]:
    """[dependency-groups] and [tool.uv] dev-dependencies, with what they include."""
    named = {normalised(name): each for name, each in manifest.groups.items()}
    legacy = manifest.table("tool", "uv").get("dev-dependencies", ())
    if legacy:
        named["dev"] = [*named.get("dev", ()), *legacy]
    found: dict[str, frozenset[Spec]] = {}
    for name in named:
        texts = list(_expanded(named, name, ()))
        specs = [read_spec(text) for text in texts]
        if any(spec is None or spec.url for spec in specs):
            return Unknown(f"a requirement of the group {name} is not read")
        found[name] = frozenset(_as_locked(spec) for spec in specs if spec is not None)
    return Known({name: each for name, each in found.items() if each}, manifest.path)


def _expanded(
    named: Mapping[str, Iterable[Any]], name: str, seen: tuple[str, ...]
) -> Iterator[str]:
    """The requirements of a group; an include that leads nowhere is not a requirement."""
    for each in named.get(name, ("?",)):
        if isinstance(each, str):
            yield each
        elif name not in seen:
            yield from _expanded(
                named, normalised(str(each.get("include-group", ""))), (*seen, name)
            )


def _as_locked(spec: Spec) -> Spec:
    """With the marker as uv spells it: `python_version >= '3.8'` becomes one over the full version (tried)."""
    marker = spec.marker
    for operator in (">=", "<"):
        begin = f"python_version {operator} '"
        if marker.startswith(begin) and marker.count("'") == 2:  # noqa: PLR2004 - one value
            marker = marker.replace("python_version", "python_full_version")
    return spec._replace(marker=marker)


def _locked(entries: Iterable[Data]) -> frozenset[Spec]:
    """The same as the lock has it; an entry with a source of its own never equals a plain requirement."""
    known = {"name", "specifier", "extras", "marker"}
    return frozenset(
        Spec(
            normalised(each["name"]),
            frozenset(normalised(extra) for extra in each.get("extras", ())),
            clauses(each.get("specifier", "")) or frozenset(),
            marker_of(each.get("marker", "")),
            "" if set(each) <= known else "elsewhere",
        )
        for each in entries
    )
