"""The lossless tree of a Dockerfile.

`dfix.grammar.tree` says what tokens and nodes are, `dfix.grammar.parts` what instructions consist
of, `instructions` what a file consists of. All are exported here, so that one import serves.
"""

from __future__ import annotations

from dfix.grammar.instructions import (
    Add,
    Arg,
    Assignments,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Item,
    Label,
    Listing,
    Maintainer,
    Onbuild,
    Remark,
    Run,
    Shell,
    Single,
    Start,
    Stopsignal,
    Transfer,
    Unparsed,
    User,
    Volume,
    Workdir,
)
from dfix.grammar.parts import (
    Comment,
    Directive,
    ExecForm,
    Flag,
    Heredoc,
    Pair,
    Prologue,
    ShellForm,
    Words,
)
from dfix.grammar.tree import Diagnostic, Node, Token

__all__ = [
    "Add",
    "Arg",
    "Assignments",
    "Cmd",
    "Comment",
    "Copy",
    "Diagnostic",
    "Directive",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "ExecForm",
    "Expose",
    "Flag",
    "From",
    "Healthcheck",
    "Heredoc",
    "Instruction",
    "Item",
    "Label",
    "Listing",
    "Maintainer",
    "Node",
    "Onbuild",
    "Pair",
    "Prologue",
    "Remark",
    "Run",
    "Shell",
    "ShellForm",
    "Single",
    "Start",
    "Stopsignal",
    "Token",
    "Transfer",
    "Unparsed",
    "User",
    "Volume",
    "Words",
    "Workdir",
]


class Dockerfile(Node):
    """A whole file. `tail` holds the blank lines behind the last item."""

    __slots__ = fields = ("prologue", "items", "tail")

    def __init__(self, prologue: Prologue, items: tuple[Item, ...], tail: Token) -> None:
        self.prologue = prologue
        self.items = items
        self.tail = tail

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """The instructions alone, in order."""
        return tuple(item for item in self.items if isinstance(item, Instruction))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """One for each line that does not parse; a file with any is never rewritten."""
        return tuple(item.diagnostic for item in self.items if isinstance(item, Unparsed))

    @property
    def escape(self) -> str:
        """The escape character: a backslash unless a parser directive says otherwise."""
        directives = self.prologue.directives
        if directives and not directives[0].name:  # behind a shebang BuildKit looks for none
            return "\\"
        directive = self.prologue.directive("escape")
        return "\\" if directive is None else directive.value

    @property
    def newline(self) -> str:
        """The line end that new lines get: the one of the first line that has one."""
        for leaf in self.leaves():
            at = leaf.before.find("\n") if "\n" in leaf.before else leaf.text.find("\n")
            if at >= 0:
                text = leaf.before if "\n" in leaf.before else leaf.text
                return "\r\n" if at and text[at - 1] == "\r" else "\n"
        return "\n"
