"""What a repository shows of one Dockerfile's use, as plain values.

Paths are relative to the tree's root, in POSIX form; the empty string is the root itself. A
`source` is ``path:line`` (lines from 1) or a path. Text that holds an expansion whose value the
repository does not tell keeps it as written (``${TAG}``, ``${{ matrix.os }}``).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OverrideKind = Literal[
    "command",  # replaces CMD
    "entrypoint",  # replaces ENTRYPOINT
    "exec",  # a process started beside the main one, or instead of it, in the same image
    "healthcheck",  # replaces HEALTHCHECK; the value ("NONE",) switches it off
    "user",
    "nonroot",  # the orchestrator refuses to start the image as user 0
    "working_dir",
    "read_only",  # the root file system cannot be written
    "volume",  # value: (what is mounted, where); what is mounted is "" if it has no name
    "tmpfs",  # value: where
    "environment",  # value: (name, value), or (name,) where the value comes from outside
    "ports",
    "stop_signal",
]

Form = Literal["exec", "shell"]


class BuildUse(NamedTuple):
    """One place that builds a Dockerfile.

    `dockerfile` is None where the place does not tell which file it builds (``docker build $dir``).
    `context` is None where it is not a folder of the repository, and `context_why` says why.
    A value in `args` is None where it is taken from the environment or is not literal.
    `additional_contexts` maps names to what they mean, as written (``target:base``, ``../lib``).
    `unknown` names the fields that the place sets to something that is not literal ("target").
    `key` names the service or target inside the source, and links a build to what starts it.
    """

    dockerfile: str | None
    context: str | None
    source: str
    builder: str | None = None
    target: str | None = None
    args: Mapping[str, str | None] = {}
    additional_contexts: Mapping[str, str] = {}
    platforms: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    context_why: str = ""
    key: str = ""
    ephemeral: bool = False  # runs on a machine that is thrown away: nothing local survives


class Override(NamedTuple):
    """How a place starts or changes a container of the image.

    `value` is the text as written, or its words. `form` is "shell" where a shell of the image reads
    the text, "exec" where the words are started as they are, None where nothing is started.
    `literal` is false where an expansion is left in `value`. `target` is the stage that the place
    starts, None for the default one. `container` is where the container is described: overrides
    with the same one hold together, so that a `command` is given to the `entrypoint` beside it.
    """

    kind: OverrideKind
    value: str | tuple[str, ...]
    source: str
    service: str = ""
    form: Form | None = None
    uses_shell: bool = False
    literal: bool = True
    target: str | None = None
    container: str = ""


class Start(NamedTuple):
    """One way in which the image's main process is started otherwise than the Dockerfile says.

    Where one part is None, the image's own counts: ENTRYPOINT, or CMD (which an `entrypoint` of the
    place makes empty: https://docs.docker.com/reference/compose-file/services/#entrypoint). An
    override with an empty value takes the part away.
    """

    entrypoint: Override | None
    command: Override | None

    @property
    def source(self) -> str:
        """Where it stands."""
        part = self.entrypoint or self.command
        return "" if part is None else part.source


class ShownBuilder(NamedTuple):
    """A program or service that builds the file, by its name in builders.toml."""

    id: str
    source: str


class Consumer(NamedTuple):
    """Something that builds on the image, or works inside it, as a noun: "FROM in web/Dockerfile".

    `target` is the stage that it names, None for the default one.
    """

    what: str
    source: str
    target: str | None = None


class CacheUse(NamedTuple):
    """A build cache outside the builder. `type` is BuildKit's: gha, registry, local, s3, inline."""

    type: str
    to: bool
    ephemeral: bool
    source: str


class Note(NamedTuple):
    """A source that could not be read, or could not be understood in full, and why."""

    why: str
    source: str


