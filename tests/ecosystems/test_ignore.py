"""The ignore file keeps out exactly what BuildKit keeps out."""

from __future__ import annotations

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.ignore import Ignore, context_files, visible
from dfix.ecosystems.tree import MemoryTree

FILES = (
    ".env",
    "a/b/c/f",
    "a/b/g.txt",
    "a/h.md",
    "a/node_modules/y/j",
    "d/e/f",
    "d/g.md",
    "node_modules/keep",
    "node_modules/x/i",
    "sp ace",
    "top.md",
)

# What `COPY . /` brought with Docker Engine 28.5 (BuildKit), for the files above.
BUILT = [
    ("*\n!a\n", "a/b/c/f a/b/g.txt a/h.md a/node_modules/y/j"),
    # The exception is not asked about a/b, which nothing excludes, so a/b/c stays out.
    (
        "a/b/c\n!a/b\n",
        ".env a/b/g.txt a/h.md a/node_modules/y/j d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    (
        "**/node_modules\n!node_modules/keep\n",
        ".env a/b/c/f a/b/g.txt a/h.md d/e/f d/g.md node_modules/keep sp·ace top.md",
    ),
    (
        "a\n!a/b/g.txt\n",
        ".env a/b/g.txt d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    (
        "**/*.md\n!top.md\n",
        ".env a/b/c/f a/b/g.txt a/node_modules/y/j d/e/f node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    ("/a/\n", ".env d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace top.md"),
    (
        "#x\n #y\na/b/\n",
        ".env a/h.md a/node_modules/y/j d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    ("*\n!**/*.md\n", "a/h.md d/g.md top.md"),
    (
        "a/**\n!a/h.md\n",
        ".env a/h.md d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    (
        "d/e\n!d\n",
        ".env a/b/c/f a/b/g.txt a/h.md a/node_modules/y/j d/g.md node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    (".\n", " ".join(FILES).replace("sp ace", "sp·ace")),
    (
        "./a/../d\n",
        ".env a/b/c/f a/b/g.txt a/h.md a/node_modules/y/j node_modules/keep node_modules/x/i sp·ace top.md",
    ),
    (
        "sp ace\n",
        ".env a/b/c/f a/b/g.txt a/h.md a/node_modules/y/j d/e/f d/g.md node_modules/keep node_modules/x/i top.md",
    ),
    (
        "*.md\n\\.env\n",
        "a/b/c/f a/b/g.txt a/h.md a/node_modules/y/j d/e/f d/g.md node_modules/keep node_modules/x/i sp·ace",
    ),
]


@pytest.mark.parametrize(
    ("text", "sent"), BUILT, ids=[text.replace("\n", " ").strip() for text, _ in BUILT]
)
def test_a_context_is_what_the_engine_sent(text: str, sent: str) -> None:
    tree = MemoryTree(dict.fromkeys(FILES, ""))
    expected = tuple(word.replace("·", " ") for word in sent.split())
    assert context_files(tree, Ignore.parse(text)) == expected


@pytest.mark.parametrize(("text", "problem"), [("!\na\n", "line 1"), ("[\n", "line 1")])
def test_a_line_for_which_docker_refuses_is_named(text: str, problem: str) -> None:
    assert problem in Ignore.parse(text).problems[0]


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("**/foo", "a/b/foo", "a/b/xfoo"),
        ("**foo", "a/b/xfoo", "a/foox"),
        ("foo**", "foobar/x", "xfoo"),
        ("a/**/b", "a/x/y/b", "a/xb"),
        ("a?c", "abc", "a/c"),
        ("[ab]c", "ac/deep", "cc"),
        ("a.b", "a.b", "axb"),
        ("*", "deep/er", ""),
    ],
)
def test_wildcards(pattern: str, inside: str, outside: str) -> None:
    ignore = Ignore.parse(pattern)
    assert ignore.excludes(inside)
    assert not ignore.excludes(outside)


def test_line_ends_and_a_mark_at_the_start_do_not_count() -> None:
    ignore = Ignore.parse("\ufeffnode_modules\r\n.env\r\n")
    assert ignore.excludes("node_modules/x")
    assert ignore.excludes(".env")


def test_the_last_match_wins() -> None:
    assert Ignore.parse("a\n!a\na\n").excludes("a")
    assert not Ignore.parse("a\na\n!a\n").excludes("a/b")


def test_what_is_not_sent_is_not_in_the_visible_tree() -> None:
    tree = visible(
        MemoryTree({"package.json": "{}", "package-lock.json": "{}", "x/y": ""}),
        Ignore.parse("*lock*\nx\n!x/y\n"),
    )
    assert tree.files() == ("package.json", "x/y")
    assert tree.listdir("") == ("package.json", "x")
    assert tree.is_dir("x")
    assert isinstance(tree.read("package.json"), Known)
    assert tree.read("package-lock.json") == Unknown(
        "package-lock.json is excluded by the ignore file"
    )
