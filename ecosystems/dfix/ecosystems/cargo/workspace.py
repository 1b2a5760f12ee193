"""The packages of a Cargo workspace, and what its manifests, lockfile and configuration say.

Rules: https://doc.rust-lang.org/cargo/reference/workspaces.html and .../reference/manifest.html.
"""

from __future__ import annotations

import fnmatch
import posixpath
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.tree import Tree

MANIFEST, LOCK = "Cargo.toml", "Cargo.lock"
CONFIGS = (".cargo/config.toml", ".cargo/config")
KINDS = ("dependencies", "dev-dependencies", "build-dependencies")
OLD_KINDS = ("dev_dependencies", "build_dependencies")


class Dependency(NamedTuple):
    """One dependency: the package's own name, what version is wanted, where it comes from."""

    package: str
    wanted: str  # the requirement, empty for any
    path: str | None  # its folder in the tree
    git: str | None  # the address with `?branch=...` and the like, as a lock writes it
    kind: str


class Package(NamedTuple):
    """One package of the tree."""

    name: str
    version: str
    folder: str
    manifest: str
    member: bool
    dependencies: tuple[Dependency, ...]
    programs: tuple[str, ...]


class Workspace(NamedTuple):
    """A workspace, or a package alone."""

    root: str
    name: str
    manifest: str
    packages: tuple[Package, ...]
    lock_path: str
    lock: Mapping[str, Any] | None
    patched: bool  # [patch] or [replace]: where crates come from is told there
    vendored: str | None  # the configuration that takes crates from a folder
    target_dir: str | None  # the configuration that moves the target folder

    @property
    def programs(self) -> tuple[str, ...]:
        """The names of all binary targets."""
        return tuple(dict.fromkeys(name for each in self.packages for name in each.programs))

    def downloads(self, cache: str) -> bool:
        """May it need a package of the registries, or of git repositories?"""
        named = [each for package in self.packages for each in package.dependencies]
        git = any(each.git for each in named)
        registry = git or any(each.path is None for each in named)
        if self.patched or (git if cache == "cargo-git" else registry):
            return True
        starts = ("git+",) if cache == "cargo-git" else ("registry+", "sparse+")
        locked = (self.lock or {}).get("package", ())
        return any(str(each.get("source", "")).startswith(starts) for each in locked)


class _Odd(Exception):
    """Something that is not understood; `args` is the reason."""


def read_workspace(tree: Tree, directory: str) -> Fact[Workspace]:
    """The workspace that a cargo in this folder works on."""
    start = inside(directory)
    if start is None:
        return Unknown(f"{directory} is outside the build context")
    try:
        return _read(tree, start)
    except _Odd as odd:
        return Unknown(*odd.args)


def _read(tree: Tree, start: str) -> Fact[Workspace]:
    own = next(
        (each for each in _upwards(start) if tree.is_file(posixpath.join(each, MANIFEST))), None
    )
    if own is None:
        return Unknown(f"{posixpath.join(start, MANIFEST)} is missing")
    root = _root(tree, own)
    path = posixpath.join(root, MANIFEST)
    table = _toml(tree, path)
    packages = tuple(_packages(tree, root, table))
    lock_path = posixpath.join(root, LOCK)
    lock = _toml(tree, lock_path) if tree.is_file(lock_path) else None
    vendored, target_dir = _configured(tree, start)
    named = next((each.name for each in packages if each.folder == root), None)
    found = Workspace(
        root=root,
        name=named or posixpath.basename(root) or (packages[0].name if packages else ""),
        manifest=path,
        packages=packages,
        lock_path=lock_path,
        lock=lock,
        patched="patch" in table or "replace" in table,
        vendored=vendored,
        target_dir=target_dir,
    )
    return Known(found, path)


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        if not folder:
            return
        folder = posixpath.dirname(folder)


def _toml(tree: Tree, path: str) -> dict[str, Any]:
    text = tree.read(path)
    if isinstance(text, Unknown):
        raise _Odd(text.why)
    try:
        return tomllib.loads(text.value)
    except tomllib.TOMLDecodeError as error:
        message = f"{path} cannot be read: {error}"
        raise _Odd(message) from error


def _root(tree: Tree, own: str) -> str:
    """The folder of the workspace that the package of a folder belongs to; its own if to none."""
    table = _toml(tree, posixpath.join(own, MANIFEST))
    if "workspace" in table:
        return own
    named = _package(table).get("workspace")
    if isinstance(named, str):
        found = inside(posixpath.join(own, named))
        if found is None:
            message = f"{own or MANIFEST} belongs to a workspace outside the build context"
            raise _Odd(message)
        return found
    for folder in _upwards(posixpath.dirname(own)) if own else ():
        path = posixpath.join(folder, MANIFEST)
        if tree.is_file(path):
            workspace = _toml(tree, path).get("workspace")
            if isinstance(workspace, dict):
                below = own[len(folder) + 1 :] if folder else own
                left_out = any(
                    below == each or below.startswith(f"{each}/")
                    for each in workspace.get("exclude", ())
                )
                return own if left_out else folder
    return own


def _package(table: Mapping[str, Any]) -> Mapping[str, Any]:
    found = table.get("package", table.get("project", {}))
    return found if isinstance(found, dict) else {}


