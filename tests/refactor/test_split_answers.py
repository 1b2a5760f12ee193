"""Configuration answers the questions that split-stages asks, and the second run splits."""

from __future__ import annotations

from dfix.ecosystems.tree import MemoryTree
from dfix.refactor.config import Config, SplitConfig
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level
from dfix.transforms import catalogue

SPLIT = [each for each in catalogue(third_party=False) if each.id == "split-stages"]
SCRIPTED = (
    "FROM golang:1.23-bookworm\nWORKDIR /app\nCOPY . .\nRUN go mod download\nRUN ./build.sh\n"
    'CMD ["/app/bin/server"]\n'
)
PROJECT = {
    "go.mod": "module example.com/a\n\ngo 1.23\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "build.sh": "#!/bin/sh\ngo build -o bin/server .\n",
}


def run(text: str, project: dict[str, str], split: SplitConfig):
    tree = MemoryTree({"Dockerfile": text, **project})
    return refactor(
        text,
        path="Dockerfile",
        tree=tree,
        transforms=SPLIT,
        config=Config(split=split),
        level=Level.BOLD,
    )


def test_a_file_that_a_script_builds_is_asked_for():
    report = run(SCRIPTED, PROJECT, SplitConfig())
    assert [(each.slug, each.answer.setting) for each in report.held_back] == [
        ("no-artefact", '[tool.dfix.split] artefacts = ["/app/server"]')
    ]
    assert report.after == SCRIPTED


def test_the_named_file_is_copied_and_the_script_only_builds():
    report = run(SCRIPTED, PROJECT, SplitConfig(artefacts=("/app/bin/server",)))
    assert not report.dropped
    assert report.after.endswith(
        "FROM debian:bookworm-slim\nWORKDIR /app\nCOPY --from=builder /app/bin/server /app/bin/server\n"
        'CMD ["/app/bin/server"]\n'
    )


def test_a_named_suite_answers_for_a_base_that_floats():
    floating = SCRIPTED.replace("-bookworm", "")
    asked = run(floating, PROJECT, SplitConfig(artefacts=("/app/bin/server",)))
    assert "unknown-suite" in {each.slug for each in asked.held_back}
    answered = run(floating, PROJECT, SplitConfig(artefacts=("/app/bin/server",), suite="bookworm"))
    assert "FROM debian:bookworm-slim\n" in answered.after


def test_packages_that_are_vouched_for_leave_the_full_image():
    text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD ["node", "index.js"]\n'
    project = {
        "package.json": '{"name": "a", "dependencies": {"left-pad": "1.3.0"}}',
        "index.js": "",
    }
    asked = run(text, project, SplitConfig())
    assert {each.slug for each in asked.held_back} == {"unknown-package"}
    answered = run(text, project, SplitConfig(pure=("left-pad",)))
    assert "FROM node:20-slim\n" in answered.after
