"""All that `poetry install` reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.poetry.lockfile import fits, origins, read_lock
from dfix.ecosystems.python.pyproject import (
    Origin,
    Pyproject,
    add_settings,
    needs,
    read_pyproject,
    requirement_origin,
    requirements,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.tree import Tree


def install_inputs(
    knowledge: Knowledge, tree: Tree, directory: str, *, without: bool
) -> Fact[Inputs]:
    """What an install reads; `without` tells that the project itself is left out."""
    found = read_pyproject(tree, directory)
    if isinstance(found, Unknown):
        return found
    manifest = found.value
    problem = _plugins(knowledge, manifest)
    if problem is not None:
        return problem
    lock = read_lock(tree, manifest.folder)
    if isinstance(lock, Unknown) and lock.slug != "no-lockfile":
        return lock
    path = lock.source if isinstance(lock, Known) else ""
    if isinstance(lock, Known):
        wanted = list(origins(lock.value))
        fitting = fits(tree, manifest.folder, lock.value)
        enforced = isinstance(fitting, Known) and fitting.value
    elif "dependencies" in manifest.dynamic and not _own_dependencies(manifest):
        return Unknown(f"the build backend tells the dependencies of {manifest.path}")
    else:
        wanted, enforced = list(_manifest_origins(manifest)), False
    if not without and installs_itself(manifest):
        return Unknown("Poetry installs the project's own sources")
    needed = needs(tree, manifest.folder, path or manifest.path, wanted)
    if isinstance(needed, Unknown):
        return needed
    reasons = {manifest.path: f"Poetry reads {manifest.path}"}
    if path:
        reasons[path] = f"Poetry installs what {path} says"
    add_settings(tree, manifest.folder, ("poetry.toml",), "Poetry", reasons)
    reasons.update(needed.value.files)
    return Known(
        Inputs(
            files=tuple(reasons),
            lock=path or None,
            # Poetry takes a .venv that lies there, whatever it would make itself.
            outputs=(posixpath.join(manifest.folder, ".venv"),),
            dependencies=bool(wanted),
            reasons=reasons,
            enforced=enforced,
            programs=needed.value.programs,
            hosts=needed.value.hosts,
        ),
        path or manifest.path,
    )


def installs_itself(manifest: Pyproject) -> bool:
    """Is the project a package? https://python-poetry.org/docs/basic-usage/#operating-modes."""
    return manifest.table("tool", "poetry").get("package-mode") is not False


def _plugins(knowledge: Knowledge, manifest: Pyproject) -> Unknown | None:
    """Plugins of the project: they work on every command."""
    tool = manifest.table("tool")
    named = next((name for name in knowledge.extra["plugins"] if name in tool), None)
    if named is None and manifest.table("tool", "poetry", "requires-plugins"):
        named = "its own plugins"
    return Unknown(f"{manifest.path} is read by {named} too") if named is not None else None


def _own_dependencies(manifest: Pyproject) -> bool:
    return bool(manifest.table("tool", "poetry", "dependencies"))


def _manifest_origins(manifest: Pyproject) -> Iterator[Origin]:
    poetry = manifest.table("tool", "poetry")
    tables: list[Any] = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {})]
    tables += [each.get("dependencies", {}) for each in poetry.get("group", {}).values()]
    for table in tables:
        for name, constraint in table.items():
            if name == "python":
                continue
            for each in constraint if isinstance(constraint, list) else [constraint]:
                yield _origin(name, each)
    for text in requirements(manifest):
        yield requirement_origin(text) or Origin(text, "index")


def _origin(name: str, constraint: object) -> Origin:
    if not isinstance(constraint, dict):
        return Origin(name, "index")
    if "git" in constraint:
        return Origin(name, "git", f"git+{constraint['git']}")
    if "url" in constraint:
        return Origin(name, "remote", str(constraint["url"]))
    if "file" in constraint:
        return Origin(name, "archive", str(constraint["file"]))
    if "path" in constraint:
        path = str(constraint["path"])
        archive = path.endswith((".whl", ".tar.gz", ".zip"))
        return Origin(name, "archive" if archive else "folder", path)
    return Origin(name, "index")
