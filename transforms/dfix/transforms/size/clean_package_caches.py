"""Leave no package manager's downloads in the layer that fetched them.

## Why
What a package manager downloads stays in its cache, and ships with the layer. Nobody reads it
where the image runs, and a later `RUN` that removes it does not make the image smaller. Source:
https://docs.docker.com/build/building/best-practices/

## When it holds back
- used-later: a later step looks in the cache, works offline from it, or may;
- shell-comment: the command ends in a shell comment, and anything appended would become part of it;
- not-plain: the call stands where it cannot be edited, or where the clean-up would not run behind it;
- image-for-others: other images build on this one and may rely on its caches.

Where a mount holds the cache nothing is left behind, and a stage that only builds does not ship.

## Level
`review`: downloads leave the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import CacheKind, Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.model.reach import shipped as shipped_stages
from dfix.refactor.plans import caches as plan
from dfix.refactor.plans import machine
from dfix.refactor.plans.emptying import emptied, removed
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, HeldBack, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Cache, Setting
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

RULE = "https://docs.docker.com/build/building/best-practices/"

CASES = (
    Case.untouched("nothing is kept", before="FROM alpine:3.20\nRUN apk add --no-cache curl\n"),
    Case.untouched(
        "a mount holds the cache",
        before=(
            "FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask\n"
        ),
    ),
    Case.untouched(
        "a stage that only builds does not ship",
        before=(
            "FROM rockylinux:9 AS build\nRUN dnf install -y gcc\nFROM rockylinux:9\nCOPY --from=build /app /app\n"
        ),
    ),
    Case.rewrites(
        "apk fetches the index and keeps nothing",
        before="FROM alpine:3.20\nRUN apk update && apk add curl\n",
        after="FROM alpine:3.20\nRUN apk add --no-cache curl\n",
    ),
    Case.rewrites(
        "dnf cleans up behind itself",
        before="FROM rockylinux:9\nRUN dnf install -y httpd \\\n && systemctl enable httpd\n",
        after=(
            "FROM rockylinux:9\nRUN dnf install -y httpd \\\n && systemctl enable httpd \\\n && dnf clean all\n"
        ),
    ),
    Case.rewrites(
        "pip keeps nothing",
        before="FROM python:3.12\nRUN pip install flask\n",
        after="FROM python:3.12\nRUN pip install --no-cache-dir flask\n",
    ),
    Case.holds_back(
        "a later step looks in the index",
        before="FROM alpine:3.20\nCOPY setup.sh /\nRUN apk update && apk add curl\nRUN /setup.sh\n",
        because="used-later",
    ),
    Case.holds_back(
        "a shell comment ends the line",
        before="FROM rockylinux:9\nRUN dnf install -y httpd # the server\n",
        because="shell-comment",
    ),
)


class Left(NamedTuple):
    """A call that leaves its downloads in the layer, and what would not."""

    called: Called
    setting: Setting


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.TIDY,
    after=("mount-caches", "clean-apt-lists"),
    slugs=("used-later", "shell-comment", "not-plain", "image-for-others"),
    cases=CASES,
)
def clean_package_caches(ctx: Context) -> Iterator[Finding]:
    """Have each call in a stage that ships leave nothing behind."""
    shipped = shipped_stages(ctx.model, machine.targets(ctx))
    for place in ctx.model.calling:
        if place.stage.index not in shipped:
            continue
        left: list[Left] = []
        for called in place.called:
            found = _left(ctx, place, called)
            if isinstance(found, HeldBack):
                yield found
            elif found is not None:
                left.append(found)
        if not left:
            continue
        yield _rewritten(place, left)


def _left(ctx: Context, place: Place, called: Called) -> Left | HeldBack | None:
    """What a call leaves behind; None if that is nothing, or nothing is known of it."""
    call = called.managed
    if call is None or call.role not in (Role.INSTALL, Role.ADD, Role.PROJECT):
        return None
    setting = ecosystem_of(call).cleaning(call)
    filled = plan.filled(ctx, place, called)
    caches = () if isinstance(filled, Unknown) else filled
    if setting is None or (isinstance(filled, Unknown) and not call.distribution):
        return None
    if plan.disabling_variable(place, called) is not None:
        return None
    if _held_by_a_mount(place, called, caches, setting) or _cleaned(place, called, caches, setting):
        return None
    for cache in caches:
        reader = plan.read_later(place, called, cache) if cache.kind is CacheKind.STORE else None
        obstacle = plan.obstacle(ctx, place, called, cache)
        if reader is None and obstacle is not None and obstacle[0] == "read-later":
            reader = obstacle[1]
        if reader is not None:
            return hold_back(place, "used-later", reader)
    if ctx.project.for_others is not None:
        return hold_back(place, "image-for-others", ctx.project.for_others)
    script = place.script
    if script is None or not script.editable:
        return hold_back(place, "not-plain", f"{called.program} stands in a here-document")
    if setting.command and called.command.context:
        return hold_back(
            place, "not-plain", f"{called.program} stands inside a condition, a loop or a function"
        )
    if setting.command and script.ends_in_comment:
        return hold_back(place, "shell-comment", "the command ends in a shell comment")
    return Left(called, setting)


def _held_by_a_mount(
    place: Place, called: Called, caches: tuple[Cache, ...], setting: Setting
) -> bool:
    """Does a mount of the RUN hold the cache, or may it?"""
    lying = [plan.target(place, called, cache) for cache in caches]
    folders = [*setting.folders, *(each.value for each in lying if isinstance(each, Known))]
    for mount in place.mounts:
        if mount.type not in ("cache", "tmpfs"):
            continue
        target = place.before.resolve(mount.target)
        if isinstance(target, Unknown) or not target.value.startswith("/"):
            return True
        if any(paths.overlap(paths.join("/", target.value), folder) for folder in folders):
            return True
    return False


def _cleaned(place: Place, called: Called, caches: tuple[Cache, ...], setting: Setting) -> bool:
    """Does the RUN clean up already?"""
    call = called.managed
    assert call is not None  # noqa: S101 - the caller looked
    lying = [(cache, plan.target(place, called, cache)) for cache in caches]
    if any(
        isinstance(target, Known) and emptied(place, called, cache, target.value)
        for cache, target in lying
    ):
        return True
    return any(
        (
            each.managed is not None
            and each.managed.role is Role.CLEAN
            and each.managed.ecosystem == call.ecosystem
        )
        or any(removed(each, folder) for folder in setting.folders)
        for each in place.called
        if each.element >= called.element
    )


def _rewritten(place: Place, left: list[Left]) -> Finding:
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
    edited = Edited(place)
    behind: dict[str, None] = {}
    because: dict[str, Evidence] = {}
    for called, setting in left:
        text = " ".join(setting.words or setting.command)
        because[text] = Evidence(f"{text} leaves nothing in the layer", setting.source)
        if setting.words:
            edited.insert_words(called, setting.behind, text)
            for index in setting.drops:
                edited.remove_word(called, index)
        else:
            behind.setdefault(f"{'sudo ' if 'sudo' in called.wrappers else ''}{text}")
    for called in _superseded(place, left):
        edited.remove_command(called)
    for text in behind:
        edited.put_behind(text)
    managers = {
        ecosystem_of(each.called.managed).knowledge.title: None
        for each in left
        if each.called.managed
    }
    return Rewrite(
        node,
        f"leave no downloads of {', '.join(managers)} in the layer",
        Level.REVIEW,
        (
            *because.values(),
            Evidence("what a later RUN removes still ships in the earlier layer", RULE),
        ),
        (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
    )


def _superseded(place: Place, left: list[Left]) -> list[Called]:
    """Commands that are for nothing now: every call of their manager in the RUN is understood and does without."""
    found: list[Called] = []
    changed = [each.called for each in left]
    for called in place.called:
        call = called.managed
        if call is None or called.command.context or called.command.redirects:
            continue
        if not any(
            call.verb in each.setting.supersedes
            and each.called.managed is not None
            and each.called.managed.ecosystem == call.ecosystem
            for each in left
        ):
            continue
        manager = ecosystem_of(call)
        others = [each for each in place.called if each.program in manager.knowledge.programs]
        if all(
            each is called
            or each in changed
            or (each.managed is not None and not manager.looks_in(each.managed))
            for each in others
        ):
            found.append(called)
    return found
