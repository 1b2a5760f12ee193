"""What a Python program needs once its distributions are installed."""

from __future__ import annotations

import pytest

from dfix.ecosystems import read_call
from dfix.ecosystems.calls import Call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.python.service import services
from dfix.ecosystems.service import Base, Did, Request, Started
from dfix.ecosystems.tree import MemoryTree

SYSTEM = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
APP = {"app.py": "import flask\n", "requirements.txt": "flask\n"}
INSTALL = "pip install -r requirements.txt"


def ask(
    files=APP, *commands, start="python app.py", path=SYSTEM, user="root", pure=(), origins=None,
    family="python", release=(3, 12), libc="glibc", variant="full", env=None,
):  # fmt: skip
    did = []
    for number, command in enumerate(commands or (INSTALL,), 2):
        call = read_call([None if word == "?" else word for word in command.split()])
        assert isinstance(call, Call), command
        environment = {"PATH": path, **(env or {})}
        did.append(Did(call, "/app", environment, f"Dockerfile:{number}", user))
    return services(
        Request(
            MemoryTree(files),
            "",
            "/app",
            tuple(did),
            (Started(tuple(start.split()), "/app", "Dockerfile:9"),),
            Base(family, release, libc, variant, tuple(path.split(":"))),
            pure,
            (),
            origins or {},
        )
    )


def served(*given, **named):
    found = ask(*given, **named)
    assert isinstance(found, Known), found
    return found.value


def slugs(*given, **named):
    return [each.slug for each in served(*given, **named).obstacles]


def paths(service):
    return [live.path for live in service.live]


def test_what_pip_installed_and_all_sources_are_live():
    service = served()
    assert paths(service) == [
        "/usr/local/lib/python3.12/site-packages", "/usr/local/bin", "/usr/local/share", "/usr/local/etc",
    ]  # fmt: skip
    assert service.whole
    assert service.interpreter == "python"
    assert service.obstacles == ()
    assert service.shape == "pip: site-packages + sources"


def test_alpine_has_no_etc_below_its_prefix():
    assert "/usr/local/etc" not in paths(served(libc="musl", variant="alpine"))


def test_a_distribution_s_python_is_not_served():
    assert isinstance(ask(family="debian"), Unknown)


def test_a_tag_without_a_version_is_an_obstacle():
    assert slugs(release=(3,)) == ["unknown-version"]


@pytest.mark.parametrize(
    "start",
    [
        "python app.py", "python3.12 -u app.py", "/usr/local/bin/python app.py", "gunicorn app:app",
        "uvicorn app:app --port 80", "flask run", "celery -A app worker", "hypercorn app:app",
        "streamlit run app.py", "python -m flask run", "/usr/local/bin/gunicorn app:app", "alembic upgrade head",
    ],
)  # fmt: skip
def test_python_and_the_programs_of_distributions_are_its(start):
    service = served(start=start)
    assert [each.words[0] for each in service.claimed] == [start.split()[0]]


@pytest.mark.parametrize("start", ["node app.js", "./server", "/app/bin/gunicorn app:app"])
def test_other_programs_are_not(start):
    assert isinstance(ask(start=start), Unknown)


def test_the_project_s_own_programs_are_its():
    files = {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["flask"]\n[project.scripts]\nshop = "shop:main"\n',
        "shop/__init__.py": "",
    }
    assert served(files, "pip install .", start="shop --port 80").obstacles == ()


def test_the_libraries_of_distributions_are_needed_where_the_full_image_had_them():
    files = {**APP, "requirements.txt": "psycopg2\npython-magic\n"}
    assert [name for name, _ in served(files).libraries] == ["libpq5", "libmagic1"]
    assert served(files, variant="slim").libraries == ()


def test_tk_is_needed_where_a_source_imports_it_whatever_for():
    files = {**APP, "app.py": "from tkinter import E\nimport flask\n"}
    assert [name for name, _ in served(files).libraries] == ["libtk8.6"]
    files = {**APP, "tkinter.py": "", "app.py": "import tkinter\n"}
    assert served(files).libraries == ()


def test_the_programs_of_distributions_are_needed():
    files = {**APP, "requirements.txt": "gitpython\n"}
    assert [name for name, _ in served(files).programs] == ["git"]


