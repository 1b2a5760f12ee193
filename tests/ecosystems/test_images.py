"""Base images: what a reference tells, and that every fact has a source."""

from __future__ import annotations

import pytest

from dfix.ecosystems import images
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.images import Account, Image, Inherited, image
from dfix.ecosystems.references import Reference, parse
from dfix.ecosystems.tables import table

DIGEST = "sha256:" + "0123456789abcdef" * 4
FAMILIES = table(images.__file__, "images")["family"]
VARIANTS = [(family, name) for family, row in FAMILIES.items() for name in row["variant"]]
FACTS = {
    "libc",
    "shell",
    "run_shell",
    "package_manager",
    "user",
    "workdir",
    "entrypoint",
    "cmd",
    "stopsignal",
    "ports",
    "volumes",
    "tool_volumes",
    "healthcheck",
    "starts",
    "docker_clean",
    "env",
    "users",
    "directories",
    "links",
    "passes",
    "programs",
    "sources",
    "packages",
}


def _known(reference: str, **more) -> Image:
    found = image(reference, **more)
    assert isinstance(found, Image), found
    return found


# Schema ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "variant"), VARIANTS)
def test_each_variant_has_its_sources(family, variant) -> None:
    row = FAMILIES[family]
    own = [*row["variant"][variant].get("sources", ()), *row.get("facts", {}).get("sources", ())]
    assert own
    assert all(source.startswith("https://") for source in own)


@pytest.mark.parametrize(("family", "variant"), VARIANTS)
def test_each_row_says_only_what_the_schema_knows(family, variant) -> None:
    row = FAMILIES[family]
    assert set(row) <= {
        "repository",
        "channels",
        "words",
        "silent",
        "suffixes",
        "dated",
        "suite",
        "facts",
        "modifier",
        "variant",
        "counterpart",
        "keep",
        "second_after",
        "glued",
        "suite_words",
        "suite_variant",
        "distribution",
        "second_of",
        "newest",
        "last",
        "prefix",
    }
    for facts in (row.get("facts", {}), row["variant"][variant], *row.get("modifier", {}).values()):
        assert set(facts) <= FACTS | {"words", "on", "since", "until", "second", "floats"}
        assert facts.get("libc") in (None, "glibc", "musl")
        assert facts.get("starts") in (None, "server", "repl", "shell", "none")
        for name, env in facts.get("env", {}).items():
            assert env["role"] in ("runtime", "toolchain"), name
            assert set(env) <= {"value", "role", "since", "until"}
        for user in facts.get("users", {}).values():
            assert {"uid", "gid", "home"} <= set(user) <= {"uid", "gid", "home", "since", "until"}
        for program in facts.get("programs", {}).values():
            assert set(program) <= {"since", "until"}
    said = set(row["variant"][variant]["words"])
    implied = {word for words in row.get("suite_variant", {}).values() for word in words}
    assert said <= implied | {
        *row["words"],
        "alpine",
        *(w for r in row["repository"].values() for w in r.get("words", ())),
    }


def test_no_two_variants_have_the_same_words() -> None:
    for row in FAMILIES.values():
        words = [
            (frozenset(variant["words"]), *map(variant.get, ("since", "until", "second", "floats")))
            for variant in row["variant"].values()
        ]
        assert len(words) == len(set(words))


def test_every_counterpart_has_a_source_and_names_known_variants() -> None:
    for row in FAMILIES.values():
        for counterpart in row.get("counterpart", ()):
            assert counterpart["source"].startswith("https://")
            assert counterpart["from"] in row["variant"]
            assert counterpart["for"] in ("runtime", "distroless", "alpine")
            assert set(counterpart) <= {
                "from",
                "for",
                "tag",
                "image",
                "needs",
                "needs-one",
                "source",
                "since",
                "until",
                "newer",
            }


def test_every_mirror_and_release_is_described() -> None:
    facts = table(images.__file__, "images")
    assert all(source.startswith("https://") for source in facts["mirror"].values())
    assert set(facts["suites"].values()) >= {
        "debian 11",
        "debian 12",
        "debian 13",
        "ubuntu 22.04",
        "ubuntu 24.04",
    }


