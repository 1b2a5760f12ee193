"""The pages of the transforms say what their code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from dfix.transforms import catalogue

DOCS = Path(__file__).parents[2] / "docs"


def pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("docs_pages", DOCS / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def test_the_committed_pages_are_the_generated_ones() -> None:
    made = pages()
    assert {path: (DOCS / path).read_text(encoding="utf-8") for path in made} == made, (
        "run python docs/pages.py"
    )


def test_no_page_is_left_of_a_transform_that_is_gone() -> None:
    assert {f"transforms/{path.name}" for path in DOCS.glob("transforms/*.md")} < set(pages())


@pytest.mark.parametrize(
    "transform", catalogue(third_party=False), ids=lambda transform: transform.id
)
def test_a_page_has_its_three_headings_on_lines_of_their_own(transform) -> None:
    headings = [line for line in transform.page.splitlines() if line.startswith("## ")]
    assert headings == ["## Why", "## When it holds back", "## Level"]
