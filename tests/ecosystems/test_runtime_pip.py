"""Run-time facts of Python projects."""

from __future__ import annotations

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.python import entries, graph, runtime
from dfix.ecosystems.python.wheels import locked, normalised, wheel_kind
from dfix.ecosystems.runtime import Anchor, Mode, NeedKind, PurityKind
from dfix.ecosystems.tree import MemoryTree


def _project(files, directory=".", **options):
    found = runtime.project(MemoryTree(files), directory, **options)
    assert isinstance(found, Known), found
    return found.value


def _run(files, command=None):
    tree, project = MemoryTree(files), _project(files)
    entry = entries.entry_of(project, tree, command.split()) if command else None
    assert not isinstance(entry, Unknown), entry
    found = graph.runs(tree, project, entry.value if entry else None)
    assert isinstance(found, Known), found
    return found.value


def _facts(source, name="src/app.py", **more):
    return _run({name: source, **more}).facts


def _names(fact):
    assert isinstance(fact, Known), fact
    return [(item.name, item.development) for item in fact.value]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"requirements.txt": "Django>=4 # web\npsycopg2_binary==2.9\n"}, [("django", False), ("psycopg2-binary", False)]),
        ({"pyproject.toml": '[project]\nname = "x"\ndependencies = ["Flask[async]>=3; python_version > \'3\'"]\n'
                            '[dependency-groups]\ndev = ["pytest"]\n'}, [("flask", False), ("pytest", True)]),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\nfastapi = "^0.1"\n'
                            '[tool.poetry.group.dev.dependencies]\nblack = "*"\n'}, [("fastapi", False), ("black", True)]),
        ({"Pipfile": '[packages]\nflask = "*"\n[dev-packages]\npytest = "*"\n'}, [("flask", False), ("pytest", True)]),
    ],
)  # fmt: skip
def test_distributions_are_read_from_manifests(files, names):
    assert _names(_project(files).distributions) == names


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": ""},
        {"app.py": "", "requirements.txt": "./local\n"},
        {"app.py": "", "requirements.txt": "git+https://example.com/x.git\n"},
        {"app.py": "", "pyproject.toml": "[project"},
        {"app.py": "", "pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'},
    ],
)
def test_distributions_that_cannot_be_known(files):
    assert isinstance(_project(files).distributions, Unknown)


def test_a_directory_without_any_sign_of_python_is_unknown():
    assert isinstance(runtime.project(MemoryTree({"main.go": ""})), Unknown)


def test_the_requirements_that_the_build_names_are_read():
    found = _project(
        {"app.py": "", "reqs/prod.txt": "flask\n", "requirements.txt": "pytest\n"},
        requirements=("reqs/prod.txt",),
    )
    assert _names(found.distributions) == [("flask", False)]


UV = """
version = 1
[[package]]
name = "shop"
source = { editable = "." }
[[package]]
name = "Flask"
version = "3.0"
wheels = [{ url = "https://files.example.com/flask-3.0-py3-none-any.whl" }]
[[package]]
name = "numpy"
version = "2.0"
wheels = [{ url = "https://files.example.com/numpy-2.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl" }]
[[package]]
name = "odd"
version = "1.0"
sdist = { url = "https://files.example.com/odd-1.0.tar.gz" }
"""


def test_wheels_are_read_from_uv_lock():
    found = locked(MemoryTree({"uv.lock": UV}))
    assert isinstance(found, Known)
    assert [(p.name, p.wheels) for p in found.value] == [
        ("flask", "any"),
        ("numpy", "linux"),
        ("odd", "none"),
    ]


def test_wheels_are_read_from_poetry_lock():
    text = '[[package]]\nname = "Jinja2"\nversion = "3"\nfiles = [{file = "jinja2-3-py3-none-any.whl", hash = "x"}]\n'
    found = locked(MemoryTree({"poetry.lock": text}))
    assert isinstance(found, Known)
    assert [(p.name, p.wheels) for p in found.value] == [("jinja2", "any")]


