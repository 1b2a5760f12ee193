"""Read poetry.lock, and tell whether Poetry accepts it for a manifest.

The lock holds a hash of the parts of pyproject.toml that decide what is installed. Which parts are
hashed is told by https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
(and its versions 1.1, 1.5, 1.8, 2.1), tried with the locks of Poetry 1.5.1, 1.8.5 and 2.5.1.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import Origin, Pyproject, read_pyproject, read_toml
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.tree import Tree

    Data = Mapping[str, Any]

NAME = "poetry.lock"
# Always hashed, as null where they are absent; `group` came with Poetry 1.2 and counts where it is there.
_ALWAYS = ("dependencies", "source", "extras", "dev-dependencies")
_PROJECT = ("requires-python", "dependencies", "optional-dependencies")


def read_lock(tree: Tree, directory: str) -> Fact[Data]:
    """The lock of a folder; Unknown with the slug `no-lockfile` where there is none."""
    path = posixpath.join(inside(directory) or "", NAME)
    if not tree.is_file(path):
        return Unknown(f"there is no {path}", "no-lockfile")
    found = read_toml(tree, path)
    if isinstance(found, Known) and not isinstance(found.value.get("metadata"), dict):
        return Unknown(f"{path} does not have the form of a lockfile", "unknown-lock")
    return found


def origins(lock: Data) -> Iterator[Origin]:
    """Where the packages of the lock come from."""
    kinds = {"directory": "folder", "file": "archive", "url": "remote", "legacy": "index"}
    for package in lock.get("package", ()):
        name, source = package.get("name", ""), package.get("source", {})
        if not source:
            yield Origin(name, "index")
        elif source.get("type") == "git":
            yield Origin(name, "git", f"git+{source.get('url', '')}")
        else:
            yield Origin(
                name, kinds.get(source.get("type", ""), "folder"), str(source.get("url", ""))
            )


def fits(tree: Tree, directory: str, lock: Data) -> Fact[bool]:
    """Is the lock's hash one that a version of Poetry makes of the manifest?"""
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    written = lock["metadata"].get("content-hash")
    if not isinstance(written, str):
        return Unknown(f"the {NAME} of {found.value.path} has no content-hash", "unknown-lock")
    return Known(written in set(hashes(found.value)), found.value.path)


def hashes(manifest: Pyproject) -> Iterator[str]:
    """The hashes that versions of Poetry make of a manifest: without groups of the standard, and with them."""
    import hashlib  # noqa: PLC0415 - only projects with such a lock pay for it
    import json  # noqa: PLC0415

    for groups in ({}, dict(manifest.table("dependency-groups"))):
        text = json.dumps(_relevant(manifest, groups), sort_keys=True, default=str)
        yield hashlib.sha256(text.encode()).hexdigest()


def _relevant(manifest: Pyproject, groups: Data) -> dict[str, Any]:
    poetry = manifest.table("tool", "poetry")
    project = {
        key: manifest.project[key] for key in _PROJECT if manifest.project.get(key) is not None
    }
    standard = bool(project or groups)
    own = {
        key: poetry.get(key)
        for key in (*_ALWAYS, "group")
        if poetry.get(key) is not None or (key in _ALWAYS and not standard)
    }
    if not standard:
        return own
    found: dict[str, Any] = {"tool": {"poetry": own}}
    if project:
        found["project"] = project
    if groups:
        found["dependency-groups"] = dict(groups)
    return found
