"""What Maven's dependency goals read of a project: poms, settings and what stands in `.mvn`."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.jvm.words import wrapped
from dfix.ecosystems.maven.pom import build_of
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.tree import Tree

# Extensions that read nothing of the project but poms; any other may.
# https://github.com/trustin/os-maven-plugin https://docs.gradle.com/develocity/maven-extension/
PLAIN_EXTENSIONS = frozenset(
    {"os-maven-plugin", "develocity-maven-extension", "maven-build-cache-extension"}
)
WRAPPER_RULE = "https://maven.apache.org/tools/wrapper/"
CONFIG_RULE = "https://maven.apache.org/configure.html"


def fetch_inputs(call: Call, tree: Tree, directory: str) -> Fact[Inputs]:
    """The files that decide what `dependency:go-offline` and its like download."""
    start = inside(directory)
    if start is None:
        return Unknown(f"{directory} is outside the build context")
    if call.unknown:
        return Unknown(f"mvn {call.verb} has {call.unknown[0]}, which is not understood")
    named = [value for name, value in call.flags if name == "-f"]
    path = posixpath.join(start, "pom.xml")
    if named and (named[-1] or "").endswith(".xml"):
        path = posixpath.join(start, posixpath.basename(named[-1] or ""))
    build = build_of(tree, path)
    if isinstance(build, Unknown):
        return build
    odd = next((pom for pom in build.value.poms.values() if pom.odd), None)
    if odd is not None:
        return Unknown(f"{odd.path} has more than poms to read: {odd.odd}")
    files: dict[str, str] = {
        pom: f"{pom} is one of the poms of the build" for pom in build.value.poms
    }
    beside = _beside(call, tree, start, files)
    if isinstance(beside, Unknown):
        return beside
    dependencies = any(pom.dependencies or pom.plugins for pom in build.value.poms.values())
    hosts = {host for pom in build.value.poms.values() for host in pom.hosts}
    return Known(
        Inputs(
            files=tuple(files),
            lock=None,
            outputs=(),
            dependencies=dependencies or bool(build.value.missing),
            reasons=files,
            hosts=tuple(sorted(hosts)),
        ),
        path,
    )


def _beside(call: Call, tree: Tree, start: str, files: dict[str, str]) -> Fact[None]:
    """Add `.mvn`, the wrapper and the settings that a flag names."""
    top = start
    while not tree.is_dir(posixpath.join(top, ".mvn")) and top:
        top = posixpath.dirname(top)
    folder = posixpath.join(top, ".mvn")
    for name in tree.listdir(folder) if tree.is_dir(folder) else ():
        path = posixpath.join(folder, name)
        if name == "wrapper":
            if wrapped(call.words, "mvnw"):
                for each in tree.listdir(path):
                    files[posixpath.join(path, each)] = f"mvnw reads it ({WRAPPER_RULE})"
        elif tree.is_file(path):
            files[path] = f"Maven reads {path} ({CONFIG_RULE})"
    extensions = tree.read(posixpath.join(folder, "extensions.xml"))
    if isinstance(extensions, Known):
        names = [
            part.partition("</artifactId>")[0].strip()
            for part in extensions.value.split("<artifactId>")[1:]
        ]
        strange = [name for name in names if name not in PLAIN_EXTENSIONS]
        if strange:
            return Unknown(f"the extension {strange[0]} may read more than poms")
    if wrapped(call.words, "mvnw"):
        word = next(each for each in call.words if each and each.endswith("mvnw"))
        script = inside(posixpath.join(start, word)) if not word.startswith("/") else None
        if script is None or _elsewhere(call) or not tree.is_file(script):
            return Unknown("where mvnw lies in the project is not known")
        files[script] = "it is the program that is run"
    for name, value in call.flags:
        if name == "-s" and value and not value.startswith("/"):
            path = posixpath.normpath(posixpath.join(start, value))
            if _elsewhere(call) or not tree.is_file(path):
                return Unknown(f"{value} is not a file of the project")
            files[path] = f"-s names {path}"
    return Known(None, CONFIG_RULE)


def _elsewhere(call: Call) -> bool:
    """Does a flag lead from the working directory to the project, so that other names are not relative to it?"""
    return any(
        (name == "-f" and value != posixpath.basename(value or "/"))
        or (name == "-f" and not (value or "").endswith(".xml"))
        for name, value in call.flags
    )
