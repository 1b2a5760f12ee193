"""Steps that use an action which builds an image, and actions that are made from a Dockerfile.

Without `context` docker/build-push-action builds the repository's root (as a Git context), and
`file` is ``{context}/Dockerfile``: https://github.com/docker/build-push-action#inputs. A Docker
action is built in its folder and started as root, in a folder that is mounted:
https://docs.github.com/actions/creating-actions/dockerfile-support-for-github-actions.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.docker import Where
from dfix.ecosystems.repository.expressions import github
from dfix.ecosystems.repository.placing import cache_types, pairs, placed, split_list
from dfix.ecosystems.repository.scripts import read_commands
from dfix.ecosystems.repository.shown import Built, Consumed, Started, Word, inside, starts_shell
from dfix.ecosystems.repository.values import BuildUse, Consumer, Override
from dfix.ecosystems.repository.yamls import Fields, fields, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.repository.placing import NamedFrom
    from dfix.ecosystems.repository.shown import Shown
    from dfix.ecosystems.repository.values import OverrideKind
    from dfix.ecosystems.tree import Tree

ACTIONS = {
    "docker/build-push-action": "buildx context file tags build-args target folder",
    "depot/build-push-action": "depot context file tags build-args target folder",
    "useblacksmith/build-push-action": "buildx context file tags build-args target folder",
    "redhat-actions/buildah-build": "buildah context containerfiles image build-args - either",
    "int128/kaniko-action": "kaniko context file tags build-args target either",
    "aevea/action-kaniko": "kaniko path build_file image - target either",
    "elgohr/publish-docker-github-action": "docker workdir dockerfile name buildargs - context",
    "mr-smithers-excellent/docker-build-push": "docker directory dockerfile image - target folder",
    "whoan/docker-build-with-cache-action": "docker context dockerfile image_name - - context",
}
"""The builder; the inputs for context, file, tags, arguments, target; what the file is relative to.

Each is as the action's action.yml has it (https://github.com/<action>); "-" where it has none.
"""
_FIRST_VERSION = "docker path dockerfile repository build_args target folder"
"""docker/build-push-action@v1, which ran ``docker build``."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a workflow: where it stands, the folder of the checkout, and the names in force."""

    tree: Tree
    path: str
    checkout: str
    fields: Fields
    names: Mapping[str, str]

    def word(self, name: str) -> Word:
        """An input of the step's action; empty if it is not given."""
        return github(fields(self.fields.get("with")).get(name), self.names)

    def lines(self, name: str) -> list[str]:
        """An input that is a list, one entry a line."""
        return [line.strip() for line in self.word(name).text.splitlines() if line.strip()]


def used(step: Step) -> Iterator[Shown]:
    """What a step with ``uses:`` shows."""
    uses = text(step.fields.get("uses")).partition("@")[0].lower()
    source = step.fields.at("uses")
    if uses in ACTIONS:
        first = uses == "docker/build-push-action" and bool(step.word("path").text)
        yield from _built(step, uses, _FIRST_VERSION if first else ACTIONS[uses])
    elif uses == "google-github-actions/deploy-cloudrun" and step.word("source").text:
        yield from _built(step, uses, "cloud-run source - - - - folder")
    elif uses == "superfly/flyctl-actions":
        where = Where(step.tree, step.path, ephemeral=True)
        line = step.fields.lines.get("uses", step.fields.line)
        command = f"flyctl {step.word('args').text}"
        yield from read_commands(command, where, folders=("",), line=line)
    elif uses.startswith("docker://"):
        yield Consumed(Consumer(f"a step of {step.path}", source), image=uses[len("docker://") :])
    elif uses == "addnab/docker-run-action":
        words = ("sh", "-c", step.word("run").text)
        override = Override("command", words, source, "", "exec", uses_shell=True)
        yield Started((override,), source, image=step.word("image").text)


def _built(step: Step, uses: str, row: str) -> Iterator[Built]:
    builder, context_name, file_name, tags, arguments, target_name, named = row.split()
    target = step.word(target_name)
    use = BuildUse(
        None,
        None,
        step.fields.at("uses"),
        builder,
        target=target.text if target.known and target.text else None,
        args=_literal(pairs(step.lines(arguments))),
        additional_contexts={k: v or "" for k, v in pairs(step.lines("build-contexts")).items()},
        platforms=split_list([step.word("platforms").text]),
        cache_from=cache_types(step.lines("cache-from")),
        cache_to=cache_types(step.lines("cache-to")),
        tags=split_list([step.word(tags).text]),
        secrets=(*step.lines("secrets"), *step.lines("secret-files"), *step.lines("secret-envs")),
        ssh=tuple(step.lines("ssh")),
        unknown=() if target.known else ("target",),
        ephemeral=True,
    )
    context, file = step.word(context_name), step.word(file_name)
    checkout = step.checkout
    named_from: NamedFrom = "folder" if named == "folder" else "either"
    if context.text.startswith(_GIT) or (not context.text and uses.endswith("build-push-action")):
        checkout = ""  # a Git context: the file is looked for inside it
        named_from = "context"
        context = Word(context.text[len(_GIT) :].lstrip(":"), context.known)
    context = Word(_relative(context.text or ".", checkout), context.known)
    dockerfile = Word(_relative(file.text, checkout), file.known) if file.text else None
    if named == "context" and dockerfile is not None:
        named_from = "context"
    found = placed(step.tree, use, ("",), context, dockerfile, named_from)
    if found is not None:
        yield Built(found)


_GIT = "{{defaultContext}}"


def _literal(args: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: None if value and "${{" in value else value for name, value in args.items()}


def _relative(path: str, checkout: str) -> str:
    clean = inside("", path)
    return path if clean is None else unchecked(clean, checkout) or "."


def unchecked(path: str, checkout: str) -> str:
    """A path of the machine as one of the repository, which lies in the folder `checkout`."""
    clean = posixpath.normpath(checkout) if checkout else ""
    if clean and (path == clean or path.startswith(clean + "/")):
        return path[len(clean) :].lstrip("/")
    return path


def docker_action(tree: Tree, path: str, runs: Fields) -> Iterator[Shown]:
    """``runs: {using: docker, image: Dockerfile}``."""
    source = runs.at("image")
    image = text(runs.get("image"))
    if image.startswith("docker://"):
        return
    use = BuildUse(None, None, source, builder="docker", key=path, ephemeral=True)
    folder = posixpath.dirname(path)
    found = placed(tree, use, (folder,), Word("."), Word(image), "folder")
    if found is None or found.dockerfile is None:
        return
    yield Built(found._replace(context=posixpath.dirname(found.dockerfile), context_why=""))
    yield Started(tuple(_overrides(runs, source)), source, key=path)


def _overrides(runs: Fields, source: str) -> Iterator[Override]:
    yield Override("user", "root", source, "action")
    yield Override("working_dir", "/github/workspace", source, "action")
    yield Override("volume", ("", "/github/workspace"), source, "action")
    starts: tuple[tuple[str, OverrideKind], ...] = (
        ("entrypoint", "entrypoint"),
        ("args", "command"),
        ("pre-entrypoint", "exec"),
        ("post-entrypoint", "exec"),
    )
    for key, kind in starts:
        words = texts(runs.get(key))
        if words:
            literal = "${{" not in " ".join(words)
            shell = starts_shell(words)
            yield Override(kind, words, runs.at(key), "action", "exec", shell, literal)
