"""What the command line asks for, and how it joins the configuration of each file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from dfix.api.tasks import Task, require_transforms
from dfix.cli import loading
from dfix.cli.settings import SettingsError
from dfix.refactor.transform import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.cli.loading import Settings, Source


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what holds for a file; every command that reads a project takes them."""
    for option in reversed(
        [
            click.option("--context", metavar="DIR", help="The build context."),
            click.option("--target", metavar="STAGE", help="The stage that is built."),
            click.option("--config", metavar="FILE", help="Read this configuration instead."),
            click.option("--isolated", is_flag=True, help="Read no configuration."),
        ]
    ):
        command = option(command)
    return command


class Request:
    """The options of one call. Command-line options win over configuration."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.folder = os.getcwd()
        self.options = options
        self.only = _names(options.get("only", ()))
        self.skip = _names(options.get("skip", ()))
        self.quiet: bool = options.get("quiet", False)
        self.forces_exclusion: bool = options.get("force_exclude", False)
        if options["isolated"] and options["config"]:
            raise click.UsageError("--isolated does not go with --config")
        self._source = self._fixed_source()
        try:
            require_transforms(self.only + self.skip)
        except ValueError as error:
            raise click.UsageError(str(error)) from error

    @property
    def jobs(self) -> int:
        """The number of processes that may work."""
        return self.options.get("jobs") or os.cpu_count() or 1

    @property
    def level_shown(self) -> str:
        """The level of the command line or the default; a file's own configuration may differ."""
        return self.options.get("level") or Level.REVIEW.word

    def _fixed_source(self) -> Source | None:
        """The configuration that the command line decides on; None if each file's folder does."""
        if self.options["isolated"]:
            return loading.NONE
        file = self.options["config"]
        if not file:
            return None
        try:
            return loading.read(os.path.join(self.folder, file))
        except SettingsError as error:
            raise click.UsageError(str(error)) from error

    def settings(self, file: str, root: str) -> Settings:
        """What holds for a file by configuration; raises `SettingsError`."""
        source = self._source or loading.source_for(os.path.dirname(file), root)
        return loading.settings_for(file, root, source)

    def task(self, path: str, root: str, settings: Settings) -> Task:
        """What to do with a file.

        Raises `SettingsError` for a transform or a context that cannot be.
        """
        only = self.only or settings.words("only")
        skip = self.skip or settings.words("skip")
        try:
            require_transforms(settings.words("only") + settings.words("skip"))
        except ValueError as error:
            raise SettingsError(f"{settings.source}: {error}") from error
        level = self.options.get("level") or settings.level
        return Task(
            root=root,
            path=path,
            config=self._config(settings, root),
            level=Level.parse(level) if level else Level.REVIEW,
            only=only,
            skip=skip,
        )

    def _config(self, settings: Settings, root: str) -> Any:
        changes: dict[str, Any] = {}
        if self.options["context"]:
            context = os.path.normpath(os.path.join(self.folder, self.options["context"]))
            changes["context"] = loading.inside(context, root)
        if self.options["target"]:
            changes["target"] = self.options["target"]
        if not changes:
            return settings.config

        return settings.config._replace(**changes)


def _names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Names given one an option or several with commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())
