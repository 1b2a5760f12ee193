"""The functions that make nodes, named as the grammar's alternatives name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dfix.grammar.nodes import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Flag,
    From,
    Healthcheck,
    Item,
    Label,
    Maintainer,
    Onbuild,
    Pair,
    Remark,
    Run,
    Shell,
    ShellForm,
    Stopsignal,
    Token,
    User,
    Volume,
    Words,
    Workdir,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Several = Sequence[Any]


def _nothing() -> tuple[()]:
    return ()


def _more(items: Any, one: Any) -> Any:
    """A list grows in place: a copy for each element would make a long one quadratic."""
    if items.__class__ is list:
        items.append(one)
        return items
    return [one]


def _two_more(items: list[Token], comma: Token, string: Token) -> list[Token]:
    items.append(comma)
    items.append(string)
    return items


def _first(one: Any) -> list[Any]:
    return [one]


def _itself(one: Any) -> Any:
    return one


def _nobody() -> None:
    return None


def _remark(gap: Token, comments: Several) -> Item:
    return Remark(gap, tuple(comments))


def _from_image(
    gap: Token, comments: Several, keyword: Token, flags: Several, image: Token, end: Token
) -> Item:
    return From(gap, tuple(comments), keyword, tuple(flags), image, None, None, end)


def _from_named(
    gap: Token,
    comments: Several,
    keyword: Token,
    flags: Several,
    image: Token,
    as_word: Token,
    alias: Token,
    end: Token,
) -> Item:
    return From(gap, tuple(comments), keyword, tuple(flags), image, as_word, alias, end)


def _plain(made: Callable[..., Item]) -> Callable[..., Item]:
    """For instructions of one part: gap, comments, keyword, flags, part, line end."""

    def build(
        gap: Token, comments: Several, keyword: Token, flags: Several, part: Any, end: Token
    ) -> Item:
        return made(gap, tuple(comments), keyword, tuple(flags), part, end)

    return build


def _listed(made: Callable[..., Item]) -> Callable[..., Item]:
    """For instructions whose part is a list of pairs; the legacy form is a single one."""

    def build(
        gap: Token, comments: Several, keyword: Token, flags: Several, part: Any, end: Token
    ) -> Item:
        pairs = tuple(part) if part.__class__ is list else (part,)
        return made(gap, tuple(comments), keyword, tuple(flags), pairs, end)

    return build


def _with_heredocs(made: Callable[..., Item]) -> Callable[..., Item]:
    """For instructions that may open here-documents."""

    def build(
        gap: Token,
        comments: Several,
        keyword: Token,
        flags: Several,
        part: Any,
        end: Token,
        heredocs: Several,
    ) -> Item:
        return made(gap, tuple(comments), keyword, tuple(flags), part, end, tuple(heredocs))

    return build


def _healthcheck_none(
    gap: Token, comments: Several, keyword: Token, flags: Several, kind: Token, end: Token
) -> Item:
    return Healthcheck(gap, tuple(comments), keyword, tuple(flags), kind, None, end)


def _healthcheck_test(
    gap: Token,
    comments: Several,
    keyword: Token,
    flags: Several,
    kind: Token,
    body: Any,
    end: Token,
) -> Item:
    return Healthcheck(gap, tuple(comments), keyword, tuple(flags), kind, body, end)


def _flag_alone(key: Token) -> Flag:
    return Flag(key, None, None)


def _flag_empty(key: Token, equals: Token) -> Flag:
    return Flag(key, equals, None)


def _empty_array(opened: Token, closed: Token, rest: Token | None) -> ExecForm:
    return ExecForm(opened, (), closed, rest)


def _array(opened: Token, parts: list[Token], closed: Token, rest: Token | None) -> ExecForm:
    return ExecForm(opened, tuple(parts), closed, rest)


def _paths_array(
    opened: Token,
    string: Token,
    comma: Token,
    parts: list[Token],
    closed: Token,
    rest: Token | None,
) -> ExecForm:
    return ExecForm(opened, (string, comma, *parts), closed, rest)


def _words(items: list[Token]) -> Words:
    return Words(tuple(items))


def _paths(word: Token, items: list[Token]) -> Words:
    return Words((word, *items))


def _bare_name(key: Token) -> Pair:
    return Pair(key, None, None)


def _legacy_pair(key: Token, value: Token) -> Pair:
    return Pair(key, None, value)


def _pair_empty(key: Token, equals: Token) -> Pair:
    return Pair(key, equals, None)


BUILDERS: Mapping[str, Callable[..., Any]] = {
    "add": _with_heredocs(Add),
    "arg": _listed(Arg),
    "array": _array,
    "bare_name": _bare_name,
    "cmd": _plain(Cmd),
    "copy": _with_heredocs(Copy),
    "empty_array": _empty_array,
    "entrypoint": _plain(Entrypoint),
    "env": _listed(Env),
    "expose": _plain(Expose),
    "first": _first,
    "flag_alone": _flag_alone,
    "flag_empty": _flag_empty,
    "flag_value": Flag,
    "from_image": _from_image,
    "from_named": _from_named,
    "healthcheck_none": _healthcheck_none,
    "healthcheck_test": _healthcheck_test,
    "label": _listed(Label),
    "legacy_pair": _legacy_pair,
    "maintainer": _plain(Maintainer),
    "more": _more,
    "no_body": _nobody,
    "no_rest": _nobody,
    "nothing": _nothing,
    "onbuild": _with_heredocs(Onbuild),
    "pair_empty": _pair_empty,
    "pair_value": Pair,
    "paths": _paths,
    "paths_array": _paths_array,
    "remark": _remark,
    "rest": _itself,
    "run": _with_heredocs(Run),
    "shell": _plain(Shell),
    "shell_form": ShellForm,
    "stopsignal": _plain(Stopsignal),
    "two_more": _two_more,
    "user": _plain(User),
    "volume": _plain(Volume),
    "words": _words,
    "workdir": _plain(Workdir),
}
