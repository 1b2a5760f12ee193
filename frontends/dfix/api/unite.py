"""Reports of one project into one run: edits of several reports to one file are united."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.refactor.report import Edit, Ending, Report, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def unite(reports: Iterable[Report]) -> Run:
    """One run of the reports, in their order.

    A report whose edit of a shared file cannot be joined with an earlier one's is refused as a
    whole; the others stay.
    """
    kept: list[Report] = []
    texts: dict[str, tuple[str | None, str | None]] = {}
    owners: dict[str, str] = {}
    for report in reports:
        if not report.changed:
            kept.append(report)
            continue
        joined = _joined(report, texts)
        if isinstance(joined, str):
            reason = (
                f"{joined} is also changed for {owners[joined]}, in another way: run dfix again"
            )
            kept.append(report._replace(ending=Ending("refused", reason)))
            continue
        for path, change in joined.items():
            texts[path] = change
            owners.setdefault(path, report.path)
        kept.append(report)
    edits = {
        path: Edit(None if before is None else sha(before), after)
        for path, (before, after) in texts.items()
        if before != after
    }
    return Run(tuple(kept), edits)


def changes(report: Report) -> Iterator[tuple[str, str | None, str | None]]:
    """Every file that a report changes: path, text before, text after; the Dockerfile first."""
    if report.before != report.after:
        yield report.path, report.before, report.after
    for path in sorted(report.files):
        before, after = report.files[path]
        if before != after:
            yield path, before, after


def sha(text: str) -> str:
    """The SHA-256 of a text as it lies on disk."""
    from hashlib import sha256  # noqa: PLC0415 - OpenSSL loads with it: only a file that changes

    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _joined(
    report: Report, texts: Mapping[str, tuple[str | None, str | None]]
) -> dict[str, tuple[str | None, str | None]] | str:
    """The report's changes on top of those so far, or the path of a file where that cannot be."""
    joined: dict[str, tuple[str | None, str | None]] = {}
    for path, before, after in changes(report):
        earlier = texts.get(path)
        if earlier is None or earlier[1] == after:
            joined[path] = (before, after)
            continue
        if earlier[0] != before or after is None or earlier[1] is None:
            return path
        merged = merge(before or "", earlier[1], after, additive=path.endswith(".dockerignore"))
        if merged is None:
            return path
        joined[path] = (before, merged)
    return joined


def merge(base: str, ours: str, theirs: str, *, additive: bool) -> str | None:
    """Both texts' changes to `base`, line by line; None if they touch the same lines differently.

    In an `additive` file, lines that both insert at the same place stand one after the other, once
    each; a line that takes something back (`!pattern`) depends on its order, so that such
    insertions are not joined.
    """
    lines = base.splitlines(keepends=True)
    mine = _hunks(lines, ours.splitlines(keepends=True))
    others = _hunks(lines, theirs.splitlines(keepends=True))
    hunks = dict(mine)
    for (start, end), new in others.items():
        same = hunks.get((start, end))
        if same == new:
            continue
        if same is not None and start == end and additive and not _takes_back(same + new):
            hunks[(start, end)] = _ended(same) + [line for line in new if line not in set(same)]
            continue
        if any(_overlap((start, end), other) for other in hunks):
            return None
        hunks[(start, end)] = new
    out: list[str] = []
    at = 0
    for (start, end), new in sorted(hunks.items()):
        out += [*lines[at:start], *new]
        at = end
    return "".join([*out, *lines[at:]])


def _hunks(base: list[str], new: list[str]) -> dict[tuple[int, int], list[str]]:
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a shared file pays for it

    matcher = SequenceMatcher(None, base, new, autojunk=False)
    return {(i, j): new[k:m] for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Do two ranges touch the same lines? An insertion at a range's border touches it."""
    return one[0] <= other[1] and other[0] <= one[1]


def _takes_back(lines: list[str]) -> bool:
    return any(line.lstrip().startswith("!") for line in lines)


def _ended(lines: list[str]) -> list[str]:
    """The lines, the last one with a line end."""
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else lines[-1] + "\n"]
