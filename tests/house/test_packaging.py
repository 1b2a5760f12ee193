"""Six source roots are one package: in the checkout, in the wheel, and installed in either way."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from rooms import ROOMS

DOCKERFILE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"


def test_no_root_closes_the_namespace(house):
    closing = [str(each) for room in ROOMS for each in (house / room).glob("dfix/__init__.py")]
    assert closing == []


def test_no_two_roots_hold_the_same_module(house, tracked):
    places = [path for room in ROOMS for path in (house / room).rglob("*.py")]
    names = [place.relative_to(house / place.relative_to(house).parts[0]) for place in places]
    assert sorted(map(str, set(names))) == sorted(map(str, names))


def test_the_wheel_holds_exactly_the_tracked_files(wheel, tracked):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == set(tracked)


def test_the_wheel_is_typed_and_licensed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "dfix/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def empty_environment(folder):
    """An environment with the libraries of this one, by reference, and nothing of dfix."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()
    return python, Path(site)


def lend_libraries(site):
    """Link every installed library but dfix, so that no network is needed to install."""
    ours = Path(sysconfig.get_path("purelib"))
    for each in ours.iterdir():
        name = each.name.lower()
        if not (name.startswith(("dfix", "_dfix", "__editable__")) or name.endswith(".pth")):
            link = site / each.name
            if not link.exists():
                link.symlink_to(each)


def install(python, wheel):
    """Install a wheel with this environment's pip; the libraries are there already."""
    pip = [sys.executable, "-m", "pip", "--python", python]
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *options, wheel], check=True, capture_output=True)


def run(program, folder, *args):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [program, *args], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def test_the_wheel_installs_and_runs_in_an_empty_environment(wheel, tmp_path, project):
    python, site = empty_environment(tmp_path / "venv")
    lend_libraries(site)
    install(python, wheel)
    shown = run(python.with_name("dfix"), project, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    assert '"kind": "settled"' in shown.stdout
    where = run(
        python, project, "-c", "import dfix.api, dfix.grammar; print(dfix.grammar.__file__)"
    )
    assert where.stdout.startswith(str(site))


def test_an_editable_install_runs_from_the_checkout(house, tmp_path, project):
    python, site = empty_environment(tmp_path / "venv")
    lend_libraries(site)
    code = f"from hatchling.build import build_editable as b; b({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=house, check=True, capture_output=True)
    [built] = tmp_path.glob("*.whl")
    install(python, built)
    shown = run(python.with_name("dfix"), project, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    where = run(python, project, "-c", "import dfix.grammar as g; print(g.__file__)")
    assert where.stdout.strip() == str(house / "grammar/dfix/grammar/__init__.py")


def test_every_dependency_is_imported_somewhere(house, tracked):
    """A library that nothing imports is a cost for nothing."""
    imported = {"PyYAML": "yaml", "python-hcl2": "hcl2"}
    config = tomllib.loads((house / "pyproject.toml").read_text())
    names = [each.partition(">")[0] for each in config["project"]["dependencies"]]
    code = "\n".join(path.read_text() for name, path in tracked.items() if name.endswith(".py"))
    unused = []
    for name in names:
        module = imported.get(name, name.replace("-", "_"))
        if f"import {module}" not in code and f"from {module}" not in code:
            unused.append(name)
    assert unused == []


def test_every_sub_package_says_what_it_is(tracked):
    silent = [
        name
        for name, path in tracked.items()
        if name.endswith("/__init__.py")
        and not path.read_text().lstrip().startswith(('"""', 'r"""'))
    ]
    assert silent == []


def test_no_module_is_longer_than_a_room_should_be(tracked):
    """400 lines are the aim and 500 the end; tables that a program wrote are not read."""
    long = {
        name: count
        for name, path in tracked.items()
        if name.endswith(".py") and not name.endswith("_tables.py")
        if (count := len(path.read_text().splitlines())) > 500
    }
    assert long == {}
