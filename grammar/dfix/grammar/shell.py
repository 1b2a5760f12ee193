"""The shell scripts inside instructions: commands for those who ask, splices for those who edit.

A script that does not parse is None, never a guess. Whether the shell is one that this grammar
knows (no SHELL instruction, no Windows base, no other escape character) is for the caller to say:
nodes do not know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.heredocs import openers
from dfix.grammar.nodes import Healthcheck, Instruction, Onbuild, Run, ShellForm, Start
from dfix.grammar.shell_reader import Reader
from dfix.grammar.shell_values import Command, Redirect
from dfix.grammar.shell_words import Unreadable, Word
from dfix.grammar.splices import raw_range, splice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.grammar.shell_values import Member

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})

__all__ = [
    "Command",
    "Element",
    "Redirect",
    "Script",
    "Word",
    "raw_range",
    "read_script",
    "read_text",
    "splice",
]


class Element:
    """One member of a script's top-level list.

    `operator` follows it: `&&`, `||`, `;`, `&`, a line feed, or nothing behind the last one.
    `commands` are all simple commands within, in the order of the text; `simple` is the command if
    the element is exactly one.
    """

    __slots__ = (
        "commands",
        "end",
        "operator",
        "operator_end",
        "operator_start",
        "simple",
        "start",
        "text",
    )

    def __init__(self, member: Member, text: str, commands: tuple[Command, ...]) -> None:
        pipeline = member.pipeline
        self.start: int = pipeline.start
        self.end: int = pipeline.end
        self.operator = member.operator
        self.operator_start = member.operator_start
        self.operator_end = member.operator_end
        self.commands = commands
        self.simple = pipeline if isinstance(pipeline, Command) else None
        self.text = text[self.start : self.end]

    def __repr__(self) -> str:
        return f"Element({self.text!r}, {self.operator!r})"


class Script:
    """A script that parses. Offsets count in `text`, which is cooked: continuations are gone.

    `editable` says that `text` is the value of the instruction's own token, so that `splice`
    applies; a here-document's body is read but not edited. `opaque_parts` says that some backquoted
    part could not be read. `variables` are all names that the script expands, those in
    here-documents included.
    """

    __slots__ = (
        "commands",
        "editable",
        "elements",
        "ends_in_comment",
        "opaque_parts",
        "text",
        "variables",
    )

    def __init__(self, reader: Reader, members: list[Member], *, editable: bool) -> None:
        self.text = reader.text
        self.commands = tuple(reader.commands)
        self.ends_in_comment = reader.ends_in_comment
        self.variables = frozenset(reader.scanner.seen)
        self.opaque_parts = reader.opaque_parts
        self.editable = editable
        elements: list[Element] = []
        at, found = 0, self.commands
        for member in members:
            inner: list[Command] = []
            while at < len(found) and found[at].start < member.pipeline.end:
                inner.append(found[at])
                at += 1
            elements.append(Element(member, self.text, tuple(inner)))
        self.elements = tuple(elements)


def read_script(source: Instruction | ShellForm) -> Script | None:
    """The script of a shell form: RUN, CMD, ENTRYPOINT, HEALTHCHECK, or ONBUILD with one of them.

    For `RUN <<EOF` the here-document's body is the script, as BuildKit runs it. None if there is no
    script, if it does not parse, or if a shebang names another interpreter.
    """
    heredocs = getattr(source, "heredocs", ())
    if isinstance(source, Onbuild):
        source = source.instruction
    if isinstance(source, Run | Start | Healthcheck):
        form = source.body
        if not isinstance(form, ShellForm):
            return None
    elif isinstance(source, ShellForm):
        form = source
    else:
        return None
    text = form.text.value
    if heredocs and _is_opener_alone(text):
        return _body_script(
            heredocs[0].body.text, chomp=text.lstrip("0123456789").startswith("<<-")
        )
    return read_text(text, editable=True, bodies=[heredoc.body.text for heredoc in heredocs])


def _is_opener_alone(text: str) -> bool:
    """BuildKit: the whole argument is one here-document, so its content is what runs."""
    return not any(char in text for char in " \t") and len(openers(text) or ()) == 1


def _body_script(body: str, *, chomp: bool) -> Script | None:
    if chomp:
        body = "\n".join(line.lstrip("\t") for line in body.split("\n"))
    if body.startswith("#!"):
        words = body[2:].partition("\n")[0].split()
        names = [word.rsplit("/", 1)[-1] for word in words if not word.startswith("-")]
        if not names or names[-1] not in _SHELLS:
            return None
    return read_text(body, editable=False)


def read_text(text: str, *, editable: bool = False, bodies: Sequence[str] = ()) -> Script | None:
    """The script of a cooked text, None if it does not parse; `bodies` are its here-documents."""
    reader = Reader(text)
    try:
        members = reader.read()
    except (Unreadable, RecursionError):
        return None
    for body in bodies:
        document = Reader(body)
        document.scanner.document(
            0, len(body)
        )  # with a quoted terminator this sees more than is expanded
        reader.scanner.seen |= document.scanner.seen
    return Script(reader, members, editable=editable)