# What a tag tells -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "family", "variant", "version", "suite"),
    [
        ("python", "python", "full", None, None),
        ("python:latest", "python", "full", None, None),
        ("python:3", "python", "full", "3", None),
        ("python:3.12", "python", "full", "3.12", None),  # moves from release to release of Debian
        ("python:3.12.1-bookworm", "python", "full", "3.12.1", "bookworm"),
        ("python:3.12-slim", "python", "slim", "3.12", None),
        ("python:slim-bullseye", "python", "slim", None, "bullseye"),
        ("python:3.12-slim-bookworm", "python", "slim", "3.12", "bookworm"),
        ("python:3.13-alpine", "python", "alpine", "3.13", None),
        ("python:3.13-alpine3.20", "python", "alpine", "3.13", "alpine3.20"),
        ("python:3.15-rc-slim", "python", "slim", "3.15-rc", None),
        ("docker.io/library/python:3.12", "python", "full", "3.12", None),
        ("public.ecr.aws/docker/library/python:3.12", "python", "full", "3.12", None),
        ("node:20", "node", "full", "20", None),
        ("node:lts", "node", "full", None, None),
        ("node:lts-slim", "node", "slim", None, None),
        ("node:lts-jod", "node", "full", "22", None),
        ("node:iron-bookworm-slim", "node", "slim", "20", "bookworm"),
        ("node:current-alpine3.21", "node", "alpine", None, "alpine3.21"),
        ("golang:1.22-bookworm", "golang", "full", "1.22", "bookworm"),
        ("golang:1.22-alpine3.19", "golang", "alpine", "1.22", "alpine3.19"),
        ("golang:tip-20260815-trixie", "golang", "full", None, "trixie"),
        ("debian:12", "debian", "full", "12", "bookworm"),
        ("debian:12.5-slim", "debian", "slim", "12.5", "bookworm"),
        ("debian:stable-slim", "debian", "slim", None, None),
        ("debian:bookworm-20240110-slim", "debian", "slim", None, "bookworm"),
        ("ubuntu", "ubuntu", "full", None, None),
        ("ubuntu:22.04", "ubuntu", "full", "22.04", "jammy"),
        ("ubuntu:noble-20240605", "ubuntu", "full", None, "noble"),
        ("alpine:3.20", "alpine", "full", "3.20", "alpine3.20"),
        ("alpine:latest", "alpine", "full", None, None),
        ("nginx:1.27-alpine-slim", "nginx", "alpine-slim", "1.27", None),
        ("nginx:stable-alpine3.21-slim", "nginx", "alpine-slim", None, "alpine3.21"),
        ("nginx:mainline-bookworm-perl", "nginx", "perl", None, "bookworm"),
        ("buildpack-deps:bookworm-scm", "buildpack-deps", "scm", None, "bookworm"),
        ("gcr.io/distroless/static-debian12", "distroless", "static", None, "bookworm"),
        (
            "gcr.io/distroless/nodejs22-debian13:debug-nonroot",
            "distroless",
            "nodejs",
            "22",
            "trixie",
        ),
        (f"python:3.12-slim@{DIGEST}", "python", "slim", "3.12", None),
        ("scratch", "scratch", "empty", None, None),
        ("eclipse-temurin:17-jre-alpine-3.21", "eclipse-temurin", "alpine-jre", "17", "alpine3.21"),
        ("eclipse-temurin:21.0.3_9-jdk-jammy", "eclipse-temurin", "jdk", "21.0.3_9", "jammy"),
        ("eclipse-temurin:8u502-b07-jdk", "eclipse-temurin", "jdk-8", "8u502-b07", None),
        ("maven:3.9-eclipse-temurin-17-alpine", "maven", "temurin-alpine", "3.9", None),
        ("gradle:8.5-jdk17", "gradle", "full", "8.5", None),
        ("gradle:jdk21-alpine", "gradle", "alpine", None, None),
        ("openjdk:8-jdk-slim-bullseye", "openjdk", "jdk-slim-8", "8", "bullseye"),
        ("openjdk:11-jre", "openjdk", "jre", "11", None),
        ("php:8.2-fpm-alpine3.18", "php", "alpine-fpm", "8.2", "alpine3.18"),
        ("ruby:3.3-slim-bookworm", "ruby", "slim", "3.3", "bookworm"),
        ("rust:1.75-slim-bookworm", "rust", "slim", "1.75", "bookworm"),
        ("elixir:1.17-otp-27-alpine", "elixir", "alpine", "1.17", None),
        ("denoland/deno:alpine-1.40.0", "deno", "alpine", None, None),
        ("oven/bun:1-slim", "bun", "slim", "1", None),
        ("mcr.microsoft.com/dotnet/sdk:8.0", "dotnet", "sdk", "8.0", "bookworm"),
        ("mcr.microsoft.com/dotnet/aspnet:10.0", "dotnet", "aspnet-ubuntu", "10.0", "noble"),
        (
            "mcr.microsoft.com/dotnet/runtime:8.0-alpine3.19",
            "dotnet",
            "runtime-alpine",
            "8.0",
            "alpine3.19",
        ),
        ("amazonlinux:2", "amazonlinux", "al2", "2", None),
        ("centos:centos7", "centos", "full", "7", None),
        ("nvidia/cuda:12.2.0-devel-ubuntu22.04", "cuda", "devel", "12.2.0", "jammy"),
        (
            "nvcr.io/nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu20.04",
            "cuda",
            "runtime",
            "12.1.1",
            "focal",
        ),
        ("arm64v8/python:3.12-slim", "python", "slim", "3.12", None),
        ("debian:sid-slim", "debian", "slim", None, "sid"),
        ("buildpack-deps:noble-curl", "buildpack-deps", "curl-ubuntu", None, "noble"),
        ("buildpack-deps:22.04", "buildpack-deps", "full-ubuntu", "22.04", "jammy"),
        ("ubuntu:artful-20180123", "ubuntu", "full", None, "artful"),
        ("oraclelinux:9-slim", "oraclelinux", "slim", "9", None),
        ("registry.access.redhat.com/ubi9/ubi-minimal:9.4", "ubi", "minimal", "9", None),
        ("registry.access.redhat.com/ubi8:8.9-1028", "ubi", "full", "8", None),
        ("registry.access.redhat.com/ubi9/ubi", "ubi", "full", "9", None),
        ("mcr.microsoft.com/dotnet/core/sdk:3.1", "dotnet", "sdk-3", "3.1", "buster"),
        (
            "mcr.microsoft.com/dotnet/core/aspnet:3.1-buster-slim",
            "dotnet",
            "aspnet",
            "3.1",
            "buster",
        ),
        ("mcr.microsoft.com/dotnet/sdk:6.0", "dotnet", "sdk", "6.0", "bullseye"),
        ("redhat/ubi10-minimal", "ubi", "minimal", "10", None),
        ("archlinux:base-devel-20260816.0.574111", "archlinux", "base-devel", None, None),
        ("openjdk:17-jdk", "openjdk", "oracle-jdk", "17", None),
        ("openjdk:17-bullseye", "openjdk", "debian", "17", "bullseye"),
        ("openjdk:17-jdk-slim-bullseye", "openjdk", "jdk-slim", "17", "bullseye"),
        ("openjdk:8-jre-alpine3.9", "openjdk", "alpine-jre-8", "8", "alpine3.9"),
        ("eclipse-temurin:17-jdk-ubi9-minimal", "eclipse-temurin", "ubi-jdk", "17", None),
        ("amazoncorretto:17", "amazoncorretto", "full", "17", None),
        ("amazoncorretto:8u504-al2023", "amazoncorretto", "al2023-8", "8u504", None),
        ("amazoncorretto:21-alpine3.21-jdk", "amazoncorretto", "alpine", "21", "alpine3.21"),
        ("public.ecr.aws/amazoncorretto/amazoncorretto:11", "amazoncorretto", "full", "11", None),
        ("sapmachine:21-jre-headless-ubuntu-24.04", "sapmachine", "jre-headless", "21", "noble"),
        ("mcr.microsoft.com/openjdk/jdk:17-ubuntu", "msopenjdk", "ubuntu", "17", None),
        ("java:8-jre", "java", "jre", "8", None),
        ("java", "java", "full", None, None),
        ("tomcat:10.1-jre21-temurin-jammy", "tomcat", "temurin", "10.1", "jammy"),
        ("maven", "maven", "full", None, None),
        ("maven:3.9.9", "maven", "full", "3.9.9", None),
        ("maven:3.6-jdk-8-alpine", "maven", "jdk-8-alpine", "3.6", None),
        ("maven:3.8.4-openjdk-17", "maven", "openjdk-17", "3.8.4", None),
        ("maven:3.8-openjdk-11-slim", "maven", "openjdk-8-slim", "3.8", None),
        ("maven:3.9-amazoncorretto-21-alpine", "maven", "corretto-alpine", "3.9", None),
        ("maven:4.0.0-rc-5-eclipse-temurin-17", "maven", "temurin", "4.0.0-rc-5", None),
        ("swift:5.10-jammy-slim", "swift", "slim", "5.10", "jammy"),
        ("swift:6.0-bookworm", "swift", "debian", "6.0", "bookworm"),
        ("haskell:9.10-slim-bookworm", "haskell", "slim", "9.10", "bookworm"),
        ("julia:1.10", "julia", "full", "1.10", None),
        ("pypy:3.10-7.3.17-slim", "pypy", "slim", "3.10-7.3.17", None),
        ("dart:3.5-sdk", "dart", "full", "3.5", None),
        ("r-base:4.4.1", "r-base", "full", "4.4.1", None),
        ("rocker/rstudio", "rocker", "rstudio", None, None),
        (
            "hexpm/elixir:1.15.7-erlang-26.1.2-debian-bookworm-20231009-slim",
            "hexpm-elixir",
            "debian-slim",
            "1.15.7",
            "bookworm",
        ),
        (
            "hexpm/elixir:1.13.2-erlang-24.1.7-alpine-3.15.0",
            "hexpm-elixir",
            "alpine",
            "1.13.2",
            "alpine3.15.0",
        ),
        ("ghcr.io/astral-sh/uv", "uv", "alone", None, None),
        ("ghcr.io/astral-sh/uv:0.5.9", "uv", "alone", "0.5.9", None),
        ("ghcr.io/astral-sh/uv:bookworm-slim", "uv", "debian-slim", None, "bookworm"),
        (
            "ghcr.io/astral-sh/uv:0.8.3-python3.12-bookworm-slim",
            "uv",
            "python-slim",
            "0.8.3",
            "bookworm",
        ),
        ("ghcr.io/astral-sh/uv:0.9-python3.13-alpine", "uv", "python-alpine", "0.9", None),
        ("continuumio/miniconda3", "miniconda3", "full", None, None),
        ("continuumio/miniconda3:24.1.2-0", "miniconda3", "older", "24.1.2-0", None),
        ("condaforge/mambaforge:23.11.0-0", "miniforge3", "full", "23.11.0-0", None),
        ("mambaorg/micromamba:1.5.8-bookworm-slim", "micromamba", "full", "1.5.8", "bookworm"),
        (
            "tiangolo/uvicorn-gunicorn-fastapi:python3.11-slim",
            "uvicorn-gunicorn",
            "slim",
            None,
            None,
        ),
        ("quay.io/jupyter/scipy-notebook", "jupyter", "minimal", None, None),
        ("public.ecr.aws/lambda/python:3.12", "lambda", "python", "3.12", None),
        ("public.ecr.aws/lambda/nodejs:18-x86_64", "lambda", "nodejs-al2", "18", None),
        ("cgr.dev/chainguard/python:latest-dev", "chainguard", "python", None, None),
        ("cgr.dev/chainguard/static", "chainguard", "static", None, None),
        (
            "nginxinc/nginx-unprivileged:1.27-alpine",
            "nginx-unprivileged",
            "alpine",
            "1.27",
            None,
        ),
        ("haproxy:lts-alpine", "haproxy", "alpine", None, None),
        ("memcached:1.6-alpine3.20", "memcached", "alpine", "1.6", "alpine3.20"),
        ("rabbitmq:4-management-alpine", "rabbitmq", "alpine", "4", None),
        ("mariadb", "mariadb", "full", None, None),
        ("wordpress:6.4-php8.2-apache", "wordpress", "apache", "6.4", None),
        ("wordpress:php8.2-fpm-alpine", "wordpress", "alpine-fpm", None, None),
        ("traefik:v2.11", "traefik", "full", "2.11", None),
        ("docker:29-dind", "docker", "dind", "29", None),
        ("elasticsearch:8.19.2", "elasticsearch", "full", "8.19.2", None),
        ("mcr.microsoft.com/playwright:v1.48.0-noble", "playwright", "full", "1.48.0", "noble"),
        ("postgres:alpine", "postgres", "alpine-18", None, None),
        ("amazonlinux", "amazonlinux", "al2023", None, None),
        (
            "mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled",
            "dotnet",
            "aspnet-chiseled",
            "8.0",
            "jammy",
        ),
        ("rustlang/rust:nightly-slim", "rust", "slim", None, None),
        (
            "gcr.io/distroless/static-debian12:latest-amd64",
            "distroless",
            "static",
            None,
            "bookworm",
        ),
    ],
)
def test_a_reference_tells(reference, family, variant, version, suite) -> None:
    found = _known(reference)
    assert (found.family, found.variant, found.version, found.suite) == (
        family,
        variant,
        version,
        suite,
    )