class Repository(NamedTuple):
    """How the repository builds and runs one Dockerfile.

    `builds` are those of this file. `builders` also has the builders of places that do not tell
    which file they build. `contexts` maps every Dockerfile of the repository to the contexts shown
    for it (None: one that is not known); a file that nothing builds has none.
    """

    dockerfile: str
    builds: tuple[BuildUse, ...] = ()
    overrides: tuple[Override, ...] = ()
    builders: tuple[ShownBuilder, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    caches: tuple[CacheUse, ...] = ()
    images: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    contexts: Mapping[str, tuple[str | None, ...]] = {}

    @property
    def folder(self) -> str:
        """The folder in which the Dockerfile lies."""
        return posixpath.dirname(self.dockerfile)

    @property
    def two_contexts(self) -> tuple[BuildUse, ...]:
        """One build for each different context, if there is more than one; otherwise none."""
        first: dict[str, BuildUse] = {}
        for build in self.builds:
            if build.context is not None:
                first.setdefault(build.context, build)
        return tuple(first.values()) if len(first) > 1 else ()

    @property
    def context(self) -> Fact[str]:
        """The build context: the one shown, or the Dockerfile's folder if nothing shows one.

        Unknown where two different ones are shown, or where one is not a folder of the repository.
        """
        if different := self.two_contexts:
            shown = " and ".join(f"{use.context or '.'} ({use.source})" for use in different[:3])
            why = f"the file is built with different contexts: {shown}"
            return Unknown(why, "two-contexts")
        for build in self.builds:
            if build.context is None:
                why = build.context_why or "not literal"
                return Unknown(f"the build context in {build.source} is {why}", "unknown-context")
        for build in self.builds:
            return Known(build.context or "", build.source)
        return Known(self.folder, "the Dockerfile's folder: no build is shown")

    @property
    def targets(self) -> Fact[tuple[str | None, ...]]:
        """The stages that are built, None for the default one; sorted, the default first."""
        for build in self.builds:
            if "target" in build.unknown:
                return Unknown(f"the target in {build.source} is not literal")
        named = {build.target for build in self.builds} or {None}
        return Known(
            tuple(sorted(named, key=lambda name: (name is not None, name or ""))),
            ", ".join(dict.fromkeys(build.source for build in self.builds)) or "no build is shown",
        )

    @property
    def ephemeral_cache(self) -> CacheUse | None:
        """A cache that throw-away machines share (gha, registry): there layers are the cache."""
        for cache in self.caches:
            if cache.ephemeral and cache.type != "local":
                return cache
        return None

    @property
    def started(self) -> tuple[Override, ...]:
        """The overrides that start a process in the image."""
        return tuple(each for each in self.overrides if each.form is not None)

    @property
    def starts(self) -> tuple[Start, ...]:
        """How places start the main process: entrypoint and command of each container together."""
        parts: dict[str, dict[str, Override]] = {}
        for each in self.overrides:
            if each.kind in {"entrypoint", "command"}:
                parts.setdefault(each.container or each.source, {})[each.kind] = each
        return tuple(Start(one.get("entrypoint"), one.get("command")) for one in parts.values())

    def other_dockerfiles(self, context: str) -> tuple[str, ...]:
        """The other Dockerfiles that may be built with this context, sorted.

        Those that are shown to be; those whose context is not known; and those inside the folder
        that nothing builds, because people often build such a file from the folder above.
        """
        prefix = f"{context}/" if context else ""
        return tuple(
            path
            for path, shown in sorted(self.contexts.items())
            if path != self.dockerfile
            and (context in shown or None in shown or (not shown and path.startswith(prefix)))
        )


def capability(
    repository: Repository, name: str, knows: Callable[[str, str], bool | None]
) -> Fact[bool]:
    """Do all shown builders have a capability? `knows(builder, capability)` is builders.toml.

    Known(False) names the first builder that lacks it. Unknown if no builder is shown, or if one is
    shown of which it is not known.
    """
    unsure: ShownBuilder | None = None
    for builder in repository.builders:
        has = knows(builder.id, name)
        if has is False:
            return Known(value=False, source=f"{builder.id} ({builder.source})")
        if has is None:
            unsure = unsure or builder
    if unsure is not None:
        return Unknown(f"it is not known whether {unsure.id} ({unsure.source}) has {name}")
    if not repository.builders:
        return Unknown("no builder is shown")
    first = repository.builders[0]
    return Known(value=True, source=f"{first.id} ({first.source})")
