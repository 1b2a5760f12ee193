"""Text to tree and back, without a byte lost. `parse` reads a file; a tree's `code` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dfix.grammar.parser import NotText, decode, encode, parse, parse_items
    from dfix.grammar.positions import Positions

__all__ = ["NotText", "Positions", "decode", "encode", "parse", "parse_items"]


def __getattr__(name: str) -> Any:
    """Load on first use: most processes need only a part of this package."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415 - as lazy as the rest

    module = import_module(f"{__name__}.{'positions' if name == 'Positions' else 'parser'}")
    value = globals()[name] = getattr(module, name)
    return value
