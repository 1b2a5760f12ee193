"""What a call of cargo or rustup does, and what a build needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import NOT_LITERAL, read_arguments
from dfix.ecosystems.calls import Cache, CacheKind, Call, Compiled, Fetch, Inputs, Locked, Role
from dfix.ecosystems.ecosystem import Ecosystem, where_moved
from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.arguments import Arguments
    from dfix.ecosystems.tree import Tree

LOCKED_RULE = "https://doc.rust-lang.org/cargo/commands/cargo-build.html#manifest-options"
CHEF = "https://github.com/LukeMathWalker/cargo-chef"
PROFILE_FOLDERS = {"dev": "debug", "test": "debug", "bench": "release"}
"""Built-in profiles whose folder has another name: doc.rust-lang.org/cargo/reference/build-cache.html."""

_GROUPS = frozenset({"chef", "auditable"})
_RESOLVES = frozenset(
    {"build", "b", "rustc", "zigbuild", "auditable build", "fetch", "install --path"}
)
_COMPILES = frozenset({Role.BUILD, Role.PROJECT, Role.ADD, Role.RUN})
_OTHER_PLACE = frozenset({"--lockfile-path", "--config", "-Z", "-C"})


class CargoEcosystem(Ecosystem):
    """Cargo. There is no install step: a build downloads what it lacks, and compiles it with the sources."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a cargo or rustup command does."""
        program = (words[0] or "").rpartition("/")[2]
        if program.startswith("sccache"):
            asks = len(words) > 1 and all((word or "").startswith("-") for word in words[1:])
            role, odd = (Role.CONFIG, ()) if asks else (Role.RUN, ("what sccache runs",))
            return Call("cargo", "sccache", role, tuple(words), unknown=odd)
        # `cargo +nightly build` names a toolchain of rustup
        chosen = len(words) > 1 and (words[1] or "").startswith("+")
        start = 2 if chosen else 1
        own = list(words).index("--") if "--" in words else len(words)
        given = read_arguments(words[:own], start, self.knowledge.flags, letters="joined")
        operands = list(given.rest)
        if not operands:
            return Call("cargo", "", Role.CONFIG, tuple(words), unknown=given.unknown)
        first = operands.pop(0)[1]
        verb = first or ""
        if program.startswith("rustup"):
            verb = f"rustup {verb}"
        elif verb in _GROUPS and operands:
            verb = f"{verb} {operands.pop(0)[1]}"
        command = self.knowledge.commands.get(verb)
        if first is None or command is None:
            named = "a subcommand that is not literal" if first is None else f"cargo {verb}"
            return Call("cargo", verb, Role.RUN, tuple(words), unknown=(named,), reads_store=True)
        if verb == "install" and not given.has("git") and (given.has("path") or not operands):
            verb = "install --path"
            command = self.knowledge.commands[verb]
        role = command.role
        return Call(
            ecosystem="cargo",
            verb=verb,
            role=role,
            words=tuple(words),
            locked=given.has("locked") or given.has("frozen"),
            offline=given.has("offline") or given.has("frozen"),
            everywhere=role is Role.ADD,
            packages=tuple(word for _, word in operands if word) if role is Role.ADD else (),
            # what a subcommand such as nextest adds to the flags of `cargo test` moves no cache
            unknown=() if role is Role.RUN else _unknown(given),
            directory=_directory(given),
            flags=given.pairs,
            outputs=("vendor",) if verb == "vendor" else (),
            reads_store=command.reads_store,
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The downloads and the target folder; an install of named crates compiles in a temporary folder."""
        found = (*super().caches(call, env), *self._wrapped(call, env or {}))
        if call.role is Role.ADD and not any(name == "--git" for name, _ in call.flags):
            found = tuple(cache for cache in found if cache.id != "cargo-git")
        moved = [value for name, value in call.flags if name == "--target-dir"]
        if not moved:
            return found
        return tuple(
            cache._replace(path=moved[-1], moved_by=(), env=None)
            if cache.id == "cargo-target" and moved[-1]
            else cache
            for cache in found
            if cache.id != "cargo-target" or moved[-1]
        )

    def _wrapped(self, call: Call, env: Mapping[str, str | None]) -> tuple[Cache, ...]:
        """Sccache's folder, where a variable makes it the compiler's wrapper and none puts it on a server."""
        extra, command = self.knowledge.extra, self.knowledge.commands.get(call.verb)
        if command is None or not command.caches or command.role not in _COMPILES:
            return ()
        named = [env[name] or "" for name in extra["wrappers"] if name in env]
        if not any(posixpath.basename(name) == "sccache" for name in named):
            return ()
        if any(name in env for name in extra["servers"]):
            return ()
        cache = where_moved(self.knowledge.caches["sccache"], env)
        return () if cache is None else (cache,)

    def reads_env(self, call: Call) -> tuple[str, ...]:
        """Any variable: build scripts and the macro `env!` read what they like."""
        return () if call.role is Role.CONFIG else ("*",)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The same without downloads of a kind that neither lockfile nor manifests name."""
        found = self.caches(call, env)
        if tree is None or call.role is Role.ADD or call.verb == "chef cook":
            return Known(found, self.id)
        from dfix.ecosystems.cargo.workspace import read_workspace  # noqa: PLC0415 - it needs tomllib

        read = read_workspace(tree, posixpath.join(directory, call.directory))
        if isinstance(read, Unknown):
            return Known(found, self.id)
        workspace = read.value
        return Known(
            tuple(
                cache
                for cache in found
                if cache.kind is not CacheKind.STORE
                or (workspace.vendored is None and workspace.downloads(cache.id))
            ),
            read.source,
        )

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """Not the manifests alone: cargo refuses a package that has none of its source files.

        Tried with cargo 1.95: "no targets specified in the manifest" where src is missing, "can't
        find bin" where a target is named without its path.
        """
        del tree, directory, env, workdir
        return Unknown(
            f"cargo {call.verb} reads the manifests and looks for a source file of each target"
        )

    def fetch(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Fetch] | None:
        """None that a build would spare: what takes the time is compiling, which cargo does in the same step."""
        del env
        if call.verb == "chef cook" or call.role not in {Role.BUILD, Role.PROJECT}:
            return None
        from dfix.ecosystems.cargo.workspace import read_workspace  # noqa: PLC0415 - it needs tomllib

        found = read_workspace(tree, posixpath.join(directory, call.directory))
        if isinstance(found, Known) and not any(each.dependencies for each in found.value.packages):
            return None
        return Unknown(
            "cargo compiles the dependencies in the same step as the sources; cargo-chef gives them a step of"
            " their own"
        )

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Do names, versions and sources of Cargo.lock satisfy the manifests?"""
        from dfix.ecosystems.cargo.lockfile import compare  # noqa: PLC0415 - it needs tomllib
        from dfix.ecosystems.cargo.workspace import read_workspace  # noqa: PLC0415 - the same

        found = read_workspace(tree, directory)
        if isinstance(found, Unknown):
            return found
        if found.value.lock is None:
            return Unknown(f"{found.value.lock_path} is missing", "no-lockfile")
        return compare(found.value)

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """The call with `--locked`, where the lock fits the manifests of the workspace."""
        del runtime
        if call.verb not in _RESOLVES or call.locked:
            return None
        if call.unknown:
            return Unknown(f"cargo {call.verb} has {call.unknown[0]}, which is not understood")
        odd = next((name for name, _ in call.flags if name in _OTHER_PLACE), None)
        if odd is not None:
            return Unknown(f"{odd} may name another lockfile or other sources")
        from dfix.ecosystems.cargo.lockfile import compare  # noqa: PLC0415 - it needs tomllib
        from dfix.ecosystems.cargo.workspace import read_workspace  # noqa: PLC0415 - the same

        found = read_workspace(tree, posixpath.join(directory, call.directory))
        if isinstance(found, Unknown):
            return found
        workspace = found.value
        if workspace.lock is None:
            return Unknown(f"{workspace.lock_path} is missing", "no-lockfile")
        fits = compare(workspace)
        if isinstance(fits, Unknown):
            return fits
        manifests = tuple(
            dict.fromkeys((workspace.manifest, *(p.manifest for p in workspace.packages)))
        )
        because = f"{workspace.lock_path} holds what {manifests[0]} asks for"
        verb = list(call.words).index(call.verb.split()[-1]) if "--" in call.words else None
        return Known(
            Locked(
                replace={} if verb is None else {verb: f"{call.words[verb]} --locked"},
                append=("--locked",) if verb is None else (),
                because=because,
                source=LOCKED_RULE,
                reads=(*manifests, workspace.lock_path),
            ),
            workspace.lock_path,
        )

    def compiled(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Compiled]:
        """The programs that a build leaves in the target folder of its workspace."""
        from dfix.ecosystems.cargo.workspace import read_workspace  # noqa: PLC0415 - it needs tomllib

        if call.unknown:
            return Unknown(f"cargo {call.verb} has {call.unknown[0]}, which is not understood")
        if any(name in _OTHER_PLACE for name, _ in call.flags):
            return Unknown("its configuration may put the target folder elsewhere")
        found = read_workspace(tree, posixpath.join(directory, call.directory))
        if isinstance(found, Unknown):
            return found
        if found.value.target_dir is not None:
            return Unknown(f"{found.value.target_dir} puts the target folder elsewhere")
        values: dict[str, str | None] = dict(call.flags)
        profile = values.get("--profile", "release" if "--release" in values else "dev")
        triple = values.get("--target", (env or {}).get("CARGO_BUILD_TARGET", ""))
        if profile is None or triple is None:
            return Unknown("its profile or its target is not literal")
        folder = posixpath.join(triple, PROFILE_FOLDERS.get(profile, profile))
        return Known(
            Compiled(
                root=found.value.root,
                project=found.value.name,
                programs=tuple(posixpath.join(folder, name) for name in found.value.programs),
                # Tried with cargo 1.95: it links what is missing again from target/release/deps.
                restores=True,
            ),
            found.source,
        )


def _unknown(given: Arguments) -> tuple[str, ...]:
    """What was not understood; which features, package or program a variable names changes nothing here."""
    found = list(given.unknown)
    for each in given.flags:
        if (
            each.rule.takes == "value"
            and each.value is None
            and not each.rule.effect
            and NOT_LITERAL in found
        ):
            found.remove(NOT_LITERAL)
    return tuple(found)


def _directory(given: Arguments) -> str:
    """The folder of the manifest, from the working directory; a crate to install is given by its own folder."""
    manifest = next(iter(given.values("manifest")), None)
    if manifest:
        return posixpath.dirname(manifest)
    folder = next(iter(given.values("path")), None) or ""
    return "" if folder == "." else folder


ECOSYSTEM = CargoEcosystem(__file__)
