"""What projects look like: package managers, images, builders, repositories. Knows nothing of Dockerfiles.

A package manager is a folder here with `knowledge.toml` and `reader.py`, or an entry point of the group
``dfix.ecosystems`` that names an `Ecosystem`. Nothing lists them: adding one touches no other file.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.calls import Call
    from dfix.ecosystems.ecosystem import Ecosystem

__all__ = ["ecosystem_of", "ecosystems", "programs", "read_call"]

GROUP = "dfix.ecosystems"
SHELLS = frozenset({"sh", "bash", "ash", "dash"})


@cache
def _programs() -> dict[str, tuple[str, ...]]:
    """The folders that know each program, read from their tables; readers stay unloaded."""
    import os  # noqa: PLC0415 - these load when a first command is read

    from dfix.ecosystems.tables import table  # noqa: PLC0415

    found: dict[str, tuple[str, ...]] = {}
    for package in __path__:
        for name in sorted(os.listdir(package)):  # noqa: PTH208
            anchor = f"{package}/{name}/reader.py"
            if os.path.isfile(anchor):  # noqa: PTH113
                for program in table(anchor, "knowledge")["programs"]:
                    found[program] = (*found.get(program, ()), name)
    return found


@cache
def _loaded(folder: str) -> Ecosystem:
    from importlib import import_module  # noqa: PLC0415 - see above

    found: Ecosystem = import_module(f"{__name__}.{folder}.reader").ECOSYSTEM
    return found


def _third_party() -> tuple[Ecosystem, ...]:
    """Ecosystems of other distributions."""
    from dfix.ecosystems.plugins import plugins  # noqa: PLC0415 - loads when a first command is read

    return plugins(GROUP)


@cache
def ecosystems() -> tuple[Ecosystem, ...]:
    """All ecosystems: those of the folders here by name, then those of other distributions."""
    folders = sorted({name for names in _programs().values() for name in names})
    return (*map(_loaded, folders), *_third_party())


def ecosystem_of(what: Call | str) -> Ecosystem:
    """The ecosystem that read a call, or the one with an id. Raises `KeyError`."""
    name = what if isinstance(what, str) else what.ecosystem
    for each in ecosystems():
        if each.id == name:
            return each
    raise KeyError(name)


@cache
def programs() -> tuple[str, ...]:
    """The names of all programs that an ecosystem knows; text that holds none of them calls none."""
    found = set(_programs())
    for each in _third_party():
        found.update(each.knowledge.programs)
    return tuple(sorted(found))


def read_call(words: Sequence[str | None]) -> Call | None:
    """What a simple command does; None if no ecosystem knows its program.

    `words` begin with the program, behind assignments and wrappers such as `sudo`; None stands for
    a word that is not literal.
    """
    if not words or words[0] is None:
        return None
    program = stem(words[0])
    if program in SHELLS and len(words) > 1 and words[1] and not words[1].startswith("-"):
        script = read_call(words[1:])  # `sh mvnw package`
        return script and _shifted(script, words)
    for folder in _programs().get(program, ()):
        call = _loaded(folder).read_call(words)
        if call is not None:
            return call
    for each in _third_party():
        if program in each.knowledge.programs:
            call = each.read_call(words)
            if call is not None:
                return call
    return None


def _shifted(script: Call, words: Sequence[str | None]) -> Call:
    """The call of a script that a shell is given, with the shell's own word in front."""
    return script._replace(
        words=tuple(words), defeats_cache=tuple(at + 1 for at in script.defeats_cache)
    )


def stem(word: str) -> str:
    """A program's name without folders and without its version: `/usr/bin/pip3.12` is `pip`."""
    name = word.replace("\\", "/").rpartition("/")[2]
    return name.removesuffix(".exe").rstrip("0123456789.-") or name
