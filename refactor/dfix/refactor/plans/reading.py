"""What the Dockerfiles of one build context read of it, beside what they copy whole."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, Transfer
from dfix.refactor.model import paths
from dfix.refactor.model.layout import GLOB, context_path
from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.context import Context
    from dfix.refactor.model import Model, Place, Stage

FEW = 40  # Dockerfiles of one repository that are read
MANY = 4_000  # project files that are searched for calls of git
LARGE = 200_000  # characters: what is larger is data or generated
# Subcommands that need no repository of the project's own.
AWAY = frozenset({"clone", "config", "--version", "version", "lfs", "init", None})
# What tells that something asks git for the project's history: calls as they stand in scripts and sources, and
# tools that make a version of it. https://setuptools-scm.readthedocs.io https://github.com/ofek/hatch-vcs https://docs.openstack.org/pbr
# https://github.com/python-versioneer https://github.com/mtkennerly/poetry-dynamic-versioning https://github.com/rustyhorde/vergen
# https://github.com/git-commit-id/git-commit-id-maven-plugin https://github.com/nemerosa/versioning https://pkg.go.dev/runtime/debug#ReadBuildInfo
CALLS = tuple(
    f"git {verb}"
    for verb in (
        "describe",
        "rev-parse",
        "rev-list",
        "log",
        "show",
        "status",
        "diff",
        "ls-files",
        "submodule",
        "tag",
        "symbolic-ref",
    )
)
ARGUMENTS = ('"git"', "'git'", '"git",', "'git',")
VERSIONERS = (
    "setuptools_scm", "setuptools-scm", "hatch-vcs", "pbr", "versioneer", "dynamic-versioning",
    "dunamai", "pdm-backend", "vergen", "git-commit-id", "gitversion", "git-version",
    "git-rev-sync", "git-describe", "git-revision", "gitinfo", "nebula.release", "axion-release",
    "palantir.git", "isomorphic-git", "simple-git", "gitpython", "GitPython", "git2",
    "ReadBuildInfo", "shadow-rs", "shadow_rs", "write_built_file", "git-testament",
    "git_testament", "git_version", "rustc_tools_util", "rustc-tools-util",
)  # fmt: skip
SEARCHED = (
    ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".py", ".go", ".rs", ".toml", ".cfg", ".ini",
    ".sh", ".bash", ".mk", ".gradle", ".kts", ".xml", ".json", ".cmake", ".txt", ".rb",
    ".gemspec", ".ex", ".exs", ".sbt", ".pl", ".php", ".in", ".csproj", ".props",
)  # fmt: skip
NAMED = frozenset(
    {
        "Makefile",
        "GNUmakefile",
        "makefile",
        "Rakefile",
        "Gemfile",
        "configure",
        "justfile",
        "gradlew",
    }
)
LOCKS = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "composer.lock",
    "Cargo.lock",
    "poetry.lock",
    "go.sum",
)


class Source(NamedTuple):
    """One path of the context that an instruction reads; `path` is None if it is not literal."""

    place: Place
    path: str | None
    pattern: bool


def models(ctx: Context) -> tuple[Model, ...]:
    """The model of this file, and those of the other Dockerfiles that an ignore file of this context holds for."""
    from dfix.ecosystems.repository import dockerfiles  # noqa: PLC0415 - readers load when a question needs them
    from dfix.grammar import parse  # noqa: PLC0415 - loaded already, but not by this module
    from dfix.refactor.config import Config  # noqa: PLC0415 - the same
    from dfix.refactor.model import Model  # noqa: PLC0415 - the same
    from dfix.refactor.project import Project  # noqa: PLC0415 - the same

    project = ctx.project
    if project.ignore_path == f"{project.path}.dockerignore":
        return (ctx.model,)
    found = [ctx.model]
    for path in dockerfiles(project.tree)[:FEW]:
        if path == project.path or project.tree.is_file(f"{path}.dockerignore"):
            continue
        text = project.tree.read(path)
        if isinstance(text, Unknown):
            continue
        folder = Project(project.tree, path, Config()).context_folder
        if isinstance(folder, Known) and folder.value != getattr(
            project.context_folder, "value", None
        ):
            continue
        found.append(Model(parse(text.value), path))
    return tuple(found)


def sources(model: Model) -> Iterator[Source]:
    """What COPY, ADD and bind mounts of a file name in the build context; a whole context is the empty path."""
    for place in model.places():
        node = place.node
        if isinstance(node, Transfer):
            if place.source_stage is None:
                for word in node.sources:
                    if not (node.heredocs and word.startswith("<<")):
                        yield from _source(place, word)
        elif isinstance(node, Run):
            for mount in place.mounts:
                if mount.type == "bind" and "from" not in mount.options:
                    yield from _source(
                        place, mount.options.get("source") or mount.options.get("src") or "."
                    )


def _source(place: Place, word: str) -> Iterator[Source]:
    value = place.before.resolve(word)
    if isinstance(value, Unknown):
        yield Source(place, None, pattern=False)
    elif any(char in value.value for char in GLOB):
        yield Source(place, posixpath.normpath("/" + value.value).lstrip("/"), pattern=True)
    else:
        path = context_path(value.value)
        if path is not None:
            yield Source(place, path, pattern=False)


def names(source: Source, entry: str) -> bool:
    """Does this source name the entry, or something in it, rather than a folder that happens to hold it?"""
    if source.path is None:
        return True
    if source.pattern:
        from fnmatch import fnmatchcase  # noqa: PLC0415 - only patterns pay for it

        wanted, parts = source.path.split("/"), entry.split("/")
        shared = min(len(wanted), len(parts))
        return all(
            fnmatchcase(part, want)
            for part, want in zip(parts[:shared], wanted[:shared], strict=True)
        )
    return source.path != "" and paths.within("/" + source.path, "/" + entry)


def opaque(model: Model) -> str | None:
    """The first RUN that may read any file, as half a sentence."""
    for place in model.runs():
        if place.script is None:
            return f"line {place.line} of {model.path} cannot be read as shell source"
        for called in place.called:
            if called.call is not None or not called.values or called.program == "git":
                continue
            if called.program not in FILE_PROGRAMS | SYSTEM_PROGRAMS | SHELL_WORDS:
                what = called.program or "a command that is not literal"
                return f"line {place.line} of {model.path} runs {what}, which may read any file"
    return None


def asks_git(model: Model, tree: Tree) -> str | None:
    """Who asks git about the project in this build, as half a sentence; `tree` is the context."""
    for place in model.runs():
        for called in place.called:
            if called.program == "git" and called.verb not in AWAY:
                return f"line {place.line} of {model.path} calls git"
    runs_code = any(
        called.call is not None
        and called.call.role in (Role.RUN, Role.BUILD, Role.PROJECT, Role.INSTALL)
        for place in model.runs()
        for called in place.called
    )
    return _mentions_git(tree) if runs_code else None


def _mentions_git(tree: Tree) -> str | None:
    files = tree.files()
    if len(files) > MANY:
        return "the project has more files than are searched for calls of git"
    for path in files:
        name = posixpath.basename(path)
        if (
            name in LOCKS
            or "node_modules/" in path
            or not (name in NAMED or name.endswith(SEARCHED))
        ):
            continue
        text = tree.read(path)
        if isinstance(text, Unknown) or len(text.value) > LARGE:
            continue
        marks = (
            (*CALLS, *VERSIONERS) if name.endswith(".json") else (*CALLS, *VERSIONERS, *ARGUMENTS)
        )
        mark = next((each for each in marks if each in text.value), None)
        if mark is not None:
            return f"{path} says {mark.strip(chr(34) + chr(39) + ',')}"
    return None


INSTALLS = (Role.INSTALL, Role.FETCH)


def takes_install(
    model: Model, ecosystem: str, roles: tuple[Role, ...] = INSTALLS, act: str = "installs"
) -> str | None:
    """The stage of a file that copies the whole context, and neither installs nor takes an install from elsewhere.

    `roles` are those of the calls that make what is asked for, `act` is what they do.
    """
    for stage in model.stages:
        broad = next(
            (
                each.place
                for each in sources(model)
                if each.path == "" and each.place.stage is stage
            ),
            None,
        )
        if broad is None or _installs(stage, ecosystem, roles):
            continue
        return (
            f"line {broad.line} of {model.path} copies the project into a stage that {act} nothing"
        )
    return None


def _installs(stage: Stage, ecosystem: str, roles: tuple[Role, ...]) -> bool:
    """Does the stage, one below it or one on top of it install, or does it take files of a stage that does?"""
    chain = [stage]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    chain += [each for each in stage.model.stages if each.parent in chain]
    for each in chain:
        for place in each.places:
            if isinstance(place.node, Transfer) and place.source_stage is not None:
                return True
            if any(
                called.call is not None
                and called.call.ecosystem == ecosystem
                and called.call.role in roles
                for called in place.called
            ):
                return True
    return False
