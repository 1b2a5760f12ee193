"""Does anything in a project read a `.env` file by itself, when it is built or when it starts?

Such a file is often ignored by git and yet part of every image that is built beside it. What is
listed here was read in the documentation that stands beside it; whatever quotes the name in its own
sources counts as well.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree

NPM = {
    "dotenv": "https://github.com/motdotla/dotenv#readme",
    "dotenv-cli": "https://github.com/entropitor/dotenv-cli#readme",
    "dotenv-expand": "https://github.com/motdotla/dotenv-expand#readme",
    "dotenv-flow": "https://github.com/kerimdzhanov/dotenv-flow#readme",
    "dotenv-safe": "https://github.com/rolodato/dotenv-safe#readme",
    "dotenv-webpack": "https://github.com/mrsteele/dotenv-webpack#readme",
    "env-cmd": "https://github.com/toddbluhm/env-cmd#readme",
    "@nestjs/config": "https://docs.nestjs.com/techniques/configuration",
    "prisma": "https://www.prisma.io/docs/orm/more/development-environment/environment-variables",
    "next": "https://nextjs.org/docs/app/guides/environment-variables",
    "nuxt": "https://nuxt.com/docs/guide/directory-structure/env",
    "vite": "https://vite.dev/guide/env-and-mode",
    "astro": "https://docs.astro.build/en/guides/environment-variables/",
    "expo": "https://docs.expo.dev/guides/environment-variables/",
    "gatsby": "https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables/",
    "parcel": "https://parceljs.org/features/node-emulation/#.env-files",
    "parcel-bundler": "https://v1.parceljs.org/env.html",
    "react-scripts": "https://create-react-app.dev/docs/adding-custom-environment-variables/",
    "@vue/cli-service": "https://cli.vuejs.org/guide/mode-and-env.html",
    "adonis": "https://docs.adonisjs.com/guides/getting-started/environment-variables",
    "@adonisjs/core": "https://docs.adonisjs.com/guides/getting-started/environment-variables",
}
PYPI = {
    "python-dotenv": "https://saurabh-kumar.com/python-dotenv/",
    "python-decouple": "https://github.com/HBNetwork/python-decouple#readme",
    "django-environ": "https://django-environ.readthedocs.io/en/latest/quickstart.html",
    "environs": "https://github.com/sloria/environs#reading-env-files",
    "pydantic-settings": "https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support",
    "dynaconf": "https://www.dynaconf.com/envvars/#precedence",
    "pipenv": "https://pipenv.pypa.io/en/latest/shell.html#automatic-loading-of-env",
}
GO = {
    "github.com/joho/godotenv": "https://github.com/joho/godotenv#readme",
    "github.com/subosito/gotenv": "https://github.com/subosito/gotenv#readme",
    "github.com/spf13/viper": "https://github.com/spf13/viper#reading-config-files",
    "github.com/ilyakaznacheev/cleanenv": "https://github.com/ilyakaznacheev/cleanenv#read-configuration",
}
SOURCES = (
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".mts",
    ".cts",
    ".py",
    ".go",
    ".sh",
    ".rb",
    ".php",
    ".rs",
    ".toml",
    ".json",
)
SETTINGS = (".yml", ".yaml", ".ini", ".cfg", ".conf", ".properties", ".xml", ".env", ".html")
PYTHON_MANIFESTS = ("pyproject.toml", "Pipfile", "setup.py", "setup.cfg")
QUOTED = re.compile(r"""["'`/ ]\.env(?:\.local)?["'`\s;]|--env-file|loadEnvFile""")
MANY = 2_000  # files of a project that are looked into
LARGE = 200_000  # characters: what is larger is data or generated


def reader(tree: Tree) -> str | None:
    """What reads `.env` by itself, as half a sentence with its file; None if nothing seems to."""
    files = [path for path in tree.files() if "node_modules/" not in path]
    if len(files) > MANY:
        return "the project has more files than are searched for readers of .env"
    for path in files:
        name = posixpath.basename(path)
        manifest = name == "go.mod" or name in PYTHON_MANIFESTS or _requirements(name)
        if not (manifest or name.endswith(SOURCES)) or name.endswith("-lock.json"):
            continue
        text = tree.read(path)
        if isinstance(text, Unknown) or len(text.value) > LARGE:
            continue
        found = next(_readers(name, text.value), None)
        if found is not None:
            return f"{path} names {found}, which reads .env"
        if QUOTED.search(text.value):
            return f"{path} names .env"
    return None


def mentioned(tree: Tree, pattern: str) -> bool:
    """May something in the project read a file that this plain name or `*.suffix` means?

    True if such a file is there, if a source or a settings file holds the name, or if the project is too large to be
    searched: a file that git ignores may still be in every image that is built beside it.
    """
    stem = pattern.removeprefix("*")
    files = [path for path in tree.files() if "node_modules/" not in path]
    if len(files) > MANY:
        return True
    if any(
        part == pattern or (pattern != stem and part.endswith(stem))
        for path in files
        for part in path.split("/")
    ):
        return True
    held = re.compile(rf"{re.escape(stem)}(?![\w(])")  # `console.log(` names no file
    for path in files:
        if not path.endswith((*SOURCES, *SETTINGS)) or path.endswith("-lock.json"):
            continue
        text = tree.read(path)
        if isinstance(text, Known) and len(text.value) <= LARGE and held.search(text.value):
            return True
    return False


def _requirements(name: str) -> bool:
    return name.endswith(".txt") and "require" in name.lower()


def _readers(name: str, text: str) -> Iterator[str]:
    """The packages that a manifest names and that read `.env`."""
    if name == "package.json":
        try:
            data = json.loads(text)
        except ValueError:
            return
        for part in ("dependencies", "devDependencies", "optionalDependencies"):
            named = data.get(part) if isinstance(data, dict) else None
            yield from (each for each in named if each in NPM) if isinstance(named, dict) else ()
    elif name == "go.mod":
        yield from (each for each in GO if each in text)
    elif name in PYTHON_MANIFESTS or _requirements(name):
        plain = text.lower().replace("_", "-")
        yield from (each for each in PYPI if each in plain)
