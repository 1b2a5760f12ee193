"""`dfix list`: the transforms."""

from __future__ import annotations

import click


@click.command("list")
def command() -> None:
    """List the transforms: what each does, and the highest level that it proposes."""
    from dfix.api.tasks import transforms  # noqa: PLC0415 - --help does without the catalogue

    found = transforms()
    width = max((len(each.id) for each in found), default=0)
    for each in found:
        note = ", on request" if each.on_request else ""
        click.echo(f"{each.id:{width}}  {each.ceiling.word:6}  {each.title}{note}")
