"""Declare build arguments that change with every build below the steps that do not read them.

## Why
An argument is an input of every later `RUN` of its stage, whether it is read there or not: a
commit or a date declared at the top runs all of them again with each build. Source:
https://docs.docker.com/build/cache/invalidation/#build-arguments

What reads the argument and costs nothing, `ENV` and `LABEL`, sinks with it. Arguments count as
changing where the repository gives them their value when the build is called, or by names such as
`GIT_SHA`, `BUILD_DATE` and `VERSION`. One that is named after the cache is there to run steps
again, and stays.

## When it holds back
- opaque-step: the next step may read the argument, since not all that it runs is known;
- shared-instruction: the instruction declares others beside it, which any step may read.

## Level
`review`: steps in between no longer see the argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Arg
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/build/cache/invalidation/#build-arguments"
INSTALL = "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"

CASES = (
    Case.untouched(
        "the argument stands below already",
        before=f"FROM debian:12\n{INSTALL}ARG GIT_SHA\nRUN echo $GIT_SHA > /version\n",
    ),
    Case.untouched(
        "an argument that asks for steps to run again",
        before=f"FROM debian:12\nARG CACHE_DATE\n{INSTALL}",
    ),
    Case.untouched(
        "the step reads it", before="FROM debian:12\nARG VERSION\nRUN curl -O https://a/$VERSION\n"
    ),
    Case.rewrites(
        "a commit that one later step reads",
        before=f"FROM debian:12\nARG GIT_SHA\n{INSTALL}RUN echo $GIT_SHA > /version\n",
        after=f"FROM debian:12\n{INSTALL}ARG GIT_SHA\nRUN echo $GIT_SHA > /version\n",
    ),
    Case.rewrites(
        "labels sink with their arguments",
        before=f"FROM debian:12\nARG BUILD_DATE\nLABEL created=$BUILD_DATE\n{INSTALL}USER 1000\n",
        after=f"FROM debian:12\n{INSTALL}ARG BUILD_DATE\nLABEL created=$BUILD_DATE\nUSER 1000\n",
    ),
    Case.holds_back(
        "a step that nobody can read",
        before="FROM debian:12\nARG GIT_SHA\nRUN ./install.sh\n",
        because="opaque-step",
    ),
    Case.holds_back(
        "another argument in the same instruction",
        before=f"FROM debian:12\nARG GIT_SHA MIRROR\n{INSTALL}",
        because="shared-instruction",
    ),
)


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("copy-manifests-first", "split-stages", "mount-caches", "merge-runs"),
    slugs=("opaque-step", "shared-instruction"),
    cases=CASES,
)
def sink_volatile_args(ctx: Context) -> Iterator[Finding]:
    """Look at the arguments of each stage."""
    if not any(isinstance(place.node, Arg) for place in ctx.model.places()):
        return
    from dfix.refactor.plans.sinking import Stays, sink  # noqa: PLC0415 - needs an argument

    for stage in ctx.model.stages:
        for found in sink(ctx, stage):
            if isinstance(found, Stays):
                yield hold_back(found.place, found.slug, found.sentence)
                continue
            steps = ", ".join(str(each.line) for each in found.passed)
            yield Rewrite(
                found.place.node,
                f"declare {' and '.join(found.names)} where it is read",
                Level.REVIEW,
                (
                    Evidence(found.why, found.where or found.place.where),
                    Evidence(f"no command of lines {steps} reads it", found.passed[0].where),
                    Evidence("an argument is an input of every later RUN", RULE),
                ),
                found.changes,
            )
