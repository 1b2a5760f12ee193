"""What every renderer is given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.report import Report, Run


class Problem(NamedTuple):
    """A path on the command line that led to no file, or a file that could not be written."""

    path: str
    sentence: str


class Group(NamedTuple):
    """The run over the files of one project."""

    root: str  # absolute path of the project's root
    run: Run


class View(NamedTuple):
    """What is shown of the groups, and how much of it."""

    groups: tuple[Group, ...]
    level: str = "review"
    explain: bool = False
    verbosity: int = 0  # -1 quiet, 0, 1 verbose
    statistics: bool = False
    written: bool = False  # the changes stand in the files already
    problems: tuple[Problem, ...] = ()
    folder: str = ""  # paths are shown relative to it

    def reports(self) -> Iterator[tuple[str, Report]]:
        """Every report with the name that its file is shown by."""
        for group in self.groups:
            for report in group.run.reports:
                yield self.name(group.root, report.path), report

    def name(self, root: str, path: str) -> str:
        """A project's path as it is shown.

        From the current folder if it lies there, else the whole path.
        """
        whole = os.path.join(root, *path.split("/"))
        if not self.folder:
            return path
        try:
            short = os.path.relpath(whole, self.folder)
        except ValueError:  # another drive
            return whole
        return whole if short.startswith("..") else short.replace(os.sep, "/")
