"""What a Python program needs whose distributions a lock names."""

from __future__ import annotations

from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.python.service import services
from dfix.ecosystems.python.specs import admits
from dfix.ecosystems.service import Base, Did, Request, Service, Started
from dfix.ecosystems.tree import MemoryTree

PATH = "/usr/local/bin:/usr/bin:/bin"
MANIFEST = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["flask"]\n'
UV = 'version = 1\n\n[[package]]\nname = "flask"\nversion = "3.1.0"\nsource = { registry = "https://pypi.org/simple" }\n'
POETRY = '[[package]]\nname = "flask"\nversion = "3.1.0"\ngroups = ["main"]\n\n[metadata]\nlock-version = "2.1"\n'
PIPENV = '{"_meta": {}, "default": {"flask": {"version": "==3.1.0"}}, "develop": {}}'
FILES = {
    "pyproject.toml": MANIFEST,
    "uv.lock": UV,
    "poetry.lock": POETRY,
    "pdm.lock": POETRY,
    "Pipfile.lock": PIPENV,
    "Pipfile": "",
    "main.py": "import flask\n",
}


def request(
    *lines: str,
    files: dict[str, str] | None = None,
    start: str = "",
    env: dict[str, Any] | None = None,
) -> Request:
    did = []
    for number, line in enumerate(lines, 2):
        call = read_call(line.split())
        assert call is not None, line
        did.append(Did(call, "/app", {"PATH": PATH, **(env or {})}, f"Dockerfile:{number}"))
    started = Started(tuple((start or "python main.py").split()), "/app", "Dockerfile:9")
    base = Base("python", (3, 12), "glibc", "full", tuple(PATH.split(":")))
    return Request(MemoryTree(FILES | (files or {})), "", "/app", tuple(did), (started,), base)


def served(*lines: str, **more: Any) -> Service:
    found = services(request(*lines, **more))
    assert isinstance(found, Known), found
    return found.value


def places(*lines: str, **more: Any) -> str:
    """Where the last of the calls installs, or why that is not known."""
    asked = request(*lines, **more)
    last = asked.did[-1]
    found = ecosystem_of(last.call).installs_into(last, asked)
    return found.why if isinstance(found, Unknown) else found.value


@pytest.mark.parametrize(
    ("lines", "env", "shape"),
    [
        (["uv sync"], {}, "uv: virtual environment + sources"),
        (["pip install poetry", "poetry install"], {"POETRY_VIRTUALENVS_CREATE": "false"}, "poetry: site-packages + sources"),
        (["pip install poetry", "poetry install"], {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}, "poetry: virtual environment + sources"),
        (["pip install pipenv", "pipenv install --system"], {}, "pipenv: site-packages + sources"),
        (["pip install pdm", "pdm sync"], {}, "pdm: virtual environment + sources"),
        (["uv pip install --system flask"], {}, "pip: site-packages + sources"),
    ],
)  # fmt: skip
def test_what_is_served(lines: list[str], env: dict[str, str], shape: str) -> None:
    service = served(*lines, env=env)
    assert service.shape == shape
    assert service.obstacles == ()


def test_a_lock_names_what_is_judged() -> None:
    more = (
        UV
        + '\n[[package]]\nname = "obscure"\nversion = "1"\nsource = { registry = "https://pypi.org/simple" }\n'
    )
    asked = served("uv sync", files={"uv.lock": more})
    assert [each.slug for each in asked.obstacles] == ["unknown-package"]
    assert asked.obstacles[0].setting == '[tool.dfix.split] pure = ["obscure"]'
    wheel = (
        more + 'wheels = [{ url = "https://files.pythonhosted.org/obscure-1-py3-none-any.whl" }]\n'
    )
    assert served("uv sync", files={"uv.lock": wheel}).obstacles == ()
    compiled = more + 'sdist = { url = "https://files.pythonhosted.org/obscure-1.tar.gz" }\n'
    assert [each.slug for each in served("uv sync", files={"uv.lock": compiled}).obstacles] == [
        "unknown-package"
    ]
    old = UV.replace("flask", "pillow").replace("3.1.0", "9.5.0")
    assert "pillow==9.5.0" in served("uv sync", files={"uv.lock": old}).obstacles[0].sentence


