"""Which RUNs belong into one: an update and its install, and a step that deletes what the one before it holds."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.model import paths
from dfix.refactor.plans import system_packages
from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS
from dfix.refactor.scripts import LEAKING, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.refactor.model import Called, Place, Stage

LISTS = "/var/lib/apt/lists"
LONGEST = 4  # RUNs that become one: more would cost the cache more than the image gains
# Their effect reaches the commands behind them.
STATE = LEAKING | {"cd", "set"}
BINDING = ("hadolint", "dfix:", "check=", "shellcheck", "ignore=")
CLEANS = frozenset({"dnf", "microdnf", "yum", "zypper"})
INSTALLS = frozenset({"install", "in", "update", "upgrade", "groupinstall"})


class Merged(NamedTuple):
    """RUNs that become one, why, and the changes."""

    places: tuple[Place, ...]
    why: str
    changes: tuple[edits.Change, ...]


class Apart(NamedTuple):
    """Why they stay apart: where, a slug of merge-runs, and a sentence."""

    place: Place
    slug: str
    sentence: str


def merge(stage: Stage, *, ships: bool) -> Iterator[Merged | Apart]:
    """The RUNs of a stage that belong together; what a later one deletes matters only where it ships."""
    taken: set[int] = set()
    for place in stage.runs():
        found = _needed(place, ships=ships)
        if found is None:
            continue
        first, why, _ = found
        block = stage.places[first.at : place.at + 1]
        if taken & {each.at for each in block}:
            continue
        between = next((each for each in block if not isinstance(each.node, Run)), None)
        if between is not None:
            sentence = f"{why}, but line {between.line} stands between"
            yield Apart(place, "steps-between", sentence)
            continue
        if len(block) > found[2]:
            yield Apart(place, "steps-between", f"{why}, but other steps stand between")
            continue
        reason = _against(block)
        if reason is not None:
            yield reason
            continue
        taken.update(each.at for each in block)
        yield Merged(tuple(block), why, _changes(block))


def _needed(place: Place, *, ships: bool) -> tuple[Place, str, int] | None:
    """The earlier RUN that this one belongs to, why, and how many RUNs may become one for that."""
    if _installs_without_update(place):
        first = _update_before(place)
        if first is not None:
            return first, f"it installs from the lists that line {first.line} fetches", 2
    if not ships:
        return None
    for earlier in reversed([each for each in place.preceding if isinstance(each.node, Run)]):
        if earlier.at < place.at - LONGEST:
            return None
        what = _deletes(place, earlier)
        if what is not None:
            why = f"it deletes {what}, which line {earlier.line} leaves in its layer"
            return earlier, why, LONGEST
    return None


def _is_apt(called: Called, *verbs: str) -> bool:
    return called.program in ("apt-get", "apt") and called.verb in verbs


def _installs_without_update(place: Place) -> bool:
    """Does it install from lists that it does not fetch, nor any script in front of the install?"""
    for called in place.called:
        if _is_apt(called, "install"):
            return True
        known = called.program in SYSTEM_PROGRAMS | FILE_PROGRAMS | SHELL_WORDS
        if called.values and (_is_apt(called, "update") or not known):
            return False
    return False


def _update_before(place: Place) -> Place | None:
    """The RUN whose lists this one installs from, unless they are in a mount or removed again."""
    for earlier in reversed(place.preceding):
        if not isinstance(earlier.node, Run):
            continue
        if any(mount.target.rstrip("/") == LISTS for mount in (*earlier.mounts, *place.mounts)):
            return None
        for called in reversed(earlier.called):
            if called.program == "rm" and any(
                (word or "").startswith(LISTS) for word in called.values
            ):
                return None
            if _is_apt(called, "update"):
                return earlier
    return None


def _deletes(place: Place, earlier: Place) -> str | None:
    """What of the earlier RUN's files this one deletes."""
    lists = earlier.at == place.at - 1 and not any(
        _is_apt(called, "update") for called in place.called
    )
    for called in place.called:
        if called.command.context:
            continue
        if called.program == "rm":
            for made in _made(earlier, lists=lists):
                if _covers_any((called,), made) and not _covers_any(earlier.called, made):
                    return made
        packages = _removed(called)
        if packages:
            manager = called.program
            for each in system_packages.installed((earlier,)):
                if each.manager == manager and each.name in packages:
                    return f"the package {each.name}"
            names = {word for one in earlier.called if one.program == "apk" for word in one.values}
            virtual = next((name for name in packages if name in names), None)
            if manager == "apk" and virtual is not None:
                return f"the packages of {virtual}"
        if _cleans(called, earlier):
            return "a package manager's cache"
    return None


def _removed(called: Called) -> tuple[str, ...]:
    """The packages that a command removes by name."""
    removes = {"apk": ("del",), "apt-get": ("purge", "remove"), "apt": ("purge", "remove")}
    if called.verb not in removes.get(called.program, ()):
        return ()
    at = called.values.index(called.verb)
    return tuple(word for word in called.values[at + 1 :] if word and not word.startswith("-"))


def _cleans(called: Called, earlier: Place) -> bool:
    call = called.call
    if any(one.values == called.values for one in earlier.called):
        return False  # it has done so itself
    if call is not None and call.role is Role.CLEAN:
        return any(
            one.call is not None
            and one.call.ecosystem == call.ecosystem
            and one.call.role in (Role.INSTALL, Role.ADD, Role.FETCH, Role.PROJECT)
            for one in earlier.called
        ) and not any(mount.type == "cache" for mount in earlier.mounts)
    return (
        called.program in CLEANS
        and called.verb in ("clean", "cc")
        and not any(
            one.program == called.program and one.verb == called.verb for one in earlier.called
        )
        and any(one.program == called.program and one.verb in INSTALLS for one in earlier.called)
    )


