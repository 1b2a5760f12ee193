"""CI systems beside GitHub: GitLab, CircleCI, Azure.

Azure's Docker task: https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/docker-v2
(without `buildContext` it is the Dockerfile's folder; without `Dockerfile` the first one found).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.expressions import azure, circle
from dfix.ecosystems.repository.placing import pairs, placed
from dfix.ecosystems.repository.scripts import CHECKOUTS, read_commands
from dfix.ecosystems.repository.shown import ROOT, Built, Consumed, Word, folders_of
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note
from dfix.ecosystems.repository.yamls import (
    Fields,
    Items,
    document,
    fields,
    items,
    source_of,
    text,
    texts,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree


def scripts_of(value: Any) -> Iterator[tuple[str, int]]:
    """(text, line) of a command or a list of them; a block's text begins a line later."""
    if isinstance(value, Items):
        for each in value:
            if each is not value:
                yield from (
                    scripts_of(each)
                    if not isinstance(each, Items)
                    else ((t, 0) for t in texts(each))
                )
    elif isinstance(value, str):
        yield value, getattr(value, "line", 1) + (1 if "\n" in value.strip() else 0)


def constants(value: Any) -> dict[str, str]:
    """Variables with a literal value."""
    found: dict[str, str] = {}
    for name, each in fields(value).items():
        plain = text(each) if isinstance(each, str) else text(fields(each).get("value"))
        if plain and "$" not in plain:
            found[name] = plain
        elif plain.strip("${}") in CHECKOUTS:
            found[name] = ROOT
    return found


# GitLab


