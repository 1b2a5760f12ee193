"""Drop a CMD, ENTRYPOINT or HEALTHCHECK that a later one overrides.

## Why
Of several in a stage the last one counts; the others tell a reader what never happens.
Sources: https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/ ,
https://github.com/hadolint/hadolint/wiki/DL4003

## When it holds back
Never. What ONBUILD holds is left alone. Comments stay.

## Level
`safe`: the image is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Cmd, Entrypoint, Healthcheck
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/build-checks/multiple-instructions-disallowed/"

CASES = (
    Case.untouched(
        "one in each stage",
        before='FROM alpine AS a\nCMD ["a"]\nFROM a\nENTRYPOINT ["b"]\nCMD ["c"]\nONBUILD CMD d\n',
    ),
    Case.rewrites(
        "the last one counts",
        before='FROM alpine\nCMD ["a"]\nHEALTHCHECK CMD a\nRUN b\n# start c\nCMD ["c"]\nHEALTHCHECK NONE\n',
        after='FROM alpine\nRUN b\n# start c\nCMD ["c"]\nHEALTHCHECK NONE\n',
    ),
    Case.rewrites(
        "comments stay",
        before='FROM alpine\n\n# for now\nENTRYPOINT ["a"]\n\nENTRYPOINT ["b"]\n',
        after='FROM alpine\n\n# for now\n\nENTRYPOINT ["b"]\n',
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    cases=CASES,
    rules=(
        "MultipleInstructionsDisallowed",
        "DL4003",
        "DL4004",
    ),
)
def drop_overridden_commands(ctx: Context) -> Iterator[Finding]:
    """Drop what a later instruction of the same kind overrides."""
    for stage in ctx.model.stages:
        for kind in (Cmd, Entrypoint, Healthcheck):
            found = [place for place in stage.places if isinstance(place.node, kind)]
            for place in found[:-1]:
                yield Rewrite(
                    place.node,
                    f"drop {place.node.name}, which line {found[-1].line} overrides",
                    Level.SAFE,
                    (
                        Evidence(f"{place.node.name} stands again below", found[-1].where),
                        Evidence("of several in a stage the last one counts", RULE),
                    ),
                    (edits.remove(place.node, "keep"),),
                )
