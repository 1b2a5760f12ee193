"""Read package.json, and tell what a dependency's specifier means."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.ranges import parse_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.tree import Tree

KINDS = ("dependencies", "devDependencies", "optionalDependencies")

Kind = Literal["range", "tag", "alias", "git", "remote", "file", "other"]

_SHORT_HOSTS = ("github:", "gitlab:", "bitbucket:", "gist:")
_ARCHIVES = (".tgz", ".tar.gz", ".tar")


class Manifest(NamedTuple):
    """A package.json: where it is and what it says."""

    path: str
    folder: str
    data: dict[str, Any]

    def table(self, name: str) -> dict[str, str]:
        """A table of strings, such as `scripts`; what is no string is left out."""
        found = self.data.get(name)
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, str)}

    @property
    def wanted(self) -> dict[str, str]:
        """What an install of the project asks for: an optional dependency wins over a plain one."""
        merged: dict[str, str] = {}
        for kind in ("devDependencies", "dependencies", "optionalDependencies"):
            merged.update(self.table(kind))
        return merged


def read_manifest(tree: Tree, folder: str) -> Fact[Manifest]:
    """The package.json of a folder."""
    path = posixpath.join(folder, "package.json")
    data = read_json(tree, path)
    return data if isinstance(data, Unknown) else Known(Manifest(path, folder, data.value), path)


def read_json(tree: Tree, path: str) -> Fact[dict[str, Any]]:
    """A JSON file that holds an object."""
    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    try:
        data = json.loads(text.value)
    except (ValueError, RecursionError):
        return Unknown(f"{path} is no valid JSON")
    if not isinstance(data, dict):
        return Unknown(f"{path} holds no object")
    return Known(data, path)


def kind_of(spec: str) -> Kind:
    """What a specifier means, as https://github.com/npm/npm-package-arg reads it."""
    text = spec.strip()
    if text.startswith("npm:"):
        return "alias"
    if text.startswith(("file:", ".", "/", "~/")) or text[1:3] in {":/", ":\\"}:
        return "file"
    if parse_range(text) is not None:
        return "range"
    if text.startswith(("git+", "git:", "git@", "ssh:", *_SHORT_HOSTS)):
        return "git"
    if text.startswith(("http://", "https://")):
        return "git" if _hosted(text) else "remote"
    if text.endswith(_ARCHIVES):
        return "file"
    if "://" in text or ":" in text:
        return "other"
    if "/" in text:
        return "git"
    return (
        "tag"
        if text[:1].isalpha() and text.replace("-", "").replace(".", "").isalnum()
        else "other"
    )


def _hosted(url: str) -> bool:
    """An address of a repository at a known host, which npm clones: no archive of it."""
    rest = url.partition("://")[2]
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2].removeprefix("www.")
    if host not in {"github.com", "gitlab.com", "bitbucket.org", "gist.github.com"}:
        return False
    path = path.partition("#")[0].rstrip("/")
    return path.endswith(".git") or path.count("/") == 1


def alias_range(spec: str) -> str:
    """The range of `npm:name@range`."""
    name = spec.strip().removeprefix("npm:")
    return name[1:].partition("@")[2] if name.startswith("@") else name.partition("@")[2]


def local_path(spec: str, folder: str) -> str:
    """The tree's path that a `file:` specifier means, perhaps outside."""
    path = spec.strip().removeprefix("file:")
    if path.startswith("//"):
        path = path.lstrip("/")
    return posixpath.normpath(posixpath.join(folder, path))


def named(table: Mapping[str, Any], name: str) -> dict[str, str]:
    """A table of strings inside a lockfile's entry."""
    found = table.get(name)
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
