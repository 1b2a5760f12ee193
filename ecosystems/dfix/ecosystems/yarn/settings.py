"""Read .yarnrc.yml, as far as it changes what an install does."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.tree import Tree

RULE = "https://yarnpkg.com/configuration/yarnrc"


class Rc(NamedTuple):
    """One .yarnrc.yml.

    `modules` tells that packages land in node_modules, `linker_source` who says so or not; `moved`
    is a folder that the cache is moved to; `local_only` tells that no copy is kept outside the
    project.
    """

    path: str | None
    data: dict[str, Any]
    modules: bool
    linker_source: str
    moved: str | None
    local_only: bool


def read_rc(tree: Tree, directory: str) -> Fact[Rc]:
    """The settings of a project of berry; Unknown where a folder above has some as well."""
    path = posixpath.join(directory, ".yarnrc.yml")
    above = directory
    while above:
        above = posixpath.dirname(above)
        other = posixpath.join(above, ".yarnrc.yml")
        if tree.is_file(other):
            return Unknown(f"{other} counts for {directory} too")
    if not tree.is_file(path):
        return Known(
            Rc(None, {}, modules=False, linker_source=_DEFAULT, moved=None, local_only=False), RULE
        )
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    import yaml  # noqa: PLC0415 - only berry's projects pay for it

    try:
        data = yaml.safe_load(text.value) or {}
    except yaml.YAMLError:
        return Unknown(f"{path} does not parse")
    if not isinstance(data, dict):
        return Unknown(f"{path} holds no table")
    linker = data.get("nodeLinker")
    moved = data.get("globalFolder")
    return Known(
        Rc(
            path,
            data,
            # The pnpm linker links into a store: https://yarnpkg.com/configuration/yarnrc#nodeLinker
            modules=linker == "node-modules",
            linker_source=f"{path} sets nodeLinker to {linker}" if linker else _DEFAULT,
            moved=moved if isinstance(moved, str) else None,
            local_only=data.get("enableMirror") is False and data.get("enableGlobalCache") is False,
        ),
        path,
    )


_DEFAULT = "Yarn's default is Plug'n'Play"
