r"""Drop the empty lines inside continued instructions.

## Why
BuildKit skips an empty line behind a line that ends in `\`, and warns that it will not for ever.
Source: https://docs.docker.com/reference/build-checks/no-empty-continuation/

## When it holds back
Never. Comment lines inside the instruction stay where they are, here-documents as they are.

## Level
`safe`: BuildKit drops these lines before it reads the instruction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Heredoc, Node
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dfix.grammar.nodes import Instruction, Token
    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/build-checks/no-empty-continuation/"

CASES = (
    Case.untouched("no empty line", before="FROM alpine\nRUN a && \\\n    b\n\nCMD c\n"),
    Case.untouched(
        "an empty line of a here-document", before="FROM alpine\nRUN <<EOF\na\n\nb\nEOF\n"
    ),
    Case.rewrites(
        "empty lines go, comments stay",
        before="FROM alpine\nRUN a && \\\n\n    # why\n  \n    b && \\\n\n\n    c\n\nCMD d\n",
        after="FROM alpine\nRUN a && \\\n    # why\n    b && \\\n    c\n\nCMD d\n",
    ),
    Case.rewrites(
        "between words and pairs",
        before="FROM alpine\nENV A=1 \\\n\n    B=2\nCOPY a \\\n\n  b /c/\n",
        after="FROM alpine\nENV A=1 \\\n    B=2\nCOPY a \\\n  b /c/\n",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    cases=CASES,
    rules=("NoEmptyContinuation",),
)
def normalize_continuations(ctx: Context) -> Iterator[Finding]:
    """Drop the empty lines inside continued instructions."""
    for node in ctx.file.instructions:
        closed = _closed_up(edits.bare(node))
        if closed is not None:
            yield Rewrite(
                node,
                "drop empty lines inside a continued instruction",
                Level.SAFE,
                (Evidence("BuildKit drops empty lines behind a continuation", RULE),),
                (edits.replace(node, closed),),
            )


def _closed_up(node: Instruction) -> Instruction | None:
    """The instruction without empty lines; None if it has none."""
    if not any("\n" in leaf.before + leaf.text for leaf in node.leaves()):
        return None
    open_line = [False]
    changed = _walked(node, open_line)
    return None if changed is node else changed


def _walked(node: Any, unfinished: list[bool]) -> Any:
    """The node with its leaves walked in order; `unfinished[0]`: is the physical line so far empty, behind a break?"""
    if isinstance(node, Heredoc):
        return node
    changes: dict[str, object] = {}
    for name in node.fields:
        child = getattr(node, name)
        if child is None or name == "end":
            continue
        if isinstance(child, tuple):
            new = tuple(_either(each, unfinished) for each in child)
            if any(one is not other for one, other in zip(new, child, strict=True)):
                changes[name] = new
        else:
            one = _either(child, unfinished)
            if one is not child:
                changes[name] = one
    return node.with_changes(**changes) if changes else node


def _either(child: Node | Token, unfinished: list[bool]) -> Any:
    if isinstance(child, Node):
        return _walked(child, unfinished)
    before, text = _without(child.before, unfinished), _without(child.text, unfinished)
    if before == child.before and text == child.text:
        return child
    return child.with_changes(before=before, text=text, value=child.value)


def _without(text: str, unfinished: list[bool]) -> str:
    """The text without physical lines that are empty."""
    if not text:
        return text
    if "\n" not in text:
        if text.strip():
            unfinished[0] = False
        return text
    lines = text.split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        ends = number < len(lines) - 1
        fresh = number > 0 or unfinished[0]
        if ends and fresh and not line.strip():
            continue  # a whole line of blanks
        kept.append(line)
        unfinished[0] = not line.strip() and (number > 0 or unfinished[0])
    return "\n".join(kept)
