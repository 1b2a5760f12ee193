"""What a Node.js project is at run time.

Its scripts, dependencies and entry, and what its sources use.

`project` reads package.json and what lies beside it. `runs` follows the imports of one entry
through the project's own files, and names every package that they import. Packages in node_modules
are never read.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.jsonc import read_object
from dfix.ecosystems.node.scripts import Command, expand
from dfix.ecosystems.node.workspaces import Workspace, workspaces_of
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dfix.ecosystems.tree import Tree

LIFECYCLE = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
)
"""Scripts of the root project that `npm ci` and `npm install` run.

Https://docs.npmjs.com/cli/v10/using-npm/scripts.
"""

_LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}

BINARIES = {
    "tsc": "typescript", "tsserver": "typescript", "ng": "@angular/cli", "nest": "@nestjs/cli",
    "vue-cli-service": "@vue/cli-service", "next": "next", "nuxt": "nuxt", "nuxi": "nuxi", "remix":
    "@remix-run/dev", "remix-serve": "@remix-run/serve", "react-router": "@react-router/dev",
    "react-router-serve": "@react-router/serve", "babel": "@babel/cli", "babel-node": "@babel/node",
    "swc": "@swc/cli", "ncc": "@vercel/ncc", "ts-node-dev": "ts-node-dev", "tsnd": "ts-node-dev",
    "ts-node": "ts-node", "ts-node-esm": "ts-node", "webpack-dev-server": "webpack-dev-server",
    "run-s": "npm-run-all", "run-p": "npm-run-all", "dotenv": "dotenv-cli", "sequelize":
    "sequelize-cli", "typeorm": "typeorm", "typeorm-ts-node-commonjs": "typeorm", "prisma":
    "prisma", "knex": "knex", "serve": "serve", "http-server": "http-server", "pm2": "pm2",
    "pm2-runtime": "pm2", "strapi": "@strapi/strapi", "gatsby": "gatsby", "vite": "vite", "esbuild":
    "esbuild", "mikro-orm": "@mikro-orm/cli", "graphql-codegen": "@graphql-codegen/cli",
    "cross-env-shell": "cross-env", "svelte-kit": "@sveltejs/kit", "astro": "astro", "webpack":
    "webpack-cli", "nodemon": "nodemon", "tsx": "tsx", "rollup": "rollup", "parcel": "parcel",
    "eslint": "eslint", "jest": "jest", "vitest": "vitest", "mocha": "mocha",
}  # fmt: skip
"""Programs by the package that has them as its `bin`.

Where the two names differ or a check is common.
"""

SYSTEM_PROGRAMS = frozenset(
    {"node", "nodejs", "sh", "bash", "echo", "cp", "mv", "rm", "mkdir", "cd", "cat", "exec", "true",
    "sleep", "chmod", "npm", "yarn", "pnpm", "touch", "ls", "export", "set", "test", "exit", "wait",
    "printf"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prisma:
    """Where Prisma's schema lies, what client it generates and where.

    None is Prisma's own place in node_modules.
    """

    schema: str
    output: str | None
    source: str


@dataclass(frozen=True, slots=True)
class NodeProject:
    """One package.json and what lies beside it. All paths are relative to the tree's root."""

    directory: str
    name: str | None
    module_type: str  # "commonjs" or "module"
    main: str | None
    scripts: dict[str, str]
    dependencies: dict[str, str]
    development: dict[str, str]
    optional: dict[str, str]
    peer: dict[str, str]
    manager: str | None  # the lockfile's; None without one or with several
    locks: tuple[str, ...]
    lifecycle: tuple[str, ...]  # root scripts that an install runs
    has_server: bool  # server.js, which `npm start` runs when no script says otherwise
    typescript: bool
    prisma: Prisma | None
    workspaces: Fact[tuple[Workspace, ...]]
    engines: str | None
    source: str

    def declares(self, package: str) -> str | None:
        """How a package is declared: "runtime", "development" or None."""
        if package in self.dependencies or package in self.optional or package in self.peer:
            return "runtime"
        return "development" if package in self.development else None


def project(tree: Tree, directory: str = ".") -> Fact[NodeProject]:
    """Read the project in `directory`; Unknown without a readable package.json."""
    manifest = under(directory, "package.json")
    read = read_object(tree, manifest)
    if isinstance(read, Unknown):
        return read
    data = read.value
    scripts = _strings(data.get("scripts"))
    locks = tuple(name for name in _LOCKS if tree.is_file(under(directory, name)))
    managers = {_LOCKS[name] for name in locks}
    main = data.get("main")
    name = data.get("name")
    engines = _strings(data.get("engines")).get("node")
    found = NodeProject(
        directory=under(directory, "."),
        name=name if isinstance(name, str) else None,
        module_type="module" if data.get("type") == "module" else "commonjs",
        main=under(directory, main) if isinstance(main, str) else None,
        scripts=scripts,
        dependencies=_strings(data.get("dependencies")),
        development=_strings(data.get("devDependencies")),
        optional=_strings(data.get("optionalDependencies")),
        peer=_strings(data.get("peerDependencies")),
        manager=managers.pop() if len(managers) == 1 else None,
        locks=tuple(under(directory, lock) for lock in locks),
        lifecycle=tuple(script for script in LIFECYCLE if script in scripts),
        has_server=tree.is_file(under(directory, "server.js")),
        typescript=tree.is_file(under(directory, "tsconfig.json")),
        prisma=_prisma(tree, directory, data),
        workspaces=workspaces_of(tree, directory, data),
        engines=engines,
        source=manifest,
    )
    return Known(found, manifest)


