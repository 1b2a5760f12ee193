"""Keep out of the build context what no step needs.

## Why
What is in the context and copied by a broad COPY is an input of that step: a commit, an
editor's setting or a local install would build it again, and lands in the image. Secrets that lie
beside the sources land there too. Source:
https://docs.docker.com/build/concepts/context/#dockerignore-files

## When it holds back
- unknown-context: the build context is not known, or two places build this file with different ones;
- unknown-source: a COPY names something of the context that is not literal;
- reads-history: a step, or a tool that a step runs, asks git about the project, so `.git` stays;
- opaque-step: a RUN cannot be read, so only install outputs and secrets are kept out;
- reads-env-file: the project reads `.env` by itself, when it is built or when it starts, so that file stays;
- context-provides-install: a stage copies the project and installs nothing, so it needs what lies in the context;
- unreadable-ignore-file: the ignore file in force cannot be read.

## Level
`review`: files leave the build context, and with it the image.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.plans import caches, reading
from dfix.refactor.plans.ignoring import with_patterns
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.context import Context
    from dfix.refactor.model import Model, Place

RULE = "https://docs.docker.com/build/concepts/context/#dockerignore-files"
TEMPLATES = "https://github.com/github/gitignore"
# Written only where the project's own .gitignore has them: then a build from a clone never saw them either.
SECRETS = (
    ".env",
    ".env.local",
    ".envrc",
    ".netrc",
    "secrets",
    "credentials.json",
    "*.pem",
    "*.key",
)
# The same for what tools leave behind; each name is in a template of github.com/github/gitignore. The names of a
# language count where a file of the context shows it.
FEW = 3  # entries that a title names
LEFTOVERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "manage.py"),
        (
            ".venv",
            "venv",
            "__pycache__",
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".tox",
            "htmlcov",
            ".coverage",
        ),
    ),
    (("package.json",), ("coverage", ".nyc_output", "npm-debug.log")),
    ((), ("*.log", ".DS_Store", ".idea", ".vscode")),
)
EDITORS = (
    ".idea",
    ".vscode",
    ".DS_Store",
)  # also where they are tracked: no tool of a build reads them

CASES = (
    Case.untouched(
        "what no step needs is kept out already",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
        project={
            "package.json": "{}",
            "package-lock.json": "{}",
            ".gitignore": "node_modules/\n.env\n",
            ".dockerignore": ".git\n.env\nnode_modules\nDockerfile\n.dockerignore\n",
        },
    ),
    Case.untouched(
        "no COPY brings a whole folder",
        before="FROM node:22\nCOPY index.js /\n",
        project={"index.js": "", ".gitignore": ".env\n"},
    ),
    Case.untouched(
        "the application reads what git ignores",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\n",
        project={
            "package.json": "{}",
            "index.js": "require('fs').readFileSync('certs/server.pem')\n",
            ".gitignore": "*.pem\n",
            ".dockerignore": "Dockerfile\n.dockerignore\n.git\nnode_modules\n",
        },
    ),
    Case.rewrites(
        "nothing reads what git ignores",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\n",
        after="FROM node:22\nWORKDIR /app\nCOPY . .\n",
        project={
            "package.json": "{}",
            "index.js": "console.log('x')\n",
            ".gitignore": "*.pem\n*.log\n",
            ".dockerignore": "Dockerfile\n.dockerignore\n.git\nnode_modules\n",
        },
        files={".dockerignore": "Dockerfile\n.dockerignore\n.git\nnode_modules\n*.pem\n*.log\n"},
    ),
    Case.rewrites(
        "a project that git knows",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
        after="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
        project={
            "package.json": "{}",
            "package-lock.json": "{}",
            ".gitignore": "node_modules/\n.env\n",
        },
        files={".dockerignore": ".git\nnode_modules\n.env\nDockerfile\n.dockerignore\n"},
    ),
    Case.holds_back(
        "the version comes from git",
        before="FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install .\n",
        because="reads-history",
        project={
            "pyproject.toml": '[build-system]\nrequires = ["setuptools", "setuptools_scm"]\n',
            ".gitignore": "",
            ".dockerignore": "Dockerfile\n.dockerignore\n",
        },
    ),
)


class Entry(NamedTuple):
    """A line for the ignore file, and why."""

    pattern: str
    evidence: Evidence
    always: bool  # also where a RUN cannot be read


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.TIDY,
    slugs=(
        "unknown-context",
        "unknown-source",
        "reads-history",
        "opaque-step",
        "reads-env-file",
        "context-provides-install",
        "unreadable-ignore-file",
    ),
    cases=CASES,
)
def write_dockerignore(ctx: Context) -> Iterator[Finding]:
    """Add to the ignore file what the project has and no step needs."""
    if not ctx.project.at_hand:
        return
    copy = _broad(ctx)
    if copy is None:
        return
    context = ctx.project.context
    if isinstance(context, Unknown):
        yield hold_back(copy, "unknown-context", context.why, 'context = "."')
        return
    models = reading.models(ctx)
    read = [source for model in models for source in reading.sources(model)]
    odd = next((each for each in read if each.path is None), None)
    if odd is not None:
        what = f"line {odd.place.line} of {odd.place.model.path} copies what is not named literally"
        yield hold_back(copy, "unknown-source", what)
        return
    wanted: list[Entry] = []
    for found in (
        *_outputs(ctx, models),
        *_built(ctx, models),
        *_history(ctx, models),
        *_leftovers(ctx),
    ):
        if isinstance(found, Unknown):
            yield hold_back(copy, found.slug, found.why)
        elif found.value.pattern not in [each.pattern for each in wanted]:
            wanted.append(found.value)
    wanted = [
        each
        for each in wanted
        if not _excluded(ctx, each.pattern)
        and not any(reading.names(one, _sample(each.pattern)) for one in read)
    ]
    obstacle = next(filter(None, map(reading.opaque, models)), None)
    if obstacle is not None and any(not each.always for each in wanted):
        left = ", ".join(each.pattern for each in wanted if not each.always)
        yield hold_back(copy, "opaque-step", f"{obstacle}, so {left} stay in the build context")
        wanted = [each for each in wanted if each.always]
    folder = getattr(ctx.project.context_folder, "value", "") or "."
    own = (".dockerignore", posixpath.relpath(ctx.project.path, folder))
    if ctx.project.ignore_path is None and all(each.pattern in own for each in wanted):
        return  # a new file only to leave out the Dockerfile is not worth a reviewer's time
    if wanted:
        yield _written(ctx, copy, wanted)


def _written(ctx: Context, copy: Place, wanted: list[Entry]) -> Finding:
    """The ignore file with the entries behind its own."""
    wanted = sorted(wanted, key=lambda each: ORDER.get(each.pattern, 1))
    made = with_patterns(ctx.project, [each.pattern for each in wanted])
    if isinstance(made, Unknown):
        return hold_back(copy, "unreadable-ignore-file", made.why)
    path, text = made.value
    patterns = [each.pattern for each in wanted]
    left = len(patterns) - FEW
    shown = ", ".join(patterns[:FEW]) + (f" and {left} more" if left > 0 else "")
    return Rewrite(
        copy.node,
        f"keep {shown} out of the build context",
        Level.REVIEW,
        (
            *dict.fromkeys(each.evidence for each in wanted),
            Evidence("a COPY runs again when a file that it reads changed", RULE),
        ),
        files={path: text},
    )


ORDER = {".git": 0, "Dockerfile": 2, ".dockerignore": 3}
ENV_FILES = (".env", ".env.local")


def _broad(ctx: Context) -> Place | None:
    """The first instruction that copies or binds the root of the context."""
    return next(
        (
            each.place
            for each in reading.sources(ctx.model)
            if each.path in ("", "*") or each.path is None
        ),
        None,
    )


def _outputs(ctx: Context, models: tuple[Model, ...]) -> Iterator[Fact[Entry]]:
    """What the installs of these files write in the project's own folders."""
    for model in models[:1]:
        for place in model.runs():
            for called in place.called:
                call = called.call
                if (
                    call is None
                    or call.role is not Role.INSTALL
                    or isinstance(called.directory, Unknown)
                ):
                    continue
                for output in ecosystem_of(call).outputs(call, caches.environment(place, called)):
                    directory = paths.join(called.directory.value, call.directory)
                    folder = _folder(ctx, place, directory)
                    if folder is None:
                        continue
                    pattern = posixpath.join(folder, output.path)
                    bare = next(
                        filter(
                            None, (reading.takes_install(each, call.ecosystem) for each in models)
                        ),
                        None,
                    )
                    if bare is None:
                        claim = f"line {place.line} installs {pattern} in the image"
                        yield Known(
                            Entry(pattern, Evidence(claim, output.source), always=True), place.where
                        )
                    elif not _excluded(ctx, pattern):
                        yield Unknown(
                            f"{bare} and may need {pattern} of the context",
                            "context-provides-install",
                        )


