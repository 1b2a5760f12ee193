"""Run-time facts of Node.js projects."""

from __future__ import annotations

import json

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.node import graph, locks, outputs, purity, runtime
from dfix.ecosystems.node.jsonc import parse_object
from dfix.ecosystems.node.scripts import commands_of, expand
from dfix.ecosystems.node.tsconfig import read_config
from dfix.ecosystems.runtime import Anchor, Mode, NeedKind, PurityKind
from dfix.ecosystems.tree import MemoryTree


def _tree(files, **manifest):
    return MemoryTree({"package.json": json.dumps({"name": "shop", **manifest}), **files})


def _project(tree, directory="."):
    found = runtime.project(tree, directory)
    assert isinstance(found, Known), found
    return found.value


def _run(files, entry=None, **manifest):
    tree = _tree(files, **manifest)
    found = graph.runs(tree, _project(tree), entry)
    assert isinstance(found, Known), found
    return found.value


def _facts(source, name="server.js", **more):
    return _run({name: source, **more}, name).facts


def _words(fact):
    assert isinstance(fact, Known), fact
    return [" ".join(word if word is not None else "?" for word in c.words) for c in fact.value]


def test_comments_and_trailing_commas_are_read():
    text = '{ // why\n "a": "http://x", /* b */ "c": [1, 2,],\n}'
    assert parse_object(text, "tsconfig.json") == Known(
        {"a": "http://x", "c": [1, 2]}, "tsconfig.json"
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"a": }'])
def test_what_is_no_object_is_unknown(text):
    assert isinstance(parse_object(text, "x.json"), Unknown)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("node server.js", ["node server.js"]),
        ("tsc && node dist/main.js", ["tsc", "node dist/main.js"]),
        ("NODE_ENV=production node 'a b.js'", ["node a b.js"]),
        ("node server.js > log 2>&1", ["node server.js"]),
        ("next start -p $PORT", ["next start -p ?"]),
        ("V=$X node a.js", ["node a.js"]),
        ("a; b | c & d", ["a", "b", "c", "d"]),
    ],
)
def test_scripts_are_split_into_commands(text, words):
    assert _words(commands_of(text, "scripts.x")) == words


@pytest.mark.parametrize("text", ["(a)", "echo $(b)", "echo `b`", "if a; then b; fi", "echo 'a"])
def test_scripts_that_use_more_of_the_shell_are_unknown(text):
    assert isinstance(commands_of(text, "scripts.x"), Unknown)


@pytest.mark.parametrize(
    ("scripts", "command", "words"),
    [
        ({"start": "node a.js"}, "npm start", ["node a.js"]),
        ({"start": "node a.js"}, "npm run start -- --port 1", ["node a.js --port 1"]),
        (
            {"start": "node a.js", "prestart": "x", "poststart": "y"},
            "yarn start",
            ["x", "node a.js", "y"],
        ),
        ({"start": "npm run b && node a.js", "b": "tsc"}, "npm start", ["tsc", "node a.js"]),
        ({"start": "cross-env NODE_ENV=production node a.js"}, "pnpm start", ["node a.js"]),
        ({"prod": "node a.js"}, "yarn prod", ["node a.js"]),
        ({"a": "x", "b": "y"}, "npx run-p a b", ["x", "y"]),
        ({"b:1": "x", "b:2": "y"}, "npm-run-all b:*", ["x", "y"]),
        ({}, "npx serve -s build", ["serve -s build"]),
        ({}, "node a.js", ["node a.js"]),
    ],
)
def test_start_commands_are_expanded(scripts, command, words):
    assert _words(expand(scripts, command.split())) == words


def test_npm_start_without_a_script_runs_server_js():
    assert _words(expand({}, ["npm", "start"], has_server=True)) == ["node server.js"]


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        ({}, "npm start"),
        ({"a": "npm run b", "b": "npm run a"}, "npm run a"),
        ({"start": "$(x)"}, "npm start"),
        ({"start": "node a.js"}, "npm --prefix web start"),
        ({"a": "x"}, "run-s a missing"),
        ({"dev": "node a.js"}, "npm dev"),
    ],
)
def test_start_commands_that_cannot_be_expanded_are_unknown(scripts, command):
    assert isinstance(expand(scripts, command.split()), Unknown)


def test_the_environment_before_a_command_is_kept():
    found = expand({"start": "A=1 cross-env B=2 node x.js"}, ["npm", "start"])
    assert isinstance(found, Known)
    assert found.value[0].env == (("A", "1"), ("B", "2"))


