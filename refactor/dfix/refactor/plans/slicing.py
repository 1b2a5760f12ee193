"""Which instruction of a stage belongs to the builder, which to the run time, which to both.

Each RUN is read command by command. A command that is not known makes the slice `Blocked`: nobody
can tell then what the container would miss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    Stopsignal,
    Transfer,
    User,
    Volume,
    Workdir,
)
from dfix.refactor.model import paths
from dfix.refactor.plans.bringing import BRINGS, Blocked, absolute, brought

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.service import Service
    from dfix.refactor.model import Called, Place, Stage

Fate = Literal["build", "run", "both"]

ACCOUNTS = frozenset(["useradd", "groupadd", "adduser", "addgroup", "usermod", "groupmod"])
NEUTRAL = frozenset(
    [
        "echo",
        "true",
        ":",
        "set",
        "cd",
        "export",
        "pwd",
        "ls",
        "cat",
        "env",
        "date",
        "uname",
        "id",
        "whoami",
        "sleep",
        "test",
        "[",
        "which",
        "printf",
        "unset",
        "hash",
        "exit",
        "ldd",
        "file",
        "du",
        "df",
        "stat",
    ]
)
# Programs that change only what their words name.
NAMED = frozenset(
    [
        "mkdir",
        "rm",
        "rmdir",
        "touch",
        "chmod",
        "chown",
        "chgrp",
        "ln",
        "cp",
        "mv",
        "install",
        "sed",
        "dos2unix",
        "tar",
        "unzip",
        "gunzip",
        "gzip",
        "strip",
        "upx",
    ]
)
PACKAGES = {"apt-get": "apt", "apt": "apt", "apk": "apk"}
# Folders whose contents no container is started for.
SCRATCH = (
    "/tmp",  # noqa: S108 - a path of the image, as is the next
    "/var/tmp",  # noqa: S108
    "/var/cache",
    "/var/lib/apt",
    "/usr/share/doc",
    "/usr/share/man",
    "/root/.cache",
    "/root/.npm",
    "/var/log/apt",
)


class Installed(NamedTuple):
    """A package of the distribution that the stage installs by name."""

    name: str
    manager: str
    where: str


class Owned(NamedTuple):
    """A `chown`: whose a path becomes, and whether all below it does."""

    path: str
    owner: str
    recursive: bool
    at: int


@dataclass
class Slice:
    """The fates of a stage's instructions, and what its RUNs leave outside the project's folder."""

    stage: Stage
    root: str
    again: frozenset[str] = frozenset()  # packages that the run-time stage installs too
    inside: tuple[tuple[str, ...], ...] = ()  # commands that write only in the project's folder
    vouched: bool = False  # a person named all that is live: what cannot be read only builds
    fates: dict[int, Fate] = field(default_factory=dict)
    kept: dict[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # elements of a RUN that the run time needs too
    packages: list[Installed] = field(default_factory=list)
    touched: list[tuple[str, str]] = field(
        default_factory=list
    )  # paths below the root that RUNs make or change
    live: frozenset[str] = frozenset()  # paths that leave the builder anyway
    left: list[str] = field(
        default_factory=list
    )  # what steps of the build put outside the project's folder
    owners: list[Owned] = field(default_factory=list)
    shell: str | None = None  # a RUN of the run-time stage needs a shell

    def of(self, fate: Fate) -> list[Place]:
        """The instructions of a fate."""
        return [place for place in self.stage.places if self.fates.get(place.at) == fate]


def slice_of(stage: Stage, root: str, service: Service) -> Slice:
    """The slice of a stage whose project lies in `root`. Raises Blocked."""
    found = Slice(
        stage,
        root,
        again=frozenset(service.reinstall),
        inside=service.inside,
        vouched=service.vouched,
    )
    made = found.live = frozenset(live.path for live in service.live)
    for place in stage.places:
        node = place.node
        match node:
            case From():
                found.fates[place.at] = "build"
            case (
                Cmd()
                | Entrypoint()
                | Expose()
                | Healthcheck()
                | Label()
                | Maintainer()
                | Stopsignal()
                | Volume()
            ):
                found.fates[place.at] = "run"
            case Env() | Shell() | Workdir() | User():
                found.fates[place.at] = "both"
            case Arg():
                found.fates[place.at] = "build"  # and where a moved instruction uses it
            case Onbuild():
                raise Blocked(
                    place, "image-for-others", "ONBUILD makes this an image for others to build on"
                )
            case Transfer():
                found.fates[place.at] = _transfer(place, found)
            case Run():
                _run(place, found, made)
            case _:
                raise Blocked(place, "opaque-step", f"{node.name} is not known to a split")
    return found


def _transfer(place: Place, found: Slice) -> Fate:
    target = place.destination
    if isinstance(target, Unknown):
        raise Blocked(place, "unknown-directory", f"where this lands is not known: {target.why}")
    if paths.within(target.value, found.root):
        return "build"
    if paths.within(found.root, target.value) and found.root != target.value:
        # It brings the folder that holds the project, and more beside it.
        raise Blocked(
            place,
            "outside-root",
            f"it copies into {target.value}, above the project in {found.root}",
        )
    if any(paths.within(target.value, folder) for folder in SCRATCH):
        return "build"
    return "both"


def _run(place: Place, found: Slice, made: frozenset[str]) -> None:
    script = place.script
    if script is None:
        raise Blocked(place, "opaque-step", "the command cannot be read as shell source")
    kept: list[int] = []
    for called in place.called:
        fate = _command(place, called, found, made)
        if fate != "build" and called.element not in kept:
            kept.append(called.element)
    if not kept:
        found.fates[place.at] = "build"
        return
    if not script.editable or any(
        script.elements[number].operator not in ("&&", "") for number in range(len(script.elements))
    ):
        raise Blocked(
            place,
            "not-plain",
            "part of it is for the run time, and its commands are not joined by && alone",
        )
    if any(script.elements[number].simple is None for number in kept):
        raise Blocked(place, "not-plain", "part of a compound command is for the run time")
    found.fates[place.at] = "both"
    found.kept[place.at] = tuple(kept)
    found.shell = found.shell or place.where


def _command(place: Place, called: Called, found: Slice, made: frozenset[str]) -> Fate:
    if not called.values:
        return "build"
    call = called.call
    if call is not None:
        return _call(place, called, found)
    program = called.program
    if program in PACKAGES:
        return _packages(place, called, found)
    if program in ACCOUNTS:
        return "both"
    if program in NEUTRAL:
        return _redirected(place, called, found)
    if program in NAMED:
        return _named(place, called, found)
    if (
        program in ("dpkg", "dpkg-query", "apt-cache", "apt-mark", "ldconfig", "hash", "git")
        and program != "git"
    ):
        return "build"
    if program == "update-ca-certificates":
        raise Blocked(
            place,
            "opaque-step",
            "it changes the trust store, which a split does not carry over yet",
        )
    if program in ("curl", "wget", "git") and _writes_below(called, found):
        return "build"
    if any(called.values[: len(words)] == words for words in found.inside):
        return "build"
    inside = called.directory
    if called.values[0] and "/" in called.values[0] and isinstance(inside, Known):
        path = paths.join(inside.value, called.values[0])
        if path in made:
            return "build"  # a program of the project that the build runs
    if found.vouched:
        return "build"
    raise Blocked(
        place,
        "opaque-step",
        f"what {program or 'a command that is not literal'} leaves behind is not known",
    )


def _call(place: Place, called: Called, found: Slice) -> Fate:
    """A package manager or compiler: it works in its directory, which must lie in the project's folder."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    if call.role is Role.ADD and found.again & set(call.packages):
        return "both"
    if call.role in (Role.CLEAN, Role.CONFIG) or call.everywhere:
        return "build"
    if isinstance(called.directory, Unknown):
        raise Blocked(
            place, "unknown-directory", f"its directory is not known: {called.directory.why}"
        )
    directory = paths.join(called.directory.value, call.directory)
    if call.role in (Role.FETCH, Role.ADD) or paths.within(directory, found.root):
        return "build"
    if paths.within(found.root, directory):
        return "build"
    raise Blocked(
        place, "outside-root", f"it works in {directory}, outside the project in {found.root}"
    )


