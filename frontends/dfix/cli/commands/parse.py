"""`dfix parse`: how Dockerfiles are read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from dfix.cli.commands.refactor import emit
from dfix.cli.discovery import discover
from dfix.cli.exits import CHANGES, DONE, UNSETTLED, WRONG_USE

if TYPE_CHECKING:
    from dfix.grammar.nodes import Dockerfile, Node, Token


@click.command("parse")
@click.argument("paths", nargs=-1, type=click.UNPROCESSED)
@click.option("--roundtrip", is_flag=True, help="Print each tree and compare it with its file.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], *, roundtrip: bool) -> None:
    """Show the trees of Dockerfiles.

    With --roundtrip, print each tree from its leaves and compare it byte by byte with the file: the
    paths of those that differ are shown, and the exit code is 1 if there are any.
    """
    from dfix.grammar import NotText, encode, parse  # noqa: PLC0415 - --help does without

    found, problems = discover(paths or (".",), os.getcwd())
    code = DONE
    for problem in problems:
        emit(f"error: {problem.path}: {problem.sentence}\n", err=True)
        code = max(code, WRONG_USE)
    for each in found:
        name = os.path.relpath(each.file)
        try:
            with open(each.file, "rb") as stream:
                data = stream.read()
            tree = parse(data)
        except OSError as error:
            emit(f"error: {name}: {(error.strerror or str(error)).lower()}\n", err=True)
            code = max(code, WRONG_USE)
            continue
        except NotText as error:
            emit(f"error: {name}: {error}\n", err=True)
            code = max(code, UNSETTLED)
            continue
        if roundtrip:
            if encode("".join(leaf.code for leaf in tree.leaves())) != data:
                emit(f"{name}\n")
                code = max(code, CHANGES)
            continue
        code = max(code, _show(name, tree))
    ctx.exit(code)


def _show(name: str, tree: Dockerfile) -> int:
    emit(f"{name}\n")
    _outline(tree, 1)
    for diagnostic in tree.diagnostics:
        emit(f"error: {diagnostic.render(name)}\n", err=True)
    return UNSETTLED if tree.diagnostics else DONE


def _outline(node: Node | Token, depth: int) -> None:
    """A node a line, indented by depth; a token with its kind and text."""
    lead = "  " * depth
    children = getattr(node, "children", None)
    if children is None:
        emit(f"{lead}{node!r}\n")
        return
    emit(f"{lead}{type(node).__name__}\n")
    for child in children():
        if child.code:
            _outline(child, depth + 1)
