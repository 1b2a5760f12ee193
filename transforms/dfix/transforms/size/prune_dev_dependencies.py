"""Ship production dependencies only.

## Why
Compilers, bundlers and test tools of the development dependencies are often the larger half of
what a package manager installs, and nothing that runs in the container needs them. Source:
https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages

A stage that copies them from a builder gets them pruned there, as the builder's last step; an
install in the stage that ships leaves them out.

## When it holds back
- unknown-start: what the container starts is not told by CMD, ENTRYPOINT, or a script of the project;
- needs-development: what starts, or a source, needs a development dependency or may need one;
- image-for-others: other images build on this one;
- used-elsewhere: another stage, or a build of the repository, uses what the builder installs;
- another-user: the builder's last step is another user's than the install;
- unknown-directory: which folder of the project the install works in is not known;
- lifecycle-script: the project's own scripts run with the install and may need a development dependency;
- used-by-step: a later step of the stage may need a development dependency;
- not-plain: the install is no plain command.

## Level
`review`: packages leave the image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages"
PROJECT = {
    "package.json": '{"name": "a", "version": "1.0.0", "devDependencies": {"jest": "29.7.0"}}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a",'
        ' "version": "1.0.0", "devDependencies": {"jest": "29.7.0"}},'
        ' "node_modules/jest": {"version": "29.7.0", "dev": true}}}'
    ),
    "index.js": "console.log(1);\n",
}
PLAIN = (
    "FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci{}\nCOPY index.js ./\n"
    'CMD ["node", "index.js"]\n'
)
COPIED = (
    "FROM node:22 AS builder\nWORKDIR /app\nCOPY . .\nRUN npm ci\n{}\nFROM node:22-slim\n"
    'WORKDIR /app\nCOPY --from=builder /app ./\nCMD ["node", "index.js"]\n'
)

CASES = (
    Case.untouched(
        "only production dependencies are installed",
        before=PLAIN.format(" --omit=dev"),
        project=PROJECT,
    ),
    Case.rewrites(
        "an install in the stage that ships",
        before=PLAIN.format(""),
        after=PLAIN.format(" --omit=dev"),
        project=PROJECT,
    ),
    Case.rewrites(
        "a builder whose packages are copied",
        before=COPIED.format(""),
        after=COPIED.format("RUN npm prune --omit=dev\n"),
        project=PROJECT,
    ),
    Case.holds_back(
        "a source imports a development dependency",
        before=PLAIN.format(""),
        because="needs-development",
        project={**PROJECT, "index.js": 'require("jest");\n'},
    ),
    Case.holds_back(
        "the install runs a script of the project",
        before=PLAIN.format(""),
        because="lifecycle-script",
        project={
            **PROJECT,
            "package.json": (
                '{"name": "a", "version": "1.0.0", "scripts": {"prepare": "jest"},'
                ' "devDependencies": {"jest": "29.7.0"}}'
            ),
        },
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("split-stages",),
    slugs=(
        "unknown-start",
        "needs-development",
        "image-for-others",
        "used-elsewhere",
        "another-user",
        "unknown-directory",
        "lifecycle-script",
        "used-by-step",
        "not-plain",
    ),
    cases=CASES,
)
def prune_dev_dependencies(ctx: Context) -> Iterator[Finding]:
    """Look for installs whose development dependencies reach the last stage."""
    if not ctx.model.stages or not ctx.project.at_hand:
        return
    installs = any(
        called.call is not None and called.call.role is Role.INSTALL for _, called in ctx.calls()
    )
    if not installs:
        return
    from dfix.refactor.plans.pruning import NotPruned, prune  # noqa: PLC0415 - needs an install

    for found in prune(ctx):
        if isinstance(found, NotPruned):
            yield hold_back(found.place, found.slug, found.sentence)
        else:
            yield Rewrite(
                found.place.node,
                found.title,
                Level.REVIEW,
                (*found.because, Evidence("what nobody needs is not shipped", RULE)),
                (found.change,),
            )
