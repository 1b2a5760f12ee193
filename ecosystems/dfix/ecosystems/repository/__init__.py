"""How a repository builds and runs a Dockerfile: compose, bake, CI, scripts, Kubernetes, platforms.

`read` gives a `Repository` of plain values for one file; what all files of a repository show is
read once and shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dfix.ecosystems.repository.values import Repository
    from dfix.ecosystems.tree import Tree

__all__ = ["dockerfiles", "read"]


def read(tree: Tree, dockerfile: str) -> Repository:
    """What a repository shows of the Dockerfile at this path, relative to the tree's root."""
    from dfix.ecosystems.repository.index import index  # noqa: PLC0415 - readers load when asked
    from dfix.ecosystems.repository.shown import inside  # noqa: PLC0415

    clean = inside("", dockerfile)
    return index(tree).repository(dockerfile if clean is None else clean)


def dockerfiles(tree: Tree) -> tuple[str, ...]:
    """All Dockerfiles of a repository: by their names, and those that something builds."""
    from dfix.ecosystems.repository.index import index  # noqa: PLC0415 - readers load when asked

    return index(tree).dockerfiles
