"""Write the ports of EXPOSE as `port/protocol`, in lower case.

## Why
EXPOSE tells which port of the container is listened on. An address or a host port in it is ignored
by BuildKit and read as a promise by people; a protocol in upper case is warned of.
Sources: https://docs.docker.com/reference/build-checks/expose-invalid-format/ ,
https://docs.docker.com/reference/build-checks/expose-proto-casing/

## When it holds back
Never: what holds a variable is left alone.

## Level
`safe`: the image declares the same ports (tried on Docker Engine 28.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Expose, Words
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.context import Context

RULES = {
    "address": "https://docs.docker.com/reference/build-checks/expose-invalid-format/",
    "casing": "https://docs.docker.com/reference/build-checks/expose-proto-casing/",
}

CASES = (
    Case.untouched("plain ports", before="FROM alpine\nEXPOSE 80 443/tcp 53/udp 8000-8010 $PORT\n"),
    Case.rewrites(
        "a protocol in upper case",
        before="FROM alpine\nEXPOSE 80/TCP 53/UDP\n",
        after="FROM alpine\nEXPOSE 80/tcp 53/udp\n",
    ),
    Case.rewrites(
        "an address and a host port",
        before="FROM alpine\nEXPOSE 127.0.0.1:8080:80 \\\n  90:91/udp\n",
        after="FROM alpine\nEXPOSE 80 \\\n  91/udp\n",
    ),
)


@transform(
    group="language",
    ceiling=Level.SAFE,
    phase=Phase.MODERNISE,
    cases=CASES,
    rules=(
        "ExposeInvalidFormat",
        "ExposeProtoCasing",
    ),
)
def normalize_expose(ctx: Context) -> Iterator[Finding]:
    """Write the ports of EXPOSE as BuildKit reads them."""
    for node in ctx.file.instructions:
        if not isinstance(node, Expose) or not isinstance(node.entries, Words):
            continue
        items = tuple(
            item if (text := _port(item.value)) == item.value else item.with_changes(text=text)
            for item in node.entries.items
        )
        changed = [
            (old.value, new.value)
            for old, new in zip(node.entries.items, items, strict=True)
            if old is not new
        ]
        if changed:
            rule = RULES["address" if any(":" in old for old, _ in changed) else "casing"]
            entries = node.entries.with_changes(items=items)
            yield Rewrite(
                node,
                f"expose {', '.join(new for _, new in changed)} as the container's ports",
                Level.SAFE,
                (Evidence("the image declares the container's port alone", rule),),
                (edits.replace(node, edits.bare(node).with_changes(entries=entries)),),
            )


def _port(text: str) -> str:
    """The entry as `port[/protocol]`; itself where it holds a variable."""
    if "$" in text:
        return text
    address, slash, protocol = text.partition("/")
    return address.rpartition(":")[2] + slash + protocol.lower()