@pytest.mark.parametrize(
    "reference",
    [
        "Python:3.12",
        "localhost:5000/python:3.12",  # not Docker Hub's
        "registry.example.com/library/python:3.12",
        "someone/python:3.12",
        "python:3.12-windowsservercore-ltsc2022",
        "python:3.12-onbuild",
        "node:20-slim-alpine",
        "nginx:slim",
        "unheard-of",
        "nvidia/cuda:12.2.0-devel-ubi8",
        "nvidia/cuda:10.2-devel-ubuntu18.04",  # before the entry point
        "openjdk:16",  # on Oracle Linux 7 or 8
        "openjdk:11-oracle",
        "mcr.microsoft.com/dotnet/core/sdk:2.2",
        "mcr.microsoft.com/dotnet/core/sdk:3.1-bionic",
        "java:openjdk-7-jdk",
        "wordpress:php7.2-fpm",
        "python:3.12-noble",  # a release of another distribution
        "swift:6.0-sid",
        "debian:jammy",
        "wordpress:4.9.6-php7.0-apache",
        "memcached:1.4",
        "maven:3-openjdk-17-slim",
        "maven:3.8",  # OpenJDK once, Temurin today
        f"maven@{DIGEST}",  # any
        "mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra",
        "mcr.microsoft.com/dotnet/aspnet:8.0-azurelinux3.0",
        "eclipse-temurin:8-jdk-ubi9-minimal",
        "postgres:bullseye",  # may be built no more
        f"amazonlinux:latest@{DIGEST}",  # 2 once, 2023 today
        "amazoncorretto:17-al2-native-jdk",
        "haskell:8.8",
        "perl:5.40",
        "ghcr.io/astral-sh/uv:python3.15-trixie",
        "ghcr.io/astral-sh/uv:0.4.0-bookworm",
        "continuumio/miniconda3:4.5.12",
        "mambaorg/micromamba:1.4.9",
        "mambaorg/micromamba:1.5-jammy",
        "tiangolo/uvicorn-gunicorn:python3.8",
        "rabbitmq:3.13",
        "mariadb:10.6",
        "haproxy:2.3",
        "traefik:v1.7",
        "docker:24-dind",
        "wordpress:6-php8.3-fpm-bookworm-slim",
        "mcr.microsoft.com/playwright:v1.40.0-jammy",
        "cgr.dev/chainguard/nginx",
        "jupyter/base-notebook",  # of October 2023 at the latest
        "quay.io/jupyter/base-notebook:python-3.11",
        "public.ecr.aws/lambda/provided:al2",
        "mysql:8.0",  # on Debian once, on Oracle Linux today
        "python:${VERSION}",
    ],
)
def test_what_was_not_read_is_unknown(reference) -> None:
    assert isinstance(image(reference), Unknown)


