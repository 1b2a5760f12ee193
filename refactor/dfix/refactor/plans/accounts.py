"""Users and groups that are there in front of a step: the image's own, and those that earlier steps make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.model import Called, Place

USERS = frozenset({"useradd", "adduser"})
GROUPS = frozenset({"groupadd", "addgroup"})
# Options with a value behind them: useradd(8) and groupadd(8) of shadow, adduser(8) of Debian, BusyBox's adduser.
# https://manpages.debian.org/bookworm/passwd/useradd.8.en.html
# https://manpages.debian.org/bookworm/adduser/adduser.8.en.html
# https://git.busybox.net/busybox/tree/loginutils/adduser.c
SHADOW = frozenset(
    {"-u", "-g", "-G", "-s", "-d", "-c", "-b", "-e", "-f", "-k", "-K", "-p", "-R", "-P", "--uid"}
    | {"--gid", "--groups", "--shell", "--home-dir", "--home", "--comment", "--base-dir", "--skel"}
    | {"--expiredate", "--inactive", "--password", "--root", "--prefix", "--key"}
)
OTHERS = frozenset(
    {"-h", "-g", "-s", "-G", "-u", "-k", "--home", "--shell", "--uid", "--gid", "--gecos", "--conf"}
    | {"--ingroup", "--firstuid", "--lastuid", "--comment"}
)
OF = {"useradd": SHADOW, "groupadd": SHADOW, "adduser": OTHERS, "addgroup": OTHERS}
# With these a user gets no group of its own name.
GROUPED = frozenset({"-g", "--gid", "-G", "--ingroup", "-N", "--no-user-group"})


def accounts(place: Place) -> dict[str, bool]:
    """The users in front of a step by name: has it a group of its own name? Empty where the image is not known."""
    image = place.stage.root_image
    if isinstance(image, Unknown):
        return {}
    found = {name: account.uid == account.gid for name, account in image.users.items()}
    for called in _surely(place):
        name = _made(called) if called.program in USERS else None
        if name is not None:
            found[name] = _own_group(called)
    return found


def groups(place: Place) -> frozenset[str]:
    """The groups that earlier steps of the stage make by name."""
    made = (_made(called) for called in _surely(place) if called.program in GROUPS)
    return frozenset(name for name in made if name is not None)


def _surely(place: Place) -> Iterator[Called]:
    """Commands of earlier steps that run whatever happens, or the build fails."""
    for each in place.preceding:
        script = each.script if isinstance(each.node, Run) else None
        if script is None or any(one.operator not in ("&&", "") for one in script.elements):
            continue
        yield from (called for called in each.called if not called.command.context)


def _made(called: Called) -> str | None:
    """The name of the account that a command makes; None if it is not literal, or if it adds a user to a group."""
    operands: list[str | None] = []
    valued = False
    for word in called.values[1:]:
        if valued:
            valued = False
        elif word is not None and word.startswith("-"):
            short = word if word.startswith("--") else f"-{word[-1]}"
            valued = short in OF[called.program]
        else:
            operands.append(word)
    return operands[0] if len(operands) == 1 else None


def _own_group(called: Called) -> bool:
    words = {(word or "").partition("=")[0] for word in called.values}
    letters = "".join(word[1:] for word in words if word[:1] == "-" and word[:2] != "--")
    if called.program == "adduser" and "--system" in words:
        return "--group" in words
    if called.program == "useradd":
        return not (words & GROUPED - {"-G"}) and not set(letters) & {"g", "N"}
    return not words & GROUPED
