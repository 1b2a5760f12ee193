"""Which files of a Node.js project must leave the builder."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.outputs import outputs
from dfix.ecosystems.node.runtime import commands, entry_of
from dfix.ecosystems.runtime import Anchor, Mode
from dfix.ecosystems.service import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.node.built import Output
    from dfix.ecosystems.node.graph import NodeRun
    from dfix.ecosystems.node.runtime import NodeProject
    from dfix.ecosystems.node.scripts import Command
    from dfix.ecosystems.runtime import PathUse
    from dfix.ecosystems.service import Request


# Files that packages read from the working directory by convention, where the sources name none.
CONVENTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "express": (("views",), "https://expressjs.com/en/api.html#app.settings.table"),
    "config": (("config",), "https://github.com/node-config/node-config/wiki/Configuration-Files"),
    "dotenv": ((".env",), "https://github.com/motdotla/dotenv#path"),
    "dotenv-flow": ((".env", ".env.production"), "https://github.com/kerimdzhanov/dotenv-flow#readme"),
    "i18n": (("locales",), "https://github.com/mashpie/i18n-node#list-of-all-configuration-options"),
    "newrelic": (("newrelic.js", "newrelic.cjs"), "https://github.com/newrelic/node-newrelic#readme"),
    "elastic-apm-node": (
        ("elastic-apm-node.js",), "https://www.elastic.co/guide/en/apm/agent/nodejs/current/configuring-the-agent.html",
    ),
    "sequelize-cli": (
        ("config", "models", "migrations", "seeders", ".sequelizerc"), "https://sequelize.org/docs/v6/other-topics/migrations/",
    ),
    "knex": (("knexfile.js", "migrations", "seeds"), "https://knexjs.org/guide/migrations.html"),
    "umzug": (("migrations",), "https://github.com/sequelize/umzug#readme"),
    "node-pg-migrate": (("migrations",), "https://salsita.github.io/node-pg-migrate/cli"),
    "db-migrate": (("database.json", "migrations"), "https://db-migrate.readthedocs.io/en/latest/Getting%20Started/configuration/"),
    "typeorm": (("ormconfig.json", "ormconfig.js"), "https://typeorm.io/changelog"),
    "email-templates": (("emails",), "https://github.com/forwardemail/email-templates#options"),
    "pm2": (("ecosystem.config.js", "process.json"), "https://pm2.keymetrics.io/docs/usage/application-declaration/"),
    "graphql-config": ((".graphqlrc.yml", "graphql.config.js"), "https://the-guild.dev/graphql/config/docs/user/usage"),
}  # fmt: skip


class Living(NamedTuple):
    """The live paths; why all of the folder is, where single files cannot be told; is anything built?"""

    live: tuple[Live, ...]
    whole: str
    built: bool


def live_of(
    request: Request, found: NodeProject, started: tuple[Command, ...], parts: list[NodeRun]
) -> Living:
    """What the started commands need of the project's folder."""
    built = _built(request, found)
    if isinstance(built, Unknown):
        return Living((), built.why, built=True)
    if not built.value:
        return Living((), "its sources run as they are", built=False)
    written = outputs(request.tree, found.directory, built.value)
    if isinstance(written, Unknown):
        return Living((), written.why, built=True)
    whole = _linked(found) or _elsewhere(found, started, written.value)
    if not whole and len(parts) != len(started):
        whole = "not all sources can be read"
    if whole:
        return Living((), whole, built=True)
    live = {each.path: each for each in reversed([*_known(request, found, written.value)])}
    for use in (use for part in parts for use in part.facts.opens):
        opened = _opened(request, use)
        if isinstance(opened, str):
            return Living((), opened, built=True)
        if opened is not None:
            live.setdefault(opened.path, opened)
    return Living(tuple(sorted(live.values(), key=lambda each: each.path)), "", built=True)


def _built(request: Request, found: NodeProject) -> Fact[list[Command]]:
    """What the build runs of the project's scripts and tools."""
    built: list[Command] = []
    for did in request.did:
        if did.call.role is not Role.RUN:
            continue
        read = commands(found, did.call.words)
        if isinstance(read, Unknown):
            return Unknown(f"what {did.where} builds cannot be told: {read.why}")
        built.extend(read.value)
    return Known(built, found.source)


