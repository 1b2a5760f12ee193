"""The page of the measurements: docs/benchmarks.md, from bench/results/measured/*.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MEGABYTE = 1_000_000
KINDS = {
    "cold": "from nothing",
    "none": "no change",
    "source": "source edit",
    "manifest": "manifest edit",
    "argument": "argument",
}
NAMES = {
    "before": "naive",
    "dfix": "dfix",
    "tally": "tally `--fix`",
    "tally-unsafe": "tally `--fix --fix-unsafe`",
}

HEAD = """\
# Benchmarks

Written by `bench/run.py` from `bench/results/measured`; do not edit. Each project under
`bench/projects` is a naive file of our own. It is built, started and asked; then the same with what
dfix makes of it, and with what tally makes of it. An image counts as working if it builds and
starts; what then differs from the naive image in an answer or in its config is listed.

- *From nothing*: all steps run (`--no-cache`), and cache mounts have a new name, so they are empty.
  Base images are present, nothing is pulled.
- *No change*, *source edit*, *manifest edit*: on the caches of the last build from nothing. Every
  edit is a new one. *Argument*: another value of the first argument that the file declares, or of
  one that it does not know.
- Seconds are the median of n builds (least to most), the variants in turn inside each round. Each
  build makes an image, as a developer's does.
- *Steps* is the number of steps that ran, of all steps: the rest was CACHED. Unlike seconds, these
  counts are exact, and so are sizes. What the static cost model foretells is held against each of
  them; where it is wrong, that is listed.
- dfix runs as by default, at level `review`, and no question is answered for it; only a split of a
  shape that no build has proven yet is taken here, and by default is not.
- A row with n below five is a first look: few rounds fitted into the time.
- tally {tally} runs as a program of its own. `--fix` is what it calls safe; `--fix-unsafe` is the
  most it does.

{machine}

**All sizes and seconds are on stand-in bases**: images with the official names and paths, made from
Debian packages, with other contents than the published ones. Compare them with each other, and with
nothing measured elsewhere.
"""


def write(file: Path, results: Path) -> None:
    """Write the page."""
    found = [
        json.loads(each.read_text(encoding="utf-8")) for each in sorted(results.glob("*.json"))
    ]
    file.write_text(text(found), encoding="utf-8")


def text(results: list[dict[str, Any]]) -> str:
    """The page as Markdown."""
    tally = ", ".join(sorted({each["tally"] for each in results if "tally" in each})) or "-"
    lines = [HEAD.format(tally=tally, machine=_machines(results))]
    lines.extend(_overview(results))
    for result in results:
        lines.extend(_project(result))
    return "\n".join(lines) + "\n"


def line(result: dict[str, Any]) -> str:
    """A project in one line, for a terminal: medians before and after."""
    before, after = (result["variants"].get(name) for name in ("before", "dfix"))
    if after is None:
        return f"{result['project']}: unchanged"
    parts = [f"{_mb(before)} -> {_mb(after)} MB"]
    for kind, word in KINDS.items():
        old, new = before["builds"].get(kind), after["builds"].get(kind)
        if old and new:
            parts.append(f"{word} {old['median']} -> {new['median']} s (n={len(new['seconds'])})")
    return f"{result['project']}: " + "  ".join(parts)


def _machines(results: Iterable[dict[str, Any]]) -> str:
    told = set()
    for each in results:
        machine = each["machine"]
        told.add(
            f"{each['date']}: {machine['system']}, {machine['cores']} cores, "
            f"{machine['memory_gb']} GB, Docker Engine {each['engine']}"
        )
    loads = [each["machine"]["load"] for each in results]
    busy = (
        f" Other work ran on the machine (load {min(loads):.0f} to {max(loads):.0f} at the start of "
        "a project): seconds are higher and wider spread than on an idle one."
        if loads and max(loads) > 1
        else ""
    )
    return "; ".join(sorted(told)) + "." + busy


def _overview(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "## All projects, naive and by dfix"
    yield ""
    yield (
        "| project | MB | less | from nothing, s | source edit, s | less | steps "
        "| manifest edit, s | steps |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for each in results:
        before, after = (each["variants"].get(name) for name in ("before", "dfix"))
        if after is None:
            yield f"| {each['project']} | {_mb(before)}, unchanged | | | | | | | |"
            continue
        cells = [
            each["project"],
            f"{_mb(before)} → {_mb(after)}",
            _less(before["size"], after["size"]),
            _pair(before, after, "cold", _median),
            _pair(before, after, "source", _median),
            _saved(before, after, "source"),
            _pair(before, after, "source", _steps),
            _pair(before, after, "manifest", _median),
            _pair(before, after, "manifest", _steps),
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _project(result: dict[str, Any]) -> Iterator[str]:
    yield f"## {result['project']}"
    yield ""
    yield (
        f"{result['title']}. Bases: "
        + ", ".join(f"`{name}` ({what})" for name, what in result["bases"].items())
        + "."
    )
    yield ""
    yield "| | MB | layers | " + " | ".join(f"{each}, s (steps)" for each in KINDS.values()) + " |"
    yield "|---|---|---|" + "---|" * len(KINDS)
    for name, variant in result["variants"].items():
        cells = [NAMES[name], _mb(variant), str(variant["layers"])]
        if not variant["works"]:
            cells[1:] = ["does not work", ""]
        cells.extend(_cell(variant["builds"].get(kind)) for kind in KINDS)
        yield f"| {' | '.join(cells)} |"
    for name, equal in result["same"].items():
        yield f"| {NAMES[name]} | builds like {NAMES[equal]}: layout differs at most | " + "| " * (
            len(KINDS) + 1
        )
    yield ""
    for name, variant in result["variants"].items():
        steps = ", ".join(f"`{step.partition('@')[0]}`" for step in variant["steps"])
        if steps:
            yield f"{NAMES[name]} did: {steps}."
            yield ""
        for objection in variant["objections"]:
            yield f"- {NAMES[name]}: {objection.splitlines()[0]}"
        if variant["objections"]:
            yield ""


def _cell(measured: dict[str, Any] | None) -> str:
    if measured is None:
        return ""
    spread = f"{measured['least']}–{measured['most']}, n={len(measured['seconds'])}"
    return f"{measured['median']} ({spread}); {_steps(measured)}"


def _pair(before: dict[str, Any], after: dict[str, Any], kind: str, show: Any) -> str:
    old, new = before["builds"].get(kind), after["builds"].get(kind)
    return f"{show(old)} → {show(new)}" if old and new else ""


def _median(measured: dict[str, Any]) -> str:
    return f"{measured['median']:.1f}"


def _steps(measured: dict[str, Any]) -> str:
    return f"{measured['steps'] - measured['cached']}/{measured['steps']}"


def _saved(before: dict[str, Any], after: dict[str, Any], kind: str) -> str:
    old, new = before["builds"].get(kind), after["builds"].get(kind)
    return _less(old["median"], new["median"]) if old and new else ""


def _less(old: float, new: float) -> str:
    return f"{1 - new / old:.0%}" if old else ""


def _mb(variant: dict[str, Any]) -> str:
    return f"{variant['size'] / MEGABYTE:.1f}"
