"""References are read as the registry clients read them."""

from __future__ import annotations

import pytest

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.references import Piece, Reference, Written, align, parse

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full_name", "tag", "digest"),
    [
        ("python", "docker.io/library/python", None, None),
        ("python:3.12", "docker.io/library/python", "3.12", None),
        ("library/python:3.12", "docker.io/library/python", "3.12", None),
        ("docker.io/python", "docker.io/library/python", None, None),
        ("docker.io/library/python:3.12", "docker.io/library/python", "3.12", None),
        ("index.docker.io/library/python", "docker.io/library/python", None, None),
        ("bitnami/node:20", "docker.io/bitnami/node", "20", None),
        ("localhost/x", "localhost/x", None, None),
        ("localhost:5000/x", "localhost:5000/x", None, None),
        ("localhost:5000/x:1", "localhost:5000/x", "1", None),
        ("registry:5000/team/app", "registry:5000/team/app", None, None),
        ("Registry/app", "Registry/app", None, None),
        (
            "gcr.io/distroless/static-debian12:nonroot",
            "gcr.io/distroless/static-debian12",
            "nonroot",
            None,
        ),
        (f"python@{DIGEST}", "docker.io/library/python", None, DIGEST),
        (f"localhost:5000/x:1.0@{DIGEST}", "localhost:5000/x", "1.0", DIGEST),
        ("a__b/c-----d.e_f", "docker.io/a__b/c-----d.e_f", None, None),
        ("[::1]:5000/x", "[::1]:5000/x", None, None),
        ("x:_T.a-G", "docker.io/library/x", "_T.a-G", None),
    ],
)
def test_a_reference_has_these_parts(text, full_name, tag, digest) -> None:
    reference = parse(text)
    assert isinstance(reference, Reference)
    assert (reference.full_name, reference.tag, reference.digest) == (full_name, tag, digest)
    assert text.startswith(reference.name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Python",
        "library/Python:3",
        "python:",
        "python:-3",
        "python:a b",
        "python:" + "a" * 129,
        "python@",
        "python@sha256:1234",
        f"python@{DIGEST.upper()}",
        "python@sha256:" + "A" * 64,
        "a___b",
        "a..b",
        "-a",
        "a-",
        "a//b",
        "/a",
        "python:${V}",
        "a" * 63 + "0/" + "b" * 250,
        "0123456789abcdef" * 4,
        "host:port/x",
    ],
)
def test_what_no_client_takes_is_unknown(text) -> None:
    assert isinstance(parse(text), Unknown)


@pytest.mark.parametrize(
    ("text", "value", "pieces"),
    [
        ("node:20", "node:20", [("node:20", "node:20")]),
        (
            "node:${V}-slim",
            "node:20-slim",
            [("node:", "node:"), ("${V}", "20"), ("-slim", "-slim")],
        ),
        ("node:$V", "node:20", [("node:", "node:"), ("$V", "20")]),
        ("${BASE}", "node:20", [("${BASE}", "node:20")]),
        ("node:${V:-${W}}x", "node:1x", [("node:", "node:"), ("${V:-${W}}", "1"), ("x", "x")]),
        (
            "${R}/node:${V}",
            "ghcr.io/node:20",
            [("${R}", "ghcr.io"), ("/node:", "/node:"), ("${V}", "20")],
        ),
    ],
)
def test_each_variable_finds_its_value(text, value, pieces) -> None:
    assert list(align(text, value)) == [Piece(*piece) for piece in pieces]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("node:${A}${B}", "node:20-slim"),
        ("node:${A}-${B}", "node:20-bookworm-slim"),
        ("node:${A}-${B}-${C}", "node:1-2-3-4"),
    ],
)
def test_variables_that_cannot_be_told_apart_stay_together(text, value) -> None:
    variables = [piece for piece in align(text, value) if piece.text != piece.value]
    assert len(variables) == 1
    assert "".join(piece.value for piece in align(text, value)) == value
    assert "".join(piece.text for piece in align(text, value)) == text


def test_a_stretch_repeats_the_expression() -> None:
    written = Written("node:20-bookworm", "node:${V}-bookworm")
    assert written.between(5, 7) == "${V}"
    assert written.between(8, 16) == "bookworm"
    assert written.between(0, 4) == "node"
    assert not written.is_literal(5, 7)
    assert written.is_literal(8, 16)


def test_a_stretch_with_an_edge_inside_a_variable_has_no_text() -> None:
    written = Written("node:20-bookworm", "node:${TAG}")
    assert written.between(5, 7) is None


def test_an_empty_variable_belongs_to_its_neighbour() -> None:
    assert Written("node:20", "${REGISTRY}node:20").between(0, 4) == "${REGISTRY}node"
    assert Written("node:20", "node:20${SUFFIX}").between(5, 7) == "20${SUFFIX}"
