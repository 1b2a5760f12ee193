"""Drop `--platform=$TARGETPLATFORM`.

## Why
It is what a stage has by default, and makes a reader look for a reason.
Source: https://docs.docker.com/reference/build-checks/redundant-target-platform/

## When it holds back
Never. A file that declares TARGETPLATFORM before its first stage is left alone.

## Level
`safe`: the stage has the same platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/build-checks/redundant-target-platform/"
WRITTEN = ("$TARGETPLATFORM", "${TARGETPLATFORM}")

CASES = (
    Case.untouched(
        "the builder's platform, or one of its own",
        before="FROM --platform=$BUILDPLATFORM alpine AS a\nFROM --platform=linux/amd64 alpine\n",
    ),
    Case.untouched(
        "another value by default",
        before="ARG TARGETPLATFORM=linux/arm64\nFROM --platform=$TARGETPLATFORM alpine\n",
    ),
    Case.rewrites(
        "the target's platform",
        before='FROM --platform=$TARGETPLATFORM alpine AS a\nFROM  --platform="${TARGETPLATFORM}" a\n',
        after="FROM alpine AS a\nFROM  a\n",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    cases=CASES,
    rules=("RedundantTargetPlatform",),
)
def drop_redundant_platform(ctx: Context) -> Iterator[Finding]:
    """Drop the flag that says what holds without it."""
    if any(pair.name == "TARGETPLATFORM" for node in ctx.model.globals for pair in node.pairs):
        return
    for stage in ctx.model.stages:
        node = stage.node
        flag = node.flag("platform")
        if flag is None or flag.value not in WRITTEN:
            continue
        flags = tuple(each for each in node.flags if each is not flag)
        image = node.image
        if not flags:
            image = image.with_changes(before=node.flags[0].key.before)
        yield Rewrite(
            node,
            "drop the platform that a stage has by default",
            Level.SAFE,
            (Evidence("the target's platform is the default", RULE),),
            (edits.replace(node, edits.bare(node).with_changes(flags=flags, image=image)),),
        )
