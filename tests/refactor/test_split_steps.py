"""Steps beside the build: what they leave outside the project comes along, and nothing is asked for that is not there."""

from __future__ import annotations

import pytest

from dfix.ecosystems.tree import MemoryTree
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level
from dfix.transforms import catalogue

SPLIT = [each for each in catalogue(third_party=False) if each.id == "split-stages"]
GO = {
    "go.mod": "module example.com/a\n\ngo 1.23\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "config.yaml": "a: 1\n",
    "conf/a": "1\n",
}
STATIC = "gcr.io/distroless/static-debian12"


def split(steps: str, start: str = '["./main"]'):
    text = f"FROM golang:1.23\nWORKDIR /src\nCOPY . .\n{steps}CMD {start}\n"
    tree = MemoryTree({"Dockerfile": text, **GO})
    report = refactor(text, path="Dockerfile", tree=tree, transforms=SPLIT, level=Level.BOLD)
    assert not report.dropped
    return report


def runtime(steps: str, start: str = '["./main"]') -> list[str]:
    report = split(steps, start)
    assert report.steps, report.held_back
    return report.after.partition("\n\nFROM ")[2].splitlines()


def test_a_file_that_a_step_copies_elsewhere_leaves_the_builder():
    assert runtime("RUN cp config.yaml /etc/app.yaml\nRUN go build -o main .\n") == [
        STATIC,
        "WORKDIR /src",
        "COPY --from=builder /etc/app.yaml /etc/app.yaml",
        "COPY --from=builder /src/main /src/main",
        'CMD ["./main"]',
    ]


def test_a_copy_into_a_folder_of_the_system_is_one_file():
    lines = runtime(
        "RUN go build -o main . && cp main /usr/local/bin/ && chmod +x /usr/local/bin/main\n"
    )
    assert "COPY --from=builder /usr/local/bin/main /usr/local/bin/main" in lines
    assert not any(line.startswith("RUN") for line in lines)


def test_what_is_removed_again_is_not_asked_for():
    lines = runtime(
        "RUN mkdir tmp && cp config.yaml /etc/app.yaml\nRUN go build -o main . && rm -rf tmp /etc/app.yaml\n"
    )
    assert lines == [
        STATIC,
        "WORKDIR /src",
        "COPY --from=builder /src/main /src/main",
        'CMD ["./main"]',
    ]


def test_a_folder_that_a_step_makes_in_the_project_comes_along():
    assert "COPY --from=builder /src/spool /src/spool" in runtime(
        "RUN mkdir spool && go build -o main .\n"
    )


def test_a_step_that_is_said_again_runs_in_its_own_folder():
    lines = runtime("WORKDIR /var/spool\nRUN mkdir -p q\nWORKDIR /src\nRUN go build -o main .\n")
    assert lines[1:4] == ["WORKDIR /var/spool", "RUN mkdir -p q", "WORKDIR /src"]


def test_a_copy_to_a_relative_place_outside_the_project_keeps_its_folder():
    lines = runtime("WORKDIR /etc/x\nCOPY conf ./\nWORKDIR /src\nRUN go build -o main .\n")
    assert lines[1:4] == ["WORKDIR /etc/x", "COPY conf ./", "WORKDIR /src"]


@pytest.mark.parametrize(
    "step",
    [
        "RUN cp *.yaml /etc/\n",
        "RUN tar -xf data.tar -C /usr\n",
        "RUN cp config.yaml /etc/app.yaml\nRUN rm -f /etc/*.yaml\n",
        "RUN cp -t /etc config.yaml\n",
    ],
)
def test_what_lands_where_nobody_can_tell_holds_back(step: str):
    report = split(f"{step}RUN go build -o main .\n")
    assert [each.slug for each in report.held_back] == ["opaque-step"]
