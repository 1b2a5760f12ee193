"""All that `npm ci` and `npm install` read from a project.

Manifests of the project and its workspaces, the lockfile, .npmrc, and what lifecycle scripts of the project read: npm
runs them after an install. A script that is not known to read nothing else makes the inputs Unknown.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Call, Inputs
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.npm.lockfile import lock_path
from dfix.ecosystems.npm.manifest import Manifest, kind_of, local_path, read_manifest
from dfix.ecosystems.npm.scripts import expand
from dfix.ecosystems.npm.settings import read_settings
from dfix.ecosystems.npm.workspaces import workspaces_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.npm.scripts import Command
    from dfix.ecosystems.tree import Tree

# https://docs.npmjs.com/cli/v10/using-npm/scripts#npm-install
HOOKS = (
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
)
# Programs of hooks that read no file of the project. husky works on .git, and says so and ends well where there is none:
# https://github.com/typicode/husky/blob/main/index.js
QUIET = frozenset(
    {
        "husky",
        "is-ci",
        "only-allow",
        "echo",
        "true",
        "exit",
        "simple-git-hooks",
        "lefthook",
        "ngcc",
        "check-node-version",
    }
)
PATCHES = "https://github.com/ds300/patch-package#readme"
PRISMA = "https://www.prisma.io/docs/orm/prisma-schema/overview/location"


def install_inputs(knowledge: Knowledge, call: Call, tree: Tree, folder: str) -> Fact[Inputs]:
    """The inputs of an install in `folder`, as paths of the tree."""
    del knowledge
    folder = (
        "" if posixpath.normpath(folder) == "." else posixpath.normpath(folder) if folder else ""
    )
    root = read_manifest(tree, folder)
    if isinstance(root, Unknown):
        return root
    settings = read_settings(tree, folder)
    if isinstance(settings, Unknown):
        return settings
    members = _members(tree, root.value)
    if isinstance(members, Unknown):
        return members
    files: dict[str, str] = {root.value.path: f"{root.value.path} names the dependencies"}
    for member in members.value:
        files[member.path] = f"{member.path} is a workspace's manifest"
    lock = lock_path(tree, folder)
    if lock is not None:
        files[lock] = f"{lock} fixes the versions"
    if settings.value.path is not None:
        files[settings.value.path] = f"npm reads {settings.value.path}"
    for manifest in (root.value, *members.value):
        obstacle = _local(manifest, {member.folder for member in members.value})
        if obstacle is not None:
            return Unknown(obstacle)
    if call.scripts and not settings.value.on("ignore-scripts"):
        hooks = _hooks(tree, root.value)
        if isinstance(hooks, Unknown):
            return hooks
        files.update(hooks.value)
        for member in members.value:
            scripts = member.table("scripts")
            named = next((hook for hook in HOOKS if hook in scripts), None)
            if named is not None:
                return Unknown(
                    f"{member.path} has the script {named}, and what it reads is not known"
                )
            if member.data.get("bin"):
                return Unknown(f"{member.path} names a program, which npm links at the install")
    wanted = any(manifest.wanted for manifest in (root.value, *members.value))
    outputs = tuple(
        posixpath.join(manifest.folder, "node_modules") for manifest in (root.value, *members.value)
    )
    return Known(
        Inputs(
            files=tuple(files),
            lock=lock,
            outputs=outputs,
            dependencies=wanted,
            reasons=files,
            enforced=call.locked and lock is not None,
        ),
        root.value.path,
    )


def _members(tree: Tree, root: Manifest) -> Fact[tuple[Manifest, ...]]:
    """The manifests of the workspaces."""
    if not root.data.get("workspaces"):
        return Known((), root.path)
    members = workspaces_of(tree, root.folder or ".", root.data)
    if isinstance(members, Unknown):
        return members
    found: list[Manifest] = []
    for member in members.value:
        read = read_manifest(tree, member.directory)
        if isinstance(read, Unknown):
            return read
        found.append(read.value)
    return Known(tuple(found), root.path)


def _local(manifest: Manifest, members: set[str]) -> str | None:
    """The first dependency that is a folder or an archive of the project and no workspace."""
    for name, spec in manifest.wanted.items():
        if kind_of(spec) == "file" and local_path(spec, manifest.folder) not in members:
            return f"{name} of {manifest.path} is {spec}, whose files the install reads too"
    return None


def _hooks(tree: Tree, root: Manifest) -> Fact[dict[str, str]]:
    """What the project's own lifecycle scripts read, by why."""
    scripts = root.table("scripts")
    if (
        tree.is_file(posixpath.join(root.folder, "binding.gyp"))
        and not {"install", "preinstall"} & scripts.keys()
    ):
        return Unknown(
            f"{posixpath.join(root.folder, 'binding.gyp')} makes npm compile the project's sources"
        )
    files: dict[str, str] = {}
    for hook in HOOKS:
        if hook not in scripts:
            continue
        commands = expand(scripts, ("npm", "run", hook), manifest=root.path)
        if isinstance(commands, Unknown):
            return Unknown(
                f"what the script {hook} of {root.path} reads is not known: {commands.why}"
            )
        for command in commands.value:
            read = _read_by(tree, root, command)
            if read is None:
                words = " ".join(word or "..." for word in command.words)
                return Unknown(
                    f"{root.path} runs {words} as {hook}, and what it reads is not known"
                )
            files.update(read)
    return Known(files, root.path)


def _read_by(tree: Tree, root: Manifest, command: Command) -> dict[str, str] | None:
    """The files that a command of a hook reads; None if that is not known."""
    program = command.program
    if program in QUIET:
        return {}
    if program == "patch-package" and not any(
        (word or "").startswith("--patch-dir") for word in command.words
    ):
        folder = posixpath.join(root.folder, "patches")
        return {path: f"patch-package applies {path} ({PATCHES})" for path in _below(tree, folder)}
    if program == "prisma" and command.words[1:2] == ("generate",):
        given = next((at for at, word in enumerate(command.words) if word == "--schema"), None)
        places = ("prisma/schema.prisma", "schema.prisma")
        if given is not None:
            named = command.words[given + 1] if given + 1 < len(command.words) else None
            if named is None:
                return None
            places = (named,)
        elif "prisma" in root.data or any(
            (word or "").startswith("--schema") for word in command.words
        ):
            return None
        for place in places:
            path = posixpath.normpath(posixpath.join(root.folder, place))
            if tree.is_file(path):
                return {path: f"prisma generate reads {path} ({PRISMA})"}
    return None


def _below(tree: Tree, folder: str) -> Iterator[str]:
    if not tree.is_dir(folder):
        return
    for name in tree.listdir(folder):
        path = posixpath.join(folder, name)
        if tree.is_dir(path):
            yield from _below(tree, path)
        else:
            yield path
