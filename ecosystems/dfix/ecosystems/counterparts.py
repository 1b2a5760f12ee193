"""Which image can take another's place where only the result runs.

A counterpart is found by editing the text of the tag: what stood for version and suite is kept as
it was written, variables included, and words of the variant are put beside it. A version is never
put together anew, so a file that takes its version from an argument still does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dfix.ecosystems import tags
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.images import Image, families, image
from dfix.ecosystems.references import HUB

if TYPE_CHECKING:
    from dfix.ecosystems.tags import Part

Purpose = Literal["runtime", "distroless", "alpine"]

Texts = tuple[str, str]
"""A stretch of a reference with its variables, and without."""

_OFFICIAL = f"{HUB}/library/"
_NAMES = {"suite": "release below", "second": "version below", "version": "version of"}


@dataclass(frozen=True, slots=True)
class Counterpart:
    """An image that can take another's place where only the result runs.

    `written` is the text for FROM: it repeats the variables of the old text. `pulls` names a
    registry that the old reference did not use. `floats` says that the suite of either is not
    known. `newer` are shared libraries of which the old image has a newer version: what was built
    against them must not be moved.
    """

    written: str
    image: Image
    pulls: str | None
    floats: bool
    newer: frozenset[str]
    source: str


@dataclass(frozen=True, slots=True)
class NoCounterpart:
    """Why there is none: a slug to hold back under, and half a sentence.

    The slugs: ``no-counterpart``, ``unknown-suite``, ``variable-base``, ``digest-pinned``,
    ``foreign-registry``.
    """

    slug: str
    why: str


def counterparts(
    old: Image, purpose: Purpose = "runtime"
) -> tuple[Counterpart, ...] | NoCounterpart:
    """Name the images that can run what `old` builds, the best first.

    For ``runtime``: the same version and suite, with less in it. Of several that each run it, as
    those of .NET do, the one that holds more comes first. If there is none, the first reason.
    """
    if old.reference.digest is not None:
        return NoCounterpart("digest-pinned", f"{old.name} is pinned to a digest")
    rows = [
        row
        for row in families()[old.family].get("counterpart", ())
        if row["from"] == old.variant
        and row["for"] == purpose
        and tags.applies(row, old.release or ())
    ]
    found = [_counterpart(old, row) for row in rows]
    good = tuple(one for one in found if isinstance(one, Counterpart))
    reasons = [one for one in found if isinstance(one, NoCounterpart)]
    nothing = NoCounterpart("no-counterpart", f"no smaller image is known for {old.name}")
    return good or (reasons[0] if reasons else nothing)


def _counterpart(old: Image, row: dict[str, Any]) -> Counterpart | NoCounterpart:
    tag = _tag(old, row)
    if isinstance(tag, NoCounterpart):
        return tag
    named = _named(old, row.get("image"))
    if isinstance(named, NoCounterpart):
        return named
    name, pulls = named
    texts = [":".join(filter(None, (name[which], tag[which]))) for which in (0, 1)]
    new = image(texts[1], (old.prefix,) if old.prefix else (), written=texts[0])
    if isinstance(new, Unknown):
        return NoCounterpart("no-counterpart", new.why)
    floats = new.suite is None or old.suite is None
    newer = frozenset(row.get("newer", ()))
    return Counterpart(texts[0], new, pulls, floats, newer, row["source"])


def _tag(old: Image, row: dict[str, Any]) -> Texts | NoCounterpart:
    """The new tag, with variables and without."""
    found: list[Texts] = []
    wanted = row.get("needs-one", ())
    if wanted and not any(part.kind in wanted and part.text != "latest" for part in old.parts):
        return NoCounterpart("no-counterpart", f"{old.name} names no release")
    for word in row["tag"]:
        if not word.startswith("{"):
            found.append((word, word))
            continue
        kind, _, piece = word.strip("{}").partition(".")
        for part in _kept(old, kind) or (None,):
            text = _text(old, part, piece)
            if isinstance(text, NoCounterpart):
                return text
            if text is None and kind in row.get("needs", ()):
                if kind != "suite" or old.suite is None or piece:
                    slug = "unknown-suite" if kind == "suite" else "no-counterpart"
                    return NoCounterpart(slug, f"the {_NAMES[kind]} {old.name} moves")
                text = (old.suite, old.suite)
            if text is not None:
                found.append(text)
    return "-".join(text for text, _ in found), "-".join(value for _, value in found)


def _kept(old: Image, kind: str) -> list[Part]:
    """The parts of the old tag that a placeholder stands for."""
    if kind != "keep":
        return [part for part in old.parts if part.kind == kind]
    keep = families()[old.family].get("keep", ())
    return [part for part in old.parts if part.kind == "word" and part.text in keep]


def _text(old: Image, part: Part | None, piece: str) -> Texts | NoCounterpart | None:
    """A part of the old tag as text and value; None for one that says nothing by itself."""
    if part is None:
        return None
    if part.text == "latest" or (part.text == "alpine" and piece):
        if old.written.is_literal(part.start, part.end):
            return None
        return NoCounterpart("variable-base", f"the tag of {old.name} is a variable")
    start, value = part.start, part.text
    if piece == "version":  # alpine3.20 -> 3.20
        value = part.text.removeprefix("alpine").removeprefix("-")
        start = part.end - len(value)
    text = old.written.between(start, part.end)
    if text is None:
        return NoCounterpart(
            "variable-base", f"the {part.kind} is part of a variable in {old.name}"
        )
    return text, value


def _named(old: Image, target: str | None) -> tuple[Texts, str | None] | NoCounterpart:
    """The new name, with variables and without, and the registry that it newly pulls from."""
    name = old.reference.name
    whole = old.written.between(0, len(name))
    if whole is None:
        return NoCounterpart("variable-base", f"the name of {old.name} is part of a variable")
    if target is None:
        return (whole, name), None
    folder, _, last = target.rpartition("/")
    if folder == old.home.rpartition("/")[0]:
        keep = name.rfind("/") + 1
        text = old.written.between(0, keep)
        if text is None:
            return NoCounterpart("variable-base", f"the name of {old.name} is part of a variable")
        return (text + last, name[:keep] + last), None
    registry = target.partition("/")[0]
    target = target.removeprefix(_OFFICIAL)
    return (target, target), None if registry == old.reference.registry else registry
