"""Write the folder of WORKDIR from the root.

## Why
A relative WORKDIR means another folder as soon as the one above it changes, in this file or in the
base image. Sources: https://docs.docker.com/reference/build-checks/workdir-relative-path/ ,
https://github.com/hadolint/hadolint/wiki/DL3000

## When it holds back
- unknown-directory: what it is relative to is not known, since the base image is not.

## Level
`safe` where this file sets the folder that it is relative to, `review` where the base image does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Workdir
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Place

RULE = "https://docs.docker.com/reference/build-checks/workdir-relative-path/"

CASES = (
    Case.untouched(
        "from the root, or by a variable",
        before='FROM alpine\nWORKDIR /a\nARG B\nWORKDIR $B\nENV C=/c\nWORKDIR $C\nWORKDIR "/d"\n',
    ),
    Case.rewrites(
        "below one that this file sets",
        before="FROM alpine\nWORKDIR /srv\nRUN a\nWORKDIR app\nWORKDIR ./web\n",
        after="FROM alpine\nWORKDIR /srv\nRUN a\nWORKDIR /srv/app\nWORKDIR /srv/app/web\n",
    ),
    Case.rewrites(
        "below the base image's",
        before="FROM golang:1.24\nWORKDIR app\n",
        after="FROM golang:1.24\nWORKDIR /go/app\n",
    ),
    Case.holds_back(
        "the base image is not known",
        before="FROM registry.example.com/team/base:7\nWORKDIR app\n",
        because="unknown-directory",
    ),
)


@transform(
    group="language",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    slugs=("unknown-directory",),
    cases=CASES,
    rules=(
        "WorkdirRelativePath",
        "DL3000",
    ),
)
def use_absolute_workdir(ctx: Context) -> Iterator[Finding]:
    """Write the folder of WORKDIR from the root."""
    for place in ctx.model.places():
        node = place.node
        if not isinstance(node, Workdir) or not _relative(node.value):
            continue
        above = place.before.workdir
        if isinstance(above, Unknown):
            yield hold_back(
                place, "unknown-directory", f"the folder above is not known, since {above.why}"
            )
            continue
        path = paths.join(above.value, node.value)
        content = node.content.with_changes(text=path)
        own = _set_here(place)
        yield Rewrite(
            node,
            f"write the working directory as {path}",
            Level.SAFE if own else Level.REVIEW,
            (
                Evidence(f"it is relative to {above.value}", above.source),
                Evidence("a relative path depends on what is above", RULE),
            ),
            (edits.replace(node, edits.bare(node).with_changes(content=content)),),
        )


def _relative(value: str) -> bool:
    """Is it surely a relative path of plain characters? A Windows path is none."""
    return (
        bool(value) and value[0] not in "/\\$'\"" and not any(char in value for char in "$\\:'\"`")
    )


def _set_here(place: Place) -> bool:
    """Does this file set an absolute folder above?"""
    stage = place.stage
    before = place.preceding
    while True:
        if any(
            isinstance(each.node, Workdir) and each.node.value.startswith("/") for each in before
        ):
            return True
        if stage.parent is None:
            return False
        stage = stage.parent
        before = stage.places
