"""Dev containers: an editor works inside the image, with a shell, compilers and all.

https://containers.dev/implementors/json_reference/: `build.dockerfile` and `build.context` are
relative to the devcontainer.json; `dockerComposeFile` and `service` name a compose service.
"""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.repository.placing import cache_types, placed
from dfix.ecosystems.repository.shown import Built, Consumed, Word, inside
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.tree import Tree

LIMIT = 200_000


def devcontainer(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """A devcontainer.json, which may have comments and trailing commas."""
    try:
        root = json.loads(without_comments(content[:LIMIT]))
    except (ValueError, RecursionError):
        yield Note("not valid JSON with comments", path)
        return
    if not isinstance(root, dict):
        return
    folder = posixpath.dirname(path)
    build = root.get("build")
    build = build if isinstance(build, dict) else {}
    file = build.get("dockerfile") or root.get("dockerFile")
    if isinstance(file, str):
        yield from _built(tree, path, content, folder, file, {**root, **build})
    image = root.get("image")
    if isinstance(image, str):
        source = f"{path}:{_line(content, 'image')}"
        yield Consumed(Consumer(f"the dev container of {path}", source), image=image)
    service = root.get("service")
    files = root.get("dockerComposeFile")
    for each in [files] if isinstance(files, str) else files if isinstance(files, list) else []:
        compose = inside(folder, each) if isinstance(each, str) else None
        if compose is not None and isinstance(service, str):
            source = f"{path}:{_line(content, 'service')}"
            key = f"{posixpath.dirname(compose)}#{service}"
            yield Consumed(Consumer(f"the dev container of {path}", source), key=key)


def _built(
    tree: Tree, path: str, content: str, folder: str, file: str, given: dict[str, Any]
) -> Iterator[Shown]:
    source = f"{path}:{_line(content, 'ockerfile')}"
    context = given.get("context")
    target = given.get("target")
    args = given.get("args")
    caches = given.get("cacheFrom")
    use = BuildUse(
        None,
        None,
        source,
        "buildx",
        target=target if isinstance(target, str) else None,
        args={str(k): str(v) for k, v in args.items()} if isinstance(args, dict) else {},
        cache_from=cache_types(
            [caches]
            if isinstance(caches, str)
            else [str(c) for c in caches]
            if isinstance(caches, list)
            else []
        ),
        key=path,
    )
    where = Word(context if isinstance(context, str) else posixpath.dirname(file) or ".")
    found = placed(tree, use, (folder,), where, Word(file), "folder")
    if found is None or found.dockerfile is None:
        return
    yield Built(found)
    consumer = Consumer(f"the dev container of {path}", source, found.target)
    yield Consumed(consumer, dockerfile=found.dockerfile)


def without_comments(content: str) -> str:
    """JSON without // and /* */ comments and without trailing commas; line numbers stay."""
    out: list[str] = []
    at = 0
    while at < len(content):
        if content[at] == '"':
            end = at + 1
            while end < len(content) and content[end] != '"':
                end += 2 if content[end] == "\\" else 1
            out.append(content[at : end + 1])
            at = end + 1
        elif content.startswith("//", at):
            end = content.find("\n", at)
            at = len(content) if end < 0 else end
        elif content.startswith("/*", at):
            end = content.find("*/", at)
            out.append("\n" * content.count("\n", at, len(content) if end < 0 else end))
            at = len(content) if end < 0 else end + 2
        elif content[at] in "]}":
            while out and out[-1].isspace():
                out.pop()
            if out and out[-1] == ",":
                out.pop()
            out.append(content[at])
            at += 1
        else:
            out.append(content[at])
            at += 1
    return "".join(out)


def _line(content: str, word: str) -> int:
    at = content.find(word)
    return content.count("\n", 0, at) + 1 if at >= 0 else 1
