"""What a build tool writes, and how its options and configuration name the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.configs import config_file, constant_at
from dfix.ecosystems.runtime import Anchor
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from dfix.ecosystems.node.scripts import Command, Words
    from dfix.ecosystems.tree import Tree


@dataclass(frozen=True, slots=True)
class Output:
    """What one build tool writes; paths from the tree's root.

    `paths` are files or directories. `static` tells that a web server can serve them without
    Node.js. `beside` are project files that the output needs next to it when it runs. `whole` tells
    that it runs without node_modules.
    """

    tool: str
    paths: tuple[str, ...]
    source: str
    static: bool = False
    whole: bool = False
    beside: tuple[str, ...] = ()


Written = Fact[tuple[Output, ...]]


def option(words: Words, *names: str) -> Fact[str | None]:
    """The value of `--name value` or `--name=value`; None if it is not given."""
    for index, word in enumerate(words):
        if word is None:
            return Unknown("a word of the build command is not constant")
        for name in names:
            if word == name:
                value = words[index + 1] if index + 1 < len(words) else None
                return (
                    Unknown(f"{name} has no constant value")
                    if value is None
                    else Known(value, "the command")
                )
            if word.startswith(f"{name}=") and name.startswith("--"):
                return Known(word[len(name) + 1 :], "the command")
    return Known(None, "the command")


def place_of(tree: Tree, directory: str, command: Command, names: tuple[str, ...], stem: str,
           keys: tuple[str, ...], default: str) -> Fact[str]:  # fmt: skip
    """The output directory.

    The command's option, else the configuration's constant, else the default.
    """
    given = option(command.words[1:], *names)
    if isinstance(given, Unknown):
        return given
    if given.value is not None:
        return Known(under(directory, given.value), command.source)
    path = config_file(tree, directory, stem) if stem else None
    if path is None or not keys:
        return Known(under(directory, default), f"the default of {command.program}")
    value = constant_at(tree, path, keys)
    if isinstance(value, Unknown):
        return value
    if value.value is None:
        return Known(under(directory, default), f"the default of {command.program}")
    if value.value.anchor is Anchor.ROOT:
        return Unknown(f"{value.source} sets an absolute path")
    text = value.value.text
    return Known(
        text if value.value.anchor is Anchor.SOURCE else under(directory, text), value.source
    )
