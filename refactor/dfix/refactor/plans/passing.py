"""May a COPY of the sources move below this step?

It may if the step neither reads nor writes a file that the COPY brings. Only steps that are known
here pass; for all others the answer is a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Add, Assignments, Copy, From, Onbuild, Run, Transfer, Workdir
from dfix.refactor.model import paths
from dfix.refactor.model.expand import variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.refactor.model import Called, Place


class Copied(NamedTuple):
    """A COPY of a folder of the context: where it lands, and whether it brings a given path of the image."""

    place: Place
    destination: str
    brings: Callable[[str], bool]


# Programs that never read a project's files unless a word names one; their words are checked as paths.
# The list says nothing of what else they do: a step that passes stays where it was, in front of the moved COPY.
FILE_PROGRAMS = frozenset(
    [
        "[",
        "basename",
        "cat",
        "chgrp",
        "chmod",
        "chown",
        "cp",
        "cut",
        "date",
        "dirname",
        "du",
        "echo",
        "env",
        "false",
        "find",
        "grep",
        "gunzip",
        "gzip",
        "head",
        "id",
        "install",
        "ln",
        "ls",
        "md5sum",
        "mkdir",
        "mktemp",
        "mv",
        "printf",
        "pwd",
        "readlink",
        "realpath",
        "rm",
        "rmdir",
        "sed",
        "sha1sum",
        "sha256sum",
        "sha512sum",
        "sleep",
        "sort",
        "stat",
        "tail",
        "tar",
        "tee",
        "test",
        "touch",
        "tr",
        "true",
        "uname",
        "uniq",
        "unzip",
        "wc",
        "which",
        "whoami",
        "xargs",
        "xz",
        ":",
    ]
)
# Programs that work on the system or the network; only a word that is plainly a path can name a project file.
SYSTEM_PROGRAMS = frozenset(
    [
        "add-apt-repository",
        "addgroup",
        "adduser",
        "apk",
        "apt",
        "apt-cache",
        "apt-get",
        "apt-key",
        "apt-mark",
        "aptitude",
        "corepack",
        "curl",
        "delgroup",
        "deluser",
        "dnf",
        "dpkg",
        "dpkg-reconfigure",
        "gem",
        "gpg",
        "gpgconf",
        "groupadd",
        "groupmod",
        "ldconfig",
        "locale-gen",
        "localedef",
        "microdnf",
        "n",
        "nvm",
        "pacman",
        "passwd",
        "rpm",
        "rustup",
        "setcap",
        "tdnf",
        "update-alternatives",
        "update-ca-certificates",
        "update-locale",
        "useradd",
        "userdel",
        "usermod",
        "wget",
        "yum",
        "zypper",
        "chsh",
    ]
)
# Words of the shell itself that change nothing outside it.
SHELL_WORDS = frozenset(
    [
        "cd",
        "export",
        "set",
        "unset",
        "umask",
        "hash",
        "type",
        "command",
        "exit",
        "shopt",
        "ulimit",
        "alias",
    ]
)


def instruction(place: Place, copied: Copied) -> str | None:
    """Why the COPY must not move below this instruction, as half a sentence; None if it may."""
    node = place.node
    if isinstance(node, Run):
        return run(place, copied)
    if isinstance(node, Transfer):
        return _transfer(place, copied)
    if isinstance(node, Workdir):
        return None  # the caller writes the destination as an absolute path
    if isinstance(node, From | Onbuild):
        return f"{node.name} stands between"
    if isinstance(node, Assignments):
        used = set(_names_used(copied.place))
        changed = {pair.name for pair in node.pairs} & used
        return f"{node.name} {min(changed)} changes what the COPY means" if changed else None
    return None


def _names_used(place: Place) -> tuple[str, ...]:
    node = place.node
    assert isinstance(node, Transfer)  # noqa: S101 - the moved instruction is a COPY or ADD
    words = [leaf.value for leaf in node.paths.leaves()]
    words += [flag.value for flag in node.flags]
    return tuple(name for word in words for name in variables(word, place.stage.escape))


def _transfer(place: Place, copied: Copied) -> str | None:
    target = place.destination
    if isinstance(target, Unknown):
        return f"line {place.line} copies to a place that is not known: {target.why}"
    if not paths.overlap(target.value, copied.destination):
        return None
    if (
        place.source_stage is None
        and isinstance(place.node, Copy | Add)
        and not place.node.heredocs
    ):
        # From the same context to where the COPY puts it too: the same content, in whatever order.
        return (
            None
            if _same_file(place, copied)
            else f"line {place.line} copies over files of the COPY"
        )
    if copied.brings(target.value):
        return f"line {place.line} copies over files of the COPY"
    return None


def _same_file(place: Place, copied: Copied) -> bool:
    node, origin = place.node, copied.place.node
    assert isinstance(node, Transfer)  # noqa: S101 - asked of COPY and ADD only
    assert isinstance(origin, Transfer)  # noqa: S101 - the same
    if [flag.code for flag in node.flags] != [flag.code for flag in origin.flags]:
        return False
    target = place.destination
    if isinstance(target, Unknown):
        return False
    from dfix.refactor.model.layout import context_path  # noqa: PLC0415 - one function of a sibling

    folder = context_path(origin.sources[0])
    for source in node.sources:
        path = context_path(source)
        if path is None:
            # A pattern: its matches land flat in one folder; the same files if that is the folder they come from.
            path = context_path(source.rpartition("/")[0] or ".")
            if path is None or paths.join(copied.destination, _below(path, folder)) != target.value:
                return False
            continue
        landed = paths.join(copied.destination, _below(path, folder))
        written = node.destination
        if (
            landed not in (target.value, paths.join(target.value, path.rpartition("/")[2]))
            and written
        ):
            return False
    return True


def _below(path: str, folder: str | None) -> str:
    if not folder:
        return path or "."
    return (
        path[len(folder) + 1 :] or "." if paths.within("/" + path, "/" + folder) else "../" + path
    )


def run(place: Place, copied: Copied) -> str | None:
    """Why the COPY must not move below this RUN."""
    script = place.script
    if script is None:
        return f"line {place.line} cannot be read as shell source"
    for called in place.called:
        reason = command(called, copied)
        if reason is not None:
            return f"line {place.line}: {reason}"
    return None


def command(called: Called, copied: Copied) -> str | None:
    """Why the COPY must not move below this command."""
    if not called.values:
        return _redirects(called, copied)
    call = called.call
    if call is not None:
        if call.role is Role.ADD and not call.everywhere:
            return f"{' '.join(word or '...' for word in called.values[:3])} writes where the COPY does"
        brought = [path for path in call.files if _brings(called, path, copied)]
        if call.role in (Role.ADD, Role.CONFIG, Role.CLEAN) and not brought:
            return _redirects(called, copied)
        return f"{' '.join(word or '...' for word in called.values[:3])} may read the sources"
    program = called.program
    if called.values[0] and "/" in called.values[0] and _brings(called, called.values[0], copied):
        return f"it runs {called.values[0]} from the sources"
    if program in SHELL_WORDS:
        return _redirects(called, copied)
    if program in SYSTEM_PROGRAMS:
        plain = [
            word
            for word in called.values[1:]
            if word and ("/" in word or word.endswith((".deb", ".rpm", ".apk")))
        ]
    elif program in FILE_PROGRAMS:
        if any(word is None for word in called.values[1:]) and program not in (
            "echo",
            "printf",
            "test",
            "[",
        ):
            return f"{program} works on files that are not named literally"
        plain = [word for word in called.values[1:] if word]
    elif program == "git" and called.verb in ("config", "clone", "--version", "lfs"):
        plain = [word for word in called.values[1:] if word and "://" not in word]
    else:
        return f"{program or 'a command that is not literal'} may read the sources"
    for word in plain:
        path = word.partition("=")[2] if word.startswith("-") else word
        if path and "://" not in path and _brings(called, path, copied):
            return f"{program} works on {path}, which the COPY brings"
    return _redirects(called, copied)


def _redirects(called: Called, copied: Copied) -> str | None:
    for redirect in called.command.redirects:
        if redirect.target is None or redirect.operator.startswith("<<"):
            continue
        if redirect.target.value is None:
            if redirect.target.variables:
                return "it writes to a file that is not named literally"
            continue
        if not redirect.target.value.isdigit() and _brings(called, redirect.target.value, copied):
            return f"it works on {redirect.target.value}, which the COPY brings"
    return None


def _brings(called: Called, path: str, copied: Copied) -> bool:
    """Does the COPY bring this path, as the command sees it?"""
    if path.startswith("~"):
        return False
    if path.startswith("/"):
        full = paths.join("/", path)
    elif isinstance(called.directory, Unknown):
        return True
    else:
        full = paths.join(called.directory.value, path)
    stem = full.rstrip("/")
    if any(char in stem for char in "*?["):
        stem = (
            stem[: min(stem.find(char) for char in "*?[" if char in stem)].rpartition("/")[0] or "/"
        )
        return paths.overlap(stem, copied.destination)
    if paths.within(copied.destination, stem) and stem != "/":
        return True  # the folder itself, or one above it
    return paths.within(stem, copied.destination) and copied.brings(stem)
