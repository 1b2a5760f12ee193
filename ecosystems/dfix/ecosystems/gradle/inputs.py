"""What Gradle's reporting tasks read of a project: settings, the scripts of all its projects, and what these apply."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.gradle.scripts import SETTINGS_RULE, Script, script_of
from dfix.ecosystems.jvm.words import wrapped
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.tree import Tree

LAYOUT_RULE = "https://docs.gradle.org/current/userguide/directory_layout.html#dir:project_root"
LOCK_RULE = "https://docs.gradle.org/current/userguide/dependency_locking.html"
SETTINGS = ("settings.gradle", "settings.gradle.kts")
SCRIPTS = ("build.gradle", "build.gradle.kts")
LOCKS = ("gradle.lockfile", "buildscript-gradle.lockfile", "settings-gradle.lockfile")
MANY = 300  # files of buildSrc, of gradle and of included builds
OUTPUTS = ("build", ".gradle", "bin", "out")


def fetch_inputs(call: Call, tree: Tree, directory: str) -> Fact[Inputs]:
    """The files that decide what `gradle dependencies` downloads."""
    start = inside(directory)
    if start is None:
        return Unknown(f"{directory} is outside the build context")
    if call.unknown or call.files:
        odd = (*call.unknown, *call.files)[0]
        return Unknown(f"gradle {call.verb} has {odd}, which is not followed")
    files: dict[str, str] = {}
    top = _top(tree, start)
    if call.verb != "--version":
        scripts = _projects(tree, top, files)
        if isinstance(scripts, Unknown):
            return scripts
        dependencies = scripts.value
    else:
        dependencies = True
    for path in _below(tree, posixpath.join(top, "gradle")):
        if call.verb != "--version" or "/wrapper/" in f"/{path}":
            files[path] = f"Gradle reads {path} ({LAYOUT_RULE})"
    if wrapped(call.words, "gradlew"):
        word = next(each for each in call.words if each and each.endswith("gradlew"))
        script = inside(posixpath.join(start, word)) if not word.startswith("/") else None
        if (
            script is None
            or any(name == "-p" for name, _ in call.flags)
            or not tree.is_file(script)
        ):
            return Unknown("where gradlew lies in the project is not known")
        files[script] = "it is the program that is run"
    if len(files) > MANY:
        return Unknown("the build reads more files than are told one by one")
    lock = next((path for path in files if path.endswith(LOCKS)), None)
    return Known(
        Inputs(tuple(files), lock, (), dependencies, files),
        next(iter(files), LAYOUT_RULE),
    )


def _top(tree: Tree, start: str) -> str:
    """The folder of the settings, here or above; that of the call if there are none."""
    here = start
    while True:
        if any(tree.is_file(posixpath.join(here, name)) for name in SETTINGS):
            return here
        if not here:
            return start
        here = posixpath.dirname(here)


def _projects(tree: Tree, top: str, files: dict[str, str]) -> Fact[bool]:
    """Add settings and the scripts of all projects; the value tells if any names dependencies or plugins."""
    folders = [top]
    dependencies = False
    settings = next(
        (p for p in (posixpath.join(top, n) for n in SETTINGS) if tree.is_file(p)), None
    )
    if settings is not None:
        read = _script(tree, settings, files)
        if isinstance(read, Unknown):
            return read
        for name in read.value.projects:
            parts = name.split("/")  # a:b includes a as well
            folders += [posixpath.join(top, *parts[: n + 1]) for n in range(len(parts))]
        for name in read.value.builds:
            at = inside(posixpath.join(top, name))
            if at is None:
                return Unknown(f"{settings} includes {name}, which is outside the build context")
            for path in _below(tree, at):
                files[path] = f"{settings} includes the build {name}"
    for folder in dict.fromkeys(folders):
        script = next(
            (p for p in (posixpath.join(folder, n) for n in SCRIPTS) if tree.is_file(p)), None
        )
        if script is None:
            if folder == top:
                continue
            return Unknown(f"the project {folder} has no build script")
        read = _script(tree, script, files)
        if isinstance(read, Unknown):
            return read
        dependencies = dependencies or read.value.dependencies
        for name in ("gradle.properties", *LOCKS):
            path = posixpath.join(folder, name)
            if tree.is_file(path):
                files[path] = f"Gradle reads {path} ({LOCK_RULE if name in LOCKS else LAYOUT_RULE})"
    for path in _below(tree, posixpath.join(top, "buildSrc")):
        files[path] = f"buildSrc is built before the scripts run ({LAYOUT_RULE})"
    return Known(dependencies, settings or top)


def _script(tree: Tree, path: str, files: dict[str, str]) -> Fact[Script]:
    """Add a script and those that it applies."""
    text = tree.read(path)
    read = text if isinstance(text, Unknown) else script_of(text.value, path)
    if isinstance(read, Unknown):
        return read
    files[path] = f"Gradle evaluates {path} ({SETTINGS_RULE})"
    for name in read.value.scripts:
        below = inside(posixpath.join(posixpath.dirname(path), name))
        if below is None or "://" in name or not tree.is_file(below):
            return Unknown(f"{path} applies {name}, which is not in the project")
        if below not in files:
            applied = _script(tree, below, files)
            if isinstance(applied, Unknown):
                return applied
    return read


def _below(tree: Tree, folder: str) -> list[str]:
    """All files below a folder, but what builds leave there."""
    if not tree.is_dir(folder):
        return []
    return [
        path
        for path in tree.files()
        if path.startswith(f"{folder}/")
        and not set(path[len(folder) + 1 :].split("/")[:-1]) & set(OUTPUTS)
    ]