def _packages(place: Place, called: Called, found: Slice) -> Fate:
    verbs = {"install": "apt", "add": "apk"}
    if called.verb not in verbs:
        return "build"
    at = next(number for number, word in enumerate(called.values) if word == called.verb)
    words = called.values[at + 1 :]
    skip = False
    for word in words:
        if skip:
            skip = False
            continue
        if word is None:
            raise Blocked(place, "opaque-step", "a package is not named literally")
        if word.startswith("-"):
            if word in (
                "-t",
                "--target-release",
                "-o",
                "--option",
                "--repository",
                "-X",
                "--virtual",
            ):
                skip = word != "--virtual"
                skip = True
            continue
        if word.startswith("."):
            continue  # apk's name of a virtual package
        found.packages.append(
            Installed(
                word.partition("=")[0].partition("/")[0],
                PACKAGES[called.program],
                place.where,
            )
        )
    return "build"


def _redirected(place: Place, called: Called, found: Slice) -> Fate:
    fate: Fate = "build"
    for redirect in called.command.redirects:
        if ">" not in redirect.operator or redirect.target is None:
            continue
        value = redirect.target.value
        if value is None:
            raise Blocked(place, "opaque-step", "it writes to a file that is not named literally")
        if value.isdigit() or value == "/dev/null":
            continue
        if _path(place, called, value, found) != "both":
            continue
        if called.program in ("echo", "printf") and ">>" not in redirect.operator:
            fate = "both"
        else:  # it reads what only the builder has
            found.left.append(absolute(place, called, value))
    return fate


