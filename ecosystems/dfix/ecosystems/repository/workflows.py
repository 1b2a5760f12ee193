"""GitHub Actions: workflows, composite actions, and actions that are made from a Dockerfile.

Inputs are those of each action's own page, for instance
https://github.com/docker/build-push-action#inputs: without `context` it builds the repository's
root (as a Git context), and `file` is ``{context}/Dockerfile``. A Docker action is built in its folder
and started as root: https://docs.github.com/actions/creating-actions/dockerfile-support-for-github-actions.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.expressions import github, rows
from dfix.ecosystems.repository.placing import cache_types, pairs, placed, split_list
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Built, Consumed, Started, inside, starts_shell
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note, Override
from dfix.ecosystems.repository.words import Word
from dfix.ecosystems.repository.yamls import Fields, document, fields, items, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

# action -> (builder, its inputs for: context, file, tags, build arguments, target)
ACTIONS: dict[str, tuple[str, str, str, str, str, str]] = {
    "docker/build-push-action": ("buildx", "context", "file", "tags", "build-args", "target"),
    "depot/build-push-action": ("depot", "context", "file", "tags", "build-args", "target"),
    "useblacksmith/build-push-action": (
        "buildx",
        "context",
        "file",
        "tags",
        "build-args",
        "target",
    ),
    "redhat-actions/buildah-build": (
        "buildah",
        "context",
        "containerfiles",
        "image",
        "build-args",
        "target",
    ),
    "int128/kaniko-action": ("kaniko", "context", "file", "tags", "build-args", "target"),
    "aevea/action-kaniko": ("kaniko", "path", "build_file", "image", "build-args", "target"),
    "elgohr/publish-docker-github-action": (
        "docker",
        "context",
        "dockerfile",
        "name",
        "buildargs",
        "",
    ),
    "mr-smithers-excellent/docker-build-push": (
        "docker",
        "directory",
        "dockerfile",
        "image",
        "buildArgs",
        "target",
    ),
    "whoan/docker-build-with-cache-action": (
        "docker",
        "context",
        "dockerfile",
        "image_name",
        "build_extra_args",
        "target",
    ),
    "philips-software/docker-ci-scripts": (
        "docker",
        "base-dir",
        "dockerfile",
        "image-name",
        "",
        "",
    ),
    "ilteoood/docker_buildx": ("buildx", "context", "dockerFile", "imageName", "buildArgs", ""),
    "macbre/push-to-ghcr": ("docker", "context", "dockerfile", "image_name", "build_arg", "target"),
    "vaultwarden/docker-build-push": ("docker", "context", "dockerfile", "image", "", ""),
}
_FILE_IN_CONTEXT = {"kaniko", "buildah"}


def workflow(tree: Tree, path: str, text_: str) -> Iterator[Shown]:
    """A file of .github/workflows (Gitea and Forgejo read the same form)."""
    root = document(path, text_)
    if isinstance(root, Note):
        yield root
        return
    names = _variables("env", root.get("env"), {})
    for inputs in ("workflow_call", "workflow_dispatch"):
        given = fields(fields(fields(root.get("on")).get(inputs)).get("inputs"))
        names.update(
            {
                f"inputs.{name}": text(fields(each).get("default"))
                for name, each in given.items()
                if fields(each).get("default")
            }
        )
    folder = text(fields(fields(root.get("defaults")).get("run")).get("working-directory"))
    for name, job in fields(root.get("jobs")).items():
        for row in rows(fields(job).get("strategy")):
            yield from _job(tree, path, name, fields(job), {**names, **row}, folder)


def action(tree: Tree, path: str, text_: str) -> Iterator[Shown]:
    """An action.yml: a composite one has steps, a Docker one is built from its Dockerfile."""
    root = document(path, text_)
    if isinstance(root, Note):
        yield root
        return
    runs = fields(root.get("runs"))
    if text(runs.get("using")) == "docker":
        yield from _docker_action(tree, path, runs)
    inputs = fields(root.get("inputs"))
    names = {
        f"inputs.{name}": text(fields(each).get("default"))
        for name, each in inputs.items()
        if "default" in fields(each)
    }
    for step in items(runs.get("steps")):
        yield from _step(tree, path, "", fields(step), names, "")


def _docker_action(tree: Tree, path: str, runs: Fields) -> Iterator[Shown]:
    image = text(runs.get("image"))
    folder = posixpath.dirname(path)
    source = runs.at("image")
    if image.startswith("docker://"):
        return
    use = BuildUse(None, None, source, builder="docker", key=path, ephemeral=True)
    found = placed(tree, use, (folder,), Word("."), Word(image), "folder")
    if found is None or found.dockerfile is None:
        return
    yield Built(replace(found, context=posixpath.dirname(found.dockerfile), context_why=""))
    overrides = [
        Override("user", "root", source, "action"),
        Override("working_dir", "/github/workspace", source, "action"),
        Override("volume", ("", "/github/workspace"), source, "action"),
    ]
    if texts(runs.get("args")):
        words = texts(runs.get("args"))
        overrides.append(
            Override(
                "command",
                words,
                runs.at("args"),
                "action",
                "exec",
                starts_shell(words),
                "${{" not in " ".join(words),
            )
        )
    for key, kind in (
        ("entrypoint", "entrypoint"),
        ("pre-entrypoint", "exec"),
        ("post-entrypoint", "exec"),
    ):
        if runs.get(key):
            words = (text(runs.get(key)),)
            overrides.append(
                Override(kind, words, runs.at(key), "action", "exec", starts_shell(words))
            )  # type: ignore[arg-type]
    yield Started(tuple(overrides), source, key=path)


def _job(
    tree: Tree, path: str, name: str, job: Fields, names: Mapping[str, str], folder: str
) -> Iterator[Shown]:
    names = _variables("env", job.get("env"), names)
    container = job.get("container")
    image = container if isinstance(container, str) else fields(container).get("image")
    if text(image):
        source = (
            job.at("container") if isinstance(container, str) else fields(container).at("image")
        )
        yield Consumed(
            Consumer(f"the job {name} of {path}", source), image=github(image, names).text
        )
    folder = text(fields(fields(job.get("defaults")).get("run")).get("working-directory")) or folder
    checkout = ""
    for step in items(job.get("steps")):
        each = fields(step)
        if text(each.get("uses")).partition("@")[
            0
        ] == "actions/checkout" and "repository" not in fields(each.get("with")):
            checkout = text(fields(each.get("with")).get("path")) or checkout
        yield from _step(tree, path, checkout, each, names, folder)


def _step(
    tree: Tree, path: str, checkout: str, step: Fields, names: Mapping[str, str], folder: str
) -> Iterator[Shown]:
    names = _variables("env", step.get("env"), names)
    uses = text(step.get("uses")).partition("@")[0].lower()
    if uses:
        yield from _used(tree, path, checkout, uses, step, names)
    run = step.get("run")
    if not isinstance(run, str):
        return
    where = github(step.get("working-directory") or folder or ".", names)
    at = inside("", where.text) if where.known else None
    folders = () if at is None else (_unchecked(at, checkout),)
    if checkout and at == "":
        folders = ("",)
    script = github(run, names)
    # a block's text begins one line below its key
    line = step.lines.get("run", step.line) + (1 if "\n" in run else 0)
    env = {
        name.removeprefix("env."): value for name, value in names.items() if name.startswith("env.")
    }
    yield from read_commands(
        script.text, Where(tree, path, ephemeral=True), folders=folders, line=line, env=env
    )


def _unchecked(path: str, checkout: str) -> str:
    """A path of the machine as one of the repository, which lies in the folder `checkout`."""
    clean = posixpath.normpath(checkout) if checkout else ""
    if clean and (path == clean or path.startswith(clean + "/")):
        return path[len(clean) :].lstrip("/")
    return path


def _used(
    tree: Tree, path: str, checkout: str, uses: str, step: Fields, names: Mapping[str, str]
) -> Iterator[Shown]:
    given = fields(step.get("with"))
    source = step.at("uses")

    def word(name: str) -> Word:
        return github(given.get(name), names)

    if uses in ACTIONS:
        builder, context_key, file_key, tags_key, args_key, target_key = ACTIONS[uses]
        if (
            uses == "docker/build-push-action" and "path" in given
        ):  # version 1, which ran docker build
            builder, context_key, file_key, tags_key, args_key = (
                "docker",
                "path",
                "dockerfile",
                "repository",
                "build_args",
            )
        target = word(target_key)
        use = BuildUse(
            None,
            None,
            source,
            builder,
            target=target.text if target.known and target.text else None,
            args=pairs(word(args_key).text.splitlines()),
            additional_contexts={
                name: value or ""
                for name, value in pairs(word("build-contexts").text.splitlines()).items()
            },
            platforms=split_list([word("platforms").text]),
            cache_from=cache_types([word("cache-from").text]),
            cache_to=cache_types([word("cache-to").text]),
            tags=split_list([word(tags_key).text]),
            secrets=tuple(
                line
                for name in ("secrets", "secret-files", "secret-envs")
                for line in word(name).text.splitlines()
            ),
            ssh=tuple(word("ssh").text.splitlines()),
            unknown=() if target.known else ("target",),
            ephemeral=True,
        )
        context, sub = word(context_key), ""
        if context.text.startswith("{{defaultContext}}"):
            sub = context.text.partition(":")[2] or "."
        elif "{{defaultContext}}" in context.text:
            context = Word(context.text, known=False)
        if (sub or not context.text) and uses.endswith("build-push-action"):
            checkout = ""  # a Git context: the file is looked for inside it
        where = Word(sub or context.text or ".", context.known)
        named_from = "context" if sub or builder in _FILE_IN_CONTEXT else "folder"
        yield from _placed(
            tree, use, checkout, where, word(file_key) if given.get(file_key) else None, named_from
        )
    elif uses == "superfly/flyctl-actions" and "deploy" in word("args").text:
        command = f"flyctl {word('args').text}"
        yield from read_commands(
            command,
            Where(tree, path, ephemeral=True),
            folders=("",),
            line=step.lines.get("uses", 1),
        )
    elif uses.startswith("docker://"):
        yield Consumed(Consumer(f"a step of {path}", source), image=uses[len("docker://") :])
    elif uses == "addnab/docker-run-action":
        words = ("sh", "-c", word("run").text)
        yield Started(
            (Override("command", words, source, "", "exec", uses_shell=True),),
            source,
            image=word("image").text,
        )


def _placed(
    tree: Tree, use: BuildUse, checkout: str, context: Word, file: Word | None, named_from: Any
) -> Iterator[Built]:
    """Paths of the machine are ones of the repository below the folder it was checked out into."""
    if checkout:
        context = Word(_relative(context.text, checkout), context.known)
        file = None if file is None else Word(_relative(file.text, checkout), file.known)
    found = placed(
        tree, use, ("",), context, file, "either" if named_from == "context" else named_from
    )
    if found is not None:
        yield Built(found)


def _relative(path: str, checkout: str) -> str:
    clean = inside("", path)
    return path if clean is None else _unchecked(clean, checkout) or "."


def _variables(prefix: str, given: Any, names: Mapping[str, str]) -> dict[str, str]:
    """The names in force with those of an ``env:`` mapping; what is not literal is taken away."""
    found = dict(names)
    for name, value in fields(given).items():
        word = github(value, found)
        if word.known and isinstance(value, str):
            found[f"{prefix}.{name}"] = word.text
        else:
            found.pop(f"{prefix}.{name}", None)
    return found


def split_words(value: str) -> tuple[str, ...]:
    """Words of a text, quotes removed if they are balanced."""
    try:
        return tuple(shlex.split(value))
    except ValueError:
        return tuple(value.split())
