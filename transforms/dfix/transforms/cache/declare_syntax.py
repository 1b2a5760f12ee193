"""Declare the Dockerfile syntax where the file uses more than the oldest engine's own frontend knows.

## Why
A builder reads the file with the frontend that it brings, and an older one fails on a newer
flag. With a syntax line it pulls the newest frontend of that line instead, whatever its own age.
Source: https://docs.docker.com/build/buildkit/frontend/

## When it holds back
- frontend-pull: a builder that the repository shows does not pull frontends, or the base images come from a mirror or
  another registry, so nothing tells that the frontend can be had;
- unknown-engine: which frontend the oldest engine brings is not known.

## Level
`review`: the build asks a registry for one image more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import syntax
from dfix.ecosystems.facts import Unknown
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.features import features
from dfix.refactor.plans.frontend import LINE, no_pull
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.syntax import Feature
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place

CHECKSUM = "--checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d"
RULE = "https://docs.docker.com/build/buildkit/frontend/"

CASES = (
    Case.untouched(
        "nothing new is used", before="FROM debian:12\nRUN --mount=type=cache,target=/c true\n"
    ),
    Case.untouched(
        "the line is there",
        before="# syntax=docker/dockerfile:1.6\nFROM debian:12\nADD --checksum=sha256:0 https://example.com/a /\n",
    ),
    Case.rewrites(
        "a flag that came with 1.6",
        before=f"FROM debian:12\nADD {CHECKSUM} https://example.com/a /\n",
        after=f"# syntax=docker/dockerfile:1\nFROM debian:12\nADD {CHECKSUM} https://example.com/a /\n",
    ),
    Case.holds_back(
        "the base comes from a registry of one's own",
        before="FROM registry.example.com/debian:12\nCOPY --exclude=*.md . /app\n",
        because="frontend-pull",
    ),
)


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.TIDY,
    slugs=("frontend-pull", "unknown-engine"),
    cases=CASES,
)
def declare_syntax(ctx: Context) -> Iterator[Finding]:
    """Put a syntax line at the head of the file."""
    wish, stages = ctx.config.declare_syntax, ctx.model.stages
    if wish == "never" or not stages or ctx.file.prologue.directive("syntax") is not None:
        return
    newest = _newest(ctx)
    anchor = stages[0].places[0] if newest is None else newest[0]
    if wish == "auto":
        if newest is None:
            return
        embedded = syntax.embedded(ctx.config.oldest_engine)
        if isinstance(embedded, Unknown):
            yield hold_back(anchor, "unknown-engine", embedded.why, 'oldest-engine = "23.0"')
            return
        if newest[1].since <= embedded.value:
            return
    obstacle = None if wish == "always" else no_pull(ctx)
    if obstacle is not None:
        yield hold_back(anchor, "frontend-pull", obstacle, 'declare-syntax = "always"')
        return
    yield Rewrite(
        anchor.node,
        f"declare the syntax {LINE}",
        Level.REVIEW,
        (
            *_evidence(ctx, newest),
            Evidence("a syntax line makes the builder pull that frontend", RULE),
        ),
        directives={"syntax": LINE},
        needs=() if wish == "always" else ("syntax_pull",),
    )


def _newest(ctx: Context) -> tuple[Place, Feature] | None:
    """The feature that needs the newest frontend, and the first instruction that uses it."""
    found: tuple[Place, Feature] | None = None
    for place in ctx.model.places():
        for feature in features(place.node):
            if found is None or feature.since > found[1].since:
                found = place, feature
    return found


def _evidence(ctx: Context, newest: tuple[Place, Feature] | None) -> Iterator[Evidence]:
    if newest is None or ctx.config.declare_syntax == "always":
        yield Evidence("the configuration asks for a syntax line", 'declare-syntax = "always"')
        return
    place, feature = newest
    yield Evidence(
        f"{place.where} uses {feature.title}, which came with {feature.version}", feature.source
    )
    embedded = syntax.embedded(ctx.config.oldest_engine)
    if not isinstance(embedded, Unknown):
        brought = ".".join(map(str, embedded.value))
        yield Evidence(
            f"Docker Engine {ctx.config.oldest_engine} brings {brought}", embedded.source
        )
