"""Skaffold, OpenShift build configurations, Tilt and DevSpace: tools that build into a cluster.

https://skaffold.dev/docs/references/yaml/ (an artifact's Dockerfile is relative to its context; the
local builder runs Docker, googleCloudBuild Cloud Build's docker builder unless kaniko is named).
OpenShift's docker strategy is Buildah: https://docs.redhat.com/en/documentation/openshift_container_platform/4.16/html/builds_using_buildconfig/understanding-image-builds.
https://docs.tilt.dev/api.html#api.docker_build.
"""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.interpolate import interpolated
from dfix.ecosystems.repository.placing import cache_types, pairs, placed
from dfix.ecosystems.repository.shown import Built, Started, Word, starts_shell
from dfix.ecosystems.repository.values import BuildUse, Note, Override
from dfix.ecosystems.repository.yamls import (
    Fields,
    document,
    documents,
    fields,
    items,
    text,
    texts,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree


LIMIT = 100_000
"""Characters of a Tiltfile that is read."""


def skaffold(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """skaffold.yaml: the artifacts of the file and of its profiles."""
    found = documents(path, content)
    if isinstance(found, Note):
        yield found
        return
    folder = posixpath.dirname(path)
    for root in found:
        for each in [fields(root), *(fields(p) for p in items(fields(root).get("profiles")))]:
            build = fields(each.get("build"))
            artifacts = items(build.get("artifacts")) or items(
                fields(fields(root).get("build")).get("artifacts")
            )
            for artifact in artifacts:
                yield from _artifact(tree, folder, fields(artifact), build)


def _artifact(tree: Tree, folder: str, artifact: Fields, build: Fields) -> Iterator[Built]:
    if artifact.keys() & {"jib", "bazel", "buildpacks", "ko", "custom"}:
        return
    inner = fields(artifact.get("kaniko")) or fields(artifact.get("docker"))
    builder = "skaffold-docker"
    if "kaniko" in artifact or "cluster" in build:
        builder = "kaniko"
    elif "googleCloudBuild" in build:
        builder = "cloudbuild-docker"
    elif fields(build.get("local")).get("useBuildkit") == "true":
        builder = "buildkit"
    elif fields(build.get("local")).get("useBuildkit") == "false":
        builder = "docker-legacy"
    use = BuildUse(
        None,
        None,
        artifact.at("image"),
        builder,
        target=text(inner.get("target")) or None,
        args={name: _value(value) for name, value in fields(inner.get("buildArgs")).items()},
        cache_from=cache_types(texts(inner.get("cacheFrom"))),
        tags=(text(artifact.get("image")),) if artifact.get("image") else (),
        secrets=tuple(text(fields(each).get("id")) for each in items(inner.get("secrets"))),
        ssh=texts(inner.get("ssh")),
    )
    context = text(artifact.get("context")) or text(artifact.get("workspace")) or "."
    file = text(inner.get("dockerfile"))
    dockerfile = Word(file, "{{" not in file) if file else None
    found = placed(tree, use, (folder,), Word(context, "{{" not in context), dockerfile, "context")
    if found is not None:
        yield Built(found)


def _value(value: Any) -> str | None:
    plain = text(value)
    return None if "{{" in plain or value is None else plain


def build_config(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """OpenShift's ``kind: BuildConfig`` with a docker strategy."""
    found = documents(path, content)
    for root in () if isinstance(found, Note) else found:
        for each in walk(root):
            strategy = fields(fields(each.get("strategy")).get("dockerStrategy"))
            if "dockerStrategy" not in fields(each.get("strategy")):
                continue
            context = text(fields(each.get("source")).get("contextDir")) or "."
            file = text(strategy.get("dockerfilePath"))
            use = BuildUse(
                None,
                None,
                fields(each["strategy"]).at("dockerStrategy"),
                "buildah",
                args={
                    text(fields(a).get("name")): text(fields(a).get("value"))
                    for a in items(strategy.get("buildArgs"))
                },
            )
            known = "${" not in context + file
            placed_use = placed(
                tree,
                use,
                ("",),
                Word(context, known),
                Word(file, known) if file else None,
                "context",
            )
            if placed_use is not None:
                yield Built(placed_use)


def tiltfile(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A Tiltfile: ``docker_build(ref, context, dockerfile=...)``, when it reads as Python."""
    if "docker_build" not in content or len(content) > LIMIT:
        return
    try:
        module = ast.parse(content)
    except (SyntaxError, RecursionError, ValueError, MemoryError):
        yield Note("not read: more than Python's part of Starlark", path)
        return
    folder = posixpath.dirname(path)
    for node in ast.walk(module):
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Name)
            or node.func.id not in {"docker_build", "docker_build_with_restart"}
        ):
            continue
        given: dict[str, ast.expr] = {
            keyword.arg: keyword.value for keyword in node.keywords if keyword.arg
        }
        given.update(zip(("ref", "context"), node.args, strict=False))
        if "dockerfile_contents" in given or "ref" not in given:
            continue
        reference = _constant(given["ref"])
        source = f"{path}:{node.lineno}"
        args = pairs(_constants(given.get("build_args")))
        target = _constant(given["target"]) if "target" in given else Word("")
        use = BuildUse(
            None,
            None,
            source,
            "buildkit",
            target=target.text if target.known and target.text else None,
            args=args,
            tags=(reference.text,),
            unknown=() if target.known else ("target",),
            key=source,
        )
        context = _constant(given["context"]) if "context" in given else Word(".")
        file = _constant(given["dockerfile"]) if "dockerfile" in given else None
        found = placed(tree, use, (folder,), context, file, "folder")
        if found is not None:
            yield Built(found)
        yield from _tilt_started(given, source)


def _tilt_started(given: dict[str, ast.expr], source: str) -> Iterator[Started]:
    words = _constants(given.get("entrypoint"))
    if words:
        override = Override("entrypoint", tuple(words), source, "", "exec", starts_shell(words))
        yield Started((override,), source, key=source)
    if "live_update" in given:  # files are copied in with tar, and commands run by a shell
        override = Override(
            "exec", "live_update", source, "", "shell", uses_shell=True, literal=False
        )
        yield Started((override,), source, key=source)


def _constant(node: ast.expr) -> Word:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Word(node.value)
    return Word(ast.unparse(node)[:200], known=False)


def _constants(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ["sh", "-c", node.value]
    if isinstance(node, ast.List | ast.Tuple):
        return [_constant(each).text for each in node.elts]
    if isinstance(node, ast.Dict):
        return [
            f"{_constant(key).text}={_constant(value).text}"
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        ]
    return []


def devspace(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """devspace.yaml: ``images.<name>.{image,dockerfile,context,target}``."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    folder = posixpath.dirname(path)
    for name, each in fields(root.get("images")).items():
        given = fields(each)
        builder = (
            "kaniko" if "kaniko" in given or "kaniko" in fields(given.get("build")) else "docker"
        )
        use = BuildUse(
            None,
            None,
            fields(root["images"]).at(name),
            builder,
            tags=texts(given.get("image")),
            target=text(fields(given.get("buildArgs")).get("target") or given.get("target"))
            or None,
        )
        file = text(given.get("dockerfile"))
        context = interpolated(text(given.get("context")) or ".", {})
        found = placed(tree, use, (folder,), context, Word(file) if file else None, "folder")
        if found is not None:
            yield Built(found)
