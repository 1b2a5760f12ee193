"""The items of a file: instructions, remarks, and lines that do not parse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from dfix.grammar.tree import Node

if TYPE_CHECKING:
    from dfix.grammar.parts import Comment, ExecForm, Flag, Heredoc, Pair, ShellForm, Words
    from dfix.grammar.tree import Diagnostic, Token


class Item(Node):
    """What a file consists of: instructions, remarks, and lines that do not parse.

    `gap` holds the blank lines in front of the item, `comments` the comment lines that touch it.
    """

    __slots__ = ()
    gap: Token
    comments: tuple[Comment, ...]


class Remark(Item):
    """A comment block that stands alone: a blank line or the end of the file follows it."""

    __slots__ = fields = ("gap", "comments")

    def __init__(self, gap: Token, comments: tuple[Comment, ...]) -> None:
        self.gap = gap
        self.comments = comments


class Unparsed(Item):
    """A logical line that is no instruction; it prints as it was read and is never edited."""

    __slots__ = ("comments", "diagnostic", "end", "gap", "text")
    fields = ("gap", "comments", "text", "end")
    diagnostic: Diagnostic

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        text: Token,
        end: Token,
        diagnostic: Diagnostic | None = None,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.text = text
        self.end = end
        if diagnostic is not None:
            self.diagnostic = diagnostic

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some children replaced, carrying the same diagnostic."""
        copy = super().with_changes(**changes)
        copy.diagnostic = self.diagnostic
        return copy


class Instruction(Item):
    """`keyword.before` is its indentation, `end` the trailing blanks and the line end."""

    __slots__ = ()
    keyword: Token
    end: Token

    @property
    def name(self) -> str:
        """The keyword in upper case."""
        return self.keyword.value.upper()

    @property
    def options(self) -> tuple[Flag, ...]:
        """The builder flags; empty for instructions that have none."""
        return getattr(self, "flags", ())

    def flag(self, name: str) -> Flag | None:
        """The first flag of that name (BuildKit compares them exactly)."""
        return next((flag for flag in self.options if flag.name == name), None)


class From(Instruction):
    """`FROM [--platform=...] image [AS name]`."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "image", "as_word", "alias", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        image: Token,
        as_word: Token | None,
        alias: Token | None,
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.image = image
        self.as_word = as_word
        self.alias = alias
        self.end = end


class Run(Instruction):
    """`RUN [flags] body`, with the bodies of its here-documents."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "body", "end", "heredocs")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        body: ShellForm | ExecForm,
        end: Token,
        heredocs: tuple[Heredoc, ...],
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.body = body
        self.end = end
        self.heredocs = heredocs


class Start(Instruction):
    """CMD, ENTRYPOINT and SHELL. BuildKit cuts flags off any instruction, valid there or not."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "body", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        body: ShellForm | ExecForm | None,
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.body = body
        self.end = end


class Cmd(Start):
    """`CMD`."""

    __slots__ = ()


class Entrypoint(Start):
    """`ENTRYPOINT`."""

    __slots__ = ()


class Shell(Start):
    """`SHELL`, always a JSON array."""

    __slots__ = ()


class Transfer(Instruction):
    """COPY and ADD."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "paths", "end", "heredocs")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        paths: Words | ExecForm,
        end: Token,
        heredocs: tuple[Heredoc, ...],
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.paths = paths
        self.end = end
        self.heredocs = heredocs

    @property
    def sources(self) -> tuple[str, ...]:
        """All paths but the last one, cooked."""
        return self.paths.values[:-1]

    @property
    def destination(self) -> str:
        """The last path, cooked."""
        return self.paths.values[-1]


class Copy(Transfer):
    """`COPY`."""

    __slots__ = ()


class Add(Transfer):
    """`ADD`."""

    __slots__ = ()


class Assignments(Instruction):
    """ENV, LABEL and ARG."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "pairs", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        pairs: tuple[Pair, ...],
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.pairs = pairs
        self.end = end


class Env(Assignments):
    """`ENV`; legacy `ENV key value` is one pair without an equals sign."""

    __slots__ = ()


class Label(Assignments):
    """`LABEL`."""

    __slots__ = ()


class Arg(Assignments):
    """`ARG name[=default] ...`."""

    __slots__ = ()


class Listing(Instruction):
    """EXPOSE and VOLUME."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "entries", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        entries: Words | ExecForm,
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.entries = entries
        self.end = end


class Expose(Listing):
    """`EXPOSE`."""

    __slots__ = ()


class Volume(Listing):
    """`VOLUME`."""

    __slots__ = ()


class Single(Instruction):
    """USER, WORKDIR, STOPSIGNAL and MAINTAINER: the rest of the line is one value."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "content", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        content: Token,
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.content = content
        self.end = end

    @property
    def value(self) -> str:
        """The cooked value as written."""
        return self.content.value


class User(Single):
    """`USER`."""

    __slots__ = ()


class Workdir(Single):
    """`WORKDIR`."""

    __slots__ = ()


class Stopsignal(Single):
    """`STOPSIGNAL`."""

    __slots__ = ()


class Maintainer(Single):
    """`MAINTAINER` (deprecated)."""

    __slots__ = ()


class Healthcheck(Instruction):
    """`HEALTHCHECK [flags] CMD body` or `HEALTHCHECK NONE`."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "kind", "body", "end")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        kind: Token,
        body: ShellForm | ExecForm | None,
        end: Token,
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.kind = kind
        self.body = body
        self.end = end


class Onbuild(Instruction):
    """`ONBUILD instruction`; the inner one has no gap, comments, line end or documents itself."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "instruction", "end", "heredocs")

    def __init__(
        self,
        gap: Token,
        comments: tuple[Comment, ...],
        keyword: Token,
        flags: tuple[Flag, ...],
        instruction: Instruction,
        end: Token,
        heredocs: tuple[Heredoc, ...],
    ) -> None:
        self.gap = gap
        self.comments = comments
        self.keyword = keyword
        self.flags = flags
        self.instruction = instruction
        self.end = end
        self.heredocs = heredocs
