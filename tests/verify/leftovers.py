"""What a run may leave behind: images, containers, cache mounts, processes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path


def docker(*args):
    return subprocess.run(
        ["docker", *args], capture_output=True, text=True, check=False, timeout=60
    )


def left_behind(mark):
    """What carries the mark of a run that is over."""
    caches = docker("buildx", "du", "--filter", "type=exec.cachemount", "--format", "{{json .}}")
    rows = [json.loads(line) for line in caches.stdout.splitlines() if line.startswith("{")]
    return [
        *docker("images", "--quiet", "--filter", f"reference=dfix-verify:{mark}*").stdout.split(),
        *docker("ps", "--all", "--quiet", "--filter", f"label=dfix.verify={mark}").stdout.split(),
        *(row["Description"] for row in rows if mark in row["Description"]),
    ]


def processes(*words):
    """Process ids and words of the running programs that were given all these words."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                given = Path("/proc", entry, "cmdline").read_text(errors="replace").split("\0")
            except OSError:
                continue
            if all(word in given for word in words):
                found[int(entry)] = given
    return found
