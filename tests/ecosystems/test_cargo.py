"""What cargo commands do, and what the files of a Cargo workspace say."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Role
from dfix.ecosystems.cargo.versions import satisfies
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tree import MemoryTree

CARGO = ecosystem_of("cargo")
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def call(line: str) -> Call:
    found = read_call([None if word == "?" else word for word in shlex.split(line)])
    assert found is not None
    assert found.ecosystem == "cargo"
    return found


def manifest(name: str, version: str = "0.1.0", rest: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "{version}"\n{rest}'


def lock(*packages: tuple[str, str, str, list[str]], version: int = 4) -> str:
    rows = [f"version = {version}\n"]
    for name, number, source, wanted in packages:
        origin = f'source = "{source}"\n' if source else ""
        rows.append(
            f'[[package]]\nname = "{name}"\nversion = "{number}"\n{origin}dependencies = {wanted}\n'
        )
    return "\n".join(rows)


def matches(files: dict[str, str], directory: str = "") -> Any:
    return CARGO.lock_matches(MemoryTree(files), directory)


@pytest.mark.parametrize(
    ("line", "verb", "role"),
    [
        ("cargo build --release", "build", Role.BUILD),
        ("cargo +nightly b -r", "b", Role.BUILD),
        ("cargo -v --locked build", "build", Role.BUILD),
        ("cargo auditable build --release", "auditable build", Role.BUILD),
        ("cargo chef cook --recipe-path recipe.json", "chef cook", Role.BUILD),
        ("cargo chef prepare --recipe-path recipe.json", "chef prepare", Role.RUN),
        ("cargo fetch", "fetch", Role.FETCH),
        ("cargo install cargo-chef", "install", Role.ADD),
        ("cargo install --git https://example.org/tool", "install", Role.ADD),
        ("cargo install --path .", "install --path", Role.PROJECT),
        ("cargo install", "install --path", Role.PROJECT),
        ("cargo run -- --release", "run", Role.RUN),
        ("cargo clean", "clean", Role.RUN),
        ("cargo vendor", "vendor", Role.CHANGE),
        ("cargo --version", "", Role.CONFIG),
        ("cargo xtask dist", "xtask", Role.RUN),
        ("rustup target add wasm32-unknown-unknown", "rustup target", Role.RUN),
        ("rustup toolchain install 1.85", "rustup toolchain", Role.ADD),
    ],
)
def test_a_command_is_read(line: str, verb: str, role: Role) -> None:
    found = call(line)
    assert (found.verb, found.role) == (verb, role)


@pytest.mark.parametrize(
    ("line", "locked", "offline"),
    [
        ("cargo build", False, False),
        ("cargo build --locked", True, False),
        ("cargo build --frozen", True, True),
        ("cargo build --offline", False, True),
        ("cargo run -- --locked --offline", False, False),
    ],
)
def test_lock_and_network(line: str, *, locked: bool, offline: bool) -> None:
    found = call(line)
    assert (found.locked, found.offline) == (locked, offline)


def test_variables_beside_known_flags_change_nothing() -> None:
    assert call("cargo build --features ? --bin ?").unknown == ()
    assert call("cargo build ?").unknown != ()
    assert call("cargo build --config ?").unknown != ()


def test_the_home_is_moved_by_its_variable() -> None:
    at = {each.id: each.path for each in CARGO.caches(call("cargo build"), {"CARGO_HOME": "/c"})}
    assert at == {
        "cargo-registry": "/c/registry",
        "cargo-git": "/c/git/db",
        "cargo-target": "target",
    }


def test_named_crates_leave_no_target_and_no_git() -> None:
    assert [each.id for each in CARGO.caches(call("cargo install just"), {})] == ["cargo-registry"]
    with_git = CARGO.caches(call("cargo install --git https://example.org/x"), {})
    assert [each.id for each in with_git] == ["cargo-registry", "cargo-git"]


def test_the_target_folder_is_moved_by_a_flag() -> None:
    found = CARGO.caches(call("cargo build --target-dir /t"), {})
    assert [each.path for each in found if each.id == "cargo-target"] == ["/t"]
    assert not [
        each
        for each in CARGO.caches(call("cargo build --target-dir ?"), {})
        if each.id == "cargo-target"
    ]


WRAPPED = {"RUSTC_WRAPPER": "/usr/local/bin/sccache"}


@pytest.mark.parametrize(
    ("line", "env", "path"),
    [
        ("cargo build", WRAPPED, "~/.cache/sccache"),
        ("cargo install just", WRAPPED, "~/.cache/sccache"),
        ("cargo build", {**WRAPPED, "SCCACHE_DIR": "/s"}, "/s"),
        ("cargo build", {**WRAPPED, "SCCACHE_DIR": None}, None),
        ("cargo build", {**WRAPPED, "SCCACHE_GHA_ENABLED": "on"}, None),
        ("cargo build", {"RUSTC_WRAPPER": "other"}, None),
        ("cargo build", {}, None),
        ("cargo fetch", WRAPPED, None),
    ],
)
def test_a_wrapper_has_a_cache_of_its_own(
    line: str, env: dict[str, str | None], path: str | None
) -> None:
    found = {each.id: each.path for each in CARGO.caches(call(line), env)}
    assert found.get("sccache") == path


def test_what_the_wrapper_only_tells_reads_no_store() -> None:
    assert call("sccache --show-stats").role is Role.CONFIG
    assert call("sccache rustc x.rs").role is Role.RUN


def test_a_build_script_may_read_any_variable() -> None:
    assert CARGO.reads_env(call("cargo build")) == ("*",)


PLAIN = {
    "Cargo.toml": manifest("app", rest='[dependencies]\nserde = "1"\n'),
    "Cargo.lock": lock(("app", "0.1.0", "", ["serde"]), ("serde", "1.0.2", REGISTRY, [])),
    "src/main.rs": "",
}


def test_a_lock_that_fits() -> None:
    assert matches(PLAIN) == Known(value=True, source="Cargo.lock")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"Cargo.toml": manifest("app", rest='[dependencies]\nserde = "2"\n')},
            "does not hold serde 2",
        ),
        ({"Cargo.toml": manifest("app", "0.2.0")}, "does not hold app 0.2.0"),
        ({"Cargo.toml": manifest("app")}, "which Cargo.toml does not ask for"),
        (
            {
                "Cargo.toml": manifest(
                    "app", rest='[dependencies]\nserde = { git = "https://e.org/s" }\n'
                )
            },
            "does not hold serde",
        ),
        (
            {
                "Cargo.lock": lock(
                    ("app", "0.1.0", "", ["serde"]),
                    ("serde", "1.0.2", REGISTRY, []),
                    ("itoa", "1.0.0", REGISTRY, []),
                )
            },
            "which nothing asks for",
        ),
        (
            {"Cargo.lock": lock(("app", "0.1.0", "", ["serde"]))},
            "names serde, which it holds 0 times",
        ),
    ],
)
def test_a_lock_that_does_not(change: dict[str, str], why: str) -> None:
    found = matches({**PLAIN, **change})
    assert isinstance(found, Unknown)
    assert found.slug == "lock-mismatch"
    assert why in found.why


@pytest.mark.parametrize(
    "change",
    [
        {"Cargo.lock": PLAIN["Cargo.lock"].replace("version = 4", "version = 2")},
        {"Cargo.toml": PLAIN["Cargo.toml"] + '[patch.crates-io]\nserde = { path = "serde" }\n'},
        {"Cargo.lock": PLAIN["Cargo.lock"].replace('name = "serde"\n', "")},
    ],
)
def test_what_is_not_compared(change: dict[str, str]) -> None:
    found = matches({**PLAIN, **change})
    assert isinstance(found, Unknown)
    assert found.slug == "unknown-lock"


WORKSPACE = {
    "Cargo.toml": (
        '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n[workspace.package]\nversion = "0.3.0"\n'
        '[workspace.dependencies]\nserde = { version = "1", features = ["derive"] }\nlib = { path = "crates/lib" }\n'
    ),
    "crates/app/Cargo.toml": (
        '[package]\nname = "app"\nversion.workspace = true\n[dependencies]\nserde.workspace = true\n'
        'lib = { workspace = true }\n[target.\'cfg(unix)\'.dev-dependencies]\nold = { package = "libc", version = "0.2" }\n'
    ),
    "crates/app/src/main.rs": "",
    "crates/app/src/bin/tool.rs": "",
    "crates/app/src/bin/other/main.rs": "",
    "crates/lib/Cargo.toml": manifest("lib", "1.0.0"),
    "crates/lib/src/lib.rs": "",
    "crates/old/Cargo.toml": manifest("old"),
    "crates/notes/README.md": "",
    "Cargo.lock": lock(
        ("app", "0.3.0", "", ["lib", "libc", "serde"]),
        ("lib", "1.0.0", "", []),
        ("libc", "0.2.9", REGISTRY, []),
        ("serde", "1.0.2", REGISTRY, []),
    ),
}


@pytest.mark.parametrize("directory", ["", "crates/app", "crates/lib"])
def test_a_workspace_has_one_lock(directory: str) -> None:
    assert matches(WORKSPACE, directory) == Known(value=True, source="Cargo.lock")


def test_an_excluded_package_stands_alone() -> None:
    found = matches(WORKSPACE, "crates/old")
    assert found == Unknown("crates/old/Cargo.lock is missing", "no-lockfile")


def test_a_path_outside_is_not_known() -> None:
    files = {**PLAIN, "Cargo.toml": manifest("app", rest='[dependencies]\nx = { path = "../x" }\n')}
    assert isinstance(matches(files), Unknown)


def test_a_git_source_is_compared_with_its_tag() -> None:
    source = "git+https://e.org/s?tag=v%2F1#0123"
    files = {
        "Cargo.toml": manifest(
            "app", rest='[dependencies]\ns = { git = "https://e.org/s", tag = "v/1" }\n'
        ),
        "Cargo.lock": lock(("app", "0.1.0", "", ["s"]), ("s", "1.0.0", source, [])),
    }
    assert matches(files) == Known(value=True, source="Cargo.lock")
    other = {**files, "Cargo.lock": files["Cargo.lock"].replace("v%2F1", "v%2F2")}
    assert isinstance(matches(other), Unknown)


def test_programs_and_folder_of_a_build() -> None:
    found = CARGO.compiled(call("cargo build --release"), MemoryTree(WORKSPACE), "crates/app")
    assert isinstance(found, Known)
    assert found.value.root == ""
    assert found.value.programs == ("release/app", "release/other", "release/tool")
    cross = CARGO.compiled(
        call("cargo build --profile dist --target x"), MemoryTree(PLAIN), "", env={}
    )
    assert isinstance(cross, Known)
    assert cross.value.programs == ("x/dist/app",)
    debug = CARGO.compiled(call("cargo build"), MemoryTree(PLAIN), "")
    assert isinstance(debug, Known)
    assert debug.value.programs == ("debug/app",)


@pytest.mark.parametrize(
    "line", ["cargo build --profile ?", "cargo build --config x=1", "cargo build --target ?"]
)
def test_a_build_whose_folder_is_not_known(line: str) -> None:
    assert isinstance(CARGO.compiled(call(line), MemoryTree(PLAIN), ""), Unknown)


def stores(files: dict[str, str] | None, line: str = "cargo build") -> list[str]:
    tree = None if files is None else MemoryTree(files)
    found = CARGO.caches_in(call(line), tree, "", {})
    assert isinstance(found, Known)
    return [each.id for each in found.value if each.id != "cargo-target"]


def test_what_is_not_downloaded_needs_no_cache() -> None:
    assert stores(PLAIN) == ["cargo-registry"]
    assert stores({"Cargo.toml": manifest("app"), "src/main.rs": ""}) == []
    config = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n'
    assert stores({**PLAIN, ".cargo/config.toml": config}) == []
    assert stores({}) == ["cargo-registry", "cargo-git"]
    assert stores(None) == ["cargo-registry", "cargo-git"]
    assert stores({"Cargo.toml": manifest("app")}, "cargo install just") == ["cargo-registry"]


@pytest.mark.parametrize(
    ("version", "requirement", "fits"),
    [
        ("1.2.3", "1.2", True), ("2.0.0", "1.2", False), ("0.2.5", "0.2.3", True), ("0.3.0", "0.2.3", False),
        ("0.0.3", "0.0.3", True), ("0.0.4", "0.0.3", False), ("0.0.7", "0.0", True), ("0.1.7", "0.0", False),
        ("0.9.7", "0", True), ("1.0.5", "1.*", True), ("0.5.0", "*", True), ("1.0.0-rc.1", "1.0.0-rc.1", True),
        ("1.0.0-rc.1", "1.0", False), ("1.0.0-rc.2", "1.0.0-rc.1", True), ("1.0.0", "1.0.0-rc.1", True),
        ("1.0.0", "=1.0", True), ("1.2.9", "~1.2.3", True), ("1.3.0", "~1.2.3", False), ("1.9.0", ">=1.2, <2", True),
        ("2.1.0", "<=2", True), ("2.1.0", ">2", False), ("3.0.0", ">2", True), ("1.0.0+sqlite.3", "1", True),
        ("1.0.0", "", True), ("1.0.0", "latest", False),
    ],
)  # fmt: skip
def test_requirements(version: str, requirement: str, *, fits: bool) -> None:
    assert satisfies(version, requirement) is fits
