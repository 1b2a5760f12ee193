"""Copy from stages by name instead of by number.

## Why
`COPY --from=0` means another stage as soon as someone inserts one above; a name stays right.
Source: https://docs.docker.com/build/building/multi-stage/#name-your-build-stages

## When it holds back
Never: a number that names no stage is an image or a named context and is left alone.

## Level
`safe`: the build does the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Flag, Run, Token, Transfer
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.grammar.nodes import Instruction
    from dfix.refactor.context import Context
    from dfix.refactor.model import Model, Place, Stage

RULE = "https://docs.docker.com/build/building/multi-stage/#name-your-build-stages"

CASES = (
    Case.untouched(
        "stages with names",
        before="FROM golang:1.23 AS builder\nRUN true\nFROM scratch\nCOPY --from=builder /a /a\n",
    ),
    Case.untouched("a number that is no stage yet", before="FROM alpine\nCOPY --from=3 /a /a\n"),
    Case.rewrites(
        "the only builder",
        before="FROM golang:1.23\nRUN true\n\nFROM scratch\nCOPY --from=0 /a /a\n",
        after="FROM golang:1.23 AS builder\nRUN true\n\nFROM scratch\nCOPY --from=builder /a /a\n",
    ),
    Case.rewrites(
        "two builders, one with a name of its own",
        before=(
            "FROM golang:1.23 as api\nFROM node:22\nFROM scratch\n"
            "COPY --from=0 /a /a\nCOPY --chown=1 --from=1 /b /b\n"
        ),
        after=(
            "FROM golang:1.23 as api\nFROM node:22 as builder\nFROM scratch\n"
            "COPY --from=api /a /a\nCOPY --chown=1 --from=builder /b /b\n"
        ),
    ),
    Case.rewrites(
        "the name is taken by an image",
        before="FROM golang:1.23\nFROM scratch\nCOPY --from=0 /a /a\nCOPY --from=builder /b /b\n",
        after=(
            "FROM golang:1.23 AS stage-0\nFROM scratch\nCOPY --from=stage-0 /a /a\nCOPY --from=builder /b /b\n"
        ),
    ),
)


@transform(group="stages", ceiling=Level.SAFE, phase=Phase.MODERNISE, cases=CASES)
def name_stages(ctx: Context) -> Iterator[Finding]:
    """Name each stage that is copied from by number, and use the name."""
    users: dict[int, list[tuple[Place, Flag]]] = {}
    for place in ctx.model.places():
        for flag in _references(place):
            stage = _by_number(
                ctx.model, place, flag.value if flag.name == "from" else _mount_from(flag)
            )
            if stage is not None:
                users.setdefault(stage.index, []).append((place, flag))
    if not users:
        return
    unnamed = [
        ctx.model.stages[index] for index in sorted(users) if ctx.model.stages[index].name is None
    ]
    taken = set(ctx.model.names()) | _named_contexts(ctx)
    names = _names_for(unnamed, taken)
    changed: dict[int, tuple[Instruction, Instruction]] = {}
    for stage in unnamed:
        as_word = "as" if _writes_as_in_lower_case(ctx.model) else "AS"
        named: Instruction = stage.node.with_changes(
            as_word=Token("AS", as_word, " "), alias=Token("WORD", names[stage.index], " ")
        )
        changed[id(stage.node)] = (stage.node, named)
    for index, places in users.items():
        name = ctx.model.stages[index].name or names[index]
        for place, flag in places:
            old, new = changed.get(id(place.node), (place.node, place.node))
            changed[id(old)] = (old, _pointed_at(new, flag, str(index), name))
    first = next(iter(users.values()))[0][0]
    yield Rewrite(
        first.node,
        "copy from stages by name instead of by number",
        Level.SAFE,
        (Evidence("a stage inserted above would change what the number means", RULE),),
        tuple(edits.Change(old, (new,)) for old, new in changed.values()),
    )


def _references(place: Place) -> Iterator[Flag]:
    """The flags of an instruction that may name a stage by number."""
    for flag in place.node.options:
        if (isinstance(place.node, Transfer) and flag.name == "from") or (
            isinstance(place.node, Run) and flag.name == "mount" and _mount_from(flag)
        ):
            yield flag


def _mount_from(flag: Flag) -> str:
    for part in flag.value.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "from":
            return value
    return ""


def _by_number(model: Model, place: Place, value: str) -> Stage | None:
    """The stage that a number means here; None for names, and for a number that is some stage's name."""
    if not value.isdigit() or any((stage.name or "").lower() == value for stage in model.stages):
        return None
    return model.stages[int(value)] if int(value) < place.stage.index else None


def _names_for(stages: list[Stage], taken: set[str]) -> dict[int, str]:
    if len(stages) == 1 and "builder" not in taken:
        return {stages[0].index: "builder"}
    names = {}
    for stage in stages:
        name, suffix = f"stage-{stage.index}", 0
        while name in taken:
            suffix += 1
            name = f"stage-{stage.index}-{suffix}"
        taken.add(name)
        names[stage.index] = name
    return names


def _named_contexts(ctx: Context) -> set[str]:
    """Names that builds pass as additional contexts: a stage of that name would be replaced by the context."""
    if not ctx.project.at_hand:
        return set()
    return {
        name.lower()
        for build in ctx.project.repository.builds
        for name in build.additional_contexts
    }


def _writes_as_in_lower_case(model: Model) -> bool:
    for stage in model.stages:
        if stage.node.as_word is not None:
            return stage.node.as_word.text.islower()
    return bool(model.stages) and model.stages[0].node.keyword.text.islower()


def _pointed_at(node: Instruction, flag: Flag, number: str, name: str) -> Instruction:
    """The instruction with `from=number` in this flag replaced by the name."""
    content = flag.content
    assert content is not None  # noqa: S101 - the flag has a value that names a stage
    if flag.name == "from":
        text = name
    else:
        parts = content.text.split(",")
        text = ",".join(
            f"{part.partition('=')[0]}={name}" if part.strip().lower() == f"from={number}" else part
            for part in parts
        )
    flags = tuple(
        each.with_changes(content=content.with_changes(text=text)) if each is flag else each
        for each in node.options
    )
    return node.with_changes(flags=flags)
