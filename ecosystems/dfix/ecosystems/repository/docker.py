"""What commands show: image builders, containers started and entered.

https://docs.docker.com/reference/cli/docker/. Unknown options are taken to have no value.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.builds import cli_build, platform_build
from dfix.ecosystems.repository.options import (
    COMPOSE_GLOBALS,
    COMPOSE_RUN,
    RUN_FLAGS,
    Options,
    parsed,
)
from dfix.ecosystems.repository.shown import (
    ComposeCalled,
    Started,
    Tagged,
    Word,
    starts_shell,
)
from dfix.ecosystems.repository.values import Override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import OverrideKind
    from dfix.ecosystems.repository.words import Command
    from dfix.ecosystems.tree import Tree

MENTIONS = (
    "docker",
    "podman",
    "buildah",
    "kaniko",
    "executor",
    "buildctl",
    "nerdctl",
    "kubectl",
    "az acr",
    "gcloud",
    "fly",
    "railway",
    "heroku",
    "depot",
    "skaffold",
    "oc ",
    "img ",
)
"""A text without any of these shows nothing."""


_PAIR = 2  # a container and its command, an image and its new name, a source and its place


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a command: the tree, the file and how far its lines are off, and the machine."""

    tree: Tree
    path: str
    ephemeral: bool = False
    service: str = ""


def shown(command: Command, where: Where) -> Iterator[Shown]:
    """What one command shows."""
    program = posixpath.basename(command.words[0].text).removesuffix(".exe")
    read = _PROGRAMS.get(program)
    if read is not None:
        yield from read(command, where)


def _docker(command: Command, where: Where) -> Iterator[Shown]:
    words = _without_globals(
        command.words[1:], {"--context", "-c", "-H", "--host", "--config", "-l", "--log-level"}
    )
    match [word.text for word in words[:2]]:
        case ["compose", *_]:
            yield from _compose(command, words[1:], where, "compose")
        case ["buildx", "bake"]:
            return  # the bake file itself is read, and says what is built
        case ["build", *_]:
            yield from cli_build(command, words[1:], where, _docker_builder(command))
        case ["image" | "builder", "build"]:
            yield from cli_build(command, words[2:], where, _docker_builder(command))
        case ["buildx", "build" | "b"]:
            yield from cli_build(command, words[2:], where, "buildx")
        case ["run" | "create", *_]:
            yield from _run(command, words[1:], where)
        case ["container", "run" | "create"]:
            yield from _run(command, words[2:], where)
        case ["exec", *_]:
            yield from _exec(command, words[1:], where)
        case ["container", "exec"]:
            yield from _exec(command, words[2:], where)
        case ["tag", *_]:
            yield from _tag(words[1:])
        case ["image", "tag"]:
            yield from _tag(words[2:])


def _docker_builder(command: Command) -> str:
    match command.env.get("DOCKER_BUILDKIT"):
        case "0":
            return "docker-legacy"
        case "1":
            return "buildkit"
    return "docker"


def _podman(command: Command, where: Where) -> Iterator[Shown]:
    words = command.words[1:]
    program = posixpath.basename(command.words[0].text)
    match [word.text for word in words[:2]]:
        case ["build" | "bud" | "build-using-dockerfile", *_]:
            yield from cli_build(command, words[1:], where, program)
        case ["image", "build"]:
            yield from cli_build(command, words[2:], where, program)
        case ["compose", *_]:
            yield from _compose(
                command, words[1:], where, program if program == "podman" else "nerdctl"
            )
        case ["run" | "create", *_]:
            if program != "buildah":
                yield from _run(command, words[1:], where)
        case ["exec", *_]:
            yield from _exec(command, words[1:], where)
        case ["tag", *_]:
            yield from _tag(words[1:])


