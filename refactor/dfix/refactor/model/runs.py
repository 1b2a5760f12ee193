"""What a RUN does: its mounts, and its commands with the directory and the environment they run in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.grammar.nodes import Flag, Healthcheck, Instruction, Run, ShellForm, Start
from dfix.refactor.model import paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfix.ecosystems.calls import Call
    from dfix.grammar.shell import Command, Script
    from dfix.refactor.model.stages import Place

T = TypeVar("T")

# Programs that run the command behind their own options, with the options that take a word of their own.
WRAPPERS: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-U", "-p", "-C", "-h"}),
    "env": frozenset({"-u", "--unset", "-C", "--chdir"}),
    "time": frozenset({"-f", "-o"}),
    "nice": frozenset({"-n"}),
    "exec": frozenset(),
    "command": frozenset(),
    "nohup": frozenset(),
    "xvfb-run": frozenset({"-s", "-n"}),
    "tini": frozenset(),
    "dumb-init": frozenset(),
    "eatmydata": frozenset(),
}


class Mount:
    """One `--mount` of a RUN."""

    __slots__ = ("flag", "options")

    def __init__(self, flag: Flag) -> None:
        self.flag = flag
        self.options: dict[str, str] = {}
        for part in flag.value.split(","):
            name, _, value = part.partition("=")
            self.options[name.strip().lower()] = value
        # https://docs.docker.com/reference/dockerfile/#run---mount: bind is the default, target has two other names
        self.options.setdefault("type", "bind")

    @property
    def type(self) -> str:
        """`bind`, `cache`, `secret`, `ssh` or `tmpfs`."""
        return self.options["type"]

    @property
    def target(self) -> str:
        """Where it is mounted, as written; empty if a secret leaves it to BuildKit."""
        for name in ("target", "dst", "destination"):
            if name in self.options:
                return self.options[name]
        return ""


def mounts_of(node: Instruction) -> tuple[Mount, ...]:
    """The mounts of a RUN; nothing for other instructions."""
    if not isinstance(node, Run):
        return ()
    return tuple(Mount(flag) for flag in node.flags if flag.name == "mount")


class Called:
    """One simple command of a RUN.

    `values` are its literal words behind wrappers such as `sudo` and `env`; `offset` is how many
    words of `command` those wrappers take. `directory` is where it runs: WORKDIR and the `cd`s in
    front of it.
    """

    __slots__ = (
        "_call",
        "assigned",
        "command",
        "directory",
        "element",
        "offset",
        "values",
        "wrappers",
    )

    def __init__(
        self,
        command: Command,
        element: int,
        directory: Fact[str],
        values: tuple[str | None, ...],
        offset: int,
        wrappers: tuple[str, ...],
        assigned: dict[str, str | None],
    ) -> None:
        self.command = command
        self.element = element  # index of the top-level list element that holds it
        self.directory = directory
        self.values = values
        self.offset = offset
        self.wrappers = wrappers
        self.assigned = assigned  # variables set in front of the command, exported earlier in the script, or by env
        self._call: Call | bool | None = False

    @property
    def program(self) -> str:
        """The last part of the program's path; empty if it is not literal."""
        return (self.values[0] or "").rsplit("/", 1)[-1] if self.values else ""

    @property
    def call(self) -> Call | None:
        """What an ecosystem of the project says of it; None if none knows the program.

        A distribution's package manager installs for the machine: it is asked by `managed`.
        """
        found = self.managed
        return None if found is None or found.distribution else found

    @property
    def managed(self) -> Call | None:
        """What any ecosystem says of it, a distribution's package manager among them."""
        if self._call is False:
            from dfix.ecosystems import read_call  # noqa: PLC0415 - read when a question needs it

            self._call = read_call(self.values) if self.values else None
        return self._call  # type: ignore[return-value]

    def is_(self, program: str, *subcommands: str) -> bool:
        """Is this `program`, with one of the subcommands as its first word that is no option?"""
        if self.program != program:
            return False
        return not subcommands or self.verb in subcommands

    @property
    def verb(self) -> str | None:
        """The first word behind the program that is no option."""
        return next(
            (word for word in self.values[1:] if word is None or not word.startswith("-")), None
        )


