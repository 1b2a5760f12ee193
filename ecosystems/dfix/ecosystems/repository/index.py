"""Everything that one repository shows, joined: read once, asked for each of its Dockerfiles."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from dfix.ecosystems.facts import Known
from dfix.ecosystems.repository.images import foreign, image_name, same_image, same_tag
from dfix.ecosystems.repository.shown import (
    Built,
    ComposeCalled,
    Consumed,
    Started,
    Tagged,
)
from dfix.ecosystems.repository.sources import CANONICAL, dockerfile_name, own, shown_in
from dfix.ecosystems.repository.values import (
    CacheUse,
    Consumer,
    Note,
    Override,
    Repository,
    ShownBuilder,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import BuildUse
    from dfix.ecosystems.tree import Tree


class Index:
    """What the files of a tree show, by Dockerfile."""

    def __init__(self, tree: Tree) -> None:
        paths = tuple(path for path in tree.files() if own(path))
        self.tree = tree
        self.named = tuple(path for path in paths if dockerfile_name(path))
        self.builds: list[BuildUse] = []
        self.started: list[Started] = []
        self.consumed: list[Consumed] = []
        self.tagged: list[Tagged] = []
        self.called: list[ComposeCalled] = []
        self.callers: dict[str, dict[ShownBuilder, None]] = {}  # by Dockerfile
        self.notes: list[Note] = []
        for each in _unique(shown_in(tree, paths)):
            self._add(each)
        self._called_builders()
        built = [use.dockerfile for use in self.builds if use.dockerfile is not None]
        self.dockerfiles = tuple(sorted({*self.named, *built}))
        self.images = {path: tuple(self._images(path)) for path in self.dockerfiles}
        if any(self.images.values()):
            self.consumed.extend(self._neighbours())
        self.contexts = {path: tuple(self._contexts(path)) for path in self.dockerfiles}
        self.built: dict[str, list[str]] = {}  # by the last part of the image's name
        for path, names in self.images.items():
            for base in dict.fromkeys(image_name(name).base or "" for name in names):
                self.built.setdefault(base, []).append(path)
        self.named_in: dict[str, list[Consumed]] = {}  # by the same
        for each in self.consumed:
            self.named_in.setdefault(image_name(each.image).base or "", []).append(each)

    def _add(self, each: Shown) -> None:
        if isinstance(each, Built):
            self.builds.append(each.use)
        elif isinstance(each, Started):
            self.started.append(each)
        elif isinstance(each, Consumed):
            self.consumed.append(each)
        elif isinstance(each, Tagged):
            self.tagged.append(each)
        elif isinstance(each, ComposeCalled):
            self.called.append(each)
        else:
            self.notes.append(each)

    def _called_builders(self) -> None:
        """A compose command builds the services of its files: that shows their builder."""
        for called in self.called:
            matching = [use for use in self.builds if _composed(use) and _reached(called, use)]
            if called.builder:
                builder = ShownBuilder(called.builder, called.source)
                for use in matching:
                    self.callers.setdefault(use.dockerfile or "", {})[builder] = None
                if called.ephemeral:
                    keys = {use.key for use in matching}
                    self.builds = [
                        use._replace(ephemeral=True) if use.key in keys else use
                        for use in self.builds
                    ]
            elif called.service:
                folders = {use.key.partition("#")[0] for use in matching} or set(called.folders)
                self.started.extend(
                    Started(called.overrides, called.source, key=f"{folder}#{called.service}")
                    for folder in sorted(folders)
                )

    def _neighbours(self) -> Iterator[Consumed]:
        from dfix.ecosystems.repository.bases import bases  # noqa: PLC0415 - patterns compile when needed

        for path in self.dockerfiles:
            found = self.tree.read(path)
            if isinstance(found, Known):
                for reference, line in bases(found.value):
                    yield Consumed(Consumer(f"FROM {reference}", f"{path}:{line}"), image=reference)

    def _images(self, path: str) -> Iterator[str]:
        """The names under which the image is built, and those it is given later."""
        names = dict.fromkeys(
            tag for use in self.builds if use.dockerfile == path for tag in use.tags
        )
        for _ in range(2):
            for each in self.tagged:
                if any(same_image(each.image, name) for name in names):
                    names.setdefault(each.alias)
        yield from (name for name in names if image_name(name).base)

    def _contexts(self, path: str) -> Iterator[str | None]:
        yield from dict.fromkeys(use.context for use in self.builds if use.dockerfile == path)

    # one Dockerfile

    def repository(self, dockerfile: str) -> Repository:
        """What is shown of one Dockerfile."""
        builds = tuple(use for use in self.builds if use.dockerfile == dockerfile)
        return Repository(
            dockerfile=dockerfile,
            builds=builds,
            overrides=tuple(dict.fromkeys(self._overrides(dockerfile, builds))),
            builders=tuple(dict.fromkeys(self._builders(dockerfile, builds))),
            consumers=tuple(dict.fromkeys(self._consumers(dockerfile, builds))),
            caches=tuple(dict.fromkeys(_caches((*builds, *self._unplaced())))),
            images=self.images.get(dockerfile, ()),
            notes=tuple(self.notes),
            contexts=self.contexts,
        )

    def _builders(self, dockerfile: str, builds: Iterable[BuildUse]) -> Iterator[ShownBuilder]:
        for use in builds:
            if use.builder is not None:
                yield ShownBuilder(use.builder, use.source)
        yield from self.callers.get(dockerfile, ())
        yield from self.callers.get("", ())
        for use in self._unplaced():
            if use.builder is not None:
                yield ShownBuilder(use.builder, use.source)

    def _unplaced(self) -> Iterator[BuildUse]:
        """Builds that do not tell which file they build: it may be any."""
        return (use for use in self.builds if use.dockerfile is None)

    def _overrides(self, dockerfile: str, builds: tuple[BuildUse, ...]) -> Iterator[Override]:
        targets = {use.key: use.target for use in builds if use.key}
        keys = {f"file:{dockerfile}"}
        for use in builds:
            # a fragment's service is started under the plain key by fragments that do not build
            keys.update({use.key, use.key.partition("@")[0]} - {""})
        containers = {
            started.name
            for started in self.started
            if started.name and (started.key in keys or self._means(started, dockerfile, keys))
        }
        for started in self.started:
            if not self._starts(started, dockerfile, keys, containers):
                continue
            for override in started.overrides:
                target = override.target or targets.get(started.key)
                yield override._replace(target=target, container=started.source)

    def _starts(
        self, started: Started, dockerfile: str, keys: set[str], containers: set[str]
    ) -> bool:
        if started.key in keys:
            return True
        if started.image:
            return self._means(started, dockerfile, keys)
        if started.container:
            name = started.container
            if name in containers:
                return True
            known = any(
                name in {other.name, other.key.rpartition("#")[2].partition("@")[0]}
                for other in self.started
            )
            return not known and (self._called_like(name, dockerfile) or self._alone(dockerfile))
        return False

    def _means(self, started: Started, dockerfile: str, keys: set[str]) -> bool:
        """Does the image that is started mean this file's?"""
        return (bool(self._owners(started.image)) or not _another(started, keys)) and self._is(
            started.image, dockerfile
        )

    def _alone(self, dockerfile: str) -> bool:
        """Is it the repository's only Dockerfile?"""
        return {*self.dockerfiles, dockerfile} == {dockerfile}

    def _is(self, reference: str, dockerfile: str) -> bool:
        """Is it this file's image? By tags, its folder's name, or because the file is alone."""
        if not reference:
            return False
        owners = self._owners(reference)
        if owners:
            return dockerfile in owners
        if foreign(reference):
            return False
        base = image_name(reference).base
        return self._alone(dockerfile) or (base is not None and self._called_like(base, dockerfile))

    def _owners(self, reference: str) -> tuple[str, ...]:
        """The files that are built under this name; those with its very tag, if there are any."""
        candidates = self.built.get(image_name(reference).base or "", ())
        named = {
            path: [name for name in self.images[path] if same_image(reference, name)]
            for path in candidates
        }
        exact = tuple(p for p, names in named.items() if any(same_tag(reference, n) for n in names))
        return exact or tuple(path for path, names in named.items() if names)

    def _called_like(self, name: str, dockerfile: str) -> bool:
        """Is the file known by this name: its folder's, its context's, or ``Dockerfile.name``?"""
        folder = posixpath.basename(posixpath.dirname(dockerfile))
        file = posixpath.basename(dockerfile)
        names = {
            folder,
            *(
                posixpath.basename(context)
                for context in self.contexts.get(dockerfile, ())
                if context
            ),
        }
        for prefix in ("Dockerfile.", "Containerfile."):
            names.add(file.removeprefix(prefix) if file.startswith(prefix) else "")
        names.add(
            file.removesuffix(".Dockerfile").removesuffix(".dockerfile") if "." in file else ""
        )
        return name in names - {"", file}

    def _consumers(self, dockerfile: str, builds: tuple[BuildUse, ...]) -> Iterator[Consumer]:
        targets = {use.key: use.target for use in builds if use.key}
        for each in self.named_in.get("", ()):
            if each.dockerfile and each.dockerfile == dockerfile:
                yield each.consumer
            for key, target in targets.items():
                if each.key in {key, key.partition("@")[0]}:
                    yield each.consumer._replace(target=target)
        bases = {image_name(name).base or "" for name in self.images.get(dockerfile, ())} - {""}
        for base in sorted(bases):
            for each in self.named_in.get(base, ()):
                itself = each.consumer.source.startswith(f"{dockerfile}:")
                if not itself and dockerfile in self._owners(each.image):
                    yield each.consumer