def test_pipfile_lock_does_not_tell_about_wheels():
    text = '{"default": {"flask": {"version": "==3.0"}}, "develop": {"pytest": {}}}'
    found = locked(MemoryTree({"Pipfile.lock": text}))
    assert isinstance(found, Known)
    assert [(p.name, p.wheels, p.groups) for p in found.value] == [
        ("flask", None, ("default",)),
        ("pytest", None, ("develop",)),
    ]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"uv.lock": "["},
        {"poetry.lock": "x = 1"},
        {"uv.lock": UV, "poetry.lock": UV},
        {"Pipfile.lock": "[]"},
    ],
)
def test_lockfiles_that_cannot_be_read_are_unknown(files):
    assert isinstance(locked(MemoryTree(files)), Unknown)


def test_names_and_wheels():
    assert normalised("Foo._-Bar") == "foo-bar"
    assert (
        wheel_kind(["a-1-py3-none-any.whl", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl"]) == "linux"
    )
    assert wheel_kind(["a-1-cp312-cp312-win_amd64.whl", "a-1.tar.gz"]) == "none"


FILES = {"app.py": "", "main.py": "", "shop/wsgi.py": "", "shop/__init__.py": "", "tool/__main__.py": "",
         "src/api/main.py": "", "gunicorn.conf.py": "", "jobs.py": "", "web/asgi.py": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "path", "programs"),
    [
        ("python app.py", "app.py", ()),
        ("python3.12 -u -X dev ./app.py --x", "app.py", ()),
        ("python -m tool", "tool/__main__.py", ()),
        ("python -m uvicorn main:app --host 0.0.0.0", "main.py", ("uvicorn",)),
        (
            "gunicorn -w 4 -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:80 main:app",
            "main.py",
            ("gunicorn", "uvicorn"),
        ),
        ("gunicorn --bind=:80 shop.wsgi", "shop/wsgi.py", ("gunicorn",)),
        ("gunicorn --chdir web asgi:app", "web/asgi.py", ("gunicorn",)),
        ("uvicorn api.main:app --port 80", "src/api/main.py", ("uvicorn",)),
        ("flask run --host 0.0.0.0", "app.py", ("flask",)),
        ("flask --app main run", "main.py", ("flask",)),
        ("celery -A jobs worker", "jobs.py", ("celery",)),
        ("streamlit run app.py", "app.py", ("streamlit",)),
    ],
)
def test_the_entry_of_a_command(command, path, programs):
    found = entries.entry_of(_project(FILES), MemoryTree(FILES), command.split())
    assert isinstance(found, Known), found
    assert (found.value.path, found.value.programs) == (path, programs)


@pytest.mark.parametrize(
    "words",
    [
        ["python"],
        ["python", "-c", "x"],
        ["python", None],
        ["python", "missing.py"],
        ["gunicorn", "other:app"],
        ["gunicorn"],
        ["./run"],
        [None],
    ],
)
def test_commands_without_a_known_entry_are_unknown(words):
    assert isinstance(entries.entry_of(_project(FILES), MemoryTree(FILES), words), Unknown)


def test_gunicorn_reads_its_configuration():
    found = entries.entry_of(_project(FILES), MemoryTree(FILES), ["gunicorn", "main:app"])
    assert isinstance(found, Known)
    assert found.value.configuration == ("gunicorn.conf.py",)


@pytest.mark.parametrize(
    ("source", "path", "anchor"),
    [
        ("open('a.txt')", "a.txt", Anchor.WORKDIR),
        ("with open(name) as f: pass", None, Anchor.WORKDIR),
        ("open('/etc/a')", "/etc/a", Anchor.ROOT),
        (
            "import os\nopen(os.path.join(os.path.dirname(__file__), 'a', 'b'))",
            "src/a/b",
            Anchor.SOURCE,
        ),
        (
            "from pathlib import Path\nBASE = Path(__file__).resolve().parent.parent\n(BASE / 'a').read_text()",
            "a",
            Anchor.SOURCE,
        ),
        ("from pathlib import Path\nx = Path('a')\nx.read_text()", "a", Anchor.WORKDIR),
        ("def f(p):\n    return p.read_bytes()", None, Anchor.WORKDIR),
        ("D = 'data'\nopen(f'{D}/a')", "data/a", Anchor.WORKDIR),
        ("D = 'a'\nD = 'b'\nopen(D)", None, Anchor.WORKDIR),
        ("import pandas as pd\npd.read_csv('a.csv')", "a.csv", Anchor.WORKDIR),
        ("from dotenv import load_dotenv\nload_dotenv()", ".env", Anchor.WORKDIR),
        (
            "from fastapi.staticfiles import StaticFiles\nStaticFiles(directory='static')",
            "static",
            Anchor.WORKDIR,
        ),
        ("STATIC_ROOT = 'assets'", "assets", Anchor.WORKDIR),
        ("TEMPLATES = [{'DIRS': ['templates']}]", "templates", Anchor.WORKDIR),
        ("import glob\nglob.glob('a/*')", "a/*", Anchor.WORKDIR),
    ],
)
def test_opened_paths(source, path, anchor):
    uses = [use for use in _facts(source).opens if use.mode is Mode.READ]
    assert [(use.path, use.anchor) for use in uses] == [(path, anchor)]


def test_flask_reads_the_folders_beside_its_module():
    paths = {
        use.path
        for use in _facts(
            "from flask import Flask\napp = Flask(__name__, template_folder='../t')"
        ).opens
    }
    assert paths == {"src/static", "t"}


def test_files_that_are_created_are_writes():
    facts = _facts("import os\nos.makedirs('up')\nopen('log', 'a')\n")
    assert [(use.path, use.mode) for use in facts.opens] == [
        ("up", Mode.WRITE),
        ("log", Mode.WRITE),
    ]


def test_strings_that_name_files_of_the_project_are_mentions_but_docstrings_are_not():
    facts = _facts('"""data/a.csv"""\nload("data/a.csv")\n', **{"data/a.csv": ""})
    assert [(use.path, use.source) for use in facts.opens] == [("data/a.csv", "src/app.py:2")]


@pytest.mark.parametrize(
    ("source", "program", "shell"),
    [
        ("import subprocess\nsubprocess.run(['git', 'log'])", "git", False),
        ("from subprocess import check_output as co\nco('ls -l', shell=True)", "ls", True),
        ("import os\nos.system(command)", None, True),
        ("import subprocess, sys\nsubprocess.Popen([sys.executable, 'x.py'])", "python", False),
        ("import subprocess\nsubprocess.run(args)", None, False),
        ("import shutil\nshutil.which('ffmpeg')", "ffmpeg", False),
    ],
)
def test_processes(source, program, shell):
    (start,) = _facts(source).starts
    assert (start.program, start.shell) == (program, shell)


def test_environment_names():
    facts = _facts(
        "import os\nfrom os import environ\nos.getenv('A')\nos.environ['B']\nenviron.get('C', 1)\nos.environ[x]\nf(os.environ)"
    )
    assert [use.name for use in facts.env if use.name] == ["A", "B", "C"]
    assert [use.source for use in facts.env if use.name is None] == ["src/app.py:6", "src/app.py:7"]


@pytest.mark.parametrize(
    ("source", "port"),
    [
        ("import uvicorn\nuvicorn.run('a:app')", 8000),
        ("import os, uvicorn\nuvicorn.run(app, port=int(os.environ.get('PORT', 9000)))", 9000),
        ("app.run(host='0.0.0.0')", 5000),
        ("app.run(port=settings.port)", None),
    ],
)
def test_ports(source, port):
    assert [use.port for use in _facts(source).ports] == [port]


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("import ctypes\nctypes.CDLL('libx.so.1')", NeedKind.DYNAMIC_LOADING, "libx.so.1"),
        ("from ctypes.util import find_library\nfind_library(n)", NeedKind.DYNAMIC_LOADING, None),
        (
            "import locale\nlocale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')",
            NeedKind.LOCALE,
            "de_DE.UTF-8",
        ),
        (
            "from zoneinfo import ZoneInfo\nZoneInfo('Europe/Berlin')",
            NeedKind.TIME_ZONES,
            "Europe/Berlin",
        ),
        ("import pwd", NeedKind.USER_DATABASE, "pwd"),
        ("import tempfile", NeedKind.TEMPORARY_DIRECTORY, "tempfile"),
        ("from selenium import webdriver", NeedKind.BROWSER, "selenium"),
    ],
)
def test_needs(source, kind, detail):
    assert [(need.kind, need.detail) for need in _facts(source).needs] == [(kind, detail)]