def test_an_extra_decides_what_is_needed():
    files = {**APP, "requirements.txt": "psycopg[binary]\n"}
    assert served(files).libraries == ()
    files = {**APP, "requirements.txt": "psycopg\n"}
    assert [name for name, _ in served(files).libraries] == ["libpq5"]
    files = {**APP, "requirements.txt": "flask[no-such-extra]\n"}
    assert slugs(files) == ["unknown-package"]


def test_what_a_distribution_brings_is_judged_too():
    files = {**APP, "requirements.txt": "rapidocr\n"}
    assert "libgl1" in [name for name, _ in served(files).libraries]


@pytest.mark.parametrize("line", ["no-such-thing", "uwsgi", "netifaces", "mkl", "playwright"])
def test_a_distribution_that_may_need_the_full_image_is_an_obstacle(line):
    assert slugs({**APP, "requirements.txt": line}) == ["unknown-package"]


def test_the_user_may_vouch_for_a_distribution():
    files = {**APP, "requirements.txt": "no-such-thing\nuwsgi\n"}
    (first, second) = served(files).obstacles
    assert first.setting == '[tool.dfix.split] pure = ["no-such-thing"]'
    assert second.setting == '[tool.dfix.split] pure = ["uwsgi"]'
    assert slugs(files, pure=("No_Such.Thing", "uwsgi")) == []


def test_a_slim_image_has_nothing_that_its_own_steps_do_not_install():
    assert slugs({**APP, "requirements.txt": "no-such-thing\nuwsgi\n"}, variant="slim") == []


def test_packages_on_the_command_line_are_judged():
    assert slugs({"app.py": ""}, "pip install flask no-such-thing") == ["unknown-package"]
    assert slugs(APP, f"{INSTALL} no-such-thing") == ["unknown-package"]
    assert slugs({"app.py": ""}, "pip install flask psycopg[binary]>=3") == []


@pytest.mark.parametrize(
    "command",
    [
        "pip install git+https://example.com/x.git",
        "pip install ./vendor/thing.whl",
        "pip install -r ?",
        "pip install -r missing.txt",
        "pip install ../other",
    ],
)
def test_what_is_installed_must_be_known(command):
    assert "unknown-package" in slugs(APP, command)


def test_a_requirements_file_elsewhere_is_found_by_the_copy_that_brings_it():
    files = {"app.py": "", "reqs/prod.txt": "no-such-thing\n", "requirements.txt": "flask\n"}
    command = "pip install -r /tmp/requirements.txt"
    named = served(files, command, origins={"/tmp/requirements.txt": "reqs/prod.txt"}).obstacles
    assert "no-such-thing" in named[0].sentence
    assert slugs(files, command) == ["unknown-package"]


def test_archives_that_an_earlier_call_downloaded_are_judged_by_what_it_read():
    commands = ("pip wheel -w /wheels -r requirements.txt", "pip install /wheels/a.whl")
    assert slugs(APP, *commands) == []
    assert slugs({**APP, "requirements.txt": "no-such-thing"}, *commands) == ["unknown-package"]


PYPROJECT = """
[project]
name = "shop"
dependencies = ["flask"]
[project.optional-dependencies]
prod = ["no-such-thing"]
"""


@pytest.mark.parametrize("command", ["pip install .", "pip install -e .", "pip install /app"])
def test_the_project_itself_may_be_installed(command):
    service = served({"pyproject.toml": PYPROJECT, "app.py": ""}, command)
    assert service.obstacles == ()
    assert service.whole


def test_the_extras_of_the_project_count():
    assert slugs({"pyproject.toml": PYPROJECT, "app.py": ""}, "pip install .[prod]") == [
        "unknown-package"
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": "from setuptools import setup\nsetup()\n"},
        {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n'},
        {"pyproject.toml": '[tool.poetry.dependencies]\nflask = "*"\n'},
    ],
)
def test_a_project_whose_dependencies_are_not_listed_is_an_obstacle(files):
    assert slugs({**files, "app.py": ""}, "pip install .") == ["unknown-package"]


VENV = "python -m venv /opt/venv"


