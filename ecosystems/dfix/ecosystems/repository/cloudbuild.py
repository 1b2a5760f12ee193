"""Google Cloud Build: https://cloud.google.com/build/docs/build-config-file-schema.

A step's `args` are given to its image's entrypoint; the source lies in /workspace, and `dir` is
relative to it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.builds import kaniko
from dfix.ecosystems.repository.docker import Where, shown
from dfix.ecosystems.repository.pipelines import constants
from dfix.ecosystems.repository.placing import pairs
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Built, Word, folders_of
from dfix.ecosystems.repository.values import Note
from dfix.ecosystems.repository.words import Command
from dfix.ecosystems.repository.yamls import (
    document,
    fields,
    items,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree


def cloudbuild(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """cloudbuild.yaml: the steps that run docker, kaniko or a shell."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    env = constants(root.get("substitutions"))
    options = texts(fields(root.get("options")).get("env"))
    # `gcloud builds submit` takes the folder above or the file's own
    folders = tuple(dict.fromkeys(("", posixpath.dirname(path))))
    for each in items(root.get("steps")):
        step = fields(each)
        name = text(step.get("name"))
        folder = text(step.get("dir"))
        places = tuple(place for f in folders for place in folders_of(f, folder))
        own = {
            **env,
            **{
                k: v for k, v in pairs([*options, *texts(step.get("env"))]).items() if v is not None
            },
        }
        line = step.lines.get("args", step.line)
        where = Where(tree, path, ephemeral=True)
        words = tuple(_substituted(value, env) for value in texts(step.get("args")))
        command = Command((), line, places, own)
        entrypoint = text(step.get("entrypoint"))
        if "kaniko" in name:
            kaniko_command = Command((Word("executor"), *words), line, places, own)
            yield from kaniko(kaniko_command, words, where)
        elif entrypoint in {"bash", "sh", "/bin/bash", "/bin/sh"} and len(words) > 1:
            yield from read_commands(
                words[-1].text,
                where,
                folders=places,
                line=getattr(step["args"][-1], "line", line),
                env=own,
            )
        elif name.rpartition("/")[2].partition(":")[0] == "docker" and not entrypoint:
            command = Command((Word("docker"), *words), line, places, own)
            for found in shown(command, where):
                yield _as_cloudbuild(found, own)
        elif text(step.get("script")):
            yield from read_commands(
                text(step.get("script")), where, folders=places, line=line + 1, env=own
            )


def _as_cloudbuild(found: Shown, env: Mapping[str, str]) -> Shown:
    if isinstance(found, Built) and found.use.builder == "docker" and "DOCKER_BUILDKIT" not in env:
        return Built(found.use._replace(builder="cloudbuild-docker"))
    return found


def _substituted(value: str, env: Mapping[str, str]) -> Word:
    for name in sorted(env, key=len, reverse=True):
        value = value.replace(f"${{{name}}}", env[name]).replace(f"${name}", env[name])
    return Word(value.replace("$$", "$"), "$" not in value.replace("$$", ""))
