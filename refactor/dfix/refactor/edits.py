"""What may happen to a file's items, and what happens to their comments then.

A `Change` replaces one item by any number of items; a rewrite is a set of changes to disjoint
items, so that all rewrites of one pass are applied in one walk over the file. Each verb says where
the comments of its item go, since that is where other tools lose them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar, assert_never

from dfix.grammar.nodes import (
    Comment,
    Directive,
    Dockerfile,
    Heredoc,
    Instruction,
    Item,
    Remark,
    Token,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

AnyItem = TypeVar("AnyItem", bound=Item)
Fate = Literal["keep", "down", "drop"]


class Change(NamedTuple):
    """Put `new` where `old` stands. `old` itself may be among `new`."""

    old: Item
    new: tuple[Item, ...]


def replace(old: Item, new: Item) -> Change:
    """Put `new` in the place of `old`; `new` inherits the gap, and the comments go with it."""
    return Change(old, (dressed_like(old, new),))


def dressed_like(old: Item, new: AnyItem) -> AnyItem:
    """`new` with the gap and the comments of `old`, its own comments below them."""
    return new.with_changes(gap=old.gap, comments=(*old.comments, *new.comments))


def insert_before(anchor: Item, *items: Item) -> Change:
    """Put items in front of `anchor` and its comments; the first one takes over the blank lines."""
    first, *others = items
    lead = first.with_changes(gap=anchor.gap)
    tail = anchor.with_changes(gap=no_gap()) if anchor.gap.text else anchor
    return Change(anchor, (lead, *others, tail))


def insert_between(anchor: Item, *items: Item) -> Change:
    """Put items in front of `anchor`, below its comments: the comments now lead the inserted items.

    Pragmas stay with the anchor: they speak to tools of the instruction below them.
    """
    first, *others = items
    plain, pragmas = _told_to(anchor)
    lead = first.with_changes(gap=anchor.gap, comments=(*plain, *first.comments))
    return Change(anchor, (lead, *others, bare(anchor).with_changes(comments=pragmas)))


def insert_after(anchor: Item, *items: Item) -> Change:
    """Put items directly below `anchor`."""
    return Change(anchor, (anchor, *items))


def expand(old: Item, *items: Item) -> Change:
    """Put several items in the place of one; gap and comments lead the first, pragmas the first of its kind."""
    plain, pragmas = _told_to(old)
    heir = next((at for at, item in enumerate(items) if type(item) is type(old)), 0)
    new = list(items)
    new[heir] = new[heir].with_changes(comments=(*pragmas, *new[heir].comments))
    new[0] = new[0].with_changes(gap=old.gap, comments=(*plain, *new[0].comments))
    return Change(old, tuple(new))


# Comments that tell tools of the instruction directly below them.
# https://github.com/hadolint/hadolint#ignoring-rules
PRAGMAS = ("hadolint ignore=", "dfix: ignore")


def _told_to(item: Item) -> tuple[tuple[Comment, ...], tuple[Comment, ...]]:
    """The comments of an item: those for people, and the pragmas."""
    pragmas = tuple(
        comment for comment in item.comments if comment.text.text.lstrip("# \t").startswith(PRAGMAS)
    )
    return tuple(comment for comment in item.comments if comment not in pragmas), pragmas


def remove(item: Item, comments: Fate) -> Change:
    """Take an item out. Its comments stay as a block (`keep`), lead the next item (`down`) or go (`drop`).

    `drop` is for comments that are printed elsewhere by the same rewrite: a step that really loses
    a comment is only ever offered.
    """
    match comments:
        case "keep":
            left = (Remark(item.gap, item.comments),) if item.comments else ()
            return Change(item, left)
        case "down":
            left = (Remark(item.gap, item.comments),) if item.comments else ()
            return Change(item, left)
        case "drop":
            return Change(item, ())
        case _:
            assert_never(comments)


def bare(item: AnyItem) -> AnyItem:
    """The item without gap and comments."""
    return item.with_changes(gap=no_gap(), comments=())


def no_gap() -> Token:
    """The gap of an item that follows its predecessor directly."""
    return Token("GAP", "")


def gap_of(lines: int, newline: str) -> Token:
    """A gap of so many blank lines."""
    return Token("GAP", newline * lines)


def apply(file: Dockerfile, changes: Sequence[Change]) -> Dockerfile:
    """The file after all changes, in one pass over its items. Line ends and the final newline stay as they were.

    Raises ValueError if two changes touch one item or if an item is not in the file.
    """
    by_item = {id(change.old): change for change in changes}
    if len(by_item) != len(changes):
        msg = "two changes touch one item"
        raise ValueError(msg)
    newline = file.newline
    out: list[Item] = []
    owed = ""  # the gap of a removed item, if the next item's own is smaller
    missing = set(by_item)
    for item in file.items:
        change = by_item.get(id(item))
        missing.discard(id(item))
        new = (item,) if change is None else change.new
        if not new:
            if out and len(item.gap.text) > len(owed):
                owed = item.gap.text
            continue
        for one in new:
            if owed and len(owed) > len(one.gap.text):
                one = one.with_changes(gap=Token("GAP", owed))  # noqa: PLW2901 - the item with the larger gap
            owed = ""
            out.append(one)
    if missing:
        msg = "a change touches an item that is not in the file"
        raise ValueError(msg)
    ends_open = bool(file.items) and not _ends_in_newline(file.items[-1])
    return file.with_changes(items=tuple(_joined(_told_apart(out), newline, ends_open=ends_open)))


def with_directives(file: Dockerfile, directives: Mapping[str, str]) -> Dockerfile:
    """The file with parser directives in front of those that it has; a shebang stays the first line."""
    if not directives:
        return file
    prologue = file.prologue
    lines = [
        Directive(Token("DIRECTIVE", f"# {name}={value}"), Token("EOL", file.newline))
        for name, value in directives.items()
    ]
    shebang = [each for each in prologue.directives if not each.name]
    others = [each for each in prologue.directives if each.name]
    head = prologue.with_changes(directives=(*shebang, *lines, *others))
    return file.with_changes(prologue=head)


def _told_apart(items: Sequence[Item]) -> list[Item]:
    """The items with a keyword token each: copies of one instruction share it, and positions are found by token."""
    seen: set[int] = set()
    out: list[Item] = []
    for item in items:
        one = item
        if isinstance(item, Instruction):
            if id(item.keyword) in seen:
                one = item.with_changes(keyword=item.keyword.with_changes())
            seen.add(id(item.keyword))
        out.append(one)
    return out


def _joined(items: Sequence[Item], newline: str, *, ends_open: bool) -> Iterator[Item]:
    """The items with every line end in place, remarks that touch an instruction handed to it."""
    held: tuple[Comment, ...] = ()
    gap: Token | None = None
    for at, item in enumerate(items):
        one = item
        if gap is not None:
            if one.gap.text:
                yield Remark(gap, held)
            else:
                one = one.with_changes(gap=gap, comments=(*held, *one.comments))
            held, gap = (), None
        last = at == len(items) - 1
        if isinstance(one, Remark) and not last:
            held, gap = _closed_comments(one.comments, newline), one.gap
            continue
        yield _open_ended(one, newline) if last and ends_open else _closed(one, newline)


def _ends_in_newline(item: Item) -> bool:
    return item.code.endswith("\n")


def _closed_comments(comments: tuple[Comment, ...], newline: str) -> tuple[Comment, ...]:
    if comments and not comments[-1].end.text.endswith("\n"):
        last = comments[-1]
        closed = last.with_changes(end=last.end.with_changes(text=last.end.text + newline))
        return (*comments[:-1], closed)
    return comments


def _closed(item: Item, newline: str) -> Item:
    """The item with a line end behind it."""
    if isinstance(item, Remark):
        return item.with_changes(comments=_closed_comments(item.comments, newline))
    heredocs: tuple[Heredoc, ...] = getattr(item, "heredocs", ())
    if heredocs:
        last = heredocs[-1]
        if last.terminator.text.endswith("\n"):
            return item
        closed = last.terminator.with_changes(text=last.terminator.text + newline)
        return item.with_changes(heredocs=(*heredocs[:-1], last.with_changes(terminator=closed)))
    end: Token = item.end  # type: ignore[attr-defined]
    if end.text.endswith("\n"):
        return item
    return item.with_changes(end=end.with_changes(text=end.text + newline))


def _open_ended(item: Item, newline: str) -> Item:
    """The item without a line end behind it: the file had no final newline.

    An item that has none stays itself, as every untouched item must: changes find their items by identity.
    """
    if not _ends_in_newline(item):
        return item
    item = _closed(item, newline)
    if isinstance(item, Remark):
        last = item.comments[-1]
        opened = last.with_changes(end=last.end.with_changes(text=_chomp(last.end.text)))
        return item.with_changes(comments=(*item.comments[:-1], opened))
    heredocs: tuple[Heredoc, ...] = getattr(item, "heredocs", ())
    if heredocs:
        last_doc = heredocs[-1]
        opened_end = last_doc.terminator.with_changes(text=_chomp(last_doc.terminator.text))
        changed = last_doc.with_changes(terminator=opened_end)
        return item.with_changes(heredocs=(*heredocs[:-1], changed))
    end: Token = item.end  # type: ignore[attr-defined]
    return item.with_changes(end=end.with_changes(text=_chomp(end.text)))


def _chomp(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def comment_lines(items: Iterable[Item]) -> list[str]:
    """The text of every comment line below the items, those inside continuations included, here-documents not."""
    found: list[str] = []
    for item in items:
        found.extend(comment.text.text.strip() for comment in item.comments)
        if not isinstance(item, Instruction):
            continue
        body = (
            bare(item).code
            if not getattr(item, "heredocs", ())
            else bare(item).with_changes(heredocs=()).code
        )
        if "#" in body and "\n" in body:
            lines = body.split("\n")
            found.extend(line.strip() for line in lines[1:] if line.lstrip().startswith("#"))
    return found