@pytest.mark.parametrize(
    ("command", "path", "preloads"),
    [
        ("node server.js", "server.js", ()),
        ("node -r dotenv/config ./src/a.js --flag", "src/a.js", ("dotenv/config",)),
        ("node --max-old-space-size=4096 dist/main", "dist/main", ()),
        ("pm2-runtime start app.js", "app.js", ()),
        ("ts-node -P tsconfig.json src/a.ts", "src/a.ts", ()),
    ],
)
def test_the_entry_of_a_command(command, path, preloads):
    project = _project(_tree({}))
    started = runtime.commands(project, command.split())
    assert isinstance(started, Known)
    entry = runtime.entry_of(project, started.value[0])
    assert isinstance(entry, Known), entry
    assert (entry.value.path, entry.value.preloads) == (path, preloads)


@pytest.mark.parametrize(
    "command", ["next start", "node -e x", "node", "nodemon --exec babel-node a.js"]
)
def test_commands_without_an_entry_are_unknown(command):
    project = _project(_tree({}))
    started = runtime.commands(project, command.split())
    assert isinstance(started, Known)
    assert isinstance(runtime.entry_of(project, started.value[0]), Unknown)


def test_tools_that_a_start_needs_are_traced_to_their_packages():
    project = _project(
        _tree(
            {},
            scripts={"start": "prisma migrate deploy && nest start"},
            dependencies={"prisma": "5"},
            devDependencies={"@nestjs/cli": "10"},
        )
    )
    started = runtime.commands(project, ["npm", "start"])
    assert isinstance(started, Known)
    tools = runtime.tools_of(project, started.value)
    assert [(t.package, t.declared) for t in tools] == [
        ("prisma", "runtime"),
        ("@nestjs/cli", "development"),
    ]


def test_lifecycle_scripts_of_the_root_are_named():
    project = _project(_tree({}, scripts={"prepare": "husky", "postinstall": "x", "build": "y"}))
    assert project.lifecycle == ("postinstall", "prepare")


def test_one_lockfile_names_the_manager_and_several_do_not():
    assert _project(_tree({"yarn.lock": ""})).manager == "yarn"
    assert _project(_tree({"yarn.lock": "", "package-lock.json": "{}"})).manager is None


def test_workspaces_are_resolved_with_patterns():
    tree = _tree(
        {
            "packages/a/package.json": '{"name": "@x/a"}',
            "packages/b/package.json": "{}",
            "other/package.json": "{}",
            "packages/node_modules/c/package.json": "{}",
        },
        workspaces=["packages/*", "!packages/b"],
    )
    found = _project(tree).workspaces
    assert isinstance(found, Known)
    assert [(w.directory, w.name) for w in found.value] == [("packages/a", "@x/a")]


def test_pnpm_workspaces_are_resolved():
    tree = _tree(
        {"pnpm-workspace.yaml": "packages:\n  - 'apps/**'\n", "apps/x/y/package.json": "{}"}
    )
    found = _project(tree).workspaces
    assert isinstance(found, Known)
    assert [w.directory for w in found.value] == ["apps/x/y"]


def test_prisma_schema_and_the_place_of_its_client():
    schema = 'generator client {\n  provider = "prisma-client-js"\n  output   = "../generated"\n}\n'
    prisma = _project(_tree({"prisma/schema.prisma": schema})).prisma
    assert prisma is not None
    assert (prisma.schema, prisma.output) == ("prisma/schema.prisma", "generated")


def test_a_missing_or_broken_manifest_is_unknown():
    assert isinstance(runtime.project(MemoryTree({})), Unknown)
    assert isinstance(runtime.project(MemoryTree({"package.json": "{"})), Unknown)


