"""Does Cargo.lock hold what the manifests ask for?

Compared are names, versions and sources of what the packages of the tree name themselves, and that
nothing is left over. Which optional dependencies a feature brings is told by the manifests of
crates, which are not at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dfix.ecosystems.cargo.versions import satisfies
from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.cargo.workspace import Dependency, Package, Workspace

FORMATS = (3, 4)  # https://doc.rust-lang.org/cargo/reference/resolver.html, "Cargo.lock"


class _Locked(NamedTuple):
    """A package of the lock."""

    name: str
    version: str
    source: str
    dependencies: tuple[str, ...]


class _Mismatch(Exception):
    """What the lock lacks or has too much; `args` is the sentence."""


def compare(workspace: Workspace) -> Fact[bool]:
    """True, or Unknown with the slug of the reason."""
    path, lock = workspace.lock_path, workspace.lock
    assert lock is not None  # noqa: S101 - the caller looked
    if workspace.patched:
        return Unknown(
            f"{workspace.manifest} replaces crates, which is not compared", "unknown-lock"
        )
    if lock.get("version") not in FORMATS:
        return Unknown(f"{path} is of a format that is not compared", "unknown-lock")
    try:
        packages = [_locked(each) for each in lock.get("package", ())]
        _compare(workspace, packages)
    except _Mismatch as mismatch:
        return Unknown(f"{path} {mismatch.args[0]}", "lock-mismatch")
    except (KeyError, TypeError):
        return Unknown(f"{path} cannot be read", "unknown-lock")
    return Known(value=True, source=path)


def _locked(row: Mapping[str, Any]) -> _Locked:
    return _Locked(
        row["name"], row["version"], row.get("source", ""), tuple(row.get("dependencies", ()))
    )


def _compare(workspace: Workspace, packages: list[_Locked]) -> None:
    local = {(each.name, each.version): each for each in packages if not each.source}
    wanted = {(each.name, each.version): each for each in workspace.packages}
    for key, package in wanted.items():
        if key not in local:
            message = f"does not hold {package.name} {package.version} of {package.manifest}"
            raise _Mismatch(message)
    for key in local:
        if key not in wanted:
            message = f"holds {' '.join(key)}, which no manifest is"
            raise _Mismatch(message)
    reached = set(local.values())
    for key, package in wanted.items():
        _dependencies(package, local[key], packages, workspace)
    queue = list(reached)
    while queue:
        for each in _resolved(queue.pop(), packages):
            if each not in reached:
                reached.add(each)
                queue.append(each)
    for each in packages:
        if each not in reached:
            message = f"holds {each.name} {each.version}, which nothing asks for"
            raise _Mismatch(message)


def _dependencies(
    package: Package, locked: _Locked, packages: list[_Locked], workspace: Workspace
) -> None:
    listed = list(_resolved(locked, packages))
    used: set[_Locked] = set()
    for dependency in package.dependencies:
        if (
            dependency.kind == "dev-dependencies"
            and not package.member
            and workspace.root != package.folder
        ):
            continue  # those of packages outside the workspace are not resolved
        fitting = [each for each in listed if _fits(each, dependency, workspace)]
        if not fitting:
            wanted = f"{dependency.package} {dependency.wanted}".strip()
            message = f"does not hold {wanted}, which {package.manifest} asks for"
            raise _Mismatch(message)
        used.update(fitting)
    for each in listed:
        if each not in used:
            message = f"gives {package.name} {each.name} {each.version}, which {package.manifest} does not ask for"
            raise _Mismatch(message)


def _fits(locked: _Locked, dependency: Dependency, workspace: Workspace) -> bool:
    if locked.name != dependency.package:
        return False
    if dependency.path is not None:
        return not locked.source and any(
            each.folder == dependency.path and each.version == locked.version
            for each in workspace.packages
        )
    if dependency.git is not None:
        address = unquote(locked.source.removeprefix("git+").partition("#")[0])
        return locked.source.startswith("git+") and address == unquote(dependency.git)
    return locked.source.startswith(("registry+", "sparse+")) and satisfies(
        locked.version, dependency.wanted
    )


def _resolved(package: _Locked, packages: list[_Locked]) -> Iterator[_Locked]:
    """The packages that a lock entry's dependencies mean: `name`, `name version` or `name version (source)`."""
    for written in package.dependencies:
        name, _, rest = written.partition(" ")
        version, _, source = rest.partition(" ")
        found = [
            each
            for each in packages
            if each.name == name
            and (not version or each.version == version)
            and (
                not source or each.source.partition("#")[0] == source.strip("()").partition("#")[0]
            )
        ]
        if len(found) != 1:
            message = f"names {written}, which it holds {len(found)} times"
            raise _Mismatch(message)
        yield found[0]
