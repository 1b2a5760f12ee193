"""Where the paths that a command names lie, and what copying and unpacking commands write."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from dfix.refactor.model import Called, Place


class Blocked(Exception):
    """No slice can be made; `args` are a hold-back's place, slug and sentence."""


# Programs that write copies or contents of what only the builder has: what they write leaves it.
BRINGS = frozenset(["cp", "mv", "install", "tar", "unzip", "gunzip", "gzip"])
STANDARD_FOLDERS = frozenset(
    [
        "/",
        "/bin",
        "/etc",
        "/home",
        "/lib",
        "/opt",
        "/root",
        "/sbin",
        "/srv",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/etc",
        "/usr/local/lib",
        "/usr/local/sbin",
        "/usr/local/share",
        "/usr/sbin",
        "/usr/share",
        "/var",
        "/var/lib",
        "/var/log",
        "/var/www",
    ]
)


def absolute(place: Place, called: Called, word: str) -> str:
    """A path as the command sees it. Raises Blocked where that is not known."""
    if word.startswith("~"):
        raise Blocked(place, "opaque-step", f"{called.program} works in a home directory")
    if word.startswith("/"):
        return paths.join("/", word)
    if isinstance(called.directory, Unknown):
        raise Blocked(
            place, "unknown-directory", f"its directory is not known: {called.directory.why}"
        )
    return paths.join(called.directory.value, word)


def brought(place: Place, called: Called) -> list[str]:
    """The absolute paths that a copying or unpacking command writes. Raises Blocked where they are not told."""
    words = [word for word in called.values[1:] if word is not None]
    operands = [word for word in words if not word.startswith("-")]
    if called.program in ("tar", "unzip", "gunzip", "gzip"):
        into = [
            words[at + 1]
            for at, word in enumerate(words[:-1])
            if word in ("-C", "--directory", "-d")
        ]
        folder = into[-1] if into else "."
        path = absolute(place, called, folder)
        if path in STANDARD_FOLDERS:
            raise Blocked(
                place, "opaque-step", f"what {called.program} puts into {path} is not known"
            )
        return [path]
    if len(operands) == 1 or any(
        word.startswith(("-t", "--target-directory", "-d")) for word in words
    ):
        raise Blocked(place, "opaque-step", f"where {called.program} writes is not known")
    if called.program == "install":
        operands = [word for word in operands if not word.isdigit()]
    *sources, destination = operands
    target = absolute(place, called, destination)
    if not (destination.endswith(("/", "/.")) or target in STANDARD_FOLDERS or len(sources) > 1):
        return [target]
    if any(char in source for source in sources for char in "*?["):
        if target in STANDARD_FOLDERS:
            raise Blocked(
                place, "opaque-step", f"what {called.program} puts into {target} is not known"
            )
        return [target]
    names = [posixpath.basename(source.rstrip("/")) for source in sources]
    if any(name in ("", ".", "..") for name in names):
        raise Blocked(
            place, "opaque-step", f"what {called.program} puts into {target} is not known"
        )
    return [paths.join(target, name) for name in names]
