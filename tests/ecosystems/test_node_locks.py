"""Whether the locks of Yarn, pnpm and Bun hold what the manifests ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.locks import locked
from dfix.ecosystems.node.pnpmlock import production
from dfix.ecosystems.node.purity import quiet
from dfix.ecosystems.node.yarnlock import read_lock
from dfix.ecosystems.tree import MemoryTree

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Locked


def form(line: str, files: dict[str, Any], release: str | None = None) -> Fact[Locked] | None:
    call = read_call(line.split())
    assert call is not None
    texts = {p: c if isinstance(c, str) else json.dumps(c) for p, c in files.items()}
    asked = call._replace(release=release)
    return ecosystem_of(call).locked_form(asked, MemoryTree(texts), "")


def refused(line: str, files: dict[str, Any], release: str | None = None) -> Unknown:
    found = form(line, files, release)
    assert isinstance(found, Unknown), found
    return found


def flag(line: str, files: dict[str, Any], release: str | None = None) -> tuple[str, ...]:
    found = form(line, files, release)
    assert isinstance(found, Known), found
    return found.value.append


CLASSIC = """# yarn lockfile v1


"@a/b@^1.0.0", "@a/b@^1.1.0":
  version "1.2.0"
  dependencies:
    c "^2.0.0"

c@^2.0.0:
  version "2.1.0"
"""
BERRY = """__metadata:
  version: 8
  cacheKey: 10c0

"c@npm:^2.0.0":
  version: 2.1.0
  resolution: "c@npm:2.1.0"
  dependencies:
    resolve: "npm:^1.0.0"
  languageName: node
  linkType: hard

"resolve@npm:^1.0.0":
  version: 1.1.0
  resolution: "resolve@npm:1.1.0"
  languageName: node
  linkType: hard

"resolve@patch:resolve@npm%3A^1.0.0#optional!builtin<compat/resolve>":
  version: 1.1.0
  resolution: "resolve@patch:resolve@npm%3A1.1.0#optional!builtin<compat/resolve>::version=1.1.0&hash=c3c19d"
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    c: "npm:^2.0.0"
  languageName: unknown
  linkType: soft
"""
RC = {".yarnrc.yml": "nodeLinker: node-modules\n"}


def berry(**more: Any) -> dict[str, Any]:
    manifest = {"name": "shop", "packageManager": "yarn@4.9.1", "dependencies": {"c": "^2.0.0"}}
    return {"package.json": {**manifest, **more}, "yarn.lock": BERRY, **RC}


def test_keys_of_both_forms_are_read() -> None:
    classic = read_lock(MemoryTree({"yarn.lock": CLASSIC}), "yarn.lock")
    assert isinstance(classic, Known)
    assert classic.value.version is None
    assert set(classic.value.entries) == {"@a/b@^1.0.0", "@a/b@^1.1.0", "c@^2.0.0"}
    assert classic.value.entries["@a/b@^1.1.0"].table("dependencies") == {"c": "^2.0.0"}
    later = read_lock(MemoryTree({"yarn.lock": BERRY.replace("\n", "\r\n")}), "yarn.lock")
    assert isinstance(later, Known)
    assert later.value.version == 8
    assert later.value.entries["c@npm:^2.0.0"].fields["version"] == "2.1.0"
    conflict = "<<<<<<< HEAD\n" + CLASSIC
    assert isinstance(read_lock(MemoryTree({"yarn.lock": conflict}), "yarn.lock"), Unknown)


def test_a_lock_of_yarn_1() -> None:
    wanted = {"dependencies": {"@a/b": "^1.0.0"}, "devDependencies": {"c": "^2.0.0"}}
    files = {"package.json": wanted, "yarn.lock": CLASSIC}
    assert flag("yarn", files) == ("--frozen-lockfile",)
    assert form("yarn --frozen-lockfile", files) is None
    assert form("yarn add c", files) is None
    later = {**files, "package.json": {"dependencies": {"@a/b": "^1.3.0"}}}
    assert refused("yarn", later).slug == "lock-mismatch"
    wrong = {**files, "yarn.lock": CLASSIC.replace('"2.1.0"', '"1.1.0"')}
    assert "does not satisfy" in refused("yarn", wrong).why
    short = {
        **files,
        "yarn.lock": CLASSIC.partition("c@^2")[0],
        "package.json": {"dependencies": {"@a/b": "^1.0.0"}},
    }
    assert refused("yarn", short).slug == "lock-mismatch"
    forced = {**wrong, "package.json": {**wanted, "resolutions": {"c": "1.1.0"}}}
    assert flag("yarn", forced) == ("--frozen-lockfile",)
    off = {**files, ".yarnrc": "--install.no-lockfile true\n"}
    assert refused("yarn", off).slug == "lock-off"


def test_a_lock_of_berry() -> None:
    assert flag("yarn install", berry()) == ("--immutable",)
    assert refused("yarn", berry(dependencies={"c": "^2.1.0"})).slug == "lock-mismatch"
    assert refused("yarn", berry(dependencies={})).slug == "lock-mismatch"
    assert refused("yarn", berry(peerDependencies={"x": "*"})).slug == "lock-mismatch"
    assert refused("yarn", berry(bin="x.js")).slug == "lock-mismatch"
    assert refused("yarn", berry(name="other")).slug == "lock-mismatch"
    assert refused("yarn", berry(dependencies={"c": "git+https://example.com/c.git"})).slug == ""
    surplus = BERRY + '\n"d@npm:1.0.0":\n  version: 1.0.0\n'
    found = refused("yarn", {**berry(), "yarn.lock": surplus})
    assert "nothing needs d@npm:1.0.0" in found.why


@pytest.mark.parametrize(
    ("release", "slug"),
    [
        ("3.6.4", "lock-too-new"),
        ("4.14.1", "lock-too-old"),
        ("4.13.0", "unknown-manager"),
        ("4", "unknown-manager"),
    ],
)
def test_a_release_of_berry_writes_one_form(release: str, slug: str) -> None:
    assert refused("yarn", berry(packageManager=f"yarn@{release}")).slug == slug


PNPM = """lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

