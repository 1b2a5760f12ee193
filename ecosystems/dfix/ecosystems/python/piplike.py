"""What commands that take pip's arguments read: requirements files, constraints, local archives."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.pyproject import local_requirement, read_pyproject, requirements
from dfix.ecosystems.python.requirements import (
    Requirement,
    add_links,
    is_archive,
    is_local,
    is_remote,
    read_requirements,
)
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.arguments import Arguments, FlagRule
    from dfix.ecosystems.tree import Tree

_NAME_FILES = frozenset(
    {"requirement", "constraint", "find-links", "group", "editable", "archive", "project"}
)


def pip_call(
    ecosystem: str,
    words: Sequence[str | None],
    verb: str,
    given: Arguments,
    operands: tuple[str, ...],
    environment: str = "",
) -> Call:
    """A call that takes pip's arguments; the operands of a `sync` are its requirements files.

    `environment` is the virtual environment that the program lies in.
    """
    listed = tuple(("--requirement", word) for word in operands if verb.endswith("sync"))
    operands = () if listed else operands
    local = tuple(word for word in operands if is_local(word))
    packages = tuple(word for word in operands if not is_local(word))
    editable = tuple(value for value in given.values("editable") if value)
    projects = [word for word in local if not is_archive(word)]
    projects += [word for word in editable if not is_remote(word)]
    installs = verb not in {"download", "wheel"}
    if projects:
        role = Role.PROJECT
    elif listed or given.has("requirement") or given.has("group"):
        role = Role.INSTALL if installs else Role.FETCH
    else:
        role = Role.ADD if installs else Role.FETCH
    outputs = [value for value in given.values("output") if value]
    if environment:
        outputs.append(environment)
    if not installs and not given.has("output"):
        outputs.append(".")  # where archives are written without --dest or --wheel-dir
    named = [
        value
        for effect in ("requirement", "constraint", "find-links")
        for value in given.values(effect)
        if value and "://" not in value
    ]
    return Call(
        ecosystem=ecosystem,
        verb=verb,
        role=role,
        words=tuple(words),
        locked=given.has("locked"),
        offline=given.has("offline"),
        everywhere=installs and not outputs,
        defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
        files=(
            *named,
            *(word for _, word in listed),
            *local,
            *(word for word in editable if not is_remote(word)),
        ),
        packages=(*packages, *(word for word in editable if is_remote(word))),
        unknown=given.unknown,
        flags=(*given.pairs, *listed, *(("", word) for word in local)),
        cache=next((value for value in given.values("cache") if value), None),
        outputs=tuple(outputs),
    )


def pip_inputs(
    flags: Mapping[str, FlagRule],
    call: Call,
    tree: Tree,
    directory: str,
    *,
    workdir: str | None = None,
    outputs: Sequence[str] = (),
) -> Fact[Inputs]:
    """The requirements files, constraints and local archives of an install.

    `outputs` are directories that it writes besides those that its flags name.
    """
    named: list[tuple[str, str]] = []
    manifests: list[str] = []
    reasons: dict[str, str] = {}
    for effect, value in _named_files(flags, call):
        path = _placed(effect, value, directory, workdir)
        if isinstance(path, Unknown):
            return path
        if effect in {"requirement", "constraint"}:
            if posixpath.basename(path.value) == "pyproject.toml":
                manifests.append(path.value)
            else:
                named.append((path.value, effect))
            continue
        problem = _add_file(tree, effect, path.value, reasons)
        if problem is not None:
            return problem
    read = read_requirements(tree, directory, named)
    if isinstance(read, Unknown):
        return read
    found = read.value
    wanted = [each for each in found.requirements if not each.constraint]
    for path_ in manifests:
        listed = _manifest(tree, path_, reasons)
        if isinstance(listed, Unknown):
            return listed
        wanted += listed.value
    reasons = {**found.reasons, **reasons}
    written = [*outputs, *call.outputs, *(("src",) if found.writes_src else ())]
    return Known(
        Inputs(
            files=tuple(reasons),
            lock=None,
            outputs=_outputs(written, directory, workdir),
            dependencies=bool(wanted or call.packages or len(reasons) > len(found.reasons)),
            reasons=reasons,
            enforced=not call.packages and all(each.hashed for each in wanted),
            programs=found.programs,
            hosts=found.hosts,
        ),
        read.source,
    )


def _manifest(tree: Tree, path: str, reasons: dict[str, str]) -> Fact[list[Requirement]]:
    """`-r pyproject.toml`: the dependencies that [project] lists; dynamic ones need the sources."""
    manifest = read_pyproject(tree, posixpath.dirname(path))
    if isinstance(manifest, Unknown):
        return manifest
    if manifest.value.dynamic & {"dependencies", "optional-dependencies"}:
        return Unknown(f"the build backend tells the dependencies of {path}")
    local = local_requirement(requirements(manifest.value))
    if local is not None or manifest.value.table("tool", "uv", "sources"):
        return Unknown(f"{path} names sources of its own")
    reasons[path] = f"its requirements are those of {path}"
    texts = manifest.value.project.get("dependencies", ())
    return Known(
        [Requirement(text, None, False, False, None, False, path) for text in texts],
        path,
    )


def _named_files(rules: Mapping[str, FlagRule], call: Call) -> list[tuple[str, str]]:
    """What names local files on the command line: the effect of the flag or operand, the value."""
    found: list[tuple[str, str]] = []
    for name, value in call.flags:
        if value is None or "://" in value:
            continue
        effect = rules[name].effect if name else "archive" if is_archive(value) else "project"
        if effect in _NAME_FILES and not (effect == "editable" and is_remote(value)):
            found.append((effect, value))
    return found


def _add_file(tree: Tree, effect: str, path: str, reasons: dict[str, str]) -> Unknown | None:
    """Add an archive that is installed, or a folder of archives that `--find-links` names."""
    if effect == "find-links":
        return add_links(tree, path, reasons, "--find-links")
    if not tree.is_file(path):
        return Unknown(f"{path} is missing")
    reasons[path] = f"{path} is installed"
    return None


def _placed(effect: str, value: str, directory: str, workdir: str | None) -> Fact[str]:
    """The tree's path of a file named on the command line; Unknown for folders of sources."""
    if effect in {"editable", "project"}:
        return Unknown(f"pip installs the sources in {value}")
    if effect == "group":
        return Unknown(f"pip reads the dependency group {value} of a pyproject.toml")
    if value.startswith("~") or any(mark in value for mark in "*?["):
        return Unknown(f"{value} is not one file of the build context")
    if value.startswith("/"):
        if workdir is None:
            return Unknown(f"{value} is an absolute path, and where the project lies is not known")
        value = posixpath.relpath(value, workdir)
    path = inside(posixpath.join(directory, value))
    return Unknown(f"{value} is outside the build context") if not path else Known(path, value)


def _outputs(named: Sequence[str], directory: str, workdir: str | None) -> tuple[str, ...]:
    """Written directories inside the project; what lies elsewhere no COPY of it reaches."""
    found: dict[str, None] = {}
    for value in named:
        path = value
        if path.startswith("/"):
            if workdir is None or not path.startswith(workdir.rstrip("/") + "/"):
                continue
            path = posixpath.relpath(path, workdir)
        placed = inside(posixpath.join(directory, path))
        if placed:
            found[placed] = None
    return tuple(found)
