"""Compose files: what services build, and how they start.

The rules are those of https://docs.docker.com/reference/compose-file/ (build, services, merge,
extends, interpolation, include). A command given as text is split into words and started without a
shell; a health check given as text is run by one.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.docker import mount
from dfix.ecosystems.repository.interpolate import env_file, interpolated
from dfix.ecosystems.repository.placing import cache_types, placed
from dfix.ecosystems.repository.shown import Built, Consumed, Started, inside, starts_shell
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note, Override
from dfix.ecosystems.repository.words import Word
from dfix.ecosystems.repository.yamls import (
    Fields,
    Items,
    document,
    fields,
    items,
    source_of,
    text,
    texts,
    true,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import Form
    from dfix.ecosystems.tree import Tree

CANONICAL = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
EXTENDS_DEPTH = 8


def project(tree: Tree, folder: str, paths: tuple[str, ...]) -> Iterator[Shown]:
    """All compose files of one folder: they are fragments of one project.

    A fragment that says nothing of a service's build means the build of the file it is merged with.
    """
    env = _environment(tree, folder)
    read: dict[str, Fields] = {}
    for path in paths:
        found = _file(tree, path)
        if isinstance(found, Note):
            yield found
        else:
            read[path] = found
    base = next(
        (
            f"{folder}/{name}".lstrip("/")
            for name in CANONICAL
            if f"{folder}/{name}".lstrip("/") in read
        ),
        None,
    )
    services = {path: _services(tree, path, found) for path, found in read.items()}
    main = services.get(base or "", {})
    for path, of_file in services.items():
        for name, service in of_file.items():
            under = main.get(name) if path != base else None
            project_name = text(read[path].get("name")) or posixpath.basename(folder)
            yield from _service(
                tree, _Service(path, folder, name, service, under, env, project_name)
            )


def _file(tree: Tree, path: str) -> Fields | Note:
    found = tree.read(path)
    return document(path, found.value) if isinstance(found, Known) else Note(found.why, path)


def _environment(tree: Tree, folder: str) -> dict[str, str]:
    path = posixpath.join(folder, ".env")
    found = tree.read(path) if tree.is_file(path) else None
    return env_file(found.value[:100_000]) if isinstance(found, Known) else {}


def _services(tree: Tree, path: str, file: Fields) -> dict[str, Fields]:
    """The services, with what they extend; also those of version 1 files, which have no top level."""
    found = fields(file.get("services"))
    if not found and "services" not in file:
        found = Fields(file)
        for name in list(found):
            if not isinstance(found[name], Fields) or not found[name].keys() & {"image", "build"}:
                del found[name]
    return {
        name: extended(tree, path, found, service, 0)
        for name, service in found.items()
        if isinstance(service, Fields)
    }


def extended(tree: Tree, path: str, services: Fields, service: Fields, depth: int) -> Fields:
    """A service laid over what it extends; its own keys win, mappings are united."""
    extends = service.get("extends")
    if extends is None or depth > EXTENDS_DEPTH:
        return service
    name = extends if isinstance(extends, str) else text(fields(extends).get("service"))
    file = text(fields(extends).get("file"))
    if file:
        other = inside(posixpath.dirname(path), file)
        found = _file(tree, other) if other is not None and tree.is_file(other) else None
        if not isinstance(found, Fields):
            return service
        below, services, path = (
            fields(fields(found.get("services")).get(name)),
            fields(found.get("services")),
            other or "",
        )
        below = _moved(below, posixpath.dirname(path))
    else:
        below = fields(services.get(name))
    return merged(extended(tree, path, services, below, depth + 1), service)


def _moved(service: Fields, folder: str) -> Fields:
    """A service of another folder: its relative context is one of that folder."""
    build = service.get("build")
    if build is None:
        return service
    new = Fields(service)
    changed = Fields(build) if isinstance(build, Fields) else Fields()
    context = build if isinstance(build, str) else text(changed.get("context")) or "."
    if "context" not in changed:
        changed.path, changed.line = service.path, service.lines.get("build", service.line)
    changed["context"] = _At(context, folder)
    new["build"] = changed
    return new


class _At(str):
    """A path that is relative to another folder than the file's."""

    __slots__ = ("folder",)
    folder: str

    def __new__(cls, value: str, folder: str) -> _At:
        made = super().__new__(cls, value)
        made.folder = getattr(value, "folder", folder)
        return made


def merged(below: Fields, above: Fields) -> Fields:
    """One mapping over another, as compose merges files: `above` wins, mappings are united."""
    out = Fields(below)
    if not below:
        out.path, out.line = above.path, above.line
    for key, value in above.items():
        lower = out.get(key)
        if isinstance(lower, Fields) and isinstance(value, Fields):
            out[key] = merged(lower, value)
        elif key == "build" and isinstance(lower, str) and isinstance(value, Fields):
            out[key] = merged(_long(lower), value)
        else:
            out[key] = value
        if key in above.lines:
            out.lines[key] = above.lines[key]
            out.paths[key] = above.paths.get(key, above.path)
    if not out.path:
        out.path, out.line = above.path, above.line
    return out


