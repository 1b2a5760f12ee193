"""Debian's packages: what builds stays behind, and libraries have the name of their release."""

from __future__ import annotations

import pytest

from dfix.ecosystems import debian
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tables import table

SUITES = ("bullseye", "bookworm", "trixie")


def _purpose(name: str, suite: str | None = "bookworm") -> debian.Purpose:
    found = debian.purpose(name, suite)
    assert isinstance(found, Known), found
    assert found.source
    return found.value


@pytest.mark.parametrize(
    "name",
    [
        "build-essential",
        "gcc",
        "g++",
        "g++-12",
        "make",
        "cmake",
        "llvm-16-dev",
        "clang-14",
        "python3.11-dev",
        "pkg-config",
        "libc6-dev",
        "cargo",
        "gcc:amd64",
        "make=4.3-4.1",
        "libgtest-dev",
    ],
)
def test_a_tool_only_builds(name) -> None:
    assert _purpose(name, None) == debian.Purpose(builds=True, runtime=())


def test_a_compiler_may_leave_its_library() -> None:
    assert _purpose("gfortran-12").runtime == ("libgfortran5",)


@pytest.mark.parametrize(
    ("name", "suite", "libraries"),
    [
        ("libpq-dev", "bookworm", ("libpq5",)),
        ("libpq-dev", None, ("libpq5",)),
        ("libssl-dev", "bullseye", ("libssl1.1",)),
        ("libssl-dev", "bookworm", ("libssl3",)),
        ("libssl-dev", "trixie", ("libssl3t64",)),
        ("libffi-dev", "bullseye", ("libffi7",)),
        ("libicu-dev", "bookworm", ("libicu72",)),
        ("default-libmysqlclient-dev", "bookworm", ("libmariadb3",)),
        ("libjpeg-dev", "bookworm", ("libjpeg62-turbo",)),
        ("libxml2-dev", "bookworm", ("libxml2",)),
        ("libcurl4-openssl-dev", "trixie", ("libcurl4t64",)),
        ("libvips-dev", "bookworm", ("libvips42",)),
        ("zlib1g-dev", None, ("zlib1g",)),
        ("libdb-dev", "bookworm", ("libdb5.3",)),
        ("libncurses5-dev", "bookworm", ("libncurses6", "libncursesw6", "libtinfo6")),
    ],
)
def test_a_dev_package_stands_for_its_library(name, suite, libraries) -> None:
    assert _purpose(name, suite) == debian.Purpose(builds=True, runtime=libraries)


@pytest.mark.parametrize(
    ("name", "suite"),
    [
        ("libssl-dev", None),  # three names
        ("libssl-dev", "noble"),  # not read
        ("libnowhere-dev", "bookworm"),
        ("libpq-dev=15.5-0+deb12u1", "bookworm"),
        ("kernel-headers", "bookworm"),
    ],
)
def test_what_is_not_known_holds_back(name, suite) -> None:
    assert isinstance(debian.purpose(name, suite), Unknown)


@pytest.mark.parametrize("name", ["ffmpeg", "ca-certificates", "libpq5", "nginx=1.22.1-9"])
def test_any_other_package_stays_as_it_was_named(name) -> None:
    assert _purpose(name, None) == debian.Purpose(builds=False, runtime=(name,))


def test_what_only_fetches_is_marked() -> None:
    assert _purpose("curl") == debian.Purpose(builds=False, runtime=("curl",), fetches=True)


@pytest.mark.parametrize(
    ("library", "suite", "name"),
    [
        ("libssl3", "trixie", "libssl3t64"),
        ("libssl3t64", "bookworm", "libssl3"),
        ("libglib2.0-0", "trixie", "libglib2.0-0t64"),
        ("libgdal32", "trixie", "libgdal36"),
        ("libicu72", "bullseye", "libicu67"),
        ("libpq5", None, "libpq5"),
        ("libgomp1", None, "libgomp1"),
    ],
)
def test_a_library_is_renamed_for_its_release(library, suite, name) -> None:
    found = debian.named(library, suite)
    assert isinstance(found, Known)
    assert found.value == name


@pytest.mark.parametrize(
    ("library", "suite"),
    [
        ("libssl3", None),
        ("libnothing1", "bookworm"),
        ("libpq5", "jammy"),
        ("libmagickwand-6.q16-6", "trixie"),
    ],
)
def test_a_library_without_a_certain_name_is_unknown(library, suite) -> None:
    assert isinstance(debian.named(library, suite), Unknown)


@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("ffmpeg", "ffmpeg"),
        ("git", "git"),
        ("convert", "imagemagick"),
        ("pdftotext", "poppler-utils"),
        ("psql", "postgresql-client"),
        ("curl", "curl"),
        ("gs", "ghostscript"),
        ("tesseract", "tesseract-ocr"),
        ("dot", "graphviz"),
        ("ps", "procps"),
        ("nothing-at-all", None),
        ("gosu", "gosu"),
        ("tini", "tini"),
        ("python3", "python3"),
    ],
)
def test_a_program_has_a_package(program, package) -> None:
    assert debian.package_of(program) == package


def test_programs_of_a_package_lead_back_to_it() -> None:
    assert "pdftotext" in debian.programs_of("poppler-utils")
    assert all(
        debian.package_of(each) == "poppler-utils" for each in debian.programs_of("poppler-utils")
    )


def test_recommended_packages_are_those_of_the_release() -> None:
    gcc = debian.recommends("gcc", "bookworm")
    assert isinstance(gcc, Known)
    assert any("libc6-dev" in each for each in gcc.value)
    git = debian.recommends("git", "bookworm")
    assert isinstance(git, Known)
    assert "ca-certificates" in git.value
    assert debian.recommends("ffmpeg", None) == debian.recommends("ffmpeg", "trixie")
    assert isinstance(debian.recommends("curl", None), Unknown)
    assert isinstance(debian.recommends("nothing-at-all", "bookworm"), Unknown)


def test_every_image_has_a_shell_and_no_curl() -> None:
    assert {
        "sh",
        "bash",
        "awk",
        "which",
        "grep",
        "sed",
        "tar",
        "perl",
        "useradd",
        "apt-get",
    } <= debian.ESSENTIAL
    assert not {"curl", "wget", "ps", "gcc", "git", "python3", "openssl"} & debian.ESSENTIAL
    assert {"sh", "wget", "vi", "nc"} <= debian.BUSYBOX
    assert not {"bash", "curl", "apt-get"} & debian.BUSYBOX


def test_no_other_name_is_made_up() -> None:
    with pytest.raises(AttributeError):
        debian.NOTHING  # noqa: B018


def test_every_list_has_a_source_and_every_row_a_release() -> None:
    lists = table(debian.__file__, "debian")
    archive = table(debian.__file__, "archive")
    assert lists["suites"] == SUITES
    for each in ("builds", "fetches", "busybox"):
        assert lists[each]["source"].startswith("https://")
    assert archive["source"].startswith("https://packages.debian.org/")
    assert len(archive["development"]) >= 300
    for part in ("development", "library", "recommends"):
        for name, row in archive[part].items():
            assert row, name
            assert set(row) <= set(SUITES), name
    assert not any(row == () for rows in archive["development"].values() for row in rows.values())
    for name, layer in archive["layer"].items():
        assert set(layer) == set(SUITES), name


def test_no_library_that_a_dev_package_stands_for_is_itself_for_building() -> None:
    for rows in table(debian.__file__, "archive")["development"].values():
        assert not [
            name for row in rows.values() for name in row if name.endswith(("-dev", "-bin", "-doc"))
        ]
