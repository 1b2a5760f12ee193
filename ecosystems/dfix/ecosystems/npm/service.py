"""What a Node.js program needs once it is installed and built."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.npm.graph import NodeRun, runs
from dfix.ecosystems.npm.locks import install_scripts
from dfix.ecosystems.npm.outputs import outputs
from dfix.ecosystems.npm.runtime import NodeProject, commands, entry_of, project, tools_of
from dfix.ecosystems.runtime import Anchor, Mode, NeedKind
from dfix.ecosystems.service import Live, Obstacle, Request, Service, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.npm.scripts import Command

MANAGERS = frozenset({"npm", "npx", "yarn", "pnpm"})
# Programs that serve sources to a developer and watch them: what they start with is no run-time image.
# Each tool's own documentation names the command "development server" or "watch mode".
WATCHERS = frozenset(
    {
        "nodemon",
        "ts-node-dev",
        "tsnd",
        "webpack-dev-server",
        "react-scripts",
        "vue-cli-service",
        "ng",
        "gulp",
        "grunt",
    }
)
SERVES_IN_DEVELOPMENT = {
    "vite": frozenset({None, "dev", "serve"}),
    "next": frozenset({None, "dev"}),
    "nuxt": frozenset({"dev"}),
    "nest": frozenset({"start"}),
}
# `--omit=dev` came with npm 7, which came with Node.js 16; npm 6 knows --production:
# https://docs.npmjs.com/cli/v7/commands/npm-prune
OMIT_SINCE = (16,)
PRUNE = "https://docs.npmjs.com/cli/v10/commands/npm-prune"
PURE = '[tool.dfix.split] pure = ["{name}"]'


def services(request: Request) -> Fact[Service]:
    """The live files of the started Node.js programs, and what may be left out."""
    found = project(request.tree, request.folder or ".")
    if isinstance(found, Unknown):
        return found
    started = _commands(request, found.value)
    if isinstance(started, Unknown):
        return started
    if not started.value:
        return Unknown(f"{request.started[0].where} starts no program of the Node.js project")
    obstacles = [*_development(started.value, found.value)]
    parts: list[NodeRun] = []
    for command in started.value:
        entry = entry_of(found.value, command)
        run = runs(
            request.tree, found.value, entry.value.path if isinstance(entry, Known) else None
        )
        if isinstance(run, Unknown):
            obstacles.append(Obstacle("unknown-sources", run.why))
        else:
            parts.append(run.value)
    obstacles.extend(_processes(parts))
    obstacles.extend(_impure(request, found.value))
    live, whole, built = _live(request, found.value, started.value, parts)
    omit, why = _omitted(request, found.value, started.value, parts)
    needs = [need for part in parts for need in part.facts.needs]
    through_npm = next(
        (
            each.where
            for each in request.started
            if posixpath.basename(each.words[0] or "") in MANAGERS
        ),
        None,
    )
    shell = through_npm or next(
        (use.source for part in parts for use in part.facts.starts if use.shell), None
    )
    return Known(
        Service(
            ecosystem="npm",
            shape=f"node: node_modules + {'output' if built and not whole else 'sources'}",
            live=tuple(live),
            whole=whole,
            interpreter="node",
            omit=omit,
            omit_because=why,
            programs=tuple(
                (use.program, use.source)
                for part in parts
                for use in part.facts.starts
                if use.program is not None and use.program not in ("node", "npm", "npx")
            ),
            shell=shell,
            certificates=None,  # Node.js brings its own trust store: https://nodejs.org/api/cli.html#--use-bundled-ca
            time_zones=None,
            evidence=(("node_modules holds what package.json names", found.value.source),),
            obstacles=tuple(
                dict.fromkeys(
                    [
                        *obstacles,
                        *(
                            Obstacle("needs-browser", f"{need.source} starts a browser")
                            for need in needs
                            if need.kind is NeedKind.BROWSER
                        ),
                    ]
                )
            ),
            env_read=tuple(
                use.name for part in parts for use in part.facts.env if use.name is not None
            ),
            reinstall=_reinstalled(request, found.value, started.value),
            claimed=_claimed(request, found.value),
        ),
        found.source,
    )


def _claimed(request: Request, found: NodeProject) -> tuple[Started, ...]:
    """The start commands that are the Node.js project's."""
    return tuple(
        each
        for each in request.started
        if (name := posixpath.basename(each.words[0] or "")) in MANAGERS
        or name in ("node", "nodejs")
        or _is_tool(name, found, request)
    )


