"""What the builder of a project can do: the facts of ``builders.toml``, by the builder's id."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.facts import Fact

CAPABILITIES = (
    "cache_mount",
    "bind_mount",
    "secret_mount",
    "heredoc",
    "link",
    "syntax_pull",
    "persistent_cache",
)


class Builder(NamedTuple):
    """A builder by the id under which a repository's files show it."""

    id: str
    facts: Mapping[str, Fact[bool]]

    def capability(self, name: str) -> bool | None:
        """Whether it has one of `CAPABILITIES`; None if no source says so.

        Raises `KeyError` for another name.
        """
        fact = self.facts[name]
        return fact.value if isinstance(fact, Known) else None


def builder(name: str) -> Builder | Unknown:
    """Look up a builder: ``buildkit``, ``kaniko``, ``podman``, ..."""
    rows = _rows()
    if name not in rows:
        return Unknown(f"what {name} can build is not known")
    return Builder(name, {each: _fact(rows, name, each) for each in CAPABILITIES})


def builders() -> tuple[str, ...]:
    """The ids of all builders that are known."""
    return tuple(_rows())


def _fact(rows: Mapping[str, Any], name: str, capability: str) -> Fact[bool]:
    row = rows[name]
    if capability not in row:  # as the builder that it runs
        return _fact(rows, row["like"], capability)
    value: bool | str = row[capability]
    source: str = row["source"].get(capability, row["source"]["*"])
    if isinstance(value, str):
        return Unknown(f"whether {name} has {capability.replace('_', ' ')}s is not known: {source}")
    return Known(value, source)


@cache
def _rows() -> dict[str, Any]:
    return table(__file__, "builders")
