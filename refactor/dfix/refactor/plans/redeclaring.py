"""The values of the old base that a new one lacks, declared in the new stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.refactor import compose
from dfix.refactor.model.contract import declared, inherited, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.images import Image
    from dfix.ecosystems.service import Service
    from dfix.grammar.nodes import Env, Item
    from dfix.refactor.model import Stage
    from dfix.refactor.plans.split import Asked


class NoStage(Exception):
    """The stage cannot be made; `args` are a hold-back's slug and sentence."""


def declared_again(
    stage: Stage, style: compose.Style, asked: Asked, service: Service, new: Image
) -> Iterator[Item]:
    """ENV, WORKDIR and USER for the values that the old base gave and the new one lacks.

    Raises NoStage where a value is not known, or cannot be declared.
    """
    old = inherited(stage)
    if isinstance(old, Unknown):
        raise NoStage("unknown-base", old.why)
    below = parts_of(new)
    mine = declared(stage)
    was, now = declared(stage, old), declared(stage, below)
    values: dict[str, str] = {}
    for name, value in was.items():
        if now.get(name) == value:
            continue
        if name.startswith("ENV "):
            if value == "?" and name[4:] in service.env_read:
                raise NoStage(
                    "inherited-value",
                    f"{name[4:]} of the old base is read, and its value is not known",
                )
            if value != "?":
                values[name[4:]] = value
        elif name == "WORKDIR" and name not in mine:
            yield compose.workdir(style, value)
        elif name == "USER" and name not in mine:
            yield compose.user(style, value)
        else:
            raise NoStage("inherited-value", f"the old base's {name} would be lost")
    image = stage.root_image
    if not isinstance(image, Unknown):
        for name, each in image.env.items():
            if (
                each.role != "toolchain"
                or name in values
                or f"ENV {name}" in mine
                or name not in service.env_read
            ):
                continue
            if name in new.env and new.env[name].value == each.value:
                continue
            if each.value is None:
                raise NoStage(
                    "inherited-value",
                    f"{name} of the old base is read, and its value is not known",
                )
            values[name] = each.value
    for name in now.keys() - was.keys():
        if name == "USER":
            yield compose.user(style, "root")
        elif name == "WORKDIR":
            yield compose.workdir(style, "/")
        elif not name.startswith("ENV "):
            raise NoStage("inherited-value", f"the new base has {name}, which the old one lacks")
    path = _path_for_programs(asked, service, new, mine.get("ENV PATH", ""))
    if path:
        values["PATH"] = f"{path}:$PATH"
    if values:
        yield (
            compose.env(style, values) if "PATH" not in values else _env_with_path(style, values)
        )


def _path_for_programs(asked: Asked, service: Service, new: Image, own: str) -> str:
    """The folder that must join PATH because a program is started by its bare name from there.

    `own` is the PATH that the file declares: it goes along, over the new base's.
    """
    new_path = (
        (new.env["PATH"].value or "") if "PATH" in new.env else "/usr/local/bin:/usr/bin:/bin"
    )
    folders: list[str] = []
    for started in asked.request.started:
        word = started.words[0]
        if word is None or "/" in word:
            continue
        for live in service.live:
            folder, _, name = live.path.rpartition("/")
            if name == word and folder not in (*new_path.split(":"), *own.split(":"), *folders):
                folders.append(folder)
    return ":".join(folders)


def _env_with_path(style: compose.Style, values: dict[str, str]) -> Env:
    """ENV whose PATH expands what the base has."""
    made = compose.env(style, {name: value for name, value in values.items() if name != "PATH"})
    path = compose.env(style, {"PATH": "x"}).pairs[0]
    assert path.content is not None  # noqa: S101 - it was just made
    path = path.with_changes(content=path.content.with_changes(text=values["PATH"]))
    return made.with_changes(pairs=(*made.pairs, path))
