"""Bake files: targets with what they inherit. https://docs.docker.com/build/bake/reference/.

python-hcl2 8 keeps the quotes of strings, so that ``TAG`` and ``"TAG"`` differ; older versions
write ``${TAG}`` for the former. Both are read. Functions, and matrices that are not lists, stay
unknown.
"""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.interpolate import interpolated
from dfix.ecosystems.repository.placing import cache_types, placed
from dfix.ecosystems.repository.shown import Built, Consumed, Word
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

LIMIT = 100_000
DEPTH = 8


def bake_file(tree: Tree, path: str, text: str) -> Iterator[Shown]:
    """The targets of docker-bake.hcl, docker-bake.json and their .override files."""
    parsed = _parsed(path, text)
    if isinstance(parsed, Note):
        yield parsed
        return
    variables = {
        name: value
        for name, body in _blocks(parsed, "variable").items()
        if "default" in body and (value := _plain(body["default"], {}).text)
    }
    targets = _blocks(parsed, "target")
    grouped = {
        _plain(each, {}).text
        for body in _blocks(parsed, "group").values()
        for each in _list(body.get("targets"))
    }
    parents = {
        _plain(each, {}).text for body in targets.values() for each in _list(body.get("inherits"))
    }
    for name, body in targets.items():
        if name in parents - grouped:  # only there to be inherited
            continue
        line = _line(text, name)
        whole = _inherited(targets, body, 0)
        for values in _matrix(whole, variables):
            yield from _target(tree, path, f"{path}:{line}", name, whole, values)


def _parsed(path: str, text: str) -> dict[str, Any] | Note:
    if len(text) > LIMIT or text.count("(") + text.count("[") + text.count("{") > LIMIT // 20:
        return Note("not read: too large", path)
    try:
        if path.endswith(".json"):
            found = json.loads(text)
        else:
            import hcl2  # noqa: PLC0415 - only projects with a bake file pay for it

            found = hcl2.loads(text)
    except RecursionError:
        return Note("not read: nested too deeply", path)
    except Exception:  # noqa: BLE001 - lark's errors have no base that hcl2 promises
        return Note(f"not valid {'JSON' if path.endswith('.json') else 'HCL'}", path)
    return found if isinstance(found, dict) else Note("not a mapping", path)


def _blocks(parsed: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Blocks by label: HCL gives a list of one-entry mappings, JSON one mapping."""
    found: dict[str, dict[str, Any]] = {}
    value = parsed.get(kind)
    for group in value if isinstance(value, list) else [value]:
        if isinstance(group, dict):
            for label, body in group.items():
                if isinstance(body, dict):
                    found[str(label).strip('"')] = {str(k).strip('"'): v for k, v in body.items()}
    return found


def _inherited(
    targets: Mapping[str, dict[str, Any]], body: dict[str, Any], depth: int
) -> dict[str, Any]:
    """A target over those it inherits: later ones win, its own fields over all; maps unite."""
    out: dict[str, Any] = {}
    if depth < DEPTH:
        for name in _list(body.get("inherits")):
            parent = targets.get(_plain(name, {}).text)
            if parent is not None and parent is not body:
                out = _over(out, _inherited(targets, parent, depth + 1))
    return _over(out, body)


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(below)
    for name, value in above.items():
        lower = out.get(name)
        out[name] = (
            {**lower, **value} if isinstance(lower, dict) and isinstance(value, dict) else value
        )
    return out


def _matrix(body: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables of each target that a matrix makes; at most 64 of them."""
    rows: list[dict[str, str]] = [dict(variables)]
    matrix = body.get("matrix")
    for name, values in matrix.items() if isinstance(matrix, dict) else ():
        plain = [_plain(each, variables) for each in _list(values)]
        if not plain or not all(word.known for word in plain):
            continue
        rows = [{**row, str(name).strip('"'): word.text} for row in rows for word in plain][:64]
    yield from rows


def _target(
    tree: Tree,
    path: str,
    source: str,
    name: str,
    body: Mapping[str, Any],
    values: Mapping[str, str],
) -> Iterator[Shown]:
    if "dockerfile-inline" in body:
        return
    folder = posixpath.dirname(path)
    context = _plain(body.get("context", '"."'), values)
    given = body.get("dockerfile")
    target = _plain(body.get("target", '""'), values)
    contexts = {
        str(k).strip('"'): _plain(v, values).text for k, v in _map(body.get("contexts")).items()
    }
    key = f"{folder}#bake:{name}"
    args: dict[str, str | None] = {}
    for label, value in _map(body.get("args")).items():
        word = _plain(value, values)
        args[str(label).strip('"')] = word.text if word.known else None
    use = BuildUse(
        None,
        None,
        source,
        "buildx",
        target=target.text if target.known and target.text else None,
        args=args,
        additional_contexts=contexts,
        platforms=tuple(_plain(each, values).text for each in _list(body.get("platforms"))),
        cache_from=_caches(body.get("cache-from"), values),
        cache_to=_caches(body.get("cache-to"), values),
        tags=tuple(_plain(each, values).text for each in _list(body.get("tags"))),
        secrets=tuple(_shown(each, values) for each in _list(body.get("secret"))),
        ssh=tuple(_shown(each, values) for each in _list(body.get("ssh"))),
        unknown=() if target.known else ("target",),
        key=key,
    )
    dockerfile = None if given is None else _plain(given, values)
    found = placed(
        tree, use, (folder,) if folder == "" else ("", folder), context, dockerfile, "context"
    )
    if found is not None:
        yield Built(found)
    for label, value in contexts.items():
        consumer = Consumer(f"the build context {label} of the target {name}", source)
        if value.startswith("target:"):
            yield Consumed(consumer, key=f"{folder}#bake:{value[len('target:') :]}")
        elif value.startswith("docker-image://"):
            yield Consumed(consumer, image=value[len("docker-image://") :])


def _caches(value: Any, values: Mapping[str, str]) -> tuple[str, ...]:
    return cache_types(_shown(each, values) for each in _list(value))


def _shown(value: Any, values: Mapping[str, str]) -> str:
    """An entry as text: newer files write ``{ type = "gha" }`` for ``"type=gha"``."""
    if isinstance(value, dict):
        return ",".join(
            f"{str(k).strip(chr(34))}={_plain(v, values).text}"
            for k, v in value.items()
            if not str(k).startswith("__")
        )
    return _plain(value, values).text


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: Any) -> dict[str, Any]:
    """A mapping without what the parser adds (``__is_block__``, ``__start_line__``)."""
    return (
        {k: v for k, v in value.items() if not str(k).startswith("__")}
        if isinstance(value, dict)
        else {}
    )


def _plain(value: Any, values: Mapping[str, str]) -> Word:
    """A literal or a template as text."""
    if isinstance(value, bool):
        return Word(str(value).lower())
    if isinstance(value, int | float):
        return Word(str(value))
    if not isinstance(value, str):
        return Word("", value is None)
    if len(value) > 1 and value[0] == value[-1] == '"':
        return interpolated(value[1:-1], values)
    if value in values:  # an identifier, in version 8
        return Word(values[value])
    return interpolated(value, values)


def _line(text: str, name: str) -> int:
    for quoted in (f'target "{name}"', f'"{name}"'):
        at = text.find(quoted)
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 1
