"""What the bench makes of a build's progress, of two images, and of its own records."""

import datetime as dt
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
PROVEN = ROOT / "refactor" / "dfix" / "refactor" / "plans" / "proven.toml"
BASE = {"PATH": "/usr/bin", "GOPATH": "/go"}


def config(*env, **more):
    return {"Env": ["PATH=/usr/bin", *env], "Cmd": ["./server"], **more}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"# syntax=docker/dockerfile:1\r\nFROM a\r\n", b"FROM a\r\n"),
        (b"# escape=`\n#syntax = x\nFROM a\n", b"# escape=`\nFROM a\n"),
        (b"FROM a\n# syntax=x\n", b"FROM a\n# syntax=x\n"),
    ],
)
def test_only_a_syntax_line_that_counts_is_left_out(before, after):
    from proving.engine import without_syntax

    assert without_syntax(before) == after


def test_equal_images_keep_the_contract():
    from proving.trial import contract

    assert contract(config("PORT=1", User=""), config("PORT=1", User="0"), BASE) == []


def test_a_variable_of_the_old_base_may_leave():
    from proving.trial import contract

    assert contract(config("GOPATH=/go"), config(), BASE) == []


def test_a_variable_of_the_new_base_may_come():
    from proving.trial import contract

    assert contract(config(), config("SSL_CERT_FILE=/etc/ssl/ca"), BASE) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (config("PORT=1"), config(), "the variable PORT is gone"),
        (config("GOPATH=/mine"), config(), "the variable GOPATH is gone"),
        (config("PORT=1"), config("PORT=2"), "the variable PORT changed: '1' became '2'"),
        (config(User="app"), config(), "User changed: 'app' became ''"),
        (config(), {"Env": ["PATH=/usr/bin:/new"], "Cmd": ["./server"]}, "PATH gained /new"),
        (config(), config(Cmd=None), "Cmd changed: ['./server'] became None"),
    ],
)
def test_a_broken_contract_is_named(before, after, told):
    from proving.trial import contract

    assert contract(before, after, BASE) == [told]


def test_rows_survive_being_written(tmp_path):
    from proving.records import Row, printed, rows

    row = Row("go: static binary, static base", "go-web", 700, 9, dt.date(2025, 12, 31))
    table = tmp_path / "proven.toml"
    table.write_text(printed([row]), encoding="utf-8")

    assert rows(table) == [row]


def test_a_row_without_its_result_is_named(tmp_path):
    from proving.records import Row, printed, unheld

    table = tmp_path / "proven.toml"
    row = Row("go: static binary, static base", "go-web", 700, 9, dt.date(2025, 12, 31))
    table.write_text(printed([row]), encoding="utf-8")

    assert unheld(table, tmp_path, BENCH / "projects") == ["go-web: there is no result"]


def test_every_proven_shape_is_held_by_a_result():
    from proving.records import unheld

    assert unheld(PROVEN, BENCH / "results", BENCH / "projects") == []


def test_a_proven_project_still_gets_the_shape_that_was_proven():
    """Whether the text is still the one that was built is for the next run of the bench."""
    from proving.records import rows

    from dfix.api import refactor

    for row in rows(PROVEN):
        folder = BENCH / "projects" / row.project
        report = refactor((folder / "Dockerfile").read_text(encoding="utf-8"), project=folder)
        named = [
            evidence.where
            for step in report.steps
            for part in step.parts
            for evidence in part.because
            if step.transform == "split-stages"
        ]
        assert f"shape {row.shape}" in named, row.project


def test_bundled_projects_listen_on_ports_of_their_own():
    from proving.projects import all_in

    ports = [project.port for project in all_in(BENCH / "projects")]

    assert len(ports) >= 13
    assert len(set(ports)) == len(ports)


def test_every_edit_fits_its_project(tmp_path):
    from proving.projects import all_in

    for project in all_in(BENCH / "projects"):
        copy = project.copy_to(tmp_path / project.name)
        for edit in project.edits.values():
            edit.make(copy, "nonce")
            assert "nonce" in (copy / edit.path).read_text(encoding="utf-8")


def test_what_is_tried_is_what_a_developer_has(tmp_path):
    from proving.projects import load

    copy = load(BENCH / "projects" / "go-web").copy_to(tmp_path / "copy")

    assert not (copy / "project.toml").exists()
    assert (copy / "templates" / "index.html").exists()


def test_a_process_that_takes_too_long_goes_with_its_children(tmp_path):
    from proving import processes

    mark = tmp_path / "child"
    script = f"sleep 30 & echo $! > {mark}; wait"

    with pytest.raises(processes.OverdueError):
        processes.run(["sh", "-c", script], limit=1)
    child = Path("/proc", mark.read_text(encoding="utf-8").strip(), "stat")
    for _ in range(50):
        if not child.exists() or child.read_text(encoding="utf-8").split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the child still runs")


def test_without_an_engine_the_command_says_so_and_ends_with_2(tmp_path):
    argv = [sys.executable, str(BENCH / "prove.py"), "--docker", str(tmp_path / "docker"), "--dry"]

    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "install Docker with buildx" in done.stderr


def test_an_engine_that_does_not_answer_is_no_engine(tmp_path):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho no daemon >&2\nexit 1\n", encoding="utf-8")
    docker.chmod(0o755)
    argv = [sys.executable, str(BENCH / "prove.py"), "--docker", str(docker), "--dry"]

    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "set DOCKER_HOST: no daemon" in done.stderr


def test_an_ended_run_removes_what_it_started(tmp_path):
    """A stand-in for the engine notes what it is asked; the run is ended in the middle of a build."""
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\necho "$@" >> ' + str(tmp_path / "asked") + "\n"
        'case "$1 $2" in\n'
        '"image inspect") echo \'[{"Config": {}, "Size": 1}]\' ;;\n'
        "build*) sleep 60 ;;\nesac\n",
        encoding="utf-8",
    )
    docker.chmod(0o755)
    argv = [sys.executable, str(BENCH / "prove.py"), "--docker", str(docker), "--dry"]
    asked = tmp_path / "asked"
    process = subprocess.Popen(
        [*argv, "--by-hand", str(tmp_path), "go-web"], stderr=subprocess.PIPE
    )
    for _ in range(200):
        if asked.exists() and "\nbuild " in asked.read_text(encoding="utf-8"):
            break
        time.sleep(0.05)

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == 130, errors
    assert "image rm --force dfix-bench/go-web:before-" in asked.read_text(encoding="utf-8")