def _built(ctx: Context, models: tuple[Model, ...]) -> Iterator[Fact[Entry]]:
    """What the builds of these files write in the project's own folders."""
    from dfix.refactor.plans.leaving import left  # noqa: PLC0415 - few projects are built in their own folders

    for found in left(ctx, models, lambda path: _excluded(ctx, path)):
        if isinstance(found, Unknown):
            yield found
        else:
            evidence = Evidence(found.claim, found.source)
            yield Known(Entry(found.path, evidence, always=False), ctx.model.path)


def _folder(ctx: Context, place: Place, directory: str) -> str | None:
    """The folder of the context that a whole-folder COPY of the file puts there, before or after the install."""
    from dfix.refactor.model.layout import landings  # noqa: PLC0415 - one function of a sibling

    for each in place.stage.transfers():
        if each.source_stage is not None:
            continue
        landed = landings(each, ctx.project.is_folder)
        for landing in landed.value if isinstance(landed, Known) else ():
            if landing.whole and paths.within(directory, landing.target):
                found = posixpath.join(
                    landing.source, paths.relative(directory, landing.target)
                ).rstrip("/")
                if ctx.project.is_folder(found):
                    return found
    return None


def _history(ctx: Context, models: tuple[Model, ...]) -> Iterator[Fact[Entry]]:
    """`.git`, where nothing in these builds asks for it."""
    context = ctx.project.context
    known = next(
        (
            name
            for name in (".gitignore", ".gitattributes", ".gitmodules")
            if ctx.project.tree.is_file(name)
        ),
        None,
    )
    if (
        isinstance(context, Unknown)
        or known is None
        or ctx.project.context_folder
        != Known("", getattr(ctx.project.context_folder, "source", ""))
    ):
        return
    if _excluded(ctx, ".git"):
        return
    for model in models:
        asker = reading.asks_git(model, context.value)
        if asker is not None:
            yield Unknown(f"{asker}, so .git stays in the build context", "reads-history")
            return
    yield Known(
        Entry(".git", Evidence("no step asks git about the project", known), always=False), known
    )