@pytest.mark.parametrize(
    ("source", "path", "anchor"),
    [
        ("const fs = require('fs'); fs.readFileSync('a.txt')", "a.txt", Anchor.WORKDIR),
        ("import { readFile } from 'node:fs/promises'; await readFile('a')", "a", Anchor.WORKDIR),
        ("const { readFileSync: r } = require('fs'); r('a')", "a", Anchor.WORKDIR),
        ("const fs = require('fs').promises; fs.readFile('/etc/a')", "/etc/a", Anchor.ROOT),
        ("import * as fs from 'fs-extra'; fs.readJson(name)", None, Anchor.WORKDIR),
        (
            "const fs = require('fs'), path = require('path'); fs.readdirSync(path.join(__dirname, 'x'))",
            "src/x",
            Anchor.SOURCE,
        ),
        (
            "import fs from 'fs'; fs.readFileSync(new URL('./a', import.meta.url))",
            "src/a",
            Anchor.SOURCE,
        ),
        (
            "const fs = require('fs'); const d = 'data'; fs.readFileSync(`${d}/a`)",
            "data/a",
            Anchor.WORKDIR,
        ),
        (
            "const fs = require('fs'); let d = 'a'; d = 'b'; fs.readFileSync(d)",
            None,
            Anchor.WORKDIR,
        ),
        (
            "const express = require('express'); app.use(express.static('public'))",
            "public",
            Anchor.WORKDIR,
        ),
        (
            "app.get('/', (q, res) => res.sendFile(__dirname + '/index.html'))",
            "src/index.html",
            Anchor.SOURCE,
        ),
        (
            "const path = require('path'); app.set('views', path.resolve('views'))",
            "views",
            Anchor.WORKDIR,
        ),
        ("require('dotenv').config()", ".env", Anchor.WORKDIR),
        ("import 'dotenv/config'", ".env", Anchor.WORKDIR),
        ("require('dotenv').config({ path: '.env.prod' })", ".env.prod", Anchor.WORKDIR),
    ],
)
def test_opened_paths(source, path, anchor):
    uses = [use for use in _facts(source, "src/a.mjs").opens if use.mode is Mode.READ]
    assert [(use.path, use.anchor) for use in uses] == [(path, anchor)]


def test_files_that_are_created_are_writes():
    (use,) = _facts("require('fs').mkdirSync('uploads')").opens
    assert (use.path, use.mode, use.source) == ("uploads", Mode.WRITE, "server.js:1")


def test_strings_that_name_files_of_the_project_are_mentions():
    facts = _facts("load('templates/a.html')", **{"templates/a.html": ""})
    assert [(use.path, use.mode) for use in facts.opens] == [("templates/a.html", Mode.MENTION)]


@pytest.mark.parametrize(
    ("source", "program", "shell"),
    [
        ("const { exec } = require('child_process'); exec('git log')", "git", True),
        ("import { spawn } from 'node:child_process'; spawn('ffmpeg', ['-i'])", "ffmpeg", False),
        ("import { spawn } from 'child_process'; spawn(x, [], { shell: true })", None, True),
        ("import { execa } from 'execa'; execa('convert')", "convert", False),
        ("const { Worker } = require('worker_threads'); new Worker('./w.js')", "node", False),
    ],
)
def test_processes(source, program, shell):
    (start,) = _facts(source, "a.mjs").starts
    assert (start.program, start.shell) == (program, shell)


def test_environment_names():
    facts = _facts(
        "const { A, B: b } = process.env; process.env.C; process.env['D']; process.env[x]; f(process.env)"
    )
    assert {use.name for use in facts.env} == {"A", "B", "C", "D", None}


@pytest.mark.parametrize(
    ("source", "port"),
    [
        ("app.listen(3000)", 3000),
        ("app.listen(process.env.PORT || 8080)", 8080),
        ("const port = Number(process.env.PORT ?? 5000); app.listen(port, () => {})", 5000),
        ("fastify.listen({ port: 4000, host: '0.0.0.0' })", 4000),
        ("app.listen(config.port)", None),
    ],
)
def test_ports(source, port):
    assert [use.port for use in _facts(source).ports] == [port]


def test_a_browser_is_a_need():
    facts = _facts("const p = require('puppeteer')")
    assert [need.detail for need in facts.needing(NeedKind.BROWSER)] == ["puppeteer"]


def test_imports_are_followed_from_the_entry_and_others_are_left_out():
    run = _run(
        {
            "server.js": "require('./lib'); require('express')",
            "lib/index.js": "import('./x.js')",
            "lib/x.js": "",
            "scripts/seed.js": "require('faker')",
        },
        "server.js",
        dependencies={"express": "4"},
        devDependencies={"faker": "5"},
    )
    assert run.followed
    assert run.sources == ("lib/index.js", "lib/x.js", "server.js")
    assert [(i.package, i.declared) for i in run.imports] == [("express", "runtime")]


def test_a_build_output_is_traced_to_its_typescript_source():
    run = _run(
        {
            "src/main.ts": "import { a } from '@/a';\nimport type { T } from 'typings';",
            "src/a.ts": "import 'fs';",
            "src/other.ts": "import 'dev';",
            "tsconfig.json": '{"compilerOptions": {"outDir": "dist", "rootDir": "src", "paths": {"@/*": ["./src/*"]}}}',
        },
        "dist/main.js",
    )
    assert run.sources == ("src/a.ts", "src/main.ts")
    assert [(i.package, i.declared) for i in run.imports] == [("fs", "builtin")]