def _long(context: str) -> Fields:
    """``build: .`` in its long form."""
    out = Fields({"context": context})
    out.path, out.line = getattr(context, "path", ""), getattr(context, "line", 0)
    return out


class _Service:
    """One service of one file; `under` is the same service in the file that this one is merged with."""

    def __init__(
        self,
        path: str,
        folder: str,
        name: str,
        own: Fields,
        under: Fields | None,
        env: Mapping[str, str],
        project_name: str,
    ) -> None:
        self.path = path
        self.folder = folder
        self.name = name
        self.own = own
        self.all = own if under is None else merged(under, own)
        self.env = env
        self.project = project_name
        self.key = f"{folder}#{name}"
        self.builds_itself = "build" in own

    def word(self, value: Any) -> Word:
        """A scalar with its variables expanded."""
        return interpolated(text(value), self.env)


def _service(tree: Tree, service: _Service) -> Iterator[Shown]:
    if (
        service.own.keys() <= {"build", "image"}
        and not service.builds_itself
        and "image" not in service.own
    ):
        return
    key = service.key
    target: str | None = None
    if service.builds_itself:
        key = f"{service.key}@{service.path}"
        use = _build(tree, service, key)
        if use is not None:
            target = use.target
            yield Built(use)
            yield from _consumed(service)
    given = service.all if service.builds_itself else service.own
    overrides = tuple(_overrides(service, given, target))
    image = service.word(service.all.get("image"))
    container = service.word(service.all.get("container_name"))
    yield Started(
        overrides,
        service.own.source,
        image="" if "build" in service.all else image.text,
        key=key,
        name=container.text if container.known else "",
    )


def _build(tree: Tree, service: _Service, key: str) -> BuildUse | None:
    build = service.all.get("build")
    long = _long(build) if isinstance(build, str) else fields(build)
    if not long or "dockerfile_inline" in long:
        return None
    context_value = text(long.get("context")) or "."
    folder = getattr(context_value, "folder", service.folder)
    dockerfile_value = long.get("dockerfile")
    target = service.word(long.get("target"))
    image = service.word(service.all.get("image"))
    tags = [image.text] if image.text else []
    if not tags and service.project:  # what compose calls it: version 2, version 1
        tags = [f"{service.project}-{service.name}", f"{service.project}_{service.name}"]
    use = BuildUse(
        dockerfile=None,
        context=None,
        source=_build_source(service, build),
        target=target.text if target.known and target.text else None,
        args=_args(service, long.get("args")),
        additional_contexts=_pairs(service, long.get("additional_contexts")),
        platforms=texts(long.get("platforms")),
        cache_from=cache_types(texts(long.get("cache_from"))),
        cache_to=cache_types(texts(long.get("cache_to"))),
        tags=(*tags, *(service.word(tag).text for tag in texts(long.get("tags")))),
        secrets=tuple(
            text(each) or text(fields(each).get("source")) for each in items(long.get("secrets"))
        ),
        ssh=texts(long.get("ssh")),
        unknown=() if target.known else ("target",),
        key=key,
    )
    dockerfile = service.word(dockerfile_value) if isinstance(dockerfile_value, str) else None
    return placed(tree, use, (folder,), service.word(context_value), dockerfile, "context")


def _build_source(service: _Service, build: Any) -> str:
    if isinstance(build, str):
        return source_of(build, service.own.at("build"))
    return service.own.at("build")


def _args(service: _Service, value: Any) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, raw in _entries(value):
        word = service.word(raw) if raw is not None else None
        found[name] = word.text if word is not None and word.known else None
    return found


def _pairs(service: _Service, value: Any) -> dict[str, str]:
    return {name: service.word(raw).text for name, raw in _entries(value)}


def _entries(value: Any) -> Iterator[tuple[str, str | None]]:
    """``{A: b}`` or ``[A=b, C]``."""
    if isinstance(value, Fields):
        for name, each in value.items():
            yield name, each if isinstance(each, str) else None
    for each in texts(value) if isinstance(value, Items) else ():
        name, equals, right = each.partition("=")
        yield name, right if equals else None


def _consumed(service: _Service) -> Iterator[Consumed]:
    """``additional_contexts: base: service:api`` builds on another service's image."""
    long = fields(service.all.get("build"))
    for name, value in _entries(long.get("additional_contexts")):
        if (value or "").startswith("service:"):
            other = f"{service.folder}#{(value or '')[len('service:') :]}"
            source = long.at("additional_contexts")
            yield Consumed(
                Consumer(f"the build context {name} of {service.name}", source), key=other
            )
        elif (value or "").startswith("docker-image://"):
            source = long.at("additional_contexts")
            image = (value or "")[len("docker-image://") :]
            yield Consumed(
                Consumer(f"the build context {name} of {service.name}", source), image=image
            )


# how a service starts


