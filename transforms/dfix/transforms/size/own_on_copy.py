"""Give files their owner where they are copied.

## Why
`RUN chown -R` after a `COPY` writes every file a second time, into a layer of its own: the image
holds both. `COPY --chown` writes them once. Source:
https://docs.docker.com/reference/dockerfile/#copy---chown---chmod

A folder that is there before the files are copied, as `WORKDIR` makes it, does not get the owner;
then a `chown` of that folder alone stays.

## When it holds back
- more-than-copied: the `chown` reaches files that no `COPY` brings, or a step between may look at their owner;
- unknown-user: the user is not known to be there when the files are copied: a name that is not there would mean root;
- unknown-group: the group is not known to be there, or files keep one from another stage;
- unknown-base: what the base holds is not known;
- another-user: the step does not run as root;
- not-plain: the command is no plain member of an `&&` list, or names its files by a pattern.

## Level
`review`: owners, groups and modes are the same, but for the set-user-id bit, which `chown` clears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULE = "https://docs.docker.com/reference/dockerfile/#copy---chown---chmod"
USER = "FROM debian:12\nRUN useradd -m app\n"

CASES = (
    Case.untouched("copied with its owner", before=f"{USER}COPY --chown=app:app src /app\n"),
    Case.untouched("what a step made", before=f"{USER}RUN mkdir /data && chown -R app:app /data\n"),
    Case.rewrites(
        "a folder that the COPY makes",
        before=f"{USER}COPY src /app\nRUN chown -R app:app /app\nUSER app\n",
        after=f"{USER}COPY --chown=app:app src /app\nUSER app\n",
    ),
    Case.rewrites(
        "a folder that is there before",
        before=f"{USER}WORKDIR /app\nCOPY src .\nRUN chown -R app:app /app\nUSER app\n",
        after=f"{USER}WORKDIR /app\nCOPY --chown=app:app src .\nRUN chown app:app /app\nUSER app\n",
    ),
    Case.holds_back(
        "the user is made later",
        before="FROM debian:12\nCOPY src /app\nRUN useradd -m app && chown -R app:app /app\n",
        because="unknown-user",
    ),
    Case.holds_back(
        "a step writes into the folder",
        before=f"{USER}COPY src /app\nRUN make -C /app\nRUN chown -R app:app /app\n",
        because="more-than-copied",
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("split-stages", "copy-manifests-first"),
    slugs=(
        "more-than-copied",
        "unknown-user",
        "unknown-group",
        "unknown-base",
        "another-user",
        "not-plain",
    ),
    cases=CASES,
)
def own_on_copy(ctx: Context) -> Iterator[Finding]:
    """Look at each recursive chown."""
    if not any(ctx.runs(mentioning="chown")):
        return
    from dfix.refactor.plans.owning import NotOwned, own  # noqa: PLC0415 - needs a chown

    for stage in ctx.model.stages:
        for found in own(stage):
            if isinstance(found, NotOwned):
                yield hold_back(found.place, found.slug, found.sentence)
                continue
            lines = ", ".join(str(each.line) for each in found.copies)
            folders = " and ".join(found.folders)
            yield Rewrite(
                found.place.node,
                f"copy {folders} with its owner {found.owner}",
                Level.REVIEW,
                (
                    Evidence(
                        f"all that lies in {folders} is copied by lines {lines}",
                        found.copies[0].where,
                    ),
                    Evidence("an owner that a later RUN gives writes all files again", RULE),
                ),
                found.changes,
            )