def test_a_mirror_of_the_repository_is_seen_through() -> None:
    prefixes = ("registry.example.com", "registry.example.com/hub/")
    assert (
        _known("registry.example.com/hub/library/python:3.12", prefixes=prefixes).family == "python"
    )
    assert (
        _known("registry.example.com/hub/python:3.12", prefixes=prefixes).prefix
        == "registry.example.com/hub"
    )
    assert (
        _known("registry.example.com/gcr.io/distroless/static", prefixes=prefixes).family
        == "distroless"
    )


# What is in it --------------------------------------------------------------------------------------------------------


def test_python_inherits_from_its_distribution() -> None:
    slim, alpine = _known("python:3.12-slim"), _known("python:3.12-alpine")
    assert (slim.libc, slim.package_manager, slim.docker_clean) == ("glibc", "apt", True)
    assert (alpine.libc, alpine.package_manager, alpine.docker_clean) == ("musl", "apk", False)
    assert slim.cmd == alpine.cmd == ("python3",)
    assert slim.starts == "repl"
    assert slim.users["www-data"] == Account(33, 33, "/var/www")
    assert "git" in _known("python:3.12").programs
    assert "git" not in slim.programs


def test_a_variable_is_claimed_only_for_the_versions_that_set_it() -> None:
    assert _known("python:3.12").env["LANG"] == Inherited("C.UTF-8", "runtime")
    assert "LANG" not in _known("python:3.13").env
    assert _known("python:3").env["LANG"] == Inherited(None, "runtime", certain=False)
    assert _known("python").env["LANG"].certain is False
    assert _known("golang:1.22").env["GOTOOLCHAIN"] == Inherited("local", "toolchain")
    assert "GOTOOLCHAIN" not in _known("golang:1.20").env
    assert _known("golang:1.22").env["GOPATH"] == Inherited("/go", "toolchain")


