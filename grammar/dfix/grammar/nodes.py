"""The lossless tree of a Dockerfile.

Every byte of the source belongs to exactly one `Token`; a file prints by concatenating its tokens, so an untouched tree
prints what was read. Nodes are immutable by contract and equal only to themselves: `with_changes` makes a copy that
shares all untouched children. Nodes know neither their parent nor their position; `dfix.grammar.positions` computes
spans on demand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class Token:
    """A leaf: the text of one lexical unit and the white space in front of it.

    `before` holds what separates the token from the one before it on the same logical line: blanks, continuations
    (escape character and line end) and the comment or empty lines that BuildKit drops inside a continuation.
    `text` is the source as written. `value` is the *cooked* text, what BuildKit sees after it joined the lines; it is
    the same string as `text` unless a continuation lies inside the token.
    """

    __slots__ = ("before", "kind", "text", "value")

    kind: str
    before: str
    text: str
    value: str

    def __init__(self, kind: str, text: str, before: str = "", value: str | None = None) -> None:
        self.kind = kind
        self.text = text
        self.before = before
        self.value = text if value is None else value

    @property
    def code(self) -> str:
        """The source text of this token, white space in front included."""
        return self.before + self.text

    def with_changes(self, **changes: str) -> Token:
        """A copy with some fields replaced; a new `text` without a `value` is its own value."""
        text = changes.get("text", self.text)
        value = changes.get("value", self.value if "text" not in changes else text)
        return Token(changes.get("kind", self.kind), text, changes.get("before", self.before), value)

    def leaves(self) -> Iterator[Token]:
        """This token alone, so that tokens and nodes can be walked alike."""
        yield self

    def __repr__(self) -> str:
        return f"Token({self.kind!r}, {self.text!r}, before={self.before!r})"


class Node:
    """An inner node: `fields` names its children in the order in which they print.

    A child is a `Token`, a `Node`, a tuple of either, or None.
    """

    __slots__ = ()
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *children: Any) -> None:
        for name, child in zip(self.fields, children, strict=True):
            setattr(self, name, child)

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some children replaced; all others are shared."""
        unknown = changes.keys() - set(self.fields)
        if unknown:
            msg = f"{type(self).__name__} has no field {sorted(unknown)[0]!r}"
            raise TypeError(msg)
        return type(self)(*(changes.get(name, getattr(self, name)) for name in self.fields))

    def leaves(self) -> Iterator[Token]:
        """The tokens below this node, in source order."""
        for name in self.fields:
            child = getattr(self, name)
            if child is None:
                continue
            if child.__class__ is tuple:
                for one in child:
                    yield from one.leaves()
            else:
                yield from child.leaves()

    def children(self) -> Iterator[Node | Token]:
        """The direct children, in source order."""
        for name in self.fields:
            child = getattr(self, name)
            if child.__class__ is tuple:
                yield from child
            elif child is not None:
                yield child

    @property
    def code(self) -> str:
        """The source text below this node."""
        return "".join([leaf.before + leaf.text for leaf in self.leaves()])

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({inner})"


class Comment(Node):
    """One whole comment line: indentation in `text.before`, `# ...` in `text.text`, the line end in `end`."""

    __slots__ = fields = ("text", "end")
    text: Token
    end: Token


class Directive(Node):
    """A line of the prologue that is data: `#!...` or a parser directive such as `# syntax=...`."""

    __slots__ = fields = ("text", "end")
    text: Token
    end: Token

    @property
    def name(self) -> str:
        """`syntax`, `escape` or `check` in lower case; empty for a shebang."""
        if self.text.text.startswith("#!"):
            return ""
        return self.text.text.lstrip("#").partition("=")[0].strip().lower()

    @property
    def value(self) -> str:
        """What stands behind the equals sign, without surrounding white space."""
        return self.text.text.partition("=")[2].strip()


class Prologue(Node):
    """The head of a file: byte order mark, shebang and parser directives. It never moves."""

    __slots__ = fields = ("bom", "directives")
    bom: Token
    directives: tuple[Directive, ...]

    def directive(self, name: str) -> Directive | None:
        """The directive of that name, if the file has it."""
        return next((each for each in self.directives if each.name == name), None)


class Flag(Node):
    """A builder flag, `--name` or `--name=value`; the value may be quoted as BuildKit allows."""

    __slots__ = fields = ("key", "equals", "content")
    key: Token  # "--mount"
    equals: Token | None
    content: Token | None

    @property
    def name(self) -> str:
        """The flag's name without the dashes."""
        return self.key.value[2:]

    @property
    def value(self) -> str:
        """The cooked value with quotes and escapes removed as BuildKit removes them; empty if there is none."""
        return "" if self.content is None else unquote_flag(self.content.value)


class Pair(Node):
    """`key=value` of ENV, LABEL or ARG; the legacy form `ENV key value` has no `equals`."""

    __slots__ = fields = ("key", "equals", "content")
    key: Token
    equals: Token | None
    content: Token | None

    @property
    def name(self) -> str:
        """The cooked key as written, quotes included."""
        return self.key.value

    @property
    def value(self) -> str | None:
        """The cooked value as written, quotes included; None for an ARG without a default."""
        if self.content is None:
            return None if self.equals is None else ""
        return self.content.value


