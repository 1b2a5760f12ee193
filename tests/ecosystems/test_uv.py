"""What commands of uv do, and what they read of a project."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import CacheKind, Call, Inputs, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

UV = ecosystem_of("uv")
MANIFEST = """\
[project]
name = "Shop"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["Flask[async] >=3, <4 ; python_version >= '3.8'", "idna"]

[project.optional-dependencies]
mail = ["aiosmtplib>=2"]

[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["ruff"]
"""
PACKAGE = '\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "flask"
version = "3.1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }

[package.metadata]
requires-dist = [
    { name = "aiosmtplib", marker = "extra == 'mail'", specifier = ">=2" },
    { name = "flask", extras = ["async"], marker = "python_full_version >= '3.8'", specifier = ">=3,<4" },
    { name = "idna" },
]

[package.metadata.requires-dev]
dev = [{ name = "pytest" }, { name = "ruff" }]
lint = [{ name = "ruff" }]
"""
FILES = {"pyproject.toml": MANIFEST, "uv.lock": LOCK, "main.py": ""}


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None, line
    assert found.ecosystem == "uv"
    return found


def inputs(files: dict[str, str], line: str = "uv sync", **more: Any) -> Fact[Inputs]:
    return UV.inputs(call(line), MemoryTree(files), more.pop("directory", ""), **more)


def known(files: dict[str, str], line: str = "uv sync", **more: Any) -> Inputs:
    found = inputs(files, line, **more)
    assert isinstance(found, Known), found
    return found.value


def why(found: Fact[Any] | None) -> str:
    assert isinstance(found, Unknown), found
    return found.why


@pytest.mark.parametrize(
    ("line", "verb", "role"),
    [
        ("uv sync --frozen --no-dev --no-install-project", "sync", Role.INSTALL),
        ("uv --directory web sync", "sync", Role.INSTALL),
        ("uv sync --dry-run", "sync", Role.RUN),
        ("uv pip install --system -r requirements.txt", "pip install", Role.INSTALL),
        ("uv pip install -r a.txt -c b.txt", "pip install", Role.INSTALL),
        ("uv pip sync requirements.txt", "pip sync", Role.INSTALL),
        ("uv pip install --system flask", "pip install", Role.ADD),
        ("uv pip install -e .", "pip install", Role.PROJECT),
        ("uv pip compile requirements.in -o requirements.txt", "pip compile", Role.CHANGE),
        ("uv tool install ruff", "tool install", Role.ADD),
        ("uv python install 3.12", "python install", Role.ADD),
        ("uv python install", "python install", Role.RUN),
        ("uv run pytest --locked", "run", Role.RUN),
        ("uvx ruff check", "uvx", Role.RUN),
        ("uv build", "build", Role.BUILD),
        ("uv add flask", "add", Role.CHANGE),
        ("uv export --frozen -o requirements.txt", "export", Role.CHANGE),
        ("uv cache clean", "cache clean", Role.CLEAN),
        ("uv cache prune --ci", "cache prune", Role.CLEAN),
        ("uv cache dir", "cache dir", Role.CONFIG),
        ("uv venv /opt/venv", "venv", Role.CONFIG),
        ("uv --version", "", Role.CONFIG),
        ("uv ?", "", Role.RUN),
    ],
)
def test_roles(line: str, verb: str, role: Role) -> None:
    assert (call(line).verb, call(line).role) == (verb, role)


def test_what_flags_say() -> None:
    found = call("uv sync --locked --no-cache -q --cache-dir /c --no-dev --offline")
    assert (found.locked, found.offline, found.production, found.cache) == (True, True, True, "/c")
    assert found.defeats_cache == (3,)
    assert call("uv sync --frozen").locked
    assert call("uv sync --unheard-of").unknown == ("--unheard-of",)
    assert call("uv sync surplus").unknown == ("surplus",)
    assert call("uv --project web sync").directory == "web"
    assert call("/root/.local/bin/uv pip install --system flask").outputs == ()
    assert call("uv pip install --system flask").everywhere
    assert not call("uv pip install flask").everywhere
    assert call("uv pip install --target lib flask").outputs == ("lib",)
    assert call("uv tool install ruff --with rich").packages == ("ruff", "rich")
    assert call("uv venv").outputs == (".venv",)
    assert call("uv venv").files != ()
    assert call("uv venv --no-project").files == ()


def test_caches() -> None:
    def paths(line: str, **env: str | None) -> list[str]:
        return [each.path for each in UV.caches(call(line), env)]

    assert [each.kind for each in UV.caches(call("uv sync"))] == [CacheKind.DOWNLOAD]
    assert paths("uv sync") == ["~/.cache/uv"]
    assert paths("uv sync", UV_CACHE_DIR="/c") == ["/c"]
    assert paths("uv sync", XDG_CACHE_HOME="/x") == ["/x/uv"]
    assert paths("uv sync --cache-dir /d", UV_CACHE_DIR="/c") == ["/d"]
    assert paths("uv run pytest") == []


@pytest.mark.parametrize(
    ("line", "env", "files", "linked"),
    [
        ("uv sync", {"UV_LINK_MODE": "symlink"}, {}, True),
        ("uv sync", {"UV_LINK_MODE": None}, {}, True),
        ("uv sync --link-mode symlink", {}, {}, True),
        ("uv sync", {}, {"uv.toml": 'link-mode = "symlink"'}, True),
        ("uv sync", {}, {"pyproject.toml": '[tool.uv]\nlink-mode = "symlink"\n'}, True),
        ("uv sync --link-mode copy", {"UV_LINK_MODE": "symlink"}, {}, False),
        ("uv sync", {"UV_LINK_MODE": "copy"}, {"uv.toml": 'link-mode = "symlink"'}, False),
        ("uv sync", {}, {"uv.toml": 'link-mode = "copy"'}, False),
    ],
)
def test_files_may_be_links_into_the_cache(
    line: str, env: dict[str, str | None], files: dict[str, str], *, linked: bool
) -> None:
    found = UV.caches_in(call(line), MemoryTree(files), "", env)
    assert isinstance(found, Unknown) == linked
    assert not linked or (isinstance(found, Unknown) and found.slug == "linked-cache")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("1", "UV_NO_CACHE"),
        ("true", "UV_NO_CACHE"),
        (None, "UV_NO_CACHE"),
        ("0", None),
        ("false", None),
    ],
)
def test_a_variable_turns_the_cache_off(value: str | None, name: str | None) -> None:
    assert UV.cache_off({"UV_NO_CACHE": value}) == name
    assert UV.cache_on("UV_NO_CACHE") == "0"