def _docker_compose(command: Command, where: Where) -> Iterator[Shown]:
    builder = "docker-compose"
    if (
        command.env.get("DOCKER_BUILDKIT") == "0"
        or command.env.get("COMPOSE_DOCKER_CLI_BUILD") == "0"
    ):
        builder = "docker-legacy"
    yield from _compose(command, command.words[1:], where, builder)


def _podman_compose(command: Command, where: Where) -> Iterator[Shown]:
    yield from _compose(command, command.words[1:], where, "podman")


def _compose(
    command: Command, words: Sequence[Word], where: Where, builder: str
) -> Iterator[Shown]:
    options = parsed(words, COMPOSE_GLOBALS, stop=True)
    while options.positional and not options.positional[0].known:  # docker compose $FILES build
        options = parsed(options.positional[1:], COMPOSE_GLOBALS, stop=True)
    if not options.positional:
        return
    if builder == "compose" and command.env.get("DOCKER_BUILDKIT") == "0":
        builder = "docker-legacy"
    source = f"{where.path}:{command.line}"
    folders = command.folders
    directory = options.last("--project-directory")
    named = options.all("-f", "--file") or tuple(
        Word(path) for path in command.env.get("COMPOSE_FILE", "").split(":") if path
    )
    files = tuple(
        posixpath.normpath(posixpath.join(folder, word.text))
        for folder in folders
        for word in named
        if word.known
    )
    if directory is not None and directory.known and not files:
        folders = tuple(
            posixpath.normpath(posixpath.join(folder, directory.text)) for folder in folders
        )
    folders = tuple("" if folder == "." else folder for folder in folders)
    called = ComposeCalled(folders, files, builder, source, where.ephemeral)
    verb, rest = options.positional[0].text, options.positional[1:]
    if verb in {"build", "up", "watch", "create", "bake"}:
        yield called
    elif verb in {"run", "exec"}:
        inner = parsed(rest, COMPOSE_RUN, stop=True)
        if not inner.positional:
            return
        service = inner.positional[0]
        overrides = list(
            _started(
                inner,
                inner.positional[1:],
                source,
                service.text,
                "command" if verb == "run" else "exec",
            )
        )
        yield called._replace(
            builder="",
            service=service.text if service.known else "",
            overrides=tuple(overrides),
        )


def _run(command: Command, words: Sequence[Word], where: Where) -> Iterator[Shown]:
    options = parsed(words, None, flags=RUN_FLAGS, letters="ditPq", stop=True)
    if not options.positional:
        return
    source = f"{where.path}:{command.line}"
    image = options.positional[0]
    name = options.last("--name")
    overrides = tuple(_started(options, options.positional[1:], source, image.text, "command"))
    yield Started(
        overrides, source, image=image.text, name=name.text if name and name.known else ""
    )


def _exec(command: Command, words: Sequence[Word], where: Where) -> Iterator[Shown]:
    options = parsed(
        words,
        {"-e", "--env", "--env-file", "-u", "--user", "-w", "--workdir", "--detach-keys"},
        stop=True,
    )
    if len(options.positional) < _PAIR:
        return
    source = f"{where.path}:{command.line}"
    container = options.positional[0]
    overrides = tuple(_started(options, options.positional[1:], source, container.text, "exec"))
    yield Started(overrides, source, container=container.text if container.known else "?")


def _kubectl(command: Command, where: Where) -> Iterator[Shown]:
    words = command.words[1:]
    texts = [word.text for word in words]
    if "exec" not in texts[:4]:
        return
    source = f"{where.path}:{command.line}"
    rest = words[texts.index("exec") + 1 :]
    valued = {"-n", "--namespace", "-c", "--container", "--context", "-f", "--filename"}
    options = parsed(rest, valued, stop=False)
    inside = [word.text for word in rest]
    if "--" in inside:
        arguments: Sequence[Word] = rest[inside.index("--") + 1 :]
        options = parsed(rest[: inside.index("--")], valued, stop=False)
    else:
        arguments = options.positional[1:]
    container = options.last("-c", "--container") or (
        options.positional[0] if options.positional else None
    )
    if not arguments or container is None:
        return
    overrides = tuple(_started(Options((), ()), arguments, source, container.text, "exec"))
    yield Started(
        overrides, source, container=container.text.rpartition("/")[2] if container.known else "?"
    )