def gitlab(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """.gitlab-ci.yml and what it includes: https://docs.gitlab.com/ci/yaml/."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    variables = constants(root.get("variables"))
    default = fields(root.get("default"))
    yield from _image(
        path, "the default image", root.get("image") or default.get("image"), variables
    )
    shared = [
        value
        for owner in (root, default)
        for key in ("before_script", "after_script")
        if (value := owner.get(key)) is not None
    ]
    where = Where(tree, path, ephemeral=True)
    for value in shared:
        for script, line in scripts_of(value):
            yield from read_commands(script, where, folders=("",), line=line, env=variables)
    for name, job in root.items():
        if name in {
            "variables",
            "default",
            "include",
            "stages",
            "image",
            "services",
            "workflow",
        } or not isinstance(job, Fields):
            continue
        env = {**variables, **constants(job.get("variables"))}
        if not name.startswith("."):
            yield from _image(path, f"the job {name}", job.get("image"), env)
        parts: list[str] = []
        first = 0
        for key in ("before_script", "script"):  # one shell reads both
            for script, line in scripts_of(job.get(key)):
                first = first or line
                parts.extend([""] * (line - first - sum(part.count("\n") + 1 for part in parts)))
                parts.append(script)
        yield from read_commands("\n".join(parts), where, folders=("",), line=first or 1, env=env)


def _image(path: str, who: str, value: Any, env: Mapping[str, str]) -> Iterator[Consumed]:
    image = value if isinstance(value, str) else fields(value).get("name")
    if text(image) and "kaniko" not in text(image):
        reference = text(image)
        for name, known in env.items():
            reference = reference.replace(f"${{{name}}}", known).replace(f"${name}", known)
        yield Consumed(Consumer(f"{who} of {path}", source_of(image, path)), image=reference)


# CircleCI


def circleci(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """.circleci/config.yml: https://circleci.com/docs/configuration-reference/."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    for kind in ("jobs", "executors", "commands"):
        for name, body in fields(root.get(kind)).items():
            job = fields(body)
            names = {
                f"parameters.{key}": text(fields(each).get("default"))
                for key, each in fields(job.get("parameters")).items()
                if fields(each).get("default")
            }
            for number, each in enumerate(items(job.get("docker"))):
                image = fields(each).get("image")
                if text(image) and number == 0:  # the others are services
                    what = f"the {kind[:-1]} {name} of {path}"
                    yield Consumed(
                        Consumer(what, source_of(image, path)), image=circle(image, names).text
                    )
            env = constants(job.get("environment"))
            for step in walk(job.get("steps")):
                yield from _circle_step(tree, path, step, names, env)
    for workflow in walk(root.get("workflows")):
        for name, given in workflow.items():
            if name == "docker/publish":
                yield from _orb(tree, workflow.at(name), fields(given))


def _circle_step(
    tree: Tree, path: str, step: Fields, names: Mapping[str, str], env: Mapping[str, str]
) -> Iterator[Shown]:
    run = step.get("run")
    command = run if isinstance(run, str) else fields(run).get("command")
    if text(command):
        own = {**env, **constants(fields(run).get("environment"))}
        folder = text(fields(run).get("working_directory")) or "."
        for script, line in scripts_of(command):
            expanded = circle(script, names).text
            yield from read_commands(
                expanded,
                Where(tree, path, ephemeral=True),
                folders=folders_of("", folder),
                line=line,
                env=own,
            )
    for name in ("docker/build", "docker/publish"):
        if name in step:
            yield from _orb(tree, step.at(name), fields(step.get(name)))


def _orb(tree: Tree, source: str, given: Fields) -> Iterator[Shown]:
    """The circleci/docker orb: `path` is the Dockerfile's folder, `docker_context` the context.

    https://circleci.com/developer/orbs/orb/circleci/docker; older versions say `docker-context`.
    """
    folder = text(given.get("path")) or "."
    name = text(given.get("dockerfile")) or "Dockerfile"
    context = text(given.get("docker-context") or given.get("docker_context")) or "."
    use = BuildUse(None, None, source, "docker", tags=texts(given.get("image")), ephemeral=True)
    dockerfile = Word(f"{folder}/{name}", "<<" not in folder + name)
    found = placed(tree, use, ("",), Word(context, "<<" not in context), dockerfile, "folder")
    if found is not None:
        yield Built(found)


# Azure


def azure_pipelines(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """azure-pipelines.yml and its templates."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    names: dict[str, str] = {}
    given = root.get("variables")
    for name, value in fields(given).items():
        names[name] = text(value)
    for each in items(given):
        names[text(fields(each).get("name"))] = text(fields(each).get("value"))
    names = {name: azure(value, names).text for name, value in names.items() if name and value}
    names.update({f"variables.{name}": value for name, value in list(names.items())})
    containers = {
        text(fields(each).get("container")): fields(each)
        for each in items(fields(root.get("resources")).get("containers"))
    }
    env = {name: value for name, value in names.items() if "$" not in value}
    for each in walk(root):
        yield from _azure_step(tree, path, each, names, env)
        container = each.get("container")
        if "steps" in each and container is not None:
            label = container if isinstance(container, str) else fields(container).get("image")
            image = text(containers.get(text(label), Fields()).get("image")) or text(label)
            yield Consumed(
                Consumer(f"a job of {path}", each.at("container")), image=azure(image, names).text
            )


def _azure_step(
    tree: Tree, path: str, step: Fields, names: Mapping[str, str], env: Mapping[str, str]
) -> Iterator[Shown]:
    where = Where(tree, path, ephemeral=True)
    for key in ("script", "bash", "pwsh", "powershell"):
        for script, line in scripts_of(step.get(key)):
            folder = azure(step.get("workingDirectory") or ".", names)
            yield from read_commands(
                azure(script, names).text,
                where,
                folders=_folders(folder),
                line=line,
                env={**env, **constants(step.get("env"))},
            )
    task = text(step.get("task")).partition("@")
    given = fields(step.get("inputs"))
    if task[0] == "Docker":
        yield from _docker_task(tree, step, task[2], given, names)
    elif task[0] in {"AzureCLI", "Bash", "CmdLine"}:
        for script, line in scripts_of(given.get("inlineScript") or given.get("script")):
            folder = azure(given.get("workingDirectory") or ".", names)
            yield from read_commands(
                azure(script, names).text, where, folders=_folders(folder), line=line, env=env
            )


def _folders(word: Word) -> tuple[str, ...]:
    return folders_of("", word.text) if word.known else ()


def _docker_task(
    tree: Tree, step: Fields, version: str, given: Fields, names: Mapping[str, str]
) -> Iterator[Shown]:
    command = text(given.get("command")) or "buildAndPush"
    if command.lower() not in {"build", "buildandpush", "build an image"}:
        return
    folded = {name.lower(): value for name, value in given.items()}
    file = azure(folded.get("dockerfile") or "Dockerfile", names)
    context = azure(folded.get("buildcontext") or folded.get("context") or "", names)
    if "*" in file.text:
        pattern = file.text.rpartition("/")[2]
        matches = [p for p in tree.files() if posixpath.basename(p) == pattern]
        file = Word(matches[0]) if len(matches) == 1 else Word(file.text, known=False)
    if context.text in {"", "**"} or version in {"0", "1"}:
        context = Word(posixpath.dirname(file.text) or ".", file.known)
    tags = [azure(folded.get(name) or "", names).text for name in ("repository", "imagename")]
    use = BuildUse(
        None,
        None,
        step.at("task"),
        "docker",
        args=pairs(azure(folded.get("buildarguments") or "", names).text.splitlines()),
        tags=tuple(tag for tag in tags if tag),
        ephemeral=True,
    )
    found = placed(tree, use, ("",), context, file, "folder")
    if found is not None:
        yield Built(found)
