"""`dfix graph`: a mermaid chart of the stages, before and after."""

from __future__ import annotations

from click.testing import CliRunner

from dfix.cli.main import group
from dfix.ecosystems.tree import MemoryTree
from dfix.grammar import parse
from dfix.refactor.config import Config
from dfix.refactor.model import Model
from dfix.refactor.model.cost import Edit, rerun
from dfix.refactor.project import Project
from dfix.render.graph import Side, render

TEXT = """FROM node:22 AS deps
COPY package.json .
RUN npm install
FROM node:22 AS unused
FROM node:22
COPY --from=deps /node_modules /node_modules
COPY . .
RUN --mount=from=deps,target=/d "x"
"""


def chart(text: str, edit: Edit | None = None) -> str:
    model = Model(parse(text))
    project = Project(
        MemoryTree({"Dockerfile": text, "package.json": "{}", "a.js": ""}), "Dockerfile", Config()
    )
    found = None if edit is None else rerun(model, project, edit)
    return "\n".join(render([Side("before", model, found)]))


def test_each_stage_is_a_box_that_says_what_runs_again():
    shown = chart(TEXT, Edit("source", "a.js"))
    assert 's0_0["<b>deps</b><br/>node:22<br/>2 from the cache"]:::kept' in shown
    assert 's0_1["<b>unused</b><br/>node:22<br/>not built"]:::unused' in shown
    assert 's0_2["<b>stage 2</b><br/>node:22<br/>2 of 3 run again"]:::again' in shown


def test_an_install_that_runs_again_is_named():
    assert "an install among them" in chart(TEXT, Edit("manifest", "package.json"))


def test_stages_are_joined_by_what_they_copy_and_mount():
    shown = chart(TEXT)
    assert 's0_0 -.->|"/node_modules"| s0_2' in shown
    assert "s0_0 -. mount .-> s0_2" in shown
    assert "s0_0 -->|FROM| s0_1" in chart("FROM a AS b\nFROM b\n")


def test_text_cannot_leave_its_quotes():
    assert "#quot;" in chart('FROM a AS b\nFROM c\nCOPY --from=b ["/a\\"b", "/x"]\n')


def test_the_command_draws_both_sides(tmp_path, monkeypatch):
    (tmp_path / "Dockerfile").write_text(
        "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD node a.js\n"
    )
    (tmp_path / "package.json").write_text('{"name": "a", "dependencies": {"left-pad": "1.3.0"}}')
    (tmp_path / "package-lock.json").write_text(
        '{"name": "a", "lockfileVersion": 3, "packages": {"": {"dependencies": {"left-pad": "1.3.0"}},'
        ' "node_modules/left-pad": {"version": "1.3.0"}}}'
    )
    (tmp_path / "a.js").write_text("")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(group, ["graph", "Dockerfile"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("flowchart LR\n")
    assert "before: 2 of 3 steps run again after an edit of a.js" in done.output
    assert "after: " in done.output


def test_a_folder_is_no_file(tmp_path):
    assert CliRunner().invoke(group, ["graph", str(tmp_path)]).exit_code == 2
