"""What an edit changes of files: which sources of a COPY hold the edited one, and what a RUN may write."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.refactor.model import paths
from dfix.refactor.model.layout import GLOB

if TYPE_CHECKING:
    from dfix.refactor.model import Called, Place
    from dfix.refactor.model.layout import Landing

# Package managers of distributions, and their subcommands that install.
SYSTEM_INSTALLS = {
    "apt-get": frozenset({"install", "upgrade", "dist-upgrade"}),
    "apt": frozenset({"install", "upgrade"}),
    "apk": frozenset({"add", "upgrade"}),
    "dnf": frozenset({"install", "update", "upgrade"}),
    "microdnf": frozenset({"install", "update"}),
    "yum": frozenset({"install", "update"}),
    "zypper": frozenset({"install", "in"}),
}
# Each fails for any user but root, whatever the image: dpkg(1), apk(8), rpm(8) and shadow lock or write files of root.
ROOT_ONLY = {
    "apt-get": ("install", "update", "upgrade", "dist-upgrade", "remove", "purge"),
    "apt": ("install", "update", "upgrade", "remove"),
    "apk": ("add", "update", "upgrade", "del"),
    "yum": ("install", "update", "upgrade", "remove"),
    "dnf": ("install", "update", "upgrade", "remove"),
    "microdnf": ("install", "update", "upgrade"),
    "useradd": (),
    "adduser": (),
    "groupadd": (),
    "addgroup": (),
}
# Folders that build commands write by default, whether or not a developer's own build left one in the context.
BUILT = frozenset(
    {
        "dist",
        "build",
        "out",
        "target",
        "bin",
        "obj",
        "_build",
        ".next",
        ".nuxt",
        ".output",
        ".svelte-kit",
    }
)
# Programs that run a project's own scripts: what they write lies in the project, or where a word of theirs says.
INSIDE = frozenset(
    {
        "python",
        "python3",
        "npm",
        "npx",
        "yarn",
        "pnpm",
        "node",
        "cd",
        "export",
        "mkdir",
        "rm",
        "echo",
        "true",
    }
)


def globbed(path: str, pattern: str) -> bool:
    """Does a COPY pattern match the file, or a folder that holds it?

    Go's filepath.Match, a level at a time.
    """
    wanted = posixpath.normpath("/" + pattern).lstrip("/").split("/")
    parts = path.split("/")
    return len(parts) >= len(wanted) and all(
        fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False)
    )


def left_out(place: Place, path: str) -> bool:
    """Does an `--exclude` of the COPY leave the file out?"""
    patterns = [flag.value for flag in place.node.options if flag.name == "exclude"]
    if not patterns:
        return False
    from dfix.ecosystems.ignore import Ignore  # noqa: PLC0415 - few files have the flag

    return Ignore.parse("\n".join(patterns)).excludes(path)


def literal_stem(path: str) -> str:
    """The folder in front of the first pattern character."""
    at = min((path.find(char) for char in GLOB if char in path), default=len(path))
    return path if at == len(path) else posixpath.dirname(path[:at]) or "/"


def lands_in(landing: Landing, file: str | None, path: str) -> bool:
    """Does a COPY put the edited file at this path of the image, or below it?"""
    if file is None:
        return True
    if landing.whole:
        if not paths.within("/" + file, "/" + landing.source):
            return False
        at = paths.join(landing.target, posixpath.relpath(file, landing.source or "."))
    else:
        at = landing.target if landing.source == file else ""
    return bool(at) and paths.overlap(at, path)


def keeps(place: Place, path: str) -> bool:
    """Does a RUN leave the outputs of an install as they are, although it runs again?"""
    from dfix.ecosystems import ecosystems  # noqa: PLC0415 - read when a question needs it
    from dfix.ecosystems.calls import Role  # noqa: PLC0415 - the same

    if place.script is None or any(installs(called) for called in place.called):
        return False
    outputs = {
        output.path
        for each in ecosystems()
        for output in each.knowledge.outputs
        if output.by is Role.INSTALL
    }
    if outputs & set(path.split("/")):
        return True
    return all(_stays_inside(called, path) for called in place.called)


def _stays_inside(called: Called, path: str) -> bool:
    """Is this a command that writes below its working directory, or where its words say, and nowhere near `path`?"""
    if not called.values:
        return not called.command.redirects
    if called.program not in INSIDE or isinstance(called.directory, Unknown):
        return False
    places = [
        called.directory.value,
        *(word for word in called.values[1:] if word is not None and word.startswith("/")),
    ]
    return None not in called.values and not any(
        paths.overlap(paths.join("/", each), path) for each in places
    )


def installs(called: Called) -> bool:
    """Does a command install packages, of the system or of a language?"""
    from dfix.ecosystems.calls import Role  # noqa: PLC0415 - read when a question needs it

    if called.verb in SYSTEM_INSTALLS.get(called.program, ()):
        return True
    return called.call is not None and called.call.role in (
        Role.INSTALL,
        Role.FETCH,
        Role.ADD,
        Role.PROJECT,
    )
