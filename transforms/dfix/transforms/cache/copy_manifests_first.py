"""Copy the dependency manifests and install before copying the sources.

## Why
A RUN is built again when anything in front of it changed. Where the whole project is copied
before its dependencies are installed, every edit of a source file installs them again. Source:
https://docs.docker.com/build/cache/optimize/#order-your-layers

## When it holds back
- unknown-inputs: what the install reads is not known, or not all of it is a file of the build context;
- opaque-step: a step between the COPY and the install may read the sources;
- opaque-before-install: so may a command in front of the install, in the same RUN;
- not-plain: the install stands inside a condition, a pipeline or a here-document, or not all is joined by `&&`;
- shell-state: the RUN would have to be divided, and shell state reaches across the cut;
- several-sources: the COPY brings more than one source, or excludes some;
- context-overwrites-install: the later COPY could put a developer's install over the one in the image, and the ignore
  file cannot be told not to;
- unknown-directory: the directory of the install, or of the COPY, is not known;
- no-project-files: the project's files are not at hand.

## Level
`safe` if the install enforces its lockfile and the ignore file already leaves out what it
writes; otherwise `review`: an install without a lock resolves anew on each source edit today, and
would from now on keep its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run, Transfer
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.plans.reordering import Reordering

RULE = "https://docs.docker.com/build/cache/optimize/#order-your-layers"
NPM = {
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0",'
        ' "dependencies": {"left-pad": "1.3.0"}}, "node_modules/left-pad": {"version": "1.3.0"}}}'
    ),
    ".dockerignore": "node_modules\n",
    "index.js": "",
}
GO = {
    "go.mod": "module example.com/a\n\ngo 1.24\n\nrequire github.com/pkg/errors v0.9.1\n",
    "go.sum": (
        "github.com/pkg/errors v0.9.1 h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=\n"
        "github.com/pkg/errors v0.9.1/go.mod h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0=\n"
    ),
    "main.go": 'package main\n\nimport _ "github.com/pkg/errors"\n\nfunc main() {}\n',
    "cmd/app/main.go": 'package main\n\nimport _ "github.com/pkg/errors"\n\nfunc main() {}\n',
}

CASES = (
    Case.untouched(
        "manifests come first already",
        before=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            'CMD ["node", "index.js"]\n'
        ),
        project=NPM,
    ),
    Case.rewrites(
        "everything is copied before npm ci",
        before='FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n',
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            'CMD ["node", "index.js"]\n'
        ),
        project=NPM,
    ),
    Case.rewrites(
        "install and build in one RUN",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n",
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
            "RUN npm run build\n"
        ),
        project=NPM,
    ),
    Case.rewrites(
        "what stands in front of the install runs again for no manifest",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y jq\nRUN npm ci\n",
        after=(
            "FROM node:22\nWORKDIR /app\nRUN apt-get update && apt-get install -y jq\n"
            "COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n"
        ),
        project=NPM,
    ),
    Case.rewrites(
        "tools that name themselves come before the sources too",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm install -g pm2\nCMD pm2-runtime index.js\n",
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\n"
            "RUN npm install -g pm2\nCOPY . .\nCMD pm2-runtime index.js\n"
        ),
        project=NPM,
    ),
    Case.rewrites(
        "an install that names its packages needs no manifest",
        before="FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install flask\nCMD python app.py\n",
        after="FROM python:3.12\nWORKDIR /app\nRUN pip install flask\nCOPY . .\nCMD python app.py\n",
        project={"app.py": ""},
    ),
    Case.untouched(
        "npm install of a named package writes into the project",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install left-pad\n",
        project=NPM,
    ),
    Case.rewrites(
        "another COPY brings the manifest already",
        before=(
            "FROM python:3.12\nCOPY . /app\nWORKDIR /app\nCOPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\nEXPOSE 80\n"
        ),
        after=(
            "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            "COPY . /app\nEXPOSE 80\n"
        ),
        project={"app.py": "", "requirements.txt": "flask==3.0.0\n"},
    ),
    Case.rewrites(
        "the same COPY stands behind the install once more",
        before=(
            "FROM python:3.12\nWORKDIR /app\nCOPY . /app\nRUN pip install -r requirements.txt\nCOPY . /app\n"
        ),
        after=(
            "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt /app/\nRUN pip install -r requirements.txt\n"
            "COPY . /app\n"
        ),
        project={"app.py": "", "requirements.txt": "flask==3.0.0\n"},
    ),
    Case.rewrites(
        "a fetch is written in front of the COPY, which stays as it is",
        before=(
            "FROM golang:1.24\nWORKDIR /src\n\n# the sources\nCOPY . .\n\nWORKDIR /src/cmd/app\nRUN go build -o /app\n"
        ),
        after=(
            "FROM golang:1.24\nWORKDIR /src\n\nCOPY go.mod go.sum ./\n\nRUN go mod download\n\n"
            "# the sources\nCOPY . .\n\n"
            "WORKDIR /src/cmd/app\nRUN go build -o /app\n"
        ),
        project=GO,
    ),
    Case.rewrites(
        "go get of the module's own packages finds the modules there",
        before="FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go get -d -v ./...\nRUN go build -o /app .\n",
        after=(
            "FROM golang:1.24\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n"
            "RUN go get -d -v ./...\nRUN go build -o /app .\n"
        ),
        project=GO,
    ),
    Case.untouched(
        "the stage below has fetched the modules",
        before=(
            "FROM golang:1.24 AS base\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\n"
            "FROM base\nCOPY . .\nRUN go build -o /app .\n"
        ),
        project=GO,
    ),
    Case.untouched(
        "go mod tidy has fetched the modules",
        before=(
            "FROM golang:1.24\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod tidy\nCOPY . .\n"
            "RUN go build -o /app .\n"
        ),
        project=GO,
    ),
    Case.rewrites(
        "the ignore file does not leave out node_modules",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n",
        after="FROM node:22\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n",
        project={key: text for key, text in NPM.items() if key != ".dockerignore"},
        files={".dockerignore": "node_modules\n"},
    ),
    Case.holds_back(
        "a script of the project runs before the install",
        before="FROM node:22\nWORKDIR /app\nCOPY . .\nRUN ./configure.sh\nRUN npm ci\n",
        because="opaque-step",
        project={**NPM, "configure.sh": "#!/bin/sh\n"},
    ),
)


@transform(
    group="cache",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    slugs=(
        "unknown-inputs",
        "opaque-step",
        "opaque-before-install",
        "not-plain",
        "shell-state",
        "several-sources",
        "context-overwrites-install",
        "unknown-directory",
        "no-project-files",
    ),
    cases=CASES,
)
def copy_manifests_first(ctx: Context) -> Iterator[Finding]:
    """Move each COPY of a folder below the installs that need only manifests from it."""
    copies = [
        place
        for stage in ctx.model.stages
        if any(isinstance(place.node, Run) for place in stage.places)
        for place in stage.places
        if isinstance(place.node, Transfer)
    ]
    if not copies:
        return
    from dfix.refactor.plans import reordering  # noqa: PLC0415 - needs a COPY and a RUN

    for place in copies:
        if not reordering.copies_folder(ctx, place):
            continue
        found = reordering.first_install(ctx, place)
        if isinstance(found, reordering.Reordering):
            yield _rewrite(found)
        elif found is not None:
            yield hold_back(found.place, found.slug, found.sentence, found.setting)


def _rewrite(found: Reordering) -> Rewrite:
    """The rewrite that moves one COPY below one install."""
    return Rewrite(
        found.place.node,
        f"copy the manifests and run {found.words} before copying the sources",
        Level.SAFE if found.safe else Level.REVIEW,
        (*found.because, Evidence("a step runs again when a file copied before it changed", RULE)),
        found.changes,
        found.files,
    )
