"""Paths inside an image: POSIX, absolute unless said otherwise."""

from __future__ import annotations

import posixpath


def join(base: str, path: str) -> str:
    """`path` seen from `base`, normalised; a trailing slash is lost."""
    joined = posixpath.normpath(posixpath.join(base, path))
    return "/" + joined.lstrip("/") if joined.startswith("/") else joined


def within(path: str, folder: str) -> bool:
    """Is `path` the folder or below it?"""
    return folder in ("/", path) or path.startswith(folder.rstrip("/") + "/")


def relative(path: str, folder: str) -> str:
    """`path` as seen from `folder`, which holds it; empty for the folder itself."""
    if path == folder:
        return ""
    return path.lstrip("/") if folder == "/" else path[len(folder.rstrip("/")) + 1 :]


def overlap(one: str, other: str) -> bool:
    """Does one of the two lie in the other?"""
    return within(one, other) or within(other, one)
