"""The catalogue: one file a transform, in folders that are only folders; ids are flat.

Third parties add transforms through the entry point group `dfix.transforms`; each entry names a
`Transform`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dfix.refactor.transform import Transform

GROUPS = ("cache", "language", "security", "size", "stages")


def catalogue(*, third_party: bool = True) -> tuple[Transform, ...]:
    """All transforms, by id. Each module is imported; its one public value of type `Transform` is the entry."""
    from dfix.refactor.transform import Transform  # noqa: PLC0415 - the front door imports this module early

    found: dict[str, Transform] = {}
    for group in GROUPS:
        for name in _modules(group):
            module = import_module(f"dfix.transforms.{group}.{name}")
            entry = getattr(module, name)
            if not isinstance(entry, Transform):
                msg = f"dfix.transforms.{group}.{name}.{name} is no transform"
                raise TypeError(msg)
            found[entry.id] = entry
    if third_party:
        from dfix.ecosystems.plugins import plugins  # noqa: PLC0415 - see above

        for entry in plugins("dfix.transforms"):
            found.setdefault(entry.id, entry)
    return tuple(found[name] for name in sorted(found))


def _modules(group: str) -> list[str]:
    """The module names of a group, from wherever the package lives: a folder or a zip."""
    import pkgutil  # noqa: PLC0415 - see catalogue

    package = import_module(f"dfix.transforms.{group}")
    return sorted(
        info.name
        for info in pkgutil.iter_modules(package.__path__)
        if not info.name.startswith("_")
    )