def _made(place: Place, *, lists: bool) -> Iterator[str]:
    """Absolute paths of files and folders that a RUN makes, as far as its words name them."""
    for called in place.called:
        if lists and _is_apt(called, "update"):
            yield LISTS
        if isinstance(called.directory, Unknown) or called.command.context:
            continue
        here = called.directory.value
        for name in _names(called):
            if name and not name.startswith(("~", "-")):
                yield paths.join(here, name)
        for redirect in called.command.redirects:
            target = redirect.target
            if redirect.operator == ">" and target is not None and target.value:
                yield paths.join(here, target.value)


def _names(called: Called) -> Iterator[str]:
    words = called.values[1:]
    plain = [word for word in words if word is not None and not word.startswith("-")]
    if called.program in ("wget", "curl"):
        yield from _downloads(called)
    elif called.program == "git" and called.verb == "clone":
        operands = plain[plain.index("clone") + 1 :]
        if operands and "://" in operands[-1]:
            yield posixpath.basename(operands[-1].rstrip("/")).removesuffix(".git")
        elif operands:
            yield operands[-1]
    elif called.program in ("mkdir", "touch"):
        yield from plain


def _downloads(called: Called) -> Iterator[str]:
    """The files that wget or curl write: where an option says, or by the address."""
    words = called.values[1:]
    named = {"wget": ("O", "--output-document"), "curl": ("o", "--output")}[called.program]
    by_address = called.program == "wget"
    written: list[str] = []
    for at, word in enumerate(words):
        if word is None:
            continue
        if word.startswith("--") and "=" in word and word.partition("=")[0] == named[1]:
            written.append(word.partition("=")[2])
        elif word == named[1] or (word[:1] == "-" and word[1:2] != "-" and word.endswith(named[0])):
            following = words[at + 1] if at + 1 < len(words) else None
            written.append(following or "-")
        elif word == "--remote-name" or (word[:1] == "-" and word[1:2] != "-" and "O" in word):
            by_address = True
        elif word.startswith(("-P", "--directory-prefix")):
            return
    if written:
        yield from (name for name in written if name != "-")
    elif by_address:
        addresses = [word for word in words if word is not None and "://" in word]
        yield from (posixpath.basename(word.partition("?")[0]) for word in addresses)


def _covers_any(commands: Sequence[Called], made: str) -> bool:
    """Does a `rm` among the commands take the whole path away?"""
    return any(
        called.program == "rm" and any(_covers(called, word, made) for word in called.values[1:])
        for called in commands
    )


def _covers(called: Called, word: str | None, made: str) -> bool:
    """Does this operand of `rm` take the whole path away?"""
    if word is None or word.startswith(("-", "~")):
        return False
    if word.startswith("/"):
        path = paths.join("/", word)
    elif isinstance(called.directory, Unknown):
        return False
    else:
        path = paths.join(called.directory.value, word)
    if path == f"{made}/*":
        return made == LISTS
    return paths.within(made, path) or any(
        fnmatchcase(part, path) for part in (made, *_above(made))
    )


def _above(path: str) -> Iterator[str]:
    while path != "/":
        path = posixpath.dirname(path)
        yield path


def _against(block: Sequence[Place]) -> Apart | None:
    """Why these RUNs cannot be one script."""
    for place in block:
        script, node = place.script, place.node
        assert isinstance(node, Run)  # noqa: S101 - the caller looked
        if script is None or not script.editable or node.heredocs:
            return Apart(place, "not-plain", "it is no plain list of commands")
        if [flag.code.strip() for flag in node.flags] != [
            flag.code.strip() for flag in block[0].node.options
        ]:
            return Apart(place, "other-flags", "the steps have different mounts or other flags")
        if any(element.operator not in ("&&", "") for element in script.elements):
            return Apart(place, "not-plain", "its commands are not joined by && alone")
        if place is not block[-1]:
            if script.ends_in_comment:
                return Apart(place, "shell-comment", "the command ends in a shell comment")
            state = _state(place)
            if state is not None:
                return Apart(place, "shell-state", f"{state} would reach the commands behind it")
        if place is not block[0] and any(
            mark in comment.text.text for comment in node.comments for mark in BINDING
        ):
            return Apart(place, "comment-binds", "a comment above it is meant for a linter")
    return None


def _state(place: Place) -> str | None:
    """What of a script would reach the commands of the next: a directory, variables, options, functions."""
    for called in place.called:
        context = called.command.context
        if context & {"subshell", "substitution", "pipeline"}:
            continue
        if "function" in context:
            return "a function"
        if called.program in STATE:
            return called.program
        if not called.command.words and called.command.assignments:
            return "a variable"
    return None


def _changes(block: Sequence[Place]) -> tuple[edits.Change, ...]:
    first, *others = block
    node = first.node
    assert isinstance(node, Run)  # noqa: S101 - the caller looked
    body = joined(first, others)
    merged = edits.bare(node).with_changes(body=body, end=block[-1].node.end)
    return (
        edits.replace(node, merged),
        *(edits.remove(each.node, "drop") for each in others),
    )
