"""What a Python project is at run time: its distributions, its entry, and what its sources use.

`project` reads manifests and locks. `runs` follows the imports of one entry through the project's own modules, and
names what they import from elsewhere. Installed packages are never read: what they need is in `purity`.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.pip.requirements import read_requirements
from dfix.ecosystems.pip.wheels import Locked, locked, normalised
from dfix.ecosystems.runtime import Purity, PurityKind
from dfix.ecosystems.sources import under
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.tree import Tree


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution that a manifest names; `development` where only a development group wants it."""

    name: str  # normalised
    source: str
    development: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PythonProject:
    """One Python project. All paths are relative to the tree's root.

    `distributions` are those that the manifests name; `locked` those of a lockfile, transitive ones included. `django`
    is the path of manage.py's settings module if there is a manage.py.
    """

    directory: str
    distributions: Fact[tuple[Distribution, ...]]
    locked: Fact[tuple[Locked, ...]]
    manage: str | None  # Django's manage.py
    settings: str | None  # Django's settings module as manage.py names it
    source: str

    def names(self) -> Fact[tuple[str, ...]]:
        """All distributions to judge: the lockfile's, else the manifests' own."""
        if isinstance(self.locked, Known):
            return Known(tuple(sorted({package.name for package in self.locked.value})), self.locked.source)
        if isinstance(self.distributions, Unknown):
            return self.distributions
        found = {item.name for item in self.distributions.value if not item.development}
        return Known(tuple(sorted(found)), self.distributions.source)


def project(tree: Tree, directory: str = ".", requirements: tuple[str, ...] = ()) -> Fact[PythonProject]:
    """Read the project in `directory`.

    `requirements` are the requirements files that the build installs, from the tree's root; without them
    requirements.txt, pyproject.toml or Pipfile in `directory`. Unknown where there is no sign of a Python project.
    """
    found = _distributions(tree, directory, requirements)
    manage = _django(tree, under(directory, "manage.py"))
    top = under(directory, ".")
    has_sources = any(name.endswith(".py") for name in tree.listdir("" if top == "." else top))
    if isinstance(found, Unknown) and manage is None and not has_sources:
        return Unknown(f"{directory} holds no Python project: {found.why}")
    source = found.source if isinstance(found, Known) else manage or directory
    return Known(
        PythonProject(
            directory=top,
            distributions=found,
            locked=locked(tree, directory),
            manage=manage,
            settings=_settings(tree, manage),
            source=source,
        ),
        source,
    )


def _distributions(tree: Tree, directory: str, requirements: tuple[str, ...]) -> Fact[tuple[Distribution, ...]]:
    if requirements:
        return _required(tree, directory, requirements)
    if tree.is_file(under(directory, "requirements.txt")):
        return _required(tree, directory, (under(directory, "requirements.txt"),))
    for name, reader in (("pyproject.toml", _pyproject), ("Pipfile", _pipfile)):
        path = under(directory, name)
        match tree.read(path):
            case Known(text):
                return _from_toml(text, path, reader)
            case Unknown():
                continue
    return Unknown("there is no requirements.txt, pyproject.toml or Pipfile")


def _required(tree: Tree, directory: str, files: tuple[str, ...]) -> Fact[tuple[Distribution, ...]]:
    place = under(directory, ".")
    read = read_requirements(tree, "" if place == "." else place, [(path, "requirement") for path in files])
    if isinstance(read, Unknown):
        return read
    found: list[Distribution] = []
    for item in read.value.requirements:
        if item.constraint:
            continue
        if item.name is None:
            return Unknown(f"{item.source}: {item.text} does not name its package")
        found.append(Distribution(normalised(item.name), item.source, url=item.url))
    return Known(tuple(found), files[0])


def _from_toml(text: str, path: str, reader: Any) -> Fact[tuple[Distribution, ...]]:
    import tomllib  # noqa: PLC0415 - only projects with such a manifest pay for it

    try:
        return reader(tomllib.loads(text), path)  # type: ignore[no-any-return]
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return Unknown(f"{path} does not have the form of a manifest")


def _pyproject(data: dict[str, Any], path: str) -> Fact[tuple[Distribution, ...]]:
    """[project] of the packaging standard, [tool.poetry], [dependency-groups]."""
    project_table = data.get("project", {})
    poetry = data.get("tool", {}).get("poetry", {})
    found: list[Distribution] = []
    if "dependencies" in project_table.get("dynamic", ()):
        return Unknown(f"{path}: the dependencies are dynamic")
    found += [Distribution(_named(text), path) for text in project_table.get("dependencies", ())]
    found += [Distribution(normalised(name), path) for name in poetry.get("dependencies", {}) if name != "python"]
    groups = [poetry.get("dev-dependencies", {})]
    groups += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    found += [Distribution(normalised(name), path, development=True) for group in groups for name in group]
    for entries in data.get("dependency-groups", {}).values():
        found += [Distribution(_named(text), path, development=True) for text in entries if isinstance(text, str)]
    if not project_table and not poetry:
        return Unknown(f"{path} names no dependencies in a form that is read")
    return Known(tuple(found), path)


