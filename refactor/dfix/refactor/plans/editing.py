"""Which edits a developer makes: a source file that no install reads, the manifest of the first install."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.refactor.model import paths
from dfix.refactor.model.cost import Edit, rerun
from dfix.refactor.model.layout import all_landings, transfers_before
from dfix.refactor.model.reach import needed
from dfix.refactor.report import Cost, Rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree
    from dfix.refactor.model import Called, Model, Place
    from dfix.refactor.model.cost import Rerun
    from dfix.refactor.project import Project

TRIED = 40  # source files of which it is asked whether a step brings them
ENOUGH = 3_000  # names that are looked at in search of a source file
# In the order in which they are taken: what is compiled or started first.
SUFFIXES = (
    ".go", ".rs", ".java", ".kt", ".scala", ".c", ".cc", ".cpp", ".cs", ".py", ".ts", ".tsx",
    ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte", ".rb", ".php", ".ex", ".exs", ".hs",
    ".swift", ".pl", ".lua", ".r", ".sh", ".html", ".css", ".md",
)  # fmt: skip
ASIDE = (
    "test",
    "spec",
    "config",
    "setup.",
    "conftest",
    "mock",
    "example",
    "bench",
    "docs",
    "scripts",
    ".d.ts",
)
SKIPPED = frozenset(
    {"node_modules", ".venv", "venv", "vendor", "__pycache__", "target", "dist", "build", ".git"}
)


def source_edit(model: Model, project: Project, target: str | None = None) -> Edit | None:
    """An edit of a source file that a step brings into the build and that no install reads; None if there is none."""
    context = project.context
    if isinstance(context, Unknown):
        return None
    read = {path for _, _, inputs in installs(model, project, target) for path in inputs}
    found = [
        path
        for path in _walk(context.value, project)
        if path.endswith(SUFFIXES) and path not in read
    ]
    for path in sorted(found, key=_rank)[:TRIED]:
        edit = Edit("source", path)
        if rerun(model, project, edit, target).again:
            return edit
    return None


def manifest_edit(model: Model, project: Project, target: str | None = None) -> Edit | None:
    """An edit of the manifest that the first install reads; None if there is none, or if it is not known."""
    return next(
        (
            Edit("manifest", inputs[0])
            for _, _, inputs in installs(model, project, target)
            if inputs
        ),
        None,
    )


def costs(
    before: tuple[Model, Project], after: tuple[Model, Project], target: str | None = None
) -> tuple[Cost, ...]:
    """What an edit of a source file and of a manifest run again, before and after a refactoring."""
    found = []
    for edit in (
        source_edit(*before, target) or source_edit(*after, target),
        manifest_edit(*before, target),
    ):
        if edit is not None and edit.file is not None:
            was, now = (rebuilt(rerun(*side, edit, target)) for side in (before, after))
            found.append(Cost(edit.kind, edit.file, was, now))
    return tuple(found)


def rebuilt(found: Rerun) -> Rebuilt:
    """The numbers of one build."""
    lines = tuple(step.places[0].line for step in found.again)
    return Rebuilt(len(found.again), len(found.steps), found.installs, lines)


def installs(
    model: Model, project: Project, target: str | None = None
) -> Iterator[tuple[Place, Called, tuple[str, ...]]]:
    """The installs of a build, each with the files of the context that it reads, as far as they are known."""
    from dfix.ecosystems import ecosystem_of  # noqa: PLC0415 - read when a question needs it
    from dfix.ecosystems.ignore import visible  # noqa: PLC0415 - the same

    context = project.context
    if isinstance(context, Unknown):
        return
    tree = visible(context.value, project.ignore)
    for stage in needed(model, target):
        for place in stage.runs():
            for called in place.called:
                call = called.call
                if (
                    call is None
                    or call.role not in (Role.INSTALL, Role.FETCH)
                    or isinstance(called.directory, Unknown)
                ):
                    continue
                directory = called.directory.value
                folder = _folder(project, place, paths.join(directory, call.directory))
                if folder is None:
                    continue
                inputs = ecosystem_of(call).inputs(call, tree, folder, workdir=directory)
                yield place, called, inputs.value.files if isinstance(inputs, Known) else ()


def _folder(project: Project, place: Place, directory: str) -> str | None:
    """The folder of the context whose files lie in a directory of the image."""
    for earlier in transfers_before(place):
        if earlier.source_stage is not None:
            continue
        for landing in all_landings(earlier, project.is_folder, project.matching):
            if landing.whole and paths.within(directory, landing.target):
                return posixpath.join(
                    landing.source, paths.relative(directory, landing.target)
                ).rstrip("/")
            if not landing.whole and posixpath.dirname(landing.target) == directory:
                return posixpath.dirname(landing.source)
    return None


def _walk(tree: Tree, project: Project) -> Iterator[str]:
    """Files that are sent to the builder, the nearest to the root first, a bounded number of names."""
    folders, seen = [""], 0
    while folders:
        folder = folders.pop(0)
        for name in tree.listdir(folder):
            seen += 1
            path = f"{folder}/{name}" if folder else name
            if seen > ENOUGH:
                return
            if name in SKIPPED or project.ignore.excludes(path):
                continue
            if tree.is_dir(path):
                folders.append(path)
            else:
                yield path


def _rank(path: str) -> tuple[bool, int, int, str]:
    suffix = next(at for at, each in enumerate(SUFFIXES) if path.endswith(each))
    aside = any(word in path.lower() for word in ASIDE) or posixpath.basename(path).startswith(".")
    return aside, suffix, path.count("/"), path
