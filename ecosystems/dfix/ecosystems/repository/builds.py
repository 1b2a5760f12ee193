"""Commands that build an image: their options and what they mean by a path.

docker and buildx: https://docs.docker.com/reference/cli/docker/buildx/build/ (``--file`` is
relative to where the command runs). podman and buildah: https://docs.podman.io/en/latest/markdown/podman-build.1.html
(the context is tried first). kaniko: https://github.com/GoogleContainerTools/kaniko#additional-flags.
buildctl: https://github.com/moby/buildkit/blob/master/docs/reference/buildctl.md. az acr build:
https://learn.microsoft.com/cli/azure/acr#az-acr-build (``--file`` is relative to the source).
gcloud: https://cloud.google.com/sdk/gcloud/reference/builds/submit.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.options import (
    ACR,
    BUILD,
    BUILDCTL,
    FLY,
    GCLOUD,
    KANIKO,
    Options,
    parsed,
)
from dfix.ecosystems.repository.placing import (
    CONTAINERFILES,
    cache_types,
    pairs,
    placed,
    split_list,
)
from dfix.ecosystems.repository.shown import Built, Word
from dfix.ecosystems.repository.values import BuildUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.ecosystems.repository.docker import Where
    from dfix.ecosystems.repository.placing import NamedFrom
    from dfix.ecosystems.repository.words import Command


def cli_build(
    command: Command, words: Sequence[Word], where: Where, builder: str
) -> Iterator[Built]:
    """``docker build`` and all that speak like it."""
    options = parsed(words, BUILD, letters="qD")
    if any(word.text in {"-h", "--help"} for word in words):
        return
    context = _context(options.positional)
    dockerfile = options.last("-f", "--file")
    podman = builder in {"podman", "buildah"}
    if context is None:
        if not podman:
            return
        context = Word(".")
    if command.stdin is not None and context.text == "-":
        dockerfile = command.stdin
    elif dockerfile is not None and dockerfile.text == "-":
        return  # the file is made on the way
    use = _use(options, command, where, builder)
    names = CONTAINERFILES if podman else ("Dockerfile", "dockerfile")
    yield from _built(command, where, use, context, dockerfile, "either", names)


def _context(positional: Sequence[Word]) -> Word | None:
    """The last word that is known; ``$MORE_OPTIONS`` may stand beside it."""
    known = [word for word in positional if word.known]
    if known:
        return known[-1]
    return positional[-1] if positional else None


def _use(options: Options, command: Command, where: Where, builder: str) -> BuildUse:
    target = options.last("--target")
    unknown = [] if target is None or target.known else ["target"]
    if any(not word.known for word in options.all("--build-arg")):
        unknown.append("args")
    return BuildUse(
        dockerfile=None,
        context=None,
        source=f"{where.path}:{command.line}",
        builder=builder,
        target=None if target is None or not target.known else target.text,
        args=_args(options),
        additional_contexts={
            name: value or "" for name, value in pairs(_texts(options, "--build-context")).items()
        },
        platforms=split_list(_texts(options, "--platform")),
        cache_from=cache_types(_texts(options, "--cache-from")),
        cache_to=cache_types(_texts(options, "--cache-to")),
        tags=tuple(_texts(options, "-t", "--tag", "--destination", "-d")),
        secrets=tuple(_texts(options, "--secret")),
        ssh=tuple(_texts(options, "--ssh")),
        unknown=tuple(unknown),
        ephemeral=where.ephemeral,
    )


def _args(options: Options) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for word in options.all("--build-arg"):
        for name, value in pairs([word.text]).items():
            found[name] = value if word.known else None
    return found


def _texts(options: Options, *names: str) -> list[str]:
    return [word.text for word in options.all(*names)]


def _built(
    command: Command,
    where: Where,
    use: BuildUse,
    context: Word,
    dockerfile: Word | None,
    named_from: NamedFrom,
    names: tuple[str, ...] = ("Dockerfile", "dockerfile"),
) -> Iterator[Built]:
    found = placed(where.tree, use, command.folders, context, dockerfile, named_from, names)
    if found is not None:
        yield Built(found)


# builders with their own ways


def platform_build(command: Command, where: Where) -> Iterator[Built]:
    """Kaniko, buildctl, and the command lines of hosting platforms."""
    program = posixpath.basename(command.words[0].text)
    words = command.words[1:]
    texts = [word.text for word in words]
    match [program, *texts[:2]]:
        case ["executor", *_] if "kaniko" in command.words[0].text or _kaniko(texts):
            yield from kaniko(command, words, where)
        case ["buildctl" | "buildctl-daemonless.sh", *_]:
            yield from _buildctl(command, words, where)
        case ["az", "acr", "build"]:
            options = parsed(words[2:], ACR)
            yield from _hosted(command, where, options, "acr", "context", images=("-t", "--image"))
        case ["gcloud", *_] if "run" in texts and "deploy" in texts:
            yield from _cloud_run(command, words, where)
        case ["gcloud", *_] if "builds" in texts and "submit" in texts:
            yield from _gcloud(command, words, where)
        case ["fly" | "flyctl", "deploy" | "launch", *_]:
            yield from _fly(command, words[1:], where)
        case ["heroku", "container:push", *_]:
            use = _use(Options((), ()), command, where, "docker")
            yield from _built(command, where, use, Word("."), None, "folder")
        case ["railway", "up", *_]:
            use = _use(Options((), ()), command, where, "railway")
            yield from _built(command, where, use, Word("."), None, "folder")
        case ["depot", "build", *_]:
            yield from cli_build(command, words[1:], where, "depot")
        case ["img", "build", *_]:
            yield from cli_build(command, words[1:], where, "img")
        case ["minikube", "image", "build"]:
            yield from cli_build(command, words[2:], where, "docker")


def _kaniko(texts: Sequence[str]) -> bool:
    return any(text.startswith(("--destination", "--dockerfile", "--no-push")) for text in texts)


def kaniko(command: Command, words: Sequence[Word], where: Where) -> Iterator[Built]:
    """``/kaniko/executor``: its own working directory is /workspace, where the source is."""
    options = parsed(words, KANIKO)
    context = options.last("-c", "--context") or Word(".")
    sub = options.last("--context-sub-path")
    if context.known and context.text.startswith("dir://"):
        context = Word(context.text.removeprefix("dir://"))
    if sub is not None and sub.known:
        context = Word(f"{context.text}/{sub.text}", context.known)
    dockerfile = options.last("-f", "--dockerfile")
    yield from _built(
        command,
        where,
        _use(options, command, where, "kaniko"),
        _unmounted(context),
        None if dockerfile is None else _unmounted(dockerfile),
        "either",
    )


def _unmounted(word: Word) -> Word:
    """A path below /workspace, where build services put the source, as one below the root."""
    for prefix in ("/workspace/source", "/workspace", "/kaniko/buildcontext", "/src"):
        if word.text == prefix or word.text.startswith(prefix + "/"):
            return Word("./" + word.text[len(prefix) :].lstrip("/"), word.known)
    return word


def _buildctl(command: Command, words: Sequence[Word], where: Where) -> Iterator[Built]:
    options = parsed(words, BUILDCTL)
    local = pairs(_texts(options, "--local"))
    opt = pairs(_texts(options, "--opt"))
    if "context" not in local:
        return
    known = all(word.known for word in options.all("--local"))
    folder = local.get("dockerfile") or local["context"] or "."
    use = BuildUse(
        None,
        None,
        f"{where.path}:{command.line}",
        "buildkit",
        target=opt.get("target"),
        args={
            name.removeprefix("build-arg:"): value
            for name, value in opt.items()
            if name.startswith("build-arg:")
        },
        platforms=split_list([opt.get("platform") or ""]),
        cache_from=cache_types(_texts(options, "--import-cache")),
        cache_to=cache_types(_texts(options, "--export-cache")),
        secrets=tuple(_texts(options, "--secret")),
        ssh=tuple(_texts(options, "--ssh")),
        ephemeral=where.ephemeral,
    )
    dockerfile = Word(f"{folder}/{opt.get('filename') or 'Dockerfile'}", known)
    yield from _built(
        command, where, use, Word(local["context"] or ".", known), dockerfile, "folder"
    )


def _hosted(
    command: Command,
    where: Where,
    options: Options,
    builder: str,
    named_from: NamedFrom,
    images: tuple[str, ...],
) -> Iterator[Built]:
    context = _context(options.positional) or Word(".")
    use = _use(options, command, where, builder)
    tags = tuple(_texts(options, *images))
    for built in _built(command, where, use, context, options.last("-f", "--file"), named_from):
        yield Built(built.use._replace(tags=tags))


def _gcloud(command: Command, words: Sequence[Word], where: Where) -> Iterator[Built]:
    options = parsed(words, GCLOUD)
    if options.last("-t", "--tag") is None:  # with --config the file itself is read
        return
    at = next((i for i, word in enumerate(options.positional) if word.text == "submit"), 0)
    context = _context(options.positional[at + 1 :]) or Word(".")
    use = _use(options, command, where, "cloudbuild-docker")
    yield from _built(command, where, use, context, None, "folder")


def _cloud_run(command: Command, words: Sequence[Word], where: Where) -> Iterator[Built]:
    """``gcloud run deploy --source``: Cloud Build builds the folder's Dockerfile, if it has one."""
    options = parsed(words, GCLOUD)
    context = options.last("--source")
    if context is not None and options.last("--image") is None:
        use = _use(options, command, where, "cloud-run")
        yield from _built(command, where, use, context, None, "folder")


def _fly(command: Command, words: Sequence[Word], where: Where) -> Iterator[Built]:
    options = parsed(words, FLY)
    if options.last("-i", "--image") is not None:
        return
    use = _use(options, command, where, "fly")
    context = _context(options.positional) or Word(".")
    yield from _built(command, where, use, context, options.last("--dockerfile"), "folder")