def test_yarn_left_with_node_26() -> None:
    assert "yarn" in _known("node:22").programs
    assert "yarn" not in _known("node:26").programs
    assert "yarn" not in _known("node:latest").programs
    assert "corepack" not in _known("node:25").programs


def test_the_user_of_an_image_has_an_account() -> None:
    assert _known("node:20").account == Account(0, 0, "/root")
    assert _known("node:20").users["node"] == Account(1000, 1000, "/home/node")
    assert _known("gcr.io/distroless/base-debian12:nonroot").account == Account(
        65532, 65532, "/home/nonroot"
    )
    assert "ubuntu" in _known("ubuntu:24.04").users
    assert "ubuntu" not in _known("ubuntu:22.04").users


def test_distroless_has_no_shell_unless_it_is_for_debugging() -> None:
    assert _known("gcr.io/distroless/static-debian12").shell is None
    assert _known("gcr.io/distroless/static-debian12").libc is None
    debug = _known("gcr.io/distroless/static-debian12:debug")
    assert (debug.shell, debug.entrypoint) == ("/busybox/sh", ("/busybox/sh",))
    node = _known("gcr.io/distroless/nodejs22-debian12:debug")
    assert node.entrypoint == ("/nodejs/bin/node",)


def test_a_server_says_how_it_stops() -> None:
    nginx = _known("nginx:alpine")
    assert (nginx.starts, nginx.stopsignal, nginx.ports) == ("server", "SIGQUIT", ("80",))
    assert nginx.entrypoint == ("/docker-entrypoint.sh",)
    assert nginx.cmd == ("nginx", "-g", "daemon off;")


