"""The group of commands.

`dfix PATHS` is the default one; the others' modules are imported when they are called.
"""

from __future__ import annotations

import gc
from typing import NamedTuple

import click

DEFAULT = "refactor"
COLLECT_AT = 50_000  # new objects; starting makes fewer, and none of them is garbage


class Door(NamedTuple):
    """A subcommand that is not imported yet."""

    module: str
    help: str


DOORS = {
    "config": Door("config", "Show the settings that hold for a file, or the schema of all."),
    "explain": Door("explain", "Show a transform's page, or why a file is built as it is."),
    "graph": Door("graph", "Draw the stages before and after, and what an edit rebuilds."),
    "list": Door("listing", "List the transforms."),
    "parse": Door("parse", "Show how a Dockerfile is read; --roundtrip proves it lossless."),
    "verify": Door("verify", "Build a file before and after, and compare everything."),
}


class Doors(click.Group):
    """A group whose first argument is a subcommand, or else belongs to the default command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command's name in front of arguments that name no subcommand."""
        if not args or (args[0] not in DOORS and args[0] not in ("--help", "-h", "--version")):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the subcommands; the default command has no name that a user would write."""
        del ctx
        return sorted(DOORS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand."""
        del ctx
        if cmd_name == DEFAULT:
            from dfix.cli.commands.refactor import command  # noqa: PLC0415 - one command a process

            return command
        door = DOORS.get(cmd_name)
        if door is None:
            return None
        from importlib import import_module  # noqa: PLC0415 - the default command does without

        found: click.Command = import_module(f"dfix.cli.commands.{door.module}").command
        return found

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Both ways to call."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] [PATHS]...")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the default command, then the subcommands."""
        default = self.get_command(ctx, DEFAULT)
        own = [each for each in self.get_params(ctx) if each.name == "version"]
        params = [*(default.get_params(ctx) if default else []), *own]
        rows = {
            each.name: each.get_help_record(ctx) for each in params
        }  # by name: --help comes once
        with formatter.section("Options"):
            formatter.write_dl([row for row in rows.values() if row is not None])
        with formatter.section("Commands"):
            formatter.write_dl([(name, door.help) for name, door in sorted(DOORS.items())])


def version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    """Print the version and end."""
    del param
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and asked for once

    click.echo(f"dfix {installed('dfix')}")
    ctx.exit()


@click.group(
    cls=Doors,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=version,
    help="Show the version and exit.",
)
def group() -> None:
    """Refactor Dockerfiles, and show why it is right.

    Without an option, PATHS (files, folders, patterns; the current folder unless given) are read
    and what would change is summed up; nothing is written. A path that is called like a command is
    written ./list.
    """


def main() -> None:
    """The console script."""
    gc.set_threshold(COLLECT_AT)
    group.main(prog_name="dfix")