@pytest.mark.parametrize(
    "source",
    [
        "from zoneinfo import ZoneInfo\nZoneInfo('UTC')",
        "import locale\nlocale.setlocale(locale.LC_ALL, 'C')",
    ],
)
def test_what_every_base_has_is_no_need(source):
    assert _facts(source).needs == ()


def test_imports_are_followed_from_the_entry_and_named_by_distribution():
    run = _run(
        {"app.py": "from shop import db\nimport PIL.Image\nimport json\n", "shop/__init__.py": "", "shop/db.py": "from .models import X\n",
         "shop/models.py": "import sqlalchemy\ntry:\n    import ujson\nexcept ImportError:\n    pass\n", "seed.py": "import faker\n"},
        "python app.py",
    )  # fmt: skip
    assert run.followed
    assert run.sources == ("app.py", "shop/__init__.py", "shop/db.py", "shop/models.py")
    assert [(i.module, i.distributions[0], i.guarded) for i in run.imports] == [
        ("PIL", "pillow", False), ("sqlalchemy", "sqlalchemy", False), ("ujson", "ujson", True),
    ]  # fmt: skip


def test_an_import_that_is_not_constant_makes_all_sources_count():
    run = _run(
        {
            "app.py": "import importlib\nimportlib.import_module(name)\n",
            "plug.py": "import redis\n",
            "test_x.py": "broken (",
        },
        "python app.py",
    )
    assert not run.followed
    assert run.sources == ("app.py", "plug.py")


