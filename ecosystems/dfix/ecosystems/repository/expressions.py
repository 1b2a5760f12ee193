"""Expressions of CI systems: ``${{ env.X }}``, ``$(Build.Id)``, ``<< parameters.x >>``.

Only names and literals are resolved. The rest stays as written and is not known.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.shown import ROOT, Word
from dfix.ecosystems.repository.yamls import Fields, Items, fields, items, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GITHUB = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_AZURE = re.compile(r"\$\(([\w.]+)\)")
_CIRCLE = re.compile(r"<<\s*(.*?)\s*>>")
_LITERAL = re.compile(r"^'([^']*)'$")
ROWS = 64
"""Jobs of one matrix that are looked at."""

WORKSPACES = {
    "github.workspace": ROOT,
    "Build.SourcesDirectory": ROOT,
    "Build.Repository.LocalPath": ROOT,
    "System.DefaultWorkingDirectory": ROOT,
    "Pipeline.Workspace/s": ROOT,
}


def github(value: Any, names: Mapping[str, str]) -> Word:
    """Expand ``${{ ... }}``; `names` maps ``env.X``, ``matrix.x``, ``inputs.x`` to their values."""
    return _expanded(_GITHUB, text(value), names)


def azure(value: Any, names: Mapping[str, str]) -> Word:
    """Expand ``$(name)`` and ``${{ variables.name }}``."""
    first = _expanded(_AZURE, text(value), names)
    return _expanded(_GITHUB, first.text, names) if "${{" in first.text else first


def circle(value: Any, names: Mapping[str, str]) -> Word:
    """Expand ``<< parameters.name >>``."""
    return _expanded(_CIRCLE, text(value), names)


def _expanded(pattern: re.Pattern[str], value: str, names: Mapping[str, str]) -> Word:
    known = True

    def replaced(match: re.Match[str]) -> str:
        nonlocal known
        found = _named(match[1], names)
        if found is None:
            known = False
            return match[0]
        return found

    out = pattern.sub(replaced, value)
    return Word(out, known)


def _named(expression: str, names: Mapping[str, str]) -> str | None:
    if expression in names:
        return names[expression]
    if expression in WORKSPACES:
        return WORKSPACES[expression]
    literal = _LITERAL.match(expression)
    return None if literal is None else literal[1]


def rows(strategy: Any) -> Iterator[dict[str, str]]:
    """The jobs that a GitHub matrix makes, as ``matrix.name`` to value; one empty without any."""
    matrix = fields(fields(strategy).get("matrix"))
    axes = {
        name: value
        for name, value in matrix.items()
        if isinstance(value, Items) and name not in {"include", "exclude"}
    }
    products = itertools.product(*axes.values())
    made: list[dict[str, str]] = []
    for values in itertools.islice(products, ROWS):
        row: dict[str, str] = {}
        for name, value in zip(axes, values, strict=True):
            row.update(_flat(f"matrix.{name}", value))
        made.append(row)
    extra = [_flat("matrix", each) for each in items(matrix.get("include"))[:ROWS]]
    if not axes:
        yield from extra or [{}]
        return
    for add in extra:
        fits = [row for row in made if all(row.get(k, v) == v for k, v in add.items())]
        for row in fits:
            row.update(add)
        if not fits:
            made.append(add)
    yield from made


def _flat(prefix: str, value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {prefix: value}
    found: dict[str, str] = {}
    if isinstance(value, Fields):
        for name, each in value.items():
            found.update({f"{prefix}.{name}": each} if isinstance(each, str) else {})
    return found
