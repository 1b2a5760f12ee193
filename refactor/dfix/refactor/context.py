"""What a transform is given: the tree, the model, the project, the configuration, and short ways to ask."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run
from dfix.refactor.compose import Style
from dfix.refactor.transform import HeldBack, Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.grammar.nodes import Dockerfile, Instruction
    from dfix.refactor.config import Config
    from dfix.refactor.model import Called, Model, Place
    from dfix.refactor.project import Project


class Context:
    """One pass over one file. A new one is made after every step."""

    def __init__(self, file: Dockerfile, model: Model, project: Project, config: Config) -> None:
        self.file = file
        self.model = model
        self.project = project
        self.config = config

    @cached_property
    def style(self) -> Style:
        """How this file is written."""
        return Style(self.file)

    def runs(self, mentioning: str = "") -> Iterator[Place]:
        """The RUN instructions whose source holds a word, which costs no parsing."""
        for place in self.model.runs():
            node = place.node
            if isinstance(node, Run) and (not mentioning or mentions(node, mentioning)):
                yield place

    def calls(self, ecosystem: str | None = None) -> Iterator[tuple[Place, Called]]:
        """The commands in RUN instructions that an ecosystem knows."""
        for place in self.model.calling:
            for called in place.called:
                if called.call is not None and ecosystem in (None, called.call.ecosystem):
                    yield place, called


def mentions(node: Instruction, word: str) -> bool:
    """Does the source of a RUN hold the word anywhere, here-documents included?"""
    if not isinstance(node, Run):
        return False
    if any(word in leaf.text for leaf in node.body.leaves()):
        return True
    return any(word in heredoc.body.text for heredoc in node.heredocs)


def hold_back(place: Place, slug: str, sentence: str, setting: str | None = None) -> HeldBack:
    """A hold-back at an instruction; `setting` is the configuration, as TOML, that would answer it."""
    return HeldBack(place.node, slug, sentence, None if setting is None else Question(setting))
