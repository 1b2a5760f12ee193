"""Counterparts: a new reference keeps version, suite and variables of the old one, or there is none."""

from __future__ import annotations

import pytest

from dfix.ecosystems.counterparts import Counterpart, NoCounterpart, counterparts
from dfix.ecosystems.images import Image, families, image

DIGEST = "sha256:" + "0123456789abcdef" * 4


def _best(
    reference: str, written: str | None = None, purpose="runtime", prefixes=()
) -> Counterpart:
    found = counterparts(_known(reference, written, prefixes), purpose)
    assert isinstance(found, tuple), found
    return found[0]


def _slug(reference: str, written: str | None = None, purpose="runtime", prefixes=()) -> str:
    found = counterparts(_known(reference, written, prefixes), purpose)
    assert isinstance(found, NoCounterpart), found
    assert found.why
    return found.slug


def _known(reference: str, written: str | None = None, prefixes=()) -> Image:
    found = image(reference, prefixes, written=written)
    assert isinstance(found, Image), found
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python", "python:slim"),
        ("python:latest", "python:slim"),
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12-bookworm", "python:3.12-slim-bookworm"),
        ("python:bookworm", "python:slim-bookworm"),
        ("python:3.15-rc", "python:3.15-rc-slim"),
        ("docker.io/library/python:3.12", "docker.io/library/python:3.12-slim"),
        ("node:20", "node:20-slim"),
        ("node:lts", "node:lts-slim"),
        ("node:20.11-bookworm", "node:20.11-bookworm-slim"),
        ("golang:1.22-bookworm", "debian:bookworm-slim"),
        ("library/golang:1.22-bookworm", "library/debian:bookworm-slim"),
        ("golang:1.22-alpine3.19", "alpine:3.19"),
        ("debian:12", "debian:12-slim"),
        ("ruby:3.3-bookworm", "ruby:3.3-slim-bookworm"),
        ("rust:1.75-bookworm", "debian:bookworm-slim"),
        ("rust:1.75-slim-bookworm", "debian:bookworm-slim"),
        ("rust:1-alpine3.19", "alpine:3.19"),
        ("eclipse-temurin:17", "eclipse-temurin:17-jre"),
        ("eclipse-temurin:17-jdk-alpine-3.21", "eclipse-temurin:17-jre-alpine-3.21"),
        ("maven:3.9-eclipse-temurin-17", "eclipse-temurin:17-jre"),
        ("maven:3.9-eclipse-temurin-17-alpine", "eclipse-temurin:17-jre-alpine"),
        ("gradle:8.5-jdk17-jammy", "eclipse-temurin:17-jre-jammy"),
        ("openjdk:8-jdk", "openjdk:8-jre-slim"),
        ("nvidia/cuda:12.2.0-devel-ubuntu22.04", "nvidia/cuda:12.2.0-runtime-ubuntu22.04"),
        (
            "nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04",
            "nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04",
        ),
        ("elixir:1.17-otp-27", "elixir:1.17-otp-27-slim"),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "mcr.microsoft.com/dotnet/aspnet:8.0"),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0-bookworm-slim",
            "mcr.microsoft.com/dotnet/aspnet:8.0-bookworm-slim",
        ),
        ("mcr.microsoft.com/dotnet/sdk:8.0-alpine", "mcr.microsoft.com/dotnet/aspnet:8.0-alpine"),
        ("debian:bookworm-20240110", "debian:bookworm-20240110-slim"),
        ("openjdk:8-jdk-alpine3.9", "openjdk:8-jre-alpine3.9"),
        ("eclipse-temurin:17-jdk-ubi9-minimal", "eclipse-temurin:17-jre-ubi9-minimal"),
        ("amazoncorretto:21-al2023", "amazoncorretto:21-al2023-headless"),
        ("amazoncorretto:8-alpine3.21", "amazoncorretto:8-alpine3.21-jre"),
        ("swift:5.10-jammy", "swift:5.10-jammy-slim"),
        ("swift:6.0-bookworm", "swift:6.0-bookworm-slim"),
        ("mcr.microsoft.com/dotnet/core/sdk:3.1", "mcr.microsoft.com/dotnet/aspnet:3.1"),
        ("pypy:3.11-bookworm", "pypy:3.11-slim-bookworm"),
        ("ghcr.io/astral-sh/uv:0.8-python3.12-bookworm-slim", "python:3.12-slim-bookworm"),
        ("ghcr.io/astral-sh/uv:python3.12-alpine3.22", "python:3.12-alpine3.22"),
    ],
)
def test_the_smaller_member_of_the_family(old, new) -> None:
    assert _best(old).written == new


