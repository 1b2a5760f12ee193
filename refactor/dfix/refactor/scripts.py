"""Edits of the shell source of a RUN, by splices that leave all other text as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run, ShellForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.grammar.shell import Element, Script
    from dfix.refactor.model import Place

    Splice = tuple[int, int, str]


def spliced(place: Place, splices: Sequence[Splice]) -> ShellForm:
    """The body of a RUN with parts of its script replaced; offsets are those of the cooked script."""
    from dfix.grammar.shell import splice  # noqa: PLC0415 - the script was read, so the module is loaded

    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    return node.body.with_changes(text=splice(node.body.text, splices, place.stage.escape))


def appended(place: Place, command: str) -> ShellForm:
    """The body with `&& command` behind its last command, on a line of its own if the script has a command a line."""
    script = place.script
    assert script is not None  # noqa: S101 - the caller has read it
    last = script.elements[-1]
    return spliced(place, [(last.end, last.end, joint(place, script) + command)])


def joint(place: Place, script: Script) -> str:
    """What stands between two commands of this script: its own last ` && `, line breaks included, or a plain one."""
    for one, following in reversed(list(zip(script.elements, script.elements[1:], strict=False))):
        if one.operator == "&&":
            return raw_between(place, one, following)
    return " && "


def raw_between(place: Place, one: Element, following: Element) -> str:
    """The raw source between two elements, without comment lines."""
    from dfix.grammar.shell import raw_range  # noqa: PLC0415 - the script was read, so the module is loaded

    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    raw = raw_range(node.body.text, one.end, following.start, place.stage.escape)
    return "\n".join(line for line in raw.split("\n") if not line.lstrip().startswith("#"))
