"""Merge an update with its install, and a step with the one that deletes what it leaves.

## Why
An install from lists of an earlier `RUN` finds them in the cache, as old as they are, and fails
once their packages are gone. A file that a later `RUN` deletes still ships in the earlier layer.
Source: https://docs.docker.com/build/building/best-practices/#apt-get

Other steps stay apart: each by itself is found in the cache. What a builder leaves in its layers
does not ship, so there only an update meets its install.

## When it holds back
- steps-between: other instructions, or many steps, stand between the two;
- shell-state: `cd`, `export`, an option or a variable of the first would reach the second;
- not-plain: a script is a here-document, or its commands are not joined by `&&` alone;
- other-flags: the steps have different mounts or other flags;
- shell-comment: the first ends in a shell comment, which would swallow the second;
- comment-binds: a comment above the second is meant for a linter, which looks for it there.

## Level
`review`: the steps are found in the cache together or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Stage

RULE = "https://docs.docker.com/build/building/best-practices/#apt-get"

CASES = (
    Case.untouched(
        "update and install together",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y curl\nRUN useradd app\n",
    ),
    Case.untouched(
        "steps that have nothing to do with each other",
        before="FROM debian:12\nRUN useradd app\nRUN mkdir /data\nRUN rm -rf /tmp/x\n",
    ),
    Case.rewrites(
        "an update and its install",
        before="FROM debian:12\nRUN apt-get update\n# to fetch\nRUN apt-get install -y curl\n",
        after="FROM debian:12\nRUN apt-get update \\\n    # to fetch\n    && apt-get install -y curl\n",
    ),
    Case.rewrites(
        "an archive that is deleted",
        before=(
            "FROM debian:12\nRUN curl -fsSLo /tmp/a.tgz https://a/a.tgz\n"
            "RUN tar -xzf /tmp/a.tgz -C /opt && rm /tmp/a.tgz\n"
        ),
        after=(
            "FROM debian:12\nRUN curl -fsSLo /tmp/a.tgz https://a/a.tgz \\\n"
            "    && tar -xzf /tmp/a.tgz -C /opt && rm /tmp/a.tgz\n"
        ),
    ),
    Case.holds_back(
        "the first changes the directory",
        before="FROM debian:12\nRUN cd /tmp && apt-get update\nRUN apt-get install -y ./a.deb\n",
        because="shell-state",
    ),
    Case.holds_back(
        "a variable is set between",
        before="FROM debian:12\nRUN apt-get update\nENV A=1\nRUN apt-get install -y curl\n",
        because="steps-between",
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("split-stages",),
    slugs=(
        "steps-between",
        "shell-state",
        "not-plain",
        "other-flags",
        "shell-comment",
        "comment-binds",
    ),
    cases=CASES,
)
def merge_runs(ctx: Context) -> Iterator[Finding]:
    """Look at the RUNs of each stage."""
    if sum(1 for _ in ctx.model.runs()) < 2:  # noqa: PLR2004 - two to merge
        return
    from dfix.refactor.plans.merging import Apart, merge  # noqa: PLC0415 - needs two RUNs

    shipped = _shipped(ctx.model.final)
    for stage in ctx.model.stages:
        for found in merge(stage, ships=stage in shipped):
            if isinstance(found, Apart):
                yield hold_back(found.place, found.slug, found.sentence)
                continue
            first, *others = found.places
            lines = " and ".join(str(each.line) for each in others)
            yield Rewrite(
                first.node,
                f"make one step of lines {first.line} and {lines}",
                Level.REVIEW,
                (
                    Evidence(found.why, found.places[-1].where),
                    Evidence("one layer holds both", RULE),
                ),
                found.changes,
            )


def _shipped(stage: Stage) -> list[Stage]:
    """The stages whose layers ship: the last one, and those that it builds on."""
    found = [stage]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found
