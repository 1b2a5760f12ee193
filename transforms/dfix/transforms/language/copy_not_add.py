"""Copy with COPY where ADD adds nothing.

## Why
ADD unpacks archives and fetches URLs, and so makes a reader wonder; COPY copies.
Sources: https://docs.docker.com/build/building/best-practices/#add-or-copy ,
https://github.com/hadolint/hadolint/wiki/DL3020

## When it holds back
- unknown-source: a source is not there, or is a pattern or a variable, and an archive would be unpacked;
- no-project-files: the files are not at hand, and ADD goes by what they hold.

## Level
`safe`: the same files lie in the same place. ADD unpacks by content, whatever the name, and of the
sources every first block was read (tried on Docker Engine 28.5: a tar named `model.bin` is
unpacked, a bare `.gz` is not, nor is an archive inside a folder).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.archives import may_be_unpacked
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Add, Copy
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.layout import context_path
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context
    from dfix.refactor.model import Place

RULE = "https://docs.docker.com/build/building/best-practices/#add-or-copy"
# Flags that COPY has too: https://docs.docker.com/reference/dockerfile/#copy
SHARED = frozenset({"chown", "chmod", "link", "exclude"})
FILES = {"app.py": "print()\n", "conf/a.yaml": "a: 1\n", "b.txt": ""}

CASES = (
    Case.untouched("COPY", before="FROM alpine\nCOPY app.py /\n", project=FILES),
    Case.untouched(
        "what only ADD does",
        before=(
            "FROM alpine\nADD https://example.com/a.tgz /a\nADD --keep-git-dir=true . /b\n"
            "ADD --checksum=sha256:0 https://example.com/c /c\nADD git@example.com:d.git /d\n"
        ),
        project=FILES,
    ),
    Case.rewrites(
        "files and folders",
        before="FROM alpine\nADD app.py b.txt /srv/\nadd --chown=1:1 ./conf /etc/conf\nADD . /all\n",
        after="FROM alpine\nCOPY app.py b.txt /srv/\ncopy --chown=1:1 ./conf /etc/conf\nCOPY . /all\n",
        project=FILES,
    ),
    Case.rewrites(
        "a here-document",
        before="FROM alpine\nADD <<EOF /a\nb\nEOF\n",
        after="FROM alpine\nCOPY <<EOF /a\nb\nEOF\n",
        project=FILES,
    ),
    Case.holds_back(
        "a pattern", before="FROM alpine\nADD *.txt /\n", because="unknown-source", project=FILES
    ),
    Case.holds_back(
        "a variable",
        before="FROM alpine\nARG A\nADD $A /\n",
        because="unknown-source",
        project=FILES,
    ),
    Case.holds_back(
        "a file that is not there",
        before="FROM alpine\nADD target/app.war /\n",
        because="unknown-source",
        project=FILES,
    ),
    Case.holds_back("no files", before="FROM alpine\nADD app.py /\n", because="no-project-files"),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    slugs=("unknown-source", "no-project-files"),
    cases=CASES,
    rules=("DL3020",),
)
def copy_not_add(ctx: Context) -> Iterator[Finding]:
    """Copy with COPY where ADD adds nothing."""
    for place in ctx.model.places():
        node = place.node
        if not isinstance(node, Add) or any(flag.name not in SHARED for flag in node.flags):
            continue
        if any("://" in source or source.startswith("git@") for source in node.sources):
            continue
        if not ctx.project.at_hand and not node.heredocs:
            yield hold_back(
                place, "no-project-files", "ADD goes by what its sources hold, which is not at hand"
            )
            continue
        kinds = [_kind(ctx, place, source) for source in node.sources]
        unknown = next((kind for kind in kinds if isinstance(kind, Unknown)), None)
        if unknown is not None:
            yield hold_back(place, "unknown-source", unknown.why)
        elif "archive" not in kinds:
            word = "copy" if node.keyword.text.islower() else "COPY"
            keyword = node.keyword.with_changes(text=word)
            copy = Copy(
                node.gap, node.comments, keyword, node.flags, node.paths, node.end, node.heredocs
            )
            yield Rewrite(
                node,
                "copy with COPY, since ADD adds nothing here",
                Level.SAFE,
                (Evidence("no source is an archive or an address", RULE),),
                (edits.Change(node, (copy,)),),
            )


def _kind(ctx: Context, place: Place, source: str) -> str | Unknown:
    """`plain`, or `archive` where ADD unpacks it or may."""
    if source.startswith("<<"):
        return "plain"
    value = place.before.resolve(source)
    if isinstance(value, Unknown) or "$" in source:
        return Unknown(f"what {source} means is not known before the build")
    path = context_path(value.value)
    if path is None:
        return Unknown(f"{source} is a pattern, and what it finds may be an archive")
    if ctx.project.is_folder(path):
        return "plain"
    if not ctx.project.is_file(path):
        return Unknown(f"{source} is not at hand, and may be an archive")
    context = ctx.project.context
    found = context if isinstance(context, Unknown) else may_be_unpacked(context.value, path)
    if isinstance(found, Unknown):
        return Unknown(f"{source} is not at hand, and may be an archive")
    return "archive" if found.value else "plain"
