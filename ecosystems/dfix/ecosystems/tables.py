"""Tables of facts: TOML for people, one compiled file for start-up.

The TOML file is the source of truth. Parsing it costs tens of milliseconds, so ``images.toml`` has
a compiled ``images.table`` beside it, committed, and a test holds that the two agree::

    python -m dfix.ecosystems.tables            # compile every *.toml of this package
    python -m dfix.ecosystems.tables FOLDER     # or of another one
    python -m dfix.ecosystems.tables --check    # name the stale ones, exit 1

A table is `marshal` data of plain values: str, int, float, bool, dict, and tuple where TOML has an
array. Format version 2 is used because it is the last one without back references: these depend on
reference counts, so newer versions write other bytes for equal values.
"""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MARSHAL_VERSION = 2
_SUFFIX = ".table"


def table(anchor: str, name: str) -> dict[str, Any]:
    """Load the facts of ``name.toml`` in the folder of the module file `anchor` (its ``__file__``).

    Reads the compiled table; without one (a third party's ecosystem) the TOML itself. Each call
    reads the file again: callers keep what they made of it. Raises `OSError` when neither is there.
    """
    stem = anchor.replace("\\", "/").rpartition("/")[0] + "/" + name
    try:
        with open(stem + _SUFFIX, "rb") as compiled:  # noqa: PTH123 - pathlib costs start-up time
            loaded: dict[str, Any] = marshal.loads(compiled.read())  # noqa: S302 - our own file
    except FileNotFoundError:
        with open(stem + ".toml", "rb") as text:  # noqa: PTH123
            loaded = _parsed(text.read())
    return loaded


def compiled(toml: bytes) -> bytes:
    """Compile the text of a TOML file; equal text gives equal bytes on every Python.

    Raises `tomllib.TOMLDecodeError` (a `ValueError`), or `TypeError` for a date or time.
    """
    return marshal.dumps(_parsed(toml), _MARSHAL_VERSION)


def stale(folder: Path) -> Iterator[Path]:
    """Name each TOML file under `folder` whose compiled table is missing or differs."""
    for source in sorted(folder.rglob("*.toml")):
        target = source.with_suffix(_SUFFIX)
        if not target.is_file() or target.read_bytes() != compiled(source.read_bytes()):
            yield source


def _parsed(toml: bytes) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - not needed where the compiled table is there

    frozen: dict[str, Any] = _frozen(tomllib.loads(toml.decode()))
    return frozen


def _frozen(value: object) -> Any:
    """Arrays become tuples, so that no reader can change what others read."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {key: _frozen(item) for key, item in named.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in cast("list[object]", value))
    if isinstance(value, str | int | float | bool):
        return value
    message = f"a table holds no {type(value).__name__}: write {value!s} as a string"
    raise TypeError(message)


def _main(arguments: Sequence[str]) -> int:
    from pathlib import Path  # noqa: PLC0415 - a developer's command, not start-up

    check = "--check" in arguments
    folders = [Path(word) for word in arguments if word != "--check"] or [Path(__file__).parent]
    found = [source for folder in folders for source in stale(folder)]
    for source in found:
        print(f"{source}: {'its table is stale' if check else 'compiled'}")  # noqa: T201
        if not check:
            source.with_suffix(_SUFFIX).write_bytes(compiled(source.read_bytes()))
    return 1 if check and found else 0


if __name__ == "__main__":
    import sys

    sys.exit(_main(sys.argv[1:]))
