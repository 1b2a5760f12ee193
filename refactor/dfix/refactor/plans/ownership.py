"""Who owns the folders that leave the builder.

`COPY --from=b /d /d` gives /d itself to root; only what lies in it keeps its owner (tried on
BuildKit 0.29 of Docker Engine 28.5). So a folder whose top belongs to another user needs `--chown`,
which is right only if all below it belongs to that user too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer, Workdir
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.plans.slicing import Owned, Slice

FILLS = frozenset({"mkdir", "touch", "cp", "mv", "tar", "unzip", "ln", "git", "curl", "wget"})


class Owner(NamedTuple):
    """The owner of a folder's top as COPY's `--chown` takes it, None for root; all owners of what lies in it."""

    chown: str | None
    below: frozenset[str] = frozenset()


def owner_of(stage: Stage, found: Slice, path: str) -> Owner | Unknown:
    """Whose a live path is when the build ends."""
    history = _History(path)
    for place in stage.places:
        user = place.before.user
        name = user.value if isinstance(user, Known) else "?"
        acting = _name(name)
        match place.node:
            case Workdir():
                history.entered(place, acting)
            case Transfer():
                history.copied(place)
            case Run():
                history.ran(place, acting, [each for each in found.owners if each.at == place.at])
            case _:
                continue
    return history.outcome()


@dataclass
class _History:
    """What the instructions so far say of one path; None stands for root, `?` for a user that is not known."""

    path: str
    top: str | None = None  # the owner of the path itself
    made: bool = False  # is it known who made it?
    makers: set[str | None] = field(
        default_factory=set
    )  # who may have made it, until that is known
    below: set[str | None] = field(default_factory=set)  # owners of what lies in it

    def make(self, owner: str | None) -> None:
        """Someone makes the path, if it is not there."""
        if not self.made:
            self.top, self.made = owner, True

    def entered(self, place: Place, acting: str | None) -> None:
        """A WORKDIR: BuildKit makes it, and the folders above it, for the user in force (tried: see above)."""
        workdir = place.following[0].before.workdir if place.following else None
        if isinstance(workdir, Known) and paths.within(workdir.value, self.path):
            self.make(acting)

    def copied(self, place: Place) -> None:
        """A COPY: what it brings is its --chown's, and so are folders that it has to make (tried)."""
        target = place.destination
        if isinstance(target, Unknown) or not paths.overlap(target.value, self.path):
            return
        flag = place.node.flag("chown")
        owner = _name(flag.value) if flag is not None else None
        self.below.add(owner)
        if paths.within(target.value, self.path):
            self.make(owner)
        else:
            self.makers.add(owner)

    def ran(self, place: Place, acting: str | None, changes: list[Owned]) -> None:
        """A RUN."""
        for called in place.called:
            if _makes(called, self.path):
                self.make(acting)
            if _writes(called, self.path):
                self.makers.add(acting)
                self.below.add(acting)
        for each in changes:
            owner = _name(each.owner)
            if paths.within(self.path, each.path) and each.recursive:
                self.top, self.made, self.below = owner, True, {owner}
            elif each.path == self.path:
                self.top, self.made = owner, True
            elif paths.within(each.path, self.path):
                self.below.add(owner)

    def outcome(self) -> Owner | Unknown:
        top = self.top
        if not self.made and self.makers:
            top = max(
                self.makers, key=lambda each: len(each or "")
            )  # with its group, if one has it
            if not all(same(each, top) for each in self.makers):
                return Unknown(f"who made {self.path} is not known")
        if top is None:
            return Owner(None, frozenset(each for each in self.below if each is not None))
        if top == "?" or "?" in self.below:
            return Unknown(f"the owner of {self.path} is not known")
        if all(same(each, top) for each in self.below):
            return Owner(top)
        return Unknown(f"{self.path} belongs to {top}, and not all that lies in it does")


def _writes(called: Called, path: str) -> bool:
    """May a command write into a path? Installations for the machine and accounts do not."""
    if isinstance(called.directory, Unknown):
        return True
    call = called.call
    if call is not None:
        outputs = [paths.join(called.directory.value, each) for each in call.outputs]
        if any(paths.overlap(each, path) for each in outputs):
            return True
        if call.everywhere or call.role in (Role.CLEAN, Role.CONFIG, Role.FETCH):
            return False
        return paths.overlap(paths.join(called.directory.value, call.directory), path)
    return called.program in FILLS and any(
        paths.overlap(paths.join(called.directory.value, word), path)
        for word in called.values[1:]
        if word and not word.startswith("-")
    )


def _makes(called: Called, path: str) -> bool:
    """Does a command make the path, for the user that runs it?"""
    if isinstance(called.directory, Unknown):
        return False
    made: list[str | None] = []
    if called.program == "mkdir":
        made += [word for word in called.values[1:] if word and not word.startswith("-")]
    elif called.call is not None and called.call.verb == "venv":
        made += called.call.outputs
    return any(
        word and paths.within(paths.join(called.directory.value, word), path) for word in made
    )


def _name(owner: str) -> str | None:
    name = owner.partition(":")[0]
    return None if name in ("root", "0", "") else owner


def unnumbered(stage: Stage, owner: str) -> str | None:
    """Where a system user is made without a number: two images may give it different ones."""
    name = owner.partition(":")[0]
    for place in stage.runs():
        for called in place.called:
            words = called.values
            if called.program not in ("useradd", "adduser") or name not in words:
                continue
            short = "".join(
                word[1:] for word in words if word and word[0] == "-" and word[1:2] != "-"
            )
            system = "--system" in words or "r" in short or "S" in short
            if (
                system
                and "u" not in short
                and not any(word and word.startswith("--uid") for word in words)
            ):
                return place.where
    return None


def same(one: str | None, other: str | None) -> bool:
    """Are two owners the same user, whatever their groups?"""
    if one is None or other is None:
        return one == other
    return one.partition(":")[0] == other.partition(":")[0]
