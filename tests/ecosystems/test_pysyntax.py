"""Reading Python sources by LibCST: within bounds, and with the lines of their statements."""

from __future__ import annotations

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.python import pysyntax
from dfix.ecosystems.python.pysource import read_source
from dfix.ecosystems.sources import Paths

NOWHERE = Paths(frozenset(), frozenset())
TRICKY = '''#!/usr/bin/env python
# a comment

"""A docstring
of two lines."""
import a; import b
if a:

    # another comment
    x = (1,
         2)

elif b: y = """
"""
else:
    # behind else
    pass
    # a footer
try:
    import c
except (KeyError,
        ImportError):
    import d
else:
    z = 1
finally:
    w = 2

match x:
    # before a case
    case 1:
        import e
    case _: pass
class A:
    """Text."""

    async def f(self) -> None:  # why
        with open("a") as f, \\
             open("b"):
            import g
        for i in x:
            import h
        else:
            import k
last = 1'''


def _tree(text):
    found = pysyntax.parse("a.py", text)
    assert isinstance(found, Known), found
    return found.value


@pytest.mark.parametrize("text", [TRICKY, TRICKY + "\n", TRICKY.replace("\n", "\r\n"), "", "x"])
def test_every_statement_knows_the_line_in_which_it_begins(text):
    tree = _tree(text)
    positions = MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    places = [place for place, _ in pysyntax.statements(tree)]
    assert [place.line() for place in places] == [
        positions[place.node].start.line for place in places
    ]
    assert text in ("", "x") or len(places) > 30


def test_lines_may_be_asked_for_in_any_order():
    forth = [place.line() for place, _ in pysyntax.statements(_tree(TRICKY))]
    back = [place.line() for place, _ in reversed(list(pysyntax.statements(_tree(TRICKY))))]
    assert back[::-1] == forth


def test_every_import_is_found_once_and_knows_whether_it_may_fail():
    found = read_source("a.py", TRICKY, NOWHERE, ".")
    assert isinstance(found, Known)
    assert [(each.module, each.guarded) for each in found.value.imports] == [
        ("a", False), ("b", False), ("c", True), ("d", False), ("e", False), ("g", False), ("h", False),
        ("k", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "type Pair[T] = tuple[T, T]\nimport a\n",
        "def f[T: int](x: T) -> T: ...\nimport a\n",
        "import a\nx = f'{d['key']}'\n",
        "try:\n    import a\nexcept* ValueError:\n    pass\n",
        "import a\nwith (open(x) as f, open(y) as g):\n    pass\n",
    ],
)
def test_the_newest_syntax_is_read(text):
    found = read_source("a.py", text, NOWHERE, ".")
    assert isinstance(found, Known), found
    assert [each.module for each in found.value.imports] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + "1" + ")" * 5000,
        "x = " + " + ".join(["a"] * 20_000),
        "x = (" + " +\n".join(["a"] * 20_000) + ")",
        "x = a" + "()" * 20_000,
        "x = a" + ".b" * 20_000,
        "x = " + "not " * 20_000 + "1",
        "if a:\n  pass\n" + "elif a:\n  pass\n" * 20_000,
        "".join(" " * depth + "if a:\n" for depth in range(1000)),
    ],
)
def test_what_would_overflow_the_parser_is_unknown(text):
    assert isinstance(pysyntax.parse("a.py", text), Unknown)


def test_long_lists_and_long_files_are_not_deep():
    assert isinstance(_tree("x = [" + "a.b(1) + 2, " * 2000 + "]\n"), libcst.Module)
    assert isinstance(_tree("x = a + b\n" * 2000), libcst.Module)


def test_a_file_without_imports_strings_and_calls_is_not_parsed():
    assert read_source("a.py", "# nothing )\nx = 1 +\n", NOWHERE, ".") == Known(
        read_source("a.py", "", NOWHERE, ".").value, "a.py"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("'a'", "a"), ("r'\\a'", "\\a"), ("'a' 'b'", "ab"), ("'\\x61'", "a"), ("b'a'", None), ("f'{x}'", None)],
)  # fmt: skip
def test_the_text_of_literals(text, value):
    assert pysyntax.literal(libcst.parse_expression(text)) == value
