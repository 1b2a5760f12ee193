"""From paths to Dockerfiles."""

from __future__ import annotations

import os

import pytest

from dfix.cli import discovery


@pytest.fixture
def found(here):
    """The names of the files that paths mean, relative to the current folder."""

    def look(*paths):
        for cached in (discovery._checkout, discovery._ignore):
            cached.cache_clear()
        files, _ = discovery.discover(paths or (".",), str(here))
        return [os.path.relpath(each.file, here) for each in files]

    return look


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile",
        "Dockerfile.dev",
        "web.Dockerfile",
        "web.dockerfile",
        "Containerfile",
        "Containerfile.dev",
    ],
)
def test_a_folder_is_searched_for(name, found, put):
    put(f"a/{name}")
    assert found() == [f"a/{name}"]


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile.dockerignore",
        "Containerfile.dockerignore",
        "Dockerfile.md",
        "Dockerfile~",
        "dockerfile.go",
        "MyDockerfile",
        ".dockerignore",
    ],
)
def test_a_folder_is_not_searched_for(name, found, put):
    put(f"a/{name}")
    assert found() == []


def test_a_named_file_is_taken_whatever_its_name(found, put):
    put("build.txt")
    assert found("build.txt") == ["build.txt"]


def test_files_come_once_and_in_order(found, put):
    put("b/Dockerfile")
    put("a/Dockerfile")
    assert found(".", "b", "b/Dockerfile", "./a/../b/Dockerfile") == [
        "a/Dockerfile",
        "b/Dockerfile",
    ]


def test_ignored_files_are_left_out_the_innermost_word_counts(found, put):
    put(".gitignore", "build/\n*.dockerfile\n/Dockerfile\n")
    put("web/.gitignore", "!keep.dockerfile\n")
    for name in (
        "Dockerfile",
        "build/Dockerfile",
        "web/build/Dockerfile",
        "web/drop.x",
        "web/keep.dockerfile",
        "api/x.dockerfile",
        "api/Dockerfile",
    ):
        put(name)
    assert found() == ["api/Dockerfile", "web/keep.dockerfile"]


def test_an_ignore_file_above_the_searched_folder_counts_in_a_checkout(found, put, here):
    (here / ".git").mkdir()
    put(".gitignore", "web/gen\n")
    put("web/gen/Dockerfile")
    put("web/Dockerfile")
    assert found("web") == ["web/Dockerfile"]


def test_a_named_file_is_taken_even_if_it_is_ignored(found, put):
    put(".gitignore", "Dockerfile\n")
    put("Dockerfile")
    assert found("Dockerfile") == ["Dockerfile"]


def test_version_control_and_installed_packages_are_not_searched(found, put):
    for folder in (".git", "node_modules", ".venv"):
        put(f"{folder}/Dockerfile")
    assert found() == []


def test_links_to_folders_are_not_followed(found, put, here):
    put("a/Dockerfile")
    (here / "b").symlink_to("a")
    assert found() == ["a/Dockerfile"]


def test_patterns_that_the_shell_left_are_expanded(found, put):
    put("a/Dockerfile")
    put("b/c/Dockerfile")
    assert found("*/Dockerfile") == ["a/Dockerfile"]
    assert found("**/Dockerfile") == ["a/Dockerfile", "b/c/Dockerfile"]


def test_a_pattern_without_a_match_is_a_problem(here):
    _, problems = discovery.discover(("*.nothing",), str(here))
    assert problems == [("*.nothing", "no file matches")]


def test_a_file_called_like_a_pattern_is_that_file(found, put):
    put("Dockerfile.[x]")
    assert found("Dockerfile.[x]") == ["Dockerfile.[x]"]


def test_the_project_is_the_checkout_or_else_the_current_folder(put, here):
    put("web/Dockerfile")
    discovery._checkout.cache_clear()
    assert discovery.root_of(str(here / "web/Dockerfile"), str(here)) == str(here)
    assert discovery.root_of(str(here / "web/Dockerfile"), "/nowhere") == str(here / "web")
    (here / "web/.git").mkdir()
    discovery._checkout.cache_clear()
    assert discovery.root_of(str(here / "web/Dockerfile"), str(here)) == str(here / "web")
