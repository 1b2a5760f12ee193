"""Whole projects, before and after: `fixtures/<transform-id>/<case>/`, each a folder that reads as an example.

A case holds `before.Dockerfile`, `project/` (the other files; the Dockerfile itself is at its root), `after.Dockerfile`
(absent: the file stays untouched), `after/` (other files that change) and `case.toml`:

    title = "the lockfile is copied beside the manifest"
    level = "review"                 # the level of the run
    steps = ["use-lockfile"]         # transforms of the steps taken, in order
    offered = []                     # transforms of what was only offered
    held-back = ["lock-not-copied"]  # slugs, sorted
    path = "Dockerfile"              # where the Dockerfile stands in the project
    config = {}                      # settings, by the names of `dfix.refactor.config.Config`

A case of a transform runs that transform alone; `_together` runs the whole catalogue. `seed` holds the examples of the
guide: `must-contain` and `must-not-contain` are parts of the outcome. DFIX_BLESS=1 writes what came out as expectation.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dfix.ecosystems.tree import MemoryTree
from dfix.grammar import parse
from dfix.refactor.config import Config
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level
from dfix.transforms import catalogue

if TYPE_CHECKING:
    from dfix.refactor.report import Report

ROOT = Path(__file__).parents[1] / "fixtures"
CATALOGUE = catalogue(third_party=False)
BLESS = os.environ.get("DFIX_BLESS") == "1"
KEYS = {
    "title", "level", "steps", "offered", "held-back", "path", "config", "must-contain", "must-not-contain",
}  # fmt: skip


def cases(*, seed: bool = False) -> list[Any]:
    return [
        pytest.param(folder.parent, id=f"{folder.parent.parent.name}/{folder.parent.name}")
        for folder in sorted(ROOT.glob("*/*/before.Dockerfile"))
        if (folder.parent.parent.name == "seed") == seed
        and (
            folder.parent.parent.name in ("seed", "_together")
            or not folder.parent.parent.name.startswith("_")
        )
    ]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def case_of(folder: Path) -> dict[str, Any]:
    case = tomllib.loads(text_of(folder / "case.toml"))
    assert not set(case) - KEYS, f"unknown keys {set(case) - KEYS}"
    return case


def project_of(folder: Path) -> dict[str, str | bytes]:
    top = folder / "project"
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }


def run(folder: Path, text: str, project: dict[str, str | bytes]) -> Report:
    case = case_of(folder)
    path = case.get("path", "Dockerfile")
    name = folder.parent.name
    only = () if name in ("seed", "_together") else (name,)
    config = Config(
        **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in case.get("config", {}).items()
        }
    )
    alone = not (folder / "project").is_dir() and name != "_together"
    return refactor(
        text,
        path=path,
        tree=None if alone else MemoryTree({**project, path: text}),
        transforms=CATALOGUE,
        config=config,
        level=Level.parse(case.get("level", "review")),
        only=only,
    )


def others(report: Report) -> dict[str, str | None]:
    return {path: after for path, (before, after) in report.files.items() if before != after}


@pytest.mark.parametrize("folder", cases())
def test_a_fixture_comes_out_as_it_says(folder: Path) -> None:
    before = text_of(folder / "before.Dockerfile")
    report = run(folder, before, project_of(folder))
    assert report.ending.kind == "settled", report.ending
    assert not report.dropped
    if BLESS:
        bless(folder, report)
    case = case_of(folder)
    expected = folder / "after.Dockerfile"
    assert report.after == (text_of(expected) if expected.exists() else before)
    assert [step.transform for step in report.steps] == case.get("steps", [])
    assert sorted({each.transform for each in report.offered}) == case.get("offered", [])
    assert sorted({each.slug for each in report.held_back}) == case.get("held-back", [])
    after = folder / "after"
    assert others(report) == {
        path.relative_to(after).as_posix(): text_of(path)
        for path in after.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("folder", cases())
def test_a_fixture_is_read_without_loss(folder: Path) -> None:
    for name in ("before.Dockerfile", "after.Dockerfile"):
        if (folder / name).exists():
            text = text_of(folder / name)
            assert parse(text).code == text


@pytest.mark.parametrize("folder", cases())
def test_a_second_run_changes_nothing(folder: Path) -> None:
    before, project = text_of(folder / "before.Dockerfile"), project_of(folder)
    first = run(folder, before, project)
    project |= {path: text for path, text in others(first).items() if text is not None}
    second = run(folder, first.after, project)
    assert second.after == first.after
    assert not others(second)


@pytest.mark.parametrize("folder", cases())
def test_buildkit_takes_what_comes_out(folder: Path) -> None:
    pytest.importorskip("dockerfile", reason="BuildKit's parser (PyPI dockerfile) is not installed")
    from grammar.oracle import buildkit

    report = run(folder, text_of(folder / "before.Dockerfile"), project_of(folder))
    buildkit(report.before)
    buildkit(report.after)


@pytest.mark.parametrize("folder", cases(seed=True))
def test_an_example_of_the_guide_becomes_what_it_teaches(folder: Path) -> None:
    case = case_of(folder)
    report = run(folder, text_of(folder / "before.Dockerfile"), project_of(folder))
    assert report.ending.kind == "settled", report.ending
    assert not report.dropped
    whole = report.after + "".join(text or "" for text in others(report).values())
    missing = [part for part in case.get("must-contain", []) if part not in whole]
    left = [part for part in case.get("must-not-contain", []) if part in report.after]
    assert not missing, report.after
    assert not left, report.after


def test_every_folder_of_fixtures_belongs_to_a_transform() -> None:
    known = {each.id for each in CATALOGUE} | {"seed"}
    named = {
        path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("_")
    }
    assert named <= known


def bless(folder: Path, report: Report) -> None:
    """Write what came out as what is expected."""
    after = folder / "after.Dockerfile"
    if report.after != report.before:
        after.write_bytes(report.after.encode("utf-8", "surrogateescape"))
    else:
        after.unlink(missing_ok=True)
    shutil.rmtree(folder / "after", ignore_errors=True)
    for path, text in others(report).items():
        target = folder / "after" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((text or "").encode("utf-8", "surrogateescape"))
    lists = {
        "steps": [step.transform for step in report.steps],
        "offered": sorted({each.transform for each in report.offered}),
        "held-back": sorted({each.slug for each in report.held_back}),
    }
    lines = text_of(folder / "case.toml").splitlines()
    kept = [line for line in lines if line.partition("=")[0].strip() not in lists]
    written = [
        f"{key} = [{', '.join(f'{each!r}' for each in value)}]".replace("'", '"')
        for key, value in lists.items()
        if value
    ]
    tables = next((at for at, line in enumerate(kept) if line.startswith("[")), len(kept))
    (folder / "case.toml").write_text("\n".join([*kept[:tables], *written, *kept[tables:]]) + "\n")
