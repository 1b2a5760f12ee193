"""Which pinned versions are compiled when they are installed."""

import pytest

from dfix.ecosystems.python.natives import compiled, newest


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("Pillow", None),
        ("Pillow>=9", None),
        ("Pillow==9.5.0", (9, 5, 0)),
        ("Pillow == 9.5.0 ; python_version > '3'", (9, 5, 0)),
        ("lxml[html_clean]>=4,<=4.9.1", (4, 9, 1)),
        ("lxml==4.*", (4, 1_000_000)),
        ("lxml~=4.6.3", (4, 6, 1_000_000)),
        ("lxml<5", (4, 1_000_000)),
        ("lxml<5.0", (4, 1_000_000)),
        ("lxml<5.1", (5, 0, 1_000_000)),
        ("lxml^4.6", (4, 1_000_000)),
        ("lxml!=4.6", None),
    ],
)
def test_the_newest_version_that_a_requirement_allows(requirement, version):
    assert newest(requirement) == version


@pytest.mark.parametrize(
    ("name", "requirement", "release"),
    [
        ("pillow", "Pillow==9.5.0", (3, 12)),
        ("pillow", "Pillow==9.5.0", None),
        ("pillow", "Pillow==9.5.0", (3,)),
        ("pillow", "Pillow<10", (3, 12, 4)),
        ("psycopg2-binary", "psycopg2-binary==2.9.3", (3, 11)),
        ("pillow", "Pillow==12.1.0", (3, 99)),
        ("pillow", "Pillow==2.0.0", (2, 7)),
    ],
)
def test_a_version_that_is_older_than_its_first_wheel_is_compiled(name, requirement, release):
    assert compiled(name, requirement, release) is not None


@pytest.mark.parametrize(
    ("name", "requirement", "release"),
    [
        ("pillow", "Pillow==9.5.0", (3, 9)),
        ("pillow", "Pillow", (3, 12)),
        ("pillow", "Pillow>=9,<12", (3, 12)),
        ("pillow", "Pillow==6.0.0", (3, 6)),
        ("flask", "Flask==1.0", (3, 14)),
    ],
)
def test_a_wheel_is_there_for_all_others(name, requirement, release):
    assert compiled(name, requirement, release) is None
