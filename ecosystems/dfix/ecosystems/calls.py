"""One call of a package manager or compiler, as read from its words.

This is the vocabulary in which an ecosystem tells the rest of dfix what a command does. It knows commands, manifests,
caches and outputs; it does not know Dockerfiles.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Role(enum.Enum):
    """What a call is for."""

    INSTALL = "install"  # installs the dependencies that the project's manifest names
    FETCH = "fetch"  # only downloads them (go mod download, mvn dependency:go-offline)
    ADD = "add"  # installs packages named on the command line (pip install flask, npm install -g pnpm)
    PROJECT = "project"  # installs the project itself: its sources are an input (pip install ., -e .)
    BUILD = "build"  # compiles or bundles the project's sources
    RUN = "run"  # runs a script of the project: may read and write anything
    CLEAN = "clean"  # empties a cache
    CHANGE = "change"  # edits manifests or lockfiles (go mod tidy, npm init)
    CONFIG = "config"  # writes the manager's own configuration, or only prints (npm config set, pip --version)
    PRUNE = "prune"  # removes development dependencies from an installation


class CacheKind(enum.Enum):
    """What happens when a cache is empty or not there."""

    DOWNLOAD = "download"  # only saves a download: the result of the call is elsewhere
    STORE = "store"  # later steps or the container read it (GOMODCACHE, ~/.m2)
    COMPILE = "compile"  # intermediate results of a compiler; artefacts may lie inside


@dataclass(frozen=True, slots=True)
class Cache:
    """A directory that a call fills and would like to find again.

    `path` may begin with `~/` (the home of the user that runs it) or be relative to the project (`target`). `env` is the
    environment variable that moves it. `sharing` is BuildKit's lock mode. `source` is the page that says so.
    """

    id: str
    path: str
    kind: CacheKind
    sharing: str
    env: str | None
    source: str
    needs: tuple[str, ...] = ()  # files or settings without which a mount alone keeps nothing, by slug


@dataclass(frozen=True, slots=True)
class Call:
    """What one simple command does, as far as its words tell.

    `words` are the literal words, None where one is not literal. Indices in `defeats_cache` point into `words`.
    `files` are project files named on the command line, relative to the working directory, by what names them.
    """

    ecosystem: str
    verb: str
    role: Role
    words: tuple[str | None, ...]
    locked: bool = False  # fails when manifest and lockfile disagree, and never writes the lockfile
    production: bool = False  # leaves development dependencies out
    offline: bool = False  # must find everything in the store
    everywhere: bool = False  # installs for the machine, not for the project (npm -g, pip into the system)
    defeats_cache: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # named on the command line (Role.ADD)
    unknown: tuple[str, ...] = field(default=())  # words that were not understood; a rewrite of the call holds back


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that an install or fetch reads from the project; paths are relative to the build context's root."""

    files: tuple[str, ...]  # manifests first, then lock, then the rest, sorted; only files that exist
    lock: str | None  # the lockfile in force, if there is one
    outputs: tuple[str, ...]  # directories that the install writes inside the project (node_modules, .venv)
    dependencies: bool  # does the manifest name any
    reasons: dict[str, str]  # why each file is an input: "package.json: npm reads it" (for evidence)


@dataclass(frozen=True, slots=True)
class Locked:
    """The same call, enforcing the lockfile: replacements by word index (None removes), words to append, and why."""

    replace: dict[int, str | None]
    append: tuple[str, ...]
    because: str
    source: str
