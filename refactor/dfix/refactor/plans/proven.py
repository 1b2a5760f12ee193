"""Shapes of a split that were built and started on a real engine, before and after.

`proven.toml` has a row for each, written by `bench/prove.py` and held to its result by a test.
"""

from __future__ import annotations

from dfix.ecosystems.tables import table
from dfix.refactor.transform import Evidence, Level


def shapes() -> frozenset[str]:
    """The proven shapes by name."""
    return frozenset(row["shape"] for row in table(__file__, "proven").get("proven", ()))


def evidence(shape: str) -> Evidence:
    """The shape, and where it was built and started."""
    for row in table(__file__, "proven").get("proven", ()):
        if row["shape"] == shape:
            result = f"bench/results/{row['project']}.json"
            return Evidence(
                f"builds of this shape were started before and after ({result})", f"shape {shape}"
            )
    return Evidence("no build of this shape was started before and after yet", f"shape {shape}")


def level_of(shape: str) -> Level:
    """`review` for a proven shape, `bold` for any other."""
    return Level.REVIEW if shape in shapes() else Level.BOLD
