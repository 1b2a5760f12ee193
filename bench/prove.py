"""Prove refactorings by building and starting: every bundled project, before and after.

    python bench/prove.py                      # all projects; needs a container engine
    python bench/prove.py go-web node-api      # some
    python bench/prove.py --by-hand DIR        # DIR/<project>.Dockerfile instead of dfix

Each project is copied, refactored, built and started, before and after; answers, contracts and
sizes are compared, and what is cached after a source edit and after a manifest edit is counted.
Results go to bench/results, the proven shapes to refactor/dfix/refactor/plans/proven.toml (not with
`--by-hand`). Nothing else is left behind, except for the engine's build cache.

Exit code: 0 no objection, 1 an objection, 2 not even tried: no engine, no base image, no project.
"""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from proving import projects, records, refactoring, trial
from proving.engine import Engine, EngineError, NoEngineError

HERE = Path(__file__).parent
PROVEN = HERE.parent / "refactor" / "dfix" / "refactor" / "plans" / "proven.toml"
MEGABYTE = 1_000_000


def main(argv: list[str] | None = None) -> int:
    """Run the command and give its exit code."""
    asked = _arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        chosen = _chosen(asked.project)
        with Engine(docker=asked.docker, network=asked.network, build_limit=asked.limit) as engine:
            return _prove(chosen, engine, asked)
    except (NoEngineError, projects.ProjectError) as error:
        print(f"prove: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("prove: interrupted; containers and images are removed", file=sys.stderr)
        return 130


def _prove(chosen: list[projects.Project], engine: Engine, asked: argparse.Namespace) -> int:
    by_hand = asked.by_hand is not None
    refactor = refactoring.by_hand(asked.by_hand) if by_hand else refactoring.by_dfix
    today = dt.datetime.now(tz=dt.UTC).date()
    held = []
    code = 0
    for project in chosen:
        with tempfile.TemporaryDirectory(prefix="dfix-bench-") as room:
            try:
                tried = trial.hold(project, refactor, engine, Path(room))
            except EngineError as error:
                print(f"{project.name}: not tried: {error}", file=sys.stderr, flush=True)
                code = 2
                continue
        held.append(tried)
        print(_line(tried), flush=True)
        for objection in tried.objections:
            print(f"    {objection}", flush=True)
        if not tried.refactored.split:
            for reason in tried.refactored.held_back:
                print(f"    held back: {reason}", flush=True)
        if asked.results is not None:
            records.keep(asked.results, tried, engine.version, today)
    if not by_hand and asked.results is not None:
        records.record(PROVEN, held, today)
    return 1 if any(each.objections for each in held) else code


def _line(tried: trial.Trial) -> str:
    """A trial in one line: what became of it, sizes, and steps that ran again after an edit."""
    if tried.objections:
        outcome = "FAILED"
    elif tried.proven:
        outcome = "proven"
    else:
        outcome = "improved, not split" if tried.changed else "unchanged"
    before, after = tried.before, tried.after
    sizes = f"{before.size / MEGABYTE:.1f}"
    if after.size:
        sizes += (
            f" -> {after.size / MEGABYTE:.1f} MB ({1 - after.size / max(before.size, 1):.0%} less)"
        )
    else:
        sizes += " MB"
    counts = [
        f"{kind} edit runs {len(build.ran)}/{len(build.steps)}"
        + (
            f" -> {len(after.rebuilds[kind].ran)}/{len(after.rebuilds[kind].steps)}"
            if kind in after.rebuilds
            else ""
        )
        for kind, build in before.rebuilds.items()
        if kind != "none"
    ]
    return "  ".join([f"{tried.project.name}: {outcome}", sizes, *counts])


def _chosen(names: list[str]) -> list[projects.Project]:
    folder = HERE / "projects"
    if not names:
        return projects.all_in(folder)
    return [projects.load(folder / name) for name in names]


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add = reader.add_argument
    add("project", nargs="*", help="names of folders under bench/projects; default: all")
    add("--by-hand", type=Path, metavar="DIR", help="take DIR/<project>.Dockerfile, not dfix's")
    add("--results", type=Path, default=None, metavar="DIR", help="default: bench/results")
    add("--dry", action="store_true", help="keep no result and no row")
    add("--docker", default="docker", metavar="PROGRAM", help="the docker command")
    add("--network", default="host", help="of builds and containers; probes go to 127.0.0.1")
    add("--limit", type=float, default=600, metavar="SECONDS", help="for one build")
    asked = reader.parse_args(argv)
    if asked.dry:
        asked.results = None
    elif asked.results is None and asked.by_hand is None:
        asked.results = HERE / "results"
    return asked


if __name__ == "__main__":
    sys.exit(main())
