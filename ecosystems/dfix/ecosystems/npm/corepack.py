"""What corepack itself does: it comes with npm, and brings other package managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Call, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

# https://github.com/nodejs/corepack#utility-commands
_PRINTS = frozenset({"enable", "disable", "cache", "--version", "-v", "--help", "-h"})
_BRINGS = frozenset({"prepare", "install", "use", "hydrate"})


def read_corepack(words: Sequence[str | None]) -> Call | None:
    """`corepack enable`, and the managers that it brings; None if it runs a manager.

    A manager named on the command line is installed for the machine. Without one, the project's
    package.json is read, so that what the call does is not known here.
    """
    verb = words[1] if len(words) > 1 else "--help"
    if verb in _PRINTS:
        return Call("npm", f"corepack {verb}", Role.CONFIG, tuple(words))
    if verb not in _BRINGS:
        return None
    behind = words[2:]
    named = tuple(word for word in behind if word and not word.startswith("-"))
    whole = all(behind)
    makes_it_so = verb != "prepare" or "--activate" in behind
    if not named or not whole or verb in {"use", "hydrate"} or not makes_it_so:
        return Call(
            "npm", f"corepack {verb}", Role.RUN, tuple(words), unknown=(f"corepack {verb}",)
        )
    return Call("npm", f"corepack {verb}", Role.ADD, tuple(words), everywhere=True, packages=named)
