"""Clean apt's package lists in the layer that fetched them.

## Why
`apt-get update` leaves tens of megabytes under `/var/lib/apt/lists`. A later `RUN` that
removes them does not make the image smaller: the earlier layer still ships them. Source:
https://docs.docker.com/build/building/best-practices/#apt-get

## When it holds back
- used-later: a later command of the stage, or a stage that builds on it, uses the lists without its own update;
- shell-comment: the command ends in a shell comment, and anything appended would become part of it;
- not-plain: the update stands inside a condition, a loop or a function, or the command is no plain list;
- image-for-others: other images build on this one and may rely on its lists.

## Level
`review`: the lists leave the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import ShellForm
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.scripts import appended
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

LISTS = "/var/lib/apt/lists"
RULE = "https://docs.docker.com/build/building/best-practices/#apt-get"
USES = (
    "install",
    "build-dep",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "download",
    "source",
    "satisfy",
)

CASES = (
    Case.untouched(
        "the lists are removed already",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case.untouched(
        "the lists live in a cache mount",
        before=(
            "FROM debian:12\n"
            "RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y curl\n"
        ),
    ),
    Case.untouched("an image without apt", before="FROM alpine\nRUN apk add --no-cache curl\n"),
    Case.rewrites(
        "the last command takes several lines",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y \\\n    jq curl\n",
        after=(
            "FROM debian:12\nRUN apt-get update && apt-get install -y \\\n    jq curl \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
        ),
    ),
    Case.rewrites(
        "update and install together",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y curl\n",
        after="FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n",
    ),
    Case.rewrites(
        "one command a line",
        before="FROM debian:12\nRUN apt-get update \\\n && apt-get install -y \\\n    curl \\\n    git\n",
        after=(
            "FROM debian:12\nRUN apt-get update \\\n && apt-get install -y \\\n    curl \\\n    git \\\n"
            " && rm -rf /var/lib/apt/lists/*\n"
        ),
    ),
    Case.holds_back(
        "a later RUN installs from these lists",
        before="FROM debian:12\nRUN apt-get update\nRUN apt-get install -y curl\n",
        because="used-later",
    ),
    Case.holds_back(
        "a shell comment ends the line",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y curl # for the health check\n",
        because="shell-comment",
    ),
    Case.holds_back(
        "the update is conditional",
        before='FROM debian:12\nRUN if [ -n "$A" ]; then apt-get update && apt-get install -y curl; fi\n',
        because="not-plain",
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.TIDY,
    after=("mount-caches",),
    slugs=("used-later", "shell-comment", "not-plain", "image-for-others"),
    cases=CASES,
    rules=("DL3009",),
)
def clean_apt_lists(ctx: Context) -> Iterator[Finding]:
    """Append the removal of the lists to each RUN that fetches them."""
    for place in ctx.runs(mentioning="update"):
        updates = [called for called in place.called if _updates(called)]
        if (
            not updates
            or _cleans(place)
            or any(mount.target.rstrip("/") == LISTS for mount in place.mounts)
        ):
            continue
        script = place.script
        assert script is not None  # noqa: S101 - commands were read from it
        if not script.editable or any(called.command.context for called in updates):
            yield hold_back(
                place,
                "not-plain",
                "apt-get update stands inside a condition, a loop or a here-document",
            )
        elif script.ends_in_comment:
            yield hold_back(place, "shell-comment", "the command ends in a shell comment")
        elif (user := _later_use(place)) is not None:
            yield hold_back(
                place,
                "used-later",
                f"line {user.line} uses these lists without an update of its own",
            )
        elif place.stage.is_last and ctx.project.for_others is not None:
            yield hold_back(place, "image-for-others", ctx.project.for_others)
        else:
            node = place.node
            assert isinstance(node.body, ShellForm)  # type: ignore[attr-defined]  # noqa: S101 - it has a script
            # Whoever is not root and fetched them through sudo can remove them only so.
            sudo = "sudo " if any("sudo" in called.wrappers for called in updates) else ""
            body = appended(place, f"{sudo}rm -rf {LISTS}/*")
            yield Rewrite(
                place.node,
                "remove apt's package lists in the layer that fetched them",
                Level.REVIEW,
                (
                    Evidence(f"{LISTS} is written here and read by no later command", place.where),
                    Evidence("lists removed by a later RUN still ship in the earlier layer", RULE),
                ),
                (
                    edits.replace(
                        edits_target := place.node, edits.bare(edits_target).with_changes(body=body)
                    ),
                ),
            )


def _updates(called: Called) -> bool:
    return called.program in ("apt-get", "apt") and called.verb == "update"


def _uses(called: Called) -> bool:
    return called.program in ("apt-get", "apt", "aptitude", "apt-cache") and called.verb in USES


def _cleans(place: Place) -> bool:
    """Does the RUN already remove the lists, in whatever words?"""
    return any(
        called.program in ("rm", "find")
        and any(word and word.startswith(("/var/lib/apt", "/var/lib/*")) for word in called.values)
        for called in place.called
    )


def _later_use(place: Place) -> Place | None:
    """The first later instruction that needs the lists: it installs, or does what cannot be read, before an update."""
    queue = [*place.following]
    queue += [
        each for stage in place.model.stages if _builds_on(stage, place) for each in stage.places
    ]
    for later in queue:
        for called in later.called if hasattr(later.node, "body") else ():
            if _updates(called):
                return None
            if _uses(called):
                return later
    return None


def _builds_on(stage: object, place: Place) -> bool:
    parent = getattr(stage, "parent", None)
    while parent is not None:
        if parent is place.stage:
            return True
        parent = parent.parent
    return False