def test_a_project_that_is_no_package() -> None:
    found = known(FILES | {"uv.toml": "", ".python-version": "3.12"}, "uv sync --frozen")
    assert found.files == ("pyproject.toml", "uv.lock", "uv.toml", ".python-version")
    assert (found.lock, found.outputs) == ("uv.lock", (".venv",))
    assert found.dependencies
    assert found.enforced
    assert known(FILES).enforced
    assert not known(FILES | {"uv.toml": 'resolution = "lowest"'}).enforced


def test_the_environment_may_lie_elsewhere() -> None:
    assert known(FILES, env={"UV_PROJECT_ENVIRONMENT": "/opt/venv"}).outputs == ()
    assert known(FILES, env={"UV_PROJECT_ENVIRONMENT": "env"}).outputs == ("env",)
    assert known(FILES, env={"UV_PROJECT_ENVIRONMENT": None}).outputs == (".venv",)
    assert UV.outputs(call("uv sync"), {"UV_PROJECT_ENVIRONMENT": "/opt/venv"}) == ()
    assert [each.path for each in UV.outputs(call("uv sync"), {})] == [".venv"]
    assert UV.outputs(call("uv pip install -r a.txt"), {}) == ()


def test_a_package_needs_its_sources_and_can_wait_for_them() -> None:
    files = FILES | {"pyproject.toml": MANIFEST + PACKAGE}
    assert why(inputs(files)) == "uv installs the project's own sources"
    phase = UV.without_project(call("uv sync"), MemoryTree(files), "")
    assert isinstance(phase, Known)
    assert phase.value.append == ("--no-install-project",)
    assert phase.value.inputs.files == ("pyproject.toml", "uv.lock")
    again = call("uv sync --no-install-project")
    assert UV.without_project(again, MemoryTree(files), "") is None
    assert known(files, "uv sync --only-group lint").files == ("pyproject.toml", "uv.lock")
    del files["uv.lock"]
    assert why(UV.without_project(call("uv sync"), MemoryTree(files), "")) == "there is no uv.lock"


def test_package_can_be_said() -> None:
    said = MANIFEST + "\n[tool.uv]\npackage = true\n"
    assert "own sources" in why(inputs(FILES | {"pyproject.toml": said}))
    said = MANIFEST + PACKAGE + "\n[tool.uv]\npackage = false\n"
    assert known(FILES | {"pyproject.toml": said}).lock == "uv.lock"


@pytest.mark.parametrize(
    ("line", "files", "reason"),
    [
        ("uv sync --unheard-of", {}, "--unheard-of"),
        ("uv sync --package web", {}, "web"),
        ("uv sync --config-file uv.toml", {}, "uv.toml"),
        ("uv sync --script main.py", {}, "main.py"),
        ("uv sync", {"pyproject.toml": MANIFEST + "[tool.uv.workspace]\n"}, "workspace"),
        ("uv sync", {"pyproject.toml": "[project"}, "TOML"),
        ("uv sync", {"uv.lock": "version = 2\n"}, "format"),
        (
            "uv sync",
            {"uv.lock": LOCK + '\n[[package]]\nname = "m"\nsource = { editable = "libs/m" }\n'},
            "libs/m",
        ),
        (
            "uv sync",
            {"uv.lock": LOCK + '\n[[package]]\nname = "m"\nsource = { registry = "wheels" }\n'},
            "wheels",
        ),
        (
            "uv sync",
            {"pyproject.toml": MANIFEST + '\n[tool.uv]\nfind-links = ["wheels"]\n'},
            "wheels",
        ),
        (
            "uv sync",
            {"pyproject.toml": MANIFEST.replace("version =", 'dynamic = ["version"]\nx =')},
            "version",
        ),
    ],
)
def test_what_is_not_followed(line: str, files: dict[str, str], reason: str) -> None:
    assert reason in why(inputs(FILES | files, line))


