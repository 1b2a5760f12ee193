"""Whether a recursive `chown` says no more than a COPY could have said itself.

What COPY's `--chown` does was tried on BuildKit 0.29 of Docker Engine 28.5: all that is copied and every folder that
has to be made belongs to the named user, folders that are there already stay as they are, a name without a group gives
the user's own group, and a name that the image does not know is root, without an error.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Copy, Run, Transfer, Workdir
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.plans import system_packages
from dfix.refactor.plans.accounts import accounts, groups
from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS
from dfix.refactor.scripts import Edited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.model import Called, Place, Stage

# Folders that images bring: what lies in them is more than what a file copies there.
# https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html
SYSTEM = frozenset(
    "bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var".split()  # noqa: SIM905
)
ROOMS = ("/usr/src", "/opt", "/srv")
"""Folders of the system that images leave empty for others, and whose entries are a file's own."""

# They look at files, or change what a later COPY's owner has no part in.
LOOKS = frozenset(
    {"cat", "ls", "test", "[", "grep", "stat", "head", "tail", "chmod", "wc", "du", "id"}
)


class Owned(NamedTuple):
    """Changes that give the owner where files are copied; `paths_` are what belongs to whom."""

    place: Place
    owner: str
    folders: tuple[str, ...]
    copies: tuple[Place, ...]
    changes: tuple[edits.Change, ...]


class NotOwned(NamedTuple):
    """Why a `chown` stays: its place, a slug of own-on-copy, and a sentence."""

    place: Place
    slug: str
    sentence: str


class _Refused(Exception):
    """A reason; `args` are the slug and the sentence."""


def own(stage: Stage) -> Iterator[Owned | NotOwned]:
    """The recursive `chown`s of a stage."""
    for place in stage.runs():
        for called in place.called:
            if called.program != "chown" or not {"-R", "--recursive"} & set(called.values):
                continue
            try:
                found = _owned(stage, place, called)
            except _Refused as refused:
                yield NotOwned(place, *refused.args)
                continue
            if found is not None:
                yield found


def _owned(stage: Stage, place: Place, called: Called) -> Owned | None:
    if not any(isinstance(each.node, Transfer) for each in place.preceding):
        return None
    if called.values[-1] is not None and called.values[-1].startswith("/"):
        folder = paths.join("/", called.values[-1])
        if not _copies(stage, place, folder):
            return None  # nobody would ask: it owns what a step made
    _at_hand(stage)
    owner, folders = _read(called)
    copies = {folder: _copies(stage, place, folder) for folder in folders}
    if not any(copies.values()):
        return None
    _as_root(place)
    there: list[str] = []
    chosen: dict[int, Place] = {}
    for folder, brought in copies.items():
        if not brought:
            raise _Refused("more-than-copied", f"no COPY brings {folder}")
        _only_copied(place, called, folder, brought)
        if _is_there(brought[0], folder):
            there.append(folder)
        elif not _has_room(brought[0], folder):
            raise _Refused("more-than-copied", f"the folders above {folder} would be owned too")
        chosen.update((each.at, each) for each in brought)
    ordered = [chosen[at] for at in sorted(chosen)]
    full = _full_owner(ordered[0], owner, foreign=any(_foreign(each) for each in ordered))
    changes = [_with_owner(each, full) for each in ordered if each.node.flag("chown") is None]
    changes.append(_without(place, called, there))
    return Owned(place, full, folders, tuple(ordered), tuple(changes))


def _read(called: Called) -> tuple[str, tuple[str, ...]]:
    """Owner and folders, absolute."""
    words = [word for word in called.values[1:] if word not in ("-R", "--recursive")]
    if any(word is None for word in words):
        raise _Refused("not-plain", "not all of its words are literal")
    plain = [word for word in words if word is not None]
    if len(plain) < 2 or any(word.startswith("-") for word in plain):  # noqa: PLR2004 - owner and path
        raise _Refused("not-plain", "it has options beside -R")
    owner, *named = plain
    if isinstance(called.directory, Unknown):
        raise _Refused("not-plain", f"its directory is not known: {called.directory.why}")
    if any(char in name for name in named for char in "*?[~"):
        raise _Refused("not-plain", "it names its files by a pattern")
    return owner, tuple(paths.join(called.directory.value, name) for name in named)


