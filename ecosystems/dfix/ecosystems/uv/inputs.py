"""All that `uv sync` reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import (
    Origin,
    Pyproject,
    add_settings,
    needs,
    read_pyproject,
    requirement_origin,
    requirements,
)
from dfix.ecosystems.uv.lockfile import matches as matches_lock
from dfix.ecosystems.uv.lockfile import origins, own_package, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.tree import Tree

# https://docs.astral.sh/uv/concepts/configuration-files/, https://docs.astral.sh/uv/concepts/python-versions/
SETTINGS = ("uv.toml", ".python-version", ".python-versions")
_DYNAMIC = frozenset({"dependencies", "optional-dependencies"})


def sync_inputs(
    knowledge: Knowledge,
    call: Call,
    tree: Tree,
    directory: str,
    *,
    env: Mapping[str, str | None],
    without: bool,
) -> Fact[Inputs]:
    """What a sync reads; `without` tells that the project itself is left out."""
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    manifest = found.value
    problem = _elsewhere(tree, manifest)
    if problem is not None:
        return problem
    lock = read_lock(tree, manifest.folder)
    if isinstance(lock, Unknown) and lock.slug != "no-lockfile":
        return lock
    frozen = any(name == "--frozen" for name, _ in call.flags)
    if isinstance(lock, Unknown):
        problem = _unlocked(manifest)
        wanted = list(_manifest_origins(manifest))
        path = ""
    else:
        problem = None if frozen else _told_by_backend(manifest, own_package(lock.value))
        wanted = list(origins(lock.value))
        path = lock.source
    if problem is None and not without and installs_itself(manifest):
        problem = Unknown("uv installs the project's own sources")
    if problem is not None:
        return problem
    needed = needs(tree, manifest.folder, path or manifest.path, wanted)
    if isinstance(needed, Unknown):
        return needed
    reasons = {manifest.path: f"uv reads {manifest.path}"}
    if path:
        reasons[path] = f"uv installs what {path} says"
    add_settings(tree, manifest.folder, SETTINGS, "uv", reasons)
    reasons.update(needed.value.files)
    enforced = bool(path) and (
        call.locked or isinstance(matches_lock(knowledge, tree, manifest.folder), Known)
    )
    return Known(
        Inputs(
            files=tuple(reasons),
            lock=path or None,
            outputs=_outputs(manifest.folder, env),
            dependencies=bool(wanted) or any(True for _ in requirements(manifest)),
            reasons=reasons,
            enforced=enforced,
            programs=needed.value.programs,
            hosts=needed.value.hosts,
        ),
        path or manifest.path,
    )


def settings_of(tree: Tree, directory: str, found: Inputs) -> Fact[Inputs]:
    """Add the settings that `uv pip` reads where it works: uv.toml, and [tool.uv] of a pyproject.toml."""
    reasons = dict(found.reasons)
    add_settings(tree, directory, SETTINGS, "uv", reasons)
    manifest = read_pyproject(tree, directory)
    if isinstance(manifest, Known) and manifest.value.table("tool", "uv"):
        table = manifest.value.table("tool", "uv")
        if table.get("find-links") or manifest.value.table("tool", "uv", "pip"):
            return Unknown(f"{manifest.value.path} has settings for uv pip that are not followed")
        reasons[manifest.value.path] = f"uv takes its settings from {manifest.value.path}"
    return Known(found._replace(files=tuple(reasons), reasons=reasons), directory)


def installs_itself(manifest: Pyproject) -> bool:
    """Is the project a package, so that a sync installs it?

    https://docs.astral.sh/uv/concepts/projects/config/#build-systems
    """
    named = manifest.table("tool", "uv").get("package")
    return named if isinstance(named, bool) else "build-system" in manifest.data


def _elsewhere(tree: Tree, manifest: Pyproject) -> Unknown | None:
    """A workspace, here or in a folder above, brings manifests and sources of its members."""
    folder = manifest.folder
    while True:
        above = read_pyproject(tree, folder)
        if isinstance(above, Known) and "workspace" in above.value.table("tool", "uv"):
            return Unknown(f"{above.value.path} names the members of a workspace")
        if not folder:
            break
        folder = posixpath.dirname(folder)
    table = manifest.table("tool", "uv")
    links = table.get("find-links", ())
    indexes = [each.get("url", "") for each in table.get("index", ()) if isinstance(each, dict)]
    local = next((each for each in (*links, *indexes) if "://" not in str(each)), None)
    return Unknown(f"{manifest.path} takes packages from {local}") if local is not None else None


def _unlocked(manifest: Pyproject) -> Unknown | None:
    """Without a lock uv resolves, and asks the build backend for what the manifest does not say."""
    if not manifest.project:
        return Unknown(f"{manifest.path} has no [project]")
    return _told_by_backend(manifest, {"version": ""})


def _told_by_backend(manifest: Pyproject, own: Mapping[str, object]) -> Unknown | None:
    dynamic = manifest.dynamic & _DYNAMIC
    if "version" in manifest.dynamic and "version" in own:
        dynamic = frozenset({"version"})
    if not dynamic:
        return None
    return Unknown(f"the build backend tells the {min(dynamic)} of {manifest.path}")


def _manifest_origins(manifest: Pyproject) -> Iterator[Origin]:
    for text in requirements(manifest):
        found = requirement_origin(text)
        if found is not None:
            yield found
    for name, source in manifest.table("tool", "uv", "sources").items():
        for each in source if isinstance(source, list) else [source]:
            if "git" in each:
                yield Origin(name, "git", f"git+{each['git']}")
            elif "url" in each:
                yield Origin(name, "remote", each["url"])
            elif "index" not in each:
                yield Origin(name, "folder", str(each.get("path", "the workspace")))


def _outputs(folder: str, env: Mapping[str, str | None]) -> tuple[str, ...]:
    """`.venv`, or where UV_PROJECT_ENVIRONMENT leads inside the project."""
    named = env.get("UV_PROJECT_ENVIRONMENT", "")
    if named is None or named.startswith("/"):
        return (posixpath.join(folder, ".venv"),) if named is None else ()
    return (posixpath.join(folder, named or ".venv"),)
