"""What a build costs after an edit: which steps run again, on copies of the context."""

from __future__ import annotations

import secrets
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dfix.ecosystems.ignore import Ignore
from dfix.verify.build import edit
from dfix.verify.values import Rebuild, Unbuilt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dfix.verify.build import Room
    from dfix.verify.engine import Engine
    from dfix.verify.progress import Ran
    from dfix.verify.values import Edit

# Names that package managers give their manifests, in the order in which one is taken.
MANIFESTS = (
    "package.json", "pyproject.toml", "requirements.txt", "go.mod", "Cargo.toml", "pom.xml",
    "build.gradle", "build.gradle.kts", "Gemfile", "composer.json", "mix.exs", "Pipfile",
)  # fmt: skip
# Endings of files that people edit all day, in the order in which one is taken.
SOURCES = (
    ".py", ".go", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".rs", ".java", ".kt", ".c", ".cc", ".cpp",
    ".cs", ".rb", ".php", ".ex", ".scala", ".swift", ".sh", ".html", ".css", ".txt",
)  # fmt: skip
MADE = ("node_modules", ".git", "vendor", "dist", "build", "target", ".venv", "venv")
CONFIGURED = ("config", "setup", "test", "conftest", "jest", "webpack", "vite", "eslint")


def edits_for(context: Path, ignore: str, named: Mapping[Edit, str]) -> dict[Edit, str]:
    """The files of a context that stand for a source and a manifest edit, as far as found."""
    ignored = Ignore.parse(ignore)
    paths = [path for path in _paths(context) if not ignored.excludes(path)]
    found: dict[Edit, str] = {}
    manifest = named.get("manifest") or _first(paths, MANIFESTS, by_name=True)
    source = named.get("source") or _first(
        [path for path in paths if PurePosixPath(path).name not in MANIFESTS],
        SOURCES,
        by_name=False,
    )
    if source is not None and (context / source).is_file():
        found["source"] = source
    if manifest is not None and (context / manifest).is_file():
        found["manifest"] = manifest
    return found


def _paths(context: Path) -> list[str]:
    found = [each.relative_to(context) for each in context.rglob("*") if each.is_file()]
    usual = [path for path in found if not set(path.parts) & set(MADE)]
    return sorted((path.as_posix() for path in usual), key=_rank)


def _rank(path: str) -> tuple[bool, str]:
    """Sources in front of what configures tools, then by name."""
    name = PurePosixPath(path).name.lower()
    return any(word in name for word in CONFIGURED), path


def _first(paths: Sequence[str], wanted: Sequence[str], *, by_name: bool) -> str | None:
    for want in wanted:
        for path in paths:
            if PurePosixPath(path).name == want if by_name else path.endswith(want):
                return path
    return None


def rebuilds(
    engine: Engine, made: Room, options: Sequence[str], edits: Mapping[Edit, str], times: int
) -> Iterator[Rebuild]:
    """Build again unchanged, and after each edit; every edit is taken back.

    An edit after which the file does not build is left out.
    """
    kinds: dict[Edit, str] = {"none": "", **edits} if times else {}
    for kind, path in kinds.items():
        try:
            built = [_rebuilt(engine, made, options, path) for _ in range(times)]
        except Unbuilt:
            continue
        yield Rebuild(kind, path, built[0][0], tuple(seconds for _, seconds in built))


def _rebuilt(
    engine: Engine, made: Room, options: Sequence[str], path: str
) -> tuple[tuple[Ran, ...], float]:
    if not path:
        return engine.build(options, made.context, None)
    file = made.context / path
    data = file.read_bytes()
    change(made, path)
    try:
        return engine.build(options, made.context, None)
    finally:
        file.write_bytes(data)


def change(made: Room, path: str) -> None:
    """Edit a file of the copy; every call makes another content."""
    edit(made.context / path, secrets.token_hex(4))
