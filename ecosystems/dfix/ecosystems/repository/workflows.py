"""GitHub Actions: workflows, the ones that they call, and composite actions.

Without a `working-directory` a step runs in the root of the machine's workspace, where the
repository lies unless actions/checkout is given a `path`:
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.actions import Step, docker_action, unchecked, used
from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.expressions import github, rows
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Consumed, inside
from dfix.ecosystems.repository.values import Consumer, Note
from dfix.ecosystems.repository.yamls import Fields, document, fields, items, text, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

CALLS = 32
"""Calls of one reusable workflow or action that are followed."""


def workflow(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A file of .github/workflows (Gitea and Forgejo read the same form)."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    on = fields(root.get("on"))
    defaults: dict[str, str] = {}
    for event in ("workflow_dispatch", "workflow_call"):
        defaults.update(_defaults(fields(on.get(event)).get("inputs")))
    given = list(_calls(tree, path, defaults)) if "workflow_call" in on else []
    folder = _folder(root)
    for inputs in given or [defaults]:
        names = _variables(root.get("env"), inputs)
        for name, job in fields(root.get("jobs")).items():
            for row in rows(fields(job).get("strategy")):
                yield from _job(tree, path, name, fields(job), {**names, **row}, folder)


def action(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """An action.yml: a composite one has steps, a Docker one is built from its Dockerfile."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    runs = fields(root.get("runs"))
    if text(runs.get("using")) == "docker":
        yield from docker_action(tree, path, runs)
    if not items(runs.get("steps")):
        return
    defaults = _defaults(root.get("inputs"))
    for inputs in list(_calls(tree, posixpath.dirname(path), defaults)) or [defaults]:
        for each in items(runs.get("steps")):
            yield from _step(Step(tree, path, "", fields(each), inputs), "")


def _defaults(inputs: Any) -> dict[str, str]:
    return {
        f"inputs.{name}": text(fields(each).get("default"))
        for name, each in fields(inputs).items()
        if "default" in fields(each)
    }


def _calls(tree: Tree, called: str, defaults: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The inputs that each call in the repository gives to a workflow, or to an action's folder."""
    left = CALLS
    for path in tree.files():
        if not path.startswith(".github/workflows/") or path == called:
            continue
        found = tree.read(path)
        if not isinstance(found, Known) or f"/{called}" not in found.value:
            continue
        root = document(path, found.value)
        for job in fields(root.get("jobs") if isinstance(root, Fields) else None).values():
            for row in rows(fields(job).get("strategy")):
                for each in walk(job):
                    uses = text(each.get("uses")).partition("@")[0]
                    if uses.endswith(f"/{called}") and left:
                        left -= 1
                        yield _given(each.get("with"), row, defaults)


def _given(values: Any, names: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Inputs of a call over the defaults; one that is not literal is not known."""
    found = dict(defaults)
    for name, value in fields(values).items():
        word = github(value, names)
        if word.known:
            found[f"inputs.{name}"] = word.text
        else:
            found.pop(f"inputs.{name}", None)
    return found


def _folder(owner: Fields) -> str:
    return text(fields(fields(owner.get("defaults")).get("run")).get("working-directory"))


def _job(
    tree: Tree, path: str, name: str, job: Fields, names: Mapping[str, str], folder: str
) -> Iterator[Shown]:
    names = _variables(job.get("env"), names)
    container = job.get("container")
    image = container if isinstance(container, str) else fields(container).get("image")
    if text(image):
        named = isinstance(container, str)
        source = job.at("container") if named else fields(container).at("image")
        consumer = Consumer(f"the job {name} of {path}", source)
        yield Consumed(consumer, image=github(image, names).text)
    checkout = ""
    for each in items(job.get("steps")):
        step = fields(each)
        given = fields(step.get("with"))
        name = text(step.get("uses")).partition("@")[0]
        if name == "actions/checkout" and "repository" not in given:
            checkout = text(given.get("path")) or checkout
        yield from _step(Step(tree, path, checkout, step, names), _folder(job) or folder)


def _step(step: Step, folder: str) -> Iterator[Shown]:
    names = _variables(step.fields.get("env"), step.names)
    if text(step.fields.get("uses")):
        yield from used(Step(step.tree, step.path, step.checkout, step.fields, names))
    run = step.fields.get("run")
    if not isinstance(run, str):
        return
    where = github(step.fields.get("working-directory") or folder or ".", names)
    at = inside("", where.text) if where.known else None
    folders = () if at is None else (unchecked(at, step.checkout),)
    # a block's text begins one line below its key
    line = step.fields.lines.get("run", step.fields.line) + (1 if "\n" in run else 0)
    env = {name[len("env.") :]: each for name, each in names.items() if name.startswith("env.")}
    script = github(run, names).text
    place = Where(step.tree, step.path, ephemeral=True)
    yield from read_commands(script, place, folders=folders, line=line, env=env)


def _variables(given: Any, names: Mapping[str, str]) -> dict[str, str]:
    """The names in force with those of an ``env:`` mapping; what is not literal is taken away."""
    found = dict(names)
    for name, value in fields(given).items():
        word = github(value, found)
        if word.known and isinstance(value, str):
            found[f"env.{name}"] = word.text
        else:
            found.pop(f"env.{name}", None)
    return found