def test_django_finds_modules_by_convention_so_all_sources_count():
    files = {"manage.py": "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
             "shop/settings.py": "DEBUG = 1\n", "shop/tests/t.py": "broken (", "cart/models.py": "import PIL\n"}  # fmt: skip
    project = _project(files)
    assert (project.manage, project.settings) == ("manage.py", "shop.settings")
    run = _run(files, "python manage.py runserver")
    assert run.sources == ("cart/models.py", "manage.py", "shop/settings.py")


def test_a_source_that_does_not_parse_is_unknown():
    files = {"app.py": "print 'x'\n"}
    assert graph.runs(MemoryTree(files), _project(files)) == Unknown(
        "app.py does not parse as Python"
    )


@pytest.mark.parametrize(
    ("name", "extras", "kind"),
    [
        ("Django", (), PurityKind.PURE),
        ("numpy", (), PurityKind.BUNDLED),
        ("psycopg2", (), PurityKind.SOURCE_ONLY),
        ("psycopg", (), PurityKind.LIBRARIES),
        ("psycopg", ("binary",), PurityKind.BUNDLED),
        ("GitPython", (), PurityKind.PROGRAMS),
        ("intel_openmp", (), PurityKind.ELSEWHERE),
    ],
)
def test_distributions_of_the_table(name, extras, kind):
    found = runtime.purity(name, extras)
    assert isinstance(found, Known), found
    assert found.value.kind is kind


def test_names_and_extras_that_the_table_does_not_hold_are_unknown():
    assert isinstance(runtime.purity("no-such-thing"), Unknown)
    assert isinstance(runtime.purity("django", ("no-such-extra",)), Unknown)


def test_a_project_is_judged_by_its_lockfile():
    found = runtime.purities(_project({"app.py": "", "uv.lock": UV}))
    assert isinstance(found, Known)
    assert {p.name: p.kind for p in found.value} == {
        "flask": PurityKind.BUNDLED, "numpy": PurityKind.BUNDLED, "odd": PurityKind.SOURCE_ONLY,
    }  # fmt: skip


def test_a_project_without_a_lockfile_is_judged_by_its_requirements():
    found = runtime.purities(_project({"requirements.txt": "flask\npsycopg[binary]\n"}))
    assert isinstance(found, Known)
    assert [p.name for p in found.value] == ["flask", "psycopg[binary]"]
    assert isinstance(
        runtime.purities(_project({"requirements.txt": "flask\nno-such-thing\n"})), Unknown
    )


def test_what_a_distribution_brings_is_judged_too():
    found = runtime.purities(_project({"requirements.txt": "rapidocr\n"}))
    assert isinstance(found, Known)
    assert ("opencv-python", ("libgl1", "libglib2.0-0")) in [
        (p.name, p.libraries) for p in found.value
    ]
