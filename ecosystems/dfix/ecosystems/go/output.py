"""Where `go build` and `go install` write their binaries."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.runtime import GoProject, Main
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# Flags of `go build` and `go install` that take a value as the next word:
# https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies and `go help build`
_WITH_VALUE = frozenset(
    ["C", "asmflags", "buildmode", "buildvcs", "compiler", "covermode", "coverpkg", "gccgoflags",
     "gcflags", "installsuffix", "ldflags", "mod", "modfile", "o", "overlay", "p", "pgo",
     "pkgdir", "tags", "toolexec"]
)  # fmt: skip
_ALWAYS_DIRECTORIES = frozenset(
    ["/", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
     "/usr/local", "/opt", "/root", "/home", "/srv", "/var", "/etc", "/go", "/go/bin"]
)  # fmt: skip
BUILD = ["go", "build"]
INSTALL = ["go", "install"]
_HELP = "https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies"


@dataclass(frozen=True, slots=True)
class Binary:
    """One binary.

    Its path, absolute or relative to the directory where the command runs, and its main package.
    """

    path: str
    main: Main
    source: str


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of one `go build` and the words after them.

    Values are None where the word is not literal.
    """

    values: dict[str, str | None]
    packages: tuple[str | None, ...]

    def tags(self) -> Fact[frozenset[str]]:
        """The build tags; Unknown where they are not literal."""
        if "tags" not in self.values:
            return Known(frozenset(), _HELP)
        text = self.values["tags"]
        if text is None:
            return Unknown("the value of -tags is not constant")
        return Known(frozenset(text.replace(",", " ").split()), "-tags")


def flags_of(words: Sequence[str | None]) -> Flags:
    """Read the words after `go build`."""
    values: dict[str, str | None] = {}
    position = 0
    while position < len(words):
        word = words[position]
        if word is None or not word.startswith("-") or word == "-":
            break
        name, equals, value = word.lstrip("-").partition("=")
        if equals:
            values[name] = value
        elif name in _WITH_VALUE:
            position += 1
            values[name] = words[position] if position < len(words) else None
        else:
            values[name] = ""
        position += 1
    return Flags(values, tuple(words[position:]))


def binary_of(
    project: GoProject,
    words: Sequence[str | None],
    directory: str = ".",
    *,
    existing: Collection[str] = (),
    bin_directory: str | None = None,
) -> Fact[tuple[Binary, ...]]:
    """The binaries that one `go build` or `go install` call writes; () where it writes none.

    `words` begin with "go". `directory` is where the command runs, from the tree's root. `existing`
    are directories that are known to be there when it runs (for `-o DIR`); `bin_directory` is
    GOBIN, or GOPATH/bin.
    """
    if list(words[:2]) not in (BUILD, INSTALL):
        return Unknown("this is no go build")
    flags = flags_of(words[2:])
    if "C" in flags.values:
        return Unknown("go -C changes the directory")
    if any(word is None for word in flags.packages):
        return Unknown("which package go builds is not constant")
    if flags.values.get("buildmode", "exe") not in {"exe", "pie", "default"}:
        return Unknown(f"-buildmode={flags.values['buildmode']} makes no program")
    chosen = _mains(project, [word for word in flags.packages if word is not None], directory)
    if isinstance(chosen, Unknown):
        return chosen
    mains, several = chosen.value
    if words[1] == "install":
        if bin_directory is None:
            return Unknown("GOBIN and GOPATH are not known")
        return Known(_within(bin_directory, mains), _HELP)
    if "o" not in flags.values:
        # "When compiling multiple packages or a single non-main package, build compiles the
        # packages but discards the resulting object"
        return Known(() if several else _within("", mains), _HELP)
    return _written(flags.values["o"], project, directory, (mains, several), existing)


def _within(place: str, mains: Iterable[Main]) -> tuple[Binary, ...]:
    return tuple(Binary(posixpath.join(place, main.binary), main, _HELP) for main in mains)


def _written(
    output: str | None,
    project: GoProject,
    directory: str,
    chosen: tuple[tuple[Main, ...], bool],
    existing: Collection[str],
) -> Fact[tuple[Binary, ...]]:
    """What `-o output` makes of the chosen packages."""
    mains, several = chosen
    if output is None:
        return Unknown("the value of -o is not constant")
    if output == "/dev/null":
        return Known((), _HELP)
    if _is_directory(output, project, directory, existing):
        return Known(_within(output, mains), _HELP)
    if len(mains) != 1 or several:
        return Unknown(f"{output} is not known to be a directory, and several packages are built")
    return Known((Binary(output, mains[0], _HELP),), _HELP)


def _is_directory(
    output: str, project: GoProject, directory: str, existing: Collection[str]
) -> bool:
    clean = posixpath.normpath(output)
    if (
        output.endswith("/")
        or clean in {".", ".."}
        or clean in existing
        or clean in _ALWAYS_DIRECTORIES
    ):
        return True
    inside = under(directory, output)
    return not output.startswith("/") and any(
        main.directory == inside or main.directory.startswith(f"{inside}/")
        for main in project.mains
    )


def _mains(
    project: GoProject, packages: list[str], directory: str
) -> Fact[tuple[tuple[Main, ...], bool]]:
    """The main packages among those that the words name, and whether they name several packages."""
    by_directory = {main.directory: main for main in project.mains}
    if packages and all(word.endswith(".go") for word in packages):
        place = under(directory, posixpath.dirname(packages[0]) or ".")
        main = by_directory.get(place)
        if main is None or any("*" in word or "?" in word for word in packages[:1]):
            return Unknown(f"{packages[0]} is not known to be part of a main package")
        # a package named by its files is called after the first of them
        name = posixpath.basename(packages[0]).removesuffix(".go")
        return Known(((Main(main.directory, "command-line-arguments", name),), False), _HELP)
    found: dict[str, Main] = {}
    several = len(packages) > 1
    for word in packages or ["."]:
        pattern = _place(word, project, directory)
        if pattern is None:
            return Unknown(f"{word} is not a package of {project.module}")
        place, everything = pattern
        several = several or everything
        matching = [
            main
            for main in project.mains
            if main.directory == place
            or (everything and (place == "." or main.directory.startswith(f"{place}/")))
        ]
        found.update((main.directory, main) for main in matching)
    if not several and not found:
        return Unknown(f"{packages[0] if packages else '.'} holds no main package")
    return Known((tuple(found.values()), several), _HELP)


def _place(word: str, project: GoProject, directory: str) -> tuple[str, bool] | None:
    """The directory of a package pattern, and whether it ends in `...`."""
    everything = word == "..." or word.endswith("/...")
    base = (word[:-3].rstrip("/") or ".") if everything else word
    if "..." in base:
        return None
    if base in {".", ".."} or base.startswith(("./", "../")):
        place = under(directory, base)
        return None if place.startswith("..") else (place, everything)
    if base == project.module or base.startswith(f"{project.module}/"):
        return under(
            project.directory, base.removeprefix(project.module).lstrip("/") or "."
        ), everything
    return None