@pytest.mark.parametrize(
    ("commands", "path"),
    [
        ((VENV, f"/opt/venv/bin/{INSTALL}"), SYSTEM),
        ((VENV, f"/opt/venv/bin/python -m {INSTALL}"), SYSTEM),
        ((VENV, INSTALL), f"/opt/venv/bin:{SYSTEM}"),
        (("pip install virtualenv", "virtualenv /opt/venv", f"/opt/venv/bin/{INSTALL}"), SYSTEM),
        ((VENV, "/opt/venv/bin/pip install --upgrade pip", f"/opt/venv/bin/{INSTALL}"), SYSTEM),
    ],
)
def test_a_virtual_environment_is_live_and_the_system_s_folders_are_not(commands, path):
    service = served(APP, *commands, start="/opt/venv/bin/python app.py", path=path)
    assert paths(service) == ["/opt/venv"]
    assert service.obstacles == ()
    assert service.shape == "pip: virtual environment + sources"


def test_a_virtual_environment_may_be_another_user_s():
    service = served(APP, VENV, INSTALL, path=f"/opt/venv/bin:{SYSTEM}", user="app")
    assert service.obstacles == ()


def test_what_is_installed_beside_a_virtual_environment_is_live_too():
    service = served(APP, "pip install gunicorn", VENV, f"/opt/venv/bin/{INSTALL}")
    assert paths(service)[-1] == "/opt/venv"
    assert "/usr/local/bin" in paths(service)


@pytest.mark.parametrize(
    ("commands", "path"),
    [
        ((f"/opt/venv/bin/{INSTALL}",), SYSTEM),
        ((INSTALL,), f"/opt/conda/bin:{SYSTEM}"),
        (("python -m venv --system-site-packages /opt/venv", f"/opt/venv/bin/{INSTALL}"), SYSTEM),
        ((f"{INSTALL} --target /deps",), SYSTEM),
        ((f"{INSTALL} --prefix=/install",), SYSTEM),
        ((f"{INSTALL} --new-flag",), SYSTEM),
    ],
)
def test_places_that_are_not_known_are_obstacles(commands, path):
    assert slugs(APP, *commands, path=path) == ["opaque-step"]


def test_folders_of_the_project_on_path_are_copied_with_it():
    assert slugs(path=f"/app/bin:{SYSTEM}") == []


def test_an_installation_for_the_user_lies_in_the_home_of_root():
    service = served(APP, f"{INSTALL} --user", path=f"/root/.local/bin:{SYSTEM}")
    assert paths(service) == ["/root/.local"]
    assert service.obstacles == ()


@pytest.mark.parametrize(
    "named", [{"user": "app"}, {"env": {"PIP_TARGET": "/x"}}, {"env": {"PYTHONUSERBASE": None}}]
)
def test_installations_into_homes_and_by_variables_are_obstacles(named):
    assert slugs(**named) == ["opaque-step"]


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("import subprocess\nsubprocess.run(args)\n", "unknown-process"),
        ("import ctypes\nctypes.CDLL('libx.so')\n", "unknown-library"),
        ("from selenium import webdriver\n", "needs-browser"),
        ("broken (\n", "unknown-sources"),
    ],
)
def test_what_sources_do_can_be_an_obstacle(source, slug):
    assert slugs({**APP, "app.py": source}) == [slug]


def test_facts_of_the_sources():
    source = "import os, subprocess\nsubprocess.run(['git', 'log'])\nos.system('ls')\nos.environ['TOKEN']\n"
    service = served({**APP, "app.py": source})
    assert service.programs == (("git", "app.py:2"), ("ls", "app.py:3"))
    assert service.shell == "app.py:3"
    assert service.env_read == ("TOKEN",)


MANAGE = "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"


@pytest.mark.parametrize(
    ("setting", "inside"),
    [
        ("BASE_DIR = Path(__file__).resolve().parent.parent\nSTATIC_ROOT = BASE_DIR / 'static'", True),
        ("STATIC_ROOT = 'static'", True),
        ("STATIC_ROOT = '/app/static'", True),
        ("STATIC_ROOT = '/var/www/static'", False),
        ("STATIC_ROOT = env('STATIC_ROOT')", False),
    ],
)  # fmt: skip
def test_collected_static_files_stay_in_the_project_if_the_settings_say_so(setting, inside):
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": f"from pathlib import Path\n{setting}\n",
        "requirements.txt": "django\ngunicorn\n",
        "shop/wsgi.py": "",
    }
    service = served(files, start="gunicorn shop.wsgi")
    assert (("python", "manage.py", "collectstatic") in service.inside) is inside
    assert ("python", "manage.py", "check") in service.inside
