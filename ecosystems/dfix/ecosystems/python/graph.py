"""Follow the imports of a Python entry through the project's own modules."""

from __future__ import annotations

import posixpath
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.modules import distributions_of
from dfix.ecosystems.runtime import RuntimeFacts, united
from dfix.ecosystems.sources import Paths, paths_of, under

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.ecosystems.python.entries import Entry
    from dfix.ecosystems.python.pysource import Imported, PySource
    from dfix.ecosystems.python.runtime import PythonProject
    from dfix.ecosystems.tree import Tree

MOST_SOURCE = 2_000_000
"""Characters of Python source that one project may have; LibCST and the walk take 1.5 s for 1 MB."""
_TESTS = frozenset({
    "test", "tests", "testing", "docs", "doc", "examples", "benchmarks", "build", "dist",
    "node_modules", "env", "site-packages", "stubs", "typings", ".github",
})  # fmt: skip
_TOOL_FILES = frozenset(
    {"setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py"}
)


# https://docs.python.org/3/library/tk.html
TK = frozenset({"_tkinter", "idlelib", "tkinter", "turtle", "turtledemo"})


@dataclass(frozen=True, slots=True)
class Import:
    """One module from elsewhere that run-time sources import.

    `distributions` may bring it, the usual one first. `guarded` tells that the program also runs
    without it.
    """

    module: str
    distributions: tuple[str, ...]
    source: str
    guarded: bool


@dataclass(frozen=True, slots=True)
class PythonRun:
    """What one program is made of.

    `followed` is false where all sources of the project were read instead of the entry's imports.
    `dynamic` are imports whose module is not constant. `tk` is where a module of the standard library
    is imported that loads Tk.
    """

    facts: RuntimeFacts
    imports: tuple[Import, ...]
    sources: tuple[str, ...]
    followed: bool
    dynamic: tuple[str, ...]
    tk: str | None


def runs(tree: Tree, found: PythonProject, entry: Entry | None = None) -> Fact[PythonRun]:
    """Read what an entry imports.

    All run-time sources without one, for Django, and where an import is not constant.
    """
    listed = paths_of(tree)
    if isinstance(listed, Unknown):
        return listed
    walk = _Walk(tree, found, listed.value)
    start = entry.path if entry is not None and not entry.whole and found.manage is None else None
    if start is not None and entry is not None:
        failed = walk.follow([start, *entry.configuration])
        if failed is not None:
            return failed
    followed = start is not None and not walk.dynamic
    if not followed:
        failed = walk.follow(all_sources(listed.value, found))
        if failed is not None:
            return failed
    run = PythonRun(
        facts=united(source.facts for _, source in sorted(walk.read.items())),
        imports=tuple(walk.elsewhere()),
        sources=tuple(sorted(walk.read)),
        followed=followed,
        dynamic=tuple(walk.dynamic),
        tk=walk.tk(),
    )
    return Known(run, start or found.source)


def all_sources(paths: Paths, found: PythonProject) -> list[str]:
    """The project's sources that may run: no tests, documentation, or packaging."""
    top = "" if found.directory == "." else f"{found.directory}/"
    chosen: list[str] = []
    for path in sorted(paths.files):
        if not path.startswith(top) or not path.endswith(".py"):
            continue
        *folders, name = path[len(top) :].split("/")
        if (
            name in _TOOL_FILES
            or name.startswith("test_")
            or name.endswith(("_test.py", "tests.py"))
        ):
            continue
        if not _TESTS.intersection(folders):
            chosen.append(path)
    return chosen


@dataclass(slots=True)
class _Walk:
    tree: Tree
    found: PythonProject
    paths: Paths
    read: dict[str, PySource] = field(default_factory=dict)
    dynamic: list[str] = field(default_factory=list)
    spent: int = 0

    def follow(self, starts: Iterable[str]) -> Unknown | None:
        """Read `starts` and the own modules that they import."""
        from dfix.ecosystems.python.pysource import read_source  # noqa: PLC0415 - LibCST takes 0.1 s

        pending = list(starts)
        while pending:
            path = pending.pop()
            if path in self.read or not path.endswith(".py"):
                continue
            text = self.tree.read(path)
            if isinstance(text, Unknown):
                return text
            self.spent += len(text.value)
            if self.spent > MOST_SOURCE:
                return Unknown("the sources are larger than is read")
            source = read_source(path, text.value, self.paths, self.found.directory)
            if isinstance(source, Unknown):
                return source
            self.read[path] = source.value
            for imported in source.value.imports:
                if imported.module is None:
                    self.dynamic.append(imported.source)
                else:
                    pending.extend(self.own(path, imported))
        return None

    def own(self, path: str, imported: Imported) -> set[str]:
        """The own files that an import runs.

        The module, the packages above it, and imported submodules.
        """
        module = imported.module or ""
        level = len(module) - len(module.lstrip("."))
        if level:
            base = posixpath.dirname(path)
            for _ in range(level - 1):
                base = posixpath.dirname(base)
            roots = [base]
        else:
            roots = [
                posixpath.dirname(path),
                self.found.directory,
                under(self.found.directory, "src"),
                *self._roots(),
            ]
        parts = [part for part in module.lstrip(".").split(".") if part]
        for root in dict.fromkeys(root or "." for root in roots):
            files = self._files(root, parts, imported.names)
            if files:
                return files
        return set()

    def _roots(self) -> list[str]:
        """Directories from which other sources were imported already.

        Those of the files read so far.
        """
        return sorted(
            {posixpath.dirname(path) for path in self.read if "/" not in posixpath.dirname(path)}
        )

    def _files(self, root: str, parts: list[str], names: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        place = root
        for index, part in enumerate(parts):
            package = under(place, f"{part}/__init__.py")
            module = under(place, f"{part}.py")
            if package in self.paths.files:
                found.add(package)
            elif module in self.paths.files and index == len(parts) - 1:
                return found | {module}
            elif under(place, part) not in self.paths.directories:
                return set()
            place = under(place, part)
        for name in names:
            for candidate in (under(place, f"{name}.py"), under(place, f"{name}/__init__.py")):
                if candidate in self.paths.files:
                    found.add(candidate)
        return found

    def tk(self) -> str | None:
        """Where one of Python's own modules is imported that loads Tk."""
        return next(
            (
                imported.source
                for path, source in sorted(self.read.items())
                for imported in source.imports
                if (imported.module or "").split(".", maxsplit=1)[0] in TK
                and not self.own(path, imported)
            ),
            None,
        )

    def elsewhere(self) -> list[Import]:
        """Modules that neither the project nor the standard library has, each once."""
        first: dict[str, Import] = {}
        for path, source in sorted(self.read.items()):
            for imported in source.imports:
                module = imported.module
                if module is None or module.startswith(".") or self.own(path, imported):
                    continue
                top = module.split(".", maxsplit=1)[0]
                if (
                    top in sys.stdlib_module_names
                    or under(self.found.directory, top) in self.paths.directories
                ):
                    continue
                known = first.get(top)
                if known is None or (known.guarded and not imported.guarded):
                    first[top] = Import(
                        top, distributions_of(module), imported.source, imported.guarded
                    )
        return sorted(first.values(), key=lambda item: item.module)
