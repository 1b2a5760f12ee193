"""Credentials in build arguments and variables, and the steps that are to be given them as secrets.

Names and places are told, values never are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of, ecosystems, read_call, syntax
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Arg, Cmd, Entrypoint, Env, ExecForm, Run
from dfix.refactor import compose, edits
from dfix.refactor.context import mentions
from dfix.refactor.plans import frontend
from dfix.refactor.plans.caches import user_of
from dfix.refactor.plans.sinking import expanded, reader
from dfix.refactor.scripts import Edited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.knowledge import SecretRule
    from dfix.grammar.nodes import Pair
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

# The last words of names by which BuildKit's check knows a credential; "key" is left out, since there are public ones.
# https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
WORDS = ("TOKEN", "PASSWORD", "PASSWD", "SECRET", "APIKEY", "CREDENTIALS")
# Programs that hand on what a word of theirs says, and write none of it: a header, or a user.
SENDERS = frozenset({"curl"})
ASKERS = frozenset({"[", "test"})
FILES = 2000  # of a project that is searched for a name


class Mounted(NamedTuple):
    """Changes that take a credential out of ARG and ENV; `readers` are the steps that are given it."""

    name: str
    place: Place
    source: str
    readers: tuple[Place, ...]
    changes: tuple[edits.Change, ...]
    directives: dict[str, str]
    literal: bool
    passed_by: tuple[str, ...]


class Kept(NamedTuple):
    """Why it stays: its place, a slug of mount-secrets, a sentence."""

    place: Place
    slug: str
    sentence: str


class _Refused(Exception):
    """`args` are a slug and a sentence."""


def secrets(ctx: Context) -> Iterator[Mounted | Kept]:
    """The credentials that the file declares, each once."""
    seen: dict[str, Place] = {}
    for place in ctx.model.places():
        for pair in _pairs(place):
            seen.setdefault(pair.name, place)
    for name, place in seen.items():
        rule = _rule(ctx, name)
        if rule is None and not name.upper().endswith(WORDS):
            continue
        try:
            found = _mounted(ctx, name, place, rule)
        except _Refused as refused:
            yield Kept(place, *refused.args)
            continue
        if found is not None:
            yield found


def _pairs(place: Place) -> tuple[Pair, ...]:
    return place.node.pairs if isinstance(place.node, Arg | Env) else ()


def _rule(ctx: Context, name: str) -> tuple[SecretRule, str] | None:
    """What an ecosystem says of the name, and its language."""
    for each in ecosystems():
        for rule in each.knowledge.secrets:
            if rule.name and _matches(name, rule.name):
                if rule.credentials and not any(
                    _holds_user(pair.value or "")
                    for place in ctx.model.places()
                    for pair in _pairs(place)
                    if pair.name == name
                ):
                    continue
                return rule, each.language
    return None


def _matches(name: str, pattern: str) -> bool:
    first, star, last = pattern.partition("*")
    if not star:
        return name == pattern
    return name.startswith(first) and name.endswith(last) and len(name) > len(first + last)


def _holds_user(value: str) -> bool:
    """Does an address have a literal user and password in front of its host?"""
    user = value.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return bool(user) and "$" not in user


def _mounted(
    ctx: Context, name: str, first: Place, rule: tuple[SecretRule, str] | None
) -> Mounted | None:
    declaring: list[Place] = []
    readers: list[Place] = []
    literal = False
    for place in ctx.model.places():
        own = [pair for pair in _pairs(place) if pair.name == name]
        if own:
            declaring.append(place)
            literal = literal or any(
                pair.value and "$" not in pair.value and pair.value not in ("''", '""')
                for pair in own
            )
        elif not isinstance(place.node, Run):
            if name in expanded(place):
                raise _Refused("used-elsewhere", f"line {place.line} uses {name}, and is no RUN")
            continue
        others = [pair for pair in _pairs(place) if pair.name != name]
        if own and any(f"${name}" in _flat(pair) for pair in others):
            raise _Refused("used-elsewhere", f"line {place.line} gives {name} another name")
        if own and any(_other(pair, name) for pair in own):
            raise _Refused("used-elsewhere", f"line {place.line} makes {name} of other variables")
        if isinstance(place.node, Run) and _visible(place, name):
            if _reads(ctx, place, name, rule):
                readers.append(place)
            _leaves_no_trace(place, name)
    if any(name in node_names for node_names in _global_uses(ctx)):
        raise _Refused("used-elsewhere", f"a FROM or a global ARG uses {name}")
    if not readers:
        if any(isinstance(each.node, Arg) for each in declaring):
            return None
        raise _Refused("read-at-run-time", f"no step reads {name}, so the container may")
    _not_at_run_time(ctx, name, rule)
    passed = _passed(ctx, name)
    new, directives = _form(ctx)
    changes = [_without(each, name) for each in declaring]
    changes += [
        _left(node, tuple(pair for pair in node.pairs if pair.name != name), "down")
        for node in ctx.model.globals
        if any(pair.name == name for pair in node.pairs)
    ]
    changes += [_given(ctx, each, name, new) for each in readers]
    source = rule[0].source if rule else ""
    return Mounted(name, first, source, tuple(readers), tuple(changes), directives, literal, passed)


def _flat(pair: Pair) -> str:
    return (pair.value or "").replace("{", "")


def _other(pair: Pair, name: str) -> bool:
    """Is the value made of something else than the argument of the same name?"""
    value = (pair.value or "").strip("\"'")
    return "$" in value and value not in (f"${name}", f"${{{name}}}")


def _global_uses(ctx: Context) -> Iterator[tuple[str, ...]]:
    from dfix.refactor.model.expand import variables  # noqa: PLC0415 - asked of files with a credential

    for node in ctx.model.globals:
        for pair in node.pairs:
            yield variables(pair.value or "", ctx.file.escape)


def _visible(place: Place, name: str) -> bool:
    return name in place.before.environment() or name in place.before.args()


def _reads(ctx: Context, place: Place, name: str, rule: tuple[SecretRule, str] | None) -> bool:
    """May a RUN read the variable?"""
    if any(mount.options.get("env") == name for mount in place.mounts):
        return False
    if mentions(place.node, name):
        return True
    calls = [each.call for each in place.called if each.call is not None]
    if rule is not None and any(ecosystem_of(each).language == rule[1] for each in calls):
        return True
    why = reader(ctx, place, {name})
    if why is not None and rule is None:
        # It may be baked into what the step writes, where a secret is no input that runs it again.
        raise _Refused("unknown-reader", f"line {place.line} may read {name}: {why}")
    return why is not None


def _leaves_no_trace(place: Place, name: str) -> None:
    """Is what a RUN does with the value known to leave it nowhere?"""
    if not mentions(place.node, name):
        return
    script = place.script
    if script is None or script.opaque_parts:
        raise _Refused("written-to-layer", f"what line {place.line} does with {name} is not known")
    known = 0
    for called in place.called:
        command = called.command
        words = [at for at, word in enumerate(command.words) if name in word.variables]
        targets = [each.target for each in command.redirects if each.target is not None]
        set_here = [key for key, word in command.assignments if name in word.variables]
        known += len(words) + len(set_here)
        if any(name in each.variables for each in targets) or (set_here and not called.values):
            raise _Refused("written-to-layer", f"line {place.line} hands {name} on")
        if not words:
            continue
        sends = called.program in SENDERS and "pipeline" not in command.context
        asks = called.program in ASKERS
        if asks or (sends and not targets) or _takes(called, words):
            continue
        what = called.program or "a command"
        raise _Refused(
            "written-to-layer", f"line {place.line} gives {name} to {what}, which may write it"
        )
    if name in script.variables and not known:
        raise _Refused("written-to-layer", f"what line {place.line} does with {name} is not known")


def _takes(called: Called, words: list[int]) -> bool:
    """Are these words of a call that take a credential and store none?"""
    call = called.call
    if call is None or called.command.redirects:
        return False
    knowledge = ecosystem_of(call).knowledge
    effects = {rule.effect for rule in knowledge.secrets if rule.effect}
    for at in words:
        texts = [word.text for word in called.command.words]
        flag = texts[at].partition("=")[0]
        if not flag.startswith("-"):
            before = texts[at - 1].partition("=")
            rule = knowledge.flags.get(before[0]) if not before[1] else None
            flag = before[0] if rule is not None and rule.takes == "value" else ""
        found = knowledge.flags.get(flag)
        effect = "argument" if not flag else found.effect if found is not None else ""
        if effect not in effects:
            return False
    return True


def _not_at_run_time(ctx: Context, name: str, rule: tuple[SecretRule, str] | None) -> None:
    """Does nothing that starts in a container read the variable?"""
    shown = (
        {each.target for each in ctx.project.repository.builds} if ctx.project.at_hand else set()
    )
    for stage in ctx.model.stages:
        if name not in stage.final.environment():
            continue
        if not stage.is_last and (stage.name is None or stage.name not in shown):
            continue
        if rule is None:
            raise _Refused("read-at-run-time", f"the container has {name}, and may read it")
        for kind in (Entrypoint, Cmd):
            place = stage.last(kind)
            for words in _started(place) if place is not None else ():
                call = read_call(words)
                if call is not None and ecosystem_of(call).language == rule[1]:
                    sentence = f"the container starts {words[0]}, which may read {name}"
                    raise _Refused("read-at-run-time", sentence)
        if not ctx.project.at_hand:
            raise _Refused(
                "read-at-run-time", f"without the project, nothing tells who reads {name}"
            )
        tree = ctx.project.sent
        if len(tree.files()) > FILES:
            raise _Refused("read-at-run-time", f"the project is too large to tell who reads {name}")
        for path in tree.files():
            if path == ctx.project.path or path.rpartition("/")[2].startswith("."):
                continue
            text = tree.read(path)
            if not isinstance(text, Unknown) and name in text.value:
                raise _Refused("read-at-run-time", f"{path} names {name}")


def _started(place: Place) -> list[tuple[str | None, ...]]:
    body = getattr(place.node, "body", None)
    if isinstance(body, ExecForm):
        return [tuple(body.values)]
    return [each.values for each in place.called]


def _passed(ctx: Context, name: str) -> tuple[str, ...]:
    """The places that give the argument its value, which a reader has to change."""
    found: list[str] = []
    for build in ctx.project.repository.builds if ctx.project.at_hand else ():
        if name not in build.args:
            continue
        if build.key:  # a service or a target, which builds without any command line
            raise _Refused("passed-elsewhere", f"{build.source} passes {name} as an argument")
        found.append(build.source)
    return tuple(dict.fromkeys(found))


def _form(ctx: Context) -> tuple[bool, dict[str, str]]:
    """Can a secret be a variable, and with which syntax line? Otherwise it is read from its file."""
    if frontend.has(ctx, syntax.named("secret-env")):
        return True, {}
    if frontend.can_have(ctx):
        return True, {"syntax": frontend.LINE}
    return False, {}


def _without(place: Place, name: str) -> edits.Change:
    node = place.node
    assert isinstance(node, Arg | Env)  # noqa: S101 - it declares the name
    return _left(node, tuple(pair for pair in node.pairs if pair.name != name), "down")


def _left(node: Arg | Env, pairs: tuple[Pair, ...], fate: edits.Fate) -> edits.Change:
    if not pairs:
        return edits.remove(node, fate)
    first = pairs[0]
    key = first.key.with_changes(before=node.pairs[0].key.before)
    return edits.replace(
        node,
        edits.bare(node).with_changes(pairs=(first.with_changes(key=key), *pairs[1:])),
    )


def _given(ctx: Context, place: Place, name: str, variable: bool) -> edits.Change:  # noqa: FBT001
    """The RUN with the secret, as a variable or as a file that the step makes one of."""
    node, style = place.node, ctx.style
    assert isinstance(node, Run)  # noqa: S101 - only a RUN reads it
    ident, body = name.lower(), node.body
    value = f"type=secret,id={ident},env={name}"
    if not variable:
        edited = Edited(place)
        if not edited.possible:
            raise _Refused(
                "old-frontend",
                f"an old frontend has secrets as files alone, and line {place.line} cannot be edited",
            )
        text = f'export {name}="$(cat /run/secrets/{ident})"'
        edited.put_in_front(text, style.continuation())
        body = edited.body()
        user = user_of(place)
        readable = "" if not isinstance(user, Unknown) and user.value == "root" else ",mode=0444"
        value = f"type=secret,id={ident}{readable}"
    before = style.continuation() if node.flags else " "
    flags = (*node.flags, compose.flag("mount", value, before))
    changed = edits.bare(node).with_changes(flags=flags, body=compose.below_the_flags(style, body))
    return edits.replace(node, changed)
