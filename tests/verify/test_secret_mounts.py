"""On an engine: a step works with its secret, and neither history nor any layer holds the value."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import tarfile

import pytest

from dfix.refactor.config import Config
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level
from dfix.transforms import catalogue

BEFORE = """\
FROM debian:bookworm-slim
ARG ACME_TOKEN
RUN printf %s "$ACME_TOKEN" | sha256sum > /hash
"""
MOUNTED = """\
FROM debian:bookworm-slim
RUN --mount=type=secret,id=npm_token{} \\
    {}printf %s "$NPM_TOKEN" | sha256sum > /hash
"""
FORMS = {
    "variable": MOUNTED.format(",env=NPM_TOKEN", ""),
    "file": MOUNTED.format("", 'export NPM_TOKEN="$(cat /run/secrets/npm_token)" && '),
}


def rewritten(text, engine="28.5"):
    return refactor(
        text,
        path="Dockerfile",
        tree=None,
        transforms=catalogue(third_party=False),
        config=Config(oldest_engine=engine, declare_syntax="never"),
        level=Level.BOLD,
        only=["mount-secrets"],
    ).after


def test_a_hash_that_may_be_kept_holds_back():
    assert rewritten(BEFORE) == BEFORE


@pytest.mark.parametrize(("form", "engine"), [("variable", "28.5"), ("file", "23.0")])
def test_a_step_is_given_the_secret_in_this_form(form, engine):
    text = "FROM node:22\nARG NPM_TOKEN\nRUN npm ci\n"
    flag = FORMS[form].split(" ")[2]
    assert f"RUN {flag} " in rewritten(text, engine)


@pytest.mark.engine
@pytest.mark.parametrize("form", FORMS)
def test_no_trace_of_the_value_is_left(form, engine_there, tmp_path):
    value = "s3cr3tValue2"
    file = tmp_path / "Dockerfile"
    file.write_text(FORMS[form])
    (tmp_path / "secret").write_text(value)
    image = f"dfix-secret-{form}"

    def docker(*words):
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    context = tmp_path / "context"
    context.mkdir()
    secret = f"id=npm_token,src={tmp_path}/secret"
    words = ("--network=host", "--pull=false", "--no-cache", "--secret", secret)
    docker("build", *words, "-t", image, "-f", str(file), str(context))
    try:
        history = docker("history", "--no-trunc", image) + docker("inspect", image)
        docker("save", "-o", str(tmp_path / "image.tar"), image)
    finally:
        docker("rmi", image)
    assert value not in history
    hashes = 0
    with tarfile.open(tmp_path / "image.tar") as saved:
        for member in saved.getmembers():
            inner = saved.extractfile(member)
            if inner is None:
                continue
            with inner:
                assert value.encode() not in inner.read()
            hashes += _search(saved, member, value)
    assert hashes == 1


def _search(saved, member, value):
    """Look into the files of a layer; how many hold the hash of the value."""
    found = 0
    digest = hashlib.sha256(value.encode()).hexdigest().encode()
    with (
        contextlib.suppress(tarfile.ReadError),  # a configuration or an index
        tarfile.open(fileobj=saved.extractfile(member)) as layer,
    ):
        for each in layer.getmembers():
            inner = layer.extractfile(each) if each.isfile() else None
            data = b"" if inner is None else inner.read()
            assert value.encode() not in data, each.name
            found += each.name.endswith("hash") and digest in data
    return found
