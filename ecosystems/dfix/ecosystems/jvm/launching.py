"""The words of the `java` launcher: https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASS_PATH = ("-cp", "-classpath", "--class-path")
# Options whose value is the next word.
VALUED = frozenset(
    {"--add-opens", "--add-exports", "--add-reads", "--add-modules", "--limit-modules", "--patch-module",
     "--source", "--enable-native-access", "--upgrade-module-path"}
)  # fmt: skip
# What makes the machine load more than its class path: agents, other modules, sources to compile.
LOADS = (
    "-javaagent",
    "-agentpath",
    "-agentlib",
    "-Xbootclasspath",
    "-Djava.library.path",
    "-Dloader.",
    "-Djava.system.class.loader",
)
MODULES = ("-p", "--module-path", "-m", "--module", "--patch-module", "--upgrade-module-path")


class Launch(NamedTuple):
    """What a `java` command starts: a jar, or a class on a class path; `odd` is what cannot be followed."""

    jar: str | None
    main: str | None
    class_path: tuple[str, ...]
    values: tuple[str, ...]  # of -D options, and the program's own arguments: any may name a file
    odd: str = ""


def launch_of(words: Sequence[str | None]) -> Launch | None:
    """Read a command; None if it does not start `java`. Words that are not literal may be options only."""
    if not words or posixpath.basename(words[0] or "") != "java":
        return None
    class_path: tuple[str, ...] = ()
    values: list[str] = []
    at = 1
    while at < len(words):
        word = words[at]
        at += 1
        if word is None:
            continue  # `$JAVA_OPTS`
        if word.startswith("@"):
            return Launch(None, None, (), (), f"takes its words from {word[1:]}")
        if word.startswith(LOADS):
            return Launch(None, None, (), (), f"loads more than its class path: {word}")
        if word in MODULES:
            return Launch(None, None, (), (), f"has modules of its own: {word}")
        behind = words[at] if at < len(words) else None
        if word in CLASS_PATH:
            if behind is None:
                return Launch(None, None, (), (), "has a class path that is not literal")
            class_path = tuple(each or "." for each in behind.split(":"))
            at += 1
        elif word == "-jar":
            if behind is None:
                return Launch(None, None, (), (), "starts a jar that is not named literally")
            return Launch(behind, None, (), (*values, *_rest(words, at + 1)))
        elif word in VALUED:
            at += 1
        elif word.startswith("-"):
            if word.startswith("-D"):
                values.append(word.partition("=")[2])
        elif word.endswith(".java"):
            return Launch(None, None, (), (), f"compiles {word} when it starts")
        else:
            return Launch(None, word, class_path or (".",), (*values, *_rest(words, at)))
    return Launch(None, None, (), (), "starts nothing that is named")


def _rest(words: Sequence[str | None], at: int) -> tuple[str, ...]:
    """The program's arguments, options split from their values."""
    return tuple(
        part for word in words[at:] if word for part in {word, word.rpartition("=")[2]} if part
    )
