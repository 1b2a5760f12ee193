"""`dfix verify FILE`: build a file as it is and as it would be, and compare everything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dfix.cli.request import Request, shared_options
from dfix.cli.settings import LEVELS
from dfix.cli.verifying import engine_options, interruptible, prove, settings, shown_name

if TYPE_CHECKING:
    from dfix.api.tasks import Task
    from dfix.verify.values import Proof

# Proven or nothing to do; something did not prove; nothing could be tried.
EXITS = {"proven": 0, "nothing-to-prove": 0, "proven-in-part": 1, "refuted": 1, "not-tried": 2}


@click.command("verify")
@click.argument("file", type=click.UNPROCESSED)
@click.option("--level", type=click.Choice(LEVELS), help="Highest level taken [default: review].")
@click.option("--only", multiple=True, metavar="TRANSFORM", help="Run this transform alone.")
@click.option("--skip", multiple=True, metavar="TRANSFORM", help="Do not run this transform.")
@shared_options
@engine_options
@click.option("--get", "gets", multiple=True, metavar="PATH", help="Ask for this by HTTP, not /.")
@click.option("--exec", "execs", multiple=True, metavar="COMMAND", help="Run it in the container.")
@click.option("--run", "runs", multiple=True, metavar="WORDS", help="Start with these, not CMD.")
@click.option("--source-edit", metavar="PATH", help="File of the context to edit as a source.")
@click.option("--manifest-edit", metavar="PATH", help="File of the context to edit as a manifest.")
@click.option(
    "--rebuilds", type=click.IntRange(0), metavar="N", help="Builds after each edit [default: 1]."
)
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="PORT on --network host.")
@click.option("--keep-images", is_flag=True, help="Leave both images with the engine.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="How the result is shown [default: text].",
)
@click.option("--output", metavar="FILE", help="Write the result there.")
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
@click.option("--verbose", "-v", is_flag=True, help="Say more: what else was seen.")
@click.pass_context
def command(ctx: click.Context, /, file: str, **options: Any) -> None:
    """Build FILE as it is and as it would be, start both, compare; nothing is written.

    A step that does not prove is found by bisection and left out, until the rest proves. Exits
    with 0 if all is proven, 1 if something is not, 2 if nothing could be tried.
    """
    if os.path.isdir(file):
        raise click.UsageError(f"{file} is a folder: name a file")
    if not os.path.lexists(file):
        raise click.UsageError(f"there is no file {file}")
    request = Request(options)
    task = _task(request, file)
    how = settings(
        options,
        probes=_probes(options),
        edits=_edits(options),
        rebuilds=options["rebuilds"],
        port=options["port"],
        keep_images=options["keep_images"] or None,
    )
    with interruptible():
        proof = prove(task, how, quiet=options["quiet"])
    _show(options, proof, shown_name(task, request.folder))
    ctx.exit(EXITS[proof.outcome])


def _task(request: Request, file: str) -> Task:
    from dfix.cli.discovery import root_of  # noqa: PLC0415 - usage errors come before
    from dfix.cli.settings import SettingsError  # noqa: PLC0415 - see above

    whole = os.path.normpath(os.path.join(request.folder, file))
    root = root_of(whole, request.folder)
    path = os.path.relpath(whole, root).replace(os.sep, "/")
    try:
        return request.task(path, root, request.settings(whole, root))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _probes(options: dict[str, Any]) -> Any:
    import shlex  # noqa: PLC0415 - few runs name a probe

    from dfix.verify.values import Probe  # noqa: PLC0415 - see above

    try:
        return (
            *(Probe("get", (path,)) for path in options["gets"]),
            *(Probe("exec", tuple(shlex.split(text))) for text in options["execs"]),
            *(Probe("run", tuple(shlex.split(text))) for text in options["runs"]),
        )
    except ValueError as error:
        raise click.UsageError(f"a command cannot be read: {str(error).lower()}") from error


def _edits(options: dict[str, Any]) -> dict[str, str]:
    named = {"source": options["source_edit"], "manifest": options["manifest_edit"]}
    return {kind: path for kind, path in named.items() if path}


def _show(options: dict[str, Any], proof: Proof, name: str) -> None:
    from dfix.cli.commands.refactor import emit  # noqa: PLC0415 - see above
    from dfix.verify import document, show  # noqa: PLC0415 - see above

    match options["form"]:
        case "json":
            shown = document.render([proof])
        case "markdown":
            shown = "".join(f"{line}\n" for line in show.markdown(proof, name))
        case _:
            lines = show.text(proof, name, verbose=options["verbose"])
            shown = "".join(f"{line}\n" for line in lines)
    if proof.outcome == "not-tried":
        emit(f"error: {name}: {show.verdict(proof)}\n", err=True)
        if options["form"] == "text":
            return
    if options["output"]:
        from dfix.cli.writing import NotWritten, write_text  # noqa: PLC0415 - only a run that writes

        try:
            write_text(options["output"], shown)
        except NotWritten as error:
            raise click.UsageError(f"{error.path}: {error.sentence}") from error
    elif not (options["quiet"] and EXITS[proof.outcome] == 0):
        emit(shown)
