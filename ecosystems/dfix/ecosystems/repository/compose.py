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
from dfix.ecosystems.repository.merging import compose_file, extended, long_build, merged
from dfix.ecosystems.repository.placing import cache_types, placed
from dfix.ecosystems.repository.shown import Built, Consumed, Started, Word, inside, starts_shell
from dfix.ecosystems.repository.sources import CANONICAL, COMPOSE
from dfix.ecosystems.repository.values import BuildUse, Consumer, Note, Override
from dfix.ecosystems.repository.yamls import (
    Fields,
    Items,
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
    from dfix.ecosystems.repository.values import Form, OverrideKind
    from dfix.ecosystems.tree import Tree

INCLUDE_DEPTH = 4


def project(tree: Tree, folder: str, paths: tuple[str, ...], depth: int = 0) -> Iterator[Shown]:
    """All compose files of one folder: they are fragments of one project.

    A fragment that says nothing of a service's build means the build of the file it is merged with.
    """
    env = _environment(tree, folder)
    read: dict[str, Fields] = {}
    for path in paths:
        found = compose_file(tree, path)
        if isinstance(found, Note):
            yield found
        else:
            read[path] = found
    candidates = [posixpath.join(folder, name) for name in CANONICAL]
    base = next((path for path in candidates if path in read), None)
    services = {path: _services(tree, path, found) for path, found in read.items()}
    main = services.get(base or "", {})
    for path, of_file in services.items():
        project_name = text(read[path].get("name")) or posixpath.basename(folder)
        for name, service in of_file.items():
            under = main.get(name) if path != base else None
            one = _Service(path, folder, name, service, under, env, project_name)
            yield from _service(tree, one)
        if depth < INCLUDE_DEPTH:
            yield from _included(tree, path, read[path], depth)


def _included(tree: Tree, path: str, file: Fields, depth: int) -> Iterator[Shown]:
    """``include``: projects of their own, unless their name has them read anyway."""
    for each in items(file.get("include")):
        named = (each,) if isinstance(each, str) else texts(fields(each).get("path"))
        for name in named:
            other = inside(posixpath.dirname(path), name)
            if other and tree.is_file(other) and not COMPOSE.match(posixpath.basename(other)):
                yield from project(tree, posixpath.dirname(other), (other,), depth + 1)


def _environment(tree: Tree, folder: str) -> dict[str, str]:
    path = posixpath.join(folder, ".env")
    found = tree.read(path) if tree.is_file(path) else None
    return env_file(found.value[:100_000]) if isinstance(found, Known) else {}


def _services(tree: Tree, path: str, file: Fields) -> dict[str, Fields]:
    """The services, with what they extend; version 1 files have them at the top."""
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


class _Service:
    """One service of one file; `under` is the same one in the file that it is merged with."""

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
    long = long_build(build) if isinstance(build, str) else fields(build)
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


_SETTINGS: tuple[OverrideKind, ...] = ("user", "working_dir", "stop_signal")
_STARTS: tuple[OverrideKind, ...] = ("command", "entrypoint")


def _overrides(service: _Service, given: Fields, target: str | None) -> Iterator[Override]:
    for each in (*_started(service, given), *_healthcheck(service, given), *_set(service, given)):
        yield each if target is None else each._replace(target=target)


def _started(service: _Service, given: Fields) -> Iterator[Override]:
    """What starts, in the order of the specification: the main process, hooks, watched commands."""
    for kind in _STARTS:
        words = _command(service, given.get(kind))
        if words is not None:  # `entrypoint: []` takes the image's away, and starts nothing
            form: Form | None = "exec" if words[0] else None
            source, shell = given.at(kind), starts_shell(words[0])
            yield Override(kind, words[0], source, service.name, form, shell, words[1])
    hooks = [(key, each) for key in ("post_start", "pre_stop") for each in items(given.get(key))]
    steps = items(fields(given.get("develop")).get("watch"))
    hooks.extend(("develop", fields(step).get("exec")) for step in steps)
    for key, hook in hooks:
        words = _command(service, fields(hook).get("command"))
        if words is not None:
            shell = starts_shell(words[0])
            yield Override("exec", words[0], given.at(key), service.name, "exec", shell, words[1])


def _set(service: _Service, given: Fields) -> Iterator[Override]:
    """What is set: user, folders, mounts, environment, ports."""
    name = service.name
    for kind in _SETTINGS:
        if isinstance(given.get(kind), str):
            word = service.word(given[kind])
            yield Override(kind, word.text, given.at(kind), name, literal=word.known)
    if true(given.get("read_only")):
        yield Override("read_only", "true", given.at("read_only"), name)
    for each in items(given.get("volumes")):
        value = _volume(service, each)
        if value[1]:
            source = source_of(each, given.at("volumes"))
            yield Override("volume", value, source, name, literal="$" not in "".join(value))
    for each in texts(given.get("tmpfs")):
        where = service.word(each).text.partition(":")[0]
        yield Override("tmpfs", where, given.at("tmpfs"), name, literal="$" not in where)
    for variable, raw in _entries(given.get("environment")):
        word = Word("") if raw is None else service.word(raw)
        pair = (variable,) if raw is None else (variable, word.text)
        yield Override("environment", pair, given.at("environment"), name, literal=word.known)
    for each in items(given.get("ports")):
        port = service.word(each if isinstance(each, str) else fields(each).get("target"))
        if port.text:
            source = source_of(each, given.at("ports"))
            yield Override("ports", port.text, source, name, literal=port.known)


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


def _healthcheck(service: _Service, given: Fields) -> Iterator[Override]:
    check = fields(given.get("healthcheck"))
    test = check.get("test")
    source = check.at("test") if check.path else given.at("healthcheck")
    words = [service.word(each) for each in texts(test)]
    known = all(word.known for word in words)
    first, rest = (words[0].text if words else ""), tuple(word.text for word in words[1:])
    kind: OverrideKind = "healthcheck"
    if true(check.get("disable")) or (first == "NONE" and not isinstance(test, str)):
        yield Override(kind, ("NONE",), source, service.name)
    elif isinstance(test, str):
        yield Override(kind, first, source, service.name, "shell", uses_shell=True, literal=known)
    elif first == "CMD-SHELL":
        script = " ".join(rest)
        yield Override(kind, script, source, service.name, "shell", uses_shell=True, literal=known)
    elif first == "CMD":
        yield Override(kind, rest, source, service.name, "exec", starts_shell(rest), known)


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
