"""`dfix [PATHS]`: summary, `--diff`, `--check` and `--write`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from dfix.api.unite import unite
from dfix.cli import exits
from dfix.cli.discovery import discover
from dfix.cli.request import Request, shared_options
from dfix.cli.settings import LEVELS, SettingsError
from dfix.cli.verifying import engine_options
from dfix.render.view import Group, Problem, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.api.tasks import Task
    from dfix.cli.discovery import Found
    from dfix.refactor.report import Report, Run


@click.command("dfix", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=click.UNPROCESSED)
@click.option("--diff", is_flag=True, help="Print a unified diff, for git apply.")
@click.option("--write", is_flag=True, help="Change the files, each atomically.")
@click.option("--check", is_flag=True, help="Exit with 1 if anything would change.")
@click.option("--level", type=click.Choice(LEVELS), help="Highest level taken [default: review].")
@click.option("--only", multiple=True, metavar="TRANSFORM", help="Run this transform alone.")
@click.option("--skip", multiple=True, metavar="TRANSFORM", help="Do not run this transform.")
@click.option("--explain", is_flag=True, help="Show evidence, and what would answer a hold-back.")
@shared_options
@click.option("--verify", is_flag=True, help="With --write: prove it by building first.")
@engine_options
@click.option("--stdin-filename", metavar="PATH", help="What the text of - is called.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How results are shown [default: text].",
)
@click.option("--output", metavar="FILE", help="Write the results there.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes [default: all cores].")
@click.option("--statistics", is_flag=True, help="Count rewrites and hold-backs by transform.")
@click.option("--force-exclude", is_flag=True, help="Apply exclude to paths named here, too.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 where it would be 1.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colours [default: on a terminal].",
)
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@click.option("--verbose", "-v", is_flag=True, help="Say more: files without changes, notes.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Refactor Dockerfiles; without an option, sum up what would change."""
    if options["write"] and (options["diff"] or options["check"]):
        raise click.UsageError("--write goes neither with --diff nor with --check")
    if options["verify"] and not options["write"]:
        raise click.UsageError("--verify goes with --write; dfix verify FILE shows a proof")
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet does not go with --verbose")
    if "-" in options["paths"]:
        from dfix.cli.stdin import refactor_stdin  # noqa: PLC0415 - files are the common case

        if options["verify"]:
            raise click.UsageError("--verify needs a file: it builds what lies around it, too")
        if len(options["paths"]) > 1:
            raise click.UsageError("- stands for standard input and goes with no other path")
        refactor_stdin(ctx, options)
        return
    if options["stdin_filename"] is not None:
        raise click.UsageError("--stdin-filename goes with -")
    _refactor_files(ctx, options)


def _refactor_files(ctx: click.Context, options: dict[str, Any]) -> None:
    request = Request(options)
    found, problems = discover(options["paths"] or (".",), request.folder)
    tasks, troubles = _tasks(request, found)
    problems += troubles
    if options["verify"]:
        from dfix.cli.verifying import interruptible, proven  # noqa: PLC0415 - few runs build

        with interruptible():
            done = iter(list(proven(tasks, options, problems)))
    else:
        from dfix.cli.progress import watched  # noqa: PLC0415 - a run without files shows none

        done = watched(tasks, request.jobs, quiet=request.quiet)
    groups = [Group(root, unite(reports)) for root, reports in _by_root(done, tasks)]
    if options["write"]:
        groups = [Group(each.root, _written(each, problems)) for each in groups]
    finish(ctx, options, groups, problems, request)


def _tasks(request: Request, found: Sequence[Found]) -> tuple[list[Task], list[Problem]]:
    """What to do with each file, by project.

    And the configurations that mean nothing, each once.
    """
    tasks: list[Task] = []
    problems: dict[Problem, None] = {}
    for each in sorted(found, key=lambda one: (one.root, one.path)):
        try:
            settings = request.settings(each.file, each.root)
            forced = request.forces_exclusion or settings.forces_exclusion
            if settings.excluded and (forced or not each.named):
                continue
            tasks.append(request.task(each.path, each.root, settings))
        except SettingsError as error:
            problems[Problem(each.path, str(error))] = None
    return tasks, list(problems)


