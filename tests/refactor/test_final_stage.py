"""Where in the context the files of a stage come from, through copies between stages."""

from __future__ import annotations

import pytest
from refactor.small import model_of

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree
from dfix.refactor.config import Config
from dfix.refactor.plans.final_stage import contributors, folder_of
from dfix.refactor.project import Project

FILES = {"web/package.json": "{}", "web/src/a.js": "", "api/app.py": ""}


def folder(text: str, directory: str = "/app"):
    model = model_of(text)
    return folder_of(Project(MemoryTree(FILES), "Dockerfile", Config()), model.final, directory)


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nCOPY web /app\n",
        "FROM a\nCOPY web/package.json /app/package.json\nCOPY web/src /app/src\n",
        "FROM a AS b\nCOPY web /w\nFROM c\nCOPY --from=b /w /app\n",
        "FROM a AS b\nWORKDIR /w\nCOPY web .\nFROM c\nCOPY --from=b /w/dist /app/dist\n",
        "FROM a AS b\nCOPY web /w\nFROM c\nCOPY --from=b /w/package*.json /app/\n",
        "FROM a AS b\nCOPY web /w\nFROM a AS d\nCOPY --from=b /w /v\nFROM c\nCOPY --from=d /v/src /app/src\n",
    ],
)
def test_it_is_followed(text: str) -> None:
    found = folder(text)
    assert isinstance(found, Known)
    assert found.value == "web"


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN make\n",
        "FROM a\nCOPY --from=nginx /w /app\n",
        "FROM a\nCOPY web/package.json /app/package.json\nCOPY api/app.py /app/app.py\n",
        "FROM a AS b\nCOPY web /w\nCOPY api /v\nFROM c\nCOPY --from=b /w/x /app/x\nCOPY --from=b /v/y /app/y\n",
    ],
)
def test_it_is_not_guessed(text: str) -> None:
    assert isinstance(folder(text), Unknown)


def test_stages_that_are_copied_from_contribute() -> None:
    model = model_of(
        "FROM a AS x\nFROM a AS unused\nFROM x AS y\nFROM c\nCOPY --from=y / /\nCOPY --from=nginx /n /n\n"
    )
    assert [stage.index for stage in contributors(model.final)] == [0, 2, 3]
