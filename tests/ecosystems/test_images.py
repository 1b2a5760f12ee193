"""Base images: what a reference tells, and that every fact has a source."""

from __future__ import annotations

import pytest

from dfix.ecosystems import images
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.images import Account, Image, Inherited, image
from dfix.ecosystems.tables import table

DIGEST = "sha256:" + "0123456789abcdef" * 4
FAMILIES = table(images.__file__, "images")["family"]
VARIANTS = [(family, name) for family, row in FAMILIES.items() for name in row["variant"]]
FACTS = {
    "libc",
    "shell",
    "package_manager",
    "user",
    "workdir",
    "entrypoint",
    "cmd",
    "stopsignal",
    "ports",
    "volumes",
    "healthcheck",
    "starts",
    "docker_clean",
    "env",
    "users",
    "directories",
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
    }
    for facts in (row.get("facts", {}), row["variant"][variant], *row.get("modifier", {}).values()):
        assert set(facts) <= FACTS | {"words", "on", "since", "until"}
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
            (frozenset(variant["words"]), variant.get("since"), variant.get("until"))
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
        "openjdk:17",  # on Oracle Linux
        "openjdk:17-jdk",
        "mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled",
        "maven:3-openjdk-17-slim",
        "eclipse-temurin:17-jdk-ubi9-minimal",
        "amazonlinux:latest",  # 2 once, 2023 today
        "postgres:18",  # its volume moved
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
