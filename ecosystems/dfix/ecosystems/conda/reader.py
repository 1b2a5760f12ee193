"""What a call of conda, mamba or micromamba does, and what it reads of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Call, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dfix.ecosystems.tree import Tree

_FILES = "environment.yml"  # what `conda env create` reads without --file
_ARCHIVES = (".conda", ".tar.bz2")


class CondaEcosystem(Ecosystem):
    """conda, mamba and micromamba."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a conda command does."""
        leading = read_arguments(words, 1, self.knowledge.flags, stop=1)
        if not leading.rest:
            return Call("conda", "", Role.CONFIG, tuple(words))  # conda --version
        at, verb = leading.rest[0]
        if verb == "env":
            deeper = read_arguments(words, at + 1, self.knowledge.flags, stop=1).rest
            verb = f"{verb} {deeper[0][1]}" if deeper else verb
        command = self.knowledge.commands.get(verb or "")
        if verb is None or command is None:
            named = "a subcommand that is not literal" if verb is None else f"conda {verb}"
            return Call("conda", verb or "", Role.RUN, tuple(words), unknown=(named,))
        if command.role not in {Role.ADD, Role.INSTALL}:
            return Call("conda", verb, command.role, tuple(words))
        given = read_arguments(words, 1, self.knowledge.flags, letters="joined")
        behind = tuple(word for _, word in given.rest[len(verb.split()) :] if word is not None)
        files = _files(verb, given, behind)
        packages = tuple(word for word in behind if word not in files)
        return Call(
            ecosystem="conda",
            verb=verb,
            role=Role.RUN if given.has("nothing-installed") else _role(files),
            words=tuple(words),
            offline=given.has("offline"),
            everywhere=True,
            files=files,
            packages=packages,
            unknown=given.unknown,
            flags=given.pairs,
            outputs=tuple(value for value in given.values("output") if value),
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
        """The environment files, where pip's part of them leads no further."""
        del env
        if call.role is not Role.INSTALL:
            return Unknown(f"what conda {call.verb} reads is not known")
        if call.unknown:
            return Unknown(f"conda {call.verb} has {call.unknown[0]}, which is not understood")
        reasons: dict[str, str] = {}
        for name in call.files:
            relative = name
            if name.startswith("/"):
                if workdir is None:
                    return Unknown(f"{name} is an absolute path")
                relative = posixpath.relpath(name, workdir)
            path = inside(posixpath.join(directory, relative))
            if not path or not tree.is_file(path):
                return Unknown(f"{name} is not a file of the build context")
            problem = _leads_further(tree, path)
            if problem is not None:
                return problem
            reasons[path] = f"conda installs what {path} names"
        outputs = [inside(posixpath.join(directory, each)) for each in call.outputs]
        return Known(
            Inputs(
                files=tuple(reasons),
                lock=None,
                outputs=tuple(each for each in outputs if each),
                dependencies=bool(reasons),
                reasons=reasons,
            ),
            next(iter(reasons), directory),
        )


def _role(files: tuple[str, ...]) -> Role:
    return Role.INSTALL if files else Role.ADD


def _files(verb: str, given: Arguments, behind: Iterable[str]) -> tuple[str, ...]:
    """The files of packages or environments that a command names, or reads unnamed."""
    named = [value for value in given.values("file") if value]
    named += [word for word in behind if word.endswith(_ARCHIVES) and "://" not in word]
    if verb in {"env create", "env update"} and not named:
        named = [_FILES]
    return tuple(each for each in named if "://" not in each)


def _leads_further(tree: Tree, path: str) -> Unknown | None:
    """Why an environment file does not say all: pip's requirements may name files and folders of the project."""
    if not path.endswith((".yml", ".yaml")):
        return None  # a list of packages, or a package
    import yaml  # noqa: PLC0415 - only projects with such a file pay for it

    text = tree.read(path)
    if isinstance(text, Unknown):
        return text
    try:
        data: Any = yaml.safe_load(text.value)
    except yaml.YAMLError:
        return Unknown(f"{path} cannot be read as YAML")
    listed: Any = data.get("dependencies") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        return Unknown(f"{path} lists no dependencies")
    for each in listed:
        for requirement in (each.get("pip") or ()) if isinstance(each, dict) else ():
            if str(requirement).lstrip().startswith(("-", ".", "/")) or "file:" in str(requirement):
                return Unknown(f"{path} makes pip read {requirement}")
    return None


ECOSYSTEM = CondaEcosystem(__file__)
