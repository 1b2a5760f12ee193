"""What a Python program needs once its distributions are installed."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.pip.entries import entry_of
from dfix.ecosystems.pip.graph import PythonRun, runs
from dfix.ecosystems.pip.runtime import PythonProject, project, purity
from dfix.ecosystems.pip.wheels import normalised
from dfix.ecosystems.runtime import NeedKind, Purity, PurityKind
from dfix.ecosystems.service import Live, Obstacle, Request, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHONS = ("python", "python3")
# Where pip of the official images installs: https://docs.python.org/3/library/sysconfig.html#posix-prefix
# The rest of each folder is the same in both stages, since family, version and release are.
PREFIX = "/usr/local"
FOLDERS = {"glibc": ("bin", "share", "etc"), "musl": ("bin", "share")}
SCHEME = "https://docs.python.org/3/library/sysconfig.html#posix-prefix"
PURE = '[tool.dfix.split] pure = ["{name}"]'
# Django's commands that write only where its settings say; a settings file that names a place outside is an obstacle.
# https://docs.djangoproject.com/en/5.1/ref/contrib/staticfiles/#collectstatic
INSIDE = tuple(
    (python, "manage.py", command) for python in PYTHONS for command in ("collectstatic", "compilemessages", "check")
)
# They only install other distributions.
INSTALLERS = frozenset({"pip", "setuptools", "wheel", "pip-tools", "build"})


def services(request: Request) -> Fact[Service]:
    """The live folders of the started Python programs, and the libraries that their distributions load."""
    if request.base.family != "python":
        return Unknown(f"pip works on {request.base.family}, whose Python is the distribution's")
    folder = request.folder or "."
    files = _requirements(request)
    found = project(request.tree, folder, files)
    if isinstance(found, Unknown):
        return found
    release = request.base.release
    obstacles: list[Obstacle] = []
    if release is None or len(release) < 2:
        obstacles.append(
            Obstacle("unknown-version", "the tag of the base does not name X.Y of Python")
        )
        release = (3, 0)
    if any(
        did.user != "root"
        for did in request.did
        if did.call.role in (Role.INSTALL, Role.ADD, Role.PROJECT)
    ):
        obstacles.append(
            Obstacle("opaque-step", "pip installs as another user, into that user's home")
        )
    if any(did.call.outputs for did in request.did):
        obstacles.append(Obstacle("opaque-step", "pip installs into a folder that a flag names"))
    if any("venv" in entry or entry.startswith("/opt/") for entry in request.base.path):
        obstacles.append(
            Obstacle(
                "opaque-step",
                "PATH names a virtual environment, which a split does not carry over yet",
            )
        )
    if not any(_is_python(request, each.words[0]) for each in request.started):
        return Unknown(f"{request.started[0].where} starts no Python program")
    parts: list[PythonRun] = []
    for each in request.started:
        if not _is_python(request, each.words[0]):
            continue
        entry = entry_of(found.value, request.tree, each.words, _folder_of(request, each.directory))
        run = runs(request.tree, found.value, entry.value if isinstance(entry, Known) else None)
        if isinstance(run, Unknown):
            obstacles.append(Obstacle("unknown-sources", run.why))
        else:
            parts.append(run.value)
    obstacles.extend(_uses(parts))
    judged, unknown = _judged(request, found.value)
    obstacles.extend(unknown)
    libraries = tuple((library, item.source) for item in judged for library in item.libraries)
    programs = tuple((program, item.source) for item in judged for program in item.programs)
    version = f"{release[0]}.{release[1]}"
    site = f"{PREFIX}/lib/python{version}/site-packages"
    live = [Live(site, "pip installs there", SCHEME, native=True)]
    live += [
        Live(f"{PREFIX}/{name}", "programs and data of distributions lie there", SCHEME)
        for name in FOLDERS[request.base.libc or "glibc"]
    ]
    return Known(
        Service(
            ecosystem="pip",
            shape="pip: site-packages + sources",
            claimed=tuple(each for each in request.started if _is_python(request, each.words[0])),
            inside=INSIDE,
            live=tuple(live),
            whole="Python runs its sources as they are",
            interpreter="python",
            libraries=tuple(dict.fromkeys(libraries))
            if request.base.variant in ("full", "slim")
            else (),
            programs=tuple(
                dict.fromkeys(
                    [
                        *(
                            (use.program, use.source)
                            for part in parts
                            for use in part.facts.starts
                            if use.program is not None
                        ),
                        *programs,
                    ]
                )
            ),
            shell=next(
                (use.source for part in parts for use in part.facts.starts if use.shell), None
            ),
            certificates=None,  # the slim image has ca-certificates, as the full one does
            evidence=(("family, version and release of both bases are the same", SCHEME),),
            obstacles=tuple(dict.fromkeys(obstacles)),
            env_read=tuple(
                use.name for part in parts for use in part.facts.env if use.name is not None
            ),
        ),
        found.source,
    )


def _requirements(request: Request) -> tuple[str, ...]:
    """The requirements files that the build installs, as paths of the tree."""
    files: list[str] = []
    for did in request.did:
        if did.call.role is not Role.INSTALL:
            continue
        for name in did.call.files:
            inside = posixpath.relpath(
                posixpath.normpath(posixpath.join(did.directory, name)), request.root
            )
            path = posixpath.normpath(posixpath.join(request.folder or ".", inside))
            if request.tree.is_file(path):
                files.append(path)
            else:
                guess = posixpath.normpath(
                    posixpath.join(request.folder or ".", posixpath.basename(name))
                )
                if request.tree.is_file(guess):
                    files.append(guess)
    return tuple(dict.fromkeys(files))


def _folder_of(request: Request, directory: str) -> str | None:
    inside = posixpath.relpath(directory, request.root)
    return (
        None
        if inside.startswith("..")
        else posixpath.normpath(posixpath.join(request.folder or ".", inside))
    )


def _is_python(request: Request, word: str | None) -> bool:
    """Is this Python, or a program that a distribution installs?"""
    if word is None:
        return False
    name = posixpath.basename(word)
    if name.rstrip("0123456789.") == "python":
        return True
    if "/" in word:
        return word.startswith(f"{PREFIX}/bin/")
    added = {normalised(package) for did in request.did for package in did.call.packages}
    return name in ("gunicorn", "uvicorn", "flask", "celery", "django-admin", "hypercorn", "daphne", "streamlit", "uwsgi",
                    "waitress-serve", "alembic", "fastapi", "rq", "dramatiq", "pytest", "jupyter", "airflow", "mkdocs") or (
        normalised(name) in added
    )  # fmt: skip


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


def _judged(request: Request, found: PythonProject) -> tuple[list[Purity], list[Obstacle]]:
    """What each distribution needs; those of which nothing is known are obstacles where the full image leaves."""
    names: dict[str, str] = {}
    for did in request.did:
        if did.call.role is Role.ADD:
            names.update((normalised(_bare(package)), did.where) for package in did.call.packages)
        if did.call.role is Role.PROJECT:
            return [], [
                Obstacle(
                    "unknown-package",
                    f"{did.where} installs the project itself, which a split does not read yet",
                )
            ]
    obstacles: list[Obstacle] = []
    if any(did.call.role is Role.INSTALL for did in request.did):
        listed = found.distributions
        if isinstance(listed, Unknown):
            return [], [Obstacle("unknown-package", listed.why)]
        names.update((item.name, item.source) for item in listed.value if not item.development)
    judged: list[Purity] = []
    pure = {normalised(name) for name in request.pure}
    for name, where in names.items():
        if name in INSTALLERS or name in pure:
            continue
        known = purity(name)
        if isinstance(known, Unknown):
            if request.base.variant == "full":
                obstacles.append(
                    Obstacle("unknown-package", f"{where}: {known.why}", PURE.format(name=name))
                )
            continue
        if known.value.kind is PurityKind.ELSEWHERE:
            obstacles.append(
                Obstacle("unknown-package", f"{name} installs files outside of site-packages", None)
            )
        judged.append(known.value)
    return judged, obstacles


def _bare(requirement: str) -> str:
    """The name at the head of a requirement."""
    end = 0
    while end < len(requirement) and (requirement[end].isalnum() or requirement[end] in "-_."):
        end += 1
    return requirement[:end]