def test_the_version_is_a_row_of_numbers() -> None:
    assert _known("python:3.15-rc").release == (3, 15)
    assert _known("node:20.11.1").release == (20, 11, 1)
    assert _known("node:lts").release is None


def test_an_entrypoint_forgets_the_command_from_below() -> None:
    assert _known("eclipse-temurin:17-jre").cmd is None
    assert _known("eclipse-temurin:17").cmd == ("jshell",)
    assert _known("openjdk:8").cmd == ("bash",)


def test_where_java_lies_is_claimed_for_plain_versions_only() -> None:
    assert _known("openjdk:11-jre-slim").env["JAVA_HOME"].value == "/usr/local/openjdk-11"
    assert _known("openjdk:11.0.2-jre-slim").env["JAVA_HOME"].value is None
    assert _known("eclipse-temurin:17-jre").env["JAVA_HOME"].value == "/opt/java/openjdk"


def test_servers_have_their_volumes_and_users() -> None:
    postgres = _known("postgres:16-alpine")
    assert (postgres.volumes, postgres.stopsignal) == (("/var/lib/postgresql/data",), "SIGINT")
    assert postgres.users["postgres"].uid == 70
    assert _known("redis:7").directories["/data"] == (999, 999)
    assert _known("php:8.2-fpm").ports == ("9000",)
    assert _known("php:8.2-apache").stopsignal == "SIGWINCH"


# What is below, and what today's version is ---------------------------------------------------------------------------


def test_what_is_below_is_dated_by_its_own_version() -> None:
    new, old = (
        _known(f"ghcr.io/astral-sh/uv:0.8-python{python}-bookworm") for python in ("3.13", "3.12")
    )
    assert "LANG" not in new.env
    assert old.env["LANG"] == Inherited("C.UTF-8", "runtime")
    # Of what is known in neither way only the name is.
    assert _known("composer:2").env["PHP_INI_DIR"].value == "/usr/local/etc/php"


def test_a_version_is_no_java() -> None:
    found = _known("maven:3-openjdk-11-slim")
    assert found.env["JAVA_HOME"] == Inherited(None, "runtime")
    assert _known("maven:3-openjdk-17").env["JAVA_HOME"].value == "/usr/java/openjdk-17"


def test_a_tag_that_moves_is_todays_but_names_no_version() -> None:
    found = _known("postgres")
    assert (found.version, found.release, found.volumes) == (None, None, ("/var/lib/postgresql",))
    assert found.env["PGDATA"].value is None
    assert _known("postgres:17").env["PGDATA"].value == "/var/lib/postgresql/data"
    assert _known("continuumio/miniconda3").entrypoint == ("/usr/local/bin/docker-entrypoint.sh",)
    assert _known("continuumio/miniconda3:24.1.2-0").entrypoint is None


