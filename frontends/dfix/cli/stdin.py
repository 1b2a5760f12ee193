"""`dfix -`.

One Dockerfile from standard input; with `--write` a filter that prints the new text.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from dfix.api.unite import unite
from dfix.cli.commands.refactor import emit, finish
from dfix.cli.discovery import root_of
from dfix.cli.request import Request
from dfix.cli.settings import SettingsError
from dfix.refactor.report import Ending, Report
from dfix.render.view import Group

if TYPE_CHECKING:
    from dfix.api.tasks import Task


def refactor_stdin(ctx: click.Context, options: dict[str, Any]) -> None:
    """Refactor standard input.

    Without a file name there is no project whose files could be read.
    """
    request = Request(options)
    name = options["stdin_filename"]
    file = os.path.normpath(os.path.join(request.folder, name or "Dockerfile"))
    root = root_of(file, request.folder)
    try:
        settings = request.settings(file, root)
        task = request.task(os.path.relpath(file, root).replace(os.sep, "/"), root, settings)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    data = sys.stdin.buffer.read()
    report = _report(data, task, project=name is not None)
    run = unite([report])
    if options["write"]:
        emit(report.after if report.changed else data.decode("utf-8", "surrogateescape"))
        for path in sorted(run.edits.keys() - {report.path}):
            emit(f"not written: {path}: standard input is a filter for one file\n", err=True)
        options = {**options, "write": False, "quiet": True, "form": "text"}
    finish(ctx, options, [Group(root, run)], [], request)


def _report(data: bytes, task: Task, *, project: bool) -> Report:
    from dfix.api import refactor  # noqa: PLC0415 - after usage errors
    from dfix.grammar import NotText, decode  # noqa: PLC0415 - after usage errors

    try:
        text = decode(data)
    except NotText as error:
        return Report(task.path, "", "", ending=Ending("unparsable", str(error)))
    return refactor(
        text,
        path=task.path,
        project=task.root if project else None,
        config=task.config,
        level=task.level,
        only=task.only,
        skip=task.skip,
    )