def _pipfile(data: dict[str, Any], path: str) -> Fact[tuple[Distribution, ...]]:
    found = [Distribution(normalised(name), path) for name in data.get("packages", {})]
    found += [Distribution(normalised(name), path, development=True) for name in data.get("dev-packages", {})]
    return Known(tuple(found), path)


def _named(requirement: str) -> str:
    """The normalised name that a requirement begins with."""
    end = 0
    while end < len(requirement) and (requirement[end].isalnum() or requirement[end] in "-_."):
        end += 1
    return normalised(requirement[:end])


def _django(tree: Tree, path: str) -> str | None:
    """manage.py, if it is Django's: Flask projects have files of that name too."""
    read = tree.read(path)
    return path if isinstance(read, Known) and "django" in read.value else None


def _settings(tree: Tree, manage: str | None) -> str | None:
    """`os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")` as manage.py has it."""
    read = tree.read(manage) if manage is not None else Unknown("no manage.py")
    if isinstance(read, Unknown):
        return None
    for line in read.value.splitlines():
        _, mark, rest = line.partition("DJANGO_SETTINGS_MODULE")
        if mark:
            quoted = [part for part in rest.replace("'", '"').split('"') if part.strip(" ,)")]
            if quoted:
                return quoted[0]
    return None


@lru_cache(maxsize=1)
def _purity() -> dict[str, Purity]:
    """Rows by normalised name; a later, more special row replaces an earlier one."""
    known: dict[str, Purity] = {}
    data = table(__file__, "packages")
    for row in data["plain"]:
        for name in row["names"]:
            known[name] = Purity(name, PurityKind(row["kind"]), row["source"])
    for row in data["package"]:
        known[row["name"]] = Purity(
            name=row["name"],
            kind=PurityKind(row["kind"]),
            source=row["source"],
            libraries=tuple(row.get("libraries", ())),
            programs=tuple(row.get("programs", ())),
            elsewhere=tuple(row.get("elsewhere", ())),
            builds_with=tuple(row.get("builds_with", ())),
        )
    return known


def purity(name: str) -> Fact[Purity]:
    """What is known about a distribution, whatever its version; Unknown for names that the table does not hold."""
    known = _purity().get(normalised(name))
    return Unknown(f"what {name} needs at run time is not known") if known is None else Known(known, known.source)


def purities(found: PythonProject) -> Fact[tuple[Purity, ...]]:
    """Judge every distribution of a project, by the table first and by the lockfile's wheels otherwise.

    Unknown names the first that neither tells about. A lockfile that is there but is not used by the build must not
    be trusted: the caller knows which one is.
    """
    judged: dict[str, Purity] = {}
    if isinstance(found.locked, Known):
        for package in found.locked.value:
            fact = _judged(package)
            if isinstance(fact, Unknown):
                return fact
            judged[package.name] = fact.value
        return Known(tuple(judged.values()), found.locked.source)
    names = found.names()
    if isinstance(names, Unknown):
        return names
    for name in names.value:
        known = purity(name)
        if isinstance(known, Unknown):
            return known
        judged[name] = known.value
    return Known(tuple(judged.values()), names.source)


def _judged(package: Locked) -> Fact[Purity]:
    known = purity(package.name)
    if isinstance(known, Known):
        return known
    if package.wheels == "any":
        return Known(Purity(package.name, PurityKind.PURE, package.source), package.source)
    if package.wheels == "linux":
        return Known(Purity(package.name, PurityKind.BUNDLED, package.source), package.source)
    if package.wheels == "none":
        return Known(Purity(package.name, PurityKind.SOURCE_ONLY, package.source), package.source)
    return known


def by_kind(judged: Iterable[Purity], *kinds: PurityKind) -> tuple[Purity, ...]:
    """Those of some kinds."""
    return tuple(item for item in judged if item.kind in kinds)


def module_path(found: PythonProject, tree: Tree, module: str, directory: str | None = None) -> str | None:
    """The file of an own dotted module, seen from `directory` (or the project's, or its src)."""
    relative = module.split(":", maxsplit=1)[0].replace(".", "/")
    for place in (directory or found.directory, under(found.directory, "src"), found.directory):
        for candidate in (f"{relative}.py", f"{relative}/__init__.py", f"{relative}/__main__.py"):
            path = under(place, candidate)
            if tree.is_file(path):
                return posixpath.normpath(path)
    return None
