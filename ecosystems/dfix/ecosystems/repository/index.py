"""Everything that one repository shows, joined: read once, asked for each of its Dockerfiles."""

from __future__ import annotations

import posixpath
from dataclasses import replace
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
        self.notes: list[Note] = []
        for each in _unique(shown_in(tree, paths)):
            self._add(each)
        self._called_builders()
        built = [use.dockerfile for use in self.builds if use.dockerfile is not None]
        self.dockerfiles = tuple(sorted({*self.named, *built}))
        self.consumed.extend(self._neighbours())
        self.images = {path: tuple(self._images(path)) for path in self.dockerfiles}
        self.contexts = {path: tuple(self._contexts(path)) for path in self.dockerfiles}

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
        """A compose command builds the services of its files: the same, by a shown builder."""
        for called in self.called:
            matching = [use for use in self.builds if _composed(use) and _reached(called, use)]
            if called.builder:
                self.builds.extend(
                    replace(
                        use,
                        builder=called.builder,
                        source=called.source,
                        ephemeral=called.ephemeral,
                    )
                    for use in matching
                )
            elif called.service:
                folders = {use.key.partition("#")[0] for use in matching} or set(called.folders)
                self.started.extend(
                    Started(called.overrides, called.source, key=f"{folder}#{called.service}")
                    for folder in folders
                )
        self.builds = list({(_identity(use)): use for use in self.builds}.values())

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
            builders=tuple(dict.fromkeys(self._builders(builds))),
            consumers=tuple(dict.fromkeys(self._consumers(dockerfile, builds))),
            caches=tuple(dict.fromkeys(_caches((*builds, *self._unplaced())))),
            images=self.images.get(dockerfile, ()),
            notes=tuple(self.notes),
            contexts=self.contexts,
        )

    def _builders(self, builds: Iterable[BuildUse]) -> Iterator[ShownBuilder]:
        for use in builds:
            if use.builder is not None:
                yield ShownBuilder(use.builder, use.source)
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
            if started.name and (started.key in keys or self._is(started.image, dockerfile))
        }
        for started in self.started:
            if not self._starts(started, dockerfile, keys, containers):
                continue
            for override in started.overrides:
                target = targets.get(started.key)
                yield (
                    override
                    if override.target or target is None
                    else replace(override, target=target)
                )

    def _starts(
        self, started: Started, dockerfile: str, keys: set[str], containers: set[str]
    ) -> bool:
        if started.key in keys:
            return True
        if started.image:
            return self._is(started.image, dockerfile)
        if started.container:
            name = started.container
            if name in containers:
                return True
            known = any(
                name in {other.name, other.key.rpartition("#")[2].partition("@")[0]}
                for other in self.started
            )
            return not known and (self._called_like(name, dockerfile) or self._alone)
        return False

    @property
    def _alone(self) -> bool:
        return len(self.dockerfiles) == 1

    def _is(self, reference: str, dockerfile: str) -> bool:
        """Is it this file's image? By tags, its folder's name, or because the file is alone."""
        if not reference:
            return False
        matching = [
            path
            for path, names in self.images.items()
            if any(same_image(reference, name) for name in names)
        ]
        if matching:
            if dockerfile not in matching:
                return False
            exact = [
                path
                for path in matching
                if any(
                    same_image(reference, n) and same_tag(reference, n) for n in self.images[path]
                )
            ]
            return not exact or dockerfile in exact
        if foreign(reference):
            return False
        base = image_name(reference).base
        if base is not None and self._called_like(base, dockerfile):
            return True
        return self._alone

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
        names = self.images.get(dockerfile, ())
        for each in self.consumed:
            if each.dockerfile:
                if each.dockerfile == dockerfile:
                    yield each.consumer
            elif each.key:
                for key, target in targets.items():
                    if each.key in {key, key.partition("@")[0]}:
                        yield replace(each.consumer, target=target)
            elif not each.consumer.source.startswith(f"{dockerfile}:") and any(
                same_image(each.image, name) for name in names
            ):
                yield each.consumer


def _unique(shown: Iterable[Shown]) -> Iterator[Shown]:
    """What holds mappings cannot be hashed, and is kept as it comes."""
    seen: set[str] = set()
    for each in shown:
        text = repr(each)
        if text not in seen:
            seen.add(text)
            yield each


def _identity(use: BuildUse) -> str:
    return repr(use)


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
