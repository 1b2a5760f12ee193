"""Write keywords in one case, and stage names in lower case.

## Why
A file that writes `FROM` here and `run` there is hard to read, and BuildKit's checks name each
such line. The case that most keywords have wins; `AS` follows its `FROM`.
Sources: https://docs.docker.com/reference/build-checks/consistent-instruction-casing/ ,
https://docs.docker.com/reference/build-checks/from-as-casing/ ,
https://docs.docker.com/reference/build-checks/stage-name-casing/

## When it holds back
Never. A stage name that the file spells in two ways is written in lower case wherever it stands.

## Level
`safe`: BuildKit reads keywords and stage names in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import From, Healthcheck, Onbuild, Run, Transfer
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.grammar.nodes import Flag, Instruction, Token
    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/build-checks/consistent-instruction-casing/"

CASES = (
    Case.untouched("all in upper case", before="FROM alpine AS b\nRUN a\nFROM b\nCMD c\n"),
    Case.untouched("all in lower case", before="from alpine as b\nrun a\nfrom b\ncmd c\n"),
    Case.untouched("a name of its own in a path", before="FROM alpine\nCOPY Builder /Builder\n"),
    Case.rewrites(
        "most are in upper case",
        before="FROM alpine as b\nrun a\nUser 1\nCMD c\n",
        after="FROM alpine AS b\nRUN a\nUSER 1\nCMD c\n",
    ),
    Case.rewrites(
        "most are in lower case",
        before="from alpine AS b\nrun a\nUSER 1\n",
        after="from alpine as b\nrun a\nuser 1\n",
    ),
    Case.rewrites(
        "a stage name, wherever it stands",
        before=(
            "FROM alpine AS Builder\nRUN a\nFROM Builder AS Last\nCOPY --from=Builder /Builder /a\n"
            "RUN --mount=type=bind,from=Builder,target=/b c\n"
        ),
        after=(
            "FROM alpine AS builder\nRUN a\nFROM builder AS last\nCOPY --from=builder /Builder /a\n"
            "RUN --mount=type=bind,from=builder,target=/b c\n"
        ),
    ),
    Case.rewrites(
        "inside ONBUILD and HEALTHCHECK",
        before="FROM alpine\nonbuild run a\nHEALTHCHECK cmd b\nCMD c\n",
        after="FROM alpine\nONBUILD RUN a\nHEALTHCHECK CMD b\nCMD c\n",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    cases=CASES,
    rules=(
        "ConsistentInstructionCasing",
        "FromAsCasing",
        "StageNameCasing",
    ),
)
def normalize_casing(ctx: Context) -> Iterator[Finding]:
    """Write keywords in one case, and stage names in lower case."""
    instructions = ctx.file.instructions
    words = [each.keyword.value for each in instructions]
    upper = sum(word.isupper() for word in words) * 2 >= sum(
        word.isupper() or word.islower() for word in words
    )
    wanted = str.upper if upper else str.lower
    names = {
        stage.name.lower() for stage in ctx.model.stages if stage.name and not stage.name.islower()
    }
    changed = [
        (old, new) for old in instructions if (new := _named(_cased(old, wanted), names)) is not old
    ]
    if changed:
        yield Rewrite(
            changed[0][0],
            "write keywords and stage names in one case",
            Level.SAFE,
            (Evidence("BuildKit reads keywords and stage names in any case", RULE),),
            tuple(edits.Change(old, (new,)) for old, new in changed),
        )


def _cased(node: Instruction, wanted: Callable[[str], str]) -> Instruction:
    """The instruction with its keywords in the wanted case; itself if they are."""
    changes: dict[str, object] = {}
    keyword = _with_text(node.keyword, wanted)
    if keyword is not node.keyword:
        changes["keyword"] = keyword
    if isinstance(node, From) and node.as_word is not None:
        word = _with_text(node.as_word, wanted)
        if word is not node.as_word:
            changes["as_word"] = word
    if isinstance(node, Healthcheck):
        kind = _with_text(node.kind, wanted)
        if kind is not node.kind:
            changes["kind"] = kind
    if isinstance(node, Onbuild):
        inner = _cased(node.instruction, wanted)
        if inner is not node.instruction:
            changes["instruction"] = inner
    return node.with_changes(**changes) if changes else node


def _with_text(token: Token, wanted: Callable[[str], str]) -> Token:
    if token.text != token.value:  # a line break inside a keyword
        return token
    text = wanted(token.text)
    return token if text == token.text else token.with_changes(text=text)


def _named(node: Instruction, names: set[str]) -> Instruction:
    """The instruction with these stage names in lower case."""
    if not names:
        return node
    if isinstance(node, From):
        changes = {
            field: token.with_changes(text=token.text.lower())
            for field in ("image", "alias")
            if (token := getattr(node, field)) is not None
            and token.text.lower() in names
            and not token.text.islower()
        }
        return node.with_changes(**changes) if changes else node
    if not isinstance(node, Run | Transfer):
        return node
    flags = tuple(_flag(each, names) for each in node.flags)
    same = all(new is old for new, old in zip(flags, node.flags, strict=True))
    return node if same else node.with_changes(flags=flags)


def _flag(flag: Flag, names: set[str]) -> Flag:
    content = flag.content
    if content is None:
        return flag
    if flag.name == "from":
        text = content.text.lower() if content.text.lower() in names else content.text
    elif flag.name == "mount":
        text = ",".join(_option(part, names) for part in content.text.split(","))
    else:
        return flag
    return (
        flag if text == content.text else flag.with_changes(content=content.with_changes(text=text))
    )


def _option(part: str, names: set[str]) -> str:
    name, equals, value = part.partition("=")
    if name.strip().lower() == "from" and value.lower() in names:
        return f"{name}{equals}{value.lower()}"
    return part
