"""What steps of Maven, Gradle and sbt that only fetch read of a project."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.gradle.scripts import script_of
from dfix.ecosystems.maven.pom import build_of, parse_pom
from dfix.ecosystems.tree import MemoryTree


def inputs(line: str, files: dict[str, str], directory: str = "") -> Any:
    call = read_call(shlex.split(line))
    assert call is not None
    return ecosystem_of(call).inputs(call, MemoryTree(files), directory)


def pom(artifact: str, inner: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">'
        f"<artifactId>{artifact}</artifactId><version>1.0</version>{inner}</project>"
    )


PARENT = "<parent><groupId>g</groupId><artifactId>top</artifactId><version>2</version></parent>"
MODULES = "<modules><module>a</module></modules><profiles><profile><modules><module>b/pom.xml</module></modules></profile></profiles>"


def test_modules_are_followed_and_those_of_profiles_too() -> None:
    tree = {
        "pom.xml": pom("top", MODULES),
        "a/pom.xml": pom("a", PARENT),
        "b/pom.xml": pom("b", PARENT),
    }
    found = inputs("mvn dependency:go-offline", tree)
    assert isinstance(found, Known)
    assert found.value.files == ("pom.xml", "a/pom.xml", "b/pom.xml")
    assert not found.value.enforced


def test_a_parent_is_looked_for_above_and_taken_only_if_it_is_the_one_that_is_named() -> None:
    named = inputs(
        "mvn dependency:resolve", {"pom.xml": pom("top"), "a/pom.xml": pom("a", PARENT)}, "a"
    )
    other = inputs(
        "mvn dependency:resolve", {"pom.xml": pom("other"), "a/pom.xml": pom("a", PARENT)}, "a"
    )
    assert named.value.files == ("a/pom.xml", "pom.xml")
    assert other.value.files == ("a/pom.xml",)


def test_an_empty_relative_path_means_the_repository() -> None:
    parent = PARENT.replace("</parent>", "<relativePath/></parent>")
    found = build_of(
        MemoryTree({"pom.xml": pom("top"), "a/pom.xml": pom("a", parent)}), "a/pom.xml"
    )
    assert isinstance(found, Known)
    assert set(found.value.poms) == {"a/pom.xml"}
    assert found.value.missing == ("g:top",)


def test_properties_are_replaced_through_parents() -> None:
    tree = MemoryTree(
        {
            "pom.xml": pom("top", "<properties><rev>7</rev><name>shop-${rev}</name></properties>"),
            "a/pom.xml": pom("a", PARENT),
        }
    )
    found = build_of(tree, "a/pom.xml")
    assert isinstance(found, Known)
    module = found.value.poms["a/pom.xml"]
    assert found.value.resolved(module, "${name}-${project.artifactId}") == "shop-7-a"
    assert found.value.resolved(module, "${nobody}") is None


def test_a_property_that_names_itself_ends() -> None:
    found = build_of(
        MemoryTree({"pom.xml": pom("a", "<properties><x>${x}</x></properties>")}), "pom.xml"
    )
    assert isinstance(found, Known)
    assert found.value.resolved(found.value.poms["pom.xml"], "${x}") is None


@pytest.mark.parametrize(
    "text",
    [
        "<project",
        "<html/>",
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><project/>',
        "",
    ],
)
def test_what_is_no_plain_pom_is_not_read(text: str) -> None:
    assert isinstance(parse_pom(text, "pom.xml"), Unknown)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"pom.xml": pom("a", "<modules><module>${x}</module></modules>")}, "cannot be followed"),
        (
            {"pom.xml": pom("a", "<modules><module>../../b</module></modules>")},
            "cannot be followed",
        ),
        (
            {
                "pom.xml": pom(
                    "a", "<repositories><repository><url>file:lib</url></repository></repositories>"
                )
            },
            "repository",
        ),
        ({}, "pom.xml"),
    ],
)
def test_a_build_that_reads_more_is_not_told(files: dict[str, str], why: str) -> None:
    found = inputs("mvn dependency:go-offline", files)
    assert isinstance(found, Unknown)
    assert why in found.why


def test_repositories_are_hosts() -> None:
    inner = "<repositories><repository><url>https://repo.example.com/x</url></repository></repositories>"
    found = inputs("mvn dependency:resolve", {"pom.xml": pom("a", inner)})
    assert found.value.hosts == ("repo.example.com",)


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        ("include 'a', 'b:c'\n", ("a", "b/c")),
        ("include('a')\ninclude 'b'\n", ("a", "b")),
        ('include(\n  ":a", // one\n  ":b",\n)\n', ("a", "b")),
        ("include 'a',\n  'b'\nrootProject.name = 'x'\n", ("a", "b")),
        ("/* include 'no' */\n// include 'no'\ninclude \"a\"\n", ("a",)),
        ("rootProject.name = \"include 'no'\"\n", ()),
    ],
)
def test_literal_projects_are_read(text: str, projects: tuple[str, ...]) -> None:
    found = script_of(text, "settings.gradle")
    assert isinstance(found, Known), found
    assert found.value.projects == projects


@pytest.mark.parametrize(
    "text",
    [
        "include(name)\n",
        'include "$name"\n',
        "names.each { include it }\n",
        "version = new File('VERSION').text\n",
        "def hash = 'git rev-parse HEAD'.execute()\n",
        "apply from: url\n",
        "project(':a').projectDir = x\n",
        'plugins { id("pl.allegro.tech.build.axion-release") version "1" }\n',
    ],
)
def test_a_script_that_may_read_more_is_not_told(text: str) -> None:
    assert isinstance(script_of(text, "settings.gradle"), Unknown)


def test_unterminated_text_ends() -> None:
    assert isinstance(script_of("include 'a", "settings.gradle"), Known)
    assert isinstance(script_of("/* never", "settings.gradle"), Known)


def test_settings_above_are_found() -> None:
    files = {"settings.gradle": "include 'web'\n", "web/build.gradle": "plugins {}\n"}
    found = inputs("gradle dependencies", files, "web")
    assert found.value.files == ("settings.gradle", "web/build.gradle")


def test_a_lockfile_is_an_input() -> None:
    files = {"build.gradle": "dependencies {}\n", "gradle.lockfile": "x\n"}
    assert inputs("gradle dependencies", files).value.lock == "gradle.lockfile"


def test_sbt_reads_its_definition_and_no_targets() -> None:
    files = {
        "build.sbt": "",
        "web/build.sbt": "",
        "project/plugins.sbt": "",
        "project/target/x.sbt": "",
        "src/A.scala": "",
    }
    assert inputs("sbt update", files).value.files == (
        "build.sbt",
        "project/plugins.sbt",
        "web/build.sbt",
    )
