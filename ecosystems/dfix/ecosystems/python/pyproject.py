"""Read pyproject.toml and the locks beside it: what an install needs of the project besides packages."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.wheels import normalised
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dfix.ecosystems.tree import Tree

    Data = Mapping[str, Any]

NAME = "pyproject.toml"
PUBLIC = frozenset({"pypi.org", "files.pythonhosted.org"})
_VCS = ("git", "hg", "svn", "bzr")


class Pyproject(NamedTuple):
    """A manifest: its path, its folder in the tree, what it holds."""

    path: str
    folder: str
    data: Data

    def table(self, *names: str) -> Data:
        """A table by its names, empty where there is none."""
        found: Any = self.data
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def project(self) -> Data:
        """[project] of the packaging standard."""
        return self.table("project")

    @property
    def dynamic(self) -> frozenset[str]:
        """The fields of [project] that the build backend tells."""
        return frozenset(self.project.get("dynamic", ()))

    @property
    def groups(self) -> dict[str, list[Any]]:
        """[dependency-groups]."""
        return {name: list(each) for name, each in self.table("dependency-groups").items()}


class Origin(NamedTuple):
    """Where a lock takes one package from.

    `kind` is "index", "remote" (an archive by its address), "git" (or another version control
    system), "archive" (a file of the project), "folder" (sources of the project) or "project" (the
    locked project itself). `where` is an address, or a path relative to the lock.
    """

    name: str
    kind: str
    where: str = ""


def read_toml(tree: Tree, path: str) -> Fact[Data]:
    """A file as tables."""
    import tomllib  # noqa: PLC0415 - only projects with such a file pay for it

    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    try:
        return Known(tomllib.loads(text.value), path)
    except tomllib.TOMLDecodeError:
        return Unknown(f"{path} cannot be read as TOML")


def read_pyproject(tree: Tree, directory: str) -> Fact[Pyproject]:
    """The manifest of a folder."""
    folder = inside(directory)
    if folder is None:
        return Unknown(f"{directory} is outside the build context")
    path = posixpath.join(folder, NAME)
    if not tree.is_file(path):
        return Unknown(f"{path} is missing")
    data = read_toml(tree, path)
    return data if isinstance(data, Unknown) else Known(Pyproject(path, folder, data.value), path)


def requirements(manifest: Pyproject) -> Iterator[str]:
    """All requirements that the standard's tables name, extras and groups included."""
    project = manifest.project
    lists = [
        project.get("dependencies", ()),
        *project.get("optional-dependencies", {}).values(),
        *manifest.groups.values(),
    ]
    for each in lists:
        yield from (text for text in each if isinstance(text, str))


def local_requirement(texts: Iterable[str]) -> str | None:
    """The first requirement that names a path of the project, or an address below it."""
    for text in texts:
        url = text.partition("@")[2].strip() if "@" in text else ""
        if url.startswith(("file:", ".", "/")) or text.lstrip().startswith(("-e", ".", "/")):
            return text
    return None


def host_of(url: str) -> str:
    """The host of an address, without credentials and port."""
    rest = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return rest.partition(":")[0]


class Needs(NamedTuple):
    """What the packages of a lock, or of a manifest without one, need besides the index."""

    files: dict[str, str]
    programs: tuple[str, ...]
    hosts: tuple[str, ...]


def needs(tree: Tree, folder: str, lock: str, origins: Iterable[Origin]) -> Fact[Needs]:
    """Follow the origins of a lock; Unknown where sources of the project are installed."""
    files: dict[str, str] = {}
    programs: set[str] = set()
    hosts: set[str] = set()
    for each in origins:
        if each.kind in {"index", "remote", "git"} and each.where:
            hosts.add(host_of(each.where.partition("+")[2] if each.kind == "git" else each.where))
        if each.kind == "git":
            programs.add(each.where.partition("+")[0])
        elif each.kind == "folder":
            return Unknown(f"{lock} installs {each.name} from the sources in {each.where}")
        elif each.kind == "archive":
            path = inside(posixpath.join(folder, each.where)) if each.where[:1] != "/" else None
            if not path or not tree.is_file(path):
                return Unknown(f"{lock} installs {each.where}, which is not in the build context")
            files[path] = f"{lock} installs {each.name} from it"
    return Known(
        Needs(files, tuple(sorted(programs)), tuple(sorted(hosts - PUBLIC - {""}))), lock or folder
    )


def requirement_origin(text: str) -> Origin | None:
    """Where a requirement of the standard's form leads; None for the index."""
    name, at, url = (part.strip() for part in text.partition("@"))
    if not at:
        return None
    url = url.partition(";")[0].strip()
    name = normalised(name.partition("[")[0].strip())
    scheme = url.partition("+")[0]
    if scheme in _VCS and "+" in url:
        return Origin(name, "git", url)
    if "://" in url and not url.startswith("file:"):
        return Origin(name, "remote", url)
    return Origin(name, "folder", url)


def add_settings(
    tree: Tree, folder: str, names: Iterable[str], title: str, reasons: dict[str, str]
) -> None:
    """Add settings files of a folder, where they exist."""
    for name in names:
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            reasons[path] = f"{title} takes its settings from {path}"
