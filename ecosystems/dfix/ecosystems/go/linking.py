"""How a Go program is linked: static already, static on request, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Static
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.output import binary_of, flags_of
from dfix.ecosystems.go.runtime import project, runs
from dfix.ecosystems.runtime import NeedKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.calls import Built, Call
    from dfix.ecosystems.go.runtime import GoProject, GoRun
    from dfix.ecosystems.tree import Tree

# From this release on, a Go tool without a C compiler builds without cgo by itself.
# https://go.dev/doc/go1.20#cgo
_QUIET_CGO = (1, 20)
CGO = "https://pkg.go.dev/cmd/cgo"
BUILD_FLAGS = "https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies"
LINK_FLAGS = "https://pkg.go.dev/cmd/link"
_LINKERS = frozenset({"race", "msan", "asan", "linkshared", "linkmode"})
_PROGRAMS = frozenset({"exe", "default", ""})


class Compiler(NamedTuple):
    """One call that compiles a program: its words, the variables in force, where it stands, the main package."""

    words: Sequence[str | None]
    environment: Mapping[str, str | None]
    where: str
    main: str


class Linking(NamedTuple):
    """Is the program static, or can it be; which variables say so, and why."""

    static: bool
    assign: Mapping[str, str]
    because: tuple[tuple[str, str], ...]


def linking(
    found: GoProject,
    parts: Sequence[GoRun],
    programs: Sequence[Compiler],
    libc: str | None,
    release: tuple[int, ...] | None,
    *,
    c_compiler: bool,
) -> Linking:
    """How all these programs are linked, or can be."""
    first = programs[0]
    if all(each.environment.get("CGO_ENABLED") == "0" for each in programs):
        return Linking(True, {}, (("CGO_ENABLED=0 is set where it is built", first.where),))
    obstacle = _obstacle(found, parts, programs)
    if obstacle is not None:
        return Linking(False, {}, obstacle)
    why = (
        ('no package that it is built of says import "C"', first.main),
        ("no required module is known to compile C code", "go.mod"),
    )
    if libc == "musl" and release is not None and release >= _QUIET_CGO and not c_compiler:
        quiet = ("without a C compiler, Go links statically", "https://go.dev/doc/go1.20#cgo")
        return Linking(True, {}, (quiet, *why))
    return Linking(True, {"CGO_ENABLED": "0"}, (*why, ("without cgo, Go links statically", CGO)))


def _obstacle(
    found: GoProject, parts: Sequence[GoRun], programs: Sequence[Compiler]
) -> tuple[tuple[str, str], ...] | None:
    """Why it must not be linked without cgo; empty where the sources do not tell."""
    where = programs[0].where
    if any(each.environment.get("CGO_ENABLED", "0") != "0" for each in programs):
        return (("CGO_ENABLED is set where it is built", where),)
    if len(parts) != len(programs):
        return ()
    if any(_changes_linking(each.environment.get("GOFLAGS", "")) for each in programs):
        return (("GOFLAGS may ask for a C linker", where),)
    for part in parts:
        if part.cgo:
            return (('it says import "C"', part.cgo[0]),)
    if found.cgo_modules:
        module = found.cgo_modules[0]
        return ((f"{module.path} compiles C code", module.required),)
    flags = [flags_of([*each.words[2:]]).values for each in programs]
    if any(
        values.keys() & _LINKERS or "-linkmode" in (values.get("ldflags") or "") for values in flags
    ):
        return (("its build flags ask for a C linker", where),)
    return None


def _changes_linking(flags: str | None) -> bool:
    """May GOFLAGS change how a program is linked?"""
    harmless = ("-mod", "-modcacherw", "-buildvcs", "-trimpath", "-p", "-v", "-x")
    return flags is None or any(word.partition("=")[0] not in harmless for word in flags.split())


def static_form(call: Call, tree: Tree, asked: Built) -> Fact[Static] | None:
    """The build without cgo, without paths of the builder and without symbols; None if it is so already."""
    flags = flags_of(call.words[2:])
    obstacle = _not_a_plain_program(flags.values, asked)
    if obstacle is not None:
        return obstacle
    found = project(tree, asked.directory or ".")
    if isinstance(found, Unknown):
        return Unknown(found.why, "unknown-sources")
    binaries = binary_of(found.value, call.words, asked.directory or ".", bin_directory="/go/bin")
    if isinstance(binaries, Unknown):
        return Unknown(binaries.why, "unknown-sources")
    if not binaries.value:
        return None
    tags = flags.tags()
    if isinstance(tags, Unknown):
        return Unknown(tags.why, "unknown-sources")
    parts: list[GoRun] = []
    for binary in binaries.value:
        run = runs(tree, found.value, binary.main.directory, tags.value)
        if isinstance(run, Unknown):
            return Unknown(run.why, "unknown-sources")
        if run.value.generated:
            return Unknown(
                f"the sources in {run.value.generated[0]} are written by the build",
                "unknown-sources",
            )
        parts.append(run.value)
    if found.value.outside:
        why = f"{found.value.source} needs {found.value.outside[0]}, which lies outside of the context"
        return Unknown(why, "unknown-sources")
    needs = [need for part in parts for need in part.facts.needs]
    loading = next((need for need in needs if need.kind is NeedKind.DYNAMIC_LOADING), None)
    if loading is not None:
        return Unknown(f"{loading.source} loads a library at run time", "links-c")
    programs = tuple(
        Compiler(call.words, asked.environment, asked.where, binary.main.directory)
        for binary in binaries.value
    )
    linked = linking(found.value, parts, programs, asked.libc, asked.release, c_compiler=True)
    if not linked.static:
        claim, where = next(iter(linked.because), ("its sources are not known", asked.where))
        return Unknown(f"{claim} ({where})", "links-c")
    locations = next((need for need in needs if need.kind is NeedKind.SOURCE_LOCATIONS), None)
    trims = locations is None and "trimpath" not in flags.values
    trims = trims and "-trimpath" not in (asked.environment.get("GOFLAGS") or "")
    replace, strips = _stripped(asked.texts)
    added = [*(["-trimpath"] if trims else []), *(['-ldflags="-s -w"'] if strips == "add" else [])]
    if added:
        replace[1] = " ".join([call.words[1] or "build", *added])
    if not replace and not linked.assign:
        return None
    because = list(linked.because)
    if trims:
        because.append(("-trimpath leaves the builder's paths out", BUILD_FLAGS))
    if strips:
        because.append(("-s -w leave out symbols that only debuggers read", LINK_FLAGS))
    return Known(Static(linked.assign, replace, tuple(because)), asked.where)


def _not_a_plain_program(values: Mapping[str, str | None], asked: Built) -> Unknown | None:
    if values.get("buildmode", "exe") not in _PROGRAMS:
        return Unknown(f"-buildmode={values['buildmode']} makes no plain program", "build-mode")
    odd = next(iter(sorted(values.keys() & _LINKERS)), None)
    if odd is None and any("-linkmode" in text for text in asked.texts):
        odd = "linkmode"
    if odd is not None:
        return Unknown(f"-{odd} asks for a C linker", "build-mode")
    compiled = f"{values.get('gcflags', '')} {asked.environment.get('GOFLAGS', '')}"
    if any(word.rpartition("=")[2] == "-N" for word in compiled.split()):
        return Unknown("-N compiles for a debugger", "debug-build")
    return None


def _stripped(texts: Sequence[str]) -> tuple[dict[int, str], str]:
    """The word of the linker's flags with `-s -w` in it; "add" if there is none, empty if nothing is to do.

    The last one counts, and a value may begin with a package pattern: `go help build`.
    """
    at = next(
        (
            number
            for number in range(len(texts) - 1, 1, -1)
            if texts[number].lstrip("-").partition("=")[0] == "ldflags" and texts[number][:1] == "-"
        ),
        None,
    )
    if at is None:
        return {}, "add"
    name, equals, value = texts[at].partition("=")
    if not equals:
        at += 1
        name, value = "", texts[at] if at < len(texts) else ""
    quote = value[:1] if value[:1] in {'"', "'"} else ""
    inner = value.removeprefix(quote)
    given = inner.replace('"', " ").replace("'", " ").split()
    if "-s" in given or not inner.startswith("-"):
        return {}, ""
    flags = "-s" if "-w" in given else "-s -w"
    ending = '"' if not quote else ""
    written = f"{quote or ending}{flags} {inner}{ending}"
    return {at: f"{name}{equals}{written}"}, "merge"
