"""The package managers that a container starts, and installs that a split cannot carry over."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.service import Obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.node.runtime import NodeProject
    from dfix.ecosystems.service import Request

# Node.js images have npm, and Yarn 1 before version 25:
# https://github.com/nodejs/docker-node/blob/main/README.md
_IN_IMAGE = {"npm": None, "npx": None, "yarn": (25,), "yarnpkg": (25,)}


def managers_of(
    request: Request, found: NodeProject
) -> tuple[tuple[str, ...], tuple[Obstacle, ...]]:
    """What must be installed again so that the started managers are there; those of which that is not known."""
    again: dict[str, None] = {}
    obstacles: dict[Obstacle, None] = {}
    for started in request.started:
        call = read_call(started.words)
        if call is None or ecosystem_of(call).language != "node":
            continue
        program = posixpath.basename(started.words[0] or "")
        packages = [
            package
            for did in request.did
            if did.call.everywhere and did.call.role is Role.ADD
            for package in did.call.packages
            if package.partition("@")[0] == program and did.call.verb in {"install", "i", "add"}
        ]
        if packages:
            again.update(dict.fromkeys(packages))
        elif not _in_image(request, found, program):
            sentence = f"{started.where} starts {program}, which a step of the build brings"
            obstacles[Obstacle("needs-program", sentence)] = None
    return tuple(again), tuple(obstacles)


def _in_image(request: Request, found: NodeProject, program: str) -> bool:
    """Has the run-time image this program, and is it the one that would run?"""
    if program not in _IN_IMAGE or request.base.family != "node":
        return program in {"npm", "npx"}
    until, release = _IN_IMAGE[program], request.base.release
    if until is None:
        return True
    if release is None or release >= until:
        return False
    call = read_call((program, "install"))
    assert call is not None  # noqa: S101 - a program of `_IN_IMAGE`
    directory = "" if found.directory == "." else found.directory
    caches = ecosystem_of(call).caches_in(call, request.tree, directory)
    plain = not request.tree.is_file(posixpath.join(directory, ".yarnrc"))
    return plain and isinstance(caches, Known) and [each.id for each in caches.value] == ["yarn"]


def unmoved(request: Request, found: NodeProject) -> Iterator[Obstacle]:
    """Installs whose result does not lie in node_modules alone."""
    directory = "" if found.directory == "." else found.directory
    for did in request.did:
        if did.call.role is not Role.INSTALL:
            continue
        kept = ecosystem_of(did.call).caches_in(did.call, request.tree, directory, did.environment)
        if isinstance(kept, Unknown) and kept.slug in {"linked-cache", "unknown-manager"}:
            yield Obstacle("not-served", f"{did.where}: {kept.why}")
