"""Kubernetes manifests, Helm charts, Tekton, Skaffold, OpenShift: containers and what builds them.

In a pod `command` replaces ENTRYPOINT and `args` CMD:
https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/.
Any mapping with a list of containers counts, whatever its kind. Charts are templates: their actions
become the values of values.yaml where they only name one, and stay open text otherwise.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.builds import kaniko
from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Built, Consumed, Started, Tagged, Word, starts_shell
from dfix.ecosystems.repository.values import Consumer, Note, Override
from dfix.ecosystems.repository.words import Command
from dfix.ecosystems.repository.yamls import (
    Fields,
    documents,
    fields,
    items,
    source_of,
    text,
    texts,
    true,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

MARKS = ("ontainers:", "image:", "images:", "taskRef:")
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_VALUE = re.compile(r"^\.Values\.([\w.-]+)\s*(?:\|.*)?$", re.DOTALL)
_DEFAULT = re.compile(r"\|\s*default\s+\"?([\w./:-]+)\"?")


def manifest(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A YAML file that may be a manifest; what is none shows nothing, and is not complained of."""
    if not any(mark in content for mark in MARKS) or "kind:" not in content:
        return
    if "{{" in content:
        yield from chart_template(tree, path, content)
        return
    found = documents(path, content)
    if isinstance(found, Note):
        yield found
        return
    for root in found:
        if isinstance(root, Fields) and "kind" in root and "apiVersion" in root:
            yield from _object(tree, path, root)


def _object(tree: Tree, path: str, root: Fields) -> Iterator[Shown]:
    kind = text(root.get("kind"))
    if kind == "Kustomization":
        yield from kustomization_images(root)
    if text(root.get("apiVersion")).startswith("tekton.dev"):
        yield from _tekton(tree, path, root)
        return
    for pod in walk(root):
        security = fields(pod.get("securityContext"))
        for key in ("initContainers", "containers", "ephemeralContainers"):
            for each in items(pod.get(key)):
                if isinstance(each, Fields) and (text(each.get("image")) or text(each.get("name"))):
                    yield from container(
                        tree, path, each, security, text(fields(root.get("metadata")).get("name"))
                    )


def kustomization_images(root: Fields) -> Iterator[Tagged]:
    """``images: - name: app, newName: registry/app``."""
    for each in items(root.get("images")):
        name, new = text(fields(each).get("name")), text(fields(each).get("newName"))
        if name and new:
            yield Tagged(name, new)
            yield Tagged(new, name)


def container(
    tree: Tree, path: str, given: Fields, pod_security: Fields, owner: str
) -> Iterator[Shown]:
    """What one container of a pod shows."""
    image = text(given.get("image"))
    name = text(given.get("name")) or owner
    if "kaniko" in image and "executor" in image:
        words = tuple(Word(each, "$" not in each) for each in texts(given.get("args")))
        command = Command(
            (Word("executor"), *words), given.lines.get("args", given.line), ("",), {}
        )
        yield from kaniko(command, words, Where(tree, path))
        return
    overrides = tuple(_overrides(given, pod_security, name))
    # owner and name are what `kubectl exec` says
    yield Started(overrides, given.at("image"), image=image, name=owner or name)


def _overrides(given: Fields, pod_security: Fields, name: str) -> Iterator[Override]:
    yield from _started(given, name)
    yield from security(given.get("securityContext"), pod_security, name)
    if text(given.get("workingDir")):
        yield Override("working_dir", text(given["workingDir"]), given.at("workingDir"), name)
    for each in items(given.get("volumeMounts")):
        where = text(fields(each).get("mountPath"))
        if where:
            source, pair = source_of(each, given.source), (text(fields(each).get("name")), where)
            yield Override("volume", pair, source, name, literal=_literal(where))
    for each in items(given.get("env")):
        variable, value = text(fields(each).get("name")), fields(each).get("value")
        if variable:
            setting = (variable,) if value is None else (variable, text(value))
            source, literal = source_of(each, given.source), _literal("".join(setting))
            yield Override("environment", setting, source, name, literal=literal)
    for each in items(given.get("ports")):
        port = text(fields(each).get("containerPort"))
        if port:
            source = source_of(each, given.source)
            yield Override("ports", port, source, name, literal=_literal(port))


