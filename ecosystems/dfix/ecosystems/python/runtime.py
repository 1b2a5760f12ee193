"""What a Python project is at run time: its distributions, its entry, and what its sources use.

`project` reads manifests and locks. `runs` follows the imports of one entry through the project's
own modules, and names what they import from elsewhere. Installed packages are never read: what they
need is in `purity`.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.requirements import read_requirements
from dfix.ecosystems.python.wheels import Locked, locked, normalised
from dfix.ecosystems.runtime import Purity, PurityKind, purities_of
from dfix.ecosystems.sources import under
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.tree import Tree

INSTALLERS = frozenset(
    {"pip", "setuptools", "wheel", "pip-tools", "build", "virtualenv", "poetry", "poetry-core"}
    | {"poetry-plugin-export", "uv", "pipenv", "pdm", "pipx", "hatch"}
)
"""Distributions that only install others."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution that a manifest names.

    `development` where only a development group wants it.
    """

    name: str  # normalised
    source: str
    development: bool = False
    url: str | None = None
    extras: tuple[str, ...] = ()
    text: str = ""  # the requirement as it is written, if it is


@dataclass(frozen=True, slots=True)
class PythonProject:
    """One Python project. All paths are relative to the tree's root.

    `distributions` are those that the manifests name; `locked` those of a lockfile, transitive ones
    included. `django` is the path of manage.py's settings module if there is a manage.py.
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
            return Known(
                tuple(sorted({package.name for package in self.locked.value})), self.locked.source
            )
        if isinstance(self.distributions, Unknown):
            return self.distributions
        found = {item.name for item in self.distributions.value if not item.development}
        return Known(tuple(sorted(found)), self.distributions.source)


def project(
    tree: Tree, directory: str = ".", requirements: tuple[str, ...] = ()
) -> Fact[PythonProject]:
    """Read the project in `directory`.

    `requirements` are the requirements files that the build installs, from the tree's root; without
    them requirements.txt, pyproject.toml or Pipfile in `directory`. Unknown where there is no sign
    of a Python project.
    """
    found = _distributions(tree, directory, requirements)
    manage = _django(tree, under(directory, "manage.py"))
    top = under(directory, ".")
    if isinstance(found, Unknown) and not _has_sources(tree, top):
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


def own_distributions(
    tree: Tree, directory: str, extras: Iterable[str] = ()
) -> Fact[tuple[Distribution, ...]]:
    """What an installation of the project itself brings: [project] of pyproject.toml, with extras.

    Unknown where the dependencies are not written there.
    """
    path = under(directory, "pyproject.toml")
    read = tree.read(path)
    if isinstance(read, Unknown):
        return Unknown("the project's dependencies are not in a pyproject.toml")
    wanted = {normalised(extra) for extra in extras}

    def listed(data: dict[str, Any], where: str) -> Fact[tuple[Distribution, ...]]:
        own = data.get("project", {})
        dynamic = own.get("dynamic", ())
        if not own or "dependencies" in dynamic or (wanted and "optional-dependencies" in dynamic):
            return Unknown(f"{where} does not list the project's dependencies")
        optional = {
            normalised(name): each for name, each in own.get("optional-dependencies", {}).items()
        }
        if wanted - optional.keys():
            return Unknown(f"{where} has no extra {min(wanted - optional.keys())}")
        named = [
            *own.get("dependencies", ()),
            *(text for extra in wanted for text in optional[extra]),
        ]
        return Known(
            tuple(
                Distribution(name_of(text), where, extras=extras_of(text), text=text)
                for text in named
            ),
            where,
        )

    return _from_toml(read.value, path, listed)


def own_programs(tree: Tree, directory: str) -> tuple[str, ...]:
    """The programs that an installation of the project itself brings, as pyproject.toml names them."""
    path = under(directory, "pyproject.toml")
    read = tree.read(path)

    def listed(data: dict[str, Any], where: str) -> Fact[tuple[str, ...]]:
        own, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
        return Known((*own.get("scripts", {}), *poetry.get("scripts", {})), where)

    found = _from_toml(read.value, path, listed) if isinstance(read, Known) else read
    return found.value if isinstance(found, Known) else ()