def _started(
    options: Options, words: Sequence[Word], source: str, service: str, kind: OverrideKind
) -> Iterator[Override]:
    """The overrides of a run or exec command."""
    entrypoint = options.last("--entrypoint")
    if entrypoint is not None:
        parts = tuple(entrypoint.text.split())
        yield Override(
            "entrypoint", parts, source, service, "exec", starts_shell(parts), entrypoint.known
        )
    if words:
        texts = tuple(word.text for word in words)
        known = all(word.known for word in words)
        yield Override(kind, texts, source, service, "exec", starts_shell(texts), known)
    for name, word in options.named:
        kind_of = _SETTINGS.get(name)
        if kind_of is None:
            continue
        value: str | tuple[str, ...] = word.text
        if kind_of == "volume":
            value = mount(word.text)
            if value[1] == "":
                continue
        elif kind_of == "environment":
            variable, equals, text = word.text.partition("=")
            value = (variable, text) if equals else (variable,)
        elif kind_of == "healthcheck":
            yield Override(
                "healthcheck",
                word.text,
                source,
                service,
                "shell",
                uses_shell=True,
                literal=word.known,
            )
            continue
        elif kind_of == "tmpfs":
            value = word.text.partition(":")[0]
        elif kind_of == "read_only":
            value = "true"
        yield Override(kind_of, value, source, service, literal=word.known)


_SETTINGS: dict[str, OverrideKind] = {
    "-u": "user",
    "--user": "user",
    "-w": "working_dir",
    "--workdir": "working_dir",
    "-v": "volume",
    "--volume": "volume",
    "--mount": "volume",
    "--tmpfs": "tmpfs",
    "-e": "environment",
    "--env": "environment",
    "-p": "ports",
    "--publish": "ports",
    "--health-cmd": "healthcheck",
    "--read-only": "read_only",
    "--stop-signal": "stop_signal",
}


def mount(text: str) -> tuple[str, str]:
    """(what is mounted, where) of ``-v`` or ``--mount``; ("", "") if it is neither."""
    if "=" in text and "," in text:
        parts = {
            name: value for name, _, value in (part.partition("=") for part in text.split(","))
        }
        where = parts.get("target") or parts.get("dst") or parts.get("destination") or ""
        return parts.get("source") or parts.get("src") or "", where
    parts_of = text.split(":")
    if len(parts_of) > _PAIR and len(parts_of[0]) == 1 and parts_of[1].startswith("\\"):
        parts_of = [":".join(parts_of[:2]), *parts_of[2:]]
    if len(parts_of) == 1:
        return "", parts_of[0]
    return parts_of[0], parts_of[1]


def _tag(words: Sequence[Word]) -> Iterator[Shown]:
    if len(words) == _PAIR:
        yield Tagged(words[0].text, words[1].text)


def _without_globals(words: Sequence[Word], valued: set[str]) -> Sequence[Word]:
    at = 0
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in valued else 1
    return words[at:]


_PROGRAMS = {
    "docker": _docker,
    "podman": _podman,
    "buildah": _podman,
    "nerdctl": _podman,
    "docker-compose": _docker_compose,
    "podman-compose": _podman_compose,
    "kubectl": _kubectl,
    "oc": _kubectl,
    "executor": platform_build,
    "buildctl": platform_build,
    "buildctl-daemonless.sh": platform_build,
    "az": platform_build,
    "gcloud": platform_build,
    "fly": platform_build,
    "flyctl": platform_build,
    "railway": platform_build,
    "heroku": platform_build,
    "depot": platform_build,
    "img": platform_build,
    "minikube": platform_build,
}