def test_a_digest_may_be_an_older_one() -> None:
    assert isinstance(image(f"postgres@{DIGEST}"), Unknown)
    assert isinstance(image(f"postgres:latest@{DIGEST}"), Unknown)
    assert _known(f"postgres:16@{DIGEST}").version == "16"


def test_an_image_may_hand_on_its_shell() -> None:
    found = _known("mambaorg/micromamba:1.5.8")
    assert found.run_shell == ("/usr/local/bin/_dockerfile_shell.sh",)
    assert found.account == Account(57439, 57439, "/home/mambauser")
    jupyter = _known("quay.io/jupyter/minimal-notebook:latest")
    assert jupyter.run_shell == ("/bin/bash", "-o", "pipefail", "-c")
    assert jupyter.account == Account(1000, 100, "/home/jovyan")
    assert jupyter.entrypoint == ("tini", "-g", "--", "start.sh")
    assert _known("python:3.12").run_shell is None


def test_an_empty_entrypoint_takes_the_one_below_away() -> None:
    assert _known("tomcat:9.0-jdk17-temurin").entrypoint == ()
    assert _known("tomcat:9.0-jdk17-temurin").cmd == ("catalina.sh", "run")
    assert _known("ghcr.io/astral-sh/uv:0.9-python3.13-alpine").cmd == ("/usr/local/bin/uv",)


@pytest.mark.parametrize(
    ("reference", "user", "uid", "shell", "manager"),
    [
        ("oraclelinux:8", "root", 0, "/bin/sh", "dnf"),
        ("oraclelinux:7-slim", "root", 0, "/bin/sh", "yum"),
        ("redhat/ubi9-minimal", "root", 0, "/bin/sh", "microdnf"),
        ("redhat/ubi9", "root", 0, "/bin/sh", "dnf"),
        ("archlinux", "root", 0, "/bin/sh", "pacman"),
        ("amazoncorretto:17", "root", 0, "/bin/sh", "yum"),
        ("amazoncorretto:17-al2023", "root", 0, "/bin/sh", "dnf"),
        ("openjdk:17", "root", 0, "/bin/sh", "microdnf"),
        ("nginxinc/nginx-unprivileged", "101", 101, "/bin/sh", "apt"),
        ("haproxy:3.0", "haproxy", 99, "/bin/sh", "apt"),
        ("memcached", "memcache", 11211, "/bin/sh", "apt"),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled", "1654", 1654, None, None),
        ("cgr.dev/chainguard/wolfi-base", "0", None, "/bin/sh", "apk"),
        ("cgr.dev/chainguard/python", "65532", None, None, None),
        ("cgr.dev/chainguard/python:latest-dev", "65532", None, "/bin/sh", "apk"),
        ("public.ecr.aws/lambda/python:3.11", "root", 0, "/bin/sh", "yum"),
        ("ghcr.io/astral-sh/uv:latest", "root", None, None, None),
    ],
)
def test_who_runs_it_and_with_what(reference, user, uid, shell, manager) -> None:
    found = _known(reference)
    assert (found.user, found.shell, found.package_manager) == (user, shell, manager)
    assert (found.account and found.account.uid) == uid


def test_jdk_and_jre_of_corretto() -> None:
    assert _known("amazoncorretto:17").env["JAVA_HOME"].value.endswith("java-17-amazon-corretto")
    assert _known("amazoncorretto:17.0.9").env["JAVA_HOME"].value is None
    assert _known("amazoncorretto:8").env["JAVA_HOME"].value.endswith("java-1.8.0-amazon-corretto")
    assert "javac" in _known("amazoncorretto:21-al2023").programs
    assert "javac" not in _known("amazoncorretto:21-al2023-headless").programs


def test_every_family_that_is_named_below_another_is_there() -> None:
    for family in FAMILIES.values():
        assert family.get("second_of", "python") in FAMILIES
        for variant in family["variant"].values():
            below, _, name = variant.get("on", "debian:full").partition(":")
            assert name in FAMILIES[below]["variant"]


