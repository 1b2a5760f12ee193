#!/usr/bin/env python3
"""Measure what refactorings are worth: builds and rebuilds, before and after, and with tally.

    bench/run.py                               # all projects; needs a container engine
    bench/run.py go-web node-api --runs 7      # some
    bench/run.py --tally PROGRAM               # with tally's result on the same files beside it
    bench/run.py --render                      # docs/benchmarks.md anew from what is kept

Results go to bench/results/measured/<project>.json, and from there to docs/benchmarks.md. Nobody
else's build cache is cleared: cold builds run all steps, with cache mounts of a new name.

Exit code: 0 measured, 1 a refactored file does not keep its promise, 2 not even tried.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from proving import page, projects, refactoring, rivals
from proving.engine import Engine, EngineError, NoEngineError
from proving.measure import Rounds, measure

if TYPE_CHECKING:
    from proving.refactoring import Refactoring

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "measured"
PAGE = HERE.parent / "docs" / "benchmarks.md"


def main(argv: list[str] | None = None) -> int:
    """Run the command and give its exit code."""
    asked = _arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    if asked.render:
        page.write(PAGE, RESULTS)
        return 0
    try:
        chosen = (
            [projects.load(HERE / "projects" / name) for name in asked.project]
            if asked.project
            else projects.all_in(HERE / "projects")
        )
        with Engine(docker=asked.docker, network=asked.network, build_limit=asked.limit) as engine:
            return _run(chosen, engine, asked)
    except (NoEngineError, projects.ProjectError) as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("run: interrupted; containers and images are removed", file=sys.stderr)
        return 130


def _run(chosen: list[projects.Project], engine: Engine, asked: argparse.Namespace) -> int:
    tools: dict[str, Refactoring] = {"dfix": refactoring.by_dfix}
    told = {"engine": engine.version}
    if asked.tally is not None:
        version = rivals.version(asked.tally)
        if version is None:
            print(f"run: no {asked.tally}: install tally-cli by itself", file=sys.stderr)
            return 2
        told["tally"] = version
        tools["tally"] = rivals.tally(asked.tally, *rivals.SAFE)
        tools["tally-unsafe"] = rivals.tally(asked.tally, *rivals.UNSAFE)
    rounds = Rounds(asked.cold, asked.runs, asked.minutes * 60, asked.rivals)
    code = 0
    for project in chosen:
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="dfix-bench-") as room:
            try:
                found = measure(project, tools, engine, Path(room), rounds)
            except EngineError as error:
                print(f"{project.name}: not measured: {error}", file=sys.stderr, flush=True)
                code = 2
                continue
        result = {"date": _today(), **told, "machine": {**_machine(), "load": load}, **found}
        _keep(result)
        print(page.line(result), flush=True)
        for objection in found["variants"].get("dfix", {}).get("objections", ()):
            print(f"    {objection}", flush=True)
            code = code or 1
    page.write(PAGE, RESULTS)
    return code


def _keep(result: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{result['project']}.json").write_text(text, encoding="utf-8")


def _machine() -> dict[str, Any]:
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 1e9),
    }


def _today() -> str:
    return dt.datetime.now(tz=dt.UTC).date().isoformat()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = reader.add_argument
    add("project", nargs="*", help="names of folders under bench/projects; default: all")
    add(
        "--runs", type=int, default=5, metavar="N", help="rebuilds after no change and source edits"
    )
    add(
        "--cold",
        type=int,
        default=5,
        metavar="N",
        help="builds from nothing, and after manifest edits",
    )
    add("--rivals", type=int, default=5, metavar="N", help="the most for another tool's files")
    add("--minutes", type=float, default=60, help="for one project; then no new round begins")
    add("--tally", metavar="PROGRAM", help="tally, installed in an environment of its own")
    add("--render", action="store_true", help="write the page from what is kept, and end")
    add("--docker", default="docker", metavar="PROGRAM", help="the docker command")
    add("--network", default="host", help="of builds and containers; probes go to 127.0.0.1")
    add("--limit", type=float, default=900, metavar="SECONDS", help="for one build")
    return reader.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
