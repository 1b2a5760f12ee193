"""The stages of a file and the place of every instruction in them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.grammar.nodes import (
    Arg,
    Dockerfile,
    From,
    Healthcheck,
    Instruction,
    Onbuild,
    Run,
    Start,
    Transfer,
)
from dfix.refactor.model import paths
from dfix.refactor.model.expand import Undecided, expand
from dfix.refactor.model.runs import Called, Mount, Readings, called_by, mounts_of
from dfix.refactor.model.state import CHANGES, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.images import Image
    from dfix.grammar.positions import Positions
    from dfix.grammar.shell import Script


class Place:
    """An instruction where it stands: its stage, its number there, and the state in force in front of it."""

    __slots__ = ("at", "before", "model", "node", "stage")

    def __init__(
        self, model: Model, stage: Stage, at: int, node: Instruction, before: State
    ) -> None:
        self.model = model
        self.stage = stage
        self.at = at  # 0 is the stage's FROM
        self.node = node
        self.before = before

    @property
    def line(self) -> int:
        """The line of the keyword, from 1."""
        return self.model.line(self.node)

    @property
    def where(self) -> str:
        """`Dockerfile:3`, for evidence."""
        return f"{self.model.path}:{self.line}"

    @property
    def following(self) -> tuple[Place, ...]:
        """The later instructions of the same stage."""
        return self.stage.places[self.at + 1 :]

    @property
    def preceding(self) -> tuple[Place, ...]:
        """The earlier instructions of the same stage, FROM first."""
        return self.stage.places[: self.at]

    # what a RUN does

    @property
    def script(self) -> Script | None:
        """The shell source of a RUN, parsed; None in exec form, under another shell, or if it does not parse."""
        shell = self.before.shell
        if (
            shell is not None
            and shell[:1]
            and shell[0].rsplit("/", 1)[-1] not in ("sh", "bash", "ash", "dash")
        ):
            return None
        return self.model.readings.script(self.node)

    @property
    def called(self) -> tuple[Called, ...]:
        """The commands of a RUN in order, each with the directory it runs in and what its ecosystem says of it."""
        return self.model.readings.remembered(self, called_by)

    @property
    def may_call(self) -> bool:
        """May the RUN call a program that an ecosystem knows, as far as its text tells without parsing it?"""
        from dfix.ecosystems import programs  # noqa: PLC0415 - the tables load when a question needs them

        node = self.node
        if not isinstance(node, Run):
            return False
        texts = [leaf.text for leaf in node.body.leaves()]
        texts += [heredoc.body.text for heredoc in node.heredocs]
        return any(name in text for text in texts for name in programs())

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The mounts of a RUN."""
        return mounts_of(self.node)

    # what a COPY or ADD brings

    @property
    def source_stage(self) -> Stage | str | None:
        """What `--from` names: a stage, an image or named context as text, or None for the build context."""
        flag = self.node.flag("from")
        if flag is None:
            return None
        return self.model.stage_named(flag.value, before=self.stage) or flag.value

    @property
    def destination(self) -> Fact[str]:
        """Where a COPY or ADD writes: an absolute path, normalised."""
        assert isinstance(self.node, Transfer)  # noqa: S101 - asked of COPY and ADD only
        path = self.before.resolve(self.node.destination)
        if isinstance(path, Unknown):
            return path
        if path.value.startswith("/"):
            return Known(paths.join("/", path.value), self.where)
        base = self.before.workdir
        if isinstance(base, Unknown):
            return base
        return Known(paths.join(base.value, path.value), self.where)


class Stage:
    """One stage: FROM and the instructions up to the next one."""

    def __init__(self, model: Model, index: int, node: From) -> None:
        self.model = model
        self.index = index
        self.node = node
        self.escape = model.file.escape
        self.start = State(self, None, None)
        self.final = self.start
        self.places: tuple[Place, ...] = ()

    @property
    def name(self) -> str | None:
        """The name behind AS as written; BuildKit compares it without case."""
        return None if self.node.alias is None else self.node.alias.value

    @property
    def label(self) -> str:
        """The stage in a sentence: its name, or its number."""
        return self.name or f"stage {self.index}"

    @cached_property
    def reference(self) -> str | None:
        """What FROM names, with the defaults of global arguments; None if one of them has no default."""
        try:
            return expand(self.node.image.value, self.model.global_arg, self.escape)
        except Undecided:
            return None

    @cached_property
    def parent(self) -> Stage | None:
        """The earlier stage that this one builds on, if any."""
        reference = self.reference
        return (
            None
            if reference is None
            else self.model.stage_named(reference, before=self, index=False)
        )

    @cached_property
    def root(self) -> Stage:
        """The stage at the bottom of the chain: its FROM names an image."""
        stage = self
        while stage.parent is not None:
            stage = stage.parent
        return stage

    @cached_property
    def root_image(self) -> Image | Unknown:
        """What is known of the image at the bottom of the chain."""
        from dfix.ecosystems import images  # noqa: PLC0415 - the table is read when a question needs it

        reference = self.root.reference
        if reference is None:
            return Unknown(f"{self.root.node.image.value} has no default")
        return images.image(reference, written=self.root.node.image.value)

    @property
    def is_last(self) -> bool:
        """Is this the default target?"""
        return self.index == len(self.model.stages) - 1

    @property
    def users(self) -> tuple[Stage, ...]:
        """The stages that build on this one or copy from it."""
        return tuple(
            stage
            for stage in self.model.stages[self.index + 1 :]
            if stage.parent is self
            or any(place.source_stage is self for place in stage.transfers())
        )

    def transfers(self) -> Iterator[Place]:
        """COPY and ADD, in order."""
        return (place for place in self.places if isinstance(place.node, Transfer))

    def runs(self) -> Iterator[Place]:
        """RUN, in order."""
        return (place for place in self.places if isinstance(place.node, Run))

    def last(self, kind: type[Instruction]) -> Place | None:
        """The last instruction of a kind in this stage, the one that counts for CMD, ENTRYPOINT and their like."""
        return next(
            (place for place in reversed(self.places) if isinstance(place.node, kind)), None
        )


