"""An ecosystem is a folder: nothing else names it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dfix.ecosystems as room
from dfix.ecosystems import ecosystem_of, ecosystems, read_call, stem
from dfix.ecosystems.calls import Role
from dfix.ecosystems.knowledge import KnowledgeError, knowledge_of
from dfix.ecosystems.plugins import plugins

FOLDER = Path(room.__file__).parent
READER = """
from dfix.ecosystems.calls import Call, Role
from dfix.ecosystems.ecosystem import Ecosystem

class Frob(Ecosystem):
    def read_call(self, words):
        return Call("frob", "install", Role.INSTALL, tuple(words))

ECOSYSTEM = Frob(__file__)
"""
TABLE = 'id = "frob"\ntitle = "Frob"\nprograms = ["frob"]\n'


def _forget() -> None:
    for remembered in (room._programs, room._loaded, room.programs, room.ecosystems, plugins):
        remembered.cache_clear()


def test_there_are_npm_pip_and_go() -> None:
    assert {"npm", "pip", "go"} <= {each.id for each in ecosystems()}


def test_a_new_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "frob").mkdir()
    (tmp_path / "frob" / "__init__.py").write_text("")
    (tmp_path / "frob" / "reader.py").write_text(READER)
    (tmp_path / "frob" / "knowledge.toml").write_text(TABLE)
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    _forget()
    try:
        found = read_call(["frob", "install"])
        assert found is not None
        assert found.role is Role.INSTALL
        assert ecosystem_of(found).knowledge.title == "Frob"
    finally:
        monkeypatch.undo()
        _forget()


def test_another_distribution_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "frobdist").mkdir()
    (tmp_path / "frobdist" / "reader.py").write_text(READER)
    (tmp_path / "frobdist" / "knowledge.toml").write_text(TABLE)
    info = tmp_path / "frobdist-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: frobdist\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[dfix.ecosystems]\nfrob = frobdist.reader:ECOSYSTEM\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _forget()
    try:
        found = read_call(["frob", "install"])
        assert found is not None
        assert ecosystem_of(found).id == "frob"
    finally:
        monkeypatch.undo()
        _forget()


def test_readers_load_only_for_their_programs() -> None:
    code = "import sys; from dfix.ecosystems import read_call; read_call(['ls']); read_call(['go', 'build']); print(*sorted(sys.modules))"
    env = {"PYTHONPATH": str(FOLDER.parents[1])}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "dfix.ecosystems.go.reader" in loaded
    assert "dfix.ecosystems.npm.reader" not in loaded
    for heavy in ("tomllib", "json", "importlib.metadata", "tree_sitter", "libcst", "yaml"):
        assert heavy not in loaded or heavy == "json"


@pytest.mark.parametrize(
    ("word", "name"),
    [("pip3.12", "pip"), ("/usr/bin/python3", "python"), ("npm", "npm"), ("go", "go"), ("7", "7")],
)
def test_a_version_is_no_part_of_a_program(word: str, name: str) -> None:
    assert stem(word) == name


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*/knowledge.toml")), ids=lambda path: path.parent.name
)
def test_every_row_follows_the_schema_and_has_a_source(path: Path) -> None:
    table = tomllib.loads(path.read_text())
    for key in ("command", "flag", "env", "cache", "keep", "clean"):
        for row in table.get(key, ()):
            for name, value in row.items():
                row[name] = tuple(value) if isinstance(value, list) else value
    knowledge = knowledge_of(table)
    assert knowledge.id == path.parent.name
    sources = [
        row.source
        for row in (
            *knowledge.commands.values(),
            *knowledge.flags.values(),
            *knowledge.env,
            *knowledge.caches.values(),
            *knowledge.outputs,
            *knowledge.keeps,
            *knowledge.cleans,
        )
    ]
    assert all(source.startswith(("https://", "tried: ")) for source in sources)


def test_a_misspelt_key_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="lokced"):
        knowledge_of(
            {
                "id": "x",
                "title": "X",
                "programs": (),
                "command": (
                    {
                        "names": ("a",),
                        "role": "install",
                        "lokced": True,
                        "source": "https://example.org",
                    },
                ),
            }
        )


def test_a_row_without_a_source_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="no source"):
        knowledge_of(
            {"id": "x", "title": "X", "programs": (), "flag": ({"names": ("-a",), "source": ""},)}
        )
