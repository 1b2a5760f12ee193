"""What a Node.js program needs once it is installed and built."""

from __future__ import annotations

import json

import pytest

from dfix.ecosystems import read_call
from dfix.ecosystems.calls import Call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.node.service import services
from dfix.ecosystems.service import Base, Did, Request, Started
from dfix.ecosystems.tree import MemoryTree

BUILT = ("npm ci", "npm run build")
TSCONFIG = json.dumps({"compilerOptions": {"outDir": "dist", "rootDir": "src"}})


def manifest(**fields):
    return json.dumps({"name": "shop", **fields})


def lock(*packages, version=3):
    """A lock of packages, each a name or a name and its entry."""
    entries = {"": {"name": "shop"}}
    for package in packages:
        name, entry = package if isinstance(package, tuple) else (package, {})
        entries[f"node_modules/{name}"] = {"version": "1.0.0", **entry}
    return json.dumps({"lockfileVersion": version, "packages": entries})


PLAIN = {
    "package.json": manifest(dependencies={"express": "^4"}, scripts={"start": "node index.js"}),
    "package-lock.json": lock("express"),
    "index.js": "const express = require('express');\n",
}
TYPED = {
    "package.json": manifest(
        dependencies={"express": "^4"}, devDependencies={"typescript": "^5"},
        scripts={"build": "tsc", "start": "node dist/index.js"},
    ),
    "package-lock.json": lock("express", ("typescript", {"dev": True})),
    "tsconfig.json": TSCONFIG,
    "src/index.ts": "import express from 'express';\n",
}  # fmt: skip


def ask(
    files, *commands, start="node index.js", pure=(), variant="full", libc="glibc", env=None,
    release=(20,),
):  # fmt: skip
    did = []
    for number, command in enumerate(commands or ("npm ci",), 2):
        call = read_call(command.split())
        assert isinstance(call, Call), command
        did.append(Did(call, "/app", env or {}, f"Dockerfile:{number}"))
    return services(
        Request(
            MemoryTree(files),
            "",
            "/app",
            tuple(did),
            (Started(tuple(start.split()), "/app", "Dockerfile:9"),),
            Base("node", release, libc, variant, ("/usr/local/bin", "/usr/bin", "/bin")),
            pure,
        )
    )


def served(*given, **named):
    found = ask(*given, **named)
    assert isinstance(found, Known), found
    return found.value


def slugs(*given, **named):
    return [each.slug for each in served(*given, **named).obstacles]


def paths(service):
    return sorted(live.path for live in service.live)


def test_sources_that_run_as_they_are_make_the_whole_folder_live():
    service = served(PLAIN)
    assert service.whole == "its sources run as they are"
    assert service.shape == "node: node_modules + sources"
    assert service.interpreter == "node"
    assert service.obstacles == ()


def test_what_a_build_writes_is_live_with_the_manifest_and_node_modules():
    service = served(TYPED, *BUILT, start="node dist/index.js")
    assert service.whole == ""
    assert paths(service) == ["/app/dist", "/app/node_modules", "/app/package.json"]
    assert service.shape == "node: node_modules + output"


def test_files_that_the_sources_open_are_live_and_folders_in_which_they_write():
    source = (
        "import fs from 'fs';\nfs.readFileSync('data/a.json');\nfs.writeFileSync('log/x', 'y');\n"
    )
    files = {
        **TYPED,
        "src/index.ts": source,
        "data/a.json": "",
        "log/.gitkeep": "",
        "README.md": "",
    }
    service = served(files, *BUILT, start="node dist/index.js")
    assert paths(service) == [
        "/app/data/a.json", "/app/dist", "/app/log", "/app/node_modules", "/app/package.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"src/index.ts": "import fs from 'fs';\nfs.readFileSync(name);\n"}, "node dist/index.js"),
        ({"server.js": ""}, "node server.js"),
        (
            {"package.json": manifest(dependencies={"a": "file:./a"}, scripts={"build": "tsc"})},
            "node dist/index.js",
        ),
        (
            {
                "package.json": manifest(workspaces=["libs/*"], scripts={"build": "tsc"}),
                "libs/a/package.json": manifest(),
            },
            "node dist/index.js",
        ),
        (
            {"package.json": manifest(scripts={"build": "./build.sh"})},
            "node dist/index.js",
        ),
    ],
)
def test_the_whole_folder_is_live_where_single_files_cannot_be_told(changes, start):
    service = served({**TYPED, **changes}, *BUILT, start=start)
    assert service.whole
    assert service.live == ()


