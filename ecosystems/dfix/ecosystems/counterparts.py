"""Which image can take another's place where only the result runs.

A counterpart is found by editing the text of the tag: what stood for version and suite is kept as
it was written, variables included, and words of the variant are put beside it. A version is never
put together anew, so a file that takes its version from an argument still does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.images import Image, families, image
from dfix.ecosystems.references import HUB

Purpose = Literal["runtime", "distroless", "alpine"]

_OFFICIAL = f"{HUB}/library/"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """An image that can take another's place where only the result runs.

    `written` is the text for FROM: it repeats the variables of the old text. `pulls` names a
    registry that the old reference did not use. `floats` says that the suite of both is unknown
    and moves with the same tag.
    """

    written: str
    image: Image
    pulls: str | None
    floats: bool
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

    For ``runtime``: the same version and suite, with less in it. The suite is the same if
    `Counterpart.floats` is false; otherwise both float. The first reason is given if there is none.
    """
    if old.reference.digest is not None:
        return NoCounterpart("digest-pinned", f"{old.name} is pinned to a digest")
    rows = [
        row
        for row in families()[old.family].get("counterpart", ())
        if row["from"] == old.variant and row["for"] == purpose
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
    return Counterpart(texts[0], new, pulls, floats, row["source"])


def _tag(old: Image, row: dict[str, Any]) -> tuple[str, str] | NoCounterpart:
    """The new tag, with variables and without."""
    texts: list[str] = []
    values: list[str] = []
    for word in row["tag"]:
        if not word.startswith("{"):
            texts.append(word)
            values.append(word)
            continue
        kind = word.strip("{}")
        part = next((part for part in old.parts if part.kind == kind.partition(".")[0]), None)
        if kind == "suite.version":  # alpine3.20 -> 3.20
            part = part and part._replace(
                text=part.text.removeprefix("alpine"), start=part.start + len("alpine")
            )
        if part is None or part.text in ("", "alpine", "latest"):
            if kind in row.get("needs", ()):
                if kind == "suite" and old.suite is not None:
                    texts.append(old.suite)
                    values.append(old.suite)
                    continue
                return NoCounterpart("unknown-suite", f"the release below {old.name} moves")
            if part is not None and not old.written.is_literal(part.start, part.end):
                return NoCounterpart("variable-base", f"the tag of {old.name} is a variable")
            continue
        text = old.written.between(part.start, part.end)
        if text is None:
            why = f"the {kind.partition('.')[0]} is part of a variable in {old.name}"
            return NoCounterpart("variable-base", why)
        texts.append(text)
        values.append(part.text)
    return "-".join(texts), "-".join(values)


def _named(old: Image, target: str | None) -> tuple[tuple[str, str], str | None] | NoCounterpart:
    """The new name, with variables and without, and the registry that it newly pulls from."""
    name = old.reference.name
    whole = old.written.between(0, len(name))
    if whole is None:
        return NoCounterpart("variable-base", f"the name of {old.name} is part of a variable")
    if target is None:
        return (whole, name), None
    if not target.startswith(_OFFICIAL):
        registry = target.partition("/")[0]
        return (target, target), None if registry == old.reference.registry else registry
    if not old.home.startswith(_OFFICIAL):
        why = f"under which name the registry of {name} has {target} is not known"
        return NoCounterpart("foreign-registry", why)
    keep = name.rfind("/") + 1
    text = old.written.between(0, keep)
    if text is None:
        return NoCounterpart("variable-base", f"the name of {old.name} is part of a variable")
    last = target.removeprefix(_OFFICIAL)
    return (text + last, name[:keep] + last), None
