"""The project around one Dockerfile: its build context, ignore file, and what the repository shows of its use."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.ignore import Ignore
    from dfix.ecosystems.repository.values import Repository
    from dfix.ecosystems.tree import Tree
    from dfix.refactor.config import Config


class Project:
    """What a transform may ask about the files around a Dockerfile. All answers are lazy.

    Paths of `tree` are relative to the project's root; paths of `context` to the build context's
    root.
    """

    def __init__(
        self,
        tree: Tree | None,
        path: str,
        config: Config,
        changed: Mapping[str, str | None] | None = None,
        repository: Repository | None = None,
    ) -> None:
        from dfix.ecosystems.tree import MemoryTree, OverlayTree  # noqa: PLC0415 - read when a question needs it

        self.at_hand = tree is not None
        self.tree: Tree = MemoryTree({}) if tree is None else tree
        if changed:
            self.tree = OverlayTree(self.tree, changed)
        self.path = path
        self.config = config
        self._repository = repository

    @cached_property
    def repository(self) -> Repository:
        """How the repository builds and runs this Dockerfile."""
        if self._repository is not None:
            return self._repository
        from dfix.ecosystems.repository import read  # noqa: PLC0415 - YAML readers load when needed

        return read(self.tree, self.path)

    @cached_property
    def context_folder(self) -> Fact[str]:
        """The build context's folder from the project's root, empty for the root itself."""
        if not self.at_hand:
            return Unknown("no project files are at hand")
        if self.config.context is not None:
            folder = posixpath.normpath(self.config.context)
            return Known("" if folder == "." else folder, "configuration")
        if not self.repository.builds and posixpath.dirname(self.path):
            above = self._folder_above()
            if above is not None:
                return above
        return self.repository.context

    def _folder_above(self) -> Known[str] | None:
        """The nearest folder that holds all that the file copies by name, if that is not the Dockerfile's own.

        Nothing shows how the file is built, and with its own folder as context the build could only fail.
        """
        from dfix.grammar import parse  # noqa: PLC0415 - only files below the root that nothing builds pay for it
        from dfix.refactor.model import Model  # noqa: PLC0415 - the same
        from dfix.refactor.plans.reading import sources  # noqa: PLC0415 - the same

        text = self.tree.read(self.path)
        if isinstance(text, Unknown):
            return None
        named = [
            (each.path, each.place.where)
            for each in sources(Model(parse(text.value), self.path))
            if each.path and not each.pattern
        ]
        folder = posixpath.dirname(self.path)
        absent = next((each for each in named if not self._exists(folder, each[0])), None)
        while absent is not None and folder:
            folder = posixpath.dirname(folder)
            if all(self._exists(folder, path) for path, _ in named):
                path, where = absent
                return Known(folder, f"{where} copies {path}, which lies in {folder or 'the root'}")
        return None

    def _exists(self, folder: str, path: str) -> bool:
        full = posixpath.join(folder, path)
        return self.tree.is_file(full) or self.tree.is_dir(full)

    @cached_property
    def context(self) -> Fact[Tree]:
        """The files of the build context, ignored ones included."""
        from dfix.ecosystems.tree import subtree  # noqa: PLC0415 - read when a question needs it

        folder = self.context_folder
        if isinstance(folder, Unknown):
            return folder
        return Known(subtree(self.tree, folder.value), folder.source)

    @cached_property
    def sent(self) -> Tree:
        """The files that the builder is sent; none where the context is not known."""
        from dfix.ecosystems.ignore import visible  # noqa: PLC0415 - read when a question needs it
        from dfix.ecosystems.tree import MemoryTree  # noqa: PLC0415

        if isinstance(self.context, Unknown):
            return MemoryTree({})
        return visible(self.context.value, self.ignore)

    @cached_property
    def ignore_path(self) -> str | None:
        """The ignore file in force, from the project's root: `<name>.dockerignore` wins over `.dockerignore`."""
        own = f"{self.path}.dockerignore"
        if self.tree.is_file(own):
            return own
        folder = self.context_folder
        if isinstance(folder, Unknown):
            return None
        shared = posixpath.join(folder.value, ".dockerignore")
        return shared if self.tree.is_file(shared) else None

    @cached_property
    def ignore(self) -> Ignore:
        """The patterns of the ignore file in force; those of an empty file if there is none."""
        from dfix.ecosystems.ignore import Ignore  # noqa: PLC0415 - read when a question needs it

        text = self.tree.read(self.ignore_path) if self.ignore_path else Unknown("none")
        return Ignore.parse(text.value if isinstance(text, Known) else "")

    def is_file(self, path: str) -> bool:
        """Is this a file that a COPY can find?"""
        context = self.context
        return (
            isinstance(context, Known)
            and context.value.is_file(path)
            and not self.ignore.excludes(path)
        )

    def is_folder(self, path: str) -> bool:
        """Is this a folder of the context, though what lies in it may be ignored?"""
        context = self.context
        return path == "" or (isinstance(context, Known) and context.value.is_dir(path))

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Files and folders of the context that a COPY pattern means (Go's filepath.Match, a level at a time)."""
        context = self.context
        if isinstance(context, Unknown):
            return ()
        found = [""]
        for part in pattern.split("/"):
            found = [
                posixpath.join(folder, name) if folder else name
                for folder in found
                for name in self._names(context.value, folder)
                if _matches(name, part)
            ]
        return tuple(path for path in found if context.value.is_dir(path) or self.is_file(path))

    def _names(self, context: Tree, folder: str) -> tuple[str, ...]:
        return context.listdir(folder) if folder == "" or context.is_dir(folder) else ()

    # what the repository says of builders

    @cached_property
    def lacking(self) -> Mapping[str, str]:
        """Capabilities that a shown builder lacks or may lack, each with the builder and where it is shown."""
        shown = self._shown()
        if not shown:
            return {}
        from dfix.ecosystems.builders import builder  # noqa: PLC0415 - the table is read when needed

        lacking: dict[str, str] = {}
        for name, source in shown:
            known = builder(name)
            if isinstance(known, Unknown):
                for capability in CAPABILITIES:
                    lacking.setdefault(
                        capability, f"{name} ({source}), whose features are not known"
                    )
                continue
            for capability in CAPABILITIES:
                if known.capability(capability) is not True:
                    lacking.setdefault(capability, f"{name} ({source})")
        return lacking

    @cached_property
    def proven(self) -> frozenset[str]:
        """Capabilities that every shown builder has; empty if none is shown."""
        return frozenset(CAPABILITIES) - self.lacking.keys() if self._shown() else frozenset()

    def _shown(self) -> tuple[tuple[str, str], ...]:
        if self.config.builder is not None:
            return ((self.config.builder, "configuration"),)
        if not self.at_hand:
            return ()
        return tuple((each.id, each.source) for each in self.repository.builders)

    @property
    def for_others(self) -> str | None:
        """Who else builds on this image, as half a sentence, if the repository shows one."""
        if not self.at_hand:
            return None
        for consumer in self.repository.consumers:
            return f"{consumer.what} ({consumer.source}) builds on this image"
        return None


CAPABILITIES = (
    "cache_mount",
    "bind_mount",
    "secret_mount",
    "heredoc",
    "link",
    "syntax_pull",
    "persistent_cache",
)


def _matches(name: str, pattern: str) -> bool:
    import fnmatch  # noqa: PLC0415 - only patterns pay for it

    return fnmatch.fnmatchcase(name, pattern)
