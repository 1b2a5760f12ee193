"""Which module a Python start command runs, and which distributions it needs to do so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.runtime import PythonProject, module_path
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.tree import Tree


@dataclass(frozen=True, slots=True)
class Entry:
    """What a command starts.

    `path` is the project's file from the tree's root; None where the command runs nothing of the
    project by name. `programs` are the distributions whose program or module is started.
    `configuration` are project files that the program reads. `whole` tells that the program finds
    modules by convention, so that all sources count.
    """

    path: str | None
    programs: tuple[str, ...]
    source: str
    configuration: tuple[str, ...] = ()
    whole: bool = False


_PYTHONS = ("python", "python3", "pypy", "pypy3")
_APPLICATION = {
    "gunicorn": "gunicorn", "uvicorn": "uvicorn", "hypercorn": "hypercorn", "daphne": "daphne",
    "waitress-serve": "waitress", "granian": "granian", "waitress": "waitress",
}  # fmt: skip
"""Servers that take `module:attribute`, by the distribution that has them."""

_SCRIPTS = {
    "streamlit": "streamlit",
    "chainlit": "chainlit",
    "fastapi": "fastapi-cli",
    "gradio": "gradio",
}
"""Programs that take a verb and a file."""

_WHOLE = frozenset({
    "django-admin", "alembic", "pytest", "rq", "dramatiq", "scrapy", "jupyter", "mkdocs", "locust",
    "airflow", "huey_consumer", "taskiq", "prefect", "faust", "nameko",
})  # fmt: skip
"""Programs that find modules by convention or by their own configuration."""

PROGRAMS = frozenset({*_APPLICATION, *_SCRIPTS, *_WHOLE, "flask", "celery", "uwsgi"})
"""Programs of distributions that start Python applications, by their own documentation."""

# Options with a value in the next word, of gunicorn
# (https://docs.gunicorn.org/en/stable/settings.html), uvicorn (https://www.uvicorn.org/settings/)
# and the others' `--help`; without `=` the word behind them is no application.
_VALUES = frozenset(
    {"-b", "--bind", "-w", "--workers", "-k", "--worker-class", "-c", "--config", "-t", "--timeout",
    "--threads", "-n", "--name", "--log-level", "--log-config", "--access-logfile",
    "--error-logfile", "--log-file", "--chdir", "-e", "--env", "--host", "--port", "-p",
    "--app-dir", "--env-file", "--loop", "--http", "--ws", "--interface", "--keep-alive",
    "--max-requests", "--max-requests-jitter", "--graceful-timeout", "--worker-connections",
    "--worker-tmp-dir", "--user", "--group", "-u", "-g", "-m", "--umask", "--pid", "--reload-dir",
    "--root-path", "--forwarded-allow-ips", "--ssl-keyfile", "--ssl-certfile", "--keyfile",
    "--certfile", "--backlog", "--listen", "--limit-concurrency", "--timeout-keep-alive",
    "--access-logformat", "--logger-class", "-A", "--app", "--call"},
)  # fmt: skip


def entry_of(
    found: PythonProject, tree: Tree, words: Sequence[str | None], directory: str | None = None
) -> Fact[Entry]:
    """Read a start command that runs in `directory` (from the tree's root.

    The project's without one).
    """
    if not words or words[0] is None:
        return Unknown("which program starts is not constant")
    place = directory if directory is not None else found.directory
    program = words[0].rpartition("/")[2]
    rest = list(words[1:])
    if program.startswith(_PYTHONS) and program.rstrip("0123456789.") in _PYTHONS:
        return _python(found, tree, rest, place)
    return _program(found, tree, program, rest, place)


def _python(found: PythonProject, tree: Tree, words: list[str | None], place: str) -> Fact[Entry]:
    position = 0
    while position < len(words):
        word = words[position]
        if word is None:
            return Unknown("which file python runs is not constant")
        if word == "-m":
            module = words[position + 1] if position + 1 < len(words) else None
            return _module(found, tree, module, words[position + 2 :], place)
        if word == "-c" or (word.startswith("-c") and len(word) > 2):  # noqa: PLR2004 - -c"code"
            return Unknown("python runs code from the command line")
        if word in {"-W", "-X"}:
            position += 2
        elif word.startswith("-"):
            position += 1
        else:
            path = under(place, word)
            if word.startswith("/"):
                return Unknown(f"{word} is an absolute path")
            if not tree.is_file(path):
                return Unknown(f"{path} is missing")
            return Known(Entry(path, (), path, whole=path == found.manage), path)
    return Unknown("python without a file reads commands")


def _module(
    found: PythonProject, tree: Tree, module: str | None, rest: list[str | None], place: str
) -> Fact[Entry]:
    if module is None:
        return Unknown("which module python runs is not constant")
    relative = module.replace(".", "/")
    for candidate in (f"{relative}/__main__.py", f"{relative}.py"):
        path = under(place, candidate)
        if tree.is_file(path):
            return Known(Entry(path, (), path), path)
    return _program(found, tree, module, rest, place)


def _program(
    found: PythonProject, tree: Tree, program: str, rest: list[str | None], place: str
) -> Fact[Entry]:
    if any(word is None for word in rest):
        return Unknown(f"the arguments of {program} are not constant")
    words = [word for word in rest if word is not None]
    if program in _APPLICATION:
        return _application(found, tree, program, words, place)
    if program == "flask":
        return _flask(tree, words, place)
    if program in _SCRIPTS:
        path = next((under(place, word) for word in words[1:] if word.endswith(".py")), None)
        if path is None or not tree.is_file(path):
            return Unknown(f"which file {program} runs is not known")
        return Known(Entry(path, (_SCRIPTS[program],), path), path)
    if program == "celery":
        named = _option(words, "-A", "--app")
        path = module_path(found, tree, named, place) if named else None
        if path is None:
            return Unknown("which application celery runs is not known")
        return Known(Entry(path, ("celery",), path, whole=True), path)
    if program in _WHOLE:
        return Known(Entry(None, (program.replace("-admin", ""),), program, whole=True), program)
    return Unknown(f"what {program} runs is not known")


def _application(
    found: PythonProject, tree: Tree, program: str, words: list[str], place: str
) -> Fact[Entry]:
    moved = _option(words, "--chdir", "--app-dir")
    place = under(place, moved) if moved else place
    named: str | None = None
    position = 0
    while position < len(words):
        if words[position].startswith("-"):
            position += 2 if words[position] in _VALUES else 1
            continue
        named = words[position]
        break
    programs = [_APPLICATION[program]]
    worker = _option(words, "-k", "--worker-class") or ""
    if "uvicorn" in worker:
        programs.append("uvicorn")
    elif worker in {"gevent", "eventlet", "tornado"}:
        programs.append(worker)
    configuration = _option(words, "-c", "--config")
    files: tuple[str, ...] = ()
    if program == "gunicorn":
        # "the default config file is ./gunicorn.conf.py":
        # https://docs.gunicorn.org/en/stable/settings.html#config
        default = configuration or "gunicorn.conf.py"
        given = under(place, default.removeprefix("file:"))
        files = (given,) if configuration or tree.is_file(given) else ()
    if named is None:
        return Unknown(f"which application {program} runs is not on its command line")
    path = module_path(found, tree, named, place)
    if path is None:
        return Unknown(f"{named} is not in the project")
    return Known(Entry(path, tuple(programs), path, files), path)


def _flask(tree: Tree, words: list[str], place: str) -> Fact[Entry]:
    """By the documentation.

    https://flask.palletsprojects.com/en/stable/cli/#application-discovery
    """
    named = _option(words, "-A", "--app")
    candidates = ["wsgi.py", "app.py"] if named is None else []
    if named is not None:
        relative = named.split(":", maxsplit=1)[0].removesuffix(".py").replace(".", "/")
        candidates = [f"{relative}.py", f"{relative}/__init__.py"]
    path = next(
        (under(place, name) for name in candidates if tree.is_file(under(place, name))), None
    )
    if path is None:
        return Unknown("which application flask runs is decided by FLASK_APP")
    return Known(Entry(path, ("flask",), path), path)


def _option(words: list[str], *names: str) -> str | None:
    for index, word in enumerate(words):
        if word in names and index + 1 < len(words):
            return words[index + 1]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return None
