"""The slice of a file as text: per instruction what it writes and reads, when it is needed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.refactor.plans.explaining import StageExplained


def render(path: str, stages: Sequence[StageExplained]) -> Iterator[str]:
    """The text, in pieces that end in newlines."""
    for stage in stages:
        yield f"{path}: {stage.label}\n"
        for start in stage.starts:
            yield f"  starts {start}\n"
        if stage.unknown:
            yield f"  what the container needs is not known: {stage.unknown}\n"
        for one in stage.instructions:
            why = f" ({one.why})" if one.why else ""
            yield f"  {one.line}: {one.keyword}: {one.needed}{why}\n"
            if one.writes:
                yield f"      writes {', '.join(one.writes)}\n"
            if one.reads:
                yield f"      reads {', '.join(one.reads)}\n"
    yield "\n"
