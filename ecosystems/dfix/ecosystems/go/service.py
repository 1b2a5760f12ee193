"""What a Go program needs once it is built."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.linking import Compiler, linking
from dfix.ecosystems.go.output import Binary, binary_of, flags_of
from dfix.ecosystems.go.runtime import GoProject, GoRun, project, runs
from dfix.ecosystems.runtime import Anchor, Mode, NeedKind, PathUse
from dfix.ecosystems.service import Did, Live, Obstacle, Request, Service, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTEFACTS = '[tool.dfix.split] artefacts = ["/app/server"]'


def services(request: Request) -> Fact[Service]:
    """The live files of the started Go programs, and how they are linked."""
    found = project(request.tree, request.folder or ".")
    if isinstance(found, Unknown):
        return found
    built = _built(request, found.value)
    live: list[Live] = []
    claimed: list[Started] = []
    programs: list[tuple[Binary, Did]] = []
    for started in request.started:
        program = _program(started, request, built)
        if program is None:
            return Unknown(f"what {started.where} starts is not literal")
        match = next((each for each in built if each[2] == program), None)
        if match is None:
            continue
        claimed.append(started)
        binary, did, path = match
        if all(path != each.path for each in live):
            live.append(
                Live(
                    path,
                    f"{started.where} starts it, {did.where} builds it",
                    did.where,
                    native=True,
                )
            )
            programs.append((binary, did))
    if not programs:
        return Unknown("no go build of this file writes what the container starts")
    obstacles: list[Obstacle] = []
    parts: list[GoRun] = []
    for binary, did in programs:
        tags = flags_of([*did.call.words[2:]]).tags()
        if isinstance(tags, Unknown):
            obstacles.append(Obstacle("unknown-sources", f"{did.where}: {tags.why}"))
            continue
        run = runs(request.tree, found.value, binary.main.directory, tags.value)
        if isinstance(run, Unknown):
            obstacles.append(Obstacle("unknown-sources", run.why))
        else:
            parts.append(run.value)
    if found.value.outside:
        why = f"{found.value.source} needs {found.value.outside[0]}, which lies outside of the context"
        obstacles.append(Obstacle("unknown-sources", why))
    for part in parts:
        obstacles.extend(_obstacles(part))
    linked = linking(
        found.value,
        parts,
        tuple(
            Compiler(did.call.words, did.environment, did.where, binary.main.directory)
            for binary, did in programs
        ),
        request.base.libc,
        request.base.release,
        c_compiler=any({"build-base", "gcc"} & set(did.call.packages) for did in request.did),
    )
    extra, whole = _files(request, parts)
    live.extend(extra)
    needs = [need for part in parts for need in part.facts.needs]

    def where(kind: NeedKind) -> str | None:
        return next((need.source for need in needs if need.kind is kind), None)

    started_programs = tuple(
        (use.program, use.source)
        for part in parts
        for use in part.facts.starts
        if use.program is not None
    )
    shell = next((use.source for part in parts for use in part.facts.starts if use.shell), None)
    static, assign, evidence = linked.static, dict(linked.assign), linked.because
    shape = ("static" if static else "dynamic") + (
        " binary" if not whole and len(live) == len(programs) else " binary + files"
    )
    return Known(
        Service(
            language="go",
            shape=f"go: {shape}",
            live=tuple(live),
            whole=whole,
            static=static,
            assign=assign,
            programs=started_programs,
            shell=shell,
            certificates=where(NeedKind.CERTIFICATES),
            time_zones=where(NeedKind.TIME_ZONES),
            user_database=where(NeedKind.USER_DATABASE),
            evidence=evidence,
            obstacles=tuple(dict.fromkeys(obstacles)),
            claimed=tuple(claimed),
            env_read=tuple(
                use.name for part in parts for use in part.facts.env if use.name is not None
            ),
        ),
        found.source,
    )


def _built(request: Request, found: GoProject) -> list[tuple[Binary, Did, str]]:
    """Each binary that the build writes, by its absolute path; of two writers the last counts."""
    built: dict[str, tuple[Binary, Did, str]] = {}
    for did in request.did:
        if did.call.ecosystem != "go" or (
            did.call.role is not Role.BUILD and did.call.verb not in ("build", "install")
        ):
            continue
        inside = posixpath.relpath(did.directory, request.root)
        if inside.startswith(".."):
            continue
        folder = posixpath.normpath(
            posixpath.join(request.folder or ".", inside, did.call.directory)
        )
        path = did.environment.get("GOPATH", "/go")
        binaries = binary_of(
            found,
            did.call.words,
            folder,
            bin_directory=did.environment.get("GOBIN")
            or (posixpath.join(path, "bin") if path else None),
        )
        if isinstance(binaries, Unknown):
            continue
        for binary in binaries.value:
            absolute = posixpath.normpath(
                posixpath.join(did.directory, did.call.directory, binary.path)
            )
            built[absolute] = (binary, did, absolute)
    return list(built.values())


def _program(
    started: Started, request: Request, built: list[tuple[Binary, Did, str]]
) -> str | None:
    """The absolute path of what is started; a bare name is looked up along PATH among what was built."""
    word = started.words[0] if started.words else None
    if word is None:
        return None
    if "/" in word:
        return posixpath.normpath(posixpath.join(started.directory, word))
    written = {each[2] for each in built}
    along = [posixpath.join(folder, word) for folder in (*request.base.path, "/go/bin")]
    return next((path for path in along if path in written), posixpath.join("/usr/bin", word))


def _obstacles(part: GoRun) -> Iterator[Obstacle]:
    if part.generated:
        why = f"the sources in {part.generated[0]} are written by the build"
        yield Obstacle("unknown-sources", why)
    for use in part.facts.starts:
        if use.program is None:
            yield Obstacle(
                "unknown-process",
                f"{use.source} starts a program whose name is not constant",
                '[tool.dfix.split] packages = ["git"]',
            )
    for need in part.facts.needs:
        if need.kind is NeedKind.DYNAMIC_LOADING:
            yield Obstacle("unknown-library", f"{need.source} loads a library at run time")
        if need.kind is NeedKind.BROWSER:
            yield Obstacle("needs-browser", f"{need.source} starts a browser")


def _files(request: Request, parts: list[GoRun]) -> tuple[list[Live], str]:
    """The files beside the binary that the program opens, or why all of its folder is live."""
    live: dict[str, Live] = {}
    for part in parts:
        for use in part.facts.opens:
            reason, found = _opened(request, use)
            if reason:
                return [], reason
            for each in found:
                live.setdefault(each.path, each)
    return [each for each in live.values() if not _covered(each.path, live)], ""


def _covered(path: str, live: dict[str, Live]) -> bool:
    return any(path != other and path.startswith(f"{other}/") for other in live)


def _opened(request: Request, use: PathUse) -> tuple[str, list[Live]]:
    """What one use opens: a reason to take the whole folder, or the live paths (none if it is not the project's)."""
    writes = use.mode is Mode.WRITE
    if use.path is None:
        return ("" if writes else f"{use.source} opens a path that is not constant"), []
    if use.anchor is Anchor.SOURCE:
        path = posixpath.normpath(use.path)
        inside = posixpath.relpath(path, request.folder or ".")
        absolute = posixpath.normpath(posixpath.join(request.root, inside))
    else:
        absolute = posixpath.normpath(posixpath.join(request.started[0].directory, use.path))
        inside = posixpath.relpath(absolute, request.root)
        path = posixpath.normpath(posixpath.join(request.folder or ".", inside))
    if inside.startswith(".."):
        return "", []
    if use.glob:
        stem = path[: min((path.find(char) for char in "*?[" if char in path), default=len(path))]
        path = stem.rpartition("/")[0] or "."
        absolute = posixpath.normpath(
            posixpath.join(request.root, posixpath.relpath(path, request.folder or "."))
        )
    if writes and not request.tree.is_dir(path):
        path = posixpath.dirname(path) or "."  # what is created needs the folder around it
        absolute = posixpath.dirname(absolute)
    if path == (request.folder or "."):
        return ("" if writes else f"{use.source} opens the working directory itself"), []
    if request.tree.is_dir(path) or request.tree.is_file(path):
        return "", [
            Live(absolute, f"{use.how} {'writes' if writes else 'opens'} there", use.source)
        ]
    if not writes and inside and not use.glob:
        why = f"{use.source} opens {path}, which the repository does not hold but the build's folder may"
        return why, []
    return "", []
