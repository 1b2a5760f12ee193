"""What a Go project is at run time.

Its programs, what they compile with, and what their sources use.

`project` reads manifests and finds the main packages; `runs` follows one program's imports through
the module, its workspace and local replacements, and unites what all these packages open, start,
listen on and embed. Packages of other modules are not read, so `runs` tells nothing about what a
dependency opens.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.constraints import compiled
from dfix.ecosystems.go.gomod import GoMod, GoWork, Replacement, Requirement, parse_mod, parse_work
from dfix.ecosystems.runtime import Need, NeedKind, RuntimeFacts, united
from dfix.ecosystems.sources import paths_of, read_all, under
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from dfix.ecosystems.go.source import Embed, PackageSource
    from dfix.ecosystems.tree import Tree

_MOST_FILES = 6000  # Go files of one module; larger ones are platforms, not applications


@dataclass(frozen=True, slots=True)
class Main:
    """One main package.

    Its directory from the tree's root, and the name that `go build` gives its binary.
    """

    directory: str
    import_path: str
    binary: str


@dataclass(frozen=True, slots=True)
class CgoModule:
    """A required module that compiles C code, or does so when it may.

    `when` is "always" (does not work without cgo) or "optional" (falls back to pure Go).
    `libraries` are Debian packages that its binary loads at run time; empty where the C code comes
    with the module.
    """

    path: str
    when: str
    libraries: tuple[str, ...]
    source: str
    required: str  # "go.mod:12"


@dataclass(frozen=True, slots=True)
class GoProject:
    """One module and what surrounds it.

    All directories are relative to the tree's root, "." for the root itself.
    """

    directory: str
    module: str
    go: str | None
    toolchain: str | None
    requires: tuple[Requirement, ...]
    replaces: tuple[Replacement, ...]
    modules: dict[
        str, str
    ]  # module path -> directory, of this module, its workspace and local replacements
    workspace: str | None  # the go.work in force
    outside: tuple[str, ...]  # local replacements and workspace members that the tree does not hold
    vendored: bool
    has_sum: bool
    mains: tuple[Main, ...]
    cgo_modules: tuple[CgoModule, ...]
    source: str

    def requirement(self, path: str) -> Requirement | None:
        """The requirement of one module."""
        return next((required for required in self.requires if required.path == path), None)


@dataclass(frozen=True, slots=True)
class GoRun:
    """What one program is made of."""

    facts: RuntimeFacts
    packages: tuple[str, ...]  # directories whose sources are compiled in
    generated: tuple[
        str, ...
    ]  # imported directories without any Go file: the build must write them first
    imports: dict[str, str]  # import paths outside these packages -> where
    cgo: tuple[str, ...]  # where `import "C"` stands
    embeds: tuple[Embed, ...]
    embedded_zones: bool  # time/tzdata is compiled in


def project(tree: Tree, directory: str = ".") -> Fact[GoProject]:
    """Read the module in `directory`; Unknown without a readable go.mod."""
    manifest = under(directory, "go.mod")
    match tree.read(manifest):
        case Unknown(why):
            return Unknown(why)
        case Known(text):
            module = parse_mod(text, manifest)
    if isinstance(module, Unknown):
        return module
    mod = module.value
    work = _workspace(tree, directory)
    if isinstance(work, Unknown):
        return work
    modules, outside = _local_modules(tree, directory, mod, work.value)
    mains = _mains(tree, directory, mod.module)
    if isinstance(mains, Unknown):
        return mains
    found = GoProject(
        directory=under(directory, "."),
        module=mod.module,
        go=mod.go,
        toolchain=mod.toolchain,
        requires=mod.requires,
        replaces=mod.replaces,
        modules=modules,
        workspace=None if work.value is None else work.source,
        outside=outside,
        vendored=tree.is_file(under(directory, "vendor/modules.txt")),
        has_sum=tree.is_file(under(directory, "go.sum")),
        mains=mains.value,
        cgo_modules=tuple(_cgo_modules(mod.requires)),
        source=manifest,
    )
    return Known(found, manifest)


def runs(tree: Tree, found: GoProject, directory: str, tags: Collection[str] = ()) -> Fact[GoRun]:
    """What the program in `directory` (from the tree's root) is made of.

    Built for Linux with these -tags.
    """
    from dfix.ecosystems.go.source import read_package  # noqa: PLC0415 - loads tree-sitter's grammar

    listed = paths_of(tree)
    if isinstance(listed, Unknown):
        return listed
    paths = listed.value
    pending, read, imports = [under(directory, ".")], dict[str, "PackageSource"](), dict[str, str]()
    generated: list[str] = []
    while pending:
        current = pending.pop()
        if current in read:
            continue
        names = _go_files(paths.files, current)
        if not names and read:
            generated.append(current)
            continue
        texts = read_all(tree, names)
        if isinstance(texts, Unknown):
            return texts
        chosen = {
            path: text
            for path, text in texts.value.items()
            if compiled(posixpath.basename(path), text, tags) is not False
        }
        if not chosen:
            return Unknown(f"{current} holds no Go file that a Linux build compiles")
        package = read_package(chosen, paths, found.directory)
        if isinstance(package, Unknown):
            return package
        read[current] = package.value
        for imported, where in package.value.imports.items():
            local = _directory_of(imported, found.modules)
            if local is None:
                imports.setdefault(imported, where)
            else:
                pending.append(local)
    zones = "time/tzdata" in imports or "timetzdata" in tags
    facts = united(package.facts for package in read.values())
    run = GoRun(
        facts=_with_modules(facts, imports, zones=zones),
        packages=tuple(sorted(read)),
        generated=tuple(dict.fromkeys(generated)),
        imports=imports,
        cgo=tuple(where for package in read.values() for where in package.cgo),
        embeds=tuple(embed for package in read.values() for embed in package.embeds),
        embedded_zones=zones,
    )
    return Known(run, read[under(directory, ".")].files[0])


def _with_modules(facts: RuntimeFacts, imports: Mapping[str, str], *, zones: bool) -> RuntimeFacts:
    """The facts without needs that the binary answers itself.

    And with those that other modules may have.
    """
    needs = [need for need in facts.needs if not (zones and need.kind is NeedKind.TIME_ZONES)]
    if not any(need.kind is NeedKind.CERTIFICATES for need in needs):
        # only paths with a host are modules, the rest is Go's own; one of them is evidence enough
        others = sorted(path for path in imports if "." in path.split("/", maxsplit=1)[0])
        needs.extend(
            Need(NeedKind.CERTIFICATES, imports[path], path, sure=False) for path in others[:1]
        )
    return united(
        [
            RuntimeFacts(
                facts.opens, facts.starts, facts.env, facts.ports, tuple(needs), facts.sources
            )
        ]
    )


def _workspace(tree: Tree, directory: str) -> Fact[GoWork | None]:
    """The go.work of the nearest directory that has one.

    If the module is among those that it uses.
    """
    current = under(directory, ".")
    while True:
        path = under(current, "go.work")
        if tree.is_file(path):
            match tree.read(path):
                case Unknown(why):
                    return Unknown(why)
                case Known(text):
                    return parse_work(text, path)
        if current in {".", ""}:
            return Known(None, "no go.work")
        current = posixpath.dirname(current) or "."


def _local_modules(
    tree: Tree, directory: str, mod: GoMod, work: GoWork | None
) -> tuple[dict[str, str], tuple[str, ...]]:
    modules = {mod.module: under(directory, ".")}
    outside: list[str] = []
    candidates = [under(directory, replaced.new) for replaced in mod.replaces if replaced.local]
    if work is not None:
        top = _work_directory(tree, directory)
        candidates += [under(top, use) for use in work.uses]
        candidates += [under(top, replaced.new) for replaced in work.replaces if replaced.local]
    for candidate in candidates:
        match (
            tree.read(under(candidate, "go.mod"))
            if not candidate.startswith(("..", "/"))
            else Unknown("outside")
        ):
            case Known(text):
                named = parse_mod(text, under(candidate, "go.mod"))
                if isinstance(named, Known):
                    modules.setdefault(named.value.module, candidate)
            case Unknown():
                outside.append(candidate)
    for replaced in (*mod.replaces, *(work.replaces if work is not None else ())):
        if (
            replaced.local
            and replaced in mod.replaces
            and under(directory, replaced.new) not in outside
        ):
            modules.setdefault(replaced.old, under(directory, replaced.new))
    return modules, tuple(dict.fromkeys(outside))


def _work_directory(tree: Tree, directory: str) -> str:
    current = under(directory, ".")
    while not tree.is_file(under(current, "go.work")):
        current = posixpath.dirname(current) or "."
    return current


def _mains(tree: Tree, directory: str, module: str) -> Fact[tuple[Main, ...]]:
    top = under(directory, ".")
    listed = paths_of(tree, top)
    if isinstance(listed, Unknown):
        return listed
    everything = sorted(listed.value.files)
    files = [path for path in everything if path.endswith(".go") and not path.endswith("_test.go")]
    folders = {posixpath.dirname(path) or "." for path in everything if path.endswith("go.mod")}
    nested = {folder for folder in folders if tree.is_file(under(folder, "go.mod"))} - {top}
    own = [path for path in files if _belongs(path, top, nested)]
    if len(own) > _MOST_FILES:
        return Unknown(f"the module holds {len(own)} Go files, more than are read")
    mains: dict[str, Main] = {}
    for path in own:
        place = posixpath.dirname(path) or "."
        if place in mains:
            continue
        match tree.read(path):
            case Known(text) if _is_main(posixpath.basename(path), text):
                relative = posixpath.relpath(place, top)
                import_path = module if relative == "." else f"{module}/{relative}"
                mains[place] = Main(place, import_path, binary_name(import_path))
            case _:
                continue
    return Known(tuple(mains[place] for place in sorted(mains)), f"{len(own)} Go files")


def _belongs(path: str, top: str, nested: Collection[str]) -> bool:
    """Is the file part of the module in `top`.

    Not vendored, not test data, not of a module inside it.
    """
    if top != "." and not path.startswith(f"{top}/"):
        return False
    relative = path if top == "." else path.removeprefix(f"{top}/")
    folders = relative.split("/")[:-1]
    if any(folder in {"vendor", "testdata"} or folder.startswith(("_", ".")) for folder in folders):
        return False
    return not any(
        path.startswith(f"{inner}/")
        for inner in nested
        if top == "." or inner.startswith(f"{top}/")
    )


def _is_main(name: str, text: str) -> bool:
    """Does a file that a Linux build compiles begin with `package main`.

    Comments may stand before it.
    """
    inside = False
    for line in text.splitlines():
        stripped = line.strip()
        if inside or stripped.startswith("/*"):
            inside = "*/" not in stripped
        elif stripped.startswith("package "):
            return stripped.split()[1].rstrip(";") == "main" and compiled(name, text) is not False
    return False


def binary_name(import_path: str) -> str:
    """The name of the binary that `go build` writes for a main package.

    "named after the last non-major-version component of the package import path":
    https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
    """
    head, _, last = import_path.rpartition("/")
    if (
        head
        and len(last) > 1
        and last[0] == "v"
        and last[1:].isdecimal()
        and last not in {"v0", "v1"}
        and last[1] != "0"
    ):
        return head.rpartition("/")[2]
    return last


def _go_files(files: Iterable[str], directory: str) -> list[str]:
    place = "" if directory == "." else directory
    return sorted(
        path
        for path in files
        if path.endswith(".go")
        and posixpath.dirname(path) == place
        and not path.endswith("_test.go")
    )


def _directory_of(import_path: str, modules: Mapping[str, str]) -> str | None:
    """The directory of a package of a local module: the longest module path that is a prefix."""
    best = max(
        (m for m in modules if import_path == m or import_path.startswith(f"{m}/")),
        key=len,
        default=None,
    )
    return (
        None
        if best is None
        else under(modules[best], import_path.removeprefix(best).lstrip("/") or ".")
    )


@lru_cache(maxsize=1)
def _cgo_table() -> dict[str, tuple[str, tuple[str, ...], str]]:
    rows = table(__file__, "cgo")["module"]
    return {
        row["path"]: (row["when"], tuple(row.get("libraries", ())), row["source"]) for row in rows
    }


def _cgo_modules(requires: Iterable[Requirement]) -> Iterable[CgoModule]:
    known = _cgo_table()
    for required in requires:
        # go.mod repeats the major version in the path (/v2); the table names modules without it
        row = known.get(required.path) or known.get(required.path.rpartition("/v")[0])
        if row is not None:
            yield CgoModule(required.path, row[0], row[1], row[2], required.source)