def _elsewhere(
    found: NodeProject, started: tuple[Command, ...], written: tuple[Output, ...]
) -> str:
    """Why a start command needs more than what the build writes; empty if it does not."""
    folders = [path for output in written for path in output.paths]
    for entry in (entry_of(found, command) for command in started):
        if isinstance(entry, Unknown):
            return entry.why
        path = entry.value.path
        if not any(path == folder or path.startswith(f"{folder}/") for folder in folders):
            return f"{entry.value.source} starts {path}, which no build writes"
    return ""


def _in_image(request: Request, path: str) -> str:
    """The absolute path of a path of the tree."""
    below = posixpath.relpath(path, request.folder or ".")
    return posixpath.normpath(posixpath.join(request.root, below))


def _known(request: Request, found: NodeProject, written: tuple[Output, ...]) -> Iterator[Live]:
    """The manifest, node_modules, what the build writes, and Prisma's schema."""
    yield Live(_in_image(request, found.source), "node reads it, and npm start", found.source)
    modules = posixpath.join(found.directory, "node_modules")
    claim = "it holds the dependencies"
    yield Live(_in_image(request, modules), claim, found.source, native=True)
    for output in written:
        for path in (*output.paths, *output.beside):
            there = request.tree.is_file(path) or request.tree.is_dir(path)
            if path in output.paths or there:
                claim = (
                    f"{output.tool} writes it"
                    if path in output.paths
                    else f"{output.tool} needs it"
                )
                yield Live(_in_image(request, path), claim, output.source)
    for package in (*found.dependencies, *found.optional):
        names, source = CONVENTIONS.get(package, ((), ""))
        for name in names:
            path = posixpath.normpath(posixpath.join(found.directory, name))
            if request.tree.is_file(path) or request.tree.is_dir(path):
                yield Live(_in_image(request, path), f"{package} reads it by convention", source)
    if found.prisma is not None:
        path = posixpath.dirname(found.prisma.schema) or found.prisma.schema
        yield Live(_in_image(request, path), "prisma reads it", found.prisma.source)


def _opened(request: Request, use: PathUse) -> Live | str | None:
    """The live path that a use opens, why all of the folder is, or None for what is not the project's."""
    writes = use.mode is Mode.WRITE
    if use.path is None:
        return None if writes else f"{use.source} opens a path that is not constant"
    path = use.path
    if use.anchor is not Anchor.SOURCE:
        absolute = posixpath.join(request.started[0].directory, path)
        below = posixpath.relpath(absolute, request.root)
        path = posixpath.normpath(posixpath.join(request.folder or ".", below))
    if use.glob and "*" in path:
        path = posixpath.dirname(path[: path.find("*")]) or "."
    if writes and not request.tree.is_dir(path):
        path = posixpath.dirname(path) or "."  # what is created needs the folder around it
    if path == (request.folder or "."):
        return None if writes else f"{use.source} opens the project's folder itself"
    if path.startswith("..") or not (request.tree.is_dir(path) or request.tree.is_file(path)):
        return None
    return Live(
        _in_image(request, path), f"{use.how} {'writes' if writes else 'opens'} there", use.source
    )


def _linked(found: NodeProject) -> str:
    """Why node_modules holds links to folders of the project; empty if it does not.

    https://docs.npmjs.com/cli/v10/using-npm/workspaces
    """
    if isinstance(found.workspaces, Unknown):
        return f"which folders are workspaces is not known: {found.workspaces.why}"
    if found.workspaces.value:
        return f"node_modules links to {found.workspaces.value[0].directory}"
    local = next(
        (
            name
            for listed in (found.dependencies, found.development, found.optional)
            for name, wanted in listed.items()
            if wanted.startswith(("file:", "link:", "workspace:", "portal:", ".", "/", "~"))
            and not wanted[1:2].isdecimal()
        ),
        None,
    )
    return f"node_modules links to the folder of {local}" if local is not None else ""