def test_no_image_has_two_families() -> None:
    names = [name for family in FAMILIES.values() for name in family["repository"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [n for f in FAMILIES.values() for n in f["repository"]])
def test_each_name_is_a_full_one(name) -> None:
    parsed = parse(name)
    assert isinstance(parsed, Reference)
    assert (parsed.full_name, parsed.tag, parsed.digest) == (name, None, None)


def test_the_sdk_listens_where_its_run_time_does_not() -> None:
    sdk, aspnet = (_known(f"mcr.microsoft.com/dotnet/{name}:6.0") for name in ("sdk", "aspnet"))
    assert sdk.env["ASPNETCORE_URLS"].value == ""
    assert aspnet.env["ASPNETCORE_URLS"].value == "http://+:80"
    assert "ASPNETCORE_URLS" not in _known("mcr.microsoft.com/dotnet/core/sdk:3.1").env
    for name in ("sdk", "aspnet"):
        found = _known(f"mcr.microsoft.com/dotnet/{name}:8.0")
        assert "ASPNETCORE_URLS" not in found.env
        assert found.env["ASPNETCORE_HTTP_PORTS"].value == "8080"


@pytest.mark.parametrize("name", [n for f in FAMILIES.values() for n in f["repository"]])
def test_each_name_reads_back_behind_a_mirror_with_a_port_and_with_a_digest(name) -> None:
    text = f"registry.example.com:5000/hub/{name}:1.2-x@{DIGEST}"
    found = parse(text)
    assert isinstance(found, Reference)
    assert (found.registry, found.tag, found.digest) == (
        "registry.example.com:5000",
        "1.2-x",
        DIGEST,
    )
    assert f"{found.name}:{found.tag}@{found.digest}" == text
    plain = text.partition(":1.2-x")[0]
    assert image(plain) == Unknown(f"nothing is known of {plain}")
    behind, direct = (image(each, ("registry.example.com:5000/hub",)) for each in (plain, name))
    if isinstance(direct, Image):
        assert isinstance(behind, Image)
        assert (behind.family, behind.variant) == (direct.family, direct.variant)
        assert (behind.prefix, direct.prefix) == ("registry.example.com:5000/hub", "")
    else:
        assert isinstance(behind, Unknown)


def test_what_all_variants_share_does_not_undo_what_one_of_them_says() -> None:
    assert _known("eclipse-temurin:17").cmd == _known("eclipse-temurin:17-jdk").cmd == ("jshell",)
    plain, jdk = _known("openjdk:17"), _known("openjdk:17-jdk")
    assert plain.env["JAVA_HOME"] == jdk.env["JAVA_HOME"]
    assert jdk.env["JAVA_HOME"].value == "/usr/java/openjdk-17"


@pytest.mark.parametrize(
    "names",
    [
        # https://github.com/docker-library/official-images/tree/master/library
        ("python:3.13-bookworm", "python:3.13.1-bookworm"),
        ("node:22-alpine3.22", "node:jod-alpine3.22"),
        ("buildpack-deps:resolute-curl", "buildpack-deps:26.04-curl"),
        ("eclipse-temurin:21", "eclipse-temurin:21-jdk"),
        ("eclipse-temurin:21-ubi9-minimal", "eclipse-temurin:21-jdk-ubi9-minimal"),
        ("php:8.3", "php:8.3-cli"),
        ("caddy:2", "caddy:2-alpine"),
        ("haproxy:lts", "haproxy:3.4", "haproxy:latest"),
        ("tomcat:9.0-jre17-temurin", "tomcat:9-jre17-temurin-noble"),
        ("docker:29", "docker:29-dind", "docker"),
        ("wordpress", "wordpress:apache", "wordpress:php8.3-apache"),
        ("rabbitmq:4", "rabbitmq:latest", "rabbitmq:4.3"),
        ("postgres:18-trixie", "postgres", "postgres:18"),
        ("maven:3", "maven:latest", "maven:3.9-eclipse-temurin-26"),
        ("openjdk:8-alpine", "openjdk:8-jdk-alpine"),
    ],
)
def test_names_of_one_image_tell_one_thing(names) -> None:
    first, *others = (_known(name) for name in names)
    for other in others:
        for fact in ("libc", "shell", "package_manager", "user", "workdir", "entrypoint", "cmd"):
            assert getattr(other, fact) == getattr(first, fact), fact
        for fact in ("stopsignal", "ports", "volumes", "starts"):
            assert getattr(other, fact) == getattr(first, fact), fact
        sure = [{n for n, each in one.env.items() if each.certain} for one in (first, other)]
        assert sure[0] == sure[1]
