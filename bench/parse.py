"""How fast the grammar room reads, and whether it stays linear.

`python bench/parse.py [DIR]`. With DIR, every Dockerfile below it is read as well. CPU seconds, the
best of some rounds; ratios carry over to other machines, seconds do not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from dfix.grammar import decode, parse
from dfix.grammar.nodes import Run
from dfix.grammar.shell import read_script

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
UNITS = {
    "short RUN lines": "RUN apt-get install -y curl && foo\n",
    "one long RUN": "    && apt-get install -y curl \\\n",
    "comments": "# a comment of a usual length here\n",
    "assignments": 'ENV NAME=value OTHER="a b" X=y\n',
    "unknown instructions": "BOGUS line of a usual length here\n",
}


def main(arguments: list[str]) -> None:
    """Print all figures."""
    print("| text | 0.5 MB | 1 MB | ratio | MB/s | tree bytes per source byte |")
    print("|---|---|---|---|---|---|")
    for name, unit in UNITS.items():
        half, whole = text_of(unit, 500_000), text_of(unit, 1_000_000)
        short, long = best(lambda text=half: parse(text)), best(lambda text=whole: parse(text))
        print(
            f"| {name} | {short:.3f} s | {long:.3f} s | {long / short:.2f} "
            f"| {len(whole) / long / 1e6:.1f} | {memory(whole) / len(whole):.1f} |"
        )
    runs = parse(text_of(UNITS["short RUN lines"], 100_000)).instructions[1:]
    took = best(lambda: [read_script(node) for node in runs])
    print(f"\nscripts of short RUN lines: {took / len(runs) * 1e6:.0f} us each")
    for name, code in {
        "import and one file": "from dfix.grammar import parse; parse('FROM a')",
        "import, one file, its script": (
            "from dfix.grammar import parse; from dfix.grammar.shell import read_script; "
            "read_script(parse('FROM a\\nRUN b').items[1])"
        ),
    }.items():
        print(f"{name}: {start(code) / start('pass'):.2f} x `python -c pass`")
    for folder in arguments:
        corpus(Path(folder))


def corpus(folder: Path) -> None:
    """Read all Dockerfiles of a folder."""
    texts = []
    for path in folder.rglob("*ockerfile*"):
        try:
            texts.append(decode(path.read_bytes()))
        except (OSError, ValueError):
            continue
    size = sum(map(len, texts))
    took = best(lambda: [parse(text) for text in texts])
    runs = [node for text in texts for node in parse(text).instructions if isinstance(node, Run)]
    shell = best(lambda: [read_script(node) for node in runs])
    print(f"{len(texts)} files: {size / took / 1e6:.1f} MB/s, {len(texts) / took:.0f} files/s")
    print(f"{len(runs)} scripts: {shell / len(runs) * 1e6:.0f} us each")


def text_of(unit: str, size: int) -> str:
    """A file of about that size; what continues hangs on one RUN."""
    head = "FROM a\nRUN true \\\n" if unit.endswith("\\\n") else "FROM a\n"
    return head + unit * (size // len(unit))


def best(act: Callable[[], object]) -> float:
    """The best CPU time of some rounds, in seconds."""
    took = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        act()
        took.append(time.process_time() - begin)
    return min(took)


def memory(text: str) -> int:
    """The bytes that a tree holds."""
    tracemalloc.start()
    tree = parse(text)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del tree
    return held


def start(code: str) -> float:
    """The median CPU time of a process, in seconds, byte code cached."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    took = []
    for _ in range(15):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, env=env)
        after = os.times()
        took.append(
            after.children_user + after.children_system
            - before.children_user - before.children_system
        )  # fmt: skip
    return statistics.median(took)


if __name__ == "__main__":
    main(sys.argv[1:])
