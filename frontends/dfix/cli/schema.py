"""The JSON schema of the configuration, made from the table that reads it."""

from __future__ import annotations

from typing import Any

from dfix.cli.settings import SETTINGS, WHOLE_RUN, Setting

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of dfix.toml and of `[tool.dfix]`."""
    override = _table({name: each for name, each in SETTINGS.items() if name not in WHOLE_RUN})
    override["properties"]["paths"] = {
        "type": "array",
        "items": {"type": "string"},
        "description": "patterns, as in .gitignore, relative to the configuration file",
    }
    override["required"] = ["paths"]
    whole = _table(SETTINGS)
    whole["properties"]["overrides"] = {"type": "array", "items": override}
    return {"$schema": DRAFT, "title": "dfix", **whole}


def _table(settings: dict[str, Setting]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, setting in settings.items():
        table, _, key = name.rpartition(".")
        home = properties
        if table:
            home = properties.setdefault(table, _object())["properties"]
        home[key] = _value(setting)
    return {**_object(), "properties": properties}


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _value(setting: Setting) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "word": {"enum": list(setting.words)},
        "text": {"type": "string"},
        "texts": {"type": "array", "items": {"type": "string"}},
        "flag": {"type": "boolean"},
        "texts by name": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    return {**kinds[setting.kind], "description": setting.meaning}
