"""What builders can do: the facts of ``builders.toml``, by the ids that `repository` shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Builder:
    """One builder. A capability is true, false, or None where it was not read."""

    id: str
    capabilities: Mapping[str, bool | None]
    sources: tuple[str, ...]

    def capability(self, name: str) -> bool | None:
        """Does it have this capability? None if that is not known."""
        return self.capabilities.get(name)


@cache
def _builders() -> Mapping[str, Builder]:
    found = {}
    for row in table(__file__, "builders")["builder"]:
        able = {
            name: value if isinstance(value, bool) else None
            for name, value in row.items()
            if name not in ("id", "sources")
        }
        found[row["id"]] = Builder(row["id"], able, tuple(row["sources"]))
    return found


def builder(name: str) -> Builder | Unknown:
    """The builder of that id."""
    return _builders().get(name) or Unknown(f"nothing is known of the builder {name}")


def knows(name: str, capability: str) -> bool | None:
    """`repository.capability` asks this: a builder's capability, None where it is not known."""
    found = builder(name)
    return None if isinstance(found, Unknown) else found.capability(capability)
