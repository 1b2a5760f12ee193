"""One Dockerfile on disk, and many of them on several cores."""

from __future__ import annotations

import functools
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from dfix.refactor.report import Ending, Report
from dfix.refactor.transform import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.config import Config
    from dfix.refactor.plans.explaining import StageExplained
    from dfix.refactor.transform import Transform

# Starting processes and importing everything in them costs about as much as a dozen files do.
WORTH_PROCESSES = 24
LARGEST = 16 * 1024 * 1024  # bytes; no Dockerfile, and nothing that holds one by mistake, is larger


class Task(NamedTuple):
    """What to do with one file: `path` is relative to `root`, with forward slashes."""

    root: str
    path: str
    config: Config
    level: Level = Level.REVIEW
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Unusable(Exception):
    """A file that gives no text; `ending` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


def perform(task: Task) -> Report:
    """Refactor one file on disk.

    Never raises for the file: what is wrong with it is the report's ending.
    """
    from dfix.refactor import pipeline  # noqa: PLC0415 - a file that cannot be read does not need it

    try:
        text = read(os.path.join(task.root, *task.path.split("/")))
    except Unusable as unusable:
        return Report(task.path, "", "", ending=unusable.ending)
    try:
        return pipeline.refactor(
            text,
            path=task.path,
            tree=disk(task.root),
            transforms=transforms(),
            config=task.config,
            level=task.level,
            only=task.only,
            skip=task.skip,
            without=task.without,
        )
    except Exception as error:  # noqa: BLE001 - a bug that one file shows must not take the others' work away
        ending = Ending("failed", f"dfix stopped with {type(error).__name__}: {error}")
        return Report(task.path, text, text, ending=ending)


def explained(task: Task) -> tuple[StageExplained, ...]:
    """What each instruction of one file does, as it stands; empty if the file cannot be read or parsed."""
    from dfix.grammar import parse  # noqa: PLC0415 - see perform
    from dfix.refactor.context import Context  # noqa: PLC0415 - see perform
    from dfix.refactor.model import Model  # noqa: PLC0415 - see perform
    from dfix.refactor.plans.explaining import explain  # noqa: PLC0415 - see perform
    from dfix.refactor.project import Project  # noqa: PLC0415 - see perform

    try:
        file = parse(read(os.path.join(task.root, *task.path.split("/"))))
    except Unusable:
        return ()
    if file.diagnostics:
        return ()
    project = Project(disk(task.root), task.path, task.config)
    return explain(Context(file, Model(file, task.path), project, task.config))


def perform_all(tasks: Sequence[Task], jobs: int = 1) -> list[Report]:
    """The reports of all tasks, in their order."""
    return list(performed(tasks, jobs))


def performed(tasks: Sequence[Task], jobs: int = 1) -> Iterator[Report]:
    """The reports of all tasks one by one, in their order.

    Several processes if that is worth it.
    """
    if jobs < 2 or len(tasks) < WORTH_PROCESSES:  # noqa: PLR2004 - one job is this process
        yield from map(perform, tasks)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - many files only
    from multiprocessing import get_context  # noqa: PLC0415 - many files only

    # Not fork: a library's threads or locks in the parent would be copied in whatever state they
    # are.
    with ProcessPoolExecutor(min(jobs, len(tasks)), get_context("spawn")) as pool:
        yield from pool.map(perform, tasks, chunksize=max(1, len(tasks) // (jobs * 8)))


def read(file: str) -> str:
    """The text of a Dockerfile; raises `Unusable` with the sentence that a user is shown."""
    from dfix.grammar import NotText, decode  # noqa: PLC0415 - see perform

    try:
        status = os.lstat(file)
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(file)
            reason = f"it is a symbolic link to {target}: name that file instead"
            raise Unusable(Ending("refused", reason))
        if stat.S_ISDIR(status.st_mode):
            raise Unusable(Ending("unreadable", "it is a folder, not a file"))
        if not stat.S_ISREG(status.st_mode):
            raise Unusable(Ending("unreadable", "it is not a regular file"))
        if status.st_size > LARGEST:
            raise Unusable(Ending("unreadable", f"it is larger than {LARGEST >> 20} MiB"))
        with open(file, "rb") as stream:
            data = stream.read()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unusable(Ending("unreadable", reason)) from error
    if not data:
        raise Unusable(Ending("refused", "it is empty"))
    try:
        return decode(data)
    except NotText as error:
        raise Unusable(Ending("unparsable", str(error))) from error


@functools.cache
def disk(root: str) -> Tree:
    """The project's files.

    One tree a process, so that what one file's run has read serves the next.
    """
    from dfix.ecosystems.tree import DiskTree  # noqa: PLC0415 - see perform

    return DiskTree(root)


def tree_of(project: Tree | str | os.PathLike[str] | None) -> Tree | None:
    """A tree for a folder; a tree and None are themselves."""
    if isinstance(project, str | os.PathLike):
        return disk(os.fspath(project))
    return project


@functools.cache
def transforms() -> tuple[Transform, ...]:
    """The catalogue, third parties included."""
    from dfix.transforms import catalogue  # noqa: PLC0415 - see perform

    return catalogue()


def require_transforms(names: Sequence[str]) -> None:
    """See that the names are transforms; `ValueError` for one that is not, with the nearest."""
    if not names:
        return
    existing = {each.id for each in transforms()}
    for name in names:
        if name not in existing:
            raise ValueError(no_such_transform(name, existing))


def no_such_transform(name: str, names: set[str]) -> str:
    """The sentence for a transform that does not exist."""
    from difflib import get_close_matches  # noqa: PLC0415 - an error only

    near = get_close_matches(name, sorted(names), 1)
    cure = f"did you mean {near[0]}?" if near else "dfix list shows those that exist"
    return f"there is no transform {name}: {cure}"