def commands(found: NodeProject, words: Sequence[str | None]) -> Fact[tuple[Command, ...]]:
    """What `npm start`, `yarn build`, `npx x` and the like come to.

    Other commands are themselves.
    """
    return expand(found.scripts, words, has_server=found.has_server, manifest=found.source)


@dataclass(frozen=True, slots=True)
class Entry:
    """The file that node starts with.

    And the packages that node loads before it (-r, --import, --loader).
    """

    path: str  # from the tree's root; need not exist yet
    preloads: tuple[str, ...]
    source: str


_NODE_VALUES = frozenset({
    "-w", "--watch", "-e", "--ext", "-i", "--ignore", "--delay", "--project", "-P", "--tsconfig",
    "-n", "--name", "-r", "--require", "--import", "--loader", "--experimental-loader",
    "--env-file", "-C", "--conditions", "--max-old-space-size", "--title", "--inspect-port",
})  # fmt: skip


def entry_of(found: NodeProject, command: Command) -> Fact[Entry]:
    """The entry of a `node x.js` command (also behind pm2-runtime, tsx, ts-node).

    Unknown for other programs.
    """
    program = command.program
    words = list(command.words[1:])
    if program not in {
        "node",
        "nodejs",
        "pm2-runtime",
        "ts-node",
        "tsx",
        "nodemon",
        "ts-node-dev",
        "bun",
    }:
        return Unknown(f"{command.source} starts {program or 'what is not constant'}, not a file")
    if program == "bun" and words[:1] == ["run"]:
        words = words[1:]
    if program == "pm2-runtime" and words[:1] == ["start"]:
        words = words[1:]
    preloads: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word is None:
            return Unknown(f"{command.source}: which file {program} starts is not constant")
        if not word.startswith("-"):
            path = under(found.directory, word)
            return Known(Entry(path, tuple(preloads), command.source), command.source)
        name, equals, value = word.partition("=")
        if name in _NODE_VALUES and not equals:
            position += 1
            value = (words[position] if position < len(words) else None) or ""
        if name in {"-r", "--require", "--import", "--loader", "--experimental-loader"}:
            preloads.append(value)
        if name in {"-x", "--exec"}:
            return Unknown(f"{command.source}: {program} starts another program")
        if program in {"node", "nodejs"} and name in {"-e", "--eval", "-p", "--print"}:
            return Unknown(f"{command.source} runs code from the command line")
        position += 1
    return Unknown(f"{command.source}: {program} without a file reads commands")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that a command starts, and the package that has it."""

    program: str
    package: str
    declared: str | None  # "runtime", "development", None where package.json does not name it
    source: str


def tools_of(found: NodeProject, started: Iterable[Command]) -> tuple[Tool, ...]:
    """The programs of packages among the commands; what the system has is left out."""
    tools: list[Tool] = []
    for command in started:
        program = command.program
        if program is None or program in SYSTEM_PROGRAMS:
            continue
        package = BINARIES.get(program, program)
        declared = found.declares(package) or found.declares(program)
        tools.append(Tool(program, package, declared, command.source))
    return tuple(dict.fromkeys(tools))


def _strings(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}


def _prisma(tree: Tree, directory: str, data: dict[str, Any]) -> Prisma | None:
    """Prisma's default places.

    https://www.prisma.io/docs/orm/prisma-schema/overview/location
    """
    configured = _strings(data.get("prisma")).get("schema")
    candidates = [configured] if configured else ["schema.prisma", "prisma/schema.prisma"]
    for candidate in candidates:
        path = under(directory, candidate)
        match tree.read(path):
            case Known(text):
                return Prisma(path, _generated(text, path), path)
            case Unknown():
                continue
    return None


def _generated(schema: str, path: str) -> str | None:
    """The `output` of the client's generator, from the tree's root."""
    block: dict[str, str] = {}
    for line in schema.splitlines():
        words = line.split("//", maxsplit=1)[0].split()
        if words[:1] == ["generator"]:
            block = {}
        elif len(words) == 3 and words[1] == "=":  # noqa: PLR2004 - name = value
            block.setdefault(words[0], words[2].strip('"'))
        elif words[:1] == ["}"]:
            if block.get("provider", "").startswith("prisma-client") and "output" in block:
                return posixpath.normpath(posixpath.join(posixpath.dirname(path), block["output"]))
            block = {}
    return None
