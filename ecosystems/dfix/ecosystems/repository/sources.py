"""Which files of a repository show something, by name, and who reads each.

Names come first, so that a repository without such files costs one pass over its list of files.
Readers are imported when their first file is there.
"""

from __future__ import annotations

import posixpath
import re
from importlib import import_module
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.values import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

    Reader = Callable[[Tree, str, str], Iterator[Shown]]

PACKAGE = "dfix.ecosystems.repository"

BY_NAME: dict[str, tuple[str, ...]] = {
    ".gitlab-ci.yml": ("pipelines.gitlab",),
    ".gitlab-ci.yaml": ("pipelines.gitlab",),
    "cloudbuild.yaml": ("cloudbuild.cloudbuild",),
    "cloudbuild.yml": ("cloudbuild.cloudbuild",),
    ".travis.yml": ("lists.command_lists",),
    "bitbucket-pipelines.yml": ("lists.command_lists",),
    ".drone.yml": ("lists.command_lists",),
    ".woodpecker.yml": ("lists.command_lists",),
    "buildspec.yml": ("lists.command_lists",),
    "buildspec.yaml": ("lists.command_lists",),
    "appveyor.yml": ("lists.command_lists",),
    ".appveyor.yml": ("lists.command_lists",),
    "Taskfile.yml": ("lists.command_lists",),
    "Taskfile.yaml": ("lists.command_lists",),
    "taskfile.yml": ("lists.command_lists",),
    "Jenkinsfile": ("scripts.jenkinsfile",),
    "Makefile": ("scripts.makefile",),
    "makefile": ("scripts.makefile",),
    "GNUmakefile": ("scripts.makefile",),
    "justfile": ("scripts.justfile",),
    "Justfile": ("scripts.justfile",),
    ".justfile": ("scripts.justfile",),
    "package.json": ("scripts.package_json",),
    "heroku.yml": ("platforms.heroku",),
    "Procfile": ("platforms.procfile",),
    "fly.toml": ("platforms.fly",),
    "railway.json": ("platforms.railway",),
    "railway.toml": ("platforms.railway",),
    "render.yaml": ("platforms.render",),
    "render.yml": ("platforms.render",),
    ".goreleaser.yml": ("releases.goreleaser",),
    ".goreleaser.yaml": ("releases.goreleaser",),
    "goreleaser.yml": ("releases.goreleaser",),
    "goreleaser.yaml": ("releases.goreleaser",),
    "captain-definition": ("releases.caprover",),
    "skaffold.yaml": ("skaffold.skaffold",),
    "skaffold.yml": ("skaffold.skaffold",),
    "Tiltfile": ("skaffold.tiltfile",),
    "devspace.yaml": ("skaffold.devspace",),
    "devcontainer.json": ("devcontainer.devcontainer",),
    ".devcontainer.json": ("devcontainer.devcontainer",),
    "action.yml": ("workflows.action",),
    "action.yaml": ("workflows.action",),
    "values.yaml": ("kubernetes.chart_values",),
    "values.yml": ("kubernetes.chart_values",),
}

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(?:^|.*/)\.(?:github|gitea|forgejo)/workflows/[^/]+\.ya?ml$", "workflows.workflow"),
        (r"(?:^|.*/)\.gitlab/.*\.ya?ml$|.*\.gitlab-ci\.ya?ml$", "pipelines.gitlab"),
        (r"(?:^|.*/)\.circleci/[^/]+\.ya?ml$", "pipelines.circleci"),
        (
            r"(?:^|.*/)\.?azure-pipelines?[^/]*\.ya?ml$|(?:^|.*/)\.(?:azure-pipelines|azuredevops|ado)/.*\.ya?ml$",
            "pipelines.azure_pipelines",
        ),
        (r"(?:^|.*/)[^/]*cloud-?build[^/]+\.ya?ml$", "cloudbuild.cloudbuild"),
        (
            r"(?:^|.*/)\.(?:buildkite|woodpecker|semaphore)/[^/]*\.ya?ml$|.*/buildspec[^/]+\.ya?ml$",
            "lists.command_lists",
        ),
        (r"(?:^|.*/)(?:[^/]*\.)?docker-bake[^/]*\.(?:hcl|json)$", "bake.bake_file"),
        (r"(?:^|.*/)Jenkinsfile[^/]*$|.*\.jenkinsfile$", "scripts.jenkinsfile"),
        (r"(?:^|.*/)Makefile\.[^/]+$|.*\.(?:mk|make)$", "scripts.makefile"),
        (
            r".*\.(?:sh|bash|zsh|ksh)$|(?:^|.*/)(?:bin|scripts?|hack|\.?ci|tools|hooks|build|deploy|\.buildkite)/[^/.]+$|(?:^|.*/)(?:run|build|start|dev|deploy|release|publish|push|test|ci|do)$",
            "scripts.shell_script",
        ),
        (r".*\.(?:ps1|bat|cmd)$", "scripts.batch_file"),
        (r"(?:^|.*/)copilot/[^/]+/manifest\.ya?ml$", "releases.copilot"),
        (r"(?:^|.*/)config/deploy(?:\.[^/]+)?\.ya?ml$", "releases.kamal"),
        (r"(?:^|.*/)\.do/(?:app|deploy\.template)\.ya?ml$", "platforms.do_app"),
        (r"(?:^|.*/)fly\.[^/]+\.toml$", "platforms.fly"),
    )
)

