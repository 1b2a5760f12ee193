"""What a mounted compile cache changes: its RUN, and the steps that read what is copied out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.grammar.nodes import Arg, Copy, Run, ShellForm, Words
from dfix.refactor import compose, edits
from dfix.refactor.scripts import joint, spliced

if TYPE_CHECKING:
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place
    from dfix.refactor.transform import Evidence


class Reader(NamedTuple):
    """A COPY that takes one program out of the cache's folder: where, its word's number, and the new path."""

    place: Place
    word: int
    path: str
    at: str  # in the cache's folder


class Compiling(NamedTuple):
    """A compile cache to be mounted: where, its options as text with a leading comma, and what leaves it."""

    target: str
    options: str
    leaving: tuple[tuple[str, str], ...]  # from, to: absolute paths
    readers: tuple[Reader, ...]
    platforms: bool  # the id holds $TARGETARCH
    because: tuple[Evidence, ...]


def changes(ctx: Context, place: Place, found: Compiling) -> tuple[edits.Change, ...]:
    """The RUN with the mount and what leaves it, and the steps that read the copies."""
    node, style = place.node, ctx.style
    assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
    body = node.body
    if found.leaving:
        body = _leaving(place, found, style)
    lead = (node.body.text if isinstance(node.body, ShellForm) else node.body.open).before
    # Keywords and what follows them may stand in columns.
    column = lead if lead.isspace() and "\n" not in lead else " "
    flags = (
        *node.flags,
        compose.flag(
            "mount",
            f"type=cache,target={found.target}{found.options}",
            style.continuation() if node.flags else column,
        ),
    )
    body = compose.below_the_flags(style, body)
    run = edits.bare(node).with_changes(flags=flags, body=body)
    declared = any(
        pair.name == "TARGETARCH"
        for earlier in place.preceding
        if isinstance(earlier.node, Arg)
        for pair in earlier.node.pairs
    )
    if found.platforms and not declared:
        made = edits.expand(node, compose.arg(style, "TARGETARCH"), run)
    else:
        made = edits.replace(node, run)
    return made, *_read_elsewhere(found)


def _leaving(place: Place, found: Compiling, style: compose.Style) -> ShellForm:
    """The body with the copies behind its last command, on lines of their own."""
    script = place.script
    assert script is not None  # noqa: S101 - `_cannot_leave` has read it
    between = joint(place, script)
    if "\n" not in between:
        between = f"{style.continuation()}&& "
    copies = "".join(f"{between}cp {source} {to}" for source, to in found.leaving)
    end = script.elements[-1].end
    return spliced(place, [(end, end, copies)])


def _read_elsewhere(found: Compiling) -> list[edits.Change]:
    by_place: dict[int, list[Reader]] = {}
    for each in found.readers:
        by_place.setdefault(id(each.place), []).append(each)
    made: list[edits.Change] = []
    for readers in by_place.values():
        node = readers[0].place.node
        assert isinstance(node, Copy)  # noqa: S101 - readers are COPYs of plain words
        assert isinstance(node.paths, Words)  # noqa: S101 - the same
        items = list(node.paths.items)
        for each in readers:
            items[each.word] = items[each.word].with_changes(text=each.path)
        made.append(edits.replace(node, edits.bare(node).with_changes(paths=Words(tuple(items)))))
    return made
