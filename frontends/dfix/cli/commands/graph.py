"""`dfix graph`: the stages of a file before and after, and what an edit of a source file rebuilds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dfix.cli.request import Request, shared_options
from dfix.cli.settings import LEVELS

if TYPE_CHECKING:
    from dfix.api.tasks import Task
    from dfix.refactor.report import Report
    from dfix.render.graph import Side


@click.command("graph")
@click.argument("file", type=click.UNPROCESSED)
@click.option("--level", type=click.Choice(LEVELS), help="Highest level taken [default: review].")
@click.option("--edit", metavar="PATH", help="The edited file, by its path in the build context.")
@shared_options
@click.pass_context
def command(ctx: click.Context, /, file: str, **options: Any) -> None:
    """Draw the stages before and after as a mermaid chart.

    Each stage says how many of its steps run again after an edit of a source file that no install
    reads.
    """
    from dfix.api.tasks import perform  # noqa: PLC0415 - not for --help
    from dfix.cli.commands.refactor import emit  # noqa: PLC0415 - not for --help
    from dfix.cli.discovery import root_of  # noqa: PLC0415 - not for --help
    from dfix.cli.exits import code  # noqa: PLC0415 - not for --help
    from dfix.cli.settings import SettingsError  # noqa: PLC0415 - not for --help
    from dfix.render import graph  # noqa: PLC0415 - not for --help

    if os.path.isdir(file):
        raise click.UsageError(f"{file} is a folder: name a file")
    request = Request(options)
    whole = os.path.normpath(os.path.join(request.folder, file))
    root = root_of(whole, request.folder)
    path = os.path.relpath(whole, root).replace(os.sep, "/")
    try:
        task = request.task(path, root, request.settings(whole, root))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    report = perform(task)
    if report.ending.kind in ("unreadable", "unparsable"):
        emit(f"error: {file}: {report.ending.reason}\n", err=True)
        ctx.exit(code([report], asks=False, problems=False))
    for line in graph.render(_sides(task, report, options["edit"])):
        emit(f"{line}\n")
    ctx.exit(code([report], asks=False, problems=False))


def _sides(task: Task, report: Report, edited: str | None) -> list[Side]:
    """The file as it is and, if it changes, as it would be."""
    from dfix.api.tasks import disk  # noqa: PLC0415 - not for --help
    from dfix.grammar import parse  # noqa: PLC0415 - not for --help
    from dfix.refactor.model import Model  # noqa: PLC0415 - not for --help
    from dfix.refactor.model.cost import Edit, rerun  # noqa: PLC0415 - not for --help
    from dfix.refactor.plans.editing import source_edit  # noqa: PLC0415 - not for --help
    from dfix.refactor.project import Project  # noqa: PLC0415 - not for --help
    from dfix.render.graph import Side  # noqa: PLC0415 - not for --help

    target = task.config.target
    texts = {
        "before": (report.before, {}),
        "after": (report.after, {path: new for path, (_, new) in report.files.items()}),
    }
    if not report.changed:
        del texts["after"]
    sides: list[Side] = []
    edit: Edit | None = Edit("source", edited) if edited else None
    for title, (text, files) in texts.items():
        model = Model(parse(text), task.path)
        project = Project(disk(task.root), task.path, task.config, files)
        edit = edit or source_edit(model, project, target)
        found = None if edit is None else rerun(model, project, edit, target)
        shown = (
            title
            if found is None
            else f"{title}: {len(found.again)} of {len(found.steps)} steps run again after an edit of {found.edit.what}"
        )
        sides.append(Side(shown, model, found, target))
    return sides