def _unique(shown: Iterable[Shown]) -> Iterator[Shown]:
    """What holds mappings cannot be hashed, and is kept as it comes."""
    seen: set[str] = set()
    for each in shown:
        text = repr(each)
        if text not in seen:
            seen.add(text)
            yield each


def _composed(use: BuildUse) -> bool:
    return "@" in use.key


def _reached(called: ComposeCalled, use: BuildUse) -> bool:
    folder, _, rest = use.key.partition("#")
    file = rest.partition("@")[2]
    if called.files:
        return file in called.files
    name = posixpath.basename(file)
    return folder in called.folders and (name in CANONICAL or ".override." in name)


def _caches(builds: Iterable[BuildUse]) -> Iterator[CacheUse]:
    for use in builds:
        for kind in use.cache_from:
            yield CacheUse(kind, to=False, ephemeral=use.ephemeral, source=use.source)
        for kind in use.cache_to:
            yield CacheUse(kind, to=True, ephemeral=use.ephemeral, source=use.source)


def index(tree: Tree) -> Index:
    """The index of a tree; the last are kept, so that all Dockerfiles of a repository share one."""
    return _index(cast("Hashable", tree))


@lru_cache(maxsize=2)
def _index(tree: Hashable) -> Index:
    return Index(cast("Tree", tree))


def _another(started: Started, keys: set[str]) -> bool:
    """Does one compose file build the Dockerfile for a service, and start another image in this one?

    An image without a name of its own is called after the project and its service:
    https://docs.docker.com/reference/compose-file/build/#using-build-and-image
    """
    file = started.source.rpartition(":")[0]
    beside = [
        key.rpartition("@")[0].rpartition("#")[2] for key in keys if key.rpartition("@")[2] == file
    ]
    base = image_name(started.image).base or ""
    return (
        bool(beside)
        and bool(started.image)
        and started.key not in keys
        and image_name(started.image).namespace not in ("", None)
        and not any(base.endswith((f"-{name}", f"_{name}")) for name in beside if name)
    )
