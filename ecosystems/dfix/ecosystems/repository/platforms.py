"""Hosting platforms and release tools that build a Dockerfile, each by its own file.

heroku.yml: https://devcenter.heroku.com/articles/build-docker-images-heroku-yml (the context is
always the Dockerfile's folder; `run` replaces CMD). fly.toml: https://fly.io/docs/reference/configuration/.
railway: https://docs.railway.com/reference/config-as-code (the start command replaces the
entrypoint, in exec form). render.yaml: https://render.com/docs/blueprint-spec.
"""

from __future__ import annotations

import json
import posixpath
import shlex
import tomllib
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.placing import placed
from dfix.ecosystems.repository.shown import Built, Started, Word, inside, starts_shell
from dfix.ecosystems.repository.values import BuildUse, Note, Override
from dfix.ecosystems.repository.yamls import (
    Items,
    document,
    fields,
    source_of,
    text,
    texts,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import Form, OverrideKind
    from dfix.ecosystems.tree import Tree


LIMIT = 100_000
"""Characters of a file that is read."""


def hosted(
    tree: Tree,
    use: BuildUse,
    folder: str,
    context: str,
    dockerfile: str,
    named_from: Any = "context",
) -> BuildUse | None:
    """A build whose paths are relative to the platform's own file, in `folder`."""
    return placed(
        tree,
        use,
        (folder,),
        Word(context or "."),
        Word(dockerfile) if dockerfile else None,
        named_from,
    )


def start(
    kind: OverrideKind, value: Any, source: str, service: str, form: Form = "exec"
) -> Override:
    """A start command: a text that a shell reads, or words."""
    if form == "shell":
        plain = value if isinstance(value, str) else " ".join(texts(value))
        return Override(kind, plain, source, service, "shell", uses_shell=True)
    words = _split(value) if isinstance(value, str) else texts(value)
    return Override(
        kind,
        words,
        source,
        service,
        "exec",
        starts_shell(words),
        not any("$" in word for word in words),
    )


def heroku(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """heroku.yml: Heroku starts `run` with a shell unless it is a list."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    folder = posixpath.dirname(path)
    build = fields(root.get("build"))
    args = {name: text(value) for name, value in fields(build.get("config")).items()}
    docker = fields(build.get("docker"))
    for name, each in docker.items():
        file = (
            each if isinstance(each, str) else text(fields(each).get("dockerfile")) or "Dockerfile"
        )
        target = None if isinstance(each, str) else text(fields(each).get("target")) or None
        use = BuildUse(
            None, None, docker.at(name), "heroku", target=target, args=args, key=f"{path}#{name}"
        )
        found = hosted(tree, use, folder, posixpath.dirname(file), file, "folder")
        if found is not None:
            yield Built(found)
    runs = fields(root.get("run"))
    for name, each in [*runs.items(), ("release", root.get("release"))]:
        if each is None:
            continue
        given = fields(each)
        command = each if isinstance(each, str) else given.get("command")
        service = text(given.get("image")) or name
        source = source_of(command, runs.at(name))
        if isinstance(command, str):
            yield Started(
                (start("command", command, source, service, "shell"),),
                source,
                key=f"{path}#{service}",
            )
        elif isinstance(command, Items):  # each entry is a command line of its own
            for line in texts(command):
                started = start("command", line, source, service, "shell")
                yield Started((started,), source, key=f"{path}#{service}")


def procfile(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A Procfile beside a Dockerfile: a shell reads each command."""
    folder = posixpath.dirname(path)
    names = [
        name for name in ("Dockerfile", "dockerfile") if tree.is_file(posixpath.join(folder, name))
    ]
    for number, line in enumerate(content.splitlines(), 1):
        name, colon, command = line.partition(":")
        if colon and command.strip() and not line.startswith("#") and names:
            source = f"{path}:{number}"
            override = start("command", command.strip(), source, name.strip(), "shell")
            yield Started((override,), source, key=f"file:{posixpath.join(folder, names[0])}")


def fly(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """fly.toml: [build], [processes], [deploy] release_command, [[mounts]]."""
    root = _toml(path, content)
    if isinstance(root, Note):
        yield root
        return
    build = _table(root.get("build"))
    if "image" in build or "builder" in build or "buildpacks" in build:
        return
    args = {str(k): str(v) for k, v in _table(build.get("args")).items()}
    source = f"{path}:{_line(content, 'dockerfile')}"
    target = build.get("build-target")
    use = BuildUse(
        None, None, source, "fly", target=str(target) if target else None, args=args, key=path
    )
    found = hosted(
        tree, use, posixpath.dirname(path), ".", str(build.get("dockerfile", "")), "folder"
    )
    if found is not None:
        yield Built(found)
    overrides = [
        start("command", str(command), f"{path}:{_line(content, str(name))}", str(name))
        for name, command in _table(root.get("processes")).items()
        if command
    ]
    release = _table(root.get("deploy")).get("release_command")
    if release:
        overrides.append(
            start("exec", str(release), f"{path}:{_line(content, 'release_command')}", "release")
        )
    experimental = _table(root.get("experimental"))
    kinds: tuple[tuple[str, OverrideKind], ...]
    kinds = (("cmd", "command"), ("entrypoint", "entrypoint"), ("exec", "exec"))
    for key, kind in kinds:
        value = experimental.get(key)
        if isinstance(value, list | str):
            words = value if isinstance(value, str) else Items(str(each) for each in value)
            overrides.append(start(kind, words, f"{path}:{_line(content, key)}", "app"))
    mounts = root.get("mounts")
    for mount in mounts if isinstance(mounts, list) else [mounts]:
        if isinstance(mount, dict) and mount.get("destination"):
            value = (str(mount.get("source", "")), str(mount["destination"]))
            overrides.append(
                Override("volume", value, f"{path}:{_line(content, 'destination')}", "app")
            )
    for name, value in _table(root.get("env")).items():
        overrides.append(
            Override(
                "environment", (str(name), str(value)), f"{path}:{_line(content, str(name))}", "app"
            )
        )
    yield Started(tuple(overrides), path, key=path)


def _split(value: str) -> tuple[str, ...]:
    """Words of a text, quotes removed if they are balanced."""
    try:
        return tuple(shlex.split(value))
    except ValueError:
        return tuple(value.split())


_NO_DOCKERFILE = frozenset({"NIXPACKS", "RAILPACK", "PAKETO", "HEROKU"})


def railway(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """railway.json, railway.toml: a Dockerfile in the folder is used unless others are named."""
    root = json_mapping(path, content) if path.endswith(".json") else _toml(path, content)
    if isinstance(root, Note):
        yield root
        return
    build, deploy = _table(root.get("build")), _table(root.get("deploy"))
    folder = posixpath.dirname(path)
    file = str(build.get("dockerfilePath", ""))
    if str(build.get("builder", "")).upper() in _NO_DOCKERFILE and not file:
        return
    use = BuildUse(None, None, f"{path}:{_line(content, 'dockerfilePath')}", "railway", key=path)
    found = hosted(tree, use, folder, ".", file) or hosted(tree, use, "", ".", file)
    if found is not None:
        yield Built(found)
    overrides: list[Override] = []
    starts: tuple[tuple[str, OverrideKind], ...]
    starts = (("startCommand", "entrypoint"), ("preDeployCommand", "exec"))
    for key, kind in starts:
        value = deploy.get(key)
        source = f"{path}:{_line(content, key)}"
        lines = value if isinstance(value, list) else [value]
        overrides.extend(start(kind, str(each), source, "app") for each in lines if each)
    yield Started(tuple(overrides), path, key=path)


def render(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """render.yaml: services whose runtime is docker."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    for each in walk(root):
        if "docker" not in {text(each.get("runtime")), text(each.get("env"))}:
            continue
        name = text(each.get("name"))
        base = inside("", text(each.get("rootDir"))) or ""
        key = f"{path}#{name}"
        use = BuildUse(None, None, each.at("dockerfilePath", "runtime", "env"), "render", key=key)
        found = hosted(
            tree,
            use,
            base,
            text(each.get("dockerContext")),
            text(each.get("dockerfilePath")) or "./Dockerfile",
            "folder",
        )
        if found is not None:
            yield Built(found)
        overrides = [
            start(kind, each[field], each.at(field), name, "shell")  # type: ignore[arg-type]
            for field, kind in (("dockerCommand", "command"), ("preDeployCommand", "exec"))
            if text(each.get(field))
        ]
        yield Started(tuple(overrides), each.source, key=key)


def do_app(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """.do/app.yaml: https://docs.digitalocean.com/products/app-platform/reference/app-spec/."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    for each in walk(root):
        file = text(each.get("dockerfile_path"))
        if not file:
            continue
        key = f"{path}#{text(each.get('name'))}"
        use = BuildUse(None, None, each.at("dockerfile_path"), "digitalocean", key=key)
        context = text(each.get("source_dir")).strip("/") or "."
        found = hosted(tree, use, "", context, file.lstrip("/"), "folder")
        if found is not None:
            yield Built(found)
        if text(each.get("run_command")):
            override = start(
                "command",
                each["run_command"],
                each.at("run_command"),
                text(each.get("name")),
                "shell",
            )
            yield Started((override,), each.source, key=key)


def _toml(path: str, content: str) -> dict[str, Any] | Note:
    if len(content) > LIMIT:
        return Note("not read: too large", path)
    try:
        return tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return Note("not valid TOML", path)


def json_mapping(path: str, content: str) -> dict[str, Any] | Note:
    """A JSON file that is a mapping."""
    try:
        found = json.loads(content[:1_000_000])
    except (ValueError, RecursionError):
        return Note("not valid JSON", path)
    return found if isinstance(found, dict) else Note("not a mapping", path)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(content: str, word: str) -> int:
    at = content.find(word)
    return content.count("\n", 0, at) + 1 if at >= 0 else 1