def _copies(stage: Stage, place: Place, folder: str) -> list[Place]:
    """The COPYs in front of the step that bring files into the folder."""
    found: list[Place] = []
    for each in stage.places[: place.at]:
        if not isinstance(each.node, Transfer):
            continue
        target = each.destination
        if isinstance(target, Known) and paths.within(target.value, folder):
            found.append(each)
    return found


def _as_root(place: Place) -> None:
    user = place.before.user
    if isinstance(user, Unknown) or user.value != "root":
        raise _Refused("another-user", "the step does not run as root, as far as that is known")


def _at_hand(stage: Stage) -> None:
    image = stage.root_image
    if isinstance(image, Unknown):
        raise _Refused("unknown-base", image.why)
    if stage.parent is not None:
        raise _Refused("unknown-base", "the stage builds on another one")


def _foreign(place: Place) -> bool:
    return place.node.flag("from") is not None


def _only_copied(place: Place, chown: Called, folder: str, copies: list[Place]) -> None:
    """Does nothing but these COPYs fill the folder, and nothing between look at who owns it?"""
    stage, owner = place.stage, _owner_word(chown) or ""
    image = stage.root_image
    assert not isinstance(image, Unknown)  # noqa: S101 - the caller looked
    top = folder.strip("/").split("/")[0]
    above = posixpath.dirname(folder)
    own_room = any(paths.within(above, room) for room in ROOMS) or (
        above in _homes(copies[0]) and not posixpath.basename(folder).startswith(".")
    )
    if not top or (top in SYSTEM and not own_room):
        raise _Refused("more-than-copied", f"the image may bring files in {folder}")
    if any(paths.within(path, folder) for path in image.directories):
        raise _Refused("more-than-copied", f"the image brings files in {folder}")
    for each in copies:
        _fits(each, owner)
    for each in stage.places[1 : place.at + 1]:
        node = each.node
        if isinstance(node, Workdir):
            made = each.following[0].before.workdir if each.following else stage.final.workdir
            if isinstance(made, Unknown) or (
                made.value != folder and paths.within(made.value, folder)
            ):
                raise _Refused("more-than-copied", f"line {each.line} makes a folder in {folder}")
        elif isinstance(node, Transfer) and each not in copies:
            target = each.destination
            if isinstance(target, Unknown) or paths.within(folder, target.value):
                raise _Refused("more-than-copied", f"line {each.line} copies above {folder}")
        elif isinstance(node, Run):
            _harmless(each, chown, folder)


def _fits(each: Place, owner: str) -> None:
    """Is this a COPY that can be given an owner?"""
    node = each.node
    if not isinstance(node, Copy):
        raise _Refused("more-than-copied", f"line {each.line} is an ADD, which may unpack")
    if node.flag("link") is not None:
        raise _Refused("more-than-copied", f"line {each.line} makes its folders anew with --link")
    flag = node.flag("chown")
    if flag is not None and flag.value != owner:
        raise _Refused("more-than-copied", f"line {each.line} names an owner of its own")


def _harmless(each: Place, chown: Called, folder: str) -> None:
    """Does a RUN neither write into the folder nor look at its owner?"""
    if each.script is None:
        raise _Refused("more-than-copied", f"what line {each.line} writes is not known")
    for called in each.called:
        if called is chown:
            return
        if not called.values or system_packages.installs(called):
            continue
        reason = _touches(called, folder)
        if reason is not None:
            raise _Refused("more-than-copied", f"line {each.line}: {reason}")


def _touches(called: Called, folder: str) -> str | None:
    program = called.program
    call = called.call
    if isinstance(called.directory, Unknown):
        return "it works in a folder that is not known"
    here = called.directory.value
    if call is not None:
        return None if _leaves_alone(called) else f"{program} may write into {folder}"
    if program not in SHELL_WORDS | FILE_PROGRAMS | SYSTEM_PROGRAMS or program in ("find", "xargs"):
        return f"what {program or 'a command that is not literal'} writes is not known"
    words = [word for word in called.values[1:] if word is None or not word.startswith("-")]
    for redirect in called.command.redirects:
        if ">" in redirect.operator and redirect.target is not None:
            words.append(redirect.target.value)
            if redirect.target.value is None or _in(here, redirect.target.value, folder):
                return f"it writes into {folder}"
    if program in LOOKS or program in ("echo", "printf", *SHELL_WORDS):
        return None
    if program in SYSTEM_PROGRAMS:
        return (
            None
            if not any(word and _in(here, word, folder) and "/" in word for word in words)
            else (f"{program} works in {folder}")
        )
    if any(word is None for word in words):
        return f"{program} works on files that are not named literally"
    hit = any(word is not None and _in(here, word, folder) for word in words)
    return f"{program} works in {folder}" if hit else None