class Model:
    """What a Dockerfile builds. Made for one tree; scripts already read are shared with the model before it."""

    def __init__(
        self, file: Dockerfile, path: str = "Dockerfile", readings: Readings | None = None
    ) -> None:
        self.file = file
        self.path = path
        self.readings = readings or Readings()
        self.globals: tuple[Arg, ...] = ()
        self.stages: tuple[Stage, ...] = ()
        self._by_node: dict[int, Place] = {}
        self._read()

    def _read(self) -> None:
        stages: list[Stage] = []
        globals_: list[Arg] = []
        places: list[Place] = []
        for node in self.file.instructions:
            if isinstance(node, From):
                if stages:
                    stages[-1].places = tuple(places)
                places = []
                stages.append(Stage(self, len(stages), node))
            elif not stages:
                if isinstance(node, Arg):
                    globals_.append(node)
                continue
            stage = stages[-1]
            place = Place(self, stage, len(places), node, stage.final)
            places.append(place)
            self._by_node[id(node)] = place
            if isinstance(node, CHANGES):
                stage.final = State(stage, stage.final, node)
        if stages:
            stages[-1].places = tuple(places)
        self.globals, self.stages = tuple(globals_), tuple(stages)

    def place(self, node: Instruction) -> Place:
        """Where an instruction stands; KeyError for a global ARG or a node of another tree."""
        return self._by_node[id(node)]

    def line(self, node: Instruction) -> int:
        """The line of an instruction's keyword, from 1."""
        return self.positions.line(node)

    @cached_property
    def positions(self) -> Positions:
        """Lines and offsets, computed in one pass when first asked for."""
        from dfix.grammar.positions import Positions  # noqa: PLC0415 - most runs never ask for a line

        return Positions(self.file)

    def places(self) -> Iterator[Place]:
        """All instructions of all stages, in order."""
        for stage in self.stages:
            yield from stage.places

    def runs(self) -> Iterator[Place]:
        """All RUN instructions, in order."""
        for stage in self.stages:
            yield from stage.runs()

    @cached_property
    def calling(self) -> tuple[Place, ...]:
        """The RUN instructions that may call a program that an ecosystem knows."""
        return tuple(place for place in self.runs() if place.may_call)

    @property
    def final(self) -> Stage:
        """The default target."""
        return self.stages[-1]

    def stage_named(self, name: str, *, before: Stage, index: bool = True) -> Stage | None:
        """The stage that `--from=name` or `FROM name` means in `before`: the last earlier one of that name.

        `--from` takes an index too, FROM does not.
        """
        wanted = name.lower()
        for stage in reversed(self.stages[: before.index]):
            if stage.name is not None and stage.name.lower() == wanted:
                return stage
        if index and name.isdigit() and int(name) < before.index:
            return self.stages[int(name)]
        return None

    def global_arg(self, name: str) -> str | None:
        """The default of a global ARG. Raises Undecided if it has none."""
        value: str | None = None
        declared = False
        for node in self.globals:
            for pair in node.pairs:
                if pair.name == name:
                    declared = True
                    if pair.value is not None:
                        value = expand(
                            pair.value, lambda other: self._earlier(other, name), self.file.escape
                        )
        if value is None:
            raise Undecided(
                f"the build argument {name}"
                if declared
                else f"{name}, which no global ARG declares"
            )
        return value

    def _earlier(self, name: str, asked_by: str) -> str | None:
        if name == asked_by:
            raise Undecided(f"the build argument {name}")
        return self.global_arg(name)

    def names(self) -> frozenset[str]:
        """Every name, in lower case, that a new stage must not take: stages, images and contexts that are named."""
        taken = {stage.name.lower() for stage in self.stages if stage.name}
        for place in self.places():
            if isinstance(place.node, From):
                taken.add(place.node.image.value.lower())
            flag = place.node.flag("from")
            if flag is not None:
                taken.add(flag.value.lower())
            if isinstance(place.node, Run):
                taken.update(
                    mount.options["from"].lower()
                    for mount in place.mounts
                    if "from" in mount.options
                )
        return frozenset(taken)


def shell_form_text(node: Instruction) -> str | None:
    """The cooked text of an instruction's shell form; None for an exec form and for other instructions."""
    if isinstance(node, Onbuild):
        return shell_form_text(node.instruction)
    if isinstance(node, Run | Start | Healthcheck):
        text = getattr(node.body, "text", None)
        return None if text is None else text.value
    return None
