"""Copies to build: a context is never built where it lies, and never written.

Every variant of a file gets a room of its own with a copy of what the builder would be sent. The
Dockerfile that is built is a further copy beside that context, with its `<name>.dockerignore`, so
that `--offline-frontend` can leave the syntax line out while `COPY . .` still finds the file as it
is. docker reads the ignore file beside the Dockerfile first:
https://docs.docker.com/build/concepts/context/#filename-and-location
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.ignore import Ignore
from dfix.refactor.project import Project
from dfix.verify.values import NotTried

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.config import Config

DOCKERFILE = "Dockerfile"


class Plan(NamedTuple):
    """What is built, and how: the project, the Dockerfile and the context in it, arguments."""

    root: Path
    path: str
    context: str  # "" for the root itself
    ignore: str | None  # the ignore file in force, from the root
    target: str | None
    args: Mapping[str, str]
    read_only: bool  # the repository starts the container so
    tmpfs: tuple[str, ...]

    @property
    def own_ignore(self) -> str:
        """The ignore file that holds for this Dockerfile alone, whether it exists or not."""
        return f"{self.path}.dockerignore"

    @property
    def shared_ignore(self) -> str:
        """The context's ignore file, whether it exists or not."""
        return f"{self.context}/.dockerignore" if self.context else ".dockerignore"

    def ignores(self, files: Mapping[str, str | None] = {}) -> list[Ignore]:
        """The ignore files whose context is copied: that in force, and the one that `files` puts in its place."""
        before = _text(self.root / self.ignore) or "" if self.ignore else ""
        after = files.get(self.own_ignore) or files.get(self.shared_ignore)
        return [Ignore.parse(text) for text in ([before] if after is None else [before, after])]


def plan(root: Path, tree: Tree, path: str, config: Config) -> Plan:
    """How the repository builds a Dockerfile. Raises `NotTried` where its context is not known."""
    project = Project(tree, path, config)
    folder = project.context_folder
    if isinstance(folder, Unknown):
        raise NotTried(f"the build context is not known, {folder.why}: name it with --context")
    uses = project.repository.builds
    args = {
        name: value for use in uses[:1] for name, value in use.args.items() if value is not None
    }
    overrides = project.repository.overrides
    return Plan(
        root,
        path,
        folder.value,
        project.ignore_path,
        config.target or next((use.target for use in uses), None),
        args,
        read_only=any(each.kind == "read_only" for each in overrides),
        tmpfs=tuple(
            each.value if isinstance(each.value, str) else each.value[-1]
            for each in overrides
            if each.kind == "tmpfs" and each.literal
        ),
    )


class Room(NamedTuple):
    """A copy to build in: `folder` holds all, `context` is what the builder is sent."""

    folder: Path
    context: Path
    dockerfile: Path

    def options(self, plan: Plan, own: Mapping[str, str]) -> list[str]:
        """Options of `docker buildx build`; `own` are build arguments of verify itself."""
        target = () if plan.target is None else (f"--target={plan.target}",)
        given = {**plan.args, **own}
        args = [
            word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")
        ]
        return ["--pull=false", "--file", str(self.dockerfile), *target, *args]


@contextlib.contextmanager
def room(
    plan: Plan, files: Mapping[str, str | None], *, parent: str | None, syntax: bool
) -> Generator[Room]:
    """A copy of the context with `files` (by path from the root; None: removed) put over it.

    Without `syntax` the copy that is built has no syntax line. The copy goes with the context.
    Raises `NotTried` if it does not fit, or if a file of the context cannot be read.
    """
    with _folder(parent) as folder:
        made = Room(folder, folder / "context", folder / DOCKERFILE)
        try:
            _fill(made, plan, files, syntax=syntax)
        except OSError as error:
            raise NotTried(_sentence(error, folder)) from error
        yield made


@contextlib.contextmanager
def _folder(parent: str | None) -> Generator[Path]:
    try:
        made = tempfile.mkdtemp(prefix="dfix-verify-", dir=parent)
    except OSError as error:
        raise NotTried(_sentence(error, Path(parent or tempfile.gettempdir()))) from error
    try:
        yield Path(made)
    finally:
        # A context may hold folders that nobody may write to.
        shutil.rmtree(made, onerror=_made_writable)