def _leaves_alone(called: Called) -> bool:
    """Does an install put nothing into the folder? One without a lockfile and folders of its own in the project."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    manager = ecosystem_of(call)
    if call.role in (Role.CLEAN, Role.CONFIG):
        return True
    outputs = (*call.outputs, *(output.path for output in manager.knowledge.outputs))
    locks = type(manager).lock_matches is not Ecosystem.lock_matches
    return call.role in (Role.INSTALL, Role.ADD) and not (outputs or locks or call.unknown)


def _in(here: str, word: str, folder: str) -> bool:
    return word.startswith("~") or paths.overlap(paths.join(here, word), folder)


def _is_there(first: Place, folder: str) -> bool:
    """Is the folder itself there before the first COPY, made by a WORKDIR for root?"""
    return any(
        isinstance(each.node, Workdir)
        and each.following
        and isinstance(made := each.following[0].before.workdir, Known)
        and paths.within(made.value, folder)
        for each in first.preceding
    )


def _has_room(first: Place, folder: str) -> bool:
    """Is the folder above it there, so that the COPY makes no other folder for the user?"""
    above = posixpath.dirname(folder)
    image = first.stage.root_image
    assert not isinstance(image, Unknown)  # noqa: S101 - the caller looked
    brought = ROOMS if image.libc == "glibc" else ("/opt", "/srv")  # Alpine has no /usr/src
    return above == "/" or above in (*brought, *_homes(first)) or _is_there(first, above)


def _homes(first: Place) -> set[str]:
    """The home directories of the image's own users."""
    image = first.stage.root_image
    assert not isinstance(image, Unknown)  # noqa: S101 - the caller looked
    homes = {account.home for account in image.users.values()}
    return {home for home in homes if home in image.directories}


def _full_owner(first: Place, owner: str, *, foreign: bool) -> str:
    """User and group as `--chown` takes them; both must be there when the first file is copied."""
    name, colon, group = owner.partition(":")
    if not name:
        raise _Refused("unknown-user", "it names no user")
    users = accounts(first)
    where = f"when line {first.line} copies"
    if not name.isdigit() and name not in ("root", *users):
        raise _Refused("unknown-user", f"{name} is not known to be there {where}")
    if not colon:
        if foreign:
            raise _Refused("unknown-group", "what another stage brings keeps a group of its own")
        return f"{name}:0"
    group = group or name
    known = group.isdigit() or group == "root" or users.get(group, False) or group in groups(first)
    if not known:
        raise _Refused("unknown-group", f"{group} is not known to be a group {where}")
    return f"{name}:{group}"


def _with_owner(each: Place, owner: str) -> edits.Change:
    node = each.node
    assert isinstance(node, Copy)  # noqa: S101 - `_fits` looked
    flags = (*node.flags, compose.flag("chown", owner))
    return edits.replace(node, edits.bare(node).with_changes(flags=flags))


def _without(place: Place, called: Called, there: list[str]) -> edits.Change:
    """The step without the `chown`, or with one that only owns the folders that were there before."""
    node, script = place.node, place.script
    assert isinstance(node, Run)  # noqa: S101 - it has a script
    assert script is not None  # noqa: S101 - the command was read from it
    element = script.elements[called.element]
    around = {each.operator for each in script.elements[:-1]} | {element.operator}
    if not script.editable or element.simple is None or not around <= {"&&", ""} or called.wrappers:
        raise _Refused("not-plain", "it is no plain member of an && list")
    if script.ends_in_comment:
        raise _Refused("not-plain", "the command ends in a shell comment")
    edited = Edited(place)
    if there:
        for at, word in enumerate(called.values):
            if word in ("-R", "--recursive"):
                edited.remove_word(called, at)
            elif at > 1 and word is not None and not word.startswith("-"):
                assert isinstance(called.directory, Known)  # noqa: S101 - `_read` looked
                if paths.join(called.directory.value, word) not in there and word != _owner_word(
                    called
                ):
                    edited.remove_word(called, at)
    elif len(script.elements) == 1:
        return edits.remove(node, "down")
    else:
        edited.remove_command(called)
    return edits.replace(node, edits.bare(node).with_changes(body=edited.body()))


def _owner_word(called: Called) -> str | None:
    return next((word for word in called.values[1:] if word and not word.startswith("-")), None)
