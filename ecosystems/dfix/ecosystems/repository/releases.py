"""Tools that build images for a release: GoReleaser, Copilot, Kamal, SAM, CapRover.

GoReleaser builds in a temporary folder that holds only binaries and `extra_files`:
https://goreleaser.com/customization/docker/. AWS Copilot runs ``docker build``:
https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/#image-build. Kamal runs buildx:
https://kamal-deploy.org/docs/configuration/builders/. AWS SAM uses the
engine's classic builder unless it is told otherwise: https://github.com/aws/aws-sam-cli/pull/8772.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.placing import cache_types
from dfix.ecosystems.repository.platforms import hosted, json_mapping, start
from dfix.ecosystems.repository.shown import Built, Started
from dfix.ecosystems.repository.values import BuildUse, Note, Override
from dfix.ecosystems.repository.yamls import document, fields, items, text, texts, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import OverrideKind
    from dfix.ecosystems.tree import Tree


def goreleaser(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """.goreleaser.yaml: its context is made on the way, and never a folder of the repository."""
    root = document(path, content)
    if isinstance(root, Note):
        yield root
        return
    for key in ("dockers", "dockers_v2"):
        for each in items(root.get(key)):
            entry = fields(each)
            flags = texts(entry.get("build_flag_templates"))
            builder = text(entry.get("use")) or ("buildx" if key == "dockers_v2" else "docker")
            tags = texts(entry.get("image_templates")) or texts(entry.get("images"))
            use = BuildUse(
                None, None, entry.at("dockerfile", "image_templates"), builder, tags=tags
            )
            file = text(entry.get("dockerfile")) or "Dockerfile"
            if "{{" in file:
                continue
            found = hosted(tree, use, "", ".", file, "folder")
            if found is not None:
                target = next(
                    (flag.partition("=")[2] for flag in flags if flag.startswith("--target=")), None
                )
                why = "a temporary folder that GoReleaser fills with binaries"
                yield Built(found._replace(context=None, context_why=why, target=target))


def copilot(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """copilot/<service>/manifest.yml: `image.build`, `entrypoint`, `command`."""
    root = document(path, content)
    if isinstance(root, Note) or not text(root.get("type")):
        return
    image = fields(root.get("image"))
    build = image.get("build")
    given = fields(build)
    file = build if isinstance(build, str) else text(given.get("dockerfile"))
    if not file:
        return
    use = BuildUse(
        None,
        None,
        image.at("build"),
        "docker",
        key=path,
        target=text(given.get("target")) or None,
        args={name: text(value) for name, value in fields(given.get("args")).items()},
        cache_from=cache_types(texts(given.get("cache_from"))),
    )
    context = text(given.get("context")) or posixpath.dirname(file)
    found = hosted(tree, use, "", context, file, "folder")
    if found is not None:
        yield Built(found)
    kinds: tuple[OverrideKind, ...] = ("entrypoint", "command")
    overrides = [
        start(key, root[key], root.at(key), text(root.get("name")))
        for key in kinds
        if root.get(key)
    ]
    yield Started(tuple(overrides), path, key=path)


def kamal(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """config/deploy.yml of Kamal: builder, servers' commands."""
    if "<%" in content:
        content = "\n".join(
            "" if line.lstrip().startswith("<%") else line for line in content.splitlines()
        )
    root = document(path, content)
    if isinstance(root, Note) or not (text(root.get("service")) and text(root.get("image"))):
        return
    builder = fields(root.get("builder"))
    cache = text(fields(builder.get("cache")).get("type"))
    use = BuildUse(
        None,
        None,
        builder.at("dockerfile", "context") if builder.path else path,
        "buildx",
        key=path,
        target=text(builder.get("target")) or None,
        args={name: text(value) for name, value in fields(builder.get("args")).items()},
        secrets=texts(builder.get("secrets")),
        tags=(text(root["image"]),),
        cache_from=(cache,) if cache else (),
        cache_to=(cache,) if cache else (),
        platforms=texts(builder.get("arch")),
    )
    found = hosted(
        tree,
        use,
        "",
        text(builder.get("context")),
        text(builder.get("dockerfile")) or "Dockerfile",
        "folder",
    )
    if found is not None:
        yield Built(found)
    overrides = []
    for role in fields(root.get("servers")).values():
        given = fields(role)
        if text(given.get("cmd")):
            overrides.append(
                start("command", given["cmd"], given.at("cmd"), text(root["service"]), "shell")
            )
    for each in texts(root.get("volumes")):
        source, _, where = each.partition(":")
        overrides.append(
            Override(
                "volume",
                (source, where.partition(":")[0]),
                root.at("volumes"),
                text(root["service"]),
            )
        )
    yield Started(tuple(overrides), path, key=path)


def caprover(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """captain-definition: https://caprover.com/docs/captain-definition-file.html."""
    root = json_mapping(path, content)
    file = root.get("dockerfilePath") if isinstance(root, dict) else None
    if isinstance(file, str):
        found = hosted(
            tree,
            BuildUse(None, None, path, "caprover"),
            posixpath.dirname(path),
            ".",
            file,
            "folder",
        )
        if found is not None:
            yield Built(found)


def sam(tree: Tree, path: str, content: str) -> Iterator[Shown]:
    """An AWS SAM template's ``Metadata: {Dockerfile, DockerContext}``."""
    root = document(path, content)
    if isinstance(root, Note):
        return
    for each in walk(root):
        if text(each.get("DockerContext")):
            use = BuildUse(
                None,
                None,
                each.at("Dockerfile", "DockerContext"),
                "docker-legacy",
                target=text(each.get("DockerBuildTarget")) or None,
            )
            found = hosted(
                tree,
                use,
                posixpath.dirname(path),
                text(each["DockerContext"]),
                text(each.get("Dockerfile")),
            )
            if found is not None:
                yield Built(found)
