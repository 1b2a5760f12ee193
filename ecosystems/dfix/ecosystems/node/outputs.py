"""What build commands of JavaScript projects write, by each tool's own configuration.

A tool's default is the one its documentation names; where a configuration sets the place to what is
not constant, or the command is none that this module knows, the answer is Unknown.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.built import Output, Written, option, place_of
from dfix.ecosystems.node.configs import config_file, constant_at
from dfix.ecosystems.node.jsonc import read_object
from dfix.ecosystems.node.tsconfig import TsConfig, read_config
from dfix.ecosystems.sources import under

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dfix.ecosystems.node.scripts import Command
    from dfix.ecosystems.tree import Tree


_WRITES_NOTHING = frozenset(
    {"echo", "rimraf", "rm", "del-cli", "del", "eslint", "prettier", "jest", "vitest", "mocha",
    "tslint", "stylelint", "husky", "lint-staged", "shx", "cd", "true", "exit", "node-gyp-build",
    "is-ci", "check-node-version", "depcheck", "mkdir", "mkdirp", "svelte-check", "type-check",
    "tsc-alias", "tsconfig-replace-paths", "check-types", "only-allow", "test", "sleep"},
)  # fmt: skip
"""Programs of build scripts that write nothing that runs later, or only remove and check."""


def outputs(tree: Tree, directory: str, built: Iterable[Command]) -> Fact[tuple[Output, ...]]:
    """What these commands write together; Unknown if one of them is not known."""
    found: list[Output] = []
    for command in built:
        program = command.program
        if program in _WRITES_NOTHING:
            continue
        reader = _TOOLS.get(program or "")
        if reader is None:
            return Unknown(
                f"{command.source} runs {program or 'what is not constant'}, "
                "and what it writes is not known"
            )
        written = reader(tree, directory, command)
        if isinstance(written, Unknown):
            return written
        found.extend(written.value)
    return Known(tuple(found), "build commands")


def _tsc(tree: Tree, directory: str, command: Command) -> Written:
    words = command.words[1:]
    if any(word in {"--noEmit", "--version", "--emitDeclarationOnly"} for word in words):
        return Known((), command.source)
    named = option(words, "-p", "--project")
    given = option(words, "--outDir")
    if isinstance(named, Unknown):
        return named
    if isinstance(given, Unknown):
        return given
    built = [word for word in words if word is not None and not word.startswith("-")]
    building = any(word in {"-b", "--build"} for word in words)
    chosen = next(iter(built), None) if building else named.value
    chosen = chosen or "tsconfig.json"
    path = under(directory, chosen)
    if not path.endswith(".json"):
        path = under(path, "tsconfig.json")
    config = read_config(tree, path)
    if isinstance(config, Unknown):
        return config
    if building and config.value.references:
        return _referenced(tree, config.value, command.program)
    if config.value.no_emit:
        return Known((), path)
    place = under(directory, given.value) if given.value is not None else config.value.out_dir
    if place is None and command.program == "vue-tsc":
        return Known(
            (), path
        )  # only checks types: what it may write beside the sources, vite does not read
    if place is None:
        return Unknown(f"{path} sets no outDir: tsc writes beside its sources")
    return Known((Output("tsc", (place,), path),), path)


def _referenced(tree: Tree, top: TsConfig, program: str | None) -> Written:
    """What `tsc -b` writes for a configuration that refers to others."""
    found: list[Output] = []
    for path in top.references:
        config = read_config(tree, path)
        if isinstance(config, Unknown):
            return config
        if config.value.no_emit:
            continue
        if config.value.out_dir is None:
            if program == "vue-tsc":
                continue
            return Unknown(f"{path} sets no outDir: tsc writes beside its sources")
        found.append(Output("tsc", (config.value.out_dir,), path))
    return Known(tuple(found), top.path)


def _nest(tree: Tree, directory: str, command: Command) -> Written:
    """Nest.

    https://docs.nestjs.com/cli/monorepo#cli-properties
    """
    if "build" not in command.words[1:2]:
        return Unknown(f"{command.source}: nest does not build here")
    settings: dict[str, Any] = {}
    cli = under(directory, "nest-cli.json")
    if tree.is_file(cli):
        read = read_object(tree, cli)
        if isinstance(read, Unknown):
            return read
        settings = read.value
    if settings.get("monorepo") or settings.get("projects"):
        return Unknown(f"{cli} describes several projects")
    options = settings.get("compilerOptions")
    options = options if isinstance(options, dict) else {}
    names = [options.get("tsConfigPath"), "tsconfig.build.json", "tsconfig.json"]
    given = option(command.words[1:], "-p", "--path")
    if isinstance(given, Unknown):
        return given
    paths = [under(directory, name) for name in (given.value, *names) if isinstance(name, str)]
    path = next((path for path in paths if tree.is_file(path)), None)
    if path is None:
        return Unknown(f"{directory} has no tsconfig.json for nest")
    config = read_config(tree, path)
    if isinstance(config, Unknown):
        return config
    if config.value.out_dir is None:
        return Unknown(f"{path} sets no outDir")
    return Known((Output("nest", (config.value.out_dir,), path),), path)


def _next(tree: Tree, directory: str, command: Command) -> Written:
    """Next.js.

    https://nextjs.org/docs/app/api-reference/config/next-config-js/output
    """
    if "build" not in command.words[1:2]:
        return (
            _nothing_but(command, "export")
            if "export" not in command.words
            else _next_export(tree, directory, command)
        )
    path = config_file(tree, directory, "next.config")
    place = place_of(tree, directory, command, (), "next.config", ("distDir",), ".next")
    if isinstance(place, Unknown):
        return place
    mode = (
        constant_at(tree, path, ("output",)) if path is not None else Known(None, "no next.config")
    )
    if isinstance(mode, Unknown):
        return mode
    kind = mode.value.text if mode.value is not None else None
    public = (under(directory, "public"),) if tree.is_dir(under(directory, "public")) else ()
    if kind == "export":
        return _next_export(tree, directory, command)
    if kind == "standalone":
        parts = (under(place.value, "standalone"), under(place.value, "static"))
        return Known(
            (Output("next standalone", parts, mode.source, whole=True, beside=public),), mode.source
        )
    config = (path,) if path is not None else ()
    beside = (*public, under(directory, "package.json"), *config)
    return Known((Output("next", (place.value,), place.source, beside=beside),), place.source)


def _next_export(tree: Tree, directory: str, command: Command) -> Written:
    place = place_of(
        tree, directory, command, ("-o", "--outdir"), "next.config", ("distDir",), "out"
    )
    if isinstance(place, Unknown):
        return place
    return Known((Output("next export", (place.value,), place.source, static=True),), place.source)


def _nothing_but(command: Command, verb: str) -> Unknown:
    return Unknown(f"{command.source}: {command.program} runs neither build nor {verb}")


def _nuxt(_tree: Tree, directory: str, command: Command) -> Written:
    """Nuxt.

    https://nuxt.com/docs/getting-started/deployment
    """
    verb = command.words[1] if len(command.words) > 1 else None
    source = "https://nuxt.com/docs/getting-started/deployment"
    if verb == "build":
        return Known((Output("nuxt", (under(directory, ".output"),), source, whole=True),), source)
    if verb == "generate":
        return Known(
            (Output("nuxt", (under(directory, ".output/public"),), source, static=True),), source
        )
    return Known((), command.source) if verb == "prepare" else _nothing_but(command, "generate")


def _vite(tree: Tree, directory: str, command: Command) -> Written:
    """Vite.

    https://vite.dev/config/build-options#build-outdir
    """
    if "build" not in command.words:
        return _nothing_but(command, "build")
    path = config_file(tree, directory, "vite.config")
    if path is not None:
        root = constant_at(tree, path, ("root",))
        if isinstance(root, Unknown) or root.value is not None:
            return Unknown(f"{path} sets another root")
    place = place_of(
        tree, directory, command, ("--outDir",), "vite.config", ("build", "outDir"), "dist"
    )
    if isinstance(place, Unknown):
        return place
    text = tree.read(path) if path is not None else Unknown("there is no vite.config")
    if isinstance(text, Known) and "sveltekit" in text.value:
        return Unknown(f"{path} builds with SvelteKit, whose adapter decides where")
    if isinstance(text, Known) and ("@remix-run" in text.value or "@react-router" in text.value):
        return Known((Output("vite", (under(directory, "build"),), place.source),), place.source)
    server = any(word is not None and word.startswith("--ssr") for word in command.words)
    return Known((Output("vite", (place.value,), place.source, static=not server),), place.source)


def _angular(tree: Tree, directory: str, command: Command) -> Written:
    """Angular.

    https://angular.dev/reference/configs/workspace-config
    """
    if not {"build", "b"}.intersection(word for word in command.words[1:2] if word):
        return _nothing_but(command, "build")
    given = option(command.words[1:], "--output-path")
    if isinstance(given, Unknown):
        return given
    if given.value is not None:
        return Known(
            (Output("ng", (under(directory, given.value),), command.source, static=True),),
            command.source,
        )
    path = under(directory, "angular.json")
    read = read_object(tree, path)
    if isinstance(read, Unknown):
        return read
    projects = read.value.get("projects")
    if not isinstance(projects, dict) or len(projects) != 1:
        return Unknown(
            f"{path} holds {len(projects) if isinstance(projects, dict) else 'no'} projects"
        )
    ((name, project),) = projects.items()
    targets = (
        project.get("architect", project.get("targets", {})) if isinstance(project, dict) else {}
    )
    build = targets.get("build", {}) if isinstance(targets, dict) else {}
    options = build.get("options", {}) if isinstance(build, dict) else {}
    place = options.get("outputPath") if isinstance(options, dict) else None
    if isinstance(place, dict):
        base, browser = place.get("base"), place.get("browser", "browser")
        place = (
            posixpath.join(base, browser)
            if isinstance(base, str) and isinstance(browser, str)
            else None
        )
    elif isinstance(build, dict) and str(build.get("builder", "")).endswith(":application"):
        place = posixpath.join(place if isinstance(place, str) else f"dist/{name}", "browser")
    if not isinstance(place, str):
        return Unknown(f"{path} names no outputPath")
    return Known((Output("ng", (under(directory, place),), path, static=True),), path)


def _flag(
    tool: str,
    names: tuple[str, ...],
    default: str | None,
    *,
    static: bool = False,
    stem: str = "",
    keys: tuple[str, ...] = (),
    verbs: tuple[str, ...] = (),
    source: str = "",
) -> Callable[[Tree, str, Command], Written]:
    """A tool whose output is an option, a key of its configuration, or a default."""

    def read(tree: Tree, directory: str, command: Command) -> Written:
        if verbs and (len(command.words) < 2 or command.words[1] not in verbs):  # noqa: PLR2004 - program and verb
            return _nothing_but(command, " or ".join(verbs))
        place = place_of(tree, directory, command, names, stem, keys, default or "")
        if isinstance(place, Unknown):
            return place
        if default is None and place.value == under(directory, ""):
            return Unknown(f"{command.source}: {tool} is not told where to write")
        origin = source or place.source
        return Known((Output(tool, (place.value,), origin, static=static),), origin)

    return read


def _copy(_tree: Tree, directory: str, command: Command) -> Written:
    """Copies name their target last."""
    words = [word for word in command.words[1:] if word is None or not word.startswith("-")]
    if len(words) < 2 or words[-1] is None:  # noqa: PLR2004 - source and target
        return Unknown(f"{command.source}: where {command.program} copies to is not constant")
    return Known(
        (Output(str(command.program), (under(directory, words[-1]),), command.source),),
        command.source,
    )


def _prisma(_tree: Tree, _directory: str, command: Command) -> Written:
    """`prisma generate` writes the client that `NodeProject.prisma` names.

    Migrations write to the database only.
    """
    if "generate" in command.words or "migrate" in command.words or "db" in command.words:
        return Known((), command.source)
    return _nothing_but(command, "generate")


_TOOLS: dict[str, Callable[[Tree, str, Command], Written]] = {
    "tsc": _tsc, "vue-tsc": _tsc, "nest": _nest, "next": _next, "nuxt": _nuxt, "nuxi": _nuxt,
    "vite": _vite, "ng": _angular, "prisma": _prisma, "cp": _copy, "cpx": _copy, "copyfiles": _copy,
    "cpy": _copy, "react-scripts": _flag( "react-scripts", (), "build", static=True,
    verbs=("build",), source="https://create-react-app.dev/docs/production-build" ),
    "vue-cli-service": _flag( "vue-cli-service", ("--dest",), "dist", static=True,
    stem="vue.config", keys=("outputDir",), verbs=("build",) ), "webpack": _flag("webpack", ("-o",
    "--output-path"), "dist", stem="webpack.config", keys=("output", "path")), "esbuild":
    _flag("esbuild", ("--outdir", "--outfile"), None), "tsup": _flag("tsup", ("-d", "--out-dir"),
    "dist", stem="tsup.config", keys=("outDir",)), "rollup": _flag("rollup", ("-d", "--dir", "-o",
    "--file"), None), "ncc": _flag("ncc", ("-o", "--out"), "dist", verbs=("build",)), "swc":
    _flag("swc", ("-d", "--out-dir"), None), "babel": _flag("babel", ("-d", "--out-dir", "-o",
    "--out-file"), None), "parcel": _flag("parcel", ("--dist-dir", "-d", "--out-dir"), "dist",
    static=True, verbs=("build",)), "remix": _flag("remix", (), "build", verbs=("build",
    "vite:build"), source="https://remix.run/docs/en/main/file-conventions/remix-config"),
    "react-router": _flag("react-router", (), "build", verbs=("build",),
    source="https://reactrouter.com/start/framework/deploying"), "astro": _flag("astro",
    ("--outDir",), "dist", static=True, stem="astro.config", keys=("outDir",), verbs=("build",)),
    "gatsby": _flag("gatsby", (), "public", static=True, verbs=("build",),
    source="https://www.gatsbyjs.com/docs/how-to/previews-deploys-hosting/"), "docusaurus":
    _flag("docusaurus", ("--out-dir",), "build", static=True, verbs=("build",)), "eleventy":
    _flag("eleventy", ("--output",), "_site", static=True), "hexo": _flag("hexo", (), "public",
    static=True, verbs=("generate",)),
}  # fmt: skip
