"""Read pdm.lock, tell whether PDM accepts it for a manifest, and what an install reads.

The lock holds a hash of the parts of pyproject.toml that decide what is installed:
https://github.com/pdm-project/pdm/blob/main/src/pdm/project/project_file.py (content_hash), tried with PDM 2.29.4.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import (
    Origin,
    Pyproject,
    add_settings,
    needs,
    read_pyproject,
    read_toml,
    requirement_origin,
    requirements,
)
from dfix.ecosystems.python.wheels import normalised
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.tree import Tree

    Data = Mapping[str, Any]

NAME = "pdm.lock"
# https://pdm-project.org/en/latest/usage/config/, https://pdm-project.org/en/latest/usage/project/
SETTINGS = ("pdm.toml", ".pdm.toml", ".pdm-python", ".python-version")
_HOOKS = ("pre_install", "post_install", "pre_lock", "post_lock", "pre_sync", "post_sync")


def read_lock(tree: Tree, directory: str) -> Fact[Data]:
    """The lock of a folder; Unknown with the slug `no-lockfile` where there is none."""
    path = posixpath.join(inside(directory) or "", NAME)
    if not tree.is_file(path):
        return Unknown(f"there is no {path}", "no-lockfile")
    found = read_toml(tree, path)
    if isinstance(found, Known) and not isinstance(found.value.get("metadata"), dict):
        return Unknown(f"{path} does not have the form of a lockfile", "unknown-lock")
    return found


def install_inputs(tree: Tree, directory: str, *, locked: bool, without: bool) -> Fact[Inputs]:
    """What an install reads; `without` tells that the project itself is left out."""
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    manifest = found.value
    scripts = manifest.table("tool", "pdm", "scripts")
    hook = next((name for name in _HOOKS if name in scripts), None)
    if hook is not None:
        return Unknown(f"{manifest.path} runs {hook}")
    if "dependencies" in manifest.dynamic or not manifest.project:
        return Unknown(f"{manifest.path} does not list the project's dependencies")
    lock = read_lock(tree, manifest.folder)
    if isinstance(lock, Unknown) and lock.slug != "no-lockfile":
        return lock
    path = lock.source if isinstance(lock, Known) else ""
    wanted = list(_origins(lock.value) if isinstance(lock, Known) else _named(manifest))
    if not without and installs_itself(manifest):
        return Unknown("PDM installs the project's own sources")
    needed = needs(tree, manifest.folder, path or manifest.path, wanted)
    if isinstance(needed, Unknown):
        return needed
    reasons = {manifest.path: f"PDM reads {manifest.path}"}
    if path:
        reasons[path] = f"PDM installs what {path} says"
    add_settings(tree, manifest.folder, SETTINGS, "PDM", reasons)
    reasons.update(needed.value.files)
    fitting = fits(tree, manifest.folder)
    outputs = [".venv", *(name for name in ("__pypackages__",) if _has(tree, manifest, name))]
    return Known(
        Inputs(
            files=tuple(reasons),
            lock=path or None,
            outputs=tuple(posixpath.join(manifest.folder, name) for name in outputs),
            dependencies=bool(wanted),
            reasons=reasons,
            enforced=bool(path) and (locked or (isinstance(fitting, Known) and fitting.value)),
            programs=needed.value.programs,
            hosts=needed.value.hosts,
        ),
        path or manifest.path,
    )


def installs_itself(manifest: Pyproject) -> bool:
    """Is the project a distribution? https://pdm-project.org/en/latest/usage/project/#is-the-project-distributable."""
    settings = manifest.table("tool", "pdm")
    if "package-type" in settings:
        return bool(settings["package-type"] == "library")
    return settings.get("distribution") is not False


def fits(tree: Tree, directory: str) -> Fact[bool]:
    """Is the lock's hash that of the manifest?"""
    lock = read_lock(tree, directory)
    if isinstance(lock, Unknown):
        return lock
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    algorithm, _, written = str(lock.value["metadata"].get("content_hash", "")).partition(":")
    if algorithm != "sha256":
        return Unknown(f"{lock.source} has no sha256 of the manifest", "unknown-lock")
    return Known(written in set(_hashes(found.value)), lock.source)


def _has(tree: Tree, manifest: Pyproject, name: str) -> bool:
    return tree.is_dir(posixpath.join(manifest.folder, name))


def _origins(lock: Data) -> Iterator[Origin]:
    for package in lock.get("package", ()):
        name = package.get("name", "")
        if "git" in package:
            yield Origin(name, "git", f"git+{package['git']}")
        elif "url" in package:
            yield Origin(name, "remote", package["url"])
        elif "path" in package:
            path = str(package["path"])
            archive = path.endswith((".whl", ".tar.gz", ".zip"))
            yield Origin(name, "archive" if archive else "folder", path)
        else:
            yield Origin(name, "index")


def _named(manifest: Pyproject) -> Iterator[Origin]:
    legacy = manifest.table("tool", "pdm", "dev-dependencies").values()
    for text in (*requirements(manifest), *(each for texts in legacy for each in texts)):
        bare = text.removeprefix("-e ").strip()
        if bare != text and "@" not in bare:
            yield Origin(bare, "folder", bare)
        else:
            yield requirement_origin(bare) or Origin(bare, "index")


def _hashes(manifest: Pyproject) -> Iterator[str]:
    """The hash as versions of PDM make it: the overrides of a resolution alone, and later all of it."""
    import hashlib  # noqa: PLC0415 - only projects with such a lock pay for it
    import json  # noqa: PLC0415

    settings = manifest.table("tool", "pdm")
    groups: dict[str, list[Any]] = {}
    for name, texts in manifest.groups.items():
        groups[normalised(name)] = list(texts)
    for name, texts in manifest.table("tool", "pdm", "dev-dependencies").items():
        groups.setdefault(normalised(name), []).extend(texts)
    common = {
        "sources": settings.get("source", []),
        "dependencies": manifest.project.get("dependencies", []),
        "dev-dependencies": groups,
        "optional-dependencies": manifest.project.get("optional-dependencies", {}),
        "requires-python": manifest.project.get("requires-python", ""),
    }
    resolution = settings.get("resolution", {})
    for more in (
        {"resolution": resolution},
        {"overrides": resolution.get("overrides", {})},
    ):
        text = json.dumps(common | more, sort_keys=True, default=str)
        yield hashlib.sha256(text.encode()).hexdigest()
