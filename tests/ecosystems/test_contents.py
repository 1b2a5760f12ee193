"""What a change of base takes away is named, or it is not known."""

from __future__ import annotations

import pytest

from dfix.ecosystems.contents import Contents, contents, lost
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.images import Image, image


def _image(reference: str) -> Image:
    found = image(reference)
    assert isinstance(found, Image)
    return found


def _lost(old: str, new: str) -> Contents:
    found = lost(_image(old), _image(new))
    assert isinstance(found, Known), found
    assert found.source
    return found.value


def test_the_full_python_has_tools_and_libraries_that_the_slim_one_lacks() -> None:
    gone = _lost("python:3.12-bookworm", "python:3.12-slim-bookworm")
    assert {"git", "curl", "wget", "gcc", "make", "ps", "unzip", "ssh", "file"} <= gone.programs
    assert {
        "libpq.so.5",
        "libxml2.so.2",
        "libMagickWand-6.Q16.so.6",
        "libmariadb.so.3",
    } <= gone.libraries
    assert {"libpq5", "libpq-dev"} <= gone.packages
    assert not {"python3", "pip", "sh", "bash"} & gone.programs
    assert (
        not {"libssl.so.3", "libsqlite3.so.0", "libffi.so.8", "libz.so.1", "libstdc++.so.6"}
        & gone.libraries
    )
    assert "ca-certificates" not in gone.packages


def test_the_slim_node_has_no_certificates() -> None:
    gone = _lost("node:20-bookworm", "node:20-bookworm-slim")
    assert "ca-certificates" in gone.packages
    assert {"python3", "git", "openssl"} <= gone.programs
    assert not {"node", "npm", "yarn"} & gone.programs


def test_a_tag_that_moves_loses_what_is_lost_on_any_release() -> None:
    gone = _lost("python:3.12", "python:3.12-slim")
    assert {"libicuuc.so.67", "libicuuc.so.72", "libicuuc.so.76"} <= gone.libraries


def test_another_family_on_the_same_release() -> None:
    gone = _lost("golang:1.22-bookworm", "debian:bookworm-slim")
    assert {"go", "git", "gcc"} <= gone.programs
    assert "apt-get" not in gone.programs


def test_a_static_base_has_nothing() -> None:
    gone = _lost("golang:1.22-bookworm", "gcr.io/distroless/static-debian12")
    assert {"sh", "ls"} <= gone.programs
    assert "libc.so.6" in gone.libraries


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("golang:1.22", "debian:bookworm-slim"),
        ("python:3.12-alpine3.20", "alpine:3.20"),
        ("node:20-buster", "node:20-buster-slim"),
        ("eclipse-temurin:17-jdk", "eclipse-temurin:17-jre"),
    ],
)
def test_what_was_not_read_is_unknown(old, new) -> None:
    assert isinstance(lost(_image(old), _image(new)), Unknown)


def test_contents_need_a_release() -> None:
    assert isinstance(contents(_image("python:3.12")), Unknown)
    known = contents(_image("python:3.12-slim-bookworm"))
    assert isinstance(known, Known)
    assert {"libssl3", "ca-certificates", "bash"} <= known.value.packages
    assert "python3" in known.value.programs
