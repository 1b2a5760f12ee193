"""What an instruction uses that not every Dockerfile frontend has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import syntax
from dfix.grammar.nodes import Add, Healthcheck, Onbuild, Run, Start
from dfix.refactor.model.runs import mounts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.syntax import Feature
    from dfix.grammar.nodes import Instruction

# Behind a variable's name inside braces: `${name#pattern}`, `${name%pattern}`, `${name/pattern/replacement}`.
TRIMS = "#%/"


def features(node: Instruction) -> Iterator[Feature]:
    """The features of an instruction that came with some release of the frontend, in no order."""
    if isinstance(node, Onbuild):
        yield from features(node.instruction)
        return
    for flag in node.options:
        found = syntax.of_flag(node.name, flag.name)
        if found is not None:
            yield found
        if flag.name == "chmod":
            if "$" in flag.value:
                yield syntax.named("chmod-variable")
            elif flag.value and not flag.value.isdigit():
                yield syntax.named("chmod-symbolic")
    if getattr(node, "heredocs", ()):
        yield syntax.named("heredoc")
    if isinstance(node, Add) and any(_is_git(source) for source in node.sources):
        yield syntax.named("add-git")
    if any(mount.type == "secret" and "env" in mount.options for mount in mounts_of(node)):
        yield syntax.named("secret-env")
    if not isinstance(node, Run | Start | Healthcheck) and _trims(node):
        yield syntax.named("trim")


def _is_git(source: str) -> bool:
    """Is a source of ADD a git address?

    https://docs.docker.com/reference/dockerfile/#add-git-repository
    """
    address = source.partition("#")[0]
    return source.startswith("git@") or ("://" in address and address.endswith(".git"))


def _trims(node: Instruction) -> bool:
    for leaf in node.leaves():
        text = leaf.value
        at = text.find("${")
        while at >= 0 and leaf.kind != "COMMENT":
            end = at + 2
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            if text[end : end + 1] and text[end] in TRIMS:
                return True
            at = text.find("${", end)
    return False