CANONICAL = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What compose reads when no file is named, the preferred one first."""
COMPOSE = re.compile(r"^(?:.*[-_.])?(?:docker[-_]?)?compose(?:[-_.].*)?\.ya?ml$")
DOCKERFILE = re.compile(
    r"^(?:[Dd]ockerfile|Containerfile)(?:[.\-_].+)?$|^.+\.(?:[Dd]ockerfile|Containerfile)$"
)
_NO_DOCKERFILE = re.compile(
    r"\.(?:dockerignore|md|txt|rst|html|css|svg|png|json|toml|ya?ml|lock|orig|bak|rej|sh|py|go|js|ts"
    r"|rb|rs|ex|exs|java|kt|cs|php|c|h|lua|swift|vim|j2|jinja2?|tmpl|tpl|gotmpl|template|erb|hbs"
    r"|mustache)$"
)
"""Ends of names that mean a program about Dockerfiles, or a template of one."""

GENERIC = ("kubernetes.manifest", "skaffold.build_config", "releases.sam")
"""Who is asked about a YAML file whose name tells nothing."""

SKIPPED = frozenset(
    {
        "node_modules",
        "vendor",
        "third_party",
        ".venv",
        "venv",
        "site-packages",
        ".terraform",
        "bower_components",
    }
)
"""Folders of other people's files."""
FILES = 4_000
"""Files that are read at most, manifests included; a `Note` says so where there are more."""
SIZE = 1_000_000


def dockerfile_name(path: str) -> bool:
    """Is this what people call Dockerfiles?"""
    name = posixpath.basename(path)
    return DOCKERFILE.match(name) is not None and _NO_DOCKERFILE.search(name) is None


def own(path: str) -> bool:
    """Does the file lie outside folders of other people's files?"""
    return SKIPPED.isdisjoint(path.split("/")[:-1])


def readers(path: str) -> tuple[str, ...]:
    """Who reads a file, as ``module.function``; compose files and manifests apart."""
    named = BY_NAME.get(posixpath.basename(path))
    if named is not None:
        return named
    return tuple(reader for pattern, reader in _PATTERNS if pattern.match(path))


def shown_in(tree: Tree, paths: tuple[str, ...]) -> Iterator[Shown]:
    """What all files of a repository show. What cannot be read leaves a note, never more."""
    left = FILES
    compose: dict[str, list[str]] = {}
    for path in paths:
        name = posixpath.basename(path)
        if COMPOSE.match(name):
            compose.setdefault(posixpath.dirname(path), []).append(path)
            continue
        found = readers(path)
        if not found and not name.endswith((".yaml", ".yml")):
            continue
        left -= 1
        if left < 0:
            yield Note(f"more than {FILES} files may show builds: the rest was not read", path)
            break
        text = _text(tree, path)
        if found:
            yield from _read(tree, path, text, found)
        elif "services:" in text and "build:" in text and "kind:" not in text:
            compose.setdefault(posixpath.dirname(path), []).append(path)  # local.yml, stack.yml
        else:
            yield from _read(tree, path, text, GENERIC)
    for folder, files in compose.items():
        yield from _compose(tree, folder, tuple(files))


_NEEDED: dict[str, tuple[str, ...]] = {
    "kubernetes.manifest": ("kind:",),
    "skaffold.build_config": ("dockerStrategy",),
    "releases.sam": ("DockerContext",),
    "kubernetes.chart_values": ("repository:", "image:"),
}
"""Words without which a reader need not be asked."""


def _text(tree: Tree, path: str) -> str:
    """What a file says; nothing if it is no text, or too large to have been written by hand."""
    found = tree.read(path)
    return found.value if isinstance(found, Known) and len(found.value) <= SIZE else ""


def _read(tree: Tree, path: str, text: str, names: tuple[str, ...]) -> Iterator[Shown]:
    for name in names:
        needed = _NEEDED.get(name)
        if needed is None or any(word in text for word in needed):
            yield from _guarded(_reader(name)(tree, path, text), path)


def _compose(tree: Tree, folder: str, files: tuple[str, ...]) -> Iterator[Shown]:
    from dfix.ecosystems.repository.compose import project  # noqa: PLC0415 - loads YAML's rules

    yield from _guarded(project(tree, folder, files), files[0])


def _reader(name: str) -> Reader:
    module, function = name.split(".")
    reader: Reader = getattr(import_module(f"{PACKAGE}.{module}"), function)
    return reader


def _guarded(found: Iterator[Shown], path: str) -> Iterator[Shown]:
    try:
        yield from found
    except RecursionError:
        yield Note("not read: nested too deeply", path)
