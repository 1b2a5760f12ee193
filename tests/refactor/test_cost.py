"""What an edit runs again: the inputs of BuildKit's keys, one by one, and then the engine's own CACHED lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from refactor import engine_cache

from dfix.api import refactor
from dfix.ecosystems.tree import DiskTree, MemoryTree
from dfix.grammar import parse
from dfix.refactor.config import Config
from dfix.refactor.model import Model
from dfix.refactor.model.cost import Edit, Rerun, rerun
from dfix.refactor.model.reach import needed
from dfix.refactor.plans.editing import manifest_edit, source_edit
from dfix.refactor.project import Project

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "package.json": '{"name": "a", "dependencies": {"left-pad": "1.3.0"}}',
    "package-lock.json": "{}",
    "src/app.js": "",
    "docs/notes.md": "",
    "templates/page.html": "",
}
SOURCE = Edit("source", "src/app.js")
MANIFEST = Edit("manifest", "package.json")


def cost(text: str, edit: Edit, files: dict[str, str] = FILES, target: str | None = None) -> Rerun:
    tree = MemoryTree({"Dockerfile": text, **files})
    return rerun(Model(parse(text)), Project(tree, "Dockerfile", Config()), edit, target)


def again(text: str, edit: Edit, files: dict[str, str] = FILES) -> list[str]:
    return [step.places[0].node.code.strip() for step in cost(text, edit, files).again]


def test_without_an_edit_nothing_runs() -> None:
    found = cost("FROM a\nWORKDIR /x\nCOPY . .\nRUN make\n", Edit("nothing"))
    assert not found.again
    assert len(found.steps) == 3


def test_a_file_is_an_input_of_the_copy_that_brings_it_and_of_all_behind_it() -> None:
    text = (
        "FROM a\nRUN one\nCOPY package.json .\nRUN two\nCOPY src src\nRUN three\nENV A=1\nCMD x\n"
    )
    assert again(text, SOURCE) == ["COPY src src", "RUN three"]
    assert again(text, MANIFEST) == ["COPY package.json .", "RUN two", "COPY src src", "RUN three"]


@pytest.mark.parametrize(
    ("source", "edited"),
    [
        (".", True), ("./", True), ("/", True), ("*", True), ("src/*.js", True), ("s?c", True), ("src/app.js", True),
        ("docs", False), ("*.js", False), ("src/*.ts", False), ("src/app.json", False), ("https://example.com/src/app.js", False),
    ],
)  # fmt: skip
def test_sources_match_as_copy_reads_them(source: str, *, edited: bool) -> None:
    instruction = "ADD" if "://" in source else "COPY"
    assert bool(again(f"FROM a\n{instruction} {source} /x/\n", SOURCE)) == edited


def test_an_ignored_file_is_no_input() -> None:
    assert not again("FROM a\nCOPY . .\n", SOURCE, {**FILES, ".dockerignore": "src\n"})
    assert again("FROM a\nCOPY . .\n", SOURCE, {**FILES, ".dockerignore": "src\n!src/app.js\n"})


def test_an_excluded_file_is_no_input() -> None:
    assert not again("FROM a\nCOPY --exclude=**/*.js . .\n", SOURCE)


def test_a_linked_copy_stands_alone_but_what_follows_does_not() -> None:
    text = "FROM a\nCOPY src src\nCOPY --link docs docs\nRUN one\n"
    assert again(text, SOURCE) == ["COPY src src", "RUN one"]


def test_a_bind_mount_is_an_input_of_its_run() -> None:
    mounted = "FROM a\nRUN --mount=type=bind,source={},target=/m one\n"
    assert again(mounted.format("src"), SOURCE)
    assert not again(mounted.format("docs"), SOURCE)
    assert again("FROM a\nRUN --mount=target=/m one\n", SOURCE)


def test_cache_and_secret_mounts_are_no_inputs() -> None:
    assert not again(
        "FROM a\nRUN --mount=type=cache,target=/src --mount=type=secret,id=x one\n", SOURCE
    )


def test_an_argument_is_an_input_of_every_run_behind_it_in_its_stage() -> None:
    text = "FROM a AS b\nRUN one\nARG V=1\nRUN two\nCOPY docs /d\nFROM b\nRUN three\n"
    assert again(text, Edit("argument", "V")) == ["RUN two", "COPY docs /d", "RUN three"]
    assert not again("FROM a\nARG V\nCOPY docs /d\n", Edit("argument", "V"))
    assert not again("FROM a\nRUN one\nARG V\n", Edit("argument", "V"))


def test_an_argument_reaches_what_expands_it() -> None:
    assert again("FROM a\nARG V=1\nCOPY docs /d$V\n", Edit("argument", "V"))
    assert again("FROM a\nARG V=1\nWORKDIR /d$V\n", Edit("argument", "V"))
    assert again("FROM a AS b\nARG V=1\nENV W=$V\nFROM b\nRUN one\n", Edit("argument", "V"))
    assert again("ARG V=1\nARG W=$V\nFROM a:$W\nWORKDIR /x\n", Edit("argument", "V"))
    assert not again("ARG V=1\nFROM a\nRUN one\n", Edit("argument", "V"))


def test_an_argument_hidden_by_a_fixed_variable_still_counts_for_runs() -> None:
    # BuildKit writes the declared arguments in front of the command, whatever ENV says.
    assert again("FROM a\nARG V=1\nENV W=2\nRUN one\n", Edit("argument", "V"))


def test_a_copy_from_a_stage_depends_on_content_not_on_the_stage() -> None:
    text = (
        "FROM a AS b\nWORKDIR /x\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
        "FROM c\nCOPY --from=b /x/package.json .\nCOPY --from=b /x/node_modules node_modules\n"
        "COPY --from=b /x/templates t\nCOPY --from=b /x/dist dist\n"
    )
    assert again(text, SOURCE)[2:] == ["COPY --from=b /x/dist dist"]
    assert len(again(text, MANIFEST)) == 8


def test_a_copy_is_sure_to_run_again_only_if_the_edited_file_itself_is_copied() -> None:
    text = "FROM a AS b\nCOPY . /x\nRUN make\nFROM c\nCOPY --from=b /x/{} /y\nRUN two\n"
    built, copied = cost(text.format("bin"), SOURCE), cost(text.format("src"), SOURCE)
    assert [len(built.surely), len(built.again)] == [2, 4]
    assert [len(copied.surely), len(copied.again)] == [4, 4]


def test_a_step_that_may_write_anywhere_is_taken_to_change_what_is_copied() -> None:
    text = "FROM a AS b\nWORKDIR /x\nCOPY . .\nRUN {}\nFROM c\nCOPY --from=b /usr/local/lib/y /y\n"
    assert len(again(text.format("make install"), SOURCE)) == 3
    assert len(again(text.format("python manage.py collectstatic"), SOURCE)) == 2
    assert len(again(text.format("python gen.py /usr/local/lib"), SOURCE)) == 3


def test_stages_that_the_target_does_not_need_are_not_built() -> None:
    text = "FROM a AS b\nCOPY . .\nFROM a AS c\nRUN one\nFROM c AS d\nRUN --mount=from=c,target=/m two\n"
    model = Model(parse(text))
    assert [stage.name for stage in needed(model)] == ["c", "d"]
    assert [stage.name for stage in needed(model, "B")] == ["b"]
    assert len(cost(text, SOURCE).steps) == 2
    assert len(cost(text, SOURCE, target="b").again) == 1


def test_stages_that_begin_alike_share_their_steps() -> None:
    text = "FROM a AS b\nWORKDIR /x\nCOPY docs .\nFROM a\nWORKDIR /x\nCOPY docs .\nCOPY --from=b /x /y\n"
    found = cost(text, Edit("nothing"))
    assert len(found.steps) == 3
    assert len(found.steps[0].places) == 2


def test_the_install_is_named() -> None:
    assert cost("FROM a\nCOPY . .\nRUN npm install\n", SOURCE).installs
    assert cost(
        "FROM a\nCOPY . .\nRUN apt-get update && apt-get install -y curl\n", SOURCE
    ).installs
    assert not cost("FROM a\nRUN npm ci\nCOPY . .\nRUN npm run build\n", SOURCE).installs


def test_the_edited_source_is_one_that_no_install_reads() -> None:
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
    tree = MemoryTree(
        {
            "Dockerfile": text,
            **FILES,
            "src/app.test.js": "",
            "vite.config.js": "",
            "node_modules/a.js": "",
        }
    )
    project = Project(tree, "Dockerfile", Config())
    assert source_edit(Model(parse(text)), project) == SOURCE
    assert manifest_edit(Model(parse(text)), project) == MANIFEST


def test_without_sources_there_is_no_edit() -> None:
    text = "FROM node:22\nRUN npm install -g serve\n"
    project = Project(MemoryTree({"Dockerfile": text}), "Dockerfile", Config())
    assert source_edit(Model(parse(text)), project) is None
    assert manifest_edit(Model(parse(text)), project) is None


def test_the_report_says_what_an_edit_costs() -> None:
    lock = (
        '{"name": "a", "lockfileVersion": 3, "packages": {"": {"dependencies": {"left-pad": "1.3.0"}},'
        ' "node_modules/left-pad": {"version": "1.3.0"}}}'
    )
    files = {**FILES, "package-lock.json": lock, ".dockerignore": "node_modules\n"}
    text = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
    report = refactor(
        text, project=MemoryTree({"Dockerfile": text, **files}), only=["copy-manifests-first"]
    )
    source = next(each for each in report.cost if each.edit == "source")
    assert (source.before.again, source.before.of, source.before.installs) == (2, 3, True)
    assert (source.after.again, source.after.of, source.after.installs) == (1, 4, False)


@pytest.mark.engine
@pytest.mark.parametrize("name", ["python-flask", "node-static"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_the_engine_takes_as_much_from_its_cache(name: str, side: str, tmp_path: Path) -> None:
    env = engine_cache.environment()
    if env is None:
        pytest.skip(
            "no container engine runs here: what the cost model says is not compared with CACHED lines"
        )
    project = engine_cache.copied(name, tmp_path)
    lacking = engine_cache.missing(project, env)
    if lacking:
        pytest.skip(f"the engine lacks the base image {lacking}")
    if side == "after":
        written = refactor((project.folder / "Dockerfile").read_text(), project=project.folder)
        (project.folder / "Dockerfile").write_text(written.after)
        for path, (_, text) in written.files.items():
            (project.folder / path).write_text(text or "")
    engine_cache.build(project.folder, env)
    model = Model(parse((project.folder / "Dockerfile").read_text()))
    for kind in ("nothing", "source", "manifest"):
        path = "" if kind == "nothing" else engine_cache.edit(project, kind, f"n{time.time_ns()}")
        cached = engine_cache.build(project.folder, env)
        told = rerun(
            model, Project(DiskTree(str(project.folder)), "Dockerfile", Config()), Edit(kind, path)
        )
        assert len(told.steps) == len(cached), kind
        ran = sum(not hit for hit in cached.values())
        assert len(told.surely) <= ran <= len(told.again), (kind, cached)
        if (
            kind != "manifest"
        ):  # the edit shows in what is built, so that no copy finds the same content
            assert ran == len(told.again), (kind, cached)


SMALL = """FROM python:3.12-slim AS b
WORKDIR /x
RUN echo {nonce} > one
ARG V=1
ENV W=$V
COPY f .
RUN echo $W > two
FROM python:3.12-slim
WORKDIR /x
COPY --from=b /x/f .
COPY --from=b /x/one /x/two ./
COPY g /g
RUN --mount=type=bind,source=h,target=/h cat /h
"""


@pytest.mark.engine
def test_the_engine_agrees_on_each_input_of_a_key(tmp_path: Path) -> None:
    env = engine_cache.environment()
    if env is None:
        pytest.skip(
            "no container engine runs here: what the cost model says is not compared with CACHED lines"
        )
    if engine_cache.missing(engine_cache.Project(tmp_path, {"bases": ["python:3.12-slim"]}), env):
        pytest.skip("the engine lacks the base image python:3.12-slim")
    nonce = f"n{time.time_ns()}"
    text = SMALL.replace("{nonce}", nonce)
    (tmp_path / "Dockerfile").write_text(text)
    for name in "fgh":
        (tmp_path / name).write_text(f"{name} {nonce}")
    engine_cache.build(tmp_path, env)
    project = Project(DiskTree(str(tmp_path)), "Dockerfile", Config())
    edits = [
        Edit("nothing"),
        Edit("source", "f"),
        Edit("source", "g"),
        Edit("source", "h"),
        Edit("argument", "V"),
    ]
    for edit in edits:
        arguments = ["--build-arg", f"V={nonce}"] if edit.kind == "argument" else []
        if edit.file:
            (tmp_path / edit.file).write_text(f"another {edit.file} {nonce}")
        cached = engine_cache.build(tmp_path, env, *arguments)
        told = rerun(Model(parse(text)), project, edit)
        assert len(told.steps) == len(cached), (edit, cached)
        assert len(told.again) == sum(not hit for hit in cached.values()), (edit, cached)
