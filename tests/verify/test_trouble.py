"""What may go wrong around a build has one clear outcome each, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from leftovers import left_behind, processes
from swaps import SMALL, swap

HARMLESS = swap("a-harmless", ("RUN echo one > /one", "RUN echo one >/one"))
PLAIN = f'{SMALL}RUN echo one > /one\nCMD ["cat", "/one"]\n'
ROOT = Path(__file__).parents[2]
ROOMS = ("grammar", "ecosystems", "refactor", "transforms", "verify", "frontends")


# without an engine


def test_no_engine_is_said_and_nothing_is_tried(project, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///there/is/no/socket")
    project.put("Dockerfile", PLAIN)
    proof = project.prove(HARMLESS)
    assert (proof.outcome, proof.trials) == ("not-tried", 0)
    assert "engine" in proof.reason or "no docker command" in proof.reason


def test_no_command_is_said(project):
    project.put("Dockerfile", PLAIN)
    proof = project.prove(HARMLESS, docker="there-is-no-such-docker")
    assert proof.reason == "there is no there-is-no-such-docker command: install Docker with buildx"


def test_nothing_to_prove_asks_no_engine(project):
    project.put("Dockerfile", PLAIN)
    assert project.prove(docker="there-is-no-such-docker").outcome == "nothing-to-prove"


# with one


@pytest.mark.engine
def test_an_original_that_does_not_build(project, engine):
    project.put("Dockerfile", PLAIN + "RUN echo broken >&2 && false\n")
    proof = project.prove(HARMLESS)
    assert proof.outcome == "not-tried"
    assert proof.reason.startswith("the file does not build as it is: RUN echo broken >&2 && false")


@pytest.mark.engine
def test_an_original_that_hangs_is_stopped(project, engine):
    project.put("Dockerfile", PLAIN + "RUN sleep 618021\n")
    proof = project.prove(HARMLESS, build_limit=4)
    assert proof.outcome == "not-tried"
    assert "did not end within 4 s and was stopped" in proof.reason
    assert gone("618021")


@pytest.mark.engine
def test_a_step_that_hangs_falls_out(project, engine):
    project.put("Dockerfile", PLAIN + "RUN echo two > /two\n")
    hangs = swap("hang", ("RUN echo two > /two", "RUN sleep 618022"))
    proof = project.prove(HARMLESS, hangs, build_limit=6)
    assert proof.outcome == "proven-in-part", proof
    assert [fallen.transform for fallen in proof.fallen] == ["hang"]
    assert "did not end within 6 s" in proof.fallen[0].objections[0].sentence
    assert gone("618022")


def gone(word):
    """Is no program with this word left, once the engine has had a moment?"""
    end = time.monotonic() + 10
    while processes("sleep", word) and time.monotonic() < end:
        time.sleep(0.1)
    return not processes("sleep", word)


@pytest.mark.engine
def test_a_full_disk(project, engine, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small file system cannot be mounted here")
    try:
        project.put("Dockerfile", PLAIN)
        project.put("large.txt", "x" * 1_000_000)
        proof = project.prove(HARMLESS, folder=str(small))
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert proof.outcome == "not-tried"
    assert "no room for a copy of the context" in proof.reason
    assert project.dockerfile == PLAIN


@pytest.mark.engine
def test_a_syntax_line_that_cannot_be_fetched(project, engine):
    project.put("Dockerfile", "# syntax=localhost:1/there/is/none\n" + PLAIN)
    proof = project.prove(HARMLESS)
    assert proof.outcome == "not-tried"
    assert proof.reason.endswith("--offline-frontend builds a copy without that line")
    proof = project.prove(HARMLESS, offline_frontend=True)
    assert proof.outcome == "proven", proof
    assert proof.report.after.startswith("# syntax=localhost:1/there/is/none\n")


class Relay:
    """A socket that leads to the engine until it is cut."""

    def __init__(self, path, target):
        self.target = target
        self.connections = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.path = path
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.target)
                self.connections += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def cut(self):
        Path(self.path).unlink()
        for each in (self.listener, *self.connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.mark.engine
def test_an_engine_that_dies_half_way(project, engine, tmp_path, monkeypatch):
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        pytest.skip(f"the engine is not on a local socket: {host}")
    project.put("Dockerfile", PLAIN + "RUN sleep 618023\n")
    relay = Relay(str(tmp_path / "relay.sock"), host.removeprefix("unix://"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'relay.sock'}")

    def cut_when_it_builds():
        end = time.monotonic() + 30
        while not processes("sleep", "618023") and time.monotonic() < end:
            time.sleep(0.1)
        relay.cut()

    threading.Thread(target=cut_when_it_builds, daemon=True).start()
    proof = project.prove(HARMLESS, build_limit=40)
    assert proof.outcome == "not-tried"
    assert proof.reason == "the container engine stopped answering: start it and try again"
    assert gone("618023")


@pytest.mark.engine
def test_an_interrupt_ends_in_order(project, engine):
    install = "RUN apt-get update && apt-get install -y curl\n"  # something that dfix changes
    text = f"FROM debian:bookworm-slim\nRUN sleep 618024\n{install}"
    project.put("Dockerfile", text)
    project.put("main.py", "print()\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "dfix", "--write", "--verify", "--network", "host", "Dockerfile"],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not processes("sleep", "618024") and time.monotonic() < end and process.poll() is None:
        time.sleep(0.1)
    assert process.poll() is None, process.communicate()
    try:
        interrupt(process, project, text)
    finally:
        process.kill()


def interrupt(process, project, text):
    words = next(  # docker, which starts buildx with the same words
        words
        for words in processes("--progress=rawjson").values()
        if any(str(project.root.parent) in word for word in words)
    )
    mark = words[words.index("--tag") + 1].partition(":")[2].partition("-")[0]
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (out, errors)
    assert errors == "interrupted: nothing was written, and nothing is left behind\n"
    assert (project.root / "Dockerfile").read_text() == text
    assert sorted(path.name for path in project.root.iterdir()) == ["Dockerfile", "main.py"]
    assert left_behind(mark) == []
    assert gone("618024")
