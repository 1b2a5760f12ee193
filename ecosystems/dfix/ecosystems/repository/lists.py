"""CI systems and task runners whose files only list commands, and Drone's plugins."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.pipelines import constants, scripts_of
from dfix.ecosystems.repository.placing import placed
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Built, Consumed, Word, folders_of
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note
from dfix.ecosystems.repository.yamls import (
    Fields,
    document,
    fields,
    source_of,
    text,
    texts,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree


_COMMAND_KEYS = {
    "script",
    "before_script",
    "install",
    "before_install",
    "after_success",
    "deploy",
    "commands",
    "command",
    "cmds",
    "cmd",
    "run",
    "sh",
    "steps",
    "before_deploy",
    "build_script",
    "test_script",
    "build",
}


def command_lists(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """Travis, Bitbucket, Drone, Woodpecker, CodeBuild, Buildkite, AppVeyor, Taskfile."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    base = posixpath.basename(path)
    taskfile = base.lower().startswith("taskfile")
    folder = posixpath.dirname(path) if taskfile else ""
    env = {
        name: each
        for owner in ("env", "vars", "environment")
        for name, each in constants(root.get(owner)).items()
    }
    ephemeral = not taskfile
    for each in walk(root):
        at = text(each.get("dir"))
        places = folders_of(folder, at)
        for key in _COMMAND_KEYS & each.keys():
            for script, line in scripts_of(each[key]):
                if line:
                    plain = _templated(script, env)
                    yield from read_commands(
                        plain, Where(tree, path, ephemeral), folders=places, line=line, env=env
                    )
        image = each.get("image")
        if text(image) and each.keys() & {"commands", "script", "steps", "pipeline"}:
            yield Consumed(Consumer(f"a step of {path}", source_of(image, path)), image=text(image))
        yield from _drone_plugin(tree, each)


def _templated(script: str, env: Mapping[str, str]) -> str:
    for name, value in env.items():
        script = script.replace("{{." + name + "}}", value).replace("{{ ." + name + " }}", value)
    return script


def _drone_plugin(tree: Tree, step: Fields) -> Iterator[Shown]:
    """``image: plugins/docker`` with settings (https://plugins.drone.io/plugins/docker)."""
    image = text(step.get("image")).partition(":")[0]
    if not image.endswith(
        ("plugins/docker", "plugin-docker-buildx", "plugins/kaniko", "plugins/ecr", "plugins/gcr")
    ):
        return
    given = fields(step.get("settings")) or step
    builder = "kaniko" if "kaniko" in image else "buildx" if "buildx" in image else "drone-docker"
    use = BuildUse(
        None,
        None,
        step.at("image"),
        builder,
        tags=texts(given.get("repo")),
        target=text(given.get("target")) or None,
        ephemeral=True,
    )
    file = text(given.get("dockerfile"))
    found = placed(
        tree,
        use,
        ("",),
        Word(text(given.get("context")) or "."),
        Word(file) if file else None,
        "folder",
    )
    if found is not None:
        yield Built(found)
