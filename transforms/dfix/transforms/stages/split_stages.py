"""Split a stage that builds into a builder and a run-time stage.

## Why
A stage that builds ships its compilers, headers, sources and caches with the result. A
second stage that copies only what the container needs is smaller, starts with fewer known
vulnerabilities, and loses nothing. Source: https://docs.docker.com/build/building/multi-stage/

## When it holds back
- unknown-base: nothing is known of the base image;
- unknown-start: what the container starts is not told by CMD, ENTRYPOINT, or a script of the project;
- image-for-others: other images build on this one, or it starts nothing of its own;
- not-served: it builds with tools that are not served yet (Rust, .NET, Ruby, C, Bun), or packages lie outside the
  project's folder (Plug'n'Play);
- nothing-built: no step is known to build or install anything;
- no-artefact: which files belong to what is started cannot be told; `[tool.dfix.split] artefacts` names them;
- unknown-sources: the application's sources cannot be read;
- unknown-process: the application starts a program whose name is not constant;
- unknown-library: the application loads a library by name at run time;
- needs-browser: it starts a browser;
- needs-program: it starts a program that the new base may lack, and no package is known to bring it;
- unknown-package: nothing tells what an installed package needs at run time; `[tool.dfix.split] pure` vouches for it;
- starts-build-tool: the container, or the repository in it, starts a package manager or compiler (`go run .`);
- development-server: the container starts a development server, or a tool of the development dependencies;
- opaque-step: what a step leaves behind is not known;
- not-plain: part of a compound command belongs to the run time;
- outside-root: a step works outside the project's folder;
- unknown-directory: where a step works is not known;
- unknown-owner: the owner of a folder that leaves the builder is not known;
- unknown-suite: the release of the builder's distribution is not known; `[tool.dfix.split] suite` names it;
- unknown-version: the version of the language's run time is not known;
- no-counterpart: no image is known that only runs what this one builds;
- variable-base: the base's name depends on a build argument in a way that a new name cannot repeat;
- digest-pinned: the base is pinned to a digest, and that of its counterpart is not known;
- foreign-registry: the counterpart is not known to be under the registry that is used here;
- inherited-value: the old base sets a value that the application reads, and it is not known.

## Level
`review` for shapes that were built and started before and after by `bench/prove.py`
(`proven.toml`); `bold` for all others, and the title says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/build/building/multi-stage/"

GO = {
    "go.mod": "module example.com/hello\n\ngo 1.23\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n',
}

CASES = (
    Case.untouched(
        "a builder and a run-time stage",
        before=(
            "FROM golang:1.23 AS builder\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o main .\n\n"
            'FROM scratch\nCOPY --from=builder /app/main /main\nCMD ["/main"]\n'
        ),
        project=GO,
    ),
    Case.rewrites(
        "a Go program",
        before='FROM golang:1.23\nWORKDIR /app\nCOPY . .\nRUN go build -o main .\nCMD ["./main"]\n',
        after=(
            "FROM golang:1.23 AS builder\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o main .\n\n"
            "FROM gcr.io/distroless/static-debian12\nWORKDIR /app\nCOPY --from=builder /app/main /app/main\n"
            'CMD ["./main"]\n'
        ),
        project=GO,
    ),
    Case.rewrites(
        "blank lines between the instructions",
        before=(
            "FROM golang:1.23\n\nWORKDIR /app\n\nCOPY . .\n\nRUN go build -o main .\n\nEXPOSE 80\n\n"
            'CMD ["./main"]\n'
        ),
        after=(
            "FROM golang:1.23 AS builder\n\nWORKDIR /app\n\nCOPY . .\n\nRUN CGO_ENABLED=0 go build -o main .\n\n"
            "FROM gcr.io/distroless/static-debian12\n\nWORKDIR /app\n\nCOPY --from=builder /app/main /app/main\n\n"
            'EXPOSE 80\n\nCMD ["./main"]\n'
        ),
        project=GO,
    ),
    Case.untouched(
        "only development dependencies would stay behind, and nothing is built",
        before=(
            'FROM node:22-alpine\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "index.js"]\n'
        ),
        project={
            "package.json": '{"name": "a", "version": "1.0.0", "devDependencies": {"nodemon": "3.1.4"}}',
            "package-lock.json": (
                '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a",'
                ' "version": "1.0.0", "devDependencies": {"nodemon": "3.1.4"}},'
                ' "node_modules/nodemon": {"version": "3.1.4", "dev": true}}}'
            ),
            ".dockerignore": "node_modules\n",
            "index.js": "console.log(1);\n",
        },
    ),
    Case.holds_back(
        "compose starts the compiler in the image",
        before='FROM golang:1.23\nWORKDIR /app\nCOPY . .\nRUN go build -o main .\nCMD ["./main"]\n',
        because="starts-build-tool",
        project={**GO, "compose.yaml": "services:\n  web:\n    build: .\n    command: go run .\n"},
    ),
    Case.holds_back(
        "a step that nobody can read",
        before='FROM golang:1.23\nWORKDIR /app\nCOPY . .\nRUN go build -o main .\nRUN ./install.sh\nCMD ["./main"]\n',
        because="opaque-step",
        project={**GO, "install.sh": "#!/bin/sh\n"},
    ),
)


@transform(
    group="stages",
    ceiling=Level.BOLD,
    phase=Phase.RESTRUCTURE,
    after=("copy-manifests-first",),
    slugs=(
        "unknown-base",
        "unknown-start",
        "image-for-others",
        "not-served",
        "nothing-built",
        "no-artefact",
        "unknown-sources",
        "unknown-process",
        "unknown-library",
        "needs-browser",
        "needs-program",
        "unknown-package",
        "starts-build-tool",
        "development-server",
        "opaque-step",
        "not-plain",
        "outside-root",
        "unknown-directory",
        "unknown-owner",
        "unknown-suite",
        "unknown-version",
        "no-counterpart",
        "variable-base",
        "digest-pinned",
        "foreign-registry",
        "inherited-value",
    ),
    cases=CASES,
)
def split_stages(ctx: Context) -> Iterator[Finding]:
    """Split the only stage if it builds."""
    if len(ctx.model.stages) != 1 or not ctx.project.at_hand or not any(ctx.model.runs()):
        return
    from dfix.refactor.plans.building import builds, unserved  # noqa: PLC0415 - needs a RUN

    if not builds(ctx.model.final) and unserved(ctx.model.final) is None:
        return
    from dfix.refactor.plans.splitting import NotSplit, split  # noqa: PLC0415 - needs a build

    for found in split(ctx, ctx.model.final):
        if isinstance(found, NotSplit):
            yield hold_back(found.place, found.slug, found.sentence, found.setting)
        else:
            yield Rewrite(
                ctx.model.final.node,
                found.title,
                found.level,
                (
                    *found.because,
                    Evidence("only what is copied from a builder is in the final image", RULE),
                ),
                found.changes,
                may_change=found.may_change | {"base"},
            )
