"""What a start does not pay for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dfix.grammar import parse

HEAVY = {"lark", "dataclasses", "inspect", "pathlib", "typing_extensions", "json", "hypothesis"}


@pytest.mark.parametrize(
    "code",
    [
        "from dfix.grammar import parse; parse('FROM a\\nRUN b <<E\\nE\\nENV A=b\\n')",
        "from dfix.grammar.shell import read_text; read_text('a && b | c')",
    ],
)
def test_reading_imports_no_heavy_module(code: str):
    watched = (
        f"import sys; sys.path[:0] = {sys.path!r}; before = set(sys.modules); {code}; "
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", watched], capture_output=True, text=True, check=True
    )
    assert not {name.partition(".")[0] for name in done.stdout.split()} & HEAVY


def test_the_package_offers_its_doors_and_no_more():
    import dfix.grammar

    with pytest.raises(AttributeError, match="lexer_"):
        _ = dfix.grammar.lexer_


def test_work_grows_with_the_text_and_no_faster():
    """Counted in calls, since seconds are noisy."""

    def calls(text: str) -> int:
        count = 0

        def note(_frame, event, _arg):
            nonlocal count
            count += event == "call"

        sys.setprofile(note)
        try:
            parse(text)
        finally:
            sys.setprofile(None)
        return count

    for unit in (
        "RUN a && b\n",
        "# c\n",
        "RUN a \\\n",
        "ENV A=b C=d\n",
        "\n",
        "# c\n\n",
        "BOGUS\n",
    ):
        once, tenfold = calls(unit * 200), calls(unit * 2000)
        assert tenfold < 11 * once
