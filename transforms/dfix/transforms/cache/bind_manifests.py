"""Show manifests to a frozen install by a mount instead of copying them.

## Why
A `COPY` of the manifests makes a layer that a later `COPY . .` writes again. A bind mount shows
them to the install and leaves nothing behind. Source:
https://docs.docker.com/build/cache/optimize/#use-bind-mounts

## When it holds back
- not-frozen: the install may write manifest or lockfile, and a mount is read-only;
- needed-later: no later `COPY` brings the files before another step;
- unknown-inputs: not all that the install reads is known, or it is not all copied here;
- unknown-directory: where the install works is not known;
- not-plain: the step does more than install, or the `COPY` brings more than single files of the context.

## Level
`bold`: the install needs a builder with mounts, and finds no manifest that it could write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/build/cache/optimize/#use-bind-mounts"
PROJECT = {
    "package.json": '{"name": "a", "version": "1.0.0"}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a",'
        ' "version": "1.0.0"}}}'
    ),
    "index.js": "",
}
COPIED = "FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN {}\n{}"
BOUND = (
    "RUN --mount=type=bind,source=package-lock.json,target=package-lock.json \\\n"
    "    --mount=type=bind,source=package.json,target=package.json \\\n    npm ci\n"
)

CASES = (
    Case.untouched(
        "mounts already",
        before=f"FROM node:22\nWORKDIR /app\n{BOUND}COPY . .\n",
        project=PROJECT,
    ),
    Case.rewrites(
        "all sources follow",
        before=COPIED.format("npm ci", "COPY . .\n"),
        after=f"FROM node:22\nWORKDIR /app\n{BOUND}COPY . .\n",
        project=PROJECT,
    ),
    Case.holds_back(
        "an install that may write the lockfile",
        before=COPIED.format("npm install", "COPY . .\n"),
        because="not-frozen",
        project=PROJECT,
    ),
    Case.holds_back(
        "only one source follows",
        before=COPIED.format("npm ci", "COPY index.js .\n"),
        because="needed-later",
        project=PROJECT,
    ),
)


@transform(
    group="cache",
    ceiling=Level.BOLD,
    phase=Phase.RESTRUCTURE,
    after=(
        "copy-manifests-first",
        "split-stages",
        "use-lockfile",
        "mount-caches",
        "own-on-copy",
        "merge-runs",
        "prune-dev-dependencies",
        "slim-runtime-base",
        "sink-volatile-args",
    ),
    slugs=("not-frozen", "needed-later", "unknown-inputs", "unknown-directory", "not-plain"),
    cases=CASES,
)
def bind_manifests(ctx: Context) -> Iterator[Finding]:
    """Look at the installs whose manifests are copied in front of them."""
    if not ctx.project.at_hand or not ctx.model.calling:
        return
    from dfix.refactor.plans.binding import Copied, bind  # noqa: PLC0415 - needs an install

    for stage in ctx.model.stages:
        for found in bind(ctx, stage):
            if isinstance(found, Copied):
                yield hold_back(found.place, found.slug, found.sentence)
                continue
            files = " and ".join(found.files)
            yield Rewrite(
                found.place.node,
                f"mount {files} for the install",
                Level.BOLD,
                (
                    Evidence(
                        f"the install reads {files} and writes none of them", found.place.where
                    ),
                    Evidence("a later COPY brings them too", found.copied_by.where),
                    Evidence("a bind mount leaves no layer", RULE),
                ),
                found.changes,
                needs=("bind_mount",),
            )
