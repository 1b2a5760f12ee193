"""What a call of the go command does, and what `go mod download` needs of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.arguments import NOT_LITERAL, read_arguments
from dfix.ecosystems.calls import Built, Cache, Call, Fetch, Inputs, Role, Static
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.gomod import GoMod, parse_mod, parse_work
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.tree import Tree

DOWNLOAD = ("go", "mod", "download")
DOWNLOAD_RULE = "https://go.dev/ref/mod#go-mod-download"
REPLACE_RULE = "https://go.dev/ref/mod#go-mod-file-replace"
WORK_RULE = "https://go.dev/ref/mod#workspaces"
VENDOR_RULE = "https://go.dev/ref/mod#vendoring"

_TWO_WORDS = frozenset({"mod", "work"})
_MODULE = "go-mod"
_OWN = frozenset({"", ".", "./...", "..."})


class GoEcosystem(Ecosystem):
    """Go modules. There is no install step: a build fetches what it lacks."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a `go` command does."""
        if len(words) < 2:  # noqa: PLR2004 - the program and a subcommand
            return None
        first = words[1]
        two = first in _TWO_WORDS and len(words) > 2  # noqa: PLR2004 - program, group, subcommand
        verb = f"{first} {words[2]}" if two else str(first)
        start = 1 + len(verb.split())
        command = self.knowledge.commands.get(verb)
        if first is None or command is None:
            named = "a subcommand that is not literal" if first is None else f"go {verb}"
            return Call("go", verb, Role.RUN, tuple(words), unknown=(named,), reads_store=True)
        stop = 1 if verb in {"run", "tool"} else None
        given = read_arguments(words, start, self.knowledge.flags, stop=stop)
        operands = tuple(word for _, word in given.rest if word is not None)
        role = command.role
        if verb == "install" and operands and all("@" in word for word in operands):
            role = Role.ADD
        if verb == "clean" and not given.has("cache-clean"):
            role = Role.RUN  # removes what a build left in the source folder
        directory = next(iter(given.values("directory")), "")
        return Call(
            ecosystem="go",
            verb=command.verb if len(command.names) == 1 else verb,
            role=role,
            words=tuple(words),
            locked=command.locked,
            everywhere=role is Role.ADD,
            defeats_cache=tuple(n for flag in given.effects("cache-off") for n in flag.at),
            packages=operands if role is Role.ADD or verb in {"build", "install", "run"} else (),
            unknown=() if stop else given.unknown,
            directory=directory or "",
            flags=given.pairs,
            outputs=("vendor",) if verb == "mod vendor" else (),
            reads_store=command.reads_store and "vendor" not in given.values("mod"),
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The module cache and the build cache; a vendored build leaves the module cache alone."""
        found = super().caches(call, env)
        if _vendored(call, env or {}):
            return tuple(cache for cache in found if cache.id != _MODULE)
        return found

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """What `go mod download` reads: go.mod and go.sum of every module at work."""
        del workdir
        if call.role is not Role.FETCH:
            return Unknown(f"go {call.verb} reads the sources")
        if call.unknown:
            return Unknown(f"go {call.verb} has {call.unknown[0]}, which is not understood")
        if any(name == "-modfile" for name, _ in call.flags):
            return Unknown("-modfile names another go.mod")
        return module_inputs(tree, posixpath.join(directory, call.directory), env or {})

    def fetch(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Fetch] | None:
        """`go mod download` before a build; None where the manifests name no dependency.

        `go get` of the module's own packages resolves what its sources import: with go.mod and
        go.sum at hand it finds in the module cache what a download put there.
        https://go.dev/ref/mod#go-get
        """
        resolves = call.verb == "get" and all(each in _OWN for each in _operands(call))
        if call.role is not Role.BUILD and call.verb not in {"test", "vet", "run"} and not resolves:
            return None
        folder = posixpath.join(directory, call.directory)
        if _vendored(call, env or {}):
            return Unknown("the build takes its modules from vendor")
        if any(name == "-modfile" for name, _ in call.flags):
            return Unknown("-modfile names another go.mod")
        if any((value or "").startswith("mod") for name, value in call.flags if name == "-mod"):
            return Unknown("-mod=mod lets the build change go.mod")
        inputs = module_inputs(tree, folder, env or {})
        if isinstance(inputs, Unknown):
            return inputs
        if not inputs.value.dependencies:
            return None
        for path in inputs.value.files:
            vendor = posixpath.join(posixpath.dirname(path), "vendor")
            if tree.is_dir(vendor):
                return Unknown(f"{vendor} holds the modules, and the build takes them from there")
        unsummed = _without_sums(tree, inputs.value)
        if unsummed is not None:
            return Unknown(f"{unsummed} requires modules, but there is no go.sum beside it")
        words = (*DOWNLOAD, "-C", call.directory) if call.directory else DOWNLOAD
        because = "go mod download reads go.mod and go.sum only"
        return Known(Fetch(words, inputs.value, because, DOWNLOAD_RULE), inputs.source)

    def static_form(self, call: Call, tree: Tree, asked: Built) -> Fact[Static] | None:
        """The build of a program of the project without cgo, paths and symbols."""
        if call.verb not in {"build", "install"} or call.role is not Role.BUILD:
            return None
        odd = list(call.unknown)
        for name, value in call.flags:
            if name == "-ldflags" and value is None and NOT_LITERAL in odd:
                odd.remove(NOT_LITERAL)  # a version that a variable holds
        if odd:
            why = f"go {call.verb} has {odd[0]}, which is not understood"
            return Unknown(why, "unknown-sources")
        from dfix.ecosystems.go.linking import static_form  # noqa: PLC0415 - it reads sources

        return static_form(call, tree, asked)

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Is there a sum for every module that go.mod requires?

        go.sum may hold only the sum of a module's go.mod, so True means "as far as names tell".
        """
        inputs = module_inputs(tree, directory, {})
        if isinstance(inputs, Unknown):
            return inputs
        missing = _without_sums(tree, inputs.value)
        return Known(missing is None, inputs.source)


def _operands(call: Call) -> tuple[str, ...]:
    """The words of `go get` that are no flags."""
    return tuple(word or "?" for word in call.words[2:] if word is None or not word.startswith("-"))


def _vendored(call: Call, env: Mapping[str, str | None]) -> bool:
    if ("-mod", "vendor") in call.flags:
        return True
    return "-mod=vendor" in (env.get("GOFLAGS") or "")


class _Module(NamedTuple):
    """A module at work: its folder and what its go.mod says."""

    folder: str
    mod: GoMod
    source: str


def module_inputs(tree: Tree, directory: str, env: Mapping[str, str | None]) -> Fact[Inputs]:
    """The files that decide what is downloaded for the module or workspace of a folder."""
    start = inside(directory)
    if start is None:
        return Unknown(f"{directory} is outside the build context")
    flags = env.get("GOFLAGS", "")
    if flags is None or "-modfile" in flags:
        return Unknown("GOFLAGS may name another go.mod")
    files: list[str] = []
    reasons: dict[str, str] = {}
    modules: list[_Module] = []
    work = _workspace(tree, start, env)
    if isinstance(work, Unknown):
        return work
    if work.value is None:
        home = _upwards(tree, start, "go.mod")
        if home is None:
            return Unknown(f"{posixpath.join(start, 'go.mod')} is missing")
        folders = [posixpath.dirname(home)]
    else:
        path, folders = work.value
        files.append(path)
        reasons[path] = f"{path} names the modules of the workspace"
        sums = posixpath.join(posixpath.dirname(path), "go.work.sum")
        if tree.is_file(sums):
            files.append(sums)
            reasons[sums] = f"the go command checks downloads against {sums}"
    for folder in folders:
        read = _module(tree, folder)
        if isinstance(read, Unknown):
            return read
        modules.append(read.value)
    for module in modules:
        _add(files, reasons, module.source, f"go mod download reads {module.source}")
        sums = posixpath.join(module.folder, "go.sum")
        if tree.is_file(sums):
            _add(files, reasons, sums, f"the go command checks downloads against {sums}")
    local = _replaced(tree, modules, work.value, files, reasons)
    if isinstance(local, Unknown):
        return local
    return Known(
        Inputs(
            files=tuple(files),
            lock=next((path for path in files if path.endswith("go.sum")), None),
            outputs=(),
            dependencies=any(_remote(module.mod) for module in modules),
            reasons=reasons,
            enforced=all(
                not _remote(module.mod) or posixpath.join(module.folder, "go.sum") in files
                for module in modules
            ),
            hosts=_hosts(modules),
        ),
        files[0],
    )


def _add(files: list[str], reasons: dict[str, str], path: str, reason: str) -> None:
    if path not in reasons:
        files.append(path)
        reasons[path] = reason


def _upwards(tree: Tree, folder: str, name: str) -> str | None:
    while True:
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            return path
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def _workspace(
    tree: Tree, folder: str, env: Mapping[str, str | None]
) -> Fact[tuple[str, list[str]] | None]:
    """The go.work in force and its modules' folders: https://go.dev/ref/mod#go-work-file."""
    setting = env.get("GOWORK", "")
    if setting == "off":
        return Known(None, "GOWORK=off")
    if setting is None or setting:
        return Unknown("GOWORK names the workspace file")
    path = _upwards(tree, folder, "go.work")
    if path is None:
        return Known(None, WORK_RULE)
    text = tree.read(path)
    read = text if isinstance(text, Unknown) else parse_work(text.value, path)
    if isinstance(read, Unknown):
        return read
    home = posixpath.dirname(path)
    folders: list[str] = []
    for use in read.value.uses:
        at = inside(posixpath.join(home, use))
        if at is None or use.startswith("/"):
            return Unknown(f"{path} uses {use}, which is outside the build context")
        folders.append(at)
    for replacement in read.value.replaces:
        if replacement.local:
            return Unknown(f"{path} replaces {replacement.old} by the folder {replacement.new}")
    return Known((path, folders), path)


def _module(tree: Tree, folder: str) -> Fact[_Module]:
    path = posixpath.join(folder, "go.mod")
    text = tree.read(path)
    read = text if isinstance(text, Unknown) else parse_mod(text.value, path)
    return read if isinstance(read, Unknown) else Known(_Module(folder, read.value, path), path)


def _replaced(
    tree: Tree,
    modules: Sequence[_Module],
    work: tuple[str, list[str]] | None,
    files: list[str],
    reasons: dict[str, str],
) -> Fact[None]:
    """Add the go.mod of folders that replace a module: their requirements are downloaded too."""
    known = set(work[1]) if work else set()
    for module in modules:
        for replacement in module.mod.replaces:
            if not replacement.local:
                continue
            at = inside(posixpath.join(module.folder, replacement.new))
            if at is None or replacement.new.startswith("/"):
                return Unknown(
                    f"{replacement.source} replaces {replacement.old} by {replacement.new}, "
                    "which is outside the build context"
                )
            path = posixpath.join(at, "go.mod")
            if at in known:
                continue
            if not tree.is_file(path):
                return Unknown(
                    f"{replacement.source} replaces {replacement.old}, but {path} is missing"
                )
            _add(files, reasons, path, f"{replacement.source} replaces {replacement.old} by it")
    return Known(None, REPLACE_RULE)


def _remote(mod: GoMod) -> tuple[str, ...]:
    """The modules that are downloaded, under the names of what replaces them."""
    local = {each.old for each in mod.replaces if each.local}
    others = {each.old: each.new for each in mod.replaces if not each.local}
    return tuple(
        others.get(each.path, each.path) for each in mod.requires if each.path not in local
    )


def _hosts(modules: Sequence[_Module]) -> tuple[str, ...]:
    return tuple(sorted({path.split("/")[0] for module in modules for path in _remote(module.mod)}))


def _without_sums(tree: Tree, inputs: Inputs) -> str | None:
    """The first go.mod that requires downloads and has no go.sum."""
    for path in inputs.files:
        if posixpath.basename(path) != "go.mod" or "replaces" in inputs.reasons[path]:
            continue
        module = _module(tree, posixpath.dirname(path))
        sums = posixpath.join(posixpath.dirname(path), "go.sum")
        if isinstance(module, Known) and _remote(module.value.mod) and not tree.is_file(sums):
            return path
    return None


ECOSYSTEM = GoEcosystem(__file__)
