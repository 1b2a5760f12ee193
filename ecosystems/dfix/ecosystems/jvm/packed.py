"""Does a jar of the project hold all that it needs? It does if nothing gives its manifest a class path.

A jar that `java -jar` starts today has its classes inside, or its manifest names others beside it. The second needs a
setting of the build: https://maven.apache.org/shared/maven-archiver/examples/classpath.html
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.maven.pom import build_of

if TYPE_CHECKING:
    from dfix.ecosystems.facts import Fact
    from dfix.ecosystems.tree import Tree

ARCHIVER = "https://maven.apache.org/shared/maven-archiver/examples/classpath.html"
# What gives a manifest a class path, or makes a jar look for others when it starts.
# https://docs.spring.io/spring-boot/specification/executable-jar/property-launcher.html
# https://github.com/spring-projects-experimental/spring-boot-thin-launcher
MARKS = (
    "addClasspath",
    "Class-Path",
    "classpathPrefix",
    "thin-layout",
    "thin-launcher",
    "spring-boot-thin",
    "loader.path",
    "PropertiesLauncher",
    "capsule",
)
# Parents from a repository whose poms were read: none gives a manifest a class path.
PARENTS = {
    "org.springframework.boot:spring-boot-starter-parent": "https://github.com/spring-projects/spring-boot/tree/main/starter/spring-boot-starter-parent",
    "org.springframework.boot:spring-boot-dependencies": "https://github.com/spring-projects/spring-boot/tree/main/platform/spring-boot-dependencies",
}
SCRIPTS = (".gradle", ".gradle.kts", ".sbt")


def self_contained(tree: Tree, folder: str) -> Fact[str]:
    """Why the project's jars hold all that they need, as half a sentence."""
    top = posixpath.join(folder, "pom.xml")
    if tree.is_file(top):
        build = build_of(tree, top)
        if isinstance(build, Unknown):
            return build
        strange = [name for name in build.value.missing if name not in PARENTS]
        if strange:
            return Unknown(f"what the parent {strange[0]} puts into a jar's manifest is not known")
        files = tuple(build.value.poms)
    else:
        files = tuple(
            path
            for path in tree.files()
            if path.endswith(SCRIPTS)
            and not posixpath.relpath(path, folder or ".").startswith("..")
        )
    if not files:
        return Unknown("no build script tells what its jar holds")
    for path in files:
        text = tree.read(path)
        if isinstance(text, Unknown):
            return text
        mark = next((each for each in MARKS if each in text.value), None)
        if mark is not None:
            return Unknown(f"{path} says {mark}, so its jar needs others beside it")
    return Known(f"{files[0]} gives the manifest of its jar no class path", ARCHIVER)


def is_spring(tree: Tree, folder: str) -> bool:
    """Does a build script of the project name Spring Boot?"""
    names = (*SCRIPTS, "pom.xml")
    return any(
        "spring-boot" in text.value or "org.springframework.boot" in text.value
        for path in tree.files()
        if path.endswith(names) and not posixpath.relpath(path, folder or ".").startswith("..")
        for text in (tree.read(path),)
        if isinstance(text, Known)
    )