def test_an_import_that_is_not_constant_makes_all_sources_count():
    run = _run(
        {
            "server.js": "require('./models/' + name)",
            "models/user.js": "require('mongoose')",
            "test/a.js": "broken (",
            "webpack.config.js": "broken (",
            "a.test.js": "broken (",
        },
        "server.js",
        devDependencies={"mongoose": "8"},
    )
    assert not run.followed
    assert run.dynamic == ("server.js:1",)
    assert [i.package for i in run.development()] == ["mongoose"]


def test_an_entry_without_an_ending_is_read():
    run = _run({"bin/www": "#!/usr/bin/env node\nrequire('../app')", "app.js": ""}, "bin/www")
    assert run.sources == ("app.js", "bin/www")


def test_a_source_that_does_not_parse_is_unknown():
    tree = _tree({"server.js": "function ("})
    assert graph.runs(tree, _project(tree), "server.js") == Unknown("server.js does not parse")


def test_sources_of_other_packages_in_the_tree_are_left_out():
    run = _run({"a.js": "", "packages/x/package.json": "{}", "packages/x/b.js": "broken ("})
    assert run.sources == ("a.js",)


TS = '{"extends": "./base.json", "compilerOptions": {}}'


@pytest.mark.parametrize(
    ("build", "files", "paths"),
    [
        ("tsc", {"tsconfig.json": TS, "base.json": '{"compilerOptions": {"outDir": "lib"}}'}, ["lib"]),
        ("tsc --outDir out", {"tsconfig.json": "{}"}, ["out"]),
        ("tsc --noEmit && vite build", {}, ["dist"]),
        ("tsc -b && vite build",
         {"tsconfig.json": '{"files": [], "references": [{"path": "./app.json"}]}', "app.json": '{"compilerOptions": {"noEmit": true}}'},
         ["dist"]),
        ("nest build", {"nest-cli.json": "{}", "tsconfig.build.json": '{"extends": "./tsconfig.json"}',
                        "tsconfig.json": '{"compilerOptions": {"outDir": "./dist"}}'}, ["dist"]),
        ("next build", {"next.config.js": "module.exports = {}"}, [".next"]),
        ("next build", {"next.config.mjs": "export default { output: 'standalone' }"}, [".next/standalone", ".next/static"]),
        ("next build", {"next.config.ts": "export default { output: 'export' }"}, ["out"]),
        ("nuxt build", {}, [".output"]),
        ("vite build", {"vite.config.ts": "export default defineConfig({ build: { outDir: 'build' } })"}, ["build"]),
        ("vite build --outDir=www", {}, ["www"]),
        ("react-scripts build", {}, ["build"]),
        ("vue-cli-service build", {"vue.config.js": "module.exports = { outputDir: 'public' }"}, ["public"]),
        ("webpack", {"webpack.config.js": "module.exports = { output: { path: path.resolve(__dirname, 'bundle') } }"}, ["bundle"]),
        ("ng build", {"angular.json": '{"projects": {"shop": {"architect": {"build": {"options": {"outputPath": "dist/shop"}}}}}}'}, ["dist/shop"]),
        ("ng build", {"angular.json": '{"projects": {"shop": {"architect": {"build": {"builder": "@angular/build:application", "options": {}}}}}}'}, ["dist/shop/browser"]),
        ("esbuild a.js --bundle --outfile=out/a.js", {}, ["out/a.js"]),
        ("babel src -d dist && copyfiles -u 1 src/*.html dist", {}, ["dist", "dist"]),
        ("rimraf dist && eslint .", {}, []),
    ],
)  # fmt: skip
def test_build_outputs(build, files, paths):
    tree = _tree(files, scripts={"build": build})
    started = runtime.commands(_project(tree), ["npm", "run", "build"])
    assert isinstance(started, Known)
    found = outputs.outputs(tree, ".", started.value)
    assert isinstance(found, Known), found
    assert [path for output in found.value for path in output.paths] == paths


