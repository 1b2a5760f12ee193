"""Which functions of Python's standard library and of common packages open, start and listen.

Functions are named by their full path; a source's imports decide which names stand for them.
Positions are those of https://docs.python.org/3/library/ and of each package's documentation.
"""

from __future__ import annotations

from typing import Final

from dfix.ecosystems.runtime import NeedKind

READS: Final = dict.fromkeys((
    "open", "io.open", "codecs.open", "gzip.open", "tarfile.open", "zipfile.ZipFile", "bz2.open",
    "lzma.open", "aiofiles.open", "os.listdir", "os.scandir", "os.walk", "os.stat", "os.lstat",
    "os.chdir", "os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "os.access",
    "runpy.run_path", "fileinput.input", "json5.open", "joblib.load", "numpy.load", "numpy.loadtxt",
    "numpy.genfromtxt", "torch.load", "cv2.imread", "PIL.Image.open", "pandas.read_csv",
    "pandas.read_json", "pandas.read_excel", "pandas.read_parquet", "pandas.read_pickle",
    "pandas.read_table", "keras.models.load_model", "tensorflow.keras.models.load_model",
    "flask.send_file", "flask.send_from_directory", "fastapi.responses.FileResponse",
    "starlette.responses.FileResponse", "django.http.FileResponse", "logging.config.fileConfig",
    "alembic.config.Config", "jinja2.FileSystemLoader", "dotenv.dotenv_values",
    "environ.Env.read_env", "firebase_admin.credentials.Certificate", "yaml.load_file", "toml.load",
    "importlib.util.spec_from_file_location",
), 0)  # fmt: skip
READS["importlib.util.spec_from_file_location"] = 1

WRITES: Final = dict.fromkeys((
    "os.makedirs", "os.mkdir", "os.remove", "os.unlink", "os.rmdir", "os.rename", "os.replace",
    "shutil.rmtree", "logging.FileHandler", "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler", "sqlite3.connect", "aiosqlite.connect",
    "shelve.open", "dbm.open",
), 0)  # fmt: skip

COPIES: Final = frozenset(
    {"shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move"}
)

GLOBS: Final = frozenset({"glob.glob", "glob.iglob"})

KEYWORDS: Final = {
    "fastapi.staticfiles.StaticFiles": "directory",
    "starlette.staticfiles.StaticFiles": "directory",
    "fastapi.templating.Jinja2Templates": "directory",
    "starlette.templating.Jinja2Templates": "directory",
    "jinja2.FileSystemLoader": "searchpath",
    "dotenv.load_dotenv": "dotenv_path",
    "flask.Flask": "static_folder",
}
"""Functions whose path is often given by keyword."""

PATH_METHODS: Final = {
    "read_text": False, "read_bytes": False, "iterdir": False, "exists": False, "is_file": False,
    "is_dir": False, "stat": False, "open": False, "write_text": True, "write_bytes": True, "mkdir":
    True, "touch": True, "unlink": True,
}  # fmt: skip
"""Methods of pathlib.Path: do they write."""

CERTAIN_METHODS: Final = frozenset(
    {"read_text", "read_bytes", "write_text", "write_bytes", "iterdir"}
)
"""Those that nothing else of the standard library has."""

STARTS: Final = frozenset(
    { "subprocess.run", "subprocess.call", "subprocess.Popen", "subprocess.check_call",
    "subprocess.check_output", "asyncio.create_subprocess_exec",
    "asyncio.subprocess.create_subprocess_exec", "pexpect.spawn", "os.execv", "os.execve",
    "os.execvp", "os.execvpe", "os.execl", "os.execlp", "os.spawnlp", "shutil.which" },
)  # fmt: skip
SHELLS: Final = frozenset(
    {
        "os.system",
        "os.popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "asyncio.create_subprocess_shell",
    }
)
SHELL_NAMES: Final = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "zsh", "ash"})

ENV_GETTERS: Final = frozenset(
    {"os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop", "decouple.config"}
)

LISTENS: Final = {
    "uvicorn.run": 8000,
    "waitress.serve": 8080,
    "hypercorn.run": 8000,
    "aiohttp.web.run_app": 8080,
}
"""Functions that listen, and their port without a `port` argument: each package's documentation."""

NEEDS: Final = {
    "ctypes.CDLL": NeedKind.DYNAMIC_LOADING,
    "ctypes.cdll.LoadLibrary": NeedKind.DYNAMIC_LOADING,
    "ctypes.util.find_library": NeedKind.DYNAMIC_LOADING,
    "ctypes.PyDLL": NeedKind.DYNAMIC_LOADING,
    "locale.setlocale": NeedKind.LOCALE,
    "zoneinfo.ZoneInfo": NeedKind.TIME_ZONES,
    "dateutil.tz.gettz": NeedKind.TIME_ZONES,
    "ssl.create_default_context": NeedKind.CERTIFICATES,
    "urllib.request.urlopen": NeedKind.CERTIFICATES,
    "urllib.request.Request": NeedKind.CERTIFICATES,
    "http.client.HTTPSConnection": NeedKind.CERTIFICATES,
    "smtplib.SMTP_SSL": NeedKind.CERTIFICATES,
    "aiohttp.ClientSession": NeedKind.CERTIFICATES,
    "os.path.expanduser": NeedKind.USER_DATABASE,
    "getpass.getuser": NeedKind.USER_DATABASE,
}

MODULE_NEEDS: Final = {
    "pwd": NeedKind.USER_DATABASE,
    "grp": NeedKind.USER_DATABASE,
    "tempfile": NeedKind.TEMPORARY_DIRECTORY,
    "selenium": NeedKind.BROWSER,
    "playwright": NeedKind.BROWSER,
    "pyppeteer": NeedKind.BROWSER,
    "ctypes": NeedKind.DYNAMIC_LOADING,
}
"""Importing them is a need already; ctypes only when no call shows a name."""

NO_NEED: Final = frozenset({"", "C", "POSIX", "C.UTF-8", "UTC"})

DJANGO_PATHS: Final = frozenset(
    {
        "STATIC_ROOT",
        "MEDIA_ROOT",
        "STATICFILES_DIRS",
        "LOCALE_PATHS",
        "FIXTURE_DIRS",
        "TEMPLATE_DIRS",
    }
)
"""Settings that name directories: https://docs.djangoproject.com/en/stable/ref/settings/"""
