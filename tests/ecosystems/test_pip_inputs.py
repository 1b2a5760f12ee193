"""All that a pip install reads, or the reason why that cannot be told."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Inputs

PLAIN = "pip install -r requirements.txt"


def inputs(files: dict[str, str], line: str = PLAIN, **more: Any) -> Fact[Inputs]:
    call = read_call(shlex.split(line))
    assert call is not None
    return ecosystem_of("pip").inputs(call, MemoryTree(files), more.pop("directory", ""), **more)


def known(files: dict[str, str], line: str = PLAIN, **more: Any) -> Inputs:
    found = inputs(files, line, **more)
    assert isinstance(found, Known), found
    return found.value


def test_a_requirements_file() -> None:
    found = known({"requirements.txt": "flask==3.0\n", "app.py": ""})
    assert found.files == ("requirements.txt",)
    assert found.reasons == {"requirements.txt": "pip reads requirements.txt as its requirements"}
    assert found.dependencies
    assert not found.enforced
    assert found.outputs == ()


def test_files_lead_to_files() -> None:
    files = {
        "requirements/prod.txt": "-r base.txt\n-cpins.txt\n",
        "requirements/base.txt": "django\n-r prod.txt\n",
        "requirements/pins.txt": "django==4\n",
        "extra.txt": "x\n",
    }
    found = known(files, "pip install -r requirements/prod.txt -r extra.txt")
    assert found.files == (
        "requirements/prod.txt",
        "requirements/base.txt",
        "requirements/pins.txt",
        "extra.txt",
    )
    assert found.reasons["requirements/base.txt"] == "requirements/prod.txt:1 includes it"


def test_comments_joined_lines_and_options() -> None:
    text = "# first\n--index-url https://user:pw@pypi.example.org/simple\nflask \\\n  >=2 # why\n\n--no-binary :all:\nurllib3<3; python_version > '3' \n"
    found = known({"requirements.txt": text})
    assert found.hosts == ("pypi.example.org",)


def test_hashes_enforce() -> None:
    assert known({"requirements.txt": "a==1 --hash=sha256:00 \\\n    --hash=sha256:11\n"}).enforced
    assert not known({"requirements.txt": "a==1 --hash=sha256:00\nb==2\n"}).enforced


def test_what_a_windows_shell_wrote_is_read() -> None:
    found = ecosystem_of("pip").inputs(
        read_call(PLAIN.split()),
        MemoryTree({"requirements.txt": "flask\r\n-e .\r\n".encode("utf-16")}),
        "",
    )  # type: ignore[arg-type]
    assert found == Unknown("requirements.txt:2 installs the sources in .")


def test_nothing_required() -> None:
    assert not known({"requirements.txt": "# nothing yet\n"}).dependencies


def test_repositories_need_their_program() -> None:
    found = known(
        {
            "requirements.txt": "x @ git+https://github.com/a/x@main\n-e git+https://github.com/a/y#egg=y\n"
        }
    )
    assert found.programs == ("git",)
    assert found.hosts == ("github.com",)
    assert found.outputs == ("src",)


def test_local_archives_are_inputs() -> None:
    files = {
        "requirements.txt": "./wheels/a-1-py3-none-any.whl\n--find-links wheels\n",
        "wheels/a-1-py3-none-any.whl": "",
        "wheels/b.whl": "",
    }
    assert known(files).files == ("requirements.txt", "wheels/a-1-py3-none-any.whl", "wheels/b.whl")


def test_absolute_paths_are_found_from_the_working_directory() -> None:
    files = {"api/requirements.txt": "x\n", "base.txt": "y\n"}
    assert known(
        files, "pip install -r /app/api/requirements.txt", directory="api", workdir="/app/api"
    ).files == ("api/requirements.txt",)
    assert known(
        files, "pip install -r /app/base.txt", directory="api", workdir="/app/api"
    ).files == ("base.txt",)
    found = inputs(files, "pip install -r /tmp/requirements.txt")
    assert isinstance(found, Unknown)


def test_directories_that_flags_name_are_outputs() -> None:
    files = {"requirements.txt": "x\n"}
    assert known(files, PLAIN + " --target lib").outputs == ("lib",)
    assert known(files, PLAIN + " -t /app/lib", workdir="/app").outputs == ("lib",)
    assert known(files, ".venv/bin/pip install -r requirements.txt").outputs == (".venv",)
    assert known(files, PLAIN + " -t /opt/lib", workdir="/app").outputs == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("-e .\n", "requirements.txt:1 installs the sources in ."),
        ("a\n./lib\n", "requirements.txt:2 installs the sources in ./lib"),
        (".[dev]\n", "installs the sources in ."),
        ("-r ../base.txt\n", "outside the build context"),
        ("-r gone.txt\n", "gone.txt is missing"),
        ("x @ file:///app/x\n", "installs from file:///app/x"),
        ("--frobnicate\n", "the option --frobnicate is not known"),
        ("this is no requirement\n", "cannot be read"),
        ("--find-links /wheels\n", "outside the build context"),
        ("-r 'open\n", "a quote does not end"),
    ],
)
def test_what_cannot_be_told_has_a_reason(text: str, sentence: str) -> None:
    found = inputs({"requirements.txt": text})
    assert isinstance(found, Unknown)
    assert sentence in found.why


@pytest.mark.parametrize(
    "line",
    [
        "pip install .",
        "pip install -e .",
        "pip install -r requirements.txt -e lib",
        "pip install --group dev",
        "pip install --frobnicate -r requirements.txt",
    ],
)
def test_sources_and_unknown_words_hold_back(line: str) -> None:
    assert isinstance(inputs({"requirements.txt": "x\n", "pyproject.toml": ""}, line), Unknown)


def test_a_variable_may_name_a_file() -> None:
    found = inputs({"requirements.txt": "x\n"}, env={"PIP_CONSTRAINT": "/c.txt"})
    assert found == Unknown("PIP_CONSTRAINT names a file that pip reads too")
    assert isinstance(inputs({"requirements.txt": "x\n"}, env={"PIP_CONSTRAINT": ""}), Known)