def _made_writable(remove: object, path: str, _: object) -> None:
    with contextlib.suppress(OSError):
        os.chmod(Path(path).parent, stat.S_IRWXU)  # noqa: PTH101 - remove is one of os, too
        remove(path)  # type: ignore[operator]


def _fill(made: Room, plan: Plan, files: Mapping[str, str | None], *, syntax: bool) -> None:
    made.context.mkdir()
    _copy(plan.root / plan.context, made.context, plan.ignores(files))
    prefix = f"{plan.context}/" if plan.context else ""
    for path, text in files.items():
        if path.startswith(prefix):
            _put(made.context / path.removeprefix(prefix), text)
    text = files.get(plan.path)
    dockerfile = _bytes(text) if text is not None else (plan.root / plan.path).read_bytes()
    made.dockerfile.write_bytes(dockerfile if syntax else without_syntax(dockerfile))
    own = files.get(plan.own_ignore, _text(plan.root / plan.own_ignore))
    if own is not None:
        made.dockerfile.with_name(f"{DOCKERFILE}.dockerignore").write_bytes(_bytes(own))


def sent(source: Path, ignores: list[Ignore]) -> Iterator[str]:
    """The files, links and folders of a context that any of the ignore files lets through, by path.

    A folder comes before what it holds. The ignore file and Dockerfiles are always among them:
    docker sends both in any case. Sockets and devices are no part of a context.
    """
    returning = any(pattern.negated for ignore in ignores for pattern in ignore.patterns)

    def excluded(path: str) -> bool:
        return all(ignore.excludes(path) for ignore in ignores)

    for folder, folders, names in os.walk(source):
        here = Path(folder)
        relative = "" if here == source else here.relative_to(source).as_posix() + "/"
        # What an excluded folder holds may come back by an exclamation mark only.
        folders[:] = [name for name in folders if returning or not excluded(relative + name)]
        for name in list(folders):
            if (here / name).is_symlink():
                folders.remove(name)
                names.append(name)
        yield from (relative + name for name in folders)
        for name in names:
            path = relative + name
            mode = (here / name).lstat().st_mode
            if excluded(path) and path != ".dockerignore":
                continue
            if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                yield path


def _copy(source: Path, target: Path, ignores: list[Ignore]) -> None:
    folders = []
    for path in sent(source, ignores):
        here, there = source / path, target / path
        if here.is_dir() and not here.is_symlink():
            folders.append(path)
            there.mkdir(parents=True)
        else:
            shutil.copy2(here, there, follow_symlinks=False)
    for path in reversed(folders):
        shutil.copymode(source / path, target / path)
    shutil.copymode(source, target)


def _put(target: Path, text: str | None) -> None:
    if text is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_bytes(text))


def edit(file: Path, seed: str) -> None:
    """Change a file of a copy in a way that no reader of it minds: white space at its end.

    `seed`, hexadecimal, is written in blanks, so that no two edits make the same file and find
    each other's results in the cache.
    """
    lines = "".join(" \n" if bit == "1" else "\n" for bit in f"{int(seed, 16):b}")
    file.chmod(file.stat().st_mode | stat.S_IWUSR)
    file.write_bytes(file.read_bytes().rstrip(b" \n") + b"\n" + lines.encode())


def without_syntax(text: bytes) -> bytes:
    r"""A Dockerfile without its syntax directive; all other directives stay.

    >>> without_syntax(b"# syntax=docker/dockerfile:1\nFROM scratch\n")
    b'FROM scratch\n'
    """
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        words = line.removeprefix(b"\xef\xbb\xbf").strip().lower()
        name, equals, _ = words.removeprefix(b"#").partition(b"=")
        if not (words.startswith(b"#") and equals):
            break  # directives stand at the top, before anything else
        if name.strip() == b"syntax":
            return b"".join(lines[:number] + lines[number + 1 :])
    return text


def has_syntax(text: str) -> bool:
    """Does this Dockerfile name a frontend?"""
    data = _bytes(text)
    return without_syntax(data) != data


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _sentence(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = f"in {folder.parent}: set TMPDIR to a larger place"
        return f"there is no room for a copy of the context {place}"
    what = f" ({error.filename})" if error.filename else ""
    return f"the context cannot be copied: {(error.strerror or str(error)).lower()}{what}"