def _packages(tree: Tree, root: str, table: Mapping[str, Any]) -> Iterator[Package]:
    """The members, and what they name by its path, each once."""
    workspace = table.get("workspace", {})
    queue = [(folder, True) for folder in _members(tree, root, table)]
    excluded = [
        posixpath.normpath(posixpath.join(root, each)) for each in workspace.get("exclude", ())
    ]
    seen: set[str] = set()
    while queue:
        folder, member = queue.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        manifest = posixpath.join(folder, MANIFEST)
        if not tree.is_file(manifest):
            message = f"{manifest} is missing"
            raise _Odd(message)
        found = _one(tree, folder, workspace, root, member=member)
        yield found
        for each in found.dependencies:
            if each.path is not None:
                below = not root or each.path.startswith(f"{root}/")
                out = any(each.path == one or each.path.startswith(f"{one}/") for one in excluded)
                queue.append((each.path, bool(workspace) and below and not out))


def _members(tree: Tree, root: str, table: Mapping[str, Any]) -> Iterator[str]:
    if _package(table):
        yield root
    workspace = table.get("workspace", {})
    excluded = {posixpath.normpath(each) for each in workspace.get("exclude", ())}
    for pattern in workspace.get("members", ()):
        clean = inside(posixpath.join(root, pattern))
        if clean is None:
            message = f"the workspace has members outside the build context: {pattern}"
            raise _Odd(message)
        if not any(char in clean for char in "*?["):
            yield clean
            continue
        for folder in _matching(tree, clean):
            below = posixpath.relpath(folder, root or ".")
            if below not in excluded and tree.is_file(posixpath.join(folder, MANIFEST)):
                yield folder


def _matching(tree: Tree, pattern: str) -> list[str]:
    found = [""]
    for part in pattern.split("/"):
        if part == "**":
            message = f"the members {pattern} are not understood"
            raise _Odd(message)
        found = [
            posixpath.join(folder, name)
            for folder in found
            for name in tree.listdir(folder)
            if fnmatch.fnmatchcase(name, part) and tree.is_dir(posixpath.join(folder, name))
        ]
    return found


def _one(
    tree: Tree, folder: str, workspace: Mapping[str, Any], root: str, *, member: bool
) -> Package:
    path = posixpath.join(folder, MANIFEST)
    table = _toml(tree, path)
    package = _package(table)
    name = package.get("name")
    version = package.get("version", "0.0.0")
    if isinstance(version, dict):
        version = workspace.get("package", {}).get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        message = f"{path} has no name or no version that is understood"
        raise _Odd(message)
    if any(key in table for key in OLD_KINDS):
        message = f"{path} names dependencies in an old spelling"
        raise _Odd(message)
    tables = [(key, table.get(key, {})) for key in KINDS]
    for each in table.get("target", {}).values():
        tables += [(key, each.get(key, {})) for key in KINDS]
    dependencies = tuple(
        _dependency(key, value, kind, folder, workspace.get("dependencies", {}), root, path)
        for kind, rows in tables
        for key, value in rows.items()
    )
    return Package(
        name, version, folder, path, member, dependencies, _programs(tree, folder, table, name)
    )


def _dependency(
    key: str,
    value: Any,
    kind: str,
    folder: str,
    shared: Mapping[str, Any],
    root: str,
    where: str,
) -> Dependency:
    if isinstance(value, dict) and value.get("workspace") is True:
        if key not in shared:
            message = f"{where} takes {key} from the workspace, which does not name it"
            raise _Odd(message)
        value, folder = shared[key], root
    if isinstance(value, str):
        return Dependency(key, value, None, None, kind)
    if not isinstance(value, dict):
        message = f"{where} names {key} in a way that is not understood"
        raise _Odd(message)
    at: str | None = None
    if isinstance(value.get("path"), str):
        at = inside(posixpath.join(folder, value["path"]))
        if at is None or value["path"].startswith("/"):
            message = f"{where} names {key} by a path outside the build context"
            raise _Odd(message)
    git = value.get("git")
    if isinstance(git, str):
        chosen = next((word for word in ("branch", "tag", "rev") if word in value), None)
        git = git if chosen is None else f"{git}?{chosen}={value[chosen]}"
    return Dependency(value.get("package", key), value.get("version", ""), at, git, kind)


def _programs(tree: Tree, folder: str, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The binary targets: those named, and those found at their usual places."""
    named = [each["name"] for each in table.get("bin", ()) if isinstance(each.get("name"), str)]
    if _package(table).get("autobins") is False:
        return tuple(named)
    found = list(named)
    main = posixpath.join(folder, "src/main.rs")
    if tree.is_file(main) and not any(
        each.get("path") == "src/main.rs" for each in table.get("bin", ())
    ):
        found.append(name)
    for each in tree.listdir(posixpath.join(folder, "src/bin")):
        at = posixpath.join(folder, "src/bin", each)
        if each.endswith(".rs") or tree.is_file(posixpath.join(at, "main.rs")):
            found.append(each.removesuffix(".rs"))
    return tuple(dict.fromkeys(found))


def _configured(tree: Tree, start: str) -> tuple[str | None, str | None]:
    """The configuration that takes crates from a folder, and the one that moves the target folder."""
    vendored: str | None = None
    moved: str | None = None
    for folder in _upwards(start):
        path = next(
            (p for each in CONFIGS if tree.is_file(p := posixpath.join(folder, each))), None
        )
        if path is None:
            continue
        table = _toml(tree, path)
        sources = table.get("source", {})
        replaced = sources.get("crates-io", {}).get("replace-with")
        if "directory" in sources.get(replaced, {}):
            vendored = vendored or path
        if "target-dir" in table.get("build", {}) or "target" in table.get("build", {}):
            moved = moved or path
    return vendored, moved
