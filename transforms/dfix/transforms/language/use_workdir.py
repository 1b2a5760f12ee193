"""Change the folder by WORKDIR, not by `cd` in front of a RUN's commands.

## Why
A `cd` holds for one RUN and is easily forgotten in the next; WORKDIR is seen by every instruction
and every reader. Source: https://docs.docker.com/build/building/best-practices/#workdir

## When it holds back
- unknown-directory: the folder in force, which is set again behind the RUN, is not known;
- not-plain: the script changes its folder a second time, or `cd` is not joined to what follows by `&&`.

## Level
`review` where nothing behind the RUN needs the old folder; else `bold`, since a second WORKDIR sets
it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, ShellForm, Workdir
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.scripts import spliced
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Place

RULE = "https://docs.docker.com/build/building/best-practices/#workdir"
MOVES = frozenset({"cd", "pushd", "popd"})

CASES = (
    Case.untouched("no cd in front", before="FROM alpine\nWORKDIR /a\nRUN b && (cd c && d)\n"),
    Case.untouched("a cd alone does nothing", before="FROM alpine\nRUN cd /a\n"),
    Case.rewrites(
        "the stage sets another folder below, or ends",
        before=(
            "FROM alpine\nRUN cd /src && make\nWORKDIR /srv\nRUN cd web && \\\n    make\n"
            "FROM alpine\nCOPY --from=0 /a /a\n"
        ),
        after=(
            "FROM alpine\nWORKDIR /src\nRUN make\nWORKDIR /srv\nWORKDIR /srv/web\nRUN make\n"
            "FROM alpine\nCOPY --from=0 /a /a\n"
        ),
    ),
    Case.rewrites(
        "the folder in force is set again",
        before="FROM alpine\nWORKDIR /srv\nRUN cd /src && make\nCMD a\n",
        after="FROM alpine\nWORKDIR /srv\nWORKDIR /src\nRUN make\nWORKDIR /srv\nCMD a\n",
    ),
    Case.holds_back(
        "the folder in force is not known",
        before="FROM registry.example.com/team/base:7\nRUN cd /src && make\nRUN ls\n",
        because="unknown-directory",
    ),
    Case.holds_back(
        "another cd", before="FROM alpine AS b\nRUN cd /a && b && cd c && d\n", because="not-plain"
    ),
    Case.holds_back("a semicolon", before="FROM alpine AS b\nRUN cd /a; b\n", because="not-plain"),
)


@transform(
    group="language",
    ceiling=Level.BOLD,
    phase=Phase.MODERNISE,
    after=("use-absolute-workdir",),
    slugs=("unknown-directory", "not-plain"),
    cases=CASES,
    rules=("DL3003",),
)
def use_workdir(ctx: Context) -> Iterator[Finding]:
    """Change the folder by WORKDIR."""
    for place in ctx.runs(mentioning="cd "):
        script, node = place.script, place.node
        assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
        if script is None or not script.editable or not isinstance(node.body, ShellForm):
            continue
        first = script.elements[0].simple
        if first is None or first.values[:1] != ("cd",) or len(script.elements) == 1:
            continue
        moves = sum(
            command.values[:1] != () and command.values[0] in MOVES for command in script.commands
        )
        if moves > 1 or script.elements[0].operator != "&&" or len(first.values) != 2:  # noqa: PLR2004 - cd and a folder
            yield hold_back(place, "not-plain", "its cd is not the only one, or not joined by &&")
            continue
        second = (
            next(each for each in place.called if each.element == 1)
            if len(place.called) > 1
            else None
        )
        target = Unknown("it is not literal") if second is None else second.directory
        if isinstance(target, Unknown):
            yield hold_back(
                place, "not-plain", f"where its cd leads is not known, since {target.why}"
            )
            continue
        restored = _needed_behind(place)
        before = place.before.workdir
        if restored and isinstance(before, Unknown):
            yield hold_back(
                place, "unknown-directory", f"the folder in force is not known, since {before.why}"
            )
            continue
        body = spliced(place, [(0, script.elements[1].start, "")])
        run = edits.bare(node).with_changes(body=body)
        new = [compose.workdir(ctx.style, target.value), run]
        if restored and isinstance(before, Known):
            new.append(compose.workdir(ctx.style, before.value))
        yield Rewrite(
            node,
            f"work in {target.value} by WORKDIR",
            Level.BOLD if restored else Level.REVIEW,
            (
                Evidence("the RUN begins with cd", place.where),
                Evidence("WORKDIR holds until the next one", RULE),
            ),
            (edits.expand(node, *new),),
        )


def _needed_behind(place: Place) -> bool:
    """Does anything behind the RUN depend on the folder in force: an instruction, the image, a stage built on it?"""
    for later in place.following:
        if isinstance(later.node, Workdir):
            return not later.node.value.startswith("/")
        if later.node.name not in {"ARG", "ENV", "LABEL", "EXPOSE", "USER"}:
            return True
    stage = place.stage
    built_on = any(each.parent is stage for each in place.model.stages)
    return stage.is_last or stage.name is not None or built_on