def _leftovers(ctx: Context) -> Iterator[Fact[Entry]]:
    """Secrets, editors' and tools' files that git ignores, and the build's own files."""
    context = ctx.project.context
    if isinstance(context, Unknown):
        return
    ignored = _git_ignored(ctx)
    if any(name in ignored and not _excluded(ctx, name) for name in ENV_FILES):
        from dfix.ecosystems.env_files import reader  # noqa: PLC0415 - few projects ask

        found = reader(context.value)
        if found is not None:
            yield Unknown(f"{found}, so it stays in the build context", "reads-env-file")
            ignored -= set(ENV_FILES)
    left = [
        name
        for shown_by, names in LEFTOVERS
        if not shown_by or any(context.value.is_file(path) for path in shown_by)
        for name in names
    ]
    for name in (*SECRETS, *left):
        if name in ignored and not _may_be_read(context.value, name):
            evidence = Evidence("a build from a clone never has what git ignores", ".gitignore")
            nested = name == "__pycache__"
            yield Known(
                Entry(f"**/{name}" if nested else name, evidence, always=name in SECRETS),
                ".gitignore",
            )
    for name in EDITORS:
        if context.value.is_dir(name) or context.value.is_file(name):
            yield Known(
                Entry(name, Evidence("an editor's own files", TEMPLATES), always=False), name
            )
    folder = getattr(ctx.project.context_folder, "value", "")
    if ctx.project.lacking.keys() & {"cache_mount", "heredoc"}:
        return  # a builder that is not BuildKit may be sent its Dockerfile with the context alone
    for path in (ctx.project.path, posixpath.join(folder, ".dockerignore")):
        if paths.within("/" + path, "/" + folder):
            evidence = Evidence(
                "the builder is sent its Dockerfile and ignore file in any case", RULE
            )
            yield Known(Entry(posixpath.relpath(path, folder or "."), evidence, always=False), path)


def _may_be_read(context: Tree, name: str) -> bool:
    """May the application read such a file where it was built beside it, although git ignores it?"""
    if name in ENV_FILES or (name not in SECRETS and not name.startswith("*")):
        return False  # `.env` was asked for by what reads it; a tool's own folder is nobody else's
    from dfix.ecosystems.env_files import mentioned  # noqa: PLC0415 - few projects ask

    return mentioned(context, name)


def _git_ignored(ctx: Context) -> frozenset[str]:
    """The plain names in the project's .gitignore files, from the root to the context."""
    found: set[str] = set()
    folder = getattr(ctx.project.context_folder, "value", "")
    for path in dict.fromkeys((".gitignore", posixpath.join(folder, ".gitignore"))):
        text = ctx.project.tree.read(path)
        lines = text.value.splitlines() if isinstance(text, Known) else []
        if any(line.startswith("!") for line in lines):
            lines = [line for line in lines if not _comes_back(line, lines)]
        found.update(
            line.strip().removeprefix("/").removesuffix("/")
            for line in lines
            if not line.startswith("#")
        )
    return frozenset(found)


def _comes_back(line: str, lines: list[str]) -> bool:
    """Does an exception of the same file name what this line ignores, or something like it?"""
    stem = line.strip().strip("/*")
    return bool(stem) and any(each.startswith("!") and stem in each for each in lines)


def _excluded(ctx: Context, pattern: str) -> bool:
    patterns = ctx.project.ignore.patterns
    if pattern in {each.text for each in patterns} or ctx.project.ignore.excludes(_sample(pattern)):
        return True
    # An entry written behind an exception of the user's own would take that exception back.
    return any(each.negated and _meet(each.text, pattern) for each in patterns)


def _meet(exception: str, pattern: str) -> bool:
    """Can one path match both?"""
    from fnmatch import fnmatchcase  # noqa: PLC0415 - only ignore files with exceptions pay for it

    if "**" in exception:
        return True
    plain = pattern.removeprefix("**/")
    parts = exception.split("/")
    if not pattern.startswith("**/"):
        parts = parts[: plain.count("/") + 1]
    sample = "/".join(parts).replace("*", "x")
    return any(fnmatchcase(part, plain) for part in (*parts, sample)) or fnmatchcase(
        _sample(plain), "/".join(parts)
    )


def _sample(pattern: str) -> str:
    """A path that the pattern means."""
    return pattern.removeprefix("**/").replace("*", "x")
