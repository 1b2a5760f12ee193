"""Expansion of ``${NAME:-default}`` as compose, bake and .env files have it.

Rules: https://docs.docker.com/reference/compose-file/interpolation/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.shown import Word

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEPTH = 6
_LIMIT = 20_000


def interpolated(text: str, env: Mapping[str, str], depth: int = 0) -> Word:
    """Expand a value. A name without a value and a default stays as written, and is not known."""
    if "$" not in text or len(text) > _LIMIT or depth > _DEPTH:
        return Word(text, "$" not in text)
    out: list[str] = []
    known, at = True, 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar < 0:
            out.append(text[at:])
            break
        out.append(text[at:dollar])
        if text.startswith("$$", dollar):
            out.append("$")
            at = dollar + 2
            continue
        raw, body, at = _reference(text, dollar)
        value = _value(body, env, depth) if body else None
        known = known and (value is not None or raw == "$")
        out.append(raw if value is None else value)
    return Word("".join(out), known)


def _reference(text: str, at: int) -> tuple[str, str, int]:
    """(as written, what stands inside, where it ends)."""
    if text.startswith("${", at):
        depth = 0
        for position in range(at + 1, len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            if depth == 0:
                return text[at : position + 1], text[at + 2 : position], position + 1
        return text[at:], "", len(text)
    match = _NAME.match(text, at + 1)
    if match is None:
        return "$", "", at + 1
    return text[at : match.end()], match[0], match.end()


def _value(body: str, env: Mapping[str, str], depth: int) -> str | None:
    match = _NAME.match(body)
    if match is None:
        return None
    value, rest = env.get(match[0]), body[match.end() :]
    if rest.startswith((":-", "-")):
        if value or (value is not None and not rest.startswith(":")):
            return value
        default = interpolated(rest.lstrip(":")[1:], env, depth + 1)
        return default.text if default.known else None
    if rest.startswith((":+", "+")):
        return None
    return value


def env_file(text: str) -> dict[str, str]:
    """The constants of a .env file."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and _NAME.fullmatch(name.strip()):
            plain = value.strip()
            if plain[:1] in {'"', "'"} and plain.endswith(plain[0]) and len(plain) > 1:
                plain = plain[1:-1]
            else:
                plain = plain.partition(" #")[0].strip()
            if "$" not in plain:
                found[name.strip()] = plain
    return found