class Readings:
    """Scripts and commands already read, by node: untouched nodes survive a step and are not read again."""

    __slots__ = ("_places", "_scripts")

    def __init__(self) -> None:
        self._scripts: dict[int, tuple[Instruction, Script | None]] = {}
        self._places: dict[int, tuple[Place, object]] = {}

    def script(self, node: Instruction) -> Script | None:
        """The script of an instruction in shell form."""
        found = self._scripts.get(id(node))
        if found is not None and found[0] is node:
            return found[1]
        script: Script | None = None
        if isinstance(node, Run | Start | Healthcheck) and isinstance(node.body, ShellForm):
            from dfix.grammar.shell import read_script  # noqa: PLC0415 - the shell grammar loads when needed

            script = read_script(node)
        self._scripts[id(node)] = (node, script)
        return script

    def remembered(self, place: Place, compute: Callable[[Place], T]) -> T:
        """`compute(place)`, once per place."""
        found = self._places.get(id(place))
        if found is not None and found[0] is place:
            return found[1]  # type: ignore[return-value]
        value = compute(place)
        self._places[id(place)] = (place, value)
        return value


def unwrapped(values: tuple[str | None, ...]) -> tuple[int, tuple[str, ...], dict[str, str | None]]:
    """How many words wrappers take in front of the real command, which wrappers, and what `env` assigns."""
    at, names = 0, []
    assigned: dict[str, str | None] = {}
    while at < len(values):
        word = values[at]
        name = (word or "").rsplit("/", 1)[-1]
        if name not in WRAPPERS:
            break
        takes = WRAPPERS[name]
        names.append(name)
        at += 1
        while at < len(values):
            word = values[at]
            if word is not None and word.startswith("-"):
                at += 2 if word in takes else 1
                if word == "--":
                    break
            elif name in ("env", "sudo") and word is not None and "=" in word:
                key, _, value = word.partition("=")
                assigned[key] = value
                at += 1
            else:
                break
    return at, tuple(names), assigned


def called_by(place: Place) -> tuple[Called, ...]:
    """The simple commands of a RUN, CMD or HEALTHCHECK in shell form, in order."""
    script = place.script
    if script is None:
        return ()
    base = place.before.workdir
    directory: Fact[str] = base
    exported: dict[str, str | None] = {}
    found: list[Called] = []
    for number, element in enumerate(script.elements):
        inner = directory
        for command in element.commands:
            values = command.values
            offset, wrappers, by_env = unwrapped(values)
            here = dict(exported)
            here.update({name: word.value for name, word in command.assignments})
            here.update(by_env)
            found.append(Called(command, number, inner, values[offset:], offset, wrappers, here))
            last = found[-1]
            if last.program == "cd" or last.program in ("pushd", "popd"):
                inner = _changed(inner, last)
            elif last.program == "export" and not command.context:
                for word in last.values[1:]:
                    if word is not None and "=" in word:
                        name, _, value = word.partition("=")
                        exported[name] = value
            elif not values and not command.context:
                exported.update({name: word.value for name, word in command.assignments})
        contained = all(
            command.context & {"subshell", "substitution"} for command in element.commands
        )
        if element.simple is not None or not contained:
            directory = inner
    return tuple(found)


def _changed(directory: Fact[str], called: Called) -> Fact[str]:
    """The directory behind a `cd`."""
    if called.program != "cd" or called.command.context & {
        "conditional",
        "loop",
        "case",
        "pipeline",
        "function",
    }:
        return Unknown("it changes with cd")
    target = called.values[1] if len(called.values) > 1 else None
    if target is None or target.startswith(("-", "~")):
        return Unknown("a cd names a directory that is not literal")
    if target.startswith("/"):
        return Known(paths.join("/", target), "cd")
    if isinstance(directory, Unknown):
        return directory
    return Known(paths.join(directory.value, target), "cd")