def _commands(request: Request, found: NodeProject) -> Fact[tuple[Command, ...]]:
    """What the start commands come to, scripts of package.json expanded."""
    collected: list[Command] = []
    for started in request.started:
        program = posixpath.basename(started.words[0] or "")
        is_script = program in MANAGERS
        read = commands(found, started.words)
        if isinstance(read, Unknown):
            if is_script:
                return read
            continue
        for command in read.value:
            name = command.program
            if name in ("node", "nodejs") or is_script or _is_tool(name, found, request):
                collected.append(command)
    return Known(tuple(collected), found.source)


def _is_tool(name: str | None, found: NodeProject, request: Request) -> bool:
    from dfix.ecosystems.npm.runtime import _BINARIES  # noqa: PLC0415, PLC2701 - the table of the same folder

    if name is None:
        return False
    package = _BINARIES.get(name, name)
    everywhere = {name for did in request.did if did.call.everywhere for name in did.call.packages}
    return found.declares(package) is not None or any(
        each.rpartition("@")[0] == package or each == package for each in everywhere
    )


def _development(started: tuple[Command, ...], found: NodeProject) -> Iterator[Obstacle]:
    for command in started:
        program = command.program or ""
        verb = next(
            (word for word in command.words[1:] if word is None or not word.startswith("-")), None
        )
        serves = SERVES_IN_DEVELOPMENT.get(program)
        if (
            program in WATCHERS
            or (serves is not None and verb in serves)
            or "--watch" in command.words
        ):
            words = " ".join(word or "..." for word in command.words)
            yield Obstacle(
                "development-server", f"{command.source} starts {words}, which serves developers"
            )
    del found


def _processes(parts: list[NodeRun]) -> Iterator[Obstacle]:
    for part in parts:
        for use in part.facts.starts:
            if use.program is None:
                yield Obstacle(
                    "unknown-process",
                    f"{use.source} starts a program whose name is not constant",
                    '[tool.dfix.split] packages = ["git"]',
                )


def _impure(request: Request, found: NodeProject) -> Iterator[Obstacle]:
    """Packages of which nothing tells whether they need libraries or programs of the full image."""
    if request.base.variant != "full":
        return
    if not found.dependencies and not found.optional:
        return
    scripts = install_scripts(request.tree, found.directory)
    if isinstance(scripts, Unknown):
        names = [
            name for name in (*found.dependencies, *found.optional) if name not in request.pure
        ]
        if names:
            yield Obstacle(
                "unknown-package",
                f"nothing tells which packages run install scripts: {scripts.why}",
                PURE.format(name=names[0]),
            )
        return
    for package in scripts.value:
        if package.development or package.name in request.pure or _known_pure(package.name):
            continue
        yield Obstacle(
            "unknown-package",
            f"{package.name} runs a script when it is installed, and what it needs at run time is not known",
            PURE.format(name=package.name),
        )


def _known_pure(name: str) -> bool:
    """Does the table say that a package needs nothing of the full image at run time?"""
    try:
        from dfix.ecosystems.npm.purity import purity  # noqa: PLC0415 - the table loads when a package asks for it
    except ImportError:
        return False
    known = purity(name)
    return (
        isinstance(known, Known)
        and not known.value.libraries
        and not known.value.programs
        and known.value.kind.value
        in (
            "pure",
            "bundled",
        )
    )


