"""Call `apt-get` where a build calls `apt`.

## Why
apt is made for people at a terminal: its output and options may change, and it warns of scripts.
Sources: https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS ,
https://github.com/hadolint/hadolint/wiki/DL3027

## When it holds back
- no-equal: apt-get has no such subcommand, or not with the same meaning (`list`, `search`, `show`);
- not-plain: the command stands where it cannot be edited.

## Level
`review`: the same packages are installed; the output is another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Called

RULE = "https://manpages.debian.org/bookworm/apt/apt.8.en.html#SCRIPT_USAGE_AND_DIFFERENCES_FROM_OTHER_APT_TOOLS"
# What both take with the same words. `apt upgrade` installs new packages, `apt-get upgrade` none:
# https://manpages.debian.org/bookworm/apt/apt-get.8.en.html
EQUAL = frozenset(
    (
        *("update", "install", "reinstall", "remove", "purge", "autoremove", "autopurge"),
        *("satisfy", "source", "build-dep", "clean", "autoclean", "download"),
    )
)
OTHERWISE = {"full-upgrade": "dist-upgrade"}

CASES = (
    Case.untouched(
        "apt-get, and words that are no call",
        before="FROM debian:12\nRUN apt-get update && apt-get install -y apt && echo apt install\n",
    ),
    Case.rewrites(
        "update and install",
        before="FROM debian:12\nRUN apt update && \\\n    sudo apt install -y curl\n",
        after="FROM debian:12\nRUN apt-get update && \\\n    sudo apt-get install -y curl\n",
    ),
    Case.rewrites(
        "upgrades",
        before="FROM debian:12\nRUN apt -y upgrade && apt full-upgrade -y\n",
        after="FROM debian:12\nRUN apt-get -y upgrade --with-new-pkgs && apt-get dist-upgrade -y\n",
    ),
    Case.holds_back(
        "a subcommand that apt-get has not",
        before="FROM debian:12\nRUN apt list --installed\n",
        because="no-equal",
    ),
    Case.holds_back(
        "a subcommand that is not literal",
        before="FROM debian:12\nRUN apt $WHAT\n",
        because="no-equal",
    ),
    Case.holds_back(
        "a here-document",
        before="FROM debian:12\nRUN <<EOF\napt update\nEOF\n",
        because="not-plain",
    ),
)


@transform(
    group="language",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    slugs=("no-equal", "not-plain"),
    cases=CASES,
    rules=("DL3027",),
)
def use_apt_get(ctx: Context) -> Iterator[Finding]:
    """Call apt-get where a build calls apt."""
    for place in ctx.runs(mentioning="apt"):
        calls = [called for called in place.called if called.program == "apt"]
        if not calls:
            continue
        script = place.script
        if script is None or not script.editable:
            yield hold_back(place, "not-plain", "apt is called where it cannot be edited")
            continue
        other = next(
            (each for each in calls if each.verb not in (EQUAL | OTHERWISE.keys() | {"upgrade"})),
            None,
        )
        if other is not None:
            yield hold_back(place, "no-equal", f"apt-get has no equal of apt {other.verb or '...'}")
            continue
        edited = Edited(place)
        for called in calls:
            _rename(edited, called)
        node = place.node
        assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
        yield Rewrite(
            node,
            "call apt-get, which is made for scripts",
            Level.REVIEW,
            (Evidence("apt may change its options and output, apt-get keeps them", RULE),),
            (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
        )


def _rename(edited: Edited, called: Called) -> None:
    written = called.values[0] or ""
    edited.replace_word(called, 0, written.removesuffix("apt") + "apt-get")
    verb = called.verb
    at = called.values.index(verb)
    if verb == "upgrade":
        edited.replace_word(called, at, "upgrade --with-new-pkgs")
    elif verb in OTHERWISE:
        edited.replace_word(called, at, OTHERWISE[verb])
