"""docs/seed.md says what serves each practice of the guide: it must not promise what is not there."""

from pathlib import Path

from dfix.transforms import catalogue

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "seed.md").read_text(encoding="utf-8")


def named(line):
    """The transforms that a line names: bold words with a hyphen inside."""
    return {
        word for word in line.split("**")[1::2] if "-" in word and word.replace("-", "").isalpha()
    }


def test_what_is_not_in_the_catalogue_is_to_come():
    there = {transform.id for transform in catalogue(third_party=False)}
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]

    assert len(rows) > 40
    assert [row for row in rows if named(row) - there and "to come" not in row] == []


def test_nothing_of_the_catalogue_that_the_guide_asks_for_is_called_to_come():
    there = {transform.id for transform in catalogue(third_party=False)}
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    promised = [row for row in rows if named(row) and named(row) <= there and "to come:" in row]

    assert promised == []


def test_every_example_of_the_guide_has_its_row():
    fixtures = sorted(path.name for path in (ROOT / "fixtures" / "seed").iterdir())

    assert [name for name in fixtures if f"| `{name}` |" not in PAGE] == []
    assert len(fixtures) == 14
