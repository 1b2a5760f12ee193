"""Which settings exist, what they hold and mean.

One table for reading, explaining and the JSON schema.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, cast

Kind = Literal["word", "text", "texts", "flag", "texts by name"]
VERSION_PARTS = 2


class Setting(NamedTuple):
    """One key of the configuration."""

    kind: Kind
    meaning: str
    words: tuple[str, ...] = ()  # of kind "word": the words that exist


LEVELS = ("safe", "review", "bold")
SETTINGS: dict[str, Setting] = {
    "level": Setting("word", "the highest level of rewrite that is taken", LEVELS),
    "only": Setting("texts", "the only transforms that run"),
    "skip": Setting("texts", "transforms that do not run"),
    "requested": Setting("texts", "transforms that run on request only, and are requested"),
    "exclude": Setting("texts", "patterns, as in .gitignore, of files that are not looked at"),
    "force-exclude": Setting("flag", "exclude files that are named on the command line, too"),
    "context": Setting("text", "the build context, a folder relative to the configuration file"),
    "target": Setting("text", "the stage that is built"),
    "builder": Setting("text", "the builder that the project uses, such as buildkit or kaniko"),
    "oldest-engine": Setting("text", "the oldest Docker Engine that must build the file: 23.0"),
    "declare-syntax": Setting(
        "word", "whether a syntax line is added", ("auto", "always", "never")
    ),
    "project-name": Setting("text", "names compile caches; the repository's folder unless set"),
    "base-images": Setting("texts by name", "for a base image of yours, the public one it is like"),
    "split.runtime": Setting(
        "word",
        "the kind of runtime base that split-stages chooses",
        ("auto", "slim", "distroless", "alpine", "scratch"),
    ),
    "split.artefacts": Setting("texts", "paths in the image that the container needs"),
    "split.pure": Setting("texts", "packages that need no library or program of the full image"),
    "split.suite": Setting("text", "Debian or Ubuntu code name of the builder's image"),
    "split.packages": Setting("texts", "system packages that the runtime image gets in any case"),
    "split.shell": Setting("flag", "whether anything uses a shell in the container"),
}
# Settings that hold for a whole run and so mean nothing for a single file.
WHOLE_RUN = frozenset({"exclude", "force-exclude"})


class SettingsError(ValueError):
    """A configuration that means nothing; the message names the file, the key and the cure."""


def flattened(table: dict[str, Any], where: str, *, inside: str = "") -> dict[str, Any]:
    """The settings of a TOML table by dotted key, each of its kind; raises `SettingsError`."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = inside + key
        if name in SETTINGS:
            values[name] = _checked(name, value, where)
        elif isinstance(value, dict) and any(each.startswith(name + ".") for each in SETTINGS):
            values |= flattened(cast("dict[str, Any]", value), where, inside=name + ".")
        else:
            raise SettingsError(_unknown(name, where))
    return values


def _checked(name: str, value: object, where: str) -> Any:
    setting = SETTINGS[name]
    read: Any = None
    match setting.kind:
        case "word":
            wanted = f"one of {', '.join(setting.words)}"
            read = value if value in setting.words else None
        case "text" if name == "oldest-engine":
            wanted = 'a version such as "23.0"'
            read = value if isinstance(value, str) and _is_version(value) else None
        case "text":
            wanted = "a string"
            read = value if isinstance(value, str) else None
        case "texts":
            wanted = "a list of strings"
            read = texts(value)
        case "flag":
            wanted = "true or false"
            read = value if isinstance(value, bool) else None
        case "texts by name":
            wanted = "a table of strings"
            read = _texts_by_name(value)
    if read is None:
        raise SettingsError(f"{where}: {name} must be {wanted}, not {value!r}")
    return read


def texts(value: object) -> tuple[str, ...] | None:
    """The members of a list of strings; None for anything else."""
    if not isinstance(value, list):
        return None
    members = cast("list[object]", value)
    found = tuple(each for each in members if isinstance(each, str))
    return found if len(found) == len(members) else None


def _texts_by_name(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    table = cast("dict[str, object]", value)
    found = {key: each for key, each in table.items() if isinstance(each, str)}
    return found if len(found) == len(table) else None


def _is_version(text: str) -> bool:
    parts = text.split(".")
    return len(parts) >= VERSION_PARTS and all(part.isdigit() for part in parts)


def _unknown(name: str, where: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - an error only

    tables = {key.partition(".")[0] for key in SETTINGS} | {"overrides"}
    near = get_close_matches(name.replace("_", "-"), sorted({*SETTINGS, *tables}), 1)
    cure = f"did you mean {near[0]}?" if near else "dfix config schema lists those that exist"
    return f"{where}: there is no setting {name}: {cure}"
