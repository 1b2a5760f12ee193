"""Write `ENV name=value` for `ENV name value`, and LABEL alike.

## Why
The form without an equals sign takes the rest of the line as one value, so that it cannot hold two
variables and hides mistakes; BuildKit's checks name it.
Source: https://docs.docker.com/reference/build-checks/legacy-key-value-format/

## When it holds back
- odd-quotes: the value holds blanks beside quotes or escapes, and no quoting gives the same value for sure.

## Level
`safe`: the variable has the same value (tried on Docker Engine 28.5: quotes, blanks, expansions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Env, Label, Token
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.grammar.nodes import Pair
    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/build-checks/legacy-key-value-format/"

CASES = (
    Case.untouched("equals signs", before='FROM alpine\nENV A=1 B="2 3"\nLABEL c=d\n'),
    Case.untouched("an argument has no other form", before="FROM alpine\nARG A\nONBUILD ENV B c\n"),
    Case.rewrites("a word", before="FROM alpine\nENV A 1\n", after="FROM alpine\nENV A=1\n"),
    Case.rewrites(
        "blanks are quoted, columns closed",
        before="FROM alpine\nENV  PATH   /a b:$PATH\nLABEL  k  Jess <x@y>\n",
        after='FROM alpine\nENV  PATH="/a b:$PATH"\nLABEL  k="Jess <x@y>"\n',
    ),
    Case.rewrites(
        "a quoted value keeps its quotes and gains none",
        before="FROM alpine\nLABEL maintainer \"Jess <x>\"\nENV A 'b c'\n",
        after="FROM alpine\nLABEL maintainer=\"Jess <x>\"\nENV A='b c'\n",
    ),
    Case.rewrites(
        "a value that goes on below",
        before="FROM alpine\nENV A b \\\n  c\n",
        after='FROM alpine\nENV A="b \\\n  c"\n',
    ),
    Case.holds_back(
        "quotes and blanks mixed", before="FROM alpine\nENV A b 'c d'\n", because="odd-quotes"
    ),
    Case.holds_back(
        "an escaped blank beside a plain one",
        before="FROM alpine\nENV A a\\ b c\n",
        because="odd-quotes",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    slugs=("odd-quotes",),
    cases=CASES,
    rules=("LegacyKeyValueFormat",),
)
def modernize_env(ctx: Context) -> Iterator[Finding]:
    """Write an equals sign between name and value."""
    for place in ctx.model.places():
        node = place.node
        if not isinstance(node, Env | Label) or len(node.pairs) != 1:
            continue
        pair = node.pairs[0]
        if pair.equals is not None or pair.content is None:
            continue
        content = _written(pair, place.stage.escape)
        if content is None:
            yield hold_back(
                place, "odd-quotes", f"the value of {pair.name} has quotes beside blanks"
            )
            continue
        new = pair.with_changes(equals=Token("EQUALS", "="), content=content)
        yield Rewrite(
            node,
            f"write {pair.name} with an equals sign",
            Level.SAFE,
            (Evidence("the form without an equals sign is a legacy", RULE),),
            (edits.replace(node, edits.bare(node).with_changes(pairs=(new,))),),
        )


def _written(pair: Pair, escape: str) -> Token | None:
    """The value behind an equals sign: the same text, in quotes if it holds blanks; None if that may be another."""
    content = pair.content
    assert content is not None  # noqa: S101 - the caller looked
    if "#" in content.before:
        return None  # a comment between name and value would stand inside the value
    value = content.value
    quoted = value[:1] in ("'", '"') and _closes_at_its_end(value, escape)
    if quoted or not any(char.isspace() for char in value):
        return content.with_changes(before="", value=value)
    if any(char in value for char in ("'", '"', escape)):
        return None
    return content.with_changes(before="", text=f'"{content.text}"', value=f'"{value}"')


def _closes_at_its_end(value: str, escape: str) -> bool:
    """Is the whole value one quoted text?"""
    quote, at = value[0], 1
    while at < len(value):
        if value[at] == escape and quote == '"':
            at += 2
            continue
        if value[at] == quote:
            return at == len(value) - 1
        at += 1
    return False
