"""Where a file of the image comes from: the geometry of COPY and ADD."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.grammar.nodes import Add, Transfer, Workdir
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.refactor.model.stages import Place

GLOB = "*?["


class Landing(NamedTuple):
    """One source of a COPY or ADD and where it lands.

    `source` is a path of the build context without leading `./` or `/` (empty: the whole context).
    `whole` says that the source is a folder whose *contents* land in `target`; else the file itself
    lands at `target`.
    """

    source: str
    target: str
    whole: bool


def context_path(source: str) -> str | None:
    """A COPY source as a clean path of the context; None for a URL, a git address or a pattern."""
    if "://" in source or source.startswith("git@") or any(char in source for char in GLOB):
        return None
    clean = posixpath.normpath("/" + source).lstrip("/")
    return "" if clean == "." else clean


def is_broad(place: Place, is_folder: Callable[[str], bool]) -> bool:
    """Does this instruction copy a folder of the build context?"""
    node = place.node
    if not isinstance(node, Transfer) or place.source_stage is not None or node.heredocs:
        return False
    return any(
        path is not None and (path == "" or is_folder(path))
        for path in (context_path(source) for source in _resolved(place))
    )


def _resolved(place: Place) -> Iterator[str]:
    node = place.node
    assert isinstance(node, Transfer)  # noqa: S101 - asked of COPY and ADD only
    for source in node.sources:
        value = place.before.resolve(source)
        yield source if isinstance(value, Unknown) else value.value


def landings(place: Place, is_folder: Callable[[str], bool]) -> Fact[tuple[Landing, ...]]:
    """Where each source of a COPY or ADD from the build context lands.

    Patterns are expanded by the caller's knowledge of the context, so they are Unknown here. A
    destination is a folder if it ends in a slash, if there are several sources, or if the source is
    a folder. https://docs.docker.com/reference/dockerfile/#copy
    """
    node = place.node
    assert isinstance(node, Transfer)  # noqa: S101 - asked of COPY and ADD only
    target = place.destination
    if isinstance(target, Unknown):
        return target
    written = place.before.resolve(node.destination)
    into = (
        len(node.sources) > 1
        or (isinstance(written, Known) and _names_folder(written.value))
        or _is_there(place, target.value)
    )
    found: list[Landing] = []
    for source in _resolved(place):
        path = context_path(source)
        if path is None:
            return Unknown(f"the source {source} is a pattern or an address")
        if path == "" or is_folder(path):
            found.append(Landing(path, target.value, whole=True))
        elif into:
            found.append(
                Landing(path, paths.join(target.value, posixpath.basename(path)), whole=False)
            )
        else:
            found.append(Landing(path, target.value, whole=False))
    return Known(tuple(found), place.where)


def _is_there(place: Place, path: str) -> bool:
    """Did a WORKDIR make this folder already, so that a file copied to it lands inside?"""
    return any(
        isinstance(earlier.node, Workdir)
        and isinstance(made := _made_by(earlier), Known)
        and paths.within(made.value, path)
        for earlier in place.preceding
    )


def _made_by(place: Place) -> Fact[str]:
    """The folder that a WORKDIR makes."""
    node = place.node
    assert isinstance(node, Workdir)  # noqa: S101 - asked of WORKDIR only
    value, base = place.before.resolve(node.value), place.before.workdir
    if isinstance(value, Unknown) or value.value.startswith("/"):
        return (
            value
            if isinstance(value, Unknown)
            else Known(paths.join("/", value.value), place.where)
        )
    return (
        base
        if isinstance(base, Unknown)
        else Known(paths.join(base.value, value.value), place.where)
    )


def _names_folder(destination: str) -> bool:
    return destination in (".", "..") or destination.endswith(("/", "/.", "/.."))


def origin(
    image_path: str,
    place: Place,
    is_folder: Callable[[str], bool],
    is_file: Callable[[str], bool],
    expand_glob: Callable[[str], tuple[str, ...]],
) -> Fact[str]:
    """The path in the build context of a file or folder of the image, as it is in front of `place`.

    The last COPY of the stage (or of the stages below) that can have brought it decides; one that
    cannot be read makes the answer Unknown.
    """
    found = brought(image_path, place, is_folder, is_file, expand_glob)
    if isinstance(found, Unknown):
        return found
    return Known(found.value[0], found.source)


def brought(
    image_path: str,
    place: Place,
    is_folder: Callable[[str], bool],
    is_file: Callable[[str], bool],
    expand_glob: Callable[[str], tuple[str, ...]],
) -> Fact[tuple[str, Place]]:
    """The same, with the COPY or ADD that brings it."""
    for earlier in transfers_before(place):
        node = earlier.node
        assert isinstance(node, Transfer)  # noqa: S101 - `transfers_before` yields no other
        target = earlier.destination
        if isinstance(target, Unknown):
            return target
        if not paths.overlap(image_path, target.value):
            continue
        if earlier.source_stage is not None:
            if paths.within(image_path, target.value):
                return Unknown(f"{image_path} comes from another stage or image")
            continue
        for landing in all_landings(earlier, is_folder, expand_glob):
            if landing.whole and paths.within(image_path, landing.target):
                below = paths.relative(image_path, landing.target)
                path = posixpath.join(landing.source, below) if below else landing.source
                if path == "" or is_folder(path) or is_file(path):
                    return Known((path, earlier), earlier.where)
            elif landing.target == image_path:
                return Known((landing.source, earlier), earlier.where)
        if isinstance(node, Add) and any("://" in source for source in node.sources):
            return Unknown(f"an ADD of an address may bring {image_path}")
    return Unknown(f"no COPY brings {image_path}")


def transfers_before(place: Place) -> Iterator[Place]:
    """COPY and ADD in front of an instruction, the nearest first, those of the stages below included."""
    stage = place.stage
    preceding: tuple[Place, ...] = place.preceding
    while True:
        yield from (each for each in reversed(preceding) if isinstance(each.node, Transfer))
        if stage.parent is None:
            return
        stage = stage.parent
        preceding = stage.places


def folder_behind(
    directory: str,
    place: Place,
    is_folder: Callable[[str], bool],
    expand_glob: Callable[[str], tuple[str, ...]],
) -> Fact[str]:
    """The folder of the context whose files were copied, each or all, to the same places below `directory`.

    `COPY package.json ./` and `COPY src ./src` together say that the directory is the context's
    root. Unknown if nothing is copied there, or if the copies do not agree.
    """
    found: dict[str, str] = {}
    for earlier in place.preceding:
        if (
            not isinstance(earlier.node, Transfer)
            or earlier.source_stage is not None
            or earlier.node.heredocs
        ):
            continue
        target = earlier.destination
        if isinstance(target, Unknown):
            return target
        for landing in all_landings(earlier, is_folder, expand_glob):
            if not paths.within(landing.target, directory):
                continue
            below = paths.relative(landing.target, directory)
            if not below:
                found[landing.source] = earlier.where
            elif landing.source == below:
                found[""] = earlier.where
            elif landing.source.endswith("/" + below):
                found[landing.source[: -len(below) - 1]] = earlier.where
            else:
                return Unknown(
                    f"{earlier.where} copies {landing.source} to another place below {directory}"
                )
    if not found:
        return Unknown(f"no COPY brings {directory}")
    if len(found) > 1:
        return Unknown(
            f"{directory} is put together from {' and '.join(sorted(each or '.' for each in found))}"
        )
    folder, where = next(iter(found.items()))
    return Known(folder, where)


def all_landings(
    place: Place, is_folder: Callable[[str], bool], expand_glob: Callable[[str], tuple[str, ...]]
) -> Iterator[Landing]:
    """The landings of a COPY with its patterns expanded by the files of the context."""
    node = place.node
    assert isinstance(node, Transfer)  # noqa: S101 - asked of COPY and ADD only
    target = place.destination
    if isinstance(target, Unknown):
        return
    written = place.before.resolve(node.destination)
    several = (
        len(node.sources) > 1
        or (isinstance(written, Known) and _names_folder(written.value))
        or _is_there(place, target.value)
    )
    for source in _resolved(place):
        path = context_path(source)
        matches = (
            (path,)
            if path is not None
            else expand_glob(posixpath.normpath("/" + source).lstrip("/"))
        )
        into = several or (path is None)
        for match in matches:
            if match == "" or is_folder(match):
                yield Landing(match, target.value, whole=True)
            elif into:
                yield Landing(
                    match, paths.join(target.value, posixpath.basename(match)), whole=False
                )
            else:
                yield Landing(match, target.value, whole=False)
