"""`dfix explain`: a transform's page, or one file with the evidence of every step and hold-back."""

from __future__ import annotations

import os
from typing import Any

import click

from dfix.cli.request import Request, shared_options
from dfix.cli.settings import LEVELS


@click.command("explain")
@click.argument("subject", metavar="TRANSFORM|FILE", type=click.UNPROCESSED)
@click.option("--level", type=click.Choice(LEVELS), help="Highest level taken [default: review].")
@shared_options
@click.pass_context
def command(ctx: click.Context, /, subject: str, **options: Any) -> None:
    """Show a transform's page, or what would be done to a file and why, or why not."""
    from dfix.api.tasks import no_such_transform, transforms  # noqa: PLC0415 - not for --help

    found = next((each for each in transforms() if each.id == subject), None)
    if found is not None:
        click.echo(f"{found.id} ({found.ceiling.word})\n")
        click.echo(found.page.strip())
        return
    if not os.path.lexists(subject):
        names = {each.id for each in transforms()}
        raise click.UsageError(
            f"there is no file {subject}, and {no_such_transform(subject, names)}"
        )
    if os.path.isdir(subject):
        raise click.UsageError(f"{subject} is a folder: name a file")
    _explain_file(ctx, subject, options)


def _explain_file(ctx: click.Context, subject: str, options: dict[str, Any]) -> None:
    from dfix.api.tasks import explained, perform  # noqa: PLC0415 - a page needs no run
    from dfix.api.unite import unite  # noqa: PLC0415 - a page needs no run
    from dfix.cli.commands.refactor import emit  # noqa: PLC0415 - a page needs no run
    from dfix.cli.discovery import root_of  # noqa: PLC0415 - a page needs no run
    from dfix.cli.exits import code  # noqa: PLC0415 - a page needs no run
    from dfix.cli.settings import SettingsError  # noqa: PLC0415 - a page needs no run
    from dfix.render import slice as sliced  # noqa: PLC0415 - a page needs no run
    from dfix.render import text  # noqa: PLC0415 - a page needs no run
    from dfix.render.view import Group, View  # noqa: PLC0415 - a page needs no run

    request = Request(options)
    file = os.path.normpath(os.path.join(request.folder, subject))
    root = root_of(file, request.folder)
    path = os.path.relpath(file, root).replace(os.sep, "/")
    try:
        task = request.task(path, root, request.settings(file, root))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    run = unite([perform(task)])
    view = View((Group(root, run),), explain=True, verbosity=1, folder=request.folder)
    emit("".join(sliced.render(path, explained(task))))
    emit("".join(text.render(view)))
    for line in text.troubles(view):
        emit(line + "\n", err=True)
    ctx.exit(code(run.reports, asks=False, problems=False))
