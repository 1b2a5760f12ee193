"""A catalogue of two small transforms, so that the doors are tested apart from what the real ones decide."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dfix.api import tasks
from dfix.grammar.nodes import Cmd, Maintainer
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.transform import Evidence, HeldBack, Level, Phase, Question, Rewrite

RULE = "https://docs.docker.com/reference/dockerfile/"


@transform(group="language", ceiling=Level.REVIEW, phase=Phase.TIDY, slugs=("odd-name",))
def shout_maintainer(ctx):
    for item in ctx.file.items:
        if not isinstance(item, Maintainer) or item.value.isupper():
            continue
        if item.value == "odd":
            answer = Question('builder = "buildkit"', "if it were even")
            yield HeldBack(item, "odd-name", "this name is odd", answer)
            continue
        loud = item.with_changes(content=item.content.with_changes(text=item.value.upper()))
        yield Rewrite(
            item,
            f"Shout {item.value}",
            Level.SAFE,
            (Evidence(f"{item.value} is quiet", RULE),),
            (edits.Change(item, (loud,)),),
            files={".dockerignore": ".git\n"} if item.value == "ignorer" else {},
        )


@transform(group="language", ceiling=Level.BOLD, phase=Phase.TIDY)
def drop_command(ctx):
    for item in ctx.file.items:
        if isinstance(item, Cmd) and "old" in item.code:
            body = item.body.with_changes(text=item.body.text.with_changes(text="new"))
            yield Rewrite(
                item,
                "Use another command",
                Level.BOLD,
                (Evidence("it is old", RULE),),
                (edits.Change(item, (item.with_changes(body=body),)),),
                may_change=frozenset({"CMD"}),
            )


# A page is the docstring of a transform's own module; these two share one.
CATALOGUE = (
    drop_command._replace(page="Use another command."),
    shout_maintainer._replace(page="Write maintainers in capitals."),
)


@pytest.fixture
def catalogue(monkeypatch):
    monkeypatch.setattr(tasks, "transforms", lambda: CATALOGUE)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def put(here):
    """Write a file below the current folder."""

    def write(path, content="FROM scratch\nMAINTAINER ann\n"):
        file = here / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


@pytest.fixture
def dfix(catalogue, here):
    """Call the command line in this process."""
    from click.testing import CliRunner

    from dfix.cli import loading
    from dfix.cli.discovery import _checkout, _ignore
    from dfix.cli.main import group

    def call(*args, stdin=None, env=None):
        for cached in (loading._in_folder, _checkout, _ignore, tasks.disk):
            cached.cache_clear()
        return CliRunner().invoke(group, args, input=stdin, env=env, prog_name="dfix")

    return call


ROOT = Path(__file__).parents[2]
ROOMS = ("grammar", "ecosystems", "refactor", "transforms", "verify", "frontends")


@pytest.fixture
def process(here):
    """Run dfix as a process of its own, with the real catalogue."""

    def run(*args, **options):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)}
        return subprocess.run(
            [sys.executable, "-m", "dfix", *args],
            capture_output=True,
            check=False,
            env=env | options.pop("env", {}),
            **options,
        )

    return run
