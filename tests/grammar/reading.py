"""The tree in the terms of BuildKit's parser, for comparison with the oracle."""

from __future__ import annotations

from oracle import Command

from dfix.grammar import Positions
from dfix.grammar.nodes import (
    Arg,
    Assignments,
    Dockerfile,
    ExecForm,
    From,
    Healthcheck,
    Instruction,
    Listing,
    Node,
    Onbuild,
    Run,
    ShellForm,
    Single,
    Start,
    Transfer,
)


def commands(file: Dockerfile) -> list[Command]:
    """Command, flags, value, form and lines of every instruction."""
    positions = Positions(file)
    return [
        Command(
            f"ONBUILD {node.instruction.name}" if isinstance(node, Onbuild) else node.name,
            flags(node),
            value(node),
            is_json(node),
            *positions.span(node),
        )
        for node in file.instructions
    ]


def flags(node: Instruction) -> tuple[str, ...]:
    """The flags as BuildKit keeps them; `--` alone only ends them."""
    return tuple(
        f"--{flag.name}" + (f"={flag.value}" if flag.equals else "")
        for flag in node.options
        if flag.equals or flag.key.value != "--"
    )


def value(node: Instruction) -> tuple[str, ...]:
    """The arguments."""
    match node:
        case From():
            named = (node.as_word.value, node.alias.value) if node.as_word and node.alias else ()
            return (node.image.value, *named)
        case Run() | Start():
            return body_value(node.body)
        case Transfer():
            return node.paths.values
        case Listing():
            return node.entries.values
        case Arg():
            return tuple(
                pair.name if pair.value is None else f"{pair.name}={pair.value}"
                for pair in node.pairs
            )
        case Assignments():
            return tuple(part for pair in node.pairs for part in (pair.name, pair.value or ""))
        case Single():
            return (node.value,)
        case Healthcheck():
            return (node.kind.value, *body_value(node.body))
        case Onbuild():
            return value(node.instruction)
    raise AssertionError(node)


def body_value(body: Node | None) -> tuple[str, ...]:
    """The words of an exec form, or the text of a shell form."""
    if isinstance(body, ExecForm):
        return body.values
    return (body.text.value,) if isinstance(body, ShellForm) and body.text.value else ()


def is_json(node: Instruction) -> bool:
    """Are the arguments a JSON array?"""
    if isinstance(node, Onbuild):
        return is_json(node.instruction)
    return any(isinstance(child, ExecForm) for child in node.children())
