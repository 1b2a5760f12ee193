"""`dfix config`: the settings that hold for a file, and the schema of all."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, cast

import click

from dfix.cli.discovery import root_of
from dfix.cli.request import Request, shared_options
from dfix.cli.schema import schema
from dfix.cli.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.group("config")
def command() -> None:
    """Show the settings that hold for a file, or the schema of all."""


@command.command("show")
@click.argument("path", default="Dockerfile", type=click.UNPROCESSED)
@shared_options
def show(path: str, **options: Any) -> None:
    """Show the settings that hold for a file, as TOML, and where they come from."""
    request = Request(options)
    file = os.path.normpath(os.path.join(request.folder, path))
    root = root_of(file, request.folder)
    try:
        settings = request.settings(file, root)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"# {settings.source or 'no configuration file: every setting has its default'}")
    for line in _toml(settings.values):
        click.echo(line)


@command.command("schema")
def show_schema() -> None:
    """Print the JSON schema of dfix.toml, which is also that of [tool.dfix]."""
    click.echo(json.dumps(schema(), indent=2))


def _toml(values: Any) -> Iterator[str]:
    """Dotted keys; a JSON string, list or boolean of ours is one of TOML, too."""
    for name, value in sorted(values.items()):
        if isinstance(value, dict):
            for key, each in sorted(cast("dict[str, str]", value).items()):
                yield f"{name}.{json.dumps(key)} = {json.dumps(each)}"
        else:
            yield f"{name} = {json.dumps(value)}"
