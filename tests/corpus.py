"""dfix over a folder of real projects: `python tests/corpus.py DIR... [--level L] [--json OUT]`.

Every folder directly below each DIR is a project; each Dockerfile in it is refactored with the project's files at hand. What
must always hold is checked for every file (no crash, lossless, idempotent, accepted by BuildKit's parser, untouched
instructions equal, no comment lost, the diff applies) and the exit status is 1 if anything does not. What the run brought
is counted by a judge that does not know dfix (tests/corpus_scan.py). Nothing is written into the projects.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_check import SERVED, Job, blank, check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = re.compile(
    r"(?:(?:docker|container)file(?:[._-].*)?|.*[._-](?:docker|container)file)", re.IGNORECASE
)
OTHER_SUFFIX = re.compile(
    r"\.(?:md|txt|dockerignore|py|jsx?|tsx?|go|sh|json|ya?ml|html|png|svg|lua|vim|rs|java|rb|toml|snap|map|diff|patch|adoc"
    r"|rst|css|s?css|hs|out|result|xml|php|c|h|lock|exs?|erl|kt|cfg|conf|template|tmpl|j2|jinja2?|erb|in|tpl|hbs|mustache"
    r"|liquid|ejs|tt)$",
    re.IGNORECASE,
)
SKIPPED_FOLDERS = {"node_modules", ".git", "vendor"}
PROPERTIES = {
    "crash": "no crash",
    "too long": "within the time limit",
    "not lossless": "lossless",
    "unsettled": "settled, refused or unparsable",
    "dropped": "no rewrite dropped",
    "rewrote a refused file": "files that BuildKit refuses stay as they are",
    "refused by BuildKit": "accepted by BuildKit's parser afterwards",
    "instruction changed": "untouched instructions equal",
    "comment lost": "no comment lost",
    "not idempotent": "a second run changes nothing",
    "diff does not apply": "the diff passes git apply",
}
QUARTER = 0.25


def main(arguments: list[str]) -> int:
    """Run; the exit status is 1 if a property is broken, 2 if there is nothing to run on."""
    parser = argparse.ArgumentParser(description="dfix over a folder of real projects")
    parser.add_argument("folder", nargs="+")
    parser.add_argument("--level", default="review", choices=("safe", "review", "bold"))
    parser.add_argument("--json", help="write all records there")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for one file")
    parser.add_argument(
        "--skip", action="append", default=[], help="no projects whose name contains this"
    )
    parser.add_argument(
        "--only", action="append", default=[], help="projects whose name contains this"
    )
    parser.add_argument("--show", type=int, default=5, help="examples of each problem and slug")
    chosen = parser.parse_args(arguments)
    found = [
        each
        for folder in chosen.folder
        for each in dockerfiles(Path(folder), chosen.only, chosen.skip)
    ]
    jobs = [Job(root, path, chosen.level, chosen.limit) for root, path in found]
    if not jobs:
        sys.stderr.write(f"no Dockerfiles below {chosen.folder[0]}\n")
        return 2
    records = []
    for record in checked(jobs, chosen.jobs):
        records.append(record)
        if sys.stderr.isatty() and len(records) % 20 == 0:
            sys.stderr.write(f"\r{len(records)} of {len(jobs)} ")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(records, indent=1), encoding="utf-8")
    for line in report(records, chosen.show):
        sys.stdout.write(line + "\n")
    return any(record["problems"] for record in records)


def dockerfiles(folder: Path, only: list[str], skip: list[str]) -> Iterator[tuple[str, str]]:
    """The project and the path in it of every Dockerfile, by name."""
    for root in sorted(folder.iterdir()):
        if not root.is_dir() or (only and not any(part in root.name for part in only)):
            continue
        if any(part in root.name for part in skip):
            continue
        for place, folders, names in os.walk(root):
            folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
            for name in sorted(names):
                path = Path(place, name)
                if NAME.fullmatch(name) and not OTHER_SUFFIX.search(name) and path.is_file():
                    yield str(root), path.relative_to(root).as_posix()


def checked(jobs: list[Job], processes: int) -> Iterator[dict[str, Any]]:
    """The records in order. A worker that dies takes down its file only: it is run again alone, and named."""
    # Not fork: the Go runtime of BuildKit's parser hangs after one.
    left = list(jobs)
    while left:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            futures = [pool.submit(check, job) for job in left]
            try:
                for future in futures:
                    record = future.result()
                    left.pop(0)
                    yield record
            except BrokenProcessPool:
                yield _alone(left.pop(0))


def _alone(job: Job) -> dict[str, Any]:
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            return pool.submit(check, job).result()
    except BrokenProcessPool:
        return {**blank(job), "problems": [["crash", "the process died"]], "seconds": 0.0}


def report(records: list[dict[str, Any]], show: int) -> Iterator[str]:
    """The tables, line by line."""
    total = len(records)
    projects = len({record["project"] for record in records})
    seconds = sum(record["seconds"] for record in records)
    yield f"{total} Dockerfiles of {projects} projects, {sum(r['bytes'] for r in records)} bytes, {seconds:.1f} s"
    yield from _properties(records, show)
    yield "\nendings"
    yield from _rows(Counter(_ending(record) for record in records), total)
    yield f"changed: {sum(record['changed'] for record in records)} of {total}"
    yield from _transforms(records)
    for kind, system in (("languages", False), ("the system", True)):
        for title, fetching in (("RUN", False), ("of these, RUN that downloads or compiles", True)):
            rows = _runs(records, fetching=fetching, system=system)
            yield from _yield_of(
                f"{title} without a cache mount, packages of {kind}: got one", rows, "served", show
            )
    early = [
        (one["manager"], one["outcome"], _where(record, one))
        for record in records
        for one in record["early"]
    ]
    yield from _yield_of("everything copied before the install: mended", early, "mended", show)
    explicit = [
        (one["manager"], one["outcome"], _where(record, one))
        for record in records
        for one in record["early"]
        if one["explicit"]
    ]
    yield from _yield_of("of these, with an install step of its own: mended", explicit, "mended", 0)
    others: Counter[str] = Counter()
    for record in records:
        others.update(record["others"])
    yield "\nother programs (calls; outside the ratios): " + ", ".join(
        f"{k} {v}" for k, v in others.most_common(30)
    )


def _properties(records: list[dict[str, Any]], show: int) -> Iterator[str]:
    yield "\nproperties (files that break them)"
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for record in records:
        for kind, detail in record["problems"]:
            found[kind].append((f"{record['project']}/{record['path']}", detail))
    for kind, name in PROPERTIES.items():
        broken = len({place for place, _ in found[kind]})
        yield f"  {broken:6d}  {name}"
        for place, detail in found[kind][:show]:
            first, *rest = detail.rstrip().splitlines() or [""]
            yield f"            {place}: {(rest[-1] if rest else first)[:160]}"
    yield f"  ({sum('refused before' in record for record in records)} files are refused by BuildKit as they are)"


def _transforms(records: list[dict[str, Any]]) -> Iterator[str]:
    steps: Counter[str] = Counter()
    files: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        files.update({step[0] for step in record["steps"]})
        for transform, _, parts in record["steps"]:
            steps[transform] += parts
        for transform, _, _ in record["offered"]:
            offered[transform] += 1
        for transform, slug, _ in record["held"]:
            held[transform][slug] += 1
    yield "\ntransforms: rewrites (files), offered, held back by slug"
    for transform in sorted({*steps, *offered, *held}):
        slugs = held[transform]
        count = sum(slugs.values())
        listed = ", ".join(f"{slug} {number}" for slug, number in slugs.most_common(12))
        yield f"  {transform}: {steps[transform]} ({files[transform]}), {offered[transform]}, {count}: {listed}"


def _runs(
    records: list[dict[str, Any]], *, fetching: bool, system: bool
) -> list[tuple[str, str, str]]:
    return [
        ("+".join(run["managers"]), run["outcome"], _where(record, run))
        for record in records
        for run in record["runs"]
        if (run["fetches"] or not fetching) and run["system"] == system
    ]


def _yield_of(title: str, rows: list[tuple[str, str, str]], good: str, show: int) -> Iterator[str]:
    """How many of the rows (manager, outcome, place) are good, by manager; and the others by outcome."""
    rows = [row for row in rows if row[1] != "nothing to fetch"]
    yield f"\n{title} {_share(sum(row[1] == good for row in rows), len(rows))}"
    for manager in (*SERVED, *sorted({row[0] for row in rows} - set(SERVED))):
        mine = [row for row in rows if row[0] == manager]
        if mine:
            rest = Counter(row[1].removeprefix("held back: ") for row in mine if row[1] != good)
            why = ", ".join(f"{outcome} {number}" for outcome, number in rest.most_common(6))
            yield f"  {manager}: {_share(sum(row[1] == good for row in mine), len(mine))}  {why}"
    rest = Counter(row[1] for row in rows if row[1] != good)
    for outcome, number in rest.most_common():
        mark = "  MORE THAN A QUARTER" if number > QUARTER * sum(rest.values()) else ""
        yield f"  {number:6d}  {outcome}{mark}"
        for place in [row[2] for row in rows if row[1] == outcome][:show]:
            yield f"            {place}"


def _rows(counts: Counter[str], total: int) -> Iterable[str]:
    return (
        f"  {number:6d}  {100 * number / total:5.1f} %  {name}"
        for name, number in counts.most_common()
    )


def _ending(record: dict[str, Any]) -> str:
    kind, reason = record["ending"]
    group = reason.partition(":")[0]
    return f"{kind}: {group}" if kind == "refused" and group else str(kind)


def _where(record: dict[str, Any], one: dict[str, Any]) -> str:
    return (
        f"{record['project']}/{record['path']}:{one['line']}: {' '.join(one['text'].split())[:90]}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none to count"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
