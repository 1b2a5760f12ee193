"""Install no packages that are only recommended.

## Why
apt and its like install what the named packages recommend, too, and what that recommends: often
more than was asked for. Source: https://docs.docker.com/build/building/best-practices/#apt-get

## When it holds back
- recommended-used: a recommended package does what is often needed (ca-certificates for https): name it first;
- not-plain: the call stands where it cannot be edited;
- image-for-others: other images build on this one and may use what is recommended.

A stage that only builds does not ship, and is left alone.

## Level
`bold`: what leaves the image may be used. `review` where the archive says that nothing but texts,
or nothing at all, comes beside the packages that are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.reach import shipped as shipped_stages
from dfix.refactor.plans import machine
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, HeldBack, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Setting
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

RULE = "https://docs.docker.com/build/building/best-practices/#apt-get"

CASES = (
    Case.untouched(
        "recommended packages are left out already",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n",
    ),
    Case.untouched(
        "a stage that only builds does not ship",
        before=(
            "FROM debian:12 AS build\nRUN apt-get update && apt-get install -y gcc\nFROM debian:12\n"
            "COPY --from=build /app /app\n"
        ),
    ),
    Case.rewrites(
        "nothing comes beside these",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y unzip ca-certificates\n",
        after=(
            "FROM debian:12\nRUN apt-get update && apt-get install --no-install-recommends -y unzip ca-certificates\n"
        ),
    ),
    Case.rewrites(
        "nothing is known of what comes beside it",
        before="FROM fedora:40\nRUN dnf install -y httpd\n",
        after="FROM fedora:40\nRUN dnf install --setopt=install_weak_deps=False -y httpd\n",
    ),
    Case.holds_back(
        "git is given certificates only because it recommends them",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y git\n",
        because="recommended-used",
    ),
    Case.holds_back(
        "a here-document is not edited",
        before="FROM debian:12\nRUN <<EOF\napt-get update\napt-get install -y unzip\nEOF\n",
        because="not-plain",
    ),
)


@transform(
    group="size",
    ceiling=Level.BOLD,
    phase=Phase.TIDY,
    after=("mount-caches", "clean-apt-lists"),
    slugs=("recommended-used", "not-plain", "image-for-others"),
    cases=CASES,
)
def skip_recommends(ctx: Context) -> Iterator[Finding]:
    """Tell each install in a stage that ships to leave out what is only recommended."""
    shipped = shipped_stages(ctx.model, machine.targets(ctx))
    for place in ctx.model.calling:
        if place.stage.index not in shipped:
            continue
        found: list[tuple[Called, Setting, Level, tuple[Evidence, ...]]] = []
        for called in place.called:
            asked = _asked(ctx, place, called)
            if isinstance(asked, HeldBack):
                yield asked
            elif asked is not None:
                found.append(asked)
        certain = [each for each in found if each[2] < Level.BOLD]
        if found:
            yield _rewritten(place, certain or found)


def _asked(
    ctx: Context, place: Place, called: Called
) -> tuple[Called, Setting, Level, tuple[Evidence, ...]] | HeldBack | None:
    """The setting that a call lacks, at which level, and why."""
    call = called.managed
    if call is None or not (call.packages or call.files or call.unknown):
        return None
    manager = ecosystem_of(call)
    setting = manager.leaning(call)
    if setting is None:
        return None
    image = place.stage.root_image
    known = manager.beside(call, None if isinstance(image, Unknown) else image.suite)
    if ctx.project.for_others is not None:
        return hold_back(place, "image-for-others", ctx.project.for_others)
    if place.script is None or not place.script.editable:
        return hold_back(place, "not-plain", f"{called.program} stands in a here-document")
    rule = Evidence(f"{' '.join(setting.words)} installs only what is needed", setting.source)
    # What is needed in the releases that were read will be needed in others.
    somewhere = manager.beside(call, None) if isinstance(known, Unknown) else known
    live = manager.missed(call) if isinstance(somewhere, Unknown) else somewhere.value.live
    if live:
        names = ", ".join(live)
        return hold_back(
            place,
            "recommended-used",
            f"{names} comes only as recommended, and may be needed: name it",
        )
    if isinstance(known, Unknown):
        return called, setting, Level.BOLD, (rule, Evidence(known.why, place.where))
    if not known.value.packages:
        claim = "none of the named packages, nor what they need, recommends another"
    else:
        claim = f"beside the named packages come {', '.join(known.value.packages)}"
    level = Level.REVIEW if known.value.idle and not isinstance(image, Unknown) else Level.BOLD
    return called, setting, level, (rule, Evidence(claim, known.source))


def _rewritten(
    place: Place, found: list[tuple[Called, Setting, Level, tuple[Evidence, ...]]]
) -> Finding:
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
    edited = Edited(place)
    for called, setting, _, _ in found:
        edited.insert_words(called, setting.behind, " ".join(setting.words))
    because = dict.fromkeys(each for _, _, _, evidence in found for each in evidence)
    return Rewrite(
        node,
        "install no packages that are only recommended",
        max(level for _, _, level, _ in found),
        (*because, Evidence("recommended packages are seldom needed in an image", RULE)),
        (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
    )