def _overrides(service: _Service, given: Fields, target: str | None) -> Iterator[Override]:
    name = service.name

    def source(key: str) -> str:
        return given.at(key)

    for key, kind in (("command", "command"), ("entrypoint", "entrypoint")):
        words = _command(service, given.get(key))
        if words is not None:
            values, known = words
            form: Form | None = (
                "exec" if values else None
            )  # `entrypoint: []` takes the image's away
            yield Override(
                kind, values, source(key), name, form, starts_shell(values), known, target
            )  # type: ignore[arg-type]
    yield from _healthcheck(service, given, target)
    for key, kind in (
        ("user", "user"),
        ("working_dir", "working_dir"),
        ("stop_signal", "stop_signal"),
    ):
        if isinstance(given.get(key), str):
            word = service.word(given[key])
            yield Override(kind, word.text, source(key), name, literal=word.known, target=target)  # type: ignore[arg-type]
    if true(given.get("read_only")):
        yield Override("read_only", "true", source("read_only"), name, target=target)
    for each in items(given.get("volumes")):
        value = _volume(service, each)
        if value[1]:
            yield Override(
                "volume",
                value,
                source_of(each, source("volumes")),
                name,
                literal="$" not in "".join(value),
                target=target,
            )
    for each in texts(given.get("tmpfs")):
        where = service.word(each).text.partition(":")[0]
        yield Override(
            "tmpfs", where, source("tmpfs"), name, literal="$" not in where, target=target
        )
    for variable, raw in _entries(given.get("environment")):
        given_word = Word("") if raw is None else service.word(raw)
        pair = (variable,) if raw is None else (variable, given_word.text)
        yield Override(
            "environment",
            pair,
            source("environment"),
            name,
            literal=given_word.known,
            target=target,
        )
    for each in items(given.get("ports")):
        port = (
            service.word(each).text if isinstance(each, str) else text(fields(each).get("target"))
        )
        if port:
            yield Override(
                "ports",
                port,
                source_of(each, source("ports")),
                name,
                literal="$" not in port,
                target=target,
            )
    for key in ("post_start", "pre_stop"):
        for hook in items(given.get(key)):
            words = _command(service, fields(hook).get("command"))
            if words is not None:
                yield Override(
                    "exec",
                    words[0],
                    source(key),
                    name,
                    "exec",
                    starts_shell(words[0]),
                    words[1],
                    target,
                )
    for step in items(fields(given.get("develop")).get("watch")):
        words = _command(service, fields(fields(step).get("exec")).get("command"))
        if words is not None:
            yield Override(
                "exec",
                words[0],
                source("develop"),
                name,
                "exec",
                starts_shell(words[0]),
                words[1],
                target,
            )


def _command(service: _Service, value: Any) -> tuple[tuple[str, ...], bool] | None:
    """(words, are all literal); None if nothing is set."""
    if isinstance(value, Items):
        words = [service.word(each) for each in texts(value)]
        return tuple(word.text for word in words), all(word.known for word in words)
    if not isinstance(value, str):
        return None
    word = service.word(value)
    try:
        return tuple(shlex.split(word.text)), word.known
    except ValueError:
        return tuple(word.text.split()), False


def _healthcheck(service: _Service, given: Fields, target: str | None) -> Iterator[Override]:
    check = fields(given.get("healthcheck"))
    test = check.get("test")
    source = check.at("test") if check.path else given.at("healthcheck")
    name = service.name
    if true(check.get("disable")):
        yield Override("healthcheck", ("NONE",), source, name, target=target)
    elif isinstance(test, str):
        word = service.word(test)
        yield Override(
            "healthcheck",
            word.text,
            source,
            name,
            "shell",
            uses_shell=True,
            literal=word.known,
            target=target,
        )
    elif texts(test):
        words = [service.word(each) for each in texts(test)]
        known = all(word.known for word in words)
        first, rest = words[0].text, tuple(word.text for word in words[1:])
        if first == "CMD-SHELL":
            yield Override(
                "healthcheck",
                " ".join(rest),
                source,
                name,
                "shell",
                uses_shell=True,
                literal=known,
                target=target,
            )
        elif first == "CMD":
            yield Override(
                "healthcheck", rest, source, name, "exec", starts_shell(rest), known, target
            )
        elif first == "NONE":
            yield Override("healthcheck", ("NONE",), source, name, target=target)


def _volume(service: _Service, each: Any) -> tuple[str, str]:
    if isinstance(each, str):
        word = service.word(each)
        return mount(word.text) if word.known else _open_mount(word.text)
    long = fields(each)
    return service.word(long.get("source")).text, service.word(long.get("target")).text


def _open_mount(written: str) -> tuple[str, str]:
    """Where something is mounted whose name is not literal: ``${DATA}:/data``."""
    end = written.rfind("}")
    tail = written[end + 1 :].split(":")
    if len(tail) > 1 and tail[1].startswith("/"):
        return written[: end + 1] + tail[0], tail[1]
    return mount(written)
