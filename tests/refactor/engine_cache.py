"""What the real engine takes from its cache: builds a copy of a project and reads the progress lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench" / "projects"
SETTINGS = ROOT.parent / "shared" / "tools" / "engine" / "env.sh"
LIMIT = 500  # seconds for one build


def environment() -> dict[str, str] | None:
    """The environment in which `docker` reaches a running engine; None if there is none."""
    env = dict(os.environ)
    if SETTINGS.is_file():
        shown = subprocess.run(
            ["bash", "-c", f". {SETTINGS} >/dev/null 2>&1 && env -0"],
            capture_output=True, check=False, text=True,
        )  # fmt: skip
        if shown.returncode == 0:
            env = dict(line.split("=", 1) for line in shown.stdout.split("\0") if "=" in line)
    if shutil.which("docker", path=env.get("PATH")) is None:
        return None
    alive = subprocess.run(["docker", "version"], env=env, capture_output=True, check=False)
    return env if alive.returncode == 0 else None


class Project(NamedTuple):
    """A copy of a bench project."""

    folder: Path
    settings: dict[str, object]


def copied(name: str, into: Path) -> Project:
    """A copy of a bench project without the file that describes it."""
    folder = into / name
    shutil.copytree(BENCH / name, folder)
    settings = tomllib.loads((folder / "project.toml").read_text())
    (folder / "project.toml").unlink()
    return Project(folder, settings)


def edit(project: Project, kind: str, nonce: str) -> str:
    """Edit a file as the project says, and return its path."""
    what = project.settings["edit"][kind]
    path = project.folder / what["path"]
    text = path.read_text()
    if "append" in what:
        changed = text + what["append"].replace("{nonce}", nonce)
    else:
        changed = text.replace(what["find"], what["replace"].replace("{nonce}", nonce))
    assert changed != text
    path.write_text(changed)
    return what["path"]


def build(folder: Path, env: dict[str, str], *arguments: str) -> dict[str, bool]:
    """Build, and tell for each step (as the engine names it) whether it came from the cache. FROM is left out.

    Seldom the engine shows one step under two numbers, one of them without its end.
    """
    done = subprocess.run(
        ["docker", "build", "--network=host", "--pull=false", "--progress=plain", *arguments, str(folder)],
        env=env, capture_output=True, check=False, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    names: dict[str, str] = {}
    cached: set[str] = set()
    for line in done.stderr.splitlines():
        number, _, rest = line.partition(" ")
        if not number.startswith("#"):
            continue
        if rest.startswith("[") and not rest.startswith("[internal]") and "] " in rest:
            if not rest.partition("] ")[2].startswith("FROM "):
                names.setdefault(number, rest)
        elif rest == "CACHED":
            cached.add(number)
    found: dict[str, bool] = {}
    for number, name in names.items():
        found[name] = found.get(name, False) or number in cached
    return found


def missing(project: Project, env: dict[str, str]) -> str | None:
    """A base image of the project that the engine does not hold."""
    for base in project.settings["bases"]:
        shown = subprocess.run(
            ["docker", "image", "inspect", base], env=env, capture_output=True, check=False
        )
        if shown.returncode != 0:
            return base
    return None
