"""One call of a package manager or compiler, as read from its words.

This is the vocabulary in which an ecosystem tells the rest of dfix what a command does. It knows
commands, manifests, caches and outputs; it does not know Dockerfiles.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Role(enum.Enum):
    """What a call is for."""

    INSTALL = "install"  # installs the dependencies that the project's manifest names
    FETCH = "fetch"  # only downloads them (go mod download, mvn dependency:go-offline)
    ADD = "add"  # installs packages named on the command line (pip install flask)
    PROJECT = (
        "project"  # installs the project itself: its sources are an input (pip install ., -e .)
    )
    BUILD = "build"  # compiles or bundles the project's sources
    RUN = "run"  # runs a script of the project: may read and write anything
    START = "start"  # starts what a build put together: no store of the manager's is read (dotnet app.dll)
    CLEAN = "clean"  # empties a cache
    CHANGE = "change"  # edits manifests or lockfiles (go mod tidy, npm init)
    CONFIG = "config"  # writes the manager's configuration, or only prints (pip --version)
    PRUNE = "prune"  # removes development dependencies from an installation


class CacheKind(enum.Enum):
    """What happens when a cache is empty or not there."""

    DOWNLOAD = "download"  # only saves a download: the result of the call is elsewhere
    STORE = "store"  # later steps or the container read it (GOMODCACHE, ~/.m2)
    COMPILE = "compile"  # intermediate results of a compiler; artefacts may lie inside


class Cache(NamedTuple):
    """A directory that a call fills and would like to find again.

    `path` may begin with `~/` (the home of the user that runs it) or be relative to the project
    (`target`). `env` is the environment variable that moves it. `sharing` is BuildKit's lock mode.
    `source` is the page that says so. `moved_by` are all variables that move it, strongest first,
    each with what follows its value: `(("GOMODCACHE", ""), ("GOPATH", "/pkg/mod"))`; with the
    stage's environment given, `Ecosystem.caches` has applied them to `path`. `moved` tells that a
    flag or a variable in force did. `images` are the families of base images, with the versions
    from `since` until `until`, in which it lies there; empty: in all. `freshness` is
    what a compile cache decides by whether a result is out of date: "content" of the inputs, or their
    "times".
    """

    id: str
    path: str
    kind: CacheKind
    sharing: str
    env: str | None
    source: str
    root_path: str | None = None  # where it lies for root, if that is not `path` in root's home
    images: tuple[Mapping[str, str], ...] = ()
    moved_by: tuple[tuple[str, str], ...] = ()
    moved: bool = False
    freshness: str = ""


class Setting(NamedTuple):
    """What keeps a cache that a mount alone does not keep, or leaves none behind.

    `command` runs in the same RUN, in front of the call to keep and behind it to clean. `words` are
    the call's: they take the place of the word `replaces` of the call, or stand behind its subcommand,
    which is the word `behind`. `drops` are words that mean nothing beside them.
    """

    source: str
    command: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    replaces: int | None = None
    behind: int = 0
    drops: tuple[int, ...] = ()
    caches: tuple[str, ...] = ()  # by id
    folders: tuple[str, ...] = ()  # where downloads lie otherwise, beside the caches
    supersedes: tuple[str, ...] = ()  # subcommands in front that are then for nothing


class Call(NamedTuple):
    """What one simple command does, as far as its words tell.

    `words` are the literal words, None where one is not literal. Indices in `defeats_cache` point
    into `words`. `files` are project files named on the command line, relative to the working
    directory, by what names them; an absolute one is absolute in the image. `directory` is where
    the program itself goes to work, relative to the working directory (`npm --prefix web`, `go -C
    cmd`).
    """

    ecosystem: str
    verb: str
    role: Role
    words: tuple[str | None, ...]
    locked: bool = False  # fails when manifest and lock disagree, and never writes the lock
    production: bool = False  # leaves development dependencies out
    offline: bool = False  # must find everything in the store
    everywhere: bool = (
        False  # installs for the machine, not for the project (npm -g, pip into the system)
    )
    defeats_cache: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # named on the command line (Role.ADD)
    unknown: tuple[str, ...] = ()  # words that were not understood: a rewrite of it holds back
    directory: str = ""
    flags: tuple[tuple[str, str | None], ...] = ()  # those understood: main name and literal value
    cache: str | None = None  # the cache directory that a flag names
    scripts: bool = True  # runs the lifecycle scripts of the project and of packages
    outputs: tuple[str, ...] = ()  # directories that a flag tells it to write (pip --target lib)
    reads_store: bool = False  # reads what an earlier fetch stored, and may be the only one to
    stores: bool = False  # puts what it builds into the store, whence no download brings it back
    release: str | None = None  # of the manager, where an earlier step of the build installed it
    distribution: bool = False  # of the distribution's own package manager, which works as root


class Inputs(NamedTuple):
    """All that an install or fetch reads of the project; paths are from the tree's root."""

    files: tuple[str, ...]  # manifests first, then lock, then the rest; only files that exist
    lock: str | None  # the lockfile in force, if there is one
    outputs: tuple[str, ...]  # directories that it writes inside the project (node_modules, .venv)
    dependencies: bool  # does the manifest name any
    reasons: dict[str, str]  # why each file is an input: "package.json: npm reads it", for evidence
    enforced: bool = False  # the same files always give the same installation, or it fails
    programs: tuple[str, ...] = ()  # programs of the system that it starts (git for git+https)
    hosts: tuple[str, ...] = ()  # hosts named beside the public registry, sorted
    differs: tuple[str, ...] = ()  # what an install without the sources leaves out, for evidence


