"""What tsconfig.json says about outputs and import paths, through its `extends` chain.

Source: https://www.typescriptlang.org/tsconfig/
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsonc import read_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree

_LONGEST_CHAIN = 8


@dataclass(frozen=True, slots=True)
class TsConfig:
    """The options that decide where output goes; directories are relative to the tree's root."""

    path: str
    out_dir: str | None  # None: beside the sources
    out_file: str | None
    root_dir: str | None
    base_url: str | None
    no_emit: bool
    paths: dict[str, tuple[str, ...]]
    references: tuple[str, ...]  # tsconfig files that `tsc -b` builds too, from the tree's root


def read_config(tree: Tree, path: str) -> Fact[TsConfig]:
    """Read a tsconfig file with what it extends.

    Unknown if a part is missing, as packages in node_modules are.
    """
    options: dict[str, Any] = {}
    current = path
    pending = [(path, False)]
    references: tuple[str, ...] = ()
    seen = 0
    while pending:
        current, package = pending.pop(0)
        seen += 1
        if seen > _LONGEST_CHAIN:
            return Unknown(f"{path} extends itself")
        read = read_object(tree, current)
        if isinstance(read, Unknown):
            if (
                package
            ):  # a shared configuration from node_modules: it sets no outDir of this project
                continue
            return read
        declared = read.value.get("compilerOptions")
        for name, value in (declared if isinstance(declared, dict) else {}).items():
            options.setdefault(name, _placed(name, value, posixpath.dirname(current)))
        if current == path:
            references = tuple(_references(tree, path, read.value))
        extended = read.value.get("extends", [])
        pending.extend(
            (_extended(tree, current, name), not name.startswith("."))
            for name in ([extended] if isinstance(extended, str) else extended)
            if isinstance(name, str)
        )
    paths = options.get("paths")
    return Known(
        TsConfig(
            path=path,
            out_dir=options.get("outDir"),
            out_file=options.get("outFile"),
            root_dir=options.get("rootDir"),
            base_url=options.get("baseUrl"),
            no_emit=options.get("noEmit") is True or options.get("emitDeclarationOnly") is True,
            paths=paths if isinstance(paths, dict) else {},
            references=references,
        ),
        path,
    )


def _placed(name: str, value: Any, directory: str) -> Any:
    """Options that name places are relative to the file that sets them."""
    if name in {"outDir", "outFile", "rootDir", "baseUrl"} and isinstance(value, str):
        return posixpath.normpath(posixpath.join(directory, value.replace("${configDir}", ".")))
    if name == "paths" and isinstance(value, dict):
        return {
            key: tuple(posixpath.join(directory, item) for item in items if isinstance(item, str))
            for key, items in value.items()
            if isinstance(items, list)
        }
    return value


def _references(tree: Tree, path: str, data: dict[str, Any]) -> Iterator[str]:
    """The tsconfig files of `references`: a directory stands for its tsconfig.json.

    They are not inherited.
    """
    listed = data.get("references")
    for item in listed if isinstance(listed, list) else ():
        place = item.get("path") if isinstance(item, dict) else None
        if isinstance(place, str):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
            yield target if tree.is_file(target) else posixpath.join(target, "tsconfig.json")


def _extended(tree: Tree, current: str, name: str) -> str:
    if not name.startswith("."):
        return f"node_modules/{name}"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(current), name))
    if target.endswith(".json") or tree.is_file(target):
        return target
    return f"{target}.json"


def paths_of_config(tree: Tree, path: str) -> dict[str, tuple[str, ...]]:
    """Import prefixes by the directories that they stand for; "" is baseUrl itself."""
    read = read_config(tree, path)
    if isinstance(read, Unknown):
        return {}
    config = read.value
    aliases: dict[str, tuple[str, ...]] = {}
    for key, places in config.paths.items():
        # without baseUrl, paths are relative to the tsconfig; with one, to it
        base = config.base_url
        own = posixpath.dirname(path)
        moved = [
            posixpath.relpath(place, own or ".") if base is not None else place for place in places
        ]
        roots = [posixpath.join(base, place) if base is not None else place for place in moved]
        aliases[key.removesuffix("*")] = tuple(
            posixpath.normpath(root.removesuffix("*") or ".") for root in roots
        )
    if config.base_url is not None:
        aliases[""] = (config.base_url,)
    return aliases
