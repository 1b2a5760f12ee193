"""All that an npm install reads, or the reason why that cannot be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import MemoryTree

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Inputs


def inputs(files: dict[str, Any], *words: str, directory: str = "", **more: Any) -> Fact[Inputs]:
    call = read_call(("npm", *(words or ("ci",))))
    assert call is not None
    texts = {
        path: content if isinstance(content, str) else json.dumps(content)
        for path, content in files.items()
    }
    return ecosystem_of("npm").inputs(call, MemoryTree(texts), directory, **more)


def known(files: dict[str, Any], *words: str, **more: Any) -> Inputs:
    found = inputs(files, *words, **more)
    assert isinstance(found, Known), found
    return found.value


A = {"dependencies": {"a": "^1"}}


def test_manifest_lock_and_settings_in_this_order() -> None:
    found = known(
        {".npmrc": "x=y\n", "package-lock.json": "{}", "package.json": A, "src/index.js": ""}
    )
    assert found.files == ("package.json", "package-lock.json", ".npmrc")
    assert found.lock == "package-lock.json"
    assert found.outputs == ("node_modules",)
    assert found.dependencies
    assert found.enforced
    assert set(found.reasons) == set(found.files)


def test_an_install_without_ci_enforces_nothing() -> None:
    assert not known({"package.json": A}, "install").enforced


def test_a_manifest_without_dependencies() -> None:
    assert not known({"package.json": {"name": "x"}}).dependencies


def test_a_shrinkwrap_wins_over_the_lock() -> None:
    found = known({"package.json": A, "package-lock.json": "{}", "npm-shrinkwrap.json": "{}"})
    assert found.files == ("package.json", "npm-shrinkwrap.json")


def test_each_workspace_brings_its_manifest() -> None:
    files = {
        "package.json": {"workspaces": ["packages/*", "!packages/old"]},
        "packages/a/package.json": A,
        "packages/b/package.json": {"bin": "cli.js"},
        "packages/b/cli.js": "",
        "packages/old/package.json": A,
        "tools/package.json": A,
    }
    found = known(files)
    assert found.files == (
        "package.json",
        "packages/a/package.json",
        "packages/b/package.json",
        "packages/b/cli.js",
    )
    assert found.outputs == ("node_modules", "packages/a/node_modules", "packages/b/node_modules")


def test_a_folder_below_is_followed() -> None:
    assert known({"web/package.json": A}, directory="web").files == ("web/package.json",)
    assert known({"web/package.json": A}, "ci", "--prefix", "web").files == ("web/package.json",)
    assert known({"web/package.json": A}, "ci", "--prefix", "/app/web", workdir="/app").files == (
        "web/package.json",
    )


def test_patch_package_reads_its_patches() -> None:
    files = {
        "package.json": {**A, "scripts": {"postinstall": "patch-package"}},
        "patches/a+1.patch": "",
        "other/b.patch": "",
    }
    assert known(files).files == ("package.json", "patches/a+1.patch")
    files["package.json"] = {"scripts": {"postinstall": "npx patch-package --patch-dir other"}}
    assert known(files).files == ("package.json", "other/b.patch")


SCHEMA = 'generator client {\n  provider = "prisma-client-js"\n}\n'


def test_prisma_reads_its_schema() -> None:
    files = {
        "package.json": {**A, "scripts": {"postinstall": "prisma generate"}},
        "prisma/schema.prisma": SCHEMA,
        ".env": "X=1",
    }
    assert known(files).files == ("package.json", "prisma/schema.prisma", ".env")
    files["package.json"] = {"dependencies": {"@prisma/client": "5"}}
    assert "prisma/schema.prisma" in known(files).files
    assert "prisma/schema.prisma" not in known(files, "ci", "--ignore-scripts").files


def test_where_prisma_writes_is_an_output() -> None:
    schema = SCHEMA.replace("}", '  output = "../src/generated"\n}')
    files = {
        "package.json": {"scripts": {"postinstall": "prisma generate"}},
        "prisma/schema.prisma": schema,
    }
    assert known(files).outputs == ("node_modules", "src/generated")


@pytest.mark.parametrize(
    "script",
    [
        "husky",
        "husky install",
        "husky || true",
        "is-ci || husky install",
        "npx only-allow npm",
        "echo done",
        "exit 0",
        "npm run hooks",
    ],
)
def test_scripts_that_read_nothing(script: str) -> None:
    found = known({"package.json": {**A, "scripts": {"prepare": script, "hooks": "husky"}}})
    assert found.files == ("package.json",)
    assert bool(found.differs) is ("husky" in script or "hooks" in script)


def test_a_script_that_installs_another_folder() -> None:
    files = {
        "package.json": {"scripts": {"postinstall": "cd client && npm install"}},
        "client/package.json": A,
        "client/package-lock.json": "{}",
    }
    found = known(files)
    assert found.files == ("package.json", "client/package.json", "client/package-lock.json")
    assert found.outputs == ("node_modules", "client/node_modules")
    assert not found.enforced


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "package.json is missing"),
        ({"package.json": "{"}, "no valid JSON"),
        ({"package.json": {"scripts": {"postinstall": "node scripts/x.js"}}}, "postinstall of package.json runs node"),
        ({"package.json": {"scripts": {"prepare": "npm run build", "build": "tsc"}}}, "prepare of package.json runs tsc"),
        ({"package.json": {"scripts": {"prepare": "if x; then y; fi"}}}, "more of the shell"),
        ({"package.json": {"scripts": {"prepare": "npm install"}}}, "installs the project again"),
        ({"package.json": {"scripts": {"prepare": "cat < x"}}}, "by redirection"),
        ({"package.json": {"scripts": {"postinstall": "prisma generate"}}}, "there is no prisma/schema.prisma"),
        ({"package.json": {"scripts": {"postinstall": "prisma migrate deploy"}}}, "runs prisma"),
        ({"package.json": {"scripts": {"postinstall": "prisma generate"}}, "prisma.config.ts": ""}, "tells prisma where"),
        ({"package.json": {"scripts": {"postinstall": "prisma generate"}}, "prisma/schema.prisma": 'generator x {\n provider = "node ./gen.js"\n}'}, "runs the generator node ./gen.js"),
        ({"package.json": A, "binding.gyp": "{}"}, "compiles the sources"),
        ({"package.json": {"dependencies": {"a": "file:../a"}}}, "outside the build context"),
        ({"package.json": {"dependencies": {"a": "file:lib"}}, "lib/package.json": "{}"}, "installs a from the sources in lib"),
        ({"package.json": {"dependencies": {"a": "file:lib"}}}, "which is not there"),
        ({"package.json": {"workspaces": ["packages/*"]}}, "no folder of package.json's workspaces"),
        ({"package.json": {"workspaces": "x"}}, "no list of patterns"),
        ({"package.json": A, ".npmrc": "cafile=ca.pem\n"}, "names ca.pem"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_has_a_reason(files: dict[str, Any], sentence: str) -> None:
    found = inputs(files)
    assert isinstance(found, Unknown)
    assert sentence in found.why


def test_without_scripts_there_is_nothing_to_follow() -> None:
    files = {"package.json": {**A, "scripts": {"postinstall": "node x.js"}}}
    assert known(files, "ci", "--ignore-scripts").files == ("package.json",)
    assert known({**files, ".npmrc": "ignore-scripts=true\n"}).files == ("package.json", ".npmrc")


def test_a_workspace_is_installed_from_its_root() -> None:
    files = {"package.json": {"workspaces": ["web"]}, "web/package.json": A}
    found = inputs(files, directory="web")
    assert isinstance(found, Unknown)
    assert "web is a workspace of package.json" in found.why


def test_archives_and_patches_that_the_manifest_names() -> None:
    files = {
        "package.json": {
            "dependencies": {"a": "file:vendor/a.tgz"},
            "patchedDependencies": {"b@1": "p/b.patch"},
        },
        "vendor/a.tgz": "",
        "p/b.patch": "",
    }
    assert known(files).files == ("package.json", "vendor/a.tgz", "p/b.patch")


def test_git_and_private_registries_are_named() -> None:
    files = {
        "package.json": {"dependencies": {"a": "github:x/a"}},
        ".npmrc": "@x:registry=https://npm.example.org/\n//npm.example.org/:_authToken=${TOKEN}\n",
    }
    found = known(files)
    assert found.programs == ("git",)
    assert found.hosts == ("npm.example.org",)


def test_yarn_lock_is_read_too() -> None:
    assert known({"package.json": A, "yarn.lock": ""}).files == ("package.json", "yarn.lock")


def test_words_that_are_not_understood_hold_back() -> None:
    found = inputs({"package.json": A}, "ci", "--frobnicate")
    assert isinstance(found, Unknown)
    found = inputs({"package.json": A}, "ci", env={"NPM_CONFIG_USERCONFIG": "/run/npmrc"})
    assert isinstance(found, Unknown)
