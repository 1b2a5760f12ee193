"""Ship on the small image of the base's family.

## Why
The full image of a language holds compilers, headers and hundreds of libraries that are there
for building. The stage that ships seldom needs them: its family's small image has the same
version of the same run time on the same release. Source:
https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image

## When it holds back
- image-for-others: other images build on this one;
- digest-pinned: the base is pinned to a digest, and that of the small image is not known;
- variable-base: the base's name depends on a build argument in a way that a new name cannot repeat;
- foreign-registry: the small image is not known to be under the registry that is used here;
- inherited-value: the small image sets a value that the large one does not, or another one;
- unknown-contents: what the two images hold is not known, or whether they are of one release;
- unknown-start: what the container starts is not told by CMD, ENTRYPOINT, or a script of the project;
- unknown-directory: the working directory or the build context is not known;
- not-served: no ecosystem tells what the started programs need;
- no-artefact: which files belong to what is started cannot be told;
- unknown-sources: the application's sources cannot be read;
- unknown-process: the application starts a program whose name is not constant;
- unknown-library: the application loads a library by name at run time;
- unknown-version: the version of the language's run time is not known;
- unknown-package: nothing tells what an installed package needs at run time; `[tool.dfix.split] pure` vouches for it;
- development-server: the container starts a development server;
- needs-browser: it starts a browser;
- needs-program: a step, the container or the application calls a program that the small image lacks;
- needs-library: a package loads a library that the small image lacks, and no step installs it;
- needs-documents: a step works with manuals or documents, which small images leave out;
- translations: a variable asks for translations, which small images leave out;
- compiles: the stage compiles or builds: a builder of its own comes first;
- opaque-step: what a step calls is not known.

## Level
`review`: what leaves the image is named. The libc stays the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/build/building/best-practices/#choose-the-right-base-image"
APP = {"app.py": "import json\n\nprint(json.dumps({}))\n"}

CASES = (
    Case.untouched(
        "a small image already",
        before='FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        project=APP,
    ),
    Case.untouched(
        "an image without a smaller one",
        before='FROM ubuntu:24.04\nCOPY app.py /\nCMD ["python3", "/app.py"]\n',
        project=APP,
    ),
    Case.rewrites(
        "a script that needs only Python",
        before='FROM python:3.12\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        after='FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        project=APP,
    ),
    Case.rewrites(
        "Debian's own image loses its manuals",
        before='FROM debian:bookworm\nCOPY app.py /\nCMD ["sleep", "infinity"]\n',
        after='FROM debian:bookworm-slim\nCOPY app.py /\nCMD ["sleep", "infinity"]\n',
        project=APP,
    ),
    Case.holds_back(
        "the application starts a program that the small image lacks",
        before='FROM python:3.12\nWORKDIR /app\nCOPY app.py .\nCMD ["python", "app.py"]\n',
        because="needs-program",
        project={"app.py": 'import subprocess\n\nsubprocess.run(["git", "status"])\n'},
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("split-stages", "prune-dev-dependencies"),
    slugs=(
        "image-for-others",
        "digest-pinned",
        "variable-base",
        "foreign-registry",
        "inherited-value",
        "unknown-contents",
        "unknown-start",
        "unknown-directory",
        "not-served",
        "no-artefact",
        "unknown-sources",
        "unknown-process",
        "unknown-library",
        "unknown-version",
        "unknown-package",
        "development-server",
        "needs-browser",
        "needs-program",
        "needs-library",
        "needs-documents",
        "translations",
        "compiles",
        "opaque-step",
    ),
    cases=CASES,
)
def slim_runtime_base(ctx: Context) -> Iterator[Finding]:
    """Look at the base of the stage that ships."""
    if not ctx.model.stages or not ctx.project.at_hand:
        return
    from dfix.refactor.plans.slimming import NotSlim, slim  # noqa: PLC0415 - it reads tables

    stage = ctx.model.final
    found = slim(ctx, stage)
    if found is None:
        return
    if isinstance(found, NotSlim):
        yield hold_back(found.place, found.slug, found.sentence, found.setting)
        return
    from_ = stage.node
    image = from_.image.with_changes(text=found.base.written)
    yield Rewrite(
        from_,
        f"ship on {found.base.written}",
        Level.REVIEW,
        (*found.because, Evidence("a smaller base ships less that nobody uses", RULE)),
        (edits.replace(from_, edits.bare(from_).with_changes(image=image)),),
        may_change=frozenset({"base"}),
    )