@pytest.mark.parametrize(
    ("value", "old", "new"),
    [
        ("node:20-bookworm", "node:${V}-bookworm", "node:${V}-bookworm-slim"),
        ("node:20", "node:${V:-20}", "node:${V:-20}-slim"),
        ("python:3.12-bookworm", "python:$V-$S", "python:$V-slim-$S"),
        ("golang:1.22-bookworm", "golang:1.22-${SUITE}", "debian:${SUITE}-slim"),
        ("golang:1.22-alpine3.19", "golang:${V}-alpine3.19", "alpine:3.19"),
        ("node:20", "${REGISTRY}node:20", "${REGISTRY}node:20-slim"),
        (
            "maven:3-eclipse-temurin-17",
            "maven:3-eclipse-temurin-${JAVA}",
            "eclipse-temurin:${JAVA}-jre",
        ),
        ("gradle:8-jdk17", "gradle:8-jdk${JAVA}", "eclipse-temurin:${JAVA}-jre"),
        (
            "ghcr.io/astral-sh/uv:python3.12-bookworm",
            "ghcr.io/astral-sh/uv:python${V}-bookworm",
            "python:${V}-slim-bookworm",
        ),
        ("docker.io/node:20", "${REGISTRY}/node:20", "${REGISTRY}/node:20-slim"),
        (
            "docker.io/library/golang:1-bookworm",
            "${R}/golang:1-bookworm",
            "${R}/debian:bookworm-slim",
        ),
    ],
)
def test_the_expression_is_repeated(value, old, new) -> None:
    assert _best(value, old).written == new


@pytest.mark.parametrize(
    ("value", "old"),
    [
        ("node:20-bookworm", "node:${TAG}"),  # where slim goes is inside the variable
        ("python:latest", "python:${TAG}"),  # latest-slim is no tag
        ("node:20", "${BASE}"),
        ("golang:1.22-bookworm", "${BASE}-bookworm"),
        ("golang:1.22-alpine3.19", "golang:1.22-${ALPINE}"),
    ],
)
def test_a_variable_that_holds_more_than_one_part_holds_back(value, old) -> None:
    assert _slug(value, old) == "variable-base"


def test_both_float_where_the_tag_names_no_release() -> None:
    assert _best("python:3.12").floats
    assert not _best("python:3.12-bookworm").floats
    assert not _best("golang:1.22-bookworm").floats


@pytest.mark.parametrize("reference", ["golang:1.22", "golang", "golang:1.22-alpine"])
def test_another_family_needs_a_known_release(reference) -> None:
    assert _slug(reference) == "unknown-suite"


def test_several_may_fit() -> None:
    found = counterparts(_known("mcr.microsoft.com/dotnet/sdk:8.0"))
    assert isinstance(found, tuple)
    assert [each.image.variant for each in found] == ["aspnet", "runtime"]


def test_a_compiler_newer_than_the_distribution_says_which_libraries_are() -> None:
    assert "libstdc++.so.6" in _best("gcc:12-bookworm").newer
    assert _best("rust:1-bookworm").newer == frozenset()
    assert _slug("gcc:12") == "unknown-suite"


@pytest.mark.parametrize(
    "reference", ["maven:3-openjdk-17", "openjdk:17-jdk-slim", "gradle:8", "php:8.2-fpm"]
)
def test_no_run_time_of_the_same_publisher(reference) -> None:
    known = image(reference)
    assert not isinstance(known, Image) or _slug(reference) == "no-counterpart"


@pytest.mark.parametrize(
    "reference", ["python:3.12-slim", "node:20-alpine", "nginx", "scratch", "alpine:3.20"]
)
def test_what_is_small_already_stays(reference) -> None:
    assert _slug(reference) == "no-counterpart"


@pytest.mark.parametrize("reference", ["debian", "debian:latest"])
def test_there_is_no_small_debian_without_a_release(reference) -> None:
    assert _slug(reference) == "no-counterpart"
    assert _best("debian:12").written == "debian:12-slim"
    assert _best("debian:trixie").written == "debian:trixie-slim"
    assert _best("node").written == "node:slim"


def test_a_digest_pins_the_old_image_alone() -> None:
    assert _slug(f"python:3.12@{DIGEST}") == "digest-pinned"


def test_a_mirror_is_kept() -> None:
    found = _best(
        "registry.example.com/hub/golang:1-bookworm", prefixes=("registry.example.com/hub",)
    )
    assert found.written == "registry.example.com/hub/debian:bookworm-slim"
    assert found.pulls is None
    assert found.image.family == "debian"
    public = _best("public.ecr.aws/docker/library/golang:1-bookworm")
    assert public.written == "public.ecr.aws/docker/library/debian:bookworm-slim"


def test_alpine_only_when_it_is_asked_for() -> None:
    assert _best("python:3.12-bookworm", purpose="alpine").written == "python:3.12-alpine"
    assert _best("node:20", "node:${V}", purpose="alpine").written == "node:${V}-alpine"
    assert _best("node:20", purpose="alpine").image.libc == "musl"


def test_every_counterpart_is_itself_known() -> None:
    for family, row in families().items():
        for counterpart in row.get("counterpart", ()):
            assert counterpart["from"] in row["variant"], family
