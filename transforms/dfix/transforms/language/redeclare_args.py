"""Declare a global argument again in the stage that uses it.

## Why
An ARG in front of the first FROM holds for FROM lines alone. In a stage that does not declare it
again, `$VERSION` is empty, or what the base image has under that name.
Sources: https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact ,
https://docs.docker.com/reference/build-checks/undefined-var/

## When it holds back
- base-may-set: the base image may set a variable of that name;
- decides: the value decides which branch a command takes today.

## Level
`bold`: the argument has a value where it was empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Arg, Env, Pair, Run, ShellForm, Token, Transfer, Workdir
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.expand import Undecided, variables
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Place, Stage

RULE = "https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact"

CASES = (
    Case.untouched(
        "declared again, or used by FROM alone",
        before="ARG V=1\nARG W=2\nFROM alpine:$W AS a\nARG V\nRUN echo $V\nFROM a\nENV W=3\nRUN echo $W\n",
    ),
    Case.untouched("the script sets it", before="ARG V=1\nFROM alpine\nRUN V=2 && echo $V\n"),
    Case.rewrites(
        "used in a RUN",
        before="ARG V=1\nFROM alpine\n# fetch it\nRUN wget https://example.com/$V.tgz\nRUN echo ${V}\n",
        after="ARG V=1\nFROM alpine\nARG V\n# fetch it\nRUN wget https://example.com/$V.tgz\nRUN echo ${V}\n",
    ),
    Case.rewrites(
        "used in COPY and ENV",
        before="ARG V=1\nFROM alpine\nCOPY a-$V /a\nENV A=$V\n",
        after="ARG V=1\nFROM alpine\nARG V\nCOPY a-$V /a\nENV A=$V\n",
    ),
    Case.holds_back(
        "the base image is not known",
        before="ARG V=1\nFROM registry.example.com/team/base:7\nRUN echo $V\n",
        because="base-may-set",
    ),
    Case.holds_back(
        "a branch hangs on it",
        before='ARG V=1\nFROM alpine\nRUN if [ -z "$V" ]; then a; else b; fi\n',
        because="decides",
    ),
    Case.holds_back(
        "a default hangs on it",
        before="ARG V=1\nFROM alpine\nRUN echo ${V:-2}\n",
        because="decides",
    ),
)


@transform(
    group="language",
    ceiling=Level.BOLD,
    phase=Phase.REPAIR,
    slugs=("base-may-set", "decides"),
    cases=CASES,
    rules=("UndefinedVar",),
)
def redeclare_args(ctx: Context) -> Iterator[Finding]:
    """Declare a global argument again where a stage uses it."""
    names = [pair.name for node in ctx.model.globals for pair in node.pairs]
    for stage in ctx.model.stages if names else ():
        for name in dict.fromkeys(names):
            place = _first_use(stage, name)
            if place is None:
                continue
            try:
                if place.before.variable(name) is not None:
                    continue
            except Undecided as undecided:
                if not place.before.stage.places or _declares(place, name):
                    continue
                yield hold_back(place, "base-may-set", f"{name} may come from {undecided}")
                continue
            if any(_decides(each, name) for each in stage.places):
                yield hold_back(
                    place, "decides", f"what is done depends on whether {name} is empty"
                )
                continue
            pair = Pair(Token("KEY", name, " "), None, None)
            arg = Arg(
                edits.no_gap(),
                (),
                compose.keyword(ctx.style, "ARG"),
                (),
                (pair,),
                compose.end(ctx.style),
            )
            yield Rewrite(
                place.node,
                f"declare {name} again, which is empty in this stage",
                Level.BOLD,
                (
                    Evidence(
                        f"{name} is declared in front of the first FROM alone", ctx.model.path
                    ),
                    Evidence("such an argument holds for FROM lines", RULE),
                ),
                (edits.insert_before(place.node, arg),),
                may_change=frozenset({"ENV", "LABEL", "WORKDIR", "USER", "EXPOSE", "VOLUME"}),
            )


def _declares(place: Place, name: str) -> bool:
    return any(
        isinstance(each.node, Arg | Env) and any(pair.name == name for pair in each.node.pairs)
        for each in place.preceding
    )


def _first_use(stage: Stage, name: str) -> Place | None:
    """The first instruction that expands the name while nothing in the stage sets it."""
    for place in stage.places[1:]:
        node = place.node
        if isinstance(node, Arg | Env) and any(pair.name == name for pair in node.pairs):
            if isinstance(node, Env) and name in _names(place):
                return place
            return None
        if name in _names(place):
            return place
    return None


def _names(place: Place) -> set[str]:
    """The variables that an instruction expands, its own assignments left out."""
    node = place.node
    if isinstance(node, Run):
        script = place.script
        if script is None or not isinstance(node.body, ShellForm):
            return set()
        own = {name for command in script.commands for name, _ in command.assignments}
        loops = {
            word
            for command in script.commands
            if command.values[:1] in (("read",), ("export",), ("for",))
            for word in command.values
            if word
        }
        return set(script.variables) - own - loops
    if isinstance(node, Env):
        return {
            name for pair in node.pairs for name in variables(pair.value or "", place.stage.escape)
        }
    if isinstance(node, Transfer):
        return {name for word in node.paths.values for name in variables(word, place.stage.escape)}
    if isinstance(node, Workdir):
        return set(variables(node.value, place.stage.escape))
    return set()


def _decides(place: Place, name: str) -> bool:
    """May a command do something else where the variable is not empty?"""
    node = place.node
    if not isinstance(node, Run):
        return any(f"{{{name}{mark}" in leaf.value for leaf in node.leaves() for mark in ":-+?%#/")
    script = place.script
    if script is None or name not in script.variables:
        return False
    if any(f"{{{name}{mark}" in script.text for mark in (":", "-", "+", "?", "%", "#", "/", "=")):
        return True
    return any(
        name in word.variables
        and (
            command.values[:1] in (("[",), ("test",), ("[[",)) or command.context & {"case", "loop"}
        )
        for command in script.commands
        for word in command.words
    )