def test_a_frozen_sync_asks_no_backend() -> None:
    dynamic = MANIFEST.replace("version =", 'dynamic = ["version"]\nx =')
    assert known(FILES | {"pyproject.toml": dynamic}, "uv sync --frozen").enforced


def test_a_workspace_above_is_seen() -> None:
    files = {f"web/{name}": text for name, text in FILES.items()}
    assert known(files, directory="web").files == ("web/pyproject.toml", "web/uv.lock")
    files["pyproject.toml"] = '[tool.uv.workspace]\nmembers = ["web"]\n'
    assert "workspace" in why(inputs(files, directory="web"))


def test_origins_beside_the_index() -> None:
    lock = LOCK + (
        '\n[[package]]\nname = "a"\nsource = { git = "https://git.example.org/a?rev=1#abc" }\n'
        '\n[[package]]\nname = "b"\nsource = { path = "wheels/b.whl" }\n'
    )
    found = known(FILES | {"uv.lock": lock, "wheels/b.whl": ""}, "uv sync --frozen")
    assert found.files == ("pyproject.toml", "uv.lock", "wheels/b.whl")
    assert (found.programs, found.hosts) == (("git",), ("git.example.org",))


def test_a_variable_that_names_a_file() -> None:
    assert "UV_CONSTRAINT" in why(inputs(FILES, env={"UV_CONSTRAINT": "c.txt"}))


def test_uv_pip() -> None:
    files = {"requirements.txt": "-r base.txt\n", "base.txt": "flask\n"}
    line = "uv pip install --system -r requirements.txt"
    assert known(files, line).files == ("requirements.txt", "base.txt")
    assert known(files, line).outputs == ()
    assert known(files, "uv pip install -r requirements.txt").outputs == (".venv",)
    system = {"UV_SYSTEM_PYTHON": "1"}
    assert known(files, "uv pip install -r requirements.txt", env=system).outputs == ()
    assert known(files, "uv pip sync requirements.txt").files == ("requirements.txt", "base.txt")
    assert known(FILES, "uv pip install --system -r pyproject.toml").files == ("pyproject.toml",)
    files["pyproject.toml"] = '[tool.uv]\nindex-url = "https://pypi.example.org/simple"\n'
    assert known(files, line).files == ("requirements.txt", "base.txt", "pyproject.toml")


def test_the_locked_form() -> None:
    found = UV.locked_form(call("uv sync --no-dev"), MemoryTree(FILES), "")
    assert isinstance(found, Known)
    assert (found.value.append, found.value.reads) == (("--locked",), ("pyproject.toml", "uv.lock"))
    assert UV.locked_form(call("uv sync --frozen"), MemoryTree(FILES), "") is None
    assert UV.locked_form(call("uv pip install -r r.txt"), MemoryTree(FILES), "") is None
    refused = UV.locked_form(call("uv sync -U"), MemoryTree(FILES), "")
    assert isinstance(refused, Unknown)
    assert refused.slug == "lock-off"
    assert UV.lock_off({"UV_FROZEN": "1"}) == "UV_FROZEN"
    assert UV.lock_off({"UV_FROZEN": "0", "UV_LINK_MODE": "copy"}) is None


@pytest.mark.parametrize(
    ("old", "new", "slug"),
    [
        ("idna", "idna>=3", "lock-mismatch"),
        ('"0.1.0"', '"0.2.0"', "lock-mismatch"),
        (">=3.11", ">=3.12", "lock-mismatch"),
        ("pytest", "pytest>=8", "lock-mismatch"),
        ("lint = [", "docs = [", "unknown-lock"),
        ("[async] >=3, <4", "[async]<4,>=3", ""),
        ("'3.8'", "'3.9'", "unknown-lock"),
        ("[dependency-groups]", '[tool.uv]\noverride-dependencies = ["a"]\n[dependency-groups]', "unknown-lock"),
        ("[dependency-groups]", "[tool.uv]\nmanaged = true\n[dependency-groups]", ""),
        ("requires-python", "x", "unknown-lock"),
    ],
)  # fmt: skip
def test_which_locks_fit(old: str, new: str, slug: str) -> None:
    assert MANIFEST.count(old) >= 1
    files = FILES | {"pyproject.toml": MANIFEST.replace(old, new, 1)}
    found = UV.locked_form(call("uv sync"), MemoryTree(files), "")
    if slug:
        assert isinstance(found, Unknown)
        assert found.slug == slug
    else:
        assert isinstance(found, Known)
