"""Transforms that break something on purpose."""

from __future__ import annotations

from dfix.grammar import parse
from dfix.grammar.nodes import Instruction
from dfix.refactor import edits
from dfix.refactor.transform import Evidence, Level, Phase, Rewrite, Transform


def swap(identity, *pairs, level=Level.REVIEW, may=()):
    """A transform that puts instructions in the place of one; None takes it out."""

    def find(context):
        for old, new in pairs:
            for item in context.file.items:
                if isinstance(item, Instruction) and edits.bare(item).code.strip() == old:
                    change = (
                        edits.remove(item, "keep")
                        if new is None
                        else edits.expand(item, *parse(new + "\n").instructions)
                    )
                    yield Rewrite(
                        item,
                        f"Swap {old}",
                        level,
                        (Evidence("this is a test", "https://example.org/"),),
                        (change,),
                        may_change=frozenset(may),
                    )

    return Transform(identity, "size", Level.BOLD, Phase.TIDY, f"{identity}.", find)


# A base of a few programs and their libraries, so that reading its files takes no time.
SMALL = r"""FROM debian:bookworm-slim AS tools
RUN mkdir -p /small/bin /small/tmp && cd /small && \
    for each in sh cat cp echo install ls mkdir rm sleep false; do \
        cp -L "/bin/$each" bin 2>/dev/null || cp -L "/usr/bin/$each" bin; \
    done && \
    ldd bin/* | grep -o '/[^ ]*[.]so[^ ]*' | sort -u | xargs -I{} cp -L --parents {} .
FROM scratch
COPY --from=tools /small /
"""