def test_development_dependencies_are_omitted_where_nothing_needs_them():
    service = served(TYPED, *BUILT, start="node dist/index.js")
    assert service.omit == ("npm", "prune", "--omit=dev")
    assert "typescript" in service.omit_because


def test_npm_6_has_another_word_for_it():
    service = served(TYPED, *BUILT, start="node dist/index.js", release=(14,))
    assert service.omit == ("npm", "prune", "--production")


@pytest.mark.parametrize(
    ("changes", "commands", "start"),
    [
        ({}, ("npm ci --omit=dev", "npm run build"), "node dist/index.js"),
        ({}, (*BUILT, "npm prune --production"), "node dist/index.js"),
        ({}, BUILT, "npx tsc"),
        ({"src/index.ts": "import ts from 'typescript';\n"}, BUILT, "node dist/index.js"),
    ],
)
def test_development_dependencies_stay_where_something_may_need_them(changes, commands, start):
    assert served({**TYPED, **changes}, *commands, start=start).omit == ()


def test_development_dependencies_are_left_out_of_an_installation_for_production():
    service = served(TYPED, *BUILT, start="node dist/index.js", env={"NODE_ENV": "production"})
    assert service.omit == ()


@pytest.mark.parametrize(
    "start",
    ["npm start", "npm run start", "npx nodemon index.js", "yarn start", "node index.js"],
)
def test_scripts_and_tools_are_its(start):
    files = {**PLAIN, "package.json": manifest(
        dependencies={"express": "1"}, devDependencies={"nodemon": "1"}, scripts={"start": "node index.js"},
    )}  # fmt: skip
    service = served(files, start=start)
    assert len(service.claimed) == 1


@pytest.mark.parametrize("start", ["python app.py", "./server"])
def test_other_programs_are_not(start):
    assert isinstance(ask(PLAIN, start=start), Unknown)


def test_npm_starts_by_a_shell():
    assert served(PLAIN, start="npm start").shell == "Dockerfile:9"
    assert served(PLAIN).shell is None


@pytest.mark.parametrize(
    "script",
    ["nodemon index.js", "vite", "next dev", "nest start --watch", "react-scripts start", "node --watch index.js"],
)  # fmt: skip
def test_a_development_server_is_an_obstacle(script):
    files = {**PLAIN, "package.json": manifest(
        dependencies={"vite": "1", "next": "1", "@nestjs/cli": "1", "react-scripts": "1", "nodemon": "1"},
        scripts={"start": script},
    )}  # fmt: skip
    assert "development-server" in slugs(files, start="npm start", variant="slim")


def test_a_script_that_is_missing_is_unknown():
    assert isinstance(ask(PLAIN, start="npm run no-such-script"), Unknown)


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        (("express",), []),
        ((("bcrypt", {"hasInstallScript": True}),), []),
        ((("no-such-thing", {"hasInstallScript": True}),), ["unknown-package"]),
        ((("no-such-thing", {"hasInstallScript": True, "dev": True}),), []),
        ((("node-sass", {"hasInstallScript": True}),), ["unknown-package"]),
        ((("puppeteer", {"hasInstallScript": True}),), ["needs-browser"]),
        ((("mongodb-memory-server", {"hasInstallScript": True}),), ["unknown-package"]),
    ],
)
def test_packages_with_install_scripts_must_be_known(packages, expected):
    assert slugs({**PLAIN, "package-lock.json": lock("express", *packages)}) == expected