@pytest.mark.parametrize(
    ("build", "files"),
    [
        ("tsc", {"tsconfig.json": "{}"}),
        ("tsc", {}),
        ("gulp build", {}),
        ("node build.js", {}),
        ("next build", {"next.config.js": "module.exports = { output: process.env.X }"}),
        ("vite build", {"vite.config.js": "export default { build: { outDir: dir } }"}),
        ("vite build", {"vite.config.js": "export default { root: 'client' }"}),
        ("webpack", {"webpack.config.js": "function ("}),
        ("nest build", {"nest-cli.json": '{"monorepo": true}'}),
        ("ng build", {"angular.json": '{"projects": {"a": {}, "b": {}}}'}),
        ("esbuild a.js", {}),
    ],
)
def test_build_outputs_that_cannot_be_known(build, files):
    tree = _tree(files, scripts={"build": build})
    started = runtime.commands(_project(tree), ["npm", "run", "build"])
    assert isinstance(started, Known)
    assert isinstance(outputs.outputs(tree, ".", started.value), Unknown)


def test_a_tsconfig_that_extends_itself_is_unknown():
    assert isinstance(
        read_config(
            MemoryTree({"tsconfig.json": '{"extends": "./tsconfig.json"}'}), "tsconfig.json"
        ),
        Unknown,
    )


def _lock(packages, version=3):
    return json.dumps({"lockfileVersion": version, "packages": {"": {}, **packages}})


def test_install_scripts_are_read_from_package_lock():
    tree = _tree({"package-lock.json": _lock({
        "node_modules/bcrypt": {"version": "5.1.0", "hasInstallScript": True},
        "node_modules/a/node_modules/@x/b": {"version": "1.0.0", "dev": True},
    })})  # fmt: skip
    found = locks.locked(tree)
    assert isinstance(found, Known)
    assert [(p.name, p.scripts, p.development) for p in found.value] == [
        ("bcrypt", True, False),
        ("@x/b", False, True),
    ]


def test_lockfiles_that_do_not_tell_about_scripts_are_unknown():
    first = json.dumps({"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0"}}})
    yarn = '# yarn\n\n"@x/a@^1.0.0", "@x/a@^1.1.0":\n  version "1.1.0"\n\nb@npm:^2.0.0:\n  version: 2.0.0\n'
    for files in (
        {"package-lock.json": first},
        {"yarn.lock": yarn},
        {},
        {"yarn.lock": yarn, "package-lock.json": first},
    ):
        assert isinstance(locks.install_scripts(_tree(files)), Unknown)


def test_names_are_read_from_yarn_and_pnpm():
    yarn = '# yarn\n\n"@x/a@^1.0.0", "@x/a@^1.1.0":\n  version "1.1.0"\n\nb@^2.0.0:\n  version "2.0.0"\n'
    pnpm = (
        "lockfileVersion: '6.0'\n\npackages:\n\n  /@x/a@1.1.0(react@18.0.0):\n    resolution: {}\n    requiresBuild: true\n"
        "    dev: false\n\n  /b@2.0.0:\n    resolution: {}\n    dev: true\n"
    )
    for text, name in ((yarn, "yarn.lock"), (pnpm, "pnpm-lock.yaml")):
        found = locks.locked(_tree({name: text}))
        assert isinstance(found, Known)
        assert [(p.name, p.version) for p in found.value] == [("@x/a", "1.1.0"), ("b", "2.0.0")]
    found = locks.install_scripts(_tree({"pnpm-lock.yaml": pnpm}))
    assert isinstance(found, Known)
    assert [p.name for p in found.value] == ["@x/a"]


def test_packages_are_judged_by_the_table_and_the_lockfile():
    tree = _tree({"package-lock.json": _lock({
        "node_modules/express": {}, "node_modules/prisma": {"hasInstallScript": True},
        "node_modules/@img/sharp-linux-x64": {"os": ["linux"], "cpu": ["x64"]},
        "node_modules/odd": {"hasInstallScript": True, "dev": True},
    })})  # fmt: skip
    found = purity.purities(tree)
    assert isinstance(found, Known)
    assert {p.name: p.kind for p in found.value} == {
        "express": PurityKind.PURE, "prisma": PurityKind.LIBRARIES, "@img/sharp-linux-x64": PurityKind.BUNDLED,
    }  # fmt: skip


def test_an_install_script_that_the_table_does_not_know_is_unknown():
    found = purity.purities(
        _tree({"package-lock.json": _lock({"node_modules/odd": {"hasInstallScript": True}})})
    )
    assert isinstance(found, Unknown)
    assert found.why.startswith("odd runs an install script")


def test_a_package_of_the_table():
    found = purity.purity("prisma")
    assert isinstance(found, Known)
    assert found.value.libraries == ("libssl3",)
    assert isinstance(purity.purity("left-pad"), Unknown)
