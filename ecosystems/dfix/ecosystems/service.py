"""What a container needs of a project: the answer that each ecosystem gives for the programs it starts.

An ecosystem whose folder holds `service.py` with `services(request) -> Fact[Service]` can be split: the question is
asked with plain values (calls, words, folders), the answer says which files must leave the builder, what the base must
hold, and what speaks against it. It never sees a Dockerfile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.tree import Tree


@dataclass(frozen=True, slots=True)
class Did:
    """A call that the build makes: its words, where it runs in the image, and the variables in force.

    `environment` has None for what is not known. `where` is `Dockerfile:7`, `user` the name that runs it.
    """

    call: Call
    directory: str
    environment: Mapping[str, str | None]
    where: str
    user: str = "root"


@dataclass(frozen=True, slots=True)
class Started:
    """A command that the container starts: exec form words, or the words of one simple command of a shell form."""

    words: tuple[str | None, ...]
    directory: str
    where: str


@dataclass(frozen=True, slots=True)
class Base:
    """What matters here of the builder's image."""

    family: str
    release: tuple[int, ...] | None
    libc: str | None
    variant: str
    path: tuple[str, ...] = ()  # PATH as it is in force at the end


@dataclass(frozen=True, slots=True)
class Request:
    """The question. Paths of `tree` are relative to the build context, `folder` is the project's in it.

    `root` is where that folder lies in the image. `pure` are packages that the user vouches for; `artefacts` absolute
    paths that the user names. `origins` are the files that calls name on their command lines: the absolute path in the
    image, and the tree's path that a COPY brings there.
    """

    tree: Tree
    folder: str
    root: str
    did: tuple[Did, ...]
    started: tuple[Started, ...]
    base: Base
    pure: tuple[str, ...] = ()
    artefacts: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why there is no split: a slug of split-stages, a sentence, and the configuration that would answer it."""

    slug: str
    sentence: str
    setting: str | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A path that must leave the builder: absolute, a file or a whole folder."""

    path: str
    claim: str
    where: str
    native: bool = False  # holds compiled code that is bound to the suite's libraries


@dataclass(frozen=True, slots=True)
class Service:
    """What the started programs need.

    `whole` says why all of the project's folder is live, where single files cannot be told; else it is empty and
    `live` names them. `assign` are variables to set for the compiling call, `omit` the words of a last build step that
    takes development dependencies out. `programs` are started by the application; `libraries` are Debian packages of
    the newest suite. A static binary needs nothing of its base.
    """

    language: str
    shape: str
    live: tuple[Live, ...]
    whole: str = ""
    static: bool = False
    interpreter: str | None = None  # the program of the base that runs it: node, python
    assign: Mapping[str, str] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    omit_because: str = ""
    libraries: tuple[tuple[str, str], ...] = ()
    programs: tuple[tuple[str, str], ...] = ()
    shell: str | None = None  # where the application uses a shell
    certificates: str | None = None
    time_zones: str | None = None
    user_database: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    env_read: tuple[str, ...] = ()
    claimed: tuple[Started, ...] = ()  # the started commands that it answers for
    # commands, by their first words, that write only in the project's folder
    inside: tuple[tuple[str, ...], ...] = ()
    vouched: bool = False  # a person named all that is live: steps that nobody can read only build
    reinstall: tuple[str, ...] = ()  # packages installed for the machine whose programs are started
    # packages that an install compiles, or may, each with where it is named: a base without compilers cannot
    compiles: tuple[tuple[str, str], ...] = ()
