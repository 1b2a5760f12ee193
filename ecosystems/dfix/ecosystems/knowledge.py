"""What an ecosystem's `knowledge.toml` says, as typed values.

Every row carries `source`: the page or the experiment that shows it. What has no row is unknown.
The schema is the one that the functions below read; a key that they do not know is an error, so
that a misspelt fact cannot be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.arguments import FlagRule
from dfix.ecosystems.calls import Cache, CacheKind, Role

if TYPE_CHECKING:
    from collections.abc import Mapping


class KnowledgeError(ValueError):
    """A table that does not follow the schema; the message names the ecosystem and the row."""


class Command(NamedTuple):
    """A subcommand: the names that mean it ("ci", "clean-install"), and its role."""

    verb: str
    names: tuple[str, ...]
    role: Role
    locked: bool
    reads_store: bool
    stores: bool  # puts what it builds into the store (mvn install)
    caches: tuple[str, ...]
    reads: tuple[str, ...]  # caches that must hold what it looks for
    source: str


class SettingRule(NamedTuple):
    """What keeps the packages of `caches` where a mount alone does not (`keep`), or leaves none behind (`clean`).

    It is for calls of `programs` (empty: all) with one of `verbs` (empty: all) that have a flag of the
    effect `having` and none of the effects `unless`. `drops` are effects of flags that mean nothing then,
    `supersedes` subcommands in front that do, and `folders` where downloads lie beside the caches.
    """

    caches: tuple[str, ...]
    programs: tuple[str, ...]
    verbs: tuple[str, ...]
    command: tuple[str, ...]
    words: tuple[str, ...]
    having: str
    unless: tuple[str, ...]
    drops: tuple[str, ...]
    folders: tuple[str, ...]
    supersedes: tuple[str, ...]
    source: str


class EnvRule(NamedTuple):
    """An environment variable or, ending in `*`, a family of them, that the programs read.

    `effect` is "" (it changes something), "file" (its value names a file that is read), "cache-off"
    (while it is not empty there is no cache), "offline", "lock-off", or "production".
    """

    name: str
    effect: str
    when: str  # the value that has the effect; empty: any value that is not empty
    source: str
    undo: str = ""  # the value that undoes the effect, where an empty one is an error


class SecretRule(NamedTuple):
    """A variable by which the programs are given a credential, or words of theirs that take one and store none.

    `name` may hold a `*`. With `credentials` it is one only where its value is an address with a user
    in it. `effect` is that of a flag whose value may hold a credential, "argument" for words that no
    flag takes: the call leaves no trace of it in what it writes.
    """

    name: str
    effect: str
    credentials: bool
    source: str


class Output(NamedTuple):
    """A directory that an install, or a build, writes, relative to the project.

    With `beside`, one lies beside each file of these names, as each module of Maven has its own.
    """

    path: str
    by: Role
    beside: tuple[str, ...]
    source: str


class Knowledge(NamedTuple):
    """All rows of one ecosystem; `programs` are names without version digits ("pip", "python")."""

    id: str
    title: str
    language: str  # the folder that tells what its programs need at run time
    programs: tuple[str, ...]
    starters: tuple[
        str, ...
    ]  # start what was built, and read no store that no word of theirs names
    commands: Mapping[str, Command]  # by each name
    flags: Mapping[str, FlagRule]  # by each spelling
    caches: Mapping[str, Cache]
    env: tuple[EnvRule, ...]
    outputs: tuple[Output, ...]
    extra: Mapping[str, Any]  # tables that only this ecosystem's reader knows
    keeps: tuple[SettingRule, ...] = ()
    cleans: tuple[SettingRule, ...] = ()
    leans: tuple[SettingRule, ...] = ()  # what leaves out packages that are only recommended
    secrets: tuple[SecretRule, ...] = ()


_KNOWN = frozenset(
    {
        "id",
        "title",
        "language",
        "programs",
        "starters",
        "command",
        "flag",
        "cache",
        "env",
        "output",
        "extra",
        "keep",
        "clean",
        "lean",
        "secret",
    }
)


def knowledge_of(table: Mapping[str, Any]) -> Knowledge:
    """Type a loaded table. Raises `KnowledgeError`."""
    name = str(table.get("id", "?"))
    surplus = set(table) - _KNOWN
    if surplus:
        message = f"{name}: unknown table {min(surplus)!r}"
        raise KnowledgeError(message)
    commands: dict[str, Command] = {}
    for row in table.get("command", ()):
        command = _command(name, row)
        for spelling in command.names:
            commands[spelling] = command
    flags: dict[str, FlagRule] = {}
    for row in table.get("flag", ()):
        _only(name, row, {"names", "takes", "effect", "source"})
        rule = FlagRule(
            row["names"][0], row.get("takes", "nothing"), row.get("effect", ""), row["source"]
        )
        for spelling in row["names"]:
            flags[spelling] = rule
    caches = {row["id"]: _cache(name, row) for row in table.get("cache", ())}
    for command in commands.values():
        missing = {*command.caches, *command.reads} - set(caches)
        if missing:
            message = f"{name}: {command.verb} names the cache {min(missing)!r}, which has no row"
            raise KnowledgeError(message)
    return Knowledge(
        id=name,
        title=table["title"],
        language=table.get("language", name),
        programs=table["programs"],
        starters=table.get("starters", ()),
        commands=commands,
        flags=flags,
        caches=caches,
        env=tuple(_env(name, row) for row in table.get("env", ())),
        outputs=tuple(_output(name, row) for row in table.get("output", ())),
        extra=table.get("extra", {}),
        keeps=tuple(_setting(name, row) for row in table.get("keep", ())),
        cleans=tuple(_setting(name, row) for row in table.get("clean", ())),
        leans=tuple(_setting(name, row) for row in table.get("lean", ())),
        secrets=tuple(_secret(name, row) for row in table.get("secret", ())),
    )


def _only(name: str, row: Mapping[str, Any], keys: set[str]) -> None:
    for key in row:
        if key not in keys:
            message = f"{name}: unknown key {key!r} in {dict(row)}"
            raise KnowledgeError(message)
    if not row.get("source"):
        message = f"{name}: no source for {dict(row)}"
        raise KnowledgeError(message)


def _command(name: str, row: Mapping[str, Any]) -> Command:
    _only(
        name,
        row,
        {"names", "role", "locked", "reads-store", "stores", "caches", "reads", "source"},
    )
    return Command(
        verb=row["names"][0],
        names=row["names"],
        role=Role(row["role"]),
        locked=row.get("locked", False),
        reads_store=row.get("reads-store", False),
        stores=row.get("stores", False),
        caches=row.get("caches", ()),
        reads=row.get("reads", ()),
        source=row["source"],
    )


def _setting(name: str, row: Mapping[str, Any]) -> SettingRule:
    keys = {
        "caches",
        "programs",
        "verbs",
        "command",
        "words",
        "having",
        "unless",
        "drops",
        "folders",
        "supersedes",
        "source",
    }
    _only(name, row, keys)
    return SettingRule(
        caches=row.get("caches", ()),
        programs=row.get("programs", ()),
        verbs=row.get("verbs", ()),
        command=row.get("command", ()),
        words=row.get("words", ()),
        having=row.get("having", ""),
        unless=row.get("unless", ()),
        drops=row.get("drops", ()),
        folders=row.get("folders", ()),
        supersedes=row.get("supersedes", ()),
        source=row["source"],
    )


def _cache(name: str, row: Mapping[str, Any]) -> Cache:
    keys = {
        "id",
        "path",
        "root-path",
        "kind",
        "sharing",
        "freshness",
        "moved-by",
        "images",
        "source",
    }
    _only(name, row, keys)
    kind, freshness = CacheKind(row["kind"]), row.get("freshness", "")
    if kind is CacheKind.COMPILE and freshness not in {"content", "times"}:
        message = f"{name}: {row['id']} does not say how it tells what is out of date"
        raise KnowledgeError(message)
    moved_by = tuple((variable, suffix) for variable, suffix in row.get("moved-by", ()))
    return Cache(
        id=row["id"],
        path=row["path"],
        kind=kind,
        sharing=row["sharing"],
        env=moved_by[0][0] if moved_by else None,
        source=row["source"],
        images=row.get("images", ()),
        moved_by=moved_by,
        root_path=row.get("root-path"),
        freshness=freshness,
    )


def _output(name: str, row: Mapping[str, Any]) -> Output:
    _only(name, row, {"path", "by", "beside", "source"})
    by = Role(row.get("by", "install"))
    return Output(row["path"], by, row.get("beside", ()), row["source"])


def _env(name: str, row: Mapping[str, Any]) -> EnvRule:
    _only(name, row, {"name", "effect", "when", "undo", "source"})
    return EnvRule(
        row["name"],
        row.get("effect", ""),
        row.get("when", ""),
        row["source"],
        row.get("undo", ""),
    )


def _secret(name: str, row: Mapping[str, Any]) -> SecretRule:
    _only(name, row, {"name", "effect", "credentials", "source"})
    if ("name" in row) == ("effect" in row):
        message = f"{name}: a secret has a name or an effect: {dict(row)}"
        raise KnowledgeError(message)
    return SecretRule(
        row.get("name", ""), row.get("effect", ""), row.get("credentials", False), row["source"]
    )
