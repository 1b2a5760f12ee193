"""Read .npmrc, as far as it changes what an install does."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

RULE = "https://docs.npmjs.com/cli/v10/configuring-npm/npmrc"


class Settings(NamedTuple):
    """The settings of one project: keys and values as written, and the variables that they name."""

    path: str | None
    values: dict[str, str]
    variables: tuple[str, ...]

    def on(self, name: str) -> bool:
        """Is this set, and not to false?"""
        return self.values.get(name, "false") not in {"false", "null", "0"}

    def off(self, name: str) -> bool:
        """Is this set to false?"""
        return self.values.get(name, "true") == "false"


def read_settings(tree: Tree, directory: str) -> Fact[Settings]:
    """The project's .npmrc; without one, no settings."""
    path = posixpath.join(directory, ".npmrc")
    if not tree.is_file(path):
        return Known(Settings(None, {}, ()), RULE)
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    values: dict[str, str] = {}
    variables: dict[str, None] = {}
    for raw in text.value.splitlines():
        line = raw.strip()
        if not line or line.startswith((";", "#", "[")):
            continue
        key, equals, value = line.partition("=")
        values[key.strip()] = value.strip().strip("\"'") if equals else "true"
        while "${" in value:
            name, closed, value = value.partition("${")[2].partition("}")
            if closed:
                variables[name.rstrip("?")] = None
    return Known(Settings(path, values, tuple(variables)), path)
