"""What a Node.js program needs once it is installed and built."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.graph import NodeRun, runs
from dfix.ecosystems.node.judging import compiling, judged
from dfix.ecosystems.node.living import live_of
from dfix.ecosystems.node.managers import managers_of, unmoved
from dfix.ecosystems.node.runtime import (
    BINARIES,
    NodeProject,
    commands,
    entry_of,
    project,
    tools_of,
)
from dfix.ecosystems.runtime import NeedKind
from dfix.ecosystems.service import Obstacle, Request, Service, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.node.scripts import Command

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
    brought, missing = managers_of(request, found.value)
    obstacles.extend(missing)
    obstacles.extend(unmoved(request, found.value))
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
    packages, unknown = judged(request, found.value)
    obstacles.extend(unknown)
    live, whole, built = live_of(request, found.value, started.value, parts)
    omit, why = _omitted(request, found.value, started.value, parts)
    needs = [need for part in parts for need in part.facts.needs]
    reinstalled = _reinstalled(request, found.value, started.value)
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
            language="node",
            shape=f"node: node_modules + {'output' if built and not whole else 'sources'}",
            live=tuple(live),
            whole=whole,
            interpreter="node",
            omit=omit,
            omit_because=why,
            libraries=tuple(
                dict.fromkeys((name, each.source) for each in packages for name in each.libraries)
            )
            if request.base.variant == "full"
            else (),
            programs=tuple(
                dict.fromkeys(
                    [
                        *(
                            (use.program, use.source)
                            for part in parts
                            for use in part.facts.starts
                            if use.program is not None and use.program not in ("node", "npm", "npx")
                        ),
                        *((name, each.source) for each in packages for name in each.programs),
                    ]
                )
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
            reinstall=(*reinstalled, *brought),
            claimed=_claimed(request, found.value),
            compiles=tuple(compiling(request, found.value, reinstalled)),
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
    if name is None:
        return False
    package = BINARIES.get(name, name)
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


def _omitted(
    request: Request, found: NodeProject, started: tuple[Command, ...], parts: list[NodeRun]
) -> tuple[tuple[str, ...], str]:
    """The last build step that takes development dependencies out, and why it may.

    Empty if none is installed or one may be needed; then why, if there are any.
    """
    installs = [did for did in request.did if did.call.role is Role.INSTALL]
    if not found.development or not installs:
        return (), ""
    if any(
        did.call.production or did.environment.get("NODE_ENV", "") not in ("", "development")
        for did in installs
    ):
        return (), ""
    managers = {did.call.ecosystem for did in installs}
    if any(did.call.role is Role.PRUNE for did in request.did):
        return (), ""
    needed = _needs_development(found, started, parts)
    if needed:
        return (), needed
    if len(managers) > 1:
        return (), f"{' and '.join(sorted(managers))} install its packages"
    manager = ecosystem_of(installs[0].call)
    directory = "" if found.directory == "." else found.directory
    words: dict[str, None] = {}
    for did in installs:
        step = manager.prune_in(did.call, request.tree, directory, request.base.release)
        if step is None:
            return (), f"{manager.id} has no step that only takes development dependencies out"
        words.update(dict.fromkeys(step))
    names = ", ".join(sorted(found.development)[:3])
    return (
        tuple(words),
        f"nothing that starts, and no source, needs {names} or other devDependencies",
    )


def _needs_development(
    found: NodeProject, started: tuple[Command, ...], parts: list[NodeRun]
) -> str:
    """Why a development dependency may be needed at run time; empty if none is."""
    if len(parts) != len(started):
        return "not all sources can be read"
    for part in parts:
        for item in part.development():
            return f"{item.source} imports {item.package}, a development dependency"
        if part.dynamic:
            return f"{part.dynamic[0]} imports what is not constant"
        if not part.followed and part.imports == ():
            return "which sources run is not known"
    for tool in tools_of(found, started):
        if tool.declared == "development":
            return f"{tool.package}, a development dependency, is started"
    frameworks = ("next", "nuxt", "remix-serve")
    compilers = ("typescript", "ts-node", "tsx", "@babel/core", "@babel/register")
    used = next((each for each in compilers if each in found.development), None)
    if used is not None and any(command.program in frameworks for command in started):
        return f"a framework is started that may look for {used}"
    return ""


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
