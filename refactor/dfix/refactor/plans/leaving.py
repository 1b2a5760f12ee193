"""What the builds of a context's Dockerfiles leave in the project's own folders."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.refactor.model import paths
from dfix.refactor.model.layout import landings
from dfix.refactor.plans import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.ecosystems.knowledge import Output
    from dfix.refactor.context import Context
    from dfix.refactor.model import Model, Place

FEW = 8  # modules whose outputs are named one by one


class Left(NamedTuple):
    """A folder of the context that a build writes anew: its path, why, and who says so."""

    path: str
    claim: str
    source: str


def left(
    ctx: Context, models: tuple[Model, ...], excluded: Callable[[str], bool]
) -> Iterator[Left | Unknown]:
    """The outputs of builds that no stage needs from the context, or why they may be needed.

    A folder that is there and that git does not ignore may be tracked, and be something else.
    """
    for place in ctx.model.runs():
        for called in place.called:
            call = called.call
            if call is None or call.role is not Role.BUILD or isinstance(called.directory, Unknown):
                continue
            outputs = [o for o in ecosystem_of(call).knowledge.outputs if o.by is Role.BUILD]
            folder = _folder(ctx, place, paths.join(called.directory.value, call.directory))
            if not outputs or folder is None:
                continue
            roles = (Role.BUILD, Role.FETCH)
            bare = next(
                filter(
                    None,
                    (reading.takes_install(m, call.ecosystem, roles, "builds") for m in models),
                ),
                None,
            )
            for path in (path for each in outputs for path in _paths(ctx, folder, each)):
                source = next(each.source for each in outputs if path.endswith(each.path))
                if excluded(path) or not _ignored(ctx, path):
                    continue
                if bare is not None:
                    yield Unknown(
                        f"{bare} and may need {path} of the context", "context-provides-install"
                    )
                    return
                yield Left(path, f"line {place.line} builds {path} in the image", source)


def _paths(ctx: Context, folder: str, output: Output) -> list[str]:
    """Where the output lies: in the folder, and beside each manifest below it."""
    found = [posixpath.join(folder, output.path)]
    context = ctx.project.context
    if output.beside and isinstance(context, Known):
        found += [
            posixpath.join(posixpath.dirname(path), output.path)
            for path in context.value.files()
            if posixpath.basename(path) in output.beside and paths.within(f"/{path}", f"/{folder}")
        ]
    found = list(dict.fromkeys(found))
    return found if len(found) <= FEW else found[:1]


def _ignored(ctx: Context, path: str) -> bool:
    """Does git ignore such a folder, or is none there?"""
    if not ctx.project.is_folder(path):
        return True
    base = getattr(ctx.project.context_folder, "value", "")
    below = posixpath.dirname(path)
    names = {posixpath.basename(path), f"**/{posixpath.basename(path)}", path}
    folders = dict.fromkeys(("", base, posixpath.join(base, below)))
    for folder in folders:
        text = ctx.project.tree.read(posixpath.join(folder, ".gitignore"))
        lines = text.value.splitlines() if isinstance(text, Known) else []
        if any(line.strip().strip("/") in names for line in lines):
            return True
    return False


def _folder(ctx: Context, place: Place, directory: str) -> str | None:
    """The folder of the context that a whole-folder COPY puts where a command works."""
    for each in place.stage.transfers():
        if each.source_stage is not None:
            continue
        landed = landings(each, ctx.project.is_folder)
        for landing in landed.value if isinstance(landed, Known) else ():
            if landing.whole and paths.within(directory, landing.target):
                below = paths.relative(directory, landing.target)
                found = posixpath.join(landing.source, below).rstrip("/")
                if ctx.project.is_folder(found):
                    return found
    return None
