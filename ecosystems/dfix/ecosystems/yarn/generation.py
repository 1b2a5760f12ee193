"""Which Yarn runs in a project: classic (1) or berry (2 and later), and which release."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node.manifest import read_json
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.tree import Tree

CLASSIC, BERRY = "classic", "berry"
COREPACK = "https://nodejs.org/api/corepack.html"
_NAMES = {"classic": CLASSIC, "latest": CLASSIC, "berry": BERRY, "stable": BERRY, "canary": BERRY}


class Generation(NamedTuple):
    """Classic or berry; the release, if something names it."""

    name: str
    release: tuple[int, ...] | None


def generation(
    knowledge: Knowledge, call: Call, tree: Tree | None, directory: str
) -> Fact[Generation]:
    """Which Yarn a call runs; Unknown where nothing tells or the signs disagree.

    yarnPath wins over everything; then packageManager, which corepack obeys and a release of its
    own refuses to contradict (https://yarnpkg.com/configuration/yarnrc#yarnPath); then what an
    earlier step installed; then the flags, and the form of the lockfile.
    """
    if call.verb == "global add":
        return Known(Generation(CLASSIC, None), "https://classic.yarnpkg.com/en/docs/cli/global")
    folder = inside(directory)
    if tree is not None and folder is not None:
        for sign in (_yarn_path, _package_manager):
            for above in _upwards(folder):
                told = sign(tree, above)
                if told is not None:
                    return told
    if call.release is not None:
        return _named(call.release, "a step of the build")
    signs: dict[str, str] = {}
    for name, _ in call.flags:
        effect = knowledge.flags[name].effect
        if effect in {CLASSIC, BERRY}:
            signs[effect] = f"the flag {name}"
    if call.verb == "workspaces focus":
        signs[BERRY] = "workspaces focus"
    if tree is not None and folder is not None:
        for name, where in _locks(tree, folder):
            signs.setdefault(name, where)
    if len(signs) == 1:
        ((name, where),) = signs.items()
        return Known(Generation(name, None), where)
    if signs:
        return Unknown(
            f"{signs[CLASSIC]} is of Yarn 1, but {signs[BERRY]} of a later one", "unknown-manager"
        )
    if (
        tree is not None
        and folder is not None
        and tree.is_file(posixpath.join(folder, "package.json"))
    ):
        # Nothing speaks of berry: the yarn of the image, or the one that corepack starts without being told.
        return Known(Generation(CLASSIC, None), COREPACK)
    return Unknown("which Yarn runs is not known: 1 and later ones differ", "unknown-manager")


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def settings_value(tree: Tree, path: str, key: str) -> str | None:
    """A top-level scalar of a .yarnrc.yml; None if it is not there."""
    text = tree.read(path)
    if isinstance(text, Unknown):
        return None
    for line in text.value.splitlines():
        name, colon, value = line.partition(":")
        if colon and name == key:
            return value.partition(" #")[0].strip().strip("\"'")
    return None


def _yarn_path(tree: Tree, folder: str) -> Fact[Generation] | None:
    """The release that a settings file starts: .yarnrc.yml of berry, .yarnrc of classic."""
    path = posixpath.join(folder, ".yarnrc.yml")
    named = settings_value(tree, path, "yarnPath")
    if not named:
        path = posixpath.join(folder, ".yarnrc")
        text = tree.read(path)
        lines = text.value.splitlines() if isinstance(text, Known) else []
        named = next(
            (
                line.split()[1].strip('"')
                for line in lines
                if line.split()[:1] == ["yarn-path"] and line.split()[1:]
            ),
            "",
        )
    if not named:
        return None
    stem = posixpath.basename(named).removesuffix(".cjs").removesuffix(".js")
    release = stem.removeprefix("yarn-")
    return _named(release, path)


def _package_manager(tree: Tree, folder: str) -> Fact[Generation] | None:
    path = posixpath.join(folder, "package.json")
    data = read_json(tree, path)
    named = data.value.get("packageManager") if isinstance(data, Known) else None
    if not isinstance(named, str):
        return None
    program, _, release = named.partition("@")
    if program != "yarn":
        why = f"{path} names {program} as its package manager"
        return Unknown(why, "unknown-manager")
    return _named(release.partition("+")[0], path)


def _named(release: str, where: str) -> Fact[Generation]:
    """`4.14.1`, `1`, `berry`; an empty one is what `npm install -g yarn` brings, which is classic."""
    if not release:
        return Known(Generation(CLASSIC, None), where)
    if release in _NAMES:
        return Known(Generation(_NAMES[release], None), where)
    parts = release.lstrip("^~v").partition("-")[0].split(".")
    if not all(part.isdecimal() for part in parts if part != "x") or not parts[0].isdecimal():
        return Unknown(f"{where} names the Yarn {release}, which is not known", "unknown-manager")
    numbers = tuple(int(part) for part in parts if part.isdecimal())
    return Known(Generation(CLASSIC if numbers[0] == 1 else BERRY, numbers), where)


def _locks(tree: Tree, folder: str) -> Iterator[tuple[str, str]]:
    for above in _upwards(folder):
        path = posixpath.join(above, "yarn.lock")
        text = tree.read(path)
        if isinstance(text, Known) and text.value.strip():
            berry = "\n__metadata:" in f"\n{text.value}".replace("\r\n", "\n")
            yield (BERRY if berry else CLASSIC), path
            break
    for above in _upwards(folder):
        path = posixpath.join(above, ".yarnrc.yml")
        if tree.is_file(path):
            yield BERRY, path
            break
