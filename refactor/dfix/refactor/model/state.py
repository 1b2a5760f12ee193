"""What is in force at an instruction: environment, build arguments, user, working directory, shell.

A state is a link in a chain, one link per instruction that changes it; a question walks the chain
and remembers its answer. So a file of 33,000 lines costs what its questions cost, not a copied
dictionary per line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.grammar.nodes import Arg, Env, Instruction, Shell, User, Workdir
from dfix.refactor.model import paths
from dfix.refactor.model.expand import Undecided, expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.model.stages import Stage

CHANGES = (Env, Arg, User, Workdir, Shell)

# Build arguments that BuildKit sets without a default; a stage sees them once it declares them.
# https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
PLATFORM_ARGS = frozenset(
    f"{side}{part}"
    for side in ("TARGET", "BUILD")
    for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
)


class State:
    """What is in force behind `node` (None: where the stage begins)."""

    __slots__ = ("_shell", "_workdir", "node", "previous", "stage")

    def __init__(self, stage: Stage, previous: State | None, node: Instruction | None) -> None:
        self.stage = stage
        self.previous = previous
        self.node = node
        self._workdir: Fact[str] | None = None
        self._shell: tuple[str, ...] | bool | None = False  # False: not looked up yet

    def links(self) -> Iterator[State]:
        """The state itself and the ones before it, those of the stages that this one builds on included."""
        state: State | None = self
        while state is not None:
            yield state
            if state.previous is not None:
                state = state.previous
            else:
                parent = state.stage.parent
                state = parent.final if parent is not None else None

    def variable(self, name: str) -> str | None:
        """The value that `$name` has in an instruction here; None if it is not set.

        ENV wins over ARG wherever they stand. Raises Undecided for a build argument, whose value
        the caller of the build chooses, and for what an unknown base image may set.
        """
        value = self.declared(name)
        if value is not None:
            return value
        for state in self.links():
            if state.stage is not self.stage:
                break
            if isinstance(state.node, Arg) and any(pair.name == name for pair in state.node.pairs):
                raise Undecided(f"the build argument {name}")
        return self.inherited(name)

    def declared(self, name: str) -> str | None:
        """The value that an ENV of this file gives the name, if one does."""
        for state in self.links():
            if not isinstance(state.node, Env):
                continue
            for pair in reversed(state.node.pairs):
                if pair.name == name:
                    before = state.previous
                    assert before is not None  # noqa: S101 - an ENV always follows the stage's first link
                    value = pair.value or ""
                    return before.expand(value) if pair.equals else before.expand_legacy(value)
        return None

    def inherited(self, name: str) -> str | None:
        """The value that the base image gives the name; Undecided if the image is not known."""
        image = self.stage.root_image
        if isinstance(image, Unknown):
            raise Undecided(f"{name} in the base image, since {image.why}")
        known = image.env.get(name)
        if known is None:
            return None
        if known.value is None:
            raise Undecided(f"{name}, which {image.family} sets to a value of its own version")
        return known.value

    def expand(self, text: str) -> str:
        """A word with this state's variables; raises Undecided."""
        return expand(text, self.variable, self.stage.escape)

    def expand_legacy(self, text: str) -> str:
        """The value of `ENV key value`: quotes are removed as everywhere."""
        return self.expand(text)

    def resolve(self, text: str) -> Fact[str]:
        """A word with this state's variables, as a fact."""
        try:
            return Known(self.expand(text), "the Dockerfile")
        except Undecided as undecided:
            return Unknown(f"it depends on {undecided}")

    @property
    def workdir(self) -> Fact[str]:
        """The working directory, absolute."""
        if self._workdir is None:
            self._workdir = self._find_workdir()
        return self._workdir

    def _find_workdir(self) -> Fact[str]:
        pending: list[str] = []
        base: Fact[str] | None = None
        for state in self.links():
            if state is not self and state._workdir is not None:  # noqa: SLF001 - a link of the same chain
                base = state._workdir  # noqa: SLF001
                break
            if isinstance(state.node, Workdir):
                before = state.previous
                assert before is not None  # noqa: S101 - a WORKDIR always follows the stage's first link
                value = before.resolve(state.node.value)
                if isinstance(value, Unknown):
                    return value
                pending.append(value.value)
                if value.value.startswith("/"):
                    base = Known("/", "the Dockerfile")
                    break
        if base is None:
            image = self.stage.root_image
            base = image if isinstance(image, Unknown) else Known(image.workdir or "/", image.name)
        if isinstance(base, Unknown):
            return base
        path = base.value
        for part in reversed(pending):
            path = paths.join(path, part)
        return Known(path, "the Dockerfile" if pending else base.source)

    @property
    def user(self) -> Fact[str]:
        """The user of the next RUN, as `USER` names it, without a group."""
        for state in self.links():
            if isinstance(state.node, User):
                before = state.previous
                assert before is not None  # noqa: S101 - a USER always follows the stage's first link
                value = before.resolve(state.node.value)
                if isinstance(value, Unknown):
                    return value
                return Known(_user_name(value.value), "the Dockerfile")
        image = self.stage.root_image
        if isinstance(image, Unknown):
            return image
        return Known(_user_name(image.user), image.name)

    @property
    def shell(self) -> tuple[str, ...] | None:
        """The words of SHELL in force; None for the default shell."""
        if isinstance(self._shell, bool):
            self._shell = self._find_shell()
        return self._shell

    def _find_shell(self) -> tuple[str, ...] | None:
        for state in self.links():
            if not isinstance(state._shell, bool):  # noqa: SLF001 - a link of the same chain
                return state._shell  # noqa: SLF001
            if isinstance(state.node, Shell):
                return tuple(getattr(state.node.body, "values", ()))
        image = self.stage.root_image
        return None if isinstance(image, Unknown) else image.run_shell

    def values(self) -> dict[str, str | None]:
        """The variables in force here, as far as file and base tell; None where a value is not known."""
        image = self.stage.root_image
        found: dict[str, str | None] = {}
        if not isinstance(image, Unknown):
            found = {name: each.value for name, each in image.env.items()}
        for name in self.environment() | self.args():
            try:
                found[name] = self.variable(name)
            except Undecided:
                found[name] = None
        return found

    def args(self) -> frozenset[str]:
        """The build arguments declared in this stage so far."""
        return frozenset(
            pair.name
            for state in self.links()
            if state.stage is self.stage and isinstance(state.node, Arg)
            for pair in state.node.pairs
        )

    def environment(self) -> frozenset[str]:
        """The names that an ENV of this file sets here."""
        return frozenset(
            pair.name
            for state in self.links()
            if isinstance(state.node, Env)
            for pair in state.node.pairs
        )


def _user_name(written: str) -> str:
    """The user of `user:group`; root under all its names."""
    name = written.partition(":")[0]
    return "root" if name in ("", "0", "root") else name
