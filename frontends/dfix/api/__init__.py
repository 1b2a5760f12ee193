r"""The front door: text in, report out.

>>> from dfix.api import refactor
>>> report = refactor("FROM debian:12\nRUN apt-get update && apt-get install -y curl\n")
>>> print(report.after)  # doctest: +SKIP

`parse` gives the lossless tree, `refactor` the outcome for one text, `run` the outcome for several
files of a project. Nothing here writes a file; `Run.edits` says what would be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.config import Config, SplitConfig
from dfix.refactor.report import Edit, Ending, Report, Run, Step
from dfix.refactor.transform import Level

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from dfix.ecosystems.tree import Tree
    from dfix.grammar.nodes import Dockerfile

__all__ = [
    "Config",
    "Edit",
    "Ending",
    "Level",
    "Report",
    "Run",
    "SplitConfig",
    "Step",
    "parse",
    "refactor",
    "run",
]

DEFAULT = Config()


def parse(source: str | bytes) -> Dockerfile:
    """Read a Dockerfile into its lossless tree.

    Lines that do not parse become `Unparsed` items with a diagnostic. Raises `dfix.grammar.NotText`
    for bytes that are no text, such as UTF-16.
    """
    from dfix import grammar  # noqa: PLC0415 - a caller that only wants the names pays nothing

    return grammar.parse(source)


def refactor(
    text: str,
    *,
    path: str = "Dockerfile",
    project: Tree | str | os.PathLike[str] | None = None,
    config: Config = DEFAULT,
    level: str | Level = Level.REVIEW,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    without: Iterable[str] = (),
) -> Report:
    """Refactor one Dockerfile's text.

    Never raises for its content: `Report.ending` says how the run ended.

    `project` is a folder or a `Tree` of the files around the Dockerfile, `path` where the
    Dockerfile stands in it, with forward slashes; without a project, rewrites that need its files
    hold back. `level` is "safe", "review" or "bold". `only` and `skip` name transforms, `without`
    steps of an earlier report that are not to be taken again. Raises `ValueError` for a level or a
    transform that does not exist.
    """
    from dfix.api.tasks import require_transforms, transforms, tree_of  # noqa: PLC0415 - see parse
    from dfix.refactor import pipeline  # noqa: PLC0415 - see parse

    only, skip = tuple(only), tuple(skip)
    require_transforms(only + skip)
    return pipeline.refactor(
        text,
        path=path,
        tree=tree_of(project),
        transforms=transforms(),
        config=config,
        level=level_of(level),
        only=only,
        skip=skip,
        without=tuple(without),
    )


def run(
    paths: Iterable[str],
    root: str | os.PathLike[str] = ".",
    *,
    config: Config = DEFAULT,
    level: str | Level = Level.REVIEW,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    without: Sequence[str] = (),
    jobs: int = 1,
) -> Run:
    """Refactor several Dockerfiles of one project; nothing is written.

    `paths` are relative to `root`. A file that cannot be read gets a report that says so, and the
    others go on. Edits of several reports to one file are united in `Run.edits`. `jobs` is the
    number of processes.
    """
    from dfix.api.tasks import Task, perform_all, require_transforms  # noqa: PLC0415 - see parse
    from dfix.api.unite import unite  # noqa: PLC0415 - see parse

    folder = str(root)
    chosen = level_of(level)
    require_transforms([*only, *skip])
    tasks = [
        Task(folder, path, config, chosen, tuple(only), tuple(skip), tuple(without))
        for path in paths
    ]
    return unite(perform_all(tasks, jobs))


def level_of(level: str | Level) -> Level:
    """The level of that word; `ValueError` names those that exist."""
    if isinstance(level, Level):
        return level
    try:
        return Level.parse(level)
    except KeyError:
        msg = f"there is no level {level!r}: safe, review or bold"
        raise ValueError(msg) from None