def _has_sources(tree: Tree, directory: str) -> bool:
    """Are there Python files in the directory or in those just below it."""
    top = "" if directory == "." else directory
    folders = [top, *(f"{top}/{name}".lstrip("/") for name in tree.listdir(top))]
    return any(name.endswith(".py") for folder in folders for name in tree.listdir(folder))


def _distributions(
    tree: Tree, directory: str, requirements: tuple[str, ...]
) -> Fact[tuple[Distribution, ...]]:
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
    read = read_requirements(
        tree, "" if place == "." else place, [(path, "requirement") for path in files]
    )
    if isinstance(read, Unknown):
        return read
    found: list[Distribution] = []
    for item in read.value.requirements:
        if item.constraint:
            continue
        if item.name is None:
            return Unknown(f"{item.source}: {item.text} does not name its package")
        found.append(
            Distribution(
                normalised(item.name),
                item.source,
                url=item.url,
                extras=extras_of(item.text),
                text=item.text,
            )
        )
    return Known(tuple(found), files[0])


def _from_toml(text: str, path: str, reader: Any) -> Fact[Any]:
    import tomllib  # noqa: PLC0415 - only projects with such a manifest pay for it

    try:
        found: Fact[Any] = reader(tomllib.loads(text), path)
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return Unknown(f"{path} does not have the form of a manifest")
    return found