def _by_root(
    reports: Iterator[Report], tasks: Sequence[Task]
) -> Iterator[tuple[str, list[Report]]]:
    at = 0
    while at < len(tasks):
        root = tasks[at].root
        end = next((i for i in range(at, len(tasks)) if tasks[i].root != root), len(tasks))
        yield root, [next(reports) for _ in range(at, end)]
        at = end


def _written(group: Group, problems: list[Problem]) -> Run:
    """Write a project's edits.

    A set that could not be written becomes a problem and its edits leave the run.
    """
    if not group.run.edits:
        return group.run

    from dfix.cli.writing import NotWritten, sets, write  # noqa: PLC0415 - only a run that writes

    failed: set[str] = set()
    for edits in sets(group.run):
        try:
            write(group.root, edits)
        except NotWritten as error:
            problems.append(Problem(error.path, f"not written: {error.sentence}"))
            failed |= edits.keys()
    kept = tuple(
        report._replace(after=report.before, files={}, steps=())
        if report.changed and ({report.path, *report.files} & failed)
        else report
        for report in group.run.reports
    )
    edits_kept = {path: edit for path, edit in group.run.edits.items() if path not in failed}
    return group.run._replace(reports=kept, edits=edits_kept)


def finish(
    ctx: click.Context,
    options: dict[str, Any],
    groups: Sequence[Group],
    problems: Sequence[Problem],
    request: Request,
) -> None:
    """Show the results and end with the exit code that they mean."""
    problems = list(problems)
    view = View(
        groups=tuple(groups),
        level=request.level_shown,
        explain=options["explain"],
        verbosity=options["verbose"] - options["quiet"],
        statistics=options["statistics"],
        written=options["write"],
        problems=tuple(problems),
        folder=request.folder,
    )
    _show(options, view, problems)
    reports = [report for group in groups for report in group.run.reports]
    asks = (options["diff"] or options["check"]) and not options["exit_zero"]
    ctx.exit(exits.code(reports, asks=asks, problems=bool(problems)))


def _show(options: dict[str, Any], view: View, problems: list[Problem]) -> None:
    from dfix.render import text  # noqa: PLC0415 - usage errors come before

    paint = _paint(options["color"], sys.stdout)
    if options["form"] == "json":
        from dfix.render import json  # noqa: PLC0415 - one format a run

        shown = "".join(json.render(view))
    elif options["diff"]:
        from dfix.render import diff  # noqa: PLC0415 - one format a run

        shown = "".join(diff.render(view))
        if paint is not None and not options["output"]:
            from dfix.render.paint import diff_coloured  # noqa: PLC0415 - terminals only

            shown = diff_coloured(shown)
    else:
        shown = "".join(text.render(view, paint) if paint else text.render(view))
    if options["output"]:
        from dfix.cli.writing import NotWritten, write_text  # noqa: PLC0415 - only a run that writes

        try:
            write_text(options["output"], shown)
        except NotWritten as error:
            problems.append(Problem(error.path, error.sentence))
            view = view._replace(problems=tuple(problems))
    elif shown:
        emit(shown)
    errors = _paint(options["color"], sys.stderr)
    for line in text.troubles(view, errors) if errors else text.troubles(view):
        emit(line + "\n", err=True)


def emit(text: str, *, err: bool = False) -> None:
    """Print bytes as they are.

    Line ends untouched, and bytes that were no UTF-8 as they were read.
    """
    click.echo(text.encode("utf-8", "surrogateescape"), nl=False, err=err, color=True)


def _paint(choice: str, stream: Any) -> Any:
    """The painter for a stream, None for plain text.

    NO_COLOR and FORCE_COLOR count where nothing is chosen.
    """
    if choice == "auto":
        forced = bool(os.environ.get("FORCE_COLOR")) or stream.isatty()
        wanted = forced and not os.environ.get("NO_COLOR")
    else:
        wanted = choice == "always"
    if not wanted:
        return None
    from dfix.render.paint import coloured  # noqa: PLC0415 - terminals only

    return coloured
