"""What the static cost model foretells of a rebuild, to be held against the engine's CACHED lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.tree import DiskTree
from dfix.grammar import parse
from dfix.grammar.nodes import Arg
from dfix.refactor.config import Config
from dfix.refactor.model import Model
from dfix.refactor.model.cost import Edit, rerun
from dfix.refactor.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from dfix.refactor.model.cost import EditKind
    from proving.engine import Build

UNDECLARED = "DFIX_BENCH"
"""An argument that no file declares: another value of it is no input of any step."""


class Foretold(NamedTuple):
    """How many steps an edit runs again: at least, at most, and of how many."""

    least: int
    most: int
    of: int

    def missed(self, build: Build) -> str | None:
        """How a build differs from what was foretold; None if it does not."""
        ran = len(build.ran)
        if len(build.steps) != self.of:
            return f"foretold {self.of} steps, and the build has {len(build.steps)}"
        if not self.least <= ran <= self.most:
            most = f" to {self.most}" if self.most != self.least else ""
            return f"foretold that {self.least}{most} of {self.of} steps run, and {ran} did"
        return None


def foretell(folder: Path, kind: EditKind, what: str = "") -> Foretold:
    """The steps of `folder/Dockerfile` that run again behind an edit of a file or an argument."""
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    project = Project(DiskTree(str(folder)), "Dockerfile", Config())
    told = rerun(Model(parse(text)), project, Edit(kind, what))
    return Foretold(len(told.surely), len(told.again), len(told.steps))


def argument_of(folder: Path) -> str:
    """The first argument that the file declares in a stage, else one that it does not know."""
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    for stage in Model(parse(text)).stages:
        for place in stage.places:
            if isinstance(place.node, Arg):
                return place.node.pairs[0].name
    return UNDECLARED
