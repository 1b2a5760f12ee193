"""Colour, for terminals only: rich is imported when the first coloured word is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.render.diff import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    Paint = Callable[[str, str], str]

STYLES = {
    "name": "bold",
    "level": "cyan",
    "aside": "dim",
    "held": "yellow",
    "bad": "bold red",
    "added": "green",
    "removed": "red",
    "hunk": "cyan",
}


def plain(text: str, style: str) -> str:
    """The text alone."""
    del style
    return text


def coloured(text: str, style: str) -> str:
    """The text with the terminal's codes around it."""
    from rich.color import ColorSystem  # noqa: PLC0415 - see above
    from rich.style import Style  # noqa: PLC0415 - see above

    return Style.parse(STYLES[style]).render(text, color_system=ColorSystem.STANDARD)


def diff_coloured(text: str) -> str:
    """A diff with its lines coloured; the text between the codes is untouched."""
    return "".join(_diff_line(line) for line in lines(text))


def _diff_line(line: str) -> str:
    body = line.rstrip("\r\n")
    style = _style_of(body)
    return line if style is None else coloured(body, style) + line[len(body) :]


def _style_of(line: str) -> str | None:
    if line.startswith(("diff ", "--- ", "+++ ", "new file", "deleted file")):
        return "name"
    return {"+": "added", "-": "removed", "@": "hunk", "#": "aside", "\\": "aside"}.get(line[:1])
