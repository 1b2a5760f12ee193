#!/usr/bin/env python3
"""What starting costs: the processor's time of `dfix Dockerfile` in a project of one file, beside Python's.

    bench/startup.py                    # CPU milliseconds, least and median of 20 runs in turn
    bench/startup.py -n 50 --modules    # and the modules that are loaded, the slowest last

The least is what the program needs; what is above is the machine's other work. Byte code is written
and warm, as it is for everybody who runs dfix a second time.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = 'FROM debian:12-slim\nCMD ["echo", "hello"]\n'
DFIX = "import sys; from dfix.cli.main import main; sys.argv = ['dfix', 'Dockerfile']; main()"
PROGRAMS = {"python": "pass", "python + click": "import click", "dfix Dockerfile": DFIX}


def main() -> int:
    """Measure and print."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("-n", type=int, default=20, metavar="RUNS")
    reader.add_argument("--modules", action="store_true", help="the slowest modules, own time")
    asked = reader.parse_args()
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory(prefix="dfix-startup-") as folder:
        Path(folder, "Dockerfile").write_text(FILE, encoding="utf-8")
        seen: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for turn in range(asked.n + 1):
            for name, program in PROGRAMS.items():
                spent = _cpu([sys.executable, "-c", program], folder, env)
                if turn:  # the first run warms the byte code
                    seen[name].append(spent * 1000)
        for name, times in seen.items():
            print(f"{name:16} {min(times):6.1f} ms least {statistics.median(times):6.1f} ms median")
        python, dfix = (seen[name] for name in ("python", "dfix Dockerfile"))
        print(
            f"dfix / python    {min(dfix) / min(python):6.1f}    least "
            f"{statistics.median(dfix) / statistics.median(python):6.1f}    median"
        )
        if asked.modules:
            _modules(folder, env)
    return 0


def _cpu(argv: list[str], folder: str, env: dict[str, str]) -> float:
    """User and system seconds of a process."""
    process = subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv[0]} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def _modules(folder: str, env: dict[str, str]) -> None:
    """Own import times in microseconds, the least of five runs."""
    least: dict[str, int] = {}
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", DFIX],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)", done.stderr):
            least[name] = min(least.get(name, int(own)), int(own))
    for name, own in sorted(least.items(), key=lambda item: item[1])[-45:]:
        print(f"{own:7} us  {name}")
    print(f"{sum(least.values()):7} us  {len(least)} modules")


if __name__ == "__main__":
    sys.exit(main())
