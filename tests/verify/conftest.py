"""Projects, and the container engine, if there is one."""

from __future__ import annotations

import secrets
import subprocess

import pytest
from leftovers import docker, left_behind

from dfix.ecosystems.tree import DiskTree
from dfix.refactor import pipeline
from dfix.refactor.config import Config
from dfix.refactor.transform import Level
from dfix.verify import engine as engines
from dfix.verify.proof import prove, silent
from dfix.verify.values import Settings

BASE = "debian:bookworm-slim"


@pytest.fixture
def project(tmp_path):
    """A project on disk; `rerun` refactors it with given transforms, as verify asks."""
    return Project(tmp_path / "project")


class Project:
    def __init__(self, root):
        self.root = root
        root.mkdir()

    def put(self, path, content):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    @property
    def dockerfile(self):
        return (self.root / "Dockerfile").read_text()

    def again(self, *transforms):
        def run(without):
            return pipeline.refactor(
                self.dockerfile,
                path="Dockerfile",
                tree=DiskTree(self.root),
                transforms=transforms,
                without=without,
                level=Level.REVIEW,
            )

        return run

    def prove(self, *transforms, tell=silent, **settings):
        return prove(
            self.again(*transforms),
            root=self.root,
            tree=DiskTree(self.root),
            config=Config(),
            settings=Settings(**{"network": "host", "rebuilds": 0, **settings}),
            tell=tell,
        )


@pytest.fixture(scope="session")
def engine_there():
    try:
        found = docker("version", "--format", "{{.Server.Version}}")
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"no container engine: {error}")
    if found.returncode:
        pytest.skip(f"no container engine: {found.stderr.strip()}")
    if docker("image", "inspect", BASE).returncode and docker("pull", BASE).returncode:
        pytest.skip(f"the engine has no image {BASE}")


@pytest.fixture
def engine(engine_there, monkeypatch, tmp_path):
    """The engine, with copies in a folder of the test; what is left behind fails the test."""
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    monkeypatch.setenv("TMPDIR", str(rooms))
    mark = secrets.token_hex(4)
    monkeypatch.setattr(engines, "new_mark", lambda: mark)
    yield mark
    monkeypatch.undo()
    assert left_behind(mark) == []
    assert list(rooms.iterdir()) == []