def test_development_groups_that_stay_out_are_not_judged() -> None:
    more = POETRY.replace(
        "[metadata]", '[[package]]\nname = "obscure"\nversion = "1"\ngroups = ["dev"]\n\n[metadata]'
    )
    env = {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    files = {"poetry.lock": more}
    assert served("poetry install --only main", files=files, env=env).obstacles == ()
    assert served("poetry install", files=files, env=env).obstacles != ()


@pytest.mark.parametrize(
    ("lines", "env", "files", "where"),
    [
        (["uv sync"], {}, {}, "/app/.venv"),
        (["uv sync"], {"UV_PROJECT_ENVIRONMENT": "/opt/venv"}, {}, "/opt/venv"),
        (["uv sync"], {"UV_PROJECT_ENVIRONMENT": None}, {}, "UV_PROJECT_ENVIRONMENT is not literal"),
        (["uv sync --active"], {}, {}, "uv sync --active takes the environment that is active"),
        (["uv sync -p 3.13"], {}, {}, "a flag chooses the Python, or how files are linked"),
        (["uv sync"], {"UV_PYTHON": "3.13"}, {}, "UV_PYTHON may choose another Python, or link into the cache"),
        (["uv sync"], {"UV_LINK_MODE": "symlink"}, {}, "UV_LINK_MODE may choose another Python, or link into the cache"),
        (["uv sync"], {"UV_LINK_MODE": "copy"}, {}, "/app/.venv"),
        (["uv sync"], {}, {".python-version": "3.12\n"}, "/app/.venv"),
        (["uv sync"], {}, {".python-version": "3.13\n"}, ".python-version asks for 3.13"),
        (["uv sync"], {}, {"uv.toml": ""}, "uv.toml may choose another Python"),
        (["uv sync"], {}, {"pyproject.toml": MANIFEST.replace(">=3.11", "<3.12")}, "whether Python 3.12 is one of <3.12 is not known"),
        (["uv python install 3.12", "uv sync"], {}, {}, "uv installs a Python of its own"),
        (["uv pip install --system flask"], {}, {}, "/usr/local"),
        (["uv pip install flask"], {"UV_SYSTEM_PYTHON": "1"}, {}, "/usr/local"),
        (["uv pip install flask"], {"VIRTUAL_ENV": "/opt/venv"}, {}, "/opt/venv"),
        (["uv pip install flask"], {}, {}, "no virtual environment is known for it"),
        (["uv venv", "uv pip install flask"], {}, {}, "/app/.venv"),
        (["uv tool install ruff"], {}, {}, "where uv tool install installs is not known"),
        (["poetry install"], {"VIRTUAL_ENV": "/opt/venv"}, {}, "/opt/venv"),
        (["poetry config virtualenvs.in-project true", "poetry install"], {}, {}, "/app/.venv"),
        (["poetry install"], {}, {"poetry.toml": "[virtualenvs]\nin-project = true\n"}, "/app/.venv"),
        (["pip install poetry", "poetry config virtualenvs.create false", "poetry install"], {}, {}, "/usr/local"),
        (["poetry config virtualenvs.create false", "poetry install"], {}, {}, "which Python runs Poetry is not known: pip does not install it here"),
        (["poetry install"], {"POETRY_VIRTUALENVS_CREATE": None}, {}, "POETRY_VIRTUALENVS_CREATE is not literal"),
        (["poetry install"], {}, {}, "Poetry makes a virtual environment whose name is not known"),
        (
            ["poetry install"], {"POETRY_VIRTUALENVS_IN_PROJECT": "true"},
            {"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.11"\n'}, "whether Python 3.12 is one of ~3.11 is not known",
        ),
        (["pipenv sync --system"], {}, {}, "/usr/local"),
        (["pipenv sync"], {"PIPENV_VENV_IN_PROJECT": "1"}, {}, "/app/.venv"),
        (["pipenv sync"], {}, {}, "Pipenv makes a virtual environment whose name is not known"),
        (["pipenv --python 3.11 sync --system"], {}, {}, "a flag chooses the Python"),
        (["pipenv sync --system"], {"VIRTUAL_ENV": "/v"}, {}, "a variable may lead pipenv to another environment"),
        (["pdm sync"], {}, {}, "/app/.venv"),
        (["pdm sync"], {"PDM_USE_VENV": "0"}, {}, "PDM_USE_VENV may lead PDM to another environment"),
        (["pdm config venv.in_project off", "pdm sync"], {}, {}, "a command of PDM may lead it to another environment"),
        (["pdm sync"], {}, {".pdm-python": "/x"}, ".pdm-python may lead PDM to another environment"),
        (["conda install -y numpy"], {}, {}, "where conda installs is not known"),
    ],
)  # fmt: skip
def test_where_a_call_installs(
    lines: list[str], env: dict[str, Any], files: dict[str, str], where: str
) -> None:
    assert places(*lines, env=env, files=files) == where


@pytest.mark.parametrize(
    ("clause", "admitted"),
    [
        (">=3.11", True), (">=3.12", True), (">=3.12.1", False), (">=3.13", False), ("<3.13", True),
        ("<3.12", False), ("<4", True), ("==3.12.*", True), ("==3.*", True), ("==3.12.4", False),
        ("~=3.11", True), ("~=3.13", False), ("!=3.12.1", False), ("!=3.11.2", True), ("^3.11", True),
        ("^3.12.1", False), ("~3.12", True), ("~3.11", False), ("*", False), (">3.11", False),
    ],
)  # fmt: skip
def test_which_pythons_a_clause_admits(clause: str, *, admitted: bool) -> None:
    assert admits(clause, (3, 12)) == admitted