overrides:
  d: 1.0.0

importers:

  .:
    dependencies:
      c:
        specifier: ^2.0.0
        version: 2.1.0(d@1.0.0)

packages:

  '@a/b@1.0.0':
    resolution: {integrity: x}

  c@2.1.0:
    resolution: {integrity: x}

snapshots:

  c@2.1.0(d@1.0.0): {}
"""


def pnpm(manifest: dict[str, Any] | None = None, **files: Any) -> dict[str, Any]:
    own = {"dependencies": {"c": "^2.0.0"}, "pnpm": {"overrides": {"d": "1.0.0"}}}
    return {"package.json": {**own, **(manifest or {})}, "pnpm-lock.yaml": PNPM, **files}


def test_a_lock_of_pnpm() -> None:
    assert flag("pnpm i", pnpm(), "9") == ("--frozen-lockfile",)
    assert flag("pnpm i", pnpm({"packageManager": "pnpm@10.1.0"})) == ("--frozen-lockfile",)
    assert flag("pnpm i", pnpm(), "") == ("--frozen-lockfile",)
    assert refused("pnpm i", pnpm()).slug == "unknown-manager"
    assert refused("pnpm i", pnpm(), "8.15.9").slug == "lock-too-new"
    assert refused("pnpm i", pnpm({"dependencies": {"c": "^2.1.0"}}), "9").slug == "lock-mismatch"
    assert refused("pnpm i", pnpm({"dependencies": {}}), "9").slug == "lock-mismatch"
    assert refused("pnpm i", pnpm({"pnpm": {}}), "9").slug == "lock-mismatch"
    peers = {".npmrc": "auto-install-peers=false\n"}
    assert refused("pnpm i", pnpm(**peers), "9").slug == "lock-mismatch"
    assert refused("pnpm i", pnpm(**{".pnpmfile.cjs": ""}), "9").slug == ""
    patched = {"pnpm": {"overrides": {"d": "1.0.0"}, "patchedDependencies": {"c": "p"}}}
    assert refused("pnpm i", pnpm(patched), "9").slug == ""
    lost = {"pnpm-lock.yaml": PNPM.replace("  c@2.1.0:\n", "  e@2.1.0:\n")}
    assert refused("pnpm i", pnpm(None, **lost), "9").slug == "lock-mismatch"
    assert refused("pnpm i", pnpm({"packageManager": "yarn@4.9.1"})).slug == "unknown-manager"


def test_a_lock_of_pnpm_8() -> None:
    text = (
        "lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n"
        "dependencies:\n  '@a/b':\n    specifier: ^1.0.0\n    version: 1.0.0(d@1.0.0)\n\npackages:\n\n"
        "  /@a/b@1.0.0(d@1.0.0):\n    resolution: {integrity: x}\n    dev: false\n"
    )
    files = {"package.json": {"dependencies": {"@a/b": "^1.0.0"}}, "pnpm-lock.yaml": text}
    assert flag("pnpm i", files, "8.15.9") == ("--frozen-lockfile",)
    assert flag("pnpm i", files, "9") == ("--frozen-lockfile",)
    assert refused("pnpm i", files, "10").slug == "lock-too-old"
    changed = {**files, "package.json": {"dependencies": {"@a/b": "^1.1.0"}}}
    assert refused("pnpm i", changed, "8.15.9").slug == "lock-mismatch"


def test_a_catalog_is_compared() -> None:
    workspace = "packages: []\ncatalog:\n  c: ^2.0.0\noverrides:\n  d: 1.0.0\n"
    text = PNPM.replace("specifier: ^2.0.0", "specifier: 'catalog:'").replace(
        "overrides:",
        "catalogs:\n  default:\n    c:\n      specifier: ^2.0.0\n      version: 2.1.0\n\noverrides:",
    )
    files = {
        "package.json": {"dependencies": {"c": "catalog:"}},
        "pnpm-lock.yaml": text,
        "pnpm-workspace.yaml": workspace,
    }
    found = form("pnpm i", files, "10")
    assert isinstance(found, Known)
    assert found.value.reads == ("package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml")
    changed = {**files, "pnpm-workspace.yaml": workspace.replace("^2.0.0", "^2.1.0")}
    assert refused("pnpm i", changed, "10").slug == "lock-mismatch"


BUN: dict[str, Any] = {
    "lockfileVersion": 1,
    "workspaces": {"": {"name": "shop", "dependencies": {"c": "^2.0.0"}}},
    "packages": {"c": ["c@2.1.0", "", {}, "sha512-x"]},
}


def test_a_lock_of_bun() -> None:
    manifest = {"name": "shop", "dependencies": {"c": "^2.0.0"}}
    files = {"package.json": manifest, "bun.lock": json.dumps(BUN).replace("}}", "},}")}
    assert flag("bun install", files, "1.2.0") == ("--frozen-lockfile",)
    assert flag("bun install", files, "") == ("--frozen-lockfile",)
    assert refused("bun install", files).slug == "unknown-manager"
    assert refused("bun install", files, "1.1.45").slug == "lock-too-new"
    newer = {**files, "bun.lock": json.dumps({**BUN, "lockfileVersion": 2})}
    assert refused("bun install", newer, "1.3.5").slug == "lock-too-new"
    assert flag("bun install", newer, "latest") == ("--frozen-lockfile",)
    changed = {**files, "package.json": {**manifest, "devDependencies": {"d": "1"}}}
    assert refused("bun install", changed, "1.3.5").slug == "lock-mismatch"
    trusted = {**files, "package.json": {**manifest, "trustedDependencies": ["c"]}}
    assert refused("bun install", trusted, "1.3.5").slug == ""
    binary = {"package.json": manifest, "bun.lockb": "x"}
    assert "binary" in refused("bun install", binary, "1.3.5").why


def test_what_is_for_development_is_told_by_the_graph() -> None:
    manifest = json.dumps({"dependencies": {"c": "^2.0.0"}, "devDependencies": {"@a/b": "^1.0.0"}})
    classic = locked(MemoryTree({"package.json": manifest, "yarn.lock": CLASSIC}))
    assert isinstance(classic, Known)
    assert {p.name: p.development for p in classic.value} == {"@a/b": True, "c": False}
    later = locked(MemoryTree({"package.json": manifest, "yarn.lock": BERRY}))
    assert isinstance(later, Known)
    assert {p.name: p.development for p in later.value} == {"c": False, "resolve": False}
    lost = json.dumps({"dependencies": {"gone": "^1.0.0"}})
    unknown = locked(MemoryTree({"package.json": lost, "yarn.lock": CLASSIC}))
    assert isinstance(unknown, Known)
    assert not any(each.development for each in unknown.value)


def test_a_production_install_of_pnpm() -> None:
    text = PNPM.replace(
        "  '@a/b@1.0.0':\n", "  'd@1.0.0':\n    resolution: {}\n\n  '@a/b@1.0.0':\n"
    ).replace(
        "  c@2.1.0(d@1.0.0): {}\n",
        "  '@a/b@1.0.0': {}\n\n  d@1.0.0: {}\n\n  c@2.1.0(d@1.0.0):\n    dependencies:\n      d: 1.0.0\n",
    )
    assert production(text) == {"c@2.1.0", "d@1.0.0"}
    assert production(text.replace("  d@1.0.0: {}\n", "")) is None
    found = locked(MemoryTree({"pnpm-lock.yaml": text, "yarn.lock": CLASSIC}), manager="pnpm")
    assert isinstance(found, Known)
    assert {p.name for p in found.value if p.development} == {"@a/b"}
    alias = text.replace("        version: 2.1.0(d@1.0.0)", "        version: other@3.0.0")
    assert production(alias) is None


def test_a_package_that_was_seen_without_a_script() -> None:
    assert quiet("ms", "2.1.3")
    assert not quiet("ms", "99.0.0")
    assert not quiet("bcrypt", "5.1.0")
    assert not quiet("no-such-package", None)
