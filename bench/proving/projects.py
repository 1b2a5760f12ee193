"""The naive projects: what a `project.toml` says, read and checked.

title, ecosystem    for people
shape               the shape of the split that is expected; "" where none is
tag                 the image's name while it is tested
bases               the images that it is built on, before and after: the first is the final
                    stage's today; none is pulled
stand-ins           the same by the short names of a script that makes them offline, if there is one
port, env           the port on 127.0.0.1 that it listens on, and what makes it listen there
installs            beginnings of commands that must not run again after a source edit
[[probe]]           path, contains: the first one is also asked until the server is up
[[command]]         entrypoint, args, prints: a program that must run in the image too
[edit.source]       path, and find + replace or append; `{nonce}` makes every edit a new one;
                    appears = path of a probe whose answer shows it
[edit.manifest]     the same for the manifest of dependencies or of the build
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "project.toml"


class ProjectError(Exception):
    """A `project.toml` that cannot be used, or an edit that does not fit the project."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A path that the server answers with a body that contains this text."""

    path: str
    contains: str


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the image that prints this text and ends."""

    entrypoint: str
    args: tuple[str, ...]
    prints: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that a developer makes; exactly one of `find` and `append` is set."""

    path: str
    find: str = ""
    replace: str = ""
    append: str = ""
    appears: str = ""

    def make(self, folder: Path, nonce: str) -> None:
        """Edit the file in this folder; `ProjectError` if the text to replace is not there once."""
        file = folder / self.path
        text = file.read_text(encoding="utf-8")
        if self.append:
            file.write_text(text + self.append.replace("{nonce}", nonce), encoding="utf-8")
            return
        if text.count(self.find) != 1:
            raise ProjectError(
                f"{self.path} holds {text.count(self.find)} of {self.find!r}, not one"
            )
        new = text.replace(self.find, self.replace.replace("{nonce}", nonce))
        file.write_text(new, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Project:
    """A naive project and how to try it."""

    folder: Path
    title: str
    ecosystem: str
    shape: str
    tag: str
    bases: tuple[str, ...]
    stand_ins: tuple[str, ...]
    port: int
    env: Mapping[str, str]
    installs: tuple[str, ...]
    probes: tuple[Probe, ...]
    commands: tuple[Command, ...]
    edits: Mapping[str, Edit]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def copy_to(self, folder: Path) -> Path:
        """A copy as a developer would have it: everything but the bench's own file."""
        return shutil.copytree(
            self.folder, folder, ignore=shutil.ignore_patterns(FILE, "__pycache__")
        )


def load(folder: Path) -> Project:
    """Read a project. Raises `ProjectError`, naming what is missing."""
    try:
        said: dict[str, Any] = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
        return Project(
            folder=folder,
            title=said["title"],
            ecosystem=said["ecosystem"],
            shape=said["shape"],
            tag=said["tag"],
            bases=tuple(said["bases"]),
            stand_ins=tuple(said.get("stand-ins", ())),
            port=said["port"],
            env=said.get("env", {}),
            installs=tuple(said.get("installs", ())),
            probes=tuple(Probe(**each) for each in said["probe"]),
            commands=tuple(
                Command(each["entrypoint"], tuple(each["args"]), each["prints"])
                for each in said.get("command", ())
            ),
            edits={kind: Edit(**each) for kind, each in said.get("edit", {}).items()},
        )
    except FileNotFoundError as missing:
        raise ProjectError(f"no project: {missing.filename}") from None
    except KeyError as missing:
        raise ProjectError(f"{folder.name}/{FILE} does not say {missing}") from None
    except (tomllib.TOMLDecodeError, TypeError) as wrong:
        raise ProjectError(f"{folder.name}/{FILE}: {wrong}") from None


def all_in(folder: Path) -> list[Project]:
    """Every project of a folder, by name."""
    return [load(each.parent) for each in sorted(folder.glob(f"*/{FILE}"))]
