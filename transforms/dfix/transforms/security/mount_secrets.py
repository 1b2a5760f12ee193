"""Give credentials to the steps that need them as secrets of the build.

## Why
What an argument or a variable holds stays in the image's history and configuration, for whoever
can pull it. A secret mount gives the same variable to single steps and leaves nothing behind. Source:
https://docs.docker.com/build/building/secrets/

Where the engine's own frontend may be older than 1.10, the file gets a syntax line; where none can
be pulled, the step reads the secret from its file. A value that stands in the file is
never printed, but the removed line of a diff is: it has to be withdrawn in any case, for it is in
the repository's history.

## When it holds back
- read-at-run-time: the container may read the variable;
- used-elsewhere: another instruction than RUN uses it, or makes it of other values;
- unknown-reader: the name alone tells that it is a credential, and a step may build it into what it writes;
- written-to-layer: a step may write the value into the image, where a secret mount helps nothing;
- passed-elsewhere: a compose or bake file passes it as a build argument;
- old-frontend: the frontend has secrets as files alone, and a step cannot be edited.

## Level
`bold`: the command that builds changes, and a new value runs no step again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Arg, Env
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.plans.secrets import Mounted

RULE = "https://docs.docker.com/build/building/secrets/"
CHECK = "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/"
SYNTAX = "# syntax=docker/dockerfile:1\n"
INSTALL = "FROM node:22\nWORKDIR /app\nCOPY . .\n{}RUN {}npm ci\n"
MOUNT = "--mount=type=secret,id=npm_token,env=NPM_TOKEN \\\n    "
INDEX = "pip install --extra-index-url https://ci:${PYPI_TOKEN}@pypi.example.com/simple acme"

CASES = (
    Case.untouched("a secret already", before=SYNTAX + INSTALL.format("", MOUNT)),
    Case.untouched("no credential", before=INSTALL.format("ARG NODE_VERSION\n", "")),
    Case.untouched(
        "an index without a user",
        before="FROM python:3.12\nENV PIP_INDEX_URL=https://pypi.example.com/simple\nRUN pip install acme\n",
    ),
    Case.rewrites(
        "npm's token",
        before=INSTALL.format("ARG NPM_TOKEN\n", ""),
        after=SYNTAX + INSTALL.format("", MOUNT),
    ),
    Case.rewrites(
        "an address with a password, in a word that pip does not store",
        before=f"FROM python:3.12\nARG PYPI_TOKEN\nRUN {INDEX}\n",
        after=f"{SYNTAX}FROM python:3.12\n"
        f"RUN --mount=type=secret,id=pypi_token,env=PYPI_TOKEN \\\n    {INDEX}\n",
    ),
    Case.rewrites(
        "no newer frontend can be had",
        before="# syntax=docker/dockerfile:1.4\n" + INSTALL.format("ARG NPM_TOKEN\n", ""),
        after="# syntax=docker/dockerfile:1.4\n"
        + INSTALL.format(
            "",
            "--mount=type=secret,id=npm_token \\\n    "
            'export NPM_TOKEN="$(cat /run/secrets/npm_token)" && \\\n    ',
        ),
    ),
    Case.holds_back(
        "the container may read it",
        before="FROM debian:12\nENV API_TOKEN=t0k\nRUN curl -H $API_TOKEN https://a/\n",
        because="read-at-run-time",
    ),
    Case.holds_back(
        "a label",
        before="FROM node:22\nARG NPM_TOKEN\nLABEL a=$NPM_TOKEN\nRUN npm ci\n",
        because="used-elsewhere",
    ),
    Case.holds_back(
        "a build may have it in its result",
        before=INSTALL.format("ARG API_TOKEN\n", "make && "),
        because="unknown-reader",
    ),
    Case.holds_back(
        "it is written to a file",
        before=INSTALL.format("ARG NPM_TOKEN\n", 'echo "//a/:_authToken=$NPM_TOKEN" > .npmrc && '),
        because="written-to-layer",
    ),
    Case.holds_back(
        "compose passes it",
        before=INSTALL.format("ARG NPM_TOKEN\n", ""),
        because="passed-elsewhere",
        project={"compose.yaml": "services:\n  a:\n    build:\n      args:\n        NPM_TOKEN:\n"},
    ),
    Case.holds_back(
        "an array cannot be edited",
        before='# syntax=docker/dockerfile:1.4\nFROM node:22\nARG NPM_TOKEN\nRUN ["npm", "ci"]\n',
        because="old-frontend",
    ),
)


@transform(
    group="security",
    ceiling=Level.BOLD,
    phase=Phase.RESTRUCTURE,
    after=("copy-manifests-first", "split-stages", "mount-caches", "sink-volatile-args"),
    slugs=(
        "read-at-run-time",
        "used-elsewhere",
        "unknown-reader",
        "written-to-layer",
        "passed-elsewhere",
        "old-frontend",
    ),
    cases=CASES,
    rules=("SecretsUsedInArgOrEnv",),
)
def mount_secrets(ctx: Context) -> Iterator[Finding]:
    """Look at the credentials in ARG and ENV."""
    if not any(isinstance(place.node, Arg | Env) for place in ctx.model.places()):
        return
    from dfix.refactor.plans.secrets import Kept, secrets  # noqa: PLC0415 - needs a variable

    for found in secrets(ctx):
        if isinstance(found, Kept):
            yield hold_back(found.place, found.slug, found.sentence)
            continue
        yield Rewrite(
            found.place.node,
            f"give {found.name} as a secret to the steps that read it",
            Level.BOLD,
            tuple(_evidence(found)),
            found.changes,
            needs=("secret_mount",),
            may_change=frozenset({f"ARG {found.name}", f"ENV {found.name}"}),
            directives=found.directives,
        )


def _evidence(found: Mounted) -> Iterator[Evidence]:
    name, steps = found.name, ", ".join(str(each.line) for each in found.readers)
    yield Evidence(f"{name} is a credential", found.source or CHECK)
    yield Evidence(f"lines {steps} may read it, and no other", found.readers[0].where)
    yield Evidence(f"docker build --secret id={name.lower()},env={name} . builds the file", RULE)
    for place in found.passed_by:
        yield Evidence(f"{name} is passed as a build argument here, to be changed by hand", place)
    if found.literal:
        yield Evidence(
            f"a value of {name} stands in the file and its history: withdraw it",
            found.place.where,
        )
