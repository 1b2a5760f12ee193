"""Compiled tables say exactly what their TOML says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import dfix.ecosystems.tables as tables_module
from dfix.ecosystems.tables import compiled, stale, table

if TYPE_CHECKING:
    from pathlib import Path


def _package_folder() -> Path:
    from pathlib import Path

    return Path(tables_module.__file__).parent


def test_every_committed_table_is_fresh() -> None:
    assert list(stale(_package_folder())) == [], "run: python -m dfix.ecosystems.tables"


def test_equal_text_gives_equal_bytes() -> None:
    toml = b'a = ["x", "x"]\n[b]\nc = true\n'
    assert compiled(toml) == compiled(b"" + toml)


def test_arrays_are_tuples(tmp_path: Path) -> None:
    (tmp_path / "facts.toml").write_bytes(b"[[rows]]\nnames = ['a', 'b']\n")
    assert table(str(tmp_path / "module.py"), "facts") == {"rows": ({"names": ("a", "b")},)}


def test_the_compiled_table_is_read_first(tmp_path: Path) -> None:
    (tmp_path / "facts.toml").write_bytes(b"from = 'toml'\n")
    (tmp_path / "facts.table").write_bytes(compiled(b"from = 'table'\n"))
    assert table(str(tmp_path / "module.py"), "facts") == {"from": "table"}


def test_a_changed_source_is_stale(tmp_path: Path) -> None:
    source = tmp_path / "facts.toml"
    source.write_bytes(b"a = 1\n")
    assert list(stale(tmp_path)) == [source]
    source.with_suffix(".table").write_bytes(compiled(b"a = 1\n"))
    assert list(stale(tmp_path)) == []
    source.write_bytes(b"a = 2\n")
    assert list(stale(tmp_path)) == [source]


def test_dates_are_refused() -> None:
    with pytest.raises(TypeError, match="write 2024-01-01 as a string"):
        compiled(b"day = 2024-01-01\n")