class Words(Node):
    """Words separated by white space: the arguments of COPY, ADD, EXPOSE and VOLUME."""

    __slots__ = fields = ("items",)
    items: tuple[Token, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The cooked words."""
        return tuple(item.value for item in self.items)


class ExecForm(Node):
    """A JSON array of strings. `rest` is text behind the closing bracket, which BuildKit ignores."""

    __slots__ = fields = ("open", "parts", "close", "rest")
    open: Token
    parts: tuple[Token, ...]  # STRING and COMMA in turn
    close: Token
    rest: Token | None

    @property
    def values(self) -> tuple[str, ...]:
        """The decoded strings."""
        import json  # noqa: PLC0415 - only a file with an exec form pays for it

        return tuple(json.loads(part.value) for part in self.parts if part.kind == "STRING")


class ShellForm(Node):
    """Shell source: everything up to the end of the logical line, as one token."""

    __slots__ = fields = ("text",)
    text: Token


class Heredoc(Node):
    """A here-document's body and terminator line; opaque."""

    __slots__ = fields = ("body", "terminator")
    body: Token
    terminator: Token


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


class Unparsed(Item):
    """A logical line that is no instruction; it prints as it was read and is never edited."""

    __slots__ = ("comments", "diagnostic", "end", "gap", "text")
    fields = ("gap", "comments", "text", "end")
    text: Token
    end: Token
    diagnostic: Diagnostic

    def __init__(self, *children: Any, diagnostic: Diagnostic | None = None) -> None:
        super().__init__(*children)
        if diagnostic is not None:
            self.diagnostic = diagnostic

    def with_changes(self, **changes: Any) -> Self:
        """A copy with some children replaced, carrying the same diagnostic."""
        copy = super().with_changes(**changes)
        copy.diagnostic = self.diagnostic
        return copy


class Diagnostic:
    """Why a line does not parse, and where. Lines and columns count from 1, columns in characters."""

    __slots__ = ("column", "expected", "line", "message", "source")

    def __init__(self, line: int, column: int, message: str, expected: tuple[str, ...], source: str) -> None:
        self.line = line
        self.column = column
        self.message = message
        self.expected = expected
        self.source = source  # the physical source line

    def render(self, path: str) -> str:
        """`path:line:column: message; expected ...`, the source line and a caret under the column."""
        expected = f"; expected {' or '.join(self.expected)}" if self.expected else ""
        lead = "".join("\t" if char == "\t" else " " for char in self.source[: self.column - 1])
        return f"{path}:{self.line}:{self.column}: {self.message}{expected}\n  {self.source}\n  {lead}^"

    def __repr__(self) -> str:
        return f"Diagnostic({self.line}:{self.column}: {self.message})"


class Instruction(Item):
    """An instruction. `keyword.before` is its indentation, `end` trailing blanks and the line end."""

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
    flags: tuple[Flag, ...]
    image: Token
    as_word: Token | None
    alias: Token | None


class Run(Instruction):
    """`RUN [flags] body`, with the bodies of its here-documents."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "body", "end", "heredocs")
    flags: tuple[Flag, ...]
    body: ShellForm | ExecForm
    heredocs: tuple[Heredoc, ...]


class Start(Instruction):
    """CMD, ENTRYPOINT and SHELL. BuildKit reads flags in front of any instruction's arguments, valid or not."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "body", "end")
    flags: tuple[Flag, ...]
    body: ShellForm | ExecForm | None


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
    flags: tuple[Flag, ...]
    paths: Words | ExecForm
    heredocs: tuple[Heredoc, ...]

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
    flags: tuple[Flag, ...]
    pairs: tuple[Pair, ...]


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
    flags: tuple[Flag, ...]
    entries: Words | ExecForm


class Expose(Listing):
    """`EXPOSE`."""

    __slots__ = ()


class Volume(Listing):
    """`VOLUME`."""

    __slots__ = ()


class Single(Instruction):
    """USER, WORKDIR, STOPSIGNAL and MAINTAINER: the rest of the line is one value."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "content", "end")
    flags: tuple[Flag, ...]
    content: Token

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
    flags: tuple[Flag, ...]
    kind: Token
    body: ShellForm | ExecForm | None


class Onbuild(Instruction):
    """`ONBUILD instruction`; the inner instruction has neither gap, comments nor line end of its own."""

    __slots__ = fields = ("gap", "comments", "keyword", "flags", "instruction", "end", "heredocs")
    flags: tuple[Flag, ...]
    instruction: Instruction
    heredocs: tuple[Heredoc, ...]


class Dockerfile(Node):
    """A whole file. `tail` holds the blank lines behind the last item."""

    __slots__ = fields = ("prologue", "items", "tail")
    prologue: Prologue
    items: tuple[Item, ...]
    tail: Token

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


def unquote_flag(text: str) -> str:
    """Remove quotes and backslashes from a flag's value (BuildKit: `extractBuilderFlags`)."""
    if not any(char in text for char in "'\"\\"):
        return text
    out: list[str] = []
    quote = ""
    chars = iter(text)
    for char in chars:
        if char == "\\":
            out.append(next(chars, ""))
        elif quote:
            if char == quote:
                quote = ""
            else:
                out.append(char)
        elif char in "'\"":
            quote = char
        else:
            out.append(char)
    return "".join(out)