def _named(place: Place, called: Called, found: Slice) -> Fate:
    words = list(called.values[1:])
    operands = [word for word in words if word is None or not word.startswith("-")]
    program = called.program
    if program in ("rm", "rmdir"):
        _removed(place, called, operands, found)
        return "build"
    if any(word is None for word in operands):
        raise Blocked(
            place, "opaque-step", f"{program} works on files that are not named literally"
        )
    if program in BRINGS:
        for path in brought(place, called):
            if _path(place, called, path, found) == "both":
                found.left.append(path)
        return _redirected(place, called, found)
    if program in ("chmod", "chown", "chgrp", "sed") and operands:
        mode = operands.pop(0)
        if program in ("chown", "chgrp"):
            _owned(place, called, mode, operands, found)
    if program == "ln" and operands:
        operands = operands[-1:]  # what a link means need not be there
    fates = [_path(place, called, word, found) for word in operands if word is not None]
    fate = _redirected(place, called, found)
    return "both" if "both" in fates or fate == "both" else "build"


def _removed(place: Place, called: Called, operands: Sequence[str | None], found: Slice) -> None:
    """What is removed cannot leave the builder any more; a pattern that may mean such a path is not followed."""
    for word in operands:
        if word is None or isinstance(called.directory, Unknown) or word.startswith("~"):
            gone = "/" if found.left else found.root
            exact = False
        else:
            path = paths.join(called.directory.value, word)
            cut = min((path.find(char) for char in "*?[" if char in path), default=len(path))
            exact = cut == len(path)
            gone = path if exact else path[:cut].rpartition("/")[0] or "/"
        kept = [*found.left, *(each for each, _ in found.touched)]
        if not exact and any(paths.within(each, gone) for each in kept):
            raise Blocked(
                place, "opaque-step", f"what {called.program} removes is not named literally"
            )
        found.left = [each for each in found.left if not paths.within(each, gone)]
        found.touched = [each for each in found.touched if not paths.within(each[0], gone)]


def _owned(
    place: Place, called: Called, owner: str | None, operands: Sequence[str | None], found: Slice
) -> None:
    recursive = (
        any(word and word.startswith("-") and "R" in word for word in called.values[1:])
        or "--recursive" in called.values
    )
    if owner is None:
        raise Blocked(place, "unknown-owner", "the owner is not named literally")
    for word in operands:
        if word is None or isinstance(called.directory, Unknown):
            raise Blocked(place, "unknown-owner", "what changes its owner is not named literally")
        found.owners.append(
            Owned(paths.join(called.directory.value, word), owner, recursive, place.at)
        )


def _path(place: Place, called: Called, word: str, found: Slice) -> Fate:
    """Where a path that a command names belongs."""
    path = absolute(place, called, word)
    if paths.within(path, found.root):
        if path != found.root:
            found.touched.append((path, place.where))
        return "build"
    if any(paths.within(path, folder) for folder in SCRATCH) or path.startswith("/dev/"):
        return "build"
    if path.startswith(("/go/", "/usr/src/", "/usr/local/go")):
        return "build"
    if any(paths.within(path, each) for each in (*found.live, *found.left)):
        return "build"  # it leaves the builder as it is after this step
    return "both"


def _writes_below(called: Called, found: Slice) -> bool:
    """Does a download land in the project's folder or a scratch folder?"""
    names = [
        word
        for at, word in enumerate(called.values)
        if at
        and word
        and called.values[at - 1] in ("-o", "-O", "--output", "--output-document", "-P")
    ]
    if called.program == "git":
        names = [
            word
            for word in called.values[2:]
            if word and not word.startswith("-") and "://" not in word and "@" not in word
        ]
        if called.verb in ("config", "lfs", "--version"):
            return True
        if called.verb != "clone":
            return isinstance(called.directory, Known) and paths.within(
                called.directory.value, found.root
            )
    if isinstance(called.directory, Unknown):
        return False
    targets = [paths.join(called.directory.value, word) for word in names] or [
        called.directory.value
    ]
    return all(
        paths.within(target, found.root) or any(paths.within(target, folder) for folder in SCRATCH)
        for target in targets
    )


def body_of_kept(place: Place, kept: Sequence[int]) -> ShellForm:
    """The script of a RUN with only the elements that the run time needs."""
    from dfix.refactor.scripts import Edited  # noqa: PLC0415 - a split is rare, and scripts imports the grammar

    script = place.script
    assert script is not None  # noqa: S101 - its commands were read
    edited = Edited(place)
    for called in place.called:
        if called.element not in kept:
            edited.remove_command(called)
    return edited.body()