def _pyproject(data: dict[str, Any], path: str) -> Fact[tuple[Distribution, ...]]:
    """[project] of the packaging standard, [tool.poetry], [dependency-groups]."""
    project_table = data.get("project", {})
    poetry = data.get("tool", {}).get("poetry", {})
    found: list[Distribution] = []
    if "dependencies" in project_table.get("dynamic", ()):
        return Unknown(f"{path}: the dependencies are dynamic")
    found += [
        Distribution(name_of(text), path, extras=extras_of(text), text=text)
        for text in project_table.get("dependencies", ())
    ]
    found += [
        Distribution(normalised(name), path, text=f"{name}{_caret(spec)}")
        for name, spec in poetry.get("dependencies", {}).items()
        if name != "python"
    ]
    groups = [poetry.get("dev-dependencies", {})]
    groups += [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    found += [
        Distribution(normalised(name), path, development=True) for group in groups for name in group
    ]
    for entries in data.get("dependency-groups", {}).values():
        found += [
            Distribution(name_of(text), path, development=True)
            for text in entries
            if isinstance(text, str)
        ]
    if not project_table and not poetry:
        return Unknown(f"{path} names no dependencies in a form that is read")
    return Known(tuple(found), path)


def _pipfile(data: dict[str, Any], path: str) -> Fact[tuple[Distribution, ...]]:
    found = [Distribution(normalised(name), path) for name in data.get("packages", {})]
    found += [
        Distribution(normalised(name), path, development=True)
        for name in data.get("dev-packages", {})
    ]
    return Known(tuple(found), path)


def _caret(spec: object) -> str:
    """The version of a dependency as Poetry writes it: `^1.2`, `1.2` for exactly that, or a table."""
    version = spec.get("version") if isinstance(spec, dict) else spec
    if not isinstance(version, str):
        return ""
    return f"=={version}" if version[:1].isdigit() else version


def name_of(requirement: str) -> str:
    """The normalised name that a requirement begins with."""
    end = 0
    while end < len(requirement) and (requirement[end].isalnum() or requirement[end] in "-_."):
        end += 1
    return normalised(requirement[:end])


def _django(tree: Tree, path: str) -> str | None:
    """manage.py, if it is Django's: Flask projects have files of that name too."""
    read = tree.read(path)
    return path if isinstance(read, Known) and "django" in read.value else None


def extras_of(requirement: str) -> tuple[str, ...]:
    """The names between the brackets behind the distribution's name."""
    head, bracket, rest = requirement.partition("[")
    if not bracket or any(mark in head for mark in ";@<>=~! "):
        return ()
    return tuple(
        normalised(name.strip()) for name in rest.partition("]")[0].split(",") if name.strip()
    )


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
    return purities_of(table(__file__, "packages"))


def purity(name: str, extras: Iterable[str] = ()) -> Fact[Purity]:
    """What is known about a distribution, whatever its version.

    Unknown for names that the table does not hold.

    An extra can change the answer: psycopg[binary] brings the library that psycopg loads.
    """
    plain = normalised(name)
    known = _purity().get(plain)
    for extra in extras:
        known = _purity().get(f"{plain}[{extra}]")
        if known is None:
            return Unknown(f"what {name}[{extra}] brings is not known")
        if known.kind not in {PurityKind.PURE, PurityKind.BUNDLED}:
            break
    return (
        Unknown(f"what {name} needs at run time is not known")
        if known is None
        else Known(known, known.source)
    )


def purities(found: PythonProject, *, locked: bool = True) -> Fact[tuple[Purity, ...]]:
    """Judge every distribution of a project.

    By the table first, by the lockfile's wheels otherwise.

    `locked` tells that the build installs from the lockfile. Without one, the manifests' own names
    are judged and what the table says that they bring; a distribution's further dependencies were
    judged when its row was made. Unknown names the first distribution that neither tells about.
    """
    judged: dict[str, Purity] = {}
    if locked and isinstance(found.locked, Known):
        names = {package.name for package in found.locked.value}
        for package in found.locked.value:
            fact = judged_lock(package, names)
            if isinstance(fact, Unknown):
                return fact
            judged[package.name] = fact.value
        return Known(tuple(judged.values()), found.locked.source)
    if isinstance(found.distributions, Unknown):
        return found.distributions
    for item in found.distributions.value:
        if item.development:
            continue
        if item.url is not None:
            return Unknown(f"{item.source} installs {item.name} from elsewhere than the index")
        pending = [(item.name, item.extras)]
        while pending:
            name, extras = pending.pop()
            known = purity(name, extras)
            if isinstance(known, Unknown):
                return known
            judged[name] = known.value
            pending += [(brought, ()) for brought in known.value.brings if brought not in judged]
    return Known(tuple(judged.values()), found.distributions.source)


def judged_lock(package: Locked, names: set[str]) -> Fact[Purity]:
    """What a package of a lock needs: by the table first, by the lock's wheels otherwise."""
    if package.name == "psycopg" and "psycopg-binary" in names:
        return purity("psycopg", ("binary",))
    known = _purity().get(package.name)
    if known is not None:
        return Known(known, known.source)
    kinds = {"any": PurityKind.PURE, "linux": PurityKind.BUNDLED, "none": PurityKind.SOURCE_ONLY}
    kind = kinds.get(package.wheels or "")
    if kind is None:
        return Unknown(f"what {package.name} needs at run time is not known")
    return Known(Purity(package.name, kind, package.source), package.source)


def by_kind(judged: Iterable[Purity], *kinds: PurityKind) -> tuple[Purity, ...]:
    """Those of some kinds."""
    return tuple(item for item in judged if item.kind in kinds)


def module_path(
    found: PythonProject, tree: Tree, module: str, directory: str | None = None
) -> str | None:
    """The file of an own dotted module, seen from `directory` (or the project's, or its src)."""
    relative = module.split(":", maxsplit=1)[0].replace(".", "/")
    for place in (directory or found.directory, under(found.directory, "src"), found.directory):
        for candidate in (f"{relative}.py", f"{relative}/__init__.py", f"{relative}/__main__.py"):
            path = under(place, candidate)
            if tree.is_file(path):
                return posixpath.normpath(path)
    return None
