"""Words of Gradle's scripts, in Groovy or Kotlin: literal strings and names, comments left out.

A script is a program and is not run here. What it includes is read where that stands literally;
what may read other files when the script runs is named, so that a caller can hold back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.jvm.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.jvm.tokens import Token

SETTINGS_RULE = "https://docs.gradle.org/current/userguide/settings_file_basics.html"
# Names that a script uses to read files or start programs while it is evaluated.
READS = frozenset(
    {
        "File", "FileInputStream", "FileReader", "Files", "Path", "Paths", "ProcessBuilder", "commandLine", "exec",
        "execute", "file", "fileContents", "fileTree", "files", "flatDir", "fromFile", "includeFlat", "javaexec",
        "projectDir", "buildFileName", "mavenLocal", "listFiles", "eachDir", "eachFile", "walk", "walkTopDown",
        "readText", "readLines", "Runtime", "GrgitService", "Grgit",
    }
)  # fmt: skip
# Plugins that ask git for a version: https://github.com/palantir/gradle-git-version and their like.
HISTORY = ("git", "nebula", "axion", "reckon", "jgitver", "semver")


class Script(NamedTuple):
    """What a script includes: projects (`app`, `libs/core`), builds and other scripts, as it names them."""

    projects: tuple[str, ...]
    builds: tuple[str, ...]
    scripts: tuple[str, ...]
    dependencies: bool


def script_of(text: str, path: str) -> Fact[Script]:
    """Read a script. Unknown where it may read other files, or includes what is not literal."""
    found = list(tokens(text))
    projects: list[str] = []
    builds: list[str] = []
    scripts: list[str] = []
    for at, token in enumerate(found):
        if token.kind == "string":
            if any(each in token.text.split(":")[0] for each in HISTORY) and _is_plugin(found, at):
                return Unknown(f"{path} uses {token.text}, which may ask git for a version")
            continue
        if token.kind != "name":
            continue
        if token.text in READS:
            return Unknown(f"{path} uses {token.text}, and may read any file")
        if token.text in {"include", "includeBuild"}:
            names = _arguments(found, at + 1)
            if names is None:
                return Unknown(f"{path} includes what is not named literally")
            (projects if token.text == "include" else builds).extend(names)
        elif token.text == "apply":
            name = _applied(found, at + 1)
            if name is None:
                return Unknown(f"{path} applies a script that is not named literally")
            scripts.extend(name)
    return Known(
        Script(
            tuple(each.strip(":").replace(":", "/") for each in projects),
            tuple(builds),
            tuple(scripts),
            any(
                token.kind == "name" and token.text in {"dependencies", "plugins"}
                for token in found
            ),
        ),
        path,
    )


def _is_plugin(found: Sequence[Token], at: int) -> bool:
    """Does a string stand behind `id`, `plugin` or `classpath`?"""
    return any(token.text in {"id", "plugin", "classpath"} for token in found[max(0, at - 3) : at])


def _arguments(found: Sequence[Token], at: int) -> tuple[str, ...] | None:
    """The literal strings of a call, with or without brackets; None if anything else is among them."""
    names: list[str] = []
    brackets = 0
    comma = True
    while at < len(found):
        token = found[at]
        at += 1
        if token.text == "(" and token.kind == "mark" and not names:
            brackets += 1
        elif token.text == ")" and token.kind == "mark":
            break
        elif token.kind == "line":
            if not brackets and names and not comma:
                break
        elif token.text == "," and token.kind == "mark":
            comma = True
        elif token.kind == "string" and token.literal and comma:
            names.append(token.text)
            comma = False
        elif token.kind == "mark" and token.text in ";}{" and names:
            break
        else:
            return None
    return tuple(names) or None


def _applied(found: Sequence[Token], at: int) -> tuple[str, ...] | None:
    """The script behind `apply from:`; nothing for `apply plugin:`, None if it is not literal."""
    window = [token for token in found[at : at + 5] if token.text != "("]
    if not window or window[0].text != "from":
        return ()
    if len(window) > 2 and window[2].kind == "string" and window[2].literal:  # noqa: PLR2004 - from, mark, text
        return (window[2].text,)
    return None
