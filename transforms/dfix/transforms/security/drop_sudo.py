"""Drop `sudo` where the build is root already.

## Why
As root, sudo does nothing but start the command in another environment; it has to be installed for
that. Source: https://github.com/hadolint/hadolint/wiki/DL3004

## When it holds back
- unknown-user: the user of the RUN is not known;
- other-environment: sudo resets PATH and VIRTUAL_ENV, which the file sets;
- not-plain: sudo has options, or stands where it cannot be edited.

## Level
`review`: the command sees the build's environment, not the one that sudo cleans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.expand import Undecided
from dfix.refactor.plans.caches import user_of
from dfix.refactor.scripts import spliced
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

RULE = "https://github.com/hadolint/hadolint/wiki/DL3004"
# What sudo's own PATH (secure_path) hides: https://www.sudo.ws/docs/man/sudoers.man/#secure_path
HIDDEN = ("PATH", "VIRTUAL_ENV")

CASES = (
    Case.untouched(
        "a user that needs it",
        before="FROM node:22\nUSER node\nRUN sudo apt-get update && apt-get install sudo\n",
    ),
    Case.rewrites(
        "as root",
        before="FROM debian:12\nRUN sudo apt-get update && \\\n    sudo apt-get install -y curl\n",
        after="FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y curl\n",
    ),
    Case.holds_back(
        "the base image is not known",
        before="FROM registry.example.com/team/base:7\nRUN sudo make\n",
        because="unknown-user",
    ),
    Case.holds_back(
        "the file sets PATH",
        before="FROM debian:12\nENV PATH=/opt/a/bin:$PATH\nRUN sudo make\n",
        because="other-environment",
    ),
    Case.holds_back("options", before="FROM debian:12\nRUN sudo -E make\n", because="not-plain"),
    Case.holds_back(
        "another user", before="FROM debian:12\nRUN sudo -u www-data make\n", because="not-plain"
    ),
)


@transform(
    group="security",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    slugs=("unknown-user", "other-environment", "not-plain"),
    cases=CASES,
    rules=("DL3004",),
)
def drop_sudo(ctx: Context) -> Iterator[Finding]:
    """Drop sudo where the build is root already."""
    for place in ctx.runs(mentioning="sudo"):
        calls = [each for each in place.called if "sudo" in each.wrappers]
        if not calls:
            continue
        user = user_of(place)
        if isinstance(user, Unknown):
            yield hold_back(place, "unknown-user", user.why)
            continue
        if user.value != "root":
            continue
        hidden = next((name for name in HIDDEN if _is_set(place, name)), None)
        if hidden is not None:
            yield hold_back(
                place, "other-environment", f"sudo hides the {hidden} that the file sets"
            )
            continue
        script = place.script
        if script is None or not script.editable or not all(_plain(each) for each in calls):
            yield hold_back(
                place, "not-plain", "sudo has options, or stands where it cannot be edited"
            )
            continue
        node = place.node
        assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
        cuts = [(each.command.words[0].start, each.command.words[1].start, "") for each in calls]
        yield Rewrite(
            node,
            "drop sudo, since the build is root",
            Level.REVIEW,
            (
                Evidence("the user is root", user.source),
                Evidence("sudo is not needed in a build", RULE),
            ),
            (edits.replace(node, edits.bare(node).with_changes(body=spliced(place, cuts))),),
        )


def _plain(called: Called) -> bool:
    """Is sudo the first word, with the command right behind it?"""
    return called.wrappers == ("sudo",) and called.offset == 1 and len(called.command.words) > 1


def _is_set(place: Place, name: str) -> bool:
    try:
        return place.before.declared(name) is not None
    except Undecided:
        return True
