"""Small transforms and short ways for tests of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dfix.grammar import parse
from dfix.grammar.nodes import Run, ShellForm, Token
from dfix.refactor import compose, edits
from dfix.refactor.config import Config
from dfix.refactor.model import Model
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Evidence, Level, Phase, Rewrite, Transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.grammar.nodes import Dockerfile, Instruction, Item
    from dfix.refactor.report import Report

BECAUSE = (Evidence("a test says so", "tests"),)


def model_of(text: str) -> Model:
    return Model(parse(text), "Dockerfile")


def item(text: str) -> Item:
    """The one item of a text that has no stage of its own."""
    return parse(text).items[-1]


def find(file: Dockerfile, part: str) -> Instruction:
    return next(each for each in file.instructions if part in edits.bare(each).code)


def with_script(node: Instruction, text: str) -> Run:
    assert isinstance(node, Run)
    assert isinstance(node.body, ShellForm)
    return edits.bare(node).with_changes(
        body=node.body.with_changes(text=Token("SHELL", text, " "))
    )


def transform(
    name: str,
    generate: Callable[[Any], Any],
    *,
    ceiling: Level = Level.BOLD,
    phase: Phase = Phase.MODERNISE,
    after: tuple[str, ...] = (),
) -> Transform:
    return Transform(name, "test", ceiling, phase, f"{name} of a test.", generate, after)


def renames(name: str, old: str, new: str, **more: Any) -> Transform:
    """Puts another script in the place of every RUN whose script it is."""
    level = more.pop("level", Level.SAFE)
    needs = more.pop("needs", ())
    may_change = more.pop("may_change", frozenset())

    def generate(ctx):
        for place in ctx.model.runs():
            if place.node.body.text.value == old:
                change = edits.replace(place.node, with_script(place.node, new))
                yield Rewrite(
                    place.node,
                    f"run {new}",
                    level,
                    BECAUSE,
                    (change,),
                    needs=needs,
                    may_change=may_change,
                )

    return transform(name, generate, **more)


def removes(name: str, keyword: str, fate: edits.Fate = "keep", **more: Any) -> Transform:
    """Takes every instruction of this keyword out."""

    def generate(ctx):
        for place in ctx.model.places():
            if place.node.name == keyword:
                yield Rewrite(
                    place.node,
                    f"remove {keyword}",
                    Level.SAFE,
                    BECAUSE,
                    (edits.remove(place.node, fate),),
                )

    return transform(name, generate, **more)


def run(text: str, *transforms: Transform, **more: Any) -> Report:
    more.setdefault("path", "Dockerfile")
    more.setdefault("tree", None)
    return refactor(text, transforms=transforms, **more)


def style(text: str) -> compose.Style:
    return compose.Style(parse(text))


__all__ = [
    "BECAUSE",
    "Config",
    "find",
    "item",
    "model_of",
    "removes",
    "renames",
    "run",
    "style",
    "transform",
]
