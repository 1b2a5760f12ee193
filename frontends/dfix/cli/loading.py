"""Configuration from `dfix.toml`, or from `[tool.dfix]` in `pyproject.toml`.

From a Dockerfile's folder upwards to the project's root, the first folder that has either is the
one that counts; in one folder `dfix.toml` wins. Files are not merged.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.cli.settings import WHOLE_RUN, SettingsError, flattened, texts
from dfix.refactor.config import Config, SplitConfig

if TYPE_CHECKING:
    from collections.abc import Mapping


class Override(NamedTuple):
    """Settings for files whose path from the configuration's folder a pattern matches."""

    paths: tuple[str, ...]
    values: Mapping[str, Any]


class Source(NamedTuple):
    """A configuration file as it was read; `file` is empty if there is none."""

    file: str
    folder: str
    values: Mapping[str, Any]
    overrides: tuple[Override, ...]


class Settings(NamedTuple):
    """What holds for one Dockerfile."""

    source: str  # the configuration file, empty if there is none
    values: Mapping[str, Any]  # by dotted key, as written
    config: Config
    excluded: bool

    @property
    def forces_exclusion(self) -> bool:
        """Is a file that the command line names excluded, too?"""
        return bool(self.values.get("force-exclude", False))

    def words(self, name: str) -> tuple[str, ...]:
        """A setting that holds several texts."""
        found: tuple[str, ...] = self.values.get(name, ())
        return found

    @property
    def level(self) -> str | None:
        """The level, if it is set."""
        found: str | None = self.values.get("level")
        return found


def settings_for(file: str, root: str, source: Source) -> Settings:
    """What a configuration says of one Dockerfile; both paths are absolute."""
    values = dict(source.values)
    if source.file:
        path = os.path.relpath(file, source.folder).replace(os.sep, "/")
        for override in source.overrides:
            if matches(override.paths, path):
                values |= override.values
        excluded = matches(values.get("exclude", ()), path)
    else:
        excluded = False
    return Settings(source.file, values, _config(values, source, root), excluded)


def source_for(folder: str, root: str) -> Source:
    """The configuration in force for files of a folder. Raises `SettingsError`."""
    here = folder
    while True:
        found = _in_folder(here)
        if found is not None:
            return found
        parent = os.path.dirname(here)
        if here in (root, parent):
            return NONE
        here = parent


NONE = Source("", "", {}, ())


@functools.cache
def _in_folder(folder: str) -> Source | None:
    own = os.path.join(folder, "dfix.toml")
    if os.path.isfile(own):
        return read(own)
    shared = os.path.join(folder, "pyproject.toml")
    if os.path.isfile(shared) and _mentions(shared):
        return read(shared, required=False)
    return None


def _mentions(file: str) -> bool:
    """Might this hold a table of ours? Reading TOML costs more than looking for the word."""
    try:
        with open(file, "rb") as stream:
            return b"dfix" in stream.read()
    except OSError as error:
        raise SettingsError(f"{file}: {(error.strerror or str(error)).lower()}") from error


def read(file: str, *, required: bool = True) -> Source | None:
    """A configuration file; None if a pyproject.toml has no `[tool.dfix]` and it is not `required`.

    Raises `SettingsError` for a file that cannot be read, is no TOML, or holds what means nothing.
    """
    import tomllib  # noqa: PLC0415 - a run without configuration does not need it

    try:
        with open(file, "rb") as stream:
            table: dict[str, Any] = tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"{file}: {(error.strerror or str(error)).lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error
    if os.path.basename(file) == "pyproject.toml":
        tool = table.get("tool", {})
        if "dfix" not in tool:
            if required:
                raise SettingsError(f"{file}: there is no table [tool.dfix]")
            return None
        table = tool["dfix"]
    overrides = table.pop("overrides", [])
    folder = os.path.dirname(os.path.abspath(file))
    return Source(
        file, folder, flattened(table, file), tuple(_override(each, file) for each in overrides)
    )


def _override(table: dict[str, Any], file: str) -> Override:
    paths = texts(table.pop("paths", None))
    if paths is None:
        raise SettingsError(f'{file}: an [[overrides]] table needs paths = ["..."]')
    values = flattened(table, file)
    for name in sorted(WHOLE_RUN & values.keys()):
        raise SettingsError(f"{file}: {name} holds for a whole run: it cannot be overridden")
    return Override(paths, values)


def matches(patterns: tuple[str, ...], path: str) -> bool:
    """Does any pattern, as .gitignore has them, match a path?"""
    return bool(patterns) and bool(_spec(patterns).match_file(path))


@functools.cache
def _spec(patterns: tuple[str, ...]) -> Any:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - a run without patterns does not need it

    return GitIgnoreSpec.from_lines(patterns)


def _config(values: Mapping[str, Any], source: Source, root: str) -> Config:
    own: dict[str, Any] = {}
    split: dict[str, Any] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        field = key.replace("-", "_")
        if table == "split":
            split[field] = value
        elif field in Config._fields:
            own[field] = value
    if "context" in own:
        own["context"] = inside(os.path.join(source.folder, own["context"]), root)
    return Config(**own, split=SplitConfig(**split))


def inside(folder: str, root: str) -> str:
    """A folder relative to the project's root, with forward slashes.

    Raises `SettingsError` outside of it.
    """
    path = os.path.relpath(folder, root).replace(os.sep, "/")
    if path == ".." or path.startswith("../"):
        raise SettingsError(f"the build context {folder} lies outside the project {root}")
    return path
