"""What an application needs once it runs, as its sources and manifests tell.

Shared vocabulary of the ecosystems' `runtime` modules: plain values, each with the place it was
read from. A reader lists what it *found*; a value of None means that something is used there but is
not a constant, which a caller must treat as "could be anything". What is absent from a list was
looked for in every source that the reader names and was not there; a source that could not be read
makes the whole fact `Unknown` instead.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SOURCE_LIMIT = 3_000_000
"""Characters of source that one project may have.

Beyond it its run-time facts are Unknown, so that time is bounded.
"""


class Anchor(enum.Enum):
    """What a path is relative to."""

    WORKDIR = "workdir"  # as written: relative to the directory in which the process runs
    SOURCE = (
        "source"  # found from the source file's own place: `path` is relative to the tree's root
    )
    ROOT = "root"  # absolute


class Mode(enum.Enum):
    """What is done at a path."""

    READ = "read"
    WRITE = "write"  # created or written: need not exist before
    MENTION = "mention"  # a string names a file that the project has; who opens it is not known


@dataclass(frozen=True, slots=True)
class PathUse:
    """A file or directory that the application opens.

    `path` is None where it is not constant. It may hold glob characters when `glob` is set. `how`
    is the call that opens it ("os.Open"); `source` is "main.go:12".
    """

    path: str | None
    source: str
    how: str
    anchor: Anchor = Anchor.WORKDIR
    mode: Mode = Mode.READ
    glob: bool = False


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """A program that the application starts; None where its name is not constant.

    `shell` is set where the program is started by a shell, so that a base without /bin/sh cannot
    start it.
    """

    program: str | None
    source: str
    how: str = ""
    shell: bool = False


@dataclass(frozen=True, slots=True)
class EnvUse:
    """An environment variable that the application reads; None where the name is not constant."""

    name: str | None
    source: str


@dataclass(frozen=True, slots=True)
class PortUse:
    """A TCP port that the application listens on; None where it is not constant."""

    port: int | None
    source: str


class NeedKind(enum.Enum):
    """Things outside the application that a small base may lack."""

    CERTIFICATES = "certificates"  # a trust store in /etc/ssl/certs
    TIME_ZONES = "timezones"  # /usr/share/zoneinfo
    USER_DATABASE = "user-database"  # /etc/passwd, /etc/group
    LOCALE = "locale"  # compiled locales beyond C and C.UTF-8
    TEMPORARY_DIRECTORY = "temporary-directory"  # a writable /tmp
    SOURCE_LOCATIONS = (
        "source-locations"  # file names in the binary or beside it (runtime.Caller): no -trimpath
    )
    BUILD_INFO = "build-info"  # version control data at build time (debug.ReadBuildInfo)
    DYNAMIC_LOADING = (
        "dynamic-loading"  # dlopen: plugins, ctypes; the library's name is in `detail` if constant
    )
    BROWSER = "browser"  # Chromium, Firefox (puppeteer, playwright, selenium)


@dataclass(frozen=True, slots=True)
class Need:
    """Something outside the application that it needs or, where `sure` is false, may need."""

    kind: NeedKind
    source: str
    detail: str | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class RuntimeFacts:
    """All that the run-time sources of one program tell.

    Every tuple follows the order of the files that were read, and holds no duplicate.
    """

    opens: tuple[PathUse, ...] = ()
    starts: tuple[ProcessUse, ...] = ()
    env: tuple[EnvUse, ...] = ()
    ports: tuple[PortUse, ...] = ()
    needs: tuple[Need, ...] = ()
    sources: tuple[str, ...] = field(default=())  # the files that were read, sorted

    def needing(self, kind: NeedKind) -> tuple[Need, ...]:
        """The needs of one kind."""
        return tuple(need for need in self.needs if need.kind is kind)


NOTHING = RuntimeFacts()


def united(parts: Iterable[RuntimeFacts]) -> RuntimeFacts:
    """All facts of several sources as one value."""
    opens: dict[PathUse, None] = {}
    starts: dict[ProcessUse, None] = {}
    env: dict[EnvUse, None] = {}
    ports: dict[PortUse, None] = {}
    needs: dict[Need, None] = {}
    sources: set[str] = set()
    for part in parts:
        opens.update(dict.fromkeys(part.opens))
        starts.update(dict.fromkeys(part.starts))
        env.update(dict.fromkeys(part.env))
        ports.update(dict.fromkeys(part.ports))
        needs.update(dict.fromkeys(part.needs))
        sources.update(part.sources)
    return RuntimeFacts(
        opens=tuple(opens),
        starts=tuple(starts),
        env=tuple(env),
        ports=tuple(ports),
        needs=tuple(needs),
        sources=tuple(sorted(sources)),
    )


class PurityKind(enum.Enum):
    """What an installed package needs beside its own files and its language's run time."""

    PURE = "pure"  # no native code
    BUNDLED = (
        "bundled"  # native code that brings its libraries, or needs only libc, libstdc++ and libgcc
    )
    LIBRARIES = "libraries"  # loads shared libraries of the system
    PROGRAMS = "programs"  # starts programs of the system
    ELSEWHERE = "elsewhere"  # installs files outside the package directory
    # compiled at install time; where `Purity.libraries` is empty, it is not known what it links to
    SOURCE_ONLY = "source-only"


@dataclass(frozen=True, slots=True)
class Purity:
    """What one package needs at run time, and where that is written.

    `libraries` and `programs` are Debian package names, those of bookworm where suites differ.
    `builds_with` are Debian packages without which an installation from source fails. `elsewhere`
    are directories that the package also writes: relative to the prefix, or below the home
    directory. `brings` are dependencies that need something themselves.
    """

    name: str
    kind: PurityKind
    source: str
    libraries: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    builds_with: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()


def purities_of(data: Mapping[str, Any]) -> dict[str, Purity]:
    """The rows of a packages table by name.

    Groups of plain names, and single packages, which take precedence.
    """
    known = {
        name: Purity(name, PurityKind(row["kind"]), row["source"])
        for row in data["plain"]
        for name in row["names"]
    }
    for row in data.get("brings", ()):
        plain = known[row["name"]]
        known[plain.name] = replace(plain, brings=tuple(row["names"]))
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
