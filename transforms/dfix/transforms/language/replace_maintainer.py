"""Write MAINTAINER as a label.

## Why
MAINTAINER is deprecated; a label says the same and can be read by every tool.
Sources: https://docs.docker.com/reference/build-checks/maintainer-deprecated/ ,
https://github.com/opencontainers/image-spec/blob/main/annotations.md

## When it holds back
- label-there: the stage sets the label itself, and the two differ.

## Level
`review`: the image gets a label, and its field Author stays empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Label, Maintainer, Pair, Token
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Place

RULE = "https://docs.docker.com/reference/build-checks/maintainer-deprecated/"
KEY = "org.opencontainers.image.authors"

CASES = (
    Case.untouched("a label", before=f'FROM alpine\nLABEL {KEY}="Jess"\n'),
    Case.rewrites(
        "a name and an address",
        before="FROM alpine\nMAINTAINER Jess Doe <jess@example.com>\nCMD a\n",
        after=f'FROM alpine\nLABEL {KEY}="Jess Doe <jess@example.com>"\nCMD a\n',
    ),
    Case.rewrites(
        "quotes around the whole are no part of the name",
        before='FROM alpine\nMAINTAINER "Jess <x>"\n',
        after=f'FROM alpine\nLABEL {KEY}="Jess <x>"\n',
    ),
    Case.rewrites(
        "nothing is expanded in it",
        before='FROM alpine\nmaintainer Jess "J" $D\n',
        after=f'FROM alpine\nlabel {KEY}="Jess \\"J\\" \\$D"\n',
    ),
    Case.holds_back(
        "the label is there",
        before=f"FROM alpine\nMAINTAINER Jess\nLABEL {KEY}=Joe\n",
        because="label-there",
    ),
)


@transform(
    group="language",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    slugs=("label-there",),
    cases=CASES,
    rules=(
        "MaintainerDeprecated",
        "DL4000",
    ),
)
def replace_maintainer(ctx: Context) -> Iterator[Finding]:
    """Write MAINTAINER as a label."""
    for place in ctx.model.places():
        node = place.node
        if not isinstance(node, Maintainer):
            continue
        if _labelled(place):
            yield hold_back(place, "label-there", f"the stage sets the label {KEY}")
            continue
        value = node.value.strip()
        if (
            len(value) > 1
            and value[0] in "'\""
            and value[-1] == value[0]
            and value[0] not in value[1:-1]
        ):
            value = value[1:-1]
        pair = Pair(
            Token("KEY", KEY, " "),
            Token("EQUALS", "="),
            Token("VALUE", compose.quoted(value, place.stage.escape)),
        )
        word = "label" if node.keyword.text.islower() else "LABEL"
        keyword = node.keyword.with_changes(text=word)
        label = Label(node.gap, node.comments, keyword, (), (pair,), node.end)
        yield Rewrite(
            node,
            "name the authors in a label",
            Level.REVIEW,
            (Evidence("MAINTAINER is deprecated", RULE),),
            (edits.Change(node, (label,)),),
            may_change=frozenset({f"LABEL {KEY}"}),
        )


def _labelled(place: Place) -> bool:
    return any(
        pair.name.strip("\"'") == KEY
        for other in place.stage.places
        if isinstance(other.node, Label)
        for pair in other.node.pairs
    )
