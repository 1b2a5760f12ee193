"""Read Pipfile and Pipfile.lock, and tell whether `pipenv install --deploy` accepts the lock.

The lock holds a hash of the Pipfile's tables:
https://github.com/sarugaku/plette/blob/master/src/plette/pipfiles.py (get_hash), tried with Pipenv 2026.10.3.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import Origin, needs, read_toml
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.tree import Tree

    Data = Mapping[str, Any]

NAME, LOCK = "Pipfile", "Pipfile.lock"
_NO_CATEGORY = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
)  # fmt: skip
_SOURCE = {"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}
_VCS = ("git", "hg", "svn", "bzr")


def read_lock(tree: Tree, directory: str) -> Fact[Data]:
    """The lock of a folder; Unknown with the slug `no-lockfile` where there is none."""
    import json  # noqa: PLC0415 - only projects with such a lock pay for it

    path = posixpath.join(inside(directory) or "", LOCK)
    text = tree.read(path)
    if isinstance(text, Unknown):
        return Unknown(text.why, "" if tree.is_file(path) else "no-lockfile")
    try:
        found = json.loads(text.value)
    except ValueError:
        return Unknown(f"{path} cannot be read as JSON", "unknown-lock")
    if not isinstance(found, dict) or not isinstance(found.get("_meta"), dict):
        return Unknown(f"{path} does not have the form of a lockfile", "unknown-lock")
    return Known(found, path)


def install_inputs(
    tree: Tree, directory: str, *, locked: bool, system: bool, skips_lock: bool
) -> Fact[Inputs]:
    """What an install reads."""
    folder = inside(directory)
    if folder is None:
        return Unknown(f"{directory} is outside the build context")
    path = posixpath.join(folder, NAME)
    manifest = read_toml(tree, path)
    if isinstance(manifest, Unknown):
        return manifest
    lock = read_lock(tree, folder)
    if isinstance(lock, Unknown) and lock.slug != "no-lockfile":
        return lock
    reasons = {path: f"Pipenv reads {path}"}
    if isinstance(lock, Known):
        reasons[lock.source] = f"Pipenv installs what {lock.source} says"
    if isinstance(lock, Known) and not skips_lock:
        tables = [table for name, table in lock.value.items() if name != "_meta"]
        where = lock.source
    else:
        tables = [
            table
            for name, table in manifest.value.items()
            if name in {"packages", "dev-packages"} or name not in _NO_CATEGORY
        ]
        where = path
    wanted = list(_origins(tables))
    needed = needs(tree, folder, where, [*wanted, *_sources(manifest.value)])
    if isinstance(needed, Unknown):
        return needed
    reasons.update(needed.value.files)
    enforced = isinstance(lock, Known) and not skips_lock and (locked or _same(tree, folder))
    return Known(
        Inputs(
            files=tuple(reasons),
            lock=lock.source if isinstance(lock, Known) else None,
            # Pipenv takes a .venv that lies there, whatever it would make itself.
            outputs=() if system else (posixpath.join(folder, ".venv"),),
            dependencies=bool(wanted),
            reasons=reasons,
            enforced=enforced,
            programs=needed.value.programs,
            hosts=needed.value.hosts,
        ),
        where,
    )


def fits(tree: Tree, directory: str) -> Fact[bool]:
    """Is the lock's hash that of the Pipfile?"""
    lock = read_lock(tree, directory)
    if isinstance(lock, Unknown):
        return lock
    manifest = read_toml(tree, posixpath.join(inside(directory) or "", NAME))
    if isinstance(manifest, Unknown):
        return manifest
    written = lock.value["_meta"].get("hash", {}).get("sha256")
    if not isinstance(written, str):
        return Unknown(f"{lock.source} has no hash", "unknown-lock")
    return Known(written in set(_hashes(manifest.value)), lock.source)


def accepted(tree: Tree, directory: str, runtime: str | None) -> Fact[tuple[str, str]]:
    """The lock and the Pipfile, where `--deploy` passes: the hash fits, and so does the version of Python."""
    found = fits(tree, directory)
    if isinstance(found, Unknown):
        return found if found.slug else Unknown(found.why, "unknown-lock")
    path = posixpath.join(inside(directory) or "", NAME)
    if not found.value:
        return Unknown(f"the hash in {found.source} is not that of {path}", "lock-mismatch")
    manifest = read_toml(tree, path)
    wanted = manifest.value.get("requires", {}) if isinstance(manifest, Known) else {}
    full, minor = wanted.get("python_full_version"), wanted.get("python_version")
    if full is not None or minor is not None:
        if runtime is None:
            return Unknown("the version of Python in this image is not known", "unknown-manager")
        fitting = runtime == full if full is not None else _begins(runtime, str(minor))
        if not fitting:
            return Unknown(
                f"{path} asks for Python {full or minor}, and the image has {runtime}",
                "unknown-manager",
            )
    return Known((found.source, path), found.source)


def _begins(version: str, minor: str) -> bool:
    return version == minor or version.startswith(minor + ".")


def _same(tree: Tree, folder: str) -> bool:
    found = fits(tree, folder)
    return isinstance(found, Known) and found.value


def _origins(tables: list[Data]) -> Iterator[Origin]:
    for table in tables:
        for name, entry in table.items():
            yield _origin(name, entry if isinstance(entry, dict) else {})


def _origin(name: str, entry: Data) -> Origin:
    vcs = next((each for each in _VCS if each in entry), None)
    if vcs is not None:
        return Origin(name, "git", f"{vcs}+{str(entry[vcs]).removeprefix(vcs + '+')}")
    where = str(entry.get("path") or entry.get("file") or "")
    if "://" in where:
        return Origin(name, "remote", where)
    if where:
        archive = where.endswith((".whl", ".tar.gz", ".zip"))
        return Origin(name, "archive" if archive else "folder", where)
    return Origin(name, "folder" if entry.get("editable") else "index")


def _sources(manifest: Data) -> Iterator[Origin]:
    for each in manifest.get("source", ()):
        yield Origin(str(each.get("name", "")), "index", str(each.get("url", "")))


def _hashes(manifest: Data) -> Iterator[str]:
    """The hash as versions of Pipenv make it: with further categories of packages, and without."""
    import hashlib  # noqa: PLC0415 - only projects with such a lock pay for it
    import json  # noqa: PLC0415

    plain = {
        "_meta": {
            "sources": manifest.get("source", [_SOURCE]),
            "requires": manifest.get("requires", {}),
        },
        "default": manifest.get("packages", {}),
        "develop": manifest.get("dev-packages", {}),
    }
    more = {name: table for name, table in manifest.items() if name not in _NO_CATEGORY}
    for data in (plain, plain | more):
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
        yield hashlib.sha256(text.encode()).hexdigest()
