"""Who owns the folders that leave the builder.

`COPY --from=b /d /d` gives /d itself to root; only what lies in it keeps its owner (tried on
BuildKit 0.29 of Docker Engine 28.5). So a folder whose top belongs to another user needs `--chown`,
which is right only if all below it belongs to that user too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer, Workdir
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from dfix.refactor.model import Stage
    from dfix.refactor.plans.slicing import Slice


class Owner(NamedTuple):
    """The owner of a folder's top as COPY's `--chown` takes it; None for root."""

    chown: str | None


def owner_of(stage: Stage, found: Slice, path: str) -> Owner | Unknown:
    """Whose a live path is when the build ends."""
    top: str | None = None  # the owner of the path itself
    below: set[str | None] = set()  # owners of what lies in it
    made = False
    for place in stage.places:
        node = place.node
        user = place.before.user
        acting = (
            None
            if isinstance(user, Known) and user.value == "root"
            else user.value
            if isinstance(user, Known)
            else "?"
        )
        if isinstance(node, Workdir):
            state = place.before.resolve(node.value)
            if (
                isinstance(state, Known)
                and paths.join(_folder(place), state.value) == path
                and not made
            ):
                # BuildKit makes the folder for the user in force: frontend/dockerfile/dockerfile2llb, dispatchWorkdir.
                top, made = acting, True
        elif isinstance(node, Transfer):
            target = place.destination
            if isinstance(target, Unknown) or not paths.overlap(target.value, path):
                continue
            flag = node.flag("chown")
            below.add(flag.value if flag is not None else None)
            made = True
        elif isinstance(node, Run):
            changes = [each for each in found.owners if each.at == place.at]
            whole = [each for each in changes if paths.within(path, each.path) and each.recursive]
            if whole:
                top = _name(whole[-1].owner)
                below = {top}
            exact = [each for each in changes if each.path == path and not each.recursive]
            if exact:
                top = _name(exact[-1].owner)
            made = made or bool(whole or exact) or _makes(place, path)
            if not changes and _writes(place):
                below.add(acting)
    if top is None:
        return Owner(None)
    if top == "?" or "?" in below:
        return Unknown(f"the owner of {path} is not known")
    if all(_same(each, top) for each in below):
        return Owner(top)
    return Unknown(f"{path} belongs to {top}, and not all that lies in it does")


def _folder(place: object) -> str:
    workdir = place.before.workdir  # type: ignore[attr-defined]
    return workdir.value if isinstance(workdir, Known) else "/"


def _writes(place: object) -> bool:
    """May the RUN write into the project? Package installs of the distribution and accounts do not."""
    return any(
        called.call is not None
        or called.program in ("mkdir", "touch", "cp", "mv", "tar", "unzip", "ln")
        for called in place.called  # type: ignore[attr-defined]
    )


def _makes(place: object, path: str) -> bool:
    """Does a `mkdir` of the RUN make the path, for the user that runs it?"""
    return any(
        called.program == "mkdir"
        and isinstance(called.directory, Known)
        and any(
            word and paths.within(paths.join(called.directory.value, word), path)
            for word in called.values[1:]
            if word and not word.startswith("-")
        )
        for called in place.called  # type: ignore[attr-defined]
    )


def _name(owner: str) -> str | None:
    name = owner.partition(":")[0]
    return None if name in ("root", "0", "") else owner


def _same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one == other
    return one.partition(":")[0] == other.partition(":")[0]