def test_the_user_may_vouch_for_a_package():
    files = {**PLAIN, "package-lock.json": lock(("no-such-thing", {"hasInstallScript": True}))}
    (obstacle,) = served(files).obstacles
    assert obstacle.setting == '[tool.dfix.split] pure = ["no-such-thing"]'
    assert slugs(files, pure=("no-such-thing",)) == []


def test_without_a_lock_nothing_tells_about_install_scripts():
    files = {name: text for name, text in PLAIN.items() if name != "package-lock.json"}
    assert slugs(files, "npm install") == ["unknown-package"]
    assert slugs(files, "npm install", variant="slim") == []
    assert slugs(files, "npm install", pure=("express",)) == []


def test_a_slim_image_has_nothing_that_its_own_steps_do_not_install():
    files = {**PLAIN, "package-lock.json": lock(("node-sass", {"hasInstallScript": True}))}
    assert slugs(files, variant="slim") == []


def test_libraries_and_programs_of_packages_are_needed_where_the_full_image_had_them():
    files = {**PLAIN, "package-lock.json": lock("prisma", "fluent-ffmpeg", "pg-native")}
    service = served(files)
    assert [name for name, _ in service.libraries] == ["libssl3", "libpq5"]
    assert [name for name, _ in service.programs] == ["openssl", "ffmpeg"]
    assert served(files, variant="slim").libraries == ()


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("require('child_process').spawn(name);\n", "unknown-process"),
        ("broken (\n", "unknown-sources"),
    ],
)
def test_what_sources_do_can_be_an_obstacle(source, slug):
    assert slugs({**PLAIN, "index.js": source}) == [slug]


def test_facts_of_the_sources():
    source = "const cp = require('child_process');\ncp.execFile('git');\ncp.exec('ls');\nprocess.env.TOKEN;\n"
    service = served({**PLAIN, "index.js": source})
    assert [name for name, _ in service.programs] == ["git", "ls"]
    assert service.shell == "index.js:3"
    assert service.env_read == ("TOKEN",)


def test_a_tool_that_was_installed_for_the_machine_is_installed_again():
    service = served(PLAIN, "npm ci", "npm install -g pm2@5", start="pm2-runtime index.js")
    assert service.reinstall == ("pm2@5",)


def test_prisma_s_schema_is_live():
    files = {
        **TYPED,
        "prisma/schema.prisma": "generator client {\n  provider = 'prisma-client-js'\n}\n",
    }
    assert "/app/prisma" in paths(served(files, *BUILT, start="node dist/index.js"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"src/index.ts": "import 'typescript';\n"}, "src/index.ts"),
        ({"src/index.ts": "require(process.env.X);\n"}, "not constant"),
    ],
)
def test_a_reason_is_told_where_development_dependencies_may_be_needed(changes, why):
    service = served({**TYPED, **changes}, *BUILT, start="node dist/index.js")
    assert service.omit == ()
    assert why in service.omit_because


def test_no_reason_is_told_where_there_are_none():
    assert served(PLAIN).omit_because == ""


@pytest.mark.parametrize(
    ("entry", "compiles"),
    [
        ({}, ()),
        ({"hasInstallScript": True}, ("bcrypt",)),  # a prebuilt binary that a script fetches
    ],
)
def test_what_an_install_may_compile(entry, compiles):
    files = {
        "package.json": manifest(dependencies={"bcrypt": "^5"}),
        "package-lock.json": lock(("bcrypt", entry)),
        "index.js": "",
    }
    assert tuple(name for name, _ in served(files).compiles) == compiles


def test_a_development_package_counts_only_where_it_is_installed():
    files = {
        "package.json": manifest(devDependencies={"addon": "^5"}),
        "package-lock.json": lock(("addon", {"hasInstallScript": True, "dev": True})),
        "index.js": "",
    }
    assert [name for name, _ in served(files).compiles] == ["addon"]
    assert served(files, "npm ci --omit=dev").compiles == ()
