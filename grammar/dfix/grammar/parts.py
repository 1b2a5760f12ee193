"""What instructions consist of: comments, flags, pairs, words, command forms, here-documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.tree import Node

if TYPE_CHECKING:
    from dfix.grammar.tree import Token


class Comment(Node):
    """A comment line: indentation in `text.before`, `# ...` in `text.text`, line end in `end`."""

    __slots__ = fields = ("text", "end")

    def __init__(self, text: Token, end: Token) -> None:
        self.text = text
        self.end = end


class Directive(Node):
    """A line of the prologue that is data: `#!...` or a parser directive such as `# syntax=...`."""

    __slots__ = fields = ("text", "end")

    def __init__(self, text: Token, end: Token) -> None:
        self.text = text
        self.end = end

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

    def __init__(self, bom: Token, directives: tuple[Directive, ...]) -> None:
        self.bom = bom
        self.directives = directives

    def directive(self, name: str) -> Directive | None:
        """The directive of that name, if the file has it."""
        return next((each for each in self.directives if each.name == name), None)


class Flag(Node):
    """A builder flag, `--name` or `--name=value`; the value may be quoted as BuildKit allows."""

    __slots__ = fields = ("key", "equals", "content")

    def __init__(self, key: Token, equals: Token | None, content: Token | None) -> None:
        self.key = key  # "--mount"
        self.equals = equals
        self.content = content

    @property
    def name(self) -> str:
        """The flag's name without the dashes."""
        return unquote_flag(self.key.value)[2:]

    @property
    def value(self) -> str:
        """The cooked value without quotes and escapes, as BuildKit removes them; maybe empty."""
        return "" if self.content is None else unquote_flag(self.content.value)


class Pair(Node):
    """`key=value` of ENV, LABEL or ARG; the legacy form `ENV key value` has no `equals`."""

    __slots__ = fields = ("key", "equals", "content")

    def __init__(self, key: Token, equals: Token | None, content: Token | None) -> None:
        self.key = key
        self.equals = equals
        self.content = content

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

    def __init__(self, items: tuple[Token, ...]) -> None:
        self.items = items

    @property
    def values(self) -> tuple[str, ...]:
        """The cooked words."""
        return tuple(item.value for item in self.items)


class ExecForm(Node):
    """A JSON array of strings.

    `rest` is text behind the closing bracket. BuildKit ignored it up to v0.12 at least; in Docker
    Engine 28.5 (tried) the whole line is shell text instead. With a rest, nobody can say what runs.
    """

    __slots__ = fields = ("open", "parts", "close", "rest")

    def __init__(
        self,
        open: Token,  # noqa: A002 - the name of the field
        parts: tuple[Token, ...],
        close: Token,
        rest: Token | None,
    ) -> None:
        self.open = open
        self.parts = parts  # STRING and COMMA in turn
        self.close = close
        self.rest = rest

    @property
    def values(self) -> tuple[str, ...]:
        """The decoded strings."""
        import json  # noqa: PLC0415 - only a file with an exec form pays for it

        return tuple(json.loads(part.value) for part in self.parts if part.kind == "STRING")


class ShellForm(Node):
    """Shell source: everything up to the end of the logical line, as one token."""

    __slots__ = fields = ("text",)

    def __init__(self, text: Token) -> None:
        self.text = text


class Heredoc(Node):
    """A here-document's body and terminator line; opaque."""

    __slots__ = fields = ("body", "terminator")

    def __init__(self, body: Token, terminator: Token) -> None:
        self.body = body
        self.terminator = terminator


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
