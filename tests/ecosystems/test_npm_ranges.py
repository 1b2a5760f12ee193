"""npm's ranges. The answers are node-semver's; 40,000 random pairs agreed when this was written."""

from __future__ import annotations

import pytest

from dfix.ecosystems.node.manifest import kind_of
from dfix.ecosystems.node.ranges import satisfies

IN = """
1.2.3 *
1.2.3 1.2.3
1.2.3 =1.2.3
1.2.3 v1.2.3
1.2.3 ^1.2.3
1.9.9 ^1.2.3
0.2.9 ^0.2.3
0.0.3 ^0.0.3
0.9.0 ^0.x
1.2.9 ~1.2.3
1.9.0 ~1
1.2.3 ~>1.2
1.2.3 1.2
1.2.3 1.x
2.3.9 1.2 - 2.3
2.3.4 1.2.3 - 2.3.4
1.5.0 >=1.2 <2
1.5.0 >= 1.2 < 2
2.0.0 >1.x
1.9.9 <=1.x
3.0.0 ^1 || ^3
1.2.3-beta.2 ^1.2.3-beta.1
1.2.3 ^1.2.3-beta.1
1.2.3-beta.2 >1.2.3-beta.1
1.2.3-beta.10 >1.2.3-beta.9
1.2.3+build 1.2.3
1.2.3 1.2.3+other
1.2.3beta ^1.2.3-alpha
""".strip().splitlines()
OUT = """
2.0.0 ^1.2.3
0.3.0 ^0.2.3
0.0.4 ^0.0.3
1.3.0 ~1.2.3
2.4.0 1.2 - 2.3
2.3.5 1.2.3 - 2.3.4
2.0.0 >=1.2 <2
1.9.9 >1.x
2.0.0 <=1.x
2.0.0 ^1 || ^3
1.2.3-beta.1 *
1.3.0-beta.1 ^1.2.3
1.2.4-beta.1 ^1.2.3-alpha
2.0.0-alpha ^1.2.3
1.2.3-alpha >=1.2.3
""".strip().splitlines()


@pytest.mark.parametrize("line", IN)
def test_versions_inside(line: str) -> None:
    version, _, wanted = line.partition(" ")
    assert satisfies(version, wanted) is True


@pytest.mark.parametrize("line", OUT)
def test_versions_outside(line: str) -> None:
    version, _, wanted = line.partition(" ")
    assert satisfies(version, wanted) is False


@pytest.mark.parametrize(
    "text", ["latest", "github:a/b", ">=", "foo bar", "https://example.org/a.tgz", "1" * 300]
)
def test_what_is_no_range(text: str) -> None:
    assert satisfies("1.2.3", text) is None


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("^1.2.3", "range"),
        ("", "range"),
        ("latest", "tag"),
        ("npm:other@^1", "alias"),
        ("file:../lib", "file"),
        ("./lib", "file"),
        ("../lib", "file"),
        ("lib.tgz", "file"),
        ("git+ssh://git@example.org/a.git", "git"),
        ("github:a/b#main", "git"),
        ("a/b", "git"),
        ("https://github.com/a/b", "git"),
        ("https://github.com/a/b.git#v1", "git"),
        ("https://github.com/a/b/archive/x.tar.gz", "remote"),
        ("https://example.org/a.tgz", "remote"),
        ("workspace:*", "other"),
        ("link:../x", "other"),
        ("2.x.0", "other"),
    ],
)
def test_kinds_of_specifiers(spec: str, kind: str) -> None:
    assert kind_of(spec) == kind
