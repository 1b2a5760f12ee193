"""Whatever small Dockerfile comes, the whole catalogue keeps what it must."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfix.ecosystems.tree import MemoryTree
from dfix.grammar import parse
from dfix.refactor import edits
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level
from dfix.transforms import catalogue

CATALOGUE = catalogue(third_party=False)
PROJECT = {
    "package.json": '{"name": "a", "version": "1.0.0", "dependencies": {"b": "1.0.0"}}',
    "package-lock.json": (
        '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0",'
        ' "dependencies": {"b": "1.0.0"}}, "node_modules/b": {"version": "1.0.0"}}}'
    ),
    "requirements.txt": "flask==3.0.3\n",
    "go.mod": "module a\n\ngo 1.23\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "app.py": "import flask\n",
    "server.js": "",
}
BASES = st.sampled_from(
    ["node:22", "python:3.12", "golang:1.23", "debian:12", "alpine", "scratch", "a/b:c", "${BASE}"]
)
COMMANDS = st.sampled_from(
    [
        "npm ci", "npm install", "npm run build", "npm cache clean --force", "pip install -r requirements.txt",
        "pip install --no-cache-dir flask", "go mod download", "go build -o /server .", "apt-get update",
        "apt-get install -y curl", "rm -rf /var/lib/apt/lists/*", "cd /app", "make", "true # why", "export A=1",
        "if true; then npm ci; fi", "useradd -m -u 1500 app", "chown -R node /app",
    ]
)  # fmt: skip
JOINTS = st.sampled_from([" && ", "; ", " || ", " \\\n && ", " && \\\n    # why\n    ", " | "])
OTHERS = st.sampled_from(
    [
        "COPY . .", "COPY . /app", "COPY package*.json ./", "COPY --from=0 /app /app", "ADD . /app", "WORKDIR /app",
        "WORKDIR src", "USER node", "USER $WHO", "USER root", "ENV A=1", "ENV PIP_NO_CACHE_DIR=1", "ARG WHO", "EXPOSE 80",
        'CMD ["node", "server.js"]', "CMD npm start", 'ENTRYPOINT ["/server"]', "ONBUILD RUN npm ci", "VOLUME /data",
        'SHELL ["/bin/bash", "-c"]', "RUN <<EOF\nnpm ci\nEOF", 'RUN ["npm", "ci"]', "COPY <<EOF /x\n# no comment\nEOF",
        "RUN --mount=type=cache,target=/root/.npm npm ci", "HEALTHCHECK NONE", "LABEL a=b",
    ]
)  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> str:
    first, *others = draw(st.lists(COMMANDS, min_size=1, max_size=4))
    return "RUN " + first + "".join(draw(JOINTS) + each for each in others)


@st.composite
def dockerfiles(draw: st.DrawFn) -> str:
    lines: list[str] = ["ARG BASE=node:22"] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 2))):
        lines.append(f"FROM {draw(BASES)}")
        for body in draw(st.lists(OTHERS | scripts(), max_size=7)):
            lines += [""] * draw(st.integers(0, 1))
            lines += ["# a comment"] * draw(st.integers(0, 1))
            lines.append(body)
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n", "\n# end", "\n# end\n"]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dockerfiles(), st.sampled_from(Level), st.sampled_from([None, PROJECT]))
def test_the_whole_catalogue_keeps_what_it_must(text: str, level: Level, files) -> None:
    project = None if files is None else dict(files)

    def run(source: str):
        tree = None if project is None else MemoryTree({**project, "Dockerfile": source})
        return refactor(source, path="Dockerfile", tree=tree, transforms=CATALOGUE, level=level)

    report = run(text)
    assert report.ending.kind in ("settled", "unparsable"), report.ending
    assert not report.dropped
    after = parse(report.after)
    assert report.after == after.code
    if report.ending.kind == "unparsable":
        assert report.after == text
        return
    assert not after.diagnostics
    before = Counter(edits.comment_lines(parse(text).items))
    assert not before - Counter(edits.comment_lines(after.items))
    assert report.after.endswith("\n") == text.endswith("\n") or not text
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in report.after.replace("\r\n", "")
    if project is not None:
        project.update({path: new for path, (_, new) in report.files.items() if new is not None})
    again = run(report.after)
    assert again.after == report.after
    assert not {path: new for path, (old, new) in again.files.items() if old != new}
