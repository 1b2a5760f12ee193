r"""Unified diffs that `git apply` takes, whatever the text holds.

`difflib.unified_diff` is given lines that end at `\\n` only (a form feed or U+2028 ends no line for
git) and the mark for a missing final newline is put in here. Paths are relative to the project's
root, quoted as git quotes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.refactor.report import Report
    from dfix.render.view import Group, View

NO_NEWLINE = "\\ No newline at end of file\n"
USUAL = frozenset(range(0x20, 0x7F)) - set(b'"\\')  # bytes that git writes as they are
ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


def render(view: View) -> Iterator[str]:
    """The diffs of all changed files, one a file.

    With `explain`, titles and reasons in front of each.
    """
    for group in view.groups:
        yield from _group(group, explain=view.explain)


def file_diff(path: str, before: str | None, after: str | None) -> str:
    """The diff of one file; None as text means that the file does not exist on that side."""
    from difflib import unified_diff  # noqa: PLC0415 - a file that stays as it is needs none

    old, new = quoted("a/" + path), quoted("b/" + path)
    head = [f"diff --git {old} {new}\n"]
    if before is None:
        head.append("new file mode 100644\n")
    if after is None:
        head.append("deleted file mode 100644\n")
    body = [
        _marked(line)
        for line in unified_diff(
            lines(before or ""),
            lines(after or ""),
            "/dev/null" if before is None else _ended(old),
            "/dev/null" if after is None else _ended(new),
        )
    ]
    return "".join([*head, *body])


def lines(text: str) -> list[str]:
    r"""The lines of a text as git sees them.

    Each but the last ends in `\\n`, and nothing else ends one.
    """
    parts = text.split("\n")
    last = parts.pop()
    return [part + "\n" for part in parts] + ([last] if last else [])


def quoted(name: str) -> str:
    """A file name as git writes it.

    In C quotes, bytes outside ASCII in octal, if it holds anything unusual.
    """
    data = name.encode("utf-8", "surrogateescape")
    if all(byte in USUAL for byte in data):
        return name
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in ESCAPES:
        return "\\" + ESCAPES[byte]
    return chr(byte) if byte in USUAL else f"\\{byte:03o}"


def _ended(name: str) -> str:
    """A name with a blank needs a tab behind it, or git takes what follows the blank for a date."""
    return name + "\t" if " " in name and not name.startswith('"') else name


def _marked(line: str) -> str:
    return line if line.endswith("\n") else line + "\n" + NO_NEWLINE


def _group(group: Group, *, explain: bool) -> Iterator[str]:
    befores = {
        path: before for report in group.run.reports for path, (before, _) in report.files.items()
    }
    shown: set[str] = set()
    for report in group.run.reports:
        if not report.changed:
            continue
        if explain:
            yield from _reasons(report)
        for path in (report.path, *sorted(report.files)):
            edit = group.run.edits.get(path)
            if edit is None or path in shown:
                continue
            shown.add(path)
            before = report.before if path == report.path else befores[path]
            yield file_diff(path, before, edit.after)


def _reasons(report: Report) -> Iterator[str]:
    """Lines in front of a diff, which git skips; none may look like the start of one."""
    for step in report.steps:
        yield f"# {step.title} ({step.transform}, {step.level.word})\n"
        for part in step.parts:
            for evidence in part.because:
                yield f"#   {_one_line(evidence.claim)} [{_one_line(evidence.where)}]\n"
    yield "#\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
