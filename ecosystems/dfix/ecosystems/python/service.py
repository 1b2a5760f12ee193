"""What a Python program needs once its distributions are installed."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python import places
from dfix.ecosystems.python.entries import PROGRAMS, entry_of
from dfix.ecosystems.python.graph import PythonRun, runs
from dfix.ecosystems.python.judging import judged, lock_of, requirements_of
from dfix.ecosystems.python.runtime import own_programs, project
from dfix.ecosystems.python.wheels import normalised
from dfix.ecosystems.runtime import Anchor, NeedKind, PurityKind
from dfix.ecosystems.service import Obstacle, Request, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.runtime import Purity
    from dfix.ecosystems.service import Started

PYTHONS = ("python", "python3")
SCHEME = places.SCHEME
# Django's commands that write only below the project: catalogues beside their sources, and the static files where
# STATIC_ROOT says. https://docs.djangoproject.com/en/5.1/ref/contrib/staticfiles/#collectstatic
CHECKS = ("compilemessages", "check")
COLLECTS = ("collectstatic",)


def services(request: Request) -> Fact[Service]:
    """The live folders of the started Python programs, and the libraries that their distributions load."""
    if request.base.family != "python":
        return Unknown(f"pip works on {request.base.family}, whose Python is the distribution's")
    files = requirements_of(request)
    named = () if isinstance(files, Obstacle) else files
    project_ = project(request.tree, request.folder or ".", named)
    if isinstance(project_, Unknown):
        return project_
    found = project_.value
    installed = places.places_of(request)
    own = own_programs(request.tree, request.folder or ".")
    claimed = tuple(each for each in request.started if _is_python(request, each, installed, own))
    if not claimed:
        return Unknown(f"{request.started[0].where} starts no Python program")
    obstacles: list[Obstacle] = [*installed.obstacles]
    parts: list[PythonRun] = []
    for each in claimed:
        entry = entry_of(found, request.tree, each.words, _folder_of(request, each.directory))
        run = runs(request.tree, found, entry.value if isinstance(entry, Known) else None)
        if isinstance(run, Unknown):
            obstacles.append(Obstacle("unknown-sources", run.why))
        else:
            parts.append(run.value)
    obstacles.extend(_uses(parts))
    packages: tuple[Purity, ...] = ()
    if isinstance(files, Obstacle):
        obstacles.append(files)
    else:
        packages, unknown = judged(request, found, installed)
        obstacles.extend(unknown)
    uses = [use for part in parts for use in part.facts.starts]
    return Known(
        Service(
            language="python",
            shape=f"{_managers(request)}: {installed.shape} + sources",
            claimed=claimed,
            inside=_inside(request, parts, complete=len(parts) == len(claimed)),
            live=installed.live,
            whole="Python runs its sources as they are",
            interpreter="python",
            # A slim image has what its own steps install: no library comes with it unasked.
            libraries=tuple(
                dict.fromkeys(
                    [
                        *((name, each.source) for each in packages for name in each.libraries),
                        # A slim image has the module and lacks the library behind it:
                        # https://github.com/docker-library/python/blob/master/Dockerfile-linux.template
                        *(("libtk8.6", part.tk) for part in parts if part.tk is not None),
                    ]
                )
            )
            if request.base.variant == "full"
            else (),
            programs=tuple(
                dict.fromkeys(
                    [
                        *((use.program, use.source) for use in uses if use.program is not None),
                        *((name, each.source) for each in packages for name in each.programs),
                    ]
                )
            ),
            shell=next((use.source for use in uses if use.shell), None),
            certificates=None,  # the slim image has ca-certificates, as the full one does
            evidence=(("family, version and release of both bases are the same", SCHEME),),
            obstacles=tuple(dict.fromkeys(obstacles)),
            env_read=tuple(
                use.name for part in parts for use in part.facts.env if use.name is not None
            ),
            compiles=tuple(
                (each.name, each.source) for each in packages if each.kind is PurityKind.SOURCE_ONLY
            ),
        ),
        project_.source,
    )


def _managers(request: Request) -> str:
    """The managers that install the project's own dependencies; those that only bring a tool do not count."""
    by_lock = {did.call.ecosystem for did in request.did if lock_of(did) is not None}
    return " + ".join(sorted(by_lock)) or "pip"


def _folder_of(request: Request, directory: str) -> str | None:
    inside = posixpath.relpath(directory, request.root)
    return (
        None
        if inside.startswith("..")
        else posixpath.normpath(posixpath.join(request.folder or ".", inside))
    )


def _is_python(
    request: Request, started: Started, installed: places.Places, own: tuple[str, ...]
) -> bool:
    """Is this Python, or a program that a distribution installs?"""
    word = started.words[0] if started.words else None
    if word is None:
        return False
    name = posixpath.basename(word)
    if "/" in word:
        path = posixpath.normpath(posixpath.join(started.directory, word))
        if posixpath.dirname(path) not in installed.programs:
            return False
    if name.rstrip("0123456789.") == "python":
        return True
    added = {normalised(package) for did in request.did for package in did.call.packages}
    return "/" in word or name in PROGRAMS or name in own or normalised(name) in added


def _uses(parts: list[PythonRun]) -> Iterator[Obstacle]:
    for part in parts:
        for use in part.facts.starts:
            if use.program is None:
                yield Obstacle(
                    "unknown-process",
                    f"{use.source} starts a program whose name is not constant",
                    '[tool.dfix.split] packages = ["git"]',
                )
        for need in part.facts.needs:
            if need.kind is NeedKind.DYNAMIC_LOADING:
                yield Obstacle("unknown-library", f"{need.source} loads a library at run time")
            elif need.kind is NeedKind.BROWSER and need.sure:
                yield Obstacle("needs-browser", f"{need.source} starts a browser")


def _inside(
    request: Request, parts: list[PythonRun], *, complete: bool
) -> tuple[tuple[str, ...], ...]:
    """Commands of Django that write only in the project's folder, as far as its settings tell."""
    commands: tuple[str, ...] = CHECKS
    if complete and all(
        _lies_inside(request, use.path, use.anchor)
        for part in parts
        for use in part.facts.opens
        if use.how == "django STATIC_ROOT"
    ):
        commands += COLLECTS
    return tuple((python, "manage.py", command) for python in PYTHONS for command in commands)


def _lies_inside(request: Request, path: str | None, anchor: Anchor) -> bool:
    if path is None:
        return False
    if anchor is Anchor.SOURCE:
        return not posixpath.relpath(path, request.folder or ".").startswith("..")
    absolute = posixpath.normpath(posixpath.join(request.started[0].directory, path))
    return not posixpath.relpath(absolute, request.root).startswith("..")
