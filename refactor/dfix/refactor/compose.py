"""New instructions, made of tokens in the file's own style.

Nothing here concatenates source text: each function builds the node that the parser would build,
and the pipeline parses the printed result again to prove it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.lines import assemble
from dfix.grammar.nodes import (
    Arg,
    Cmd,
    Comment,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    ExecForm,
    Flag,
    From,
    Instruction,
    Pair,
    Run,
    ShellForm,
    Token,
    User,
    Words,
    Workdir,
)
from dfix.refactor.edits import no_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Style:
    """How this file is written: the case of its keywords, its line end, escape character and continuation indent."""

    __slots__ = ("escape", "indent", "lower", "newline")

    def __init__(self, file: Dockerfile) -> None:
        self.escape = file.escape
        self.newline = file.newline
        words = [item.keyword.value for item in file.items if isinstance(item, Instruction)]
        self.lower = bool(words) and sum(word.islower() for word in words) * 2 > len(words)
        self.indent = _indent(file)

    def word(self, keyword: str) -> str:
        """The keyword in the file's case."""
        return keyword.lower() if self.lower else keyword

    def continuation(self) -> str:
        """Escape character, line end and indentation."""
        return f" {self.escape}{self.newline}{self.indent}"


def _indent(file: Dockerfile) -> str:
    """The smallest indent of the first RUN that goes on below its keyword: deeper lines are nested."""
    for item in file.items:
        if isinstance(item, Run) and isinstance(item.body, ShellForm):
            lines = item.body.text.text.split("\n")
            blank = [line[: len(line) - len(line.lstrip())] for line in lines[1:] if line.strip()]
            if any(blank):
                return min(filter(None, blank), key=len)
    return "    "


def keyword(style: Style, word: str) -> Token:
    """An instruction's keyword."""
    return Token("KEYWORD", style.word(word))


def end(style: Style) -> Token:
    """A line end."""
    return Token("EOL", style.newline)


def flag(name: str, value: str, before: str = " ") -> Flag:
    """`--name=value`."""
    return Flag(
        Token("FLAG", f"--{name}", before), Token("EQUALS", "="), Token("FLAG_VALUE", value)
    )


def comment(style: Style, text: str) -> Comment:
    """`# text` on a line of its own."""
    return Comment(Token("COMMENT", f"# {text}"), Token("EOL", style.newline))


def _paths(paths: Sequence[str]) -> Words | ExecForm:
    if any(char.isspace() for path in paths for char in path):
        return exec_form(paths)
    return Words(tuple(Token("WORD", path, " ") for path in paths))


def exec_form(words: Sequence[str]) -> ExecForm:
    """A JSON array behind one blank."""
    import json  # noqa: PLC0415 - most runs write none

    parts: list[Token] = []
    for at, word in enumerate(words):
        if at:
            parts.append(Token("COMMA", ","))
        parts.append(Token("STRING", json.dumps(word, ensure_ascii=False), " " if at else ""))
    return ExecForm(Token("OPEN", "[", " "), tuple(parts), Token("CLOSE", "]"), None)


def copy(
    style: Style, sources: Sequence[str], destination: str, flags: Sequence[Flag] = ()
) -> Copy:
    """`COPY [flags] sources destination`; a JSON array if a path holds white space."""
    paths = _paths((*sources, destination))
    return Copy(no_gap(), (), keyword(style, "COPY"), tuple(flags), paths, end(style), ())


def from_(style: Style, image: str, alias: str | None = None, flags: Sequence[Flag] = ()) -> From:
    """`FROM [flags] image [AS alias]`."""
    as_word = Token("AS", style.word("AS"), " ") if alias else None
    name = Token("WORD", alias, " ") if alias else None
    return From(
        no_gap(),
        (),
        keyword(style, "FROM"),
        tuple(flags),
        Token("WORD", image, " "),
        as_word,
        name,
        end(style),
    )


def run(style: Style, script: str, flags: Sequence[Flag] = ()) -> Run:
    """`RUN [flags] script` in shell form; `script` is source text in the file's escape character."""
    cooked, _ = assemble(script.split("\n"), 0, style.escape)
    body = ShellForm(Token("SHELL", script, " ", cooked.cooked))
    return Run(no_gap(), (), keyword(style, "RUN"), tuple(flags), body, end(style), ())


def below_the_flags(style: Style, body: ShellForm | ExecForm) -> ShellForm | ExecForm:
    """The command on a line of its own below the flags of a RUN, unless a line break is there already."""
    first = body.text if isinstance(body, ShellForm) else body.open
    if "\n" in first.before:
        return body
    moved = first.with_changes(before=style.continuation())
    if isinstance(body, ShellForm):
        return body.with_changes(text=moved)
    return body.with_changes(open=moved)


def workdir(style: Style, path: str) -> Workdir:
    """`WORKDIR path`."""
    return Workdir(
        no_gap(), (), keyword(style, "WORKDIR"), (), Token("TEXT", path, " "), end(style)
    )


def user(style: Style, name: str) -> User:
    """`USER name`."""
    return User(no_gap(), (), keyword(style, "USER"), (), Token("TEXT", name, " "), end(style))


def env(style: Style, values: Mapping[str, str]) -> Env:
    """`ENV a=1 b=2`, values quoted where they must be."""
    pairs = tuple(
        Pair(
            Token("KEY", name, " "),
            Token("EQUALS", "="),
            Token("VALUE", quoted(value, style.escape)),
        )
        for name, value in values.items()
    )
    return Env(no_gap(), (), keyword(style, "ENV"), (), pairs, end(style))


def arg(style: Style, name: str, default: str | None = None) -> Arg:
    """`ARG name[=default]`."""
    if default is None:
        pair = Pair(Token("KEY", name, " "), None, None)
    else:
        pair = Pair(Token("KEY", name, " "), Token("EQUALS", "="), Token("VALUE", default))
    return Arg(no_gap(), (), keyword(style, "ARG"), (), (pair,), end(style))


def cmd(style: Style, words: Sequence[str]) -> Cmd:
    """`CMD ["..."]`."""
    return Cmd(no_gap(), (), keyword(style, "CMD"), (), exec_form(words), end(style))


def entrypoint(style: Style, words: Sequence[str]) -> Entrypoint:
    """`ENTRYPOINT ["..."]`."""
    return Entrypoint(no_gap(), (), keyword(style, "ENTRYPOINT"), (), exec_form(words), end(style))


def quoted(value: str, escape: str) -> str:
    """A value as BuildKit's word lexer reads it back: in double quotes if it holds blanks or special characters."""
    if value and not any(char in " \t'\"$#;&|<>()" or char == escape for char in value):
        return value
    inner = "".join(escape + char if char in f'"${escape}' else char for char in value)
    return f'"{inner}"'
