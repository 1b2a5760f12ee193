"""The stage graph before and after, as a mermaid flow chart, marked with what an edit rebuilds.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.grammar.nodes import Run, Transfer
from dfix.refactor.model.reach import mounted_stage, needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.refactor.model import Model, Stage
    from dfix.refactor.model.cost import Rerun

FEW = 3  # paths on an edge
STYLES = (
    "classDef again fill:#fde2d8,stroke:#b5522c,color:#3b1a0c",
    "classDef kept fill:#e2f1e4,stroke:#3c7a48,color:#12301a",
    "classDef unused fill:#f2f2f2,stroke:#999999,color:#666666,stroke-dasharray:4 3",
)


class Side(NamedTuple):
    """One side of the picture. Without `rerun` nothing is marked."""

    title: str
    model: Model
    rerun: Rerun | None
    target: str | None = None


def render(sides: Sequence[Side]) -> Iterator[str]:
    """The lines of the chart; stages that the target does not need are drawn broken."""
    yield "flowchart LR"
    for number, side in enumerate(sides):
        yield f'  subgraph s{number}["{_quoted(side.title)}"]'
        yield "    direction TB"
        wanted = {stage.index for stage in needed(side.model, side.target)}
        for stage in side.model.stages:
            yield f"    {_name(number, stage)}{_box(side, stage, wanted)}"
        for stage in side.model.stages:
            yield from (f"    {edge}" for edge in _edges(number, stage))
        yield "  end"
    yield from (f"  {style}" for style in STYLES)


def _name(number: int, stage: Stage) -> str:
    return f"s{number}_{stage.index}"


def _box(side: Side, stage: Stage, wanted: set[int]) -> str:
    lines = [f"<b>{_quoted(stage.label)}</b>"]
    if stage.parent is None:
        lines.append(_quoted(stage.node.image.value))
    if stage.index not in wanted:
        lines.append("not built")
        mark = "unused"
    elif side.rerun is None:
        return f'["{"<br/>".join(lines)}"]'
    else:
        steps = [
            step for step in side.rerun.steps if any(each.stage is stage for each in step.places)
        ]
        again = [step for step in steps if step.again]
        mark = "again" if again else "kept"
        lines.append(
            f"{len(again)} of {len(steps)} run again" if again else f"{len(steps)} from the cache"
        )
        if any(step.installs for step in again):
            lines.append("an install among them")
    return f'["{"<br/>".join(lines)}"]:::{mark}'


def _edges(number: int, stage: Stage) -> Iterator[str]:
    if stage.parent is not None:
        yield f"{_name(number, stage.parent)} -->|FROM| {_name(number, stage)}"
    copied: dict[int, list[str]] = {}
    mounted: dict[int, list[str]] = {}
    for place in stage.places:
        node = place.node
        if isinstance(node, Transfer) and place.source_stage is not None:
            if not isinstance(place.source_stage, str):
                copied.setdefault(place.source_stage.index, []).extend(node.sources)
        elif isinstance(node, Run):
            for mount in place.mounts:
                source = mounted_stage(place, mount)
                if source is not None:
                    mounted.setdefault(source.index, []).append(mount.target)
    for arrow, found in (("-.->", copied), ("-. mount .->", mounted)):
        for index, paths in found.items():
            shown = ", ".join(dict.fromkeys(paths[:FEW])) + (", ..." if len(paths) > FEW else "")
            label = f'|"{_quoted(shown)}"|' if arrow == "-.->" else ""
            yield f"s{number}_{index} {arrow}{label} {_name(number, stage)}"


def _quoted(text: str) -> str:
    """Text inside a mermaid string."""
    return (
        text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    )
