"""What `sbt update` reads of a project: the build definition, with all of its own sources."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.tree import Tree

RULE = "https://www.scala-sbt.org/1.x/docs/Organizing-Build.html"
OPTIONS = (".sbtopts", ".jvmopts")
# What reads more than the definition itself: files, processes, and plugins that ask git for a version.
# https://github.com/sbt/sbt-dynver https://github.com/sbt/sbt-git
READS = (
    "IO.read",
    "io.Source",
    "sys.process",
    "java.nio",
    "java.io.File(",
    "dynver",
    "sbt-git",
    "GitVersioning",
)
MANY = 200


def fetch_inputs(call: Call, tree: Tree, directory: str) -> Fact[Inputs]:
    """The files that decide what `sbt update` downloads."""
    start = inside(directory)
    if start is None:
        return Unknown(f"{directory} is outside the build context")
    if call.unknown:
        return Unknown(f"sbt {call.verb} has {call.unknown[0]}, which is not understood")
    files: dict[str, str] = {}
    for path in tree.files():
        below = posixpath.relpath(path, start or ".")
        parts = below.split("/")
        if parts[0] == ".." or "target" in parts:
            continue
        if below in OPTIONS:
            files[path] = f"sbt takes options from {path}"
        elif path.endswith(".sbt") or (parts[0] == "project" and len(parts) > 1):
            files[path] = f"{path} is part of the build definition ({RULE})"
    if not any(path.endswith(".sbt") for path in files):
        return Unknown(f"{posixpath.join(start, 'build.sbt')} is missing")
    if len(files) > MANY:
        return Unknown("the build definition has more files than are told one by one")
    for path in files:
        text = tree.read(path)
        if isinstance(text, Unknown):
            return text
        mark = next((each for each in READS if each in text.value), None)
        if mark is not None:
            return Unknown(f"{path} says {mark.strip('(')}, and may read more than the definition")
    return Known(
        Inputs(tuple(files), None, (), dependencies=True, reasons=files), next(iter(files))
    )