def _started(given: Fields, name: str) -> Iterator[Override]:
    """The main process, probes, and lifecycle hooks."""
    for key, kind in (("command", "entrypoint"), ("args", "command")):
        words = texts(given.get(key))
        if words:
            yield _exec(kind, words, given.at(key), name)
    holders = [given.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    for holder in (*holders, *fields(given.get("lifecycle")).values()):
        action = fields(fields(holder).get("exec"))
        if texts(action.get("command")):
            yield _exec("exec", texts(action.get("command")), action.at("command"), name)


def security(own: Any, pod: Fields, name: str) -> Iterator[Override]:
    """Users and the read-only root file system; the container's setting wins over the pod's."""
    mine = fields(own)
    for key in ("runAsUser", "runAsNonRoot"):
        holder = mine if key in mine else pod
        value = text(holder.get(key))
        if key == "runAsUser" and value:
            group_holder = mine if "runAsGroup" in mine else pod
            group = text(group_holder.get("runAsGroup"))
            user = f"{value}:{group}" if group else value
            yield Override("user", user, holder.at(key), name, literal=_literal(user))
        elif key == "runAsNonRoot" and true(value):
            yield Override("nonroot", "true", holder.at(key), name)
    if true(mine.get("readOnlyRootFilesystem")):
        yield Override("read_only", "true", mine.at("readOnlyRootFilesystem"), name)


def _exec(kind: Any, words: tuple[str, ...], source: str, name: str) -> Override:
    return Override(
        kind,
        words,
        source,
        name,
        "exec",
        starts_shell(words),
        all(_literal(word) for word in words),
    )


def _literal(value: str) -> bool:
    return "{{" not in value and "$(" not in value and _OPEN not in value


# Tekton


def _tekton(tree: Tree, path: str, root: Fields) -> Iterator[Shown]:
    """Steps that run kaniko or a script, and catalogue tasks called kaniko or buildah."""
    for each in walk(root):
        for step in items(each.get("steps")):
            given = fields(step)
            image = text(given.get("image"))
            line = given.lines.get("script", given.line) + 1
            if "kaniko" in image:
                words = tuple(
                    Word(_parameter(word), "$(" not in _parameter(word))
                    for word in texts(given.get("args"))
                )
                yield from kaniko(
                    Command((Word("executor"),), given.line, ("",), {}),
                    words,
                    Where(tree, path, ephemeral=True),
                )
            elif text(given.get("script")):
                yield from read_commands(
                    text(given["script"]),
                    Where(tree, path, ephemeral=True),
                    folders=("",),
                    line=line,
                )
            elif image:
                yield Consumed(Consumer(f"a step of {path}", given.at("image")), image=image)
        reference = fields(each.get("taskRef"))
        task = text(reference.get("name"))
        if task in {"kaniko", "buildah", "buildkit"}:
            given_parameters = {
                text(fields(p).get("name")): text(fields(p).get("value"))
                for p in items(each.get("params"))
            }
            pairs = (
                ("DOCKERFILE", "--dockerfile"),
                ("CONTEXT", "--context"),
                ("IMAGE", "--destination"),
            )
            arguments: list[Word] = []
            for name, option in pairs:
                value = given_parameters.get(name)
                if value:
                    arguments.append(Word(f"{option}={value}", "$(" not in value))
            command = Command((Word("executor"),), reference.line, ("",), {})
            for built in kaniko(command, tuple(arguments), Where(tree, path, ephemeral=True)):
                yield Built(built.use._replace(builder=task))


def _parameter(word: str) -> str:
    return word.replace("$(workspaces.source.path)", "/workspace").replace(
        "$(workspaces.dockerconfig.path)", "/config"
    )


# Helm

_OPEN = "HELM-ACTION"


def chart_template(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A template as the YAML it would be, as far as it shows; the rest is dropped line by line."""
    values = _chart_values(tree, path)

    def replaced(match: re.Match[str]) -> str:
        named = _VALUE.match(match[1])
        value = _looked_up(values, named[1]) if named else None
        if value is None and named and (default := _DEFAULT.search(match[1])):
            value = default[1]
        return value if value is not None else f"{_OPEN}"

    lines = []
    for line in content.splitlines():
        stripped = line.strip()
        whole = stripped.startswith("{{") and stripped.endswith("}}") and stripped.count("{{") == 1
        lines.append("" if whole else _ACTION.sub(replaced, line))
    found = documents(path, "\n".join(lines))
    if isinstance(found, Note):
        return  # a template need not be YAML
    for root in found:
        if isinstance(root, Fields) and "kind" in root:
            yield from _object(tree, path, root)


def _chart_values(tree: Tree, path: str) -> Fields:
    folder = posixpath.dirname(path)
    while folder:
        for name in ("values.yaml", "values.yml"):
            candidate = posixpath.join(folder, name)
            found = tree.read(candidate) if tree.is_file(candidate) else None
            if isinstance(found, Known):
                parsed = documents(candidate, found.value)
                return fields(parsed[0]) if not isinstance(parsed, Note) and parsed else Fields()
        folder = posixpath.dirname(folder)
    return Fields()


def _looked_up(values: Fields, dotted: str) -> str | None:
    current: Any = values
    for name in dotted.split("."):
        current = fields(current).get(name)
    return current if isinstance(current, str) and "\n" not in current else None


def chart_values(_: Tree, path: str, content: str) -> Iterator[Shown]:
    """values.yaml: a mapping with an `image.repository`, and what stands beside it."""
    if "{{" in content:
        return
    found = documents(path, content)
    if isinstance(found, Note):
        yield found
        return
    for each in walk(fields(found[0]) if found else None):
        image = fields(each.get("image"))
        repository = text(image.get("repository")) or text(image.get("name"))
        if not repository:
            continue
        tag = text(image.get("tag"))
        reference = f"{repository}:{tag}" if tag else repository
        if text(image.get("registry")):
            reference = f"{text(image['registry'])}/{reference}"
        pod = fields(each.get("podSecurityContext"))
        overrides = tuple(_overrides(each, pod, posixpath.basename(repository)))
        yield Started(overrides, image.at("repository", "name"), image=reference)
