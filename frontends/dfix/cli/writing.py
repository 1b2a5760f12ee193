"""Writing files: no reader ever sees half of one, and nobody's change is overwritten.

Every new text is written to a temporary file beside its target and synced; only when all files of a
set are ready are they moved into place. If a move fails, the files moved before it get their old
text back.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from dfix.api.unite import changes, sha

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dfix.refactor.report import Edit, Run

NEW_MODE = 0o666  # less the umask


class NotWritten(Exception):
    """A set of files that was left as it was; `path` is the one that stood in the way."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path
        self.sentence = sentence


class Prepared(NamedTuple):
    """A file that is ready: its target, the temporary file (None.

    Remove the target), and what was there.
    """

    path: str
    target: str
    temporary: str | None
    before: bytes | None
    mode: int


def sets(run: Run) -> Iterator[dict[str, Edit]]:
    """The edits of a run in sets that belong together.

    Those of one report, and of reports that share a file.
    """
    waiting = [
        {path for path, _, _ in changes(report)} & run.edits.keys()
        for report in run.reports
        if report.changed
    ]
    while waiting:
        first = waiting.pop(0)
        while touching := [each for each in waiting if each & first]:
            first = first.union(*touching)
            waiting = [each for each in waiting if each not in touching]
        if first:
            yield {path: run.edits[path] for path in sorted(first)}


def write(root: str, edits: Mapping[str, Edit]) -> None:
    """Write a set of files, all or none. Raises `NotWritten`."""
    prepared: list[Prepared] = []
    try:
        for path, edit in edits.items():
            prepared.append(_prepare(root, path, edit))
        _move(prepared)
    finally:
        for each in prepared:
            if each.temporary is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(each.temporary)


def write_text(file: str, text: str) -> None:
    """Write one file that dfix owns, such as a report; raises `NotWritten`."""
    data = text.encode("utf-8", "surrogateescape")
    folder = os.path.dirname(os.path.abspath(file))
    try:
        mode = stat.S_IMODE(os.stat(file).st_mode) if os.path.exists(file) else _new_mode()
        temporary = _temporary(folder, data, mode)
        os.replace(temporary, file)
    except OSError as error:
        raise NotWritten(file, _sentence(error)) from error


def _prepare(root: str, path: str, edit: Edit) -> Prepared:
    target = os.path.join(root, *path.split("/"))
    folder = os.path.dirname(target)
    real = os.path.realpath(folder)
    if os.path.commonpath([real, os.path.realpath(root)]) != os.path.realpath(root):
        raise NotWritten(path, "it lies outside the project")
    try:
        before, mode = _present(path, target)
        if before is None and edit.before_sha is not None:
            raise NotWritten(path, "it was removed since it was read")
        if before is not None and edit.before_sha is None:
            raise NotWritten(path, "it was created since the run began")
        if before is not None and sha(before.decode("utf-8", "surrogateescape")) != edit.before_sha:
            raise NotWritten(path, "it was changed since it was read")
        if edit.after is None:
            return Prepared(path, target, None, before, mode)
        data = edit.after.encode("utf-8", "surrogateescape")
        return Prepared(path, target, _temporary(folder, data, mode, target), before, mode)
    except OSError as error:
        raise NotWritten(path, _sentence(error)) from error


def _present(path: str, target: str) -> tuple[bytes | None, int]:
    """What is in a file, None if there is none, and its mode."""
    try:
        status = os.lstat(target)
    except FileNotFoundError:
        return None, _new_mode()
    if stat.S_ISLNK(status.st_mode):
        raise NotWritten(path, "it is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise NotWritten(path, "it is not a regular file")
    if not os.access(target, os.W_OK):
        raise NotWritten(path, "it may not be written")
    with open(target, "rb") as stream:
        return stream.read(), stat.S_IMODE(status.st_mode)


def _temporary(folder: str, data: bytes, mode: int, like: str | None = None) -> str:
    """A synced temporary file, of the same owner as the file it replaces where that is allowed."""
    handle, name = tempfile.mkstemp(prefix=".dfix-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(handle, mode)
            if like is not None:
                with contextlib.suppress(OSError):
                    owner = os.stat(like)
                    os.fchown(handle, owner.st_uid, owner.st_gid)
            os.fsync(handle)
    except BaseException:
        os.unlink(name)
        raise
    return name


def _move(prepared: Iterable[Prepared]) -> None:
    done: list[Prepared] = []
    for each in prepared:
        try:
            if each.temporary is None:
                os.unlink(each.target)
            else:
                os.replace(each.temporary, each.target)
        except OSError as error:
            _put_back(done)
            raise NotWritten(each.path, _sentence(error)) from error
        done.append(each)


def _put_back(done: list[Prepared]) -> None:
    """Undo moves, the latest first.

    What cannot be undone is left, since nothing more can be done about it.
    """
    for each in reversed(done):
        with contextlib.suppress(OSError):
            if each.before is None:
                os.unlink(each.target)
            else:
                folder = os.path.dirname(each.target)
                os.replace(_temporary(folder, each.before, each.mode), each.target)


def _new_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return NEW_MODE & ~mask


def _sentence(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
