"""Sort the packages of an install by name.

## Why
A sorted list shows what is there and what is there twice, and its diffs stay small.
Source: https://docs.docker.com/build/building/best-practices/#sort-multi-line-arguments

## When it holds back
- not-plain: flags, comments or words that are not literal stand among the packages.

## Level
`safe`: the same packages are installed by one call; it runs only where it is asked for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run, ShellForm
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

RULE = "https://docs.docker.com/build/building/best-practices/#sort-multi-line-arguments"
INSTALLS = {
    "apt-get": ("install",),
    "apt": ("install",),
    "apk": ("add",),
    "dnf": ("install",),
    "yum": ("install",),
    "microdnf": ("install",),
    "zypper": ("install", "in"),
}

CASES = (
    Case.untouched(
        "sorted, or one alone",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y a b=1 c-d && apk add x\n",
    ),
    Case.rewrites(
        "a line each, versions with them",
        before="FROM debian:12\nRUN apt-get install -y \\\n    wget=1.2 \\\n    curl \\\n    git && rm x\n",
        after="FROM debian:12\nRUN apt-get install -y \\\n    curl \\\n    git \\\n    wget=1.2 && rm x\n",
    ),
    Case.rewrites(
        "on one line, flags in front",
        before="FROM alpine\nRUN apk add --no-cache wget curl\n",
        after="FROM alpine\nRUN apk add --no-cache curl wget\n",
    ),
    Case.holds_back(
        "a flag among them",
        before="FROM debian:12\nRUN apt-get install b -y a\n",
        because="not-plain",
    ),
    Case.holds_back(
        "a variable among them",
        before="FROM debian:12\nRUN apt-get install -y b $A a\n",
        because="not-plain",
    ),
    Case.holds_back(
        "a comment among them",
        before="FROM debian:12\nRUN apt-get install -y \\\n    wget \\\n    # for b\n    curl\n",
        because="not-plain",
    ),
    Case.holds_back(
        "a virtual package's name is the value of a flag",
        before="FROM alpine\nRUN apk add --virtual .build wget curl\n",
        because="not-plain",
    ),
    Case.holds_back(
        "two on a line that goes on",
        before="FROM debian:12\nRUN apt-get install -y wget curl \\\n    a\n",
        because="not-plain",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.TIDY,
    slugs=("not-plain",),
    cases=CASES,
    on_request=True,
)
def sort_packages(ctx: Context) -> Iterator[Finding]:
    """Sort the packages of an install by name."""
    for place in ctx.model.runs():
        script, node = place.script, place.node
        if script is None or not script.editable or not isinstance(node, Run):
            continue
        edited = Edited(place)
        for called in place.called:
            if called.verb is None or called.verb not in INSTALLS.get(called.program, ()):
                continue
            names = _packages(place, called)
            if names is None:
                yield hold_back(
                    place, "not-plain", "flags, comments or variables stand among the packages"
                )
                continue
            first = len(called.values) - len(names)
            ordered = sorted(names, key=lambda name: (name.lower(), name))
            for at, (old, new) in enumerate(zip(names, ordered, strict=True)):
                if old != new:
                    word = called.command.words[called.offset + first + names.index(new)]
                    edited.replace_word(called, first + at, script.text[word.start : word.end])
        if edited.needed:
            yield Rewrite(
                node,
                "sort the packages",
                Level.SAFE,
                (Evidence("one call installs the same packages in any order", RULE),),
                (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
            )


def _packages(place: Place, called: Called) -> list[str] | None:
    """The packages, all behind the subcommand and its flags; None where that is not so plain."""
    behind = called.values[called.values.index(called.verb) + 1 :]
    names = list(behind)
    while names and names[0] is not None and names[0].startswith("-"):
        if names[0] in (
            "-t",
            "--virtual",
            "-o",
            "--target-release",
            "-X",
            "--repository",
            "--setopt",
        ):
            return None  # a value follows
        names.pop(0)
    found = [
        name for name in names if name is not None and name[:1] not in "-./" and "*" not in name
    ]
    if len(found) < len(names) or len(set(found)) < len(found):
        return None
    return found if not found or _evenly_laid(place, called, len(found)) else None


def _evenly_laid(place: Place, called: Called, count: int) -> bool:
    """Is there no comment between the packages, and either every line break or none?"""
    from dfix.grammar.shell import raw_range  # noqa: PLC0415 - the script was read, so the module is loaded

    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
    assert isinstance(node.body, ShellForm)  # noqa: S101 - an editable script is one
    words = called.command.words[-count:]
    raw = [
        raw_range(node.body.text, one.end, other.start, place.stage.escape)
        for one, other in pairwise(words)
    ]
    breaks = sum("\n" in text for text in raw)
    return not any("#" in text for text in raw) and breaks in (0, len(raw))
