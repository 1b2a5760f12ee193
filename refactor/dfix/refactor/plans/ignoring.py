"""New patterns for the ignore file of the build context."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.refactor.project import Project


def with_patterns(
    project: Project, patterns: Sequence[str], heading: str = ""
) -> Fact[tuple[str, str]]:
    """The ignore file in force and its text with the patterns added at the end; a new `.dockerignore` if there is none.

    Unknown if a later exception (`!pattern`) would bring a path back, or if the context is not
    known.
    """
    from dfix.ecosystems.ignore import Ignore  # noqa: PLC0415 - read when a question needs it

    folder = project.context_folder
    if isinstance(folder, Unknown):
        return folder
    path = project.ignore_path or posixpath.join(folder.value, ".dockerignore")
    old = project.tree.read(path)
    if isinstance(old, Unknown) and project.tree.is_file(path):
        return Unknown(f"{path} cannot be read: {old.why}")
    text = old.value if isinstance(old, Known) else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    lead = newline if text and not text.endswith("\n") else ""
    lines = ([heading] if heading else []) + list(patterns)
    after = text + lead + newline.join(lines) + newline
    ignore = Ignore.parse(after)
    for pattern in patterns:
        sample = pattern.replace("**/", "").rstrip("/")
        if not any(char in sample for char in "*?[!") and not ignore.excludes(sample):
            return Unknown(f"{path} would still let {sample} in")
    return Known((path, after), path)
