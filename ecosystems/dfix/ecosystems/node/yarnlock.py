"""Read a yarn.lock of either generation.

The form of Yarn 1 is its own (https://classic.yarnpkg.com/en/docs/yarn-lock), that of berry is YAML
as Yarn prints it: keys at the margin, fields two blanks in, tables four
(https://yarnpkg.com/advanced/lexicon#lockfile). Both are read by their indents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dfix.ecosystems.tree import Tree

_FIELD, _INNER, _DEEPER = 2, 4, 6
# Patched by Yarn itself: https://yarnpkg.com/protocol/patch (builtin patches)
_BUILT_IN = frozenset({"typescript", "fsevents", "resolve"})


class Entry(NamedTuple):
    """One package: what asks for it, its fields, and its tables of names and ranges."""

    keys: tuple[str, ...]
    fields: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]

    def table(self, name: str) -> Mapping[str, str]:
        """A table; empty if the entry has none of that name."""
        return self.tables.get(name, {})


class Lock(NamedTuple):
    """A lockfile: its entries by each of their keys; `version` is None for Yarn 1."""

    path: str
    version: int | None
    entries: Mapping[str, Entry]


def read_lock(tree: Tree, path: str) -> Fact[Lock]:
    """Read a yarn.lock; Unknown where a line does not have the form."""
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    found: dict[str, Entry] = {}
    fields: dict[str, str] = {}
    tables: dict[str, dict[str, str]] = {}
    inner: dict[str, str] = {}
    metadata: dict[str, str] = {}
    for number, raw in enumerate(text.value.splitlines(), 1):
        line = raw.rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        depth = len(line) - len(line.lstrip())
        if depth == 0 and line.endswith(":"):
            fields, tables = {}, {}
            keys = _keys(line[:-1])
            entry = Entry(keys, fields, tables)
            if keys == ("__metadata",):
                metadata = fields
            else:
                found.update(dict.fromkeys(keys, entry))
        elif depth == _FIELD and line.endswith(":"):
            inner = tables.setdefault(_plain(line[:-1]), {})
        elif depth in {_FIELD, _INNER}:
            name, value = _pair(line.strip())
            if not name:
                return Unknown(f"line {number} of {path} does not have the form of a lockfile")
            (fields if depth == _FIELD else inner)[name] = value
        elif depth < _DEEPER:
            return Unknown(f"line {number} of {path} does not have the form of a lockfile")
    named = metadata.get("version", "")
    if metadata and not named.isdecimal():
        return Unknown(f"{path} names no version of its form")
    return Known(Lock(path, int(named) if metadata else None, found), path)


def _keys(text: str) -> tuple[str, ...]:
    """The keys of an entry: quoted one by one (Yarn 1), or all of them in one pair of quotes (berry)."""
    if text.startswith('"') and text.endswith('"') and text.count('"') == 2:  # noqa: PLR2004 - one pair
        return tuple(each.strip() for each in text[1:-1].split(", "))
    return tuple(_plain(each) for each in _apart(text))


def _apart(text: str) -> list[str]:
    """The parts between commas that stand outside of quotes."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _pair(text: str) -> tuple[str, str]:
    """`name "value"` of Yarn 1, or `name: value` of berry; names may be quoted."""
    if text.startswith('"'):
        name, _, rest = text[1:].partition('"')
    else:
        cut = min((at for at in (text.find(" "), text.find(":")) if at > 0), default=len(text))
        if ":" in text[:cut]:
            cut = text.index(":")
        name, rest = text[:cut], text[cut:]
    return name, _plain(rest.removeprefix(":").strip())


def _plain(text: str) -> str:
    stripped = text.strip()
    return stripped[1:-1] if stripped[:1] == '"' and stripped[-1:] == '"' else stripped


def descriptors(lock: Lock, name: str, spec: str) -> list[str]:
    """The keys that a dependency leads to: the plain one, and that of a patch which Yarn puts over it."""
    plain = spec if has_protocol(spec) else f"npm:{spec}"
    found = [f"{name}@{plain}"] if f"{name}@{plain}" in lock.entries else []
    if spec.startswith("workspace:"):
        return found or [k for k in lock.entries if k.startswith(f"{name}@workspace:")][:1]
    if name in _BUILT_IN or spec.startswith("patch:"):
        found.extend(
            key
            for key in lock.entries
            if key.startswith(f"{name}@patch:")
            and (
                key.startswith(f"{name}@{spec}")
                or _patched(key) in {f"{name}@{plain}", f"{name}@{spec}"}
            )
        )
    if spec.startswith("patch:") and _patched(f"{name}@{spec}") in lock.entries:
        found.append(_patched(f"{name}@{spec}"))
    return found


def _patched(key: str) -> str:
    """What `name@patch:source#file` patches, as a key."""
    return unquote(key.partition("@patch:")[2].partition("#")[0])


def has_protocol(spec: str) -> bool:
    """Does a specifier name where it comes from, as `workspace:*` does?"""
    head, colon, _ = spec.partition(":")
    return bool(colon) and head.replace("+", "").replace("-", "").isalnum()


def production(lock: Lock, wanted: Iterable[tuple[str, str]]) -> frozenset[str] | None:
    """The first keys of all entries that dependencies lead to; None where one of them is not found."""
    seen: set[str] = set()
    todo = list(wanted)
    while todo:
        name, spec = todo.pop()
        keys = [f"{name}@{spec}"] if lock.version is None else descriptors(lock, name, spec)
        if not keys or any(key not in lock.entries for key in keys):
            return None
        for key in keys:
            entry = lock.entries[key]
            if entry.keys[0] in seen:
                continue
            seen.add(entry.keys[0])
            for table in ("dependencies", "optionalDependencies"):
                todo.extend(entry.table(table).items())
    return frozenset(seen)


def package_of(entry: Entry) -> str:
    """The name of the package that an entry is, aliases resolved."""
    resolved = entry.fields.get("resolution") or entry.keys[0]
    name, spec = resolved[0] + resolved[1:].partition("@")[0], resolved[1:].partition("@")[2]
    if spec.startswith("npm:") and "@" in spec[5:]:
        return spec[4:].rpartition("@")[0]
    return name