class Locked(NamedTuple):
    """The same call, enforcing the lockfile.

    Replacements by word index (None removes the word), words to append, and why. `reads` are the
    files that were compared, manifests first and the lock last: all of them must be in front of the
    call.
    """

    replace: dict[int, str | None]
    append: tuple[str, ...]
    because: str
    source: str
    reads: tuple[str, ...] = ()


class FirstPhase(NamedTuple):
    """The part of an install that needs no sources: the same call with these words appended.

    The call itself follows once the sources are there, finds its dependencies installed, and adds
    the project. Both together leave what the one call left.
    """

    append: tuple[str, ...]
    inputs: Inputs
    because: str
    source: str


class Beside(NamedTuple):
    """The packages that come only because others recommend them.

    `live` are those without which something that is often done fails; `idle` tells that none of
    them is used by a program.
    """

    packages: tuple[str, ...]
    live: tuple[str, ...]
    idle: bool


class Built(NamedTuple):
    """A build as it stands.

    `directory` is the folder of the tree that it works in, `texts` its words as they are written
    (quotes and variables included), `libc` and `release` those of the image that it runs in.
    """

    where: str
    directory: str
    texts: Sequence[str]
    environment: Mapping[str, str | None]
    libc: str | None
    release: tuple[int, ...] | None


class Static(NamedTuple):
    """The same build, of a program that needs no library of its base and holds no more than it runs.

    Variables to set for the call, replacements by word index, and why: claims, each with its source.
    """

    assign: Mapping[str, str]
    replace: Mapping[int, str]
    because: tuple[tuple[str, str], ...]


class Compiled(NamedTuple):
    """What a compile call leaves in its compile cache.

    `root` is the folder of the tree from which the cache's path is meant, `project` a name that tells
    this project's cache from another's, `programs` the files to run, from the cache's folder.
    `restores`: the next build puts a program back that was moved away.
    """

    root: str
    project: str
    programs: tuple[str, ...]
    restores: bool = False


class Fetch(NamedTuple):
    """A step that only downloads what a later build needs.

    `inputs.hosts` are all hosts that it may ask: what of them is private only the environment tells
    (GOPRIVATE, .netrc, a git configuration).
    """

    words: tuple[str, ...]
    inputs: Inputs
    because: str
    source: str