def _live(
    request: Request, found: NodeProject, started: tuple[Command, ...], parts: list[NodeRun]
) -> tuple[list[Live], str, bool]:
    """The live paths, why all of the folder is live where single files cannot be told, and whether something is built."""
    built: list[Command] = []
    for did in request.did:
        if did.call.role is not Role.RUN:
            continue
        read = commands(found, did.call.words)
        if isinstance(read, Unknown):
            return [], f"what {did.where} builds cannot be told: {read.why}", True
        built.extend(read.value)
    if not built:
        return [], "its sources run as they are", False
    written = outputs(request.tree, found.directory, built)
    if isinstance(written, Unknown):
        return [], written.why, True
    folders = [path for output in written.value for path in output.paths]
    entries = [entry_of(found, command) for command in started]
    for entry in entries:
        if isinstance(entry, Unknown):
            return [], entry.why, True
        if not any(
            entry.value.path == path or entry.value.path.startswith(f"{path}/") for path in folders
        ):
            return (
                [],
                f"{entry.value.source} starts {entry.value.path}, which no build writes",
                True,
            )
    if len(parts) != len(started):
        return [], "not all sources can be read", True

    def at(path: str) -> str:
        return posixpath.normpath(
            posixpath.join(request.root, posixpath.relpath(path, request.folder or "."))
        )

    live = {
        at(found.source): Live(at(found.source), "node reads it, and npm start", found.source),
        at(posixpath.join(found.directory, "node_modules")): Live(
            at(posixpath.join(found.directory, "node_modules")),
            "it holds the dependencies",
            found.source,
            native=True,
        ),
    }
    for output in written.value:
        for path in (*output.paths, *output.beside):
            if path in output.paths or request.tree.is_file(path) or request.tree.is_dir(path):
                live.setdefault(at(path), Live(at(path), f"{output.tool} writes it", output.source))
    for part in parts:
        for use in part.facts.opens:
            if use.mode is Mode.WRITE:
                continue
            if use.path is None:
                return [], f"{use.source} opens a path that is not constant", True
            path = (
                use.path
                if use.anchor is Anchor.SOURCE
                else posixpath.relpath(
                    posixpath.join(request.started[0].directory, use.path), request.root
                )
            )
            if use.anchor is not Anchor.SOURCE:
                path = posixpath.normpath(posixpath.join(request.folder or ".", path))
            if use.glob:
                path = posixpath.dirname(path[: path.find("*")]) if "*" in path else path
            if path.startswith("..") or path == ".":
                if path == ".":
                    return [], f"{use.source} opens the project's folder itself", True
                continue
            if request.tree.is_dir(path) or request.tree.is_file(path):
                live.setdefault(at(path), Live(at(path), f"{use.how} opens it", use.source))
            else:
                # It may be in the context all the same (.env), or be made by the build.
                return [], f"{use.source} opens {path}, which the repository does not hold", True
    if found.prisma is not None:
        path = posixpath.dirname(found.prisma.schema) or found.prisma.schema
        live.setdefault(at(path), Live(at(path), "prisma reads it", found.prisma.source))
    return list(live.values()), "", True


def _omitted(
    request: Request, found: NodeProject, started: tuple[Command, ...], parts: list[NodeRun]
) -> tuple[tuple[str, ...], str]:
    """The last build step that takes development dependencies out; empty if none is installed or one may be needed."""
    installs = [did for did in request.did if did.call.role is Role.INSTALL]
    if not found.development or not installs or len(parts) != len(started):
        return (), ""
    if any(
        did.call.production or did.environment.get("NODE_ENV", "") not in ("", "development")
        for did in installs
    ):
        return (), ""
    if any(did.call.role is Role.PRUNE for did in request.did) or any(
        did.call.ecosystem != "npm" for did in installs
    ):
        return (), ""
    if any(part.development() or part.dynamic for part in parts) or any(
        not part.followed and part.imports == () for part in parts
    ):
        return (), ""
    if any(tool.declared == "development" for tool in tools_of(found, started)):
        return (), ""
    if (
        any(command.program not in ("node", "nodejs") for command in started)
        and any(
            name in found.development
            for name in ("typescript", "ts-node", "tsx", "@babel/core", "@babel/register")
        )
        and any(command.program in ("next", "nuxt", "remix-serve") for command in started)
    ):
        return (), ""
    release = request.base.release
    words = [
        "npm",
        "prune",
        "--omit=dev" if release is None or release >= OMIT_SINCE else "--production",
    ]
    words += [
        word
        for did in installs
        for word in did.call.words
        if word in ("--legacy-peer-deps", "--force")
    ]
    names = ", ".join(sorted(found.development)[:3])
    return tuple(
        dict.fromkeys(words)
    ), f"nothing that starts, and no source, needs {names} or other devDependencies"


def _reinstalled(
    request: Request, found: NodeProject, started: tuple[Command, ...]
) -> tuple[str, ...]:
    """Packages installed for the machine whose programs are started: the run-time stage installs them again."""
    names = {tool.package for tool in tools_of(found, started) if tool.declared is None}
    return tuple(
        package
        for did in request.did
        if did.call.everywhere
        for package in did.call.packages
        if package in names or package.rpartition("@")[0] in names
    )
