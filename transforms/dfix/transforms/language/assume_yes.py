"""Answer a package manager's question beforehand.

## Why
Nobody answers a question during a build: an install that asks is ended, the day when it pulls in
one package more than it was told. Sources:
https://manpages.debian.org/bookworm/apt/apt-get.8.en.html (-y), https://github.com/hadolint/hadolint/wiki/DL3014 ,
https://dnf.readthedocs.io/en/latest/command_ref.html (-y),
https://en.opensuse.org/SDB:Zypper_manual_(plain) (--non-interactive)

## When it holds back
- not-plain: the command stands where it cannot be edited.

## Level
`review`: what was not asked is the same; what was asked goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Asks(NamedTuple):
    """A program that asks: on which subcommands, and by which words it does not."""

    verbs: frozenset[str]
    short: str  # the letter that answers, alone or among others
    long: frozenset[str]
    flag: str
    source: str


# apt-get does not ask under -qq either: "-qq implies -y". A setting may be given by -o.
APT = Asks(
    frozenset(
        {
            "install",
            "upgrade",
            "dist-upgrade",
            "full-upgrade",
            "remove",
            "purge",
            "autoremove",
            "build-dep",
            "reinstall",
            "satisfy",
        }
    ),
    "y",
    frozenset(
        {
            "--yes",
            "--assume-yes",
            "--assume-no",
            "--trivial-only",
            "--print-uris",
            "--simulate",
            "--dry-run",
            "--just-print",
            "--no-act",
            "--recon",
            "--download-only",
        }
    ),
    "-y",
    "https://manpages.debian.org/bookworm/apt/apt-get.8.en.html",
)
DNF = Asks(
    frozenset(
        {
            "install",
            "update",
            "upgrade",
            "remove",
            "erase",
            "reinstall",
            "downgrade",
            "groupinstall",
            "builddep",
            "localinstall",
            "autoremove",
            "distro-sync",
        }
    ),
    "y",
    frozenset({"--assumeyes", "--assumeno", "--downloadonly"}),
    "-y",
    "https://dnf.readthedocs.io/en/latest/command_ref.html",
)
ZYPPER = Asks(
    frozenset({"install", "in", "update", "up", "dist-upgrade", "dup", "remove", "rm", "patch"}),
    "ny",
    frozenset({"--non-interactive", "--no-confirm", "--quiet-install", "--dry-run"}),
    "-y",
    "https://en.opensuse.org/SDB:Zypper_manual_(plain)",
)
SILENT = 2  # -qq implies -y
PROGRAMS = {
    "apt-get": APT,
    "apt": APT,
    "dnf": DNF,
    "yum": DNF,
    "microdnf": DNF,
    "zypper": ZYPPER,
}

CASES = (
    Case.untouched(
        "answered already",
        before=(
            "FROM debian:12\nRUN apt-get -y install a && apt-get install -qqy b && apt-get install --yes c\n"
            "RUN apt-get install -qq d && apt-get -o APT::Get::Assume-Yes=true install e && yes | apt-get install f\n"
        ),
    ),
    Case.untouched(
        "nothing is asked",
        before="FROM debian:12\nRUN apt-get update && apt-get clean && apt-get -s install a\n",
    ),
    Case.untouched(
        "answered by other words",
        before=(
            "FROM fedora:42\nRUN dnf install -y a && dnf --assumeyes install b\n"
            "RUN zypper -n in c && zypper in -y d\n"
        ),
    ),
    Case.rewrites(
        "behind the subcommand",
        before="FROM debian:12\nRUN apt-get update && \\\n    apt-get install \\\n      curl\n",
        after="FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y \\\n      curl\n",
    ),
    Case.rewrites(
        "dnf, yum and zypper",
        before="FROM fedora:42\nRUN dnf install git && yum --nogpgcheck update && zypper in curl\n",
        after="FROM fedora:42\nRUN dnf install -y git && yum --nogpgcheck update -y && zypper in -y curl\n",
    ),
    Case.holds_back(
        "a here-document",
        before="FROM debian:12\nRUN <<EOF\napt-get install curl\nEOF\n",
        because="not-plain",
    ),
)


@transform(
    group="language",
    ceiling=Level.REVIEW,
    phase=Phase.MODERNISE,
    after=("use-apt-get",),
    slugs=("not-plain",),
    cases=CASES,
    rules=(
        "DL3014",
        "DL3030",
        "DL3034",
        "DL3038",
    ),
)
def assume_yes(ctx: Context) -> Iterator[Finding]:
    """Answer a package manager's question beforehand."""
    for place in ctx.model.runs():
        asking = [called for called in place.called if _asks(called)]
        if not asking:
            continue
        script = place.script
        if script is None or not script.editable:
            yield hold_back(
                place, "not-plain", f"{asking[0].program} is called where it cannot be edited"
            )
            continue
        edited = Edited(place)
        for called in asking:
            at = called.values.index(called.verb)
            edited.replace_word(called, at, f"{called.verb} {PROGRAMS[called.program].flag}")
        node = place.node
        assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
        names = ", ".join(dict.fromkeys(called.program for called in asking))
        yield Rewrite(
            node,
            f"let {names} ask nothing",
            Level.REVIEW,
            (Evidence("nobody answers during a build", PROGRAMS[asking[0].program].source),),
            (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
        )


def _asks(called: Called) -> bool:
    """Does this command ask, as far as its words tell?"""
    rule = PROGRAMS.get(called.program)
    if rule is None or called.verb not in rule.verbs or "pipeline" in called.command.context:
        return False
    words = [word for word in called.values[1:] if word is not None]
    if len(words) < len(called.values) - 1:
        return False  # a variable may hold the flag
    if any(_answers(word, rule) for word in words):
        return False
    quiet = sum(word.count("q") for word in words if word.startswith("-") and word[1:2] != "-")
    return rule is not APT or (quiet < SILENT and "-q=2" not in words)


def _answers(word: str, rule: Asks) -> bool:
    if word.startswith("--"):
        return word.partition("=")[0] in rule.long
    if word.startswith("-"):
        return any(letter in word for letter in rule.short + "sd")
    return "assume-yes" in word.lower() or "assumeyes" in word.lower()
