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

SILENT = frozenset({".dockerignore", ".gitignore", "LICENSE", "go.mod", "go.sum"})
"""Files of the root that show nothing; a test holds them, and the endings below, to the readers."""
SILENT_ENDINGS = (
    *(".md", ".txt", ".rst", ".html", ".css", ".svg", ".png", ".lock"),
    *(".py", ".go", ".js", ".ts", ".rb", ".rs", ".java", ".c", ".h"),
)
ASKED = ("Jenkinsfile", "Makefile.")
"""Beginnings of names that are asked whatever they end in."""


def read(tree: Tree, dockerfile: str) -> Repository:
    """What a repository shows of the Dockerfile at this path, relative to the tree's root."""
    if dockerfile == "Dockerfile" and all(silent(path) for path in tree.files()):
        from dfix.ecosystems.repository.values import Repository  # noqa: PLC0415 - start-up

        return Repository(dockerfile, contexts={dockerfile: ()})
    from dfix.ecosystems.repository.index import index  # noqa: PLC0415 - readers load when asked
    from dfix.ecosystems.repository.shown import inside  # noqa: PLC0415

    clean = inside("", dockerfile)
    return index(tree).repository(dockerfile if clean is None else clean)


def dockerfiles(tree: Tree) -> tuple[str, ...]:
    """All Dockerfiles of a repository: by their names, and those that something builds."""
    from dfix.ecosystems.repository.index import index  # noqa: PLC0415 - readers load when asked

    return index(tree).dockerfiles


def silent(path: str) -> bool:
    """Is a file known to show nothing, told without a reader or a pattern? A lone Dockerfile is."""
    if path in SILENT or path == "Dockerfile":
        return True
    name = path.rpartition("/")[2]
    return name.endswith(SILENT_ENDINGS) and not name.startswith(ASKED)
