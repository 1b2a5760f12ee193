"""What the container runs: the criterion of a slice.

ENTRYPOINT and CMD in force, HEALTHCHECK, and the commands that the repository's compose files,
manifests and scripts run in the image instead.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems import read_call
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.service import Started
from dfix.grammar.nodes import Cmd, Entrypoint, ExecForm, Healthcheck
from dfix.refactor.model import paths
from dfix.refactor.model.layout import origin
from dfix.refactor.model.runs import unwrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.repository.values import Override
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place, Stage

SHELLS = ("sh", "bash", "ash", "dash")
# Words of a start script that start nothing themselves.
SILENT = frozenset(
    [
        "[",
        "test",
        "[[",
        "echo",
        "printf",
        "export",
        "set",
        "unset",
        "cd",
        "true",
        "false",
        ":",
        "sleep",
        "exit",
        "trap",
        "wait",
        "source",
        ".",
        "read",
        "local",
        "return",
        "shift",
        "umask",
        "date",
        "mkdir",
        "cat",
        "chmod",
        "chown",
        "ls",
        "rm",
        "touch",
        "cp",
        "mv",
        "ln",
        "sed",
        "grep",
        "cut",
        "tr",
        "head",
        "tail",
        "dirname",
        "basename",
        "readlink",
        "id",
        "env",
        "command",
        "type",
        "hash",
        "eval",
        "if",
    ]
)
# Scripts that wait for a port and then start what stands behind `--`; bash runs the first two.
# https://github.com/vishnubob/wait-for-it, https://github.com/eficode/wait-for, https://github.com/jwilder/dockerize
WAITERS = {
    "wait-for-it.sh": "bash",
    "wait-for-it": "bash",
    "wait-for": "sh",
    "wait-for.sh": "sh",
    "dockerize": "",
}
DEPTH = 3  # scripts that call scripts


@dataclass(frozen=True, slots=True)
class Criterion:
    """Everything that is started, and where a shell or a script is needed for it.

    `scripts` are absolute paths of start scripts of the project; `programs` other programs that
    start scripts and health checks call, each with where.
    """

    started: tuple[Started, ...]
    shell: str | None
    bash: str | None
    scripts: tuple[tuple[str, str], ...]
    programs: tuple[tuple[str, str], ...]


class _Reader:
    """Collects what is started, following the project's own scripts."""

    def __init__(self, ctx: Context, stage: Stage) -> None:
        self.ctx = ctx
        self.stage = stage
        self.started: list[Started] = []
        self.shell: str | None = None
        self.bash: str | None = None
        self.scripts: dict[str, str] = {}
        self.programs: dict[str, str] = {}
        self.trouble: str | None = None

    def words(
        self,
        words: Sequence[str | None],
        directory: str,
        where: str,
        depth: int = 0,
        *,
        check: bool = False,
    ) -> None:
        """One command, as words."""
        offset, _, _ = unwrapped(tuple(words))
        words = tuple(words[offset:])
        if not words:
            return
        first = words[0]
        if first is None:
            self.trouble = self.trouble or f"{where} starts what is not literal"
            return
        name = posixpath.basename(first)
        if ("/" in first or name in SHELLS) and read_call(words) is not None:
            # A wrapper that lies in the project (`./mvnw`, `sh gradlew`) is the tool that it fetches.
            if name in SHELLS or self._project_file(paths.join(directory, first)) is not None:
                self.shell = self.shell or where
            self.started.append(Started(words, directory, where))
            return
        if name in SHELLS:
            self.shell = self.shell or where
            if name == "bash":
                self.bash = self.bash or where
            self._shell(words, directory, where, depth, check=check)
            return
        if name in WAITERS:
            self._waits(words, directory, where, depth, check=check)
            return
        if name in SILENT:
            self.shell = (
                self.shell or where if name not in ("cat", "sleep", "true", "env") else self.shell
            )
            return
        if "/" in first or first.endswith(".sh"):
            script = self._script(paths.join(directory, first), words[1:], where, depth)
            if script:
                return
        if check and name in ("curl", "wget", "nc", "pg_isready", "redis-cli"):
            self.programs.setdefault(name, where)
            return
        self.started.append(Started(tuple(words), directory, where))

    def _waits(
        self, words: Sequence[str | None], directory: str, where: str, depth: int, *, check: bool
    ) -> None:
        """A script that waits: it needs its shell, and starts the words behind `--`."""
        script = words[0] or ""
        interpreter = WAITERS[posixpath.basename(script)]
        if interpreter:
            self.shell = self.shell or where
        if interpreter == "bash":
            self.bash = self.bash or where
        if self._project_file(paths.join(directory, script)) is None:
            self.programs.setdefault(posixpath.basename(script), where)
        if "--" in words:
            behind = list(words).index("--") + 1
            self.words(words[behind:], directory, where, depth, check=check)

    def _shell(
        self, words: Sequence[str | None], directory: str, where: str, depth: int, *, check: bool
    ) -> None:
        rest = list(words[1:])
        while rest and rest[0] is not None and rest[0].startswith("-"):
            option = rest.pop(0)
            if option and not option.startswith("--") and "c" in option:
                source = next(iter(rest), None)
                if source is not None:
                    self.text(source, directory, where, depth, check=check)
                else:
                    self.trouble = self.trouble or f"{where} runs shell source that is not literal"
                return
        if not rest:
            return  # an interactive shell
        if posixpath.basename(rest[0] or "") in WAITERS:
            self._waits(rest, directory, where, depth, check=check)
            return
        if rest[0] is None or not self._script(
            paths.join(directory, rest[0]), rest[1:], where, depth
        ):
            self.trouble = self.trouble or f"the script that {where} runs cannot be read"

    def text(
        self, text: str, directory: str, where: str, depth: int = 0, *, check: bool = False
    ) -> None:
        """Shell source."""
        from dfix.grammar.shell import read_text  # noqa: PLC0415 - the shell grammar loads when needed

        script = read_text(text)
        self.shell = self.shell or where
        if script is None:
            self.trouble = self.trouble or f"{where} cannot be read as shell source"
            return
        here = directory
        for command in script.commands:
            values: Sequence[str | None] = command.values
            if not values:
                continue
            first = values[0]
            if first == "cd" and len(values) > 1 and values[1]:
                here = paths.join(here, values[1])
                continue
            if first is None:
                text_of = command.words[0].text
                if text_of.strip('"') in ("$@", "${@}", "$*"):
                    continue  # the arguments, which are read as a start of their own
            if (
                first == "exec"
                and len(command.words) > 1
                and command.words[1].text.strip('"') in ("$@", "${@}", "$*")
            ):
                continue
            self.words(values, here, where, depth, check=check)

    def _script(self, path: str, arguments: Sequence[str | None], where: str, depth: int) -> bool:
        """Follow a script of the project; False if it is none."""
        source = self._project_file(path)
        if source is None:
            return False
        context = self.ctx.project.context
        if isinstance(context, Unknown):
            return False
        text = context.value.read(source)
        if isinstance(text, Unknown):
            return False
        first = text.value.partition("\n")[0]
        interpreter = (
            posixpath.basename(first.removeprefix("#!").split()[-1])
            if first.startswith("#!") and first[2:].split()
            else ""
        )
        if interpreter not in SHELLS and not (interpreter == "" and source.endswith(".sh")):
            return False
        if depth >= DEPTH:
            self.trouble = self.trouble or f"{source} calls scripts that call scripts"
            return True
        if interpreter == "bash":
            self.bash = self.bash or source
        self.scripts.setdefault(path, source)
        self.text(text.value, self._directory(), source, depth + 1)
        if "$@" in text.value or "$*" in text.value:
            self.words(arguments, self._directory(), where, depth + 1)
        return True

    def _project_file(self, path: str) -> str | None:
        project = self.ctx.project
        last = self.stage.places[-1]
        found = origin(path, last, project.is_folder, project.is_file, project.matching)
        if isinstance(found, Unknown):
            return None
        return found.value if project.is_file(found.value) else None

    def _directory(self) -> str:
        workdir = self.stage.final.workdir
        return workdir.value if isinstance(workdir, Known) else "/"


def criterion(ctx: Context, stage: Stage) -> Fact[Criterion]:
    """What the container of a stage runs. Unknown if something of it cannot be read, or if it starts nothing."""
    workdir = stage.final.workdir
    if isinstance(workdir, Unknown):
        return Unknown(f"the working directory is not known: {workdir.why}")
    reader = _Reader(ctx, stage)
    for place in stage.places:
        if getattr(getattr(place.node, "body", None), "rest", None) is not None:
            # Old front ends ignore the rest, current ones run the line as shell source.
            return Unknown(
                f"{place.where} has text behind its array, which engines read differently"
            )
    entry, cmd = stage.last(Entrypoint), stage.last(Cmd)
    if entry is None and cmd is None:
        return Unknown("it has neither CMD nor ENTRYPOINT of its own")
    if entry is not None and isinstance(entry.node.body, ExecForm):  # type: ignore[attr-defined]
        words = entry.node.body.values + _arguments(cmd)  # type: ignore[attr-defined]
        reader.words(words, workdir.value, entry.where)
    elif entry is not None:
        reader.text(entry.node.body.text.value, workdir.value, entry.where)  # type: ignore[attr-defined]
    elif cmd is not None:
        body = cmd.node.body  # type: ignore[attr-defined]
        if isinstance(body, ExecForm):
            reader.words(body.values, workdir.value, cmd.where)
        elif body is not None:
            reader.text(body.text.value, workdir.value, cmd.where)
    check = stage.last(Healthcheck)
    if check is not None and check.node.body is not None:  # type: ignore[attr-defined]
        body = check.node.body  # type: ignore[attr-defined]
        if isinstance(body, ExecForm):
            reader.words(body.values, workdir.value, check.where, check=True)
        else:
            reader.text(body.text.value, workdir.value, check.where, check=True)
    own = entry.node.body if entry is not None else None  # type: ignore[attr-defined]
    # An entrypoint of a base of images.toml starts its arguments: node's docker-entrypoint.sh, for one.
    words_before = () if own is None else own.values if isinstance(own, ExecForm) else None
    _overrides(ctx, reader, workdir.value, words_before)
    if reader.trouble is not None:
        return Unknown(reader.trouble)
    if not reader.started:
        return Unknown("what the container starts is not told by CMD and ENTRYPOINT")
    return Known(
        Criterion(
            tuple(reader.started),
            reader.shell,
            reader.bash,
            tuple(reader.scripts.items()),
            tuple(reader.programs.items()),
        ),
        (entry or cmd).where,  # type: ignore[union-attr]
    )


def _overrides(
    ctx: Context, reader: _Reader, directory: str, entry: tuple[str, ...] | None
) -> None:
    """What the repository starts in the image, beside its own CMD or instead of it.

    `entry` are the words of the image's ENTRYPOINT that a command follows; None where it is a shell
    form, which takes no command.
    """
    repository = ctx.project.repository
    for start in repository.starts:
        words = _words_of(start.entrypoint) if start.entrypoint is not None else entry
        command = _words_of(start.command) if start.command is not None else ()
        if any(part is not None and not part.literal for part in (start.entrypoint, start.command)):
            reader.trouble = (
                reader.trouble or f"what {start.source} starts in the image is not literal"
            )
        elif words is not None and (words or command):
            reader.words((*words, *command), directory, start.source)
    for override in repository.started:
        if override.kind in ("entrypoint", "command") or override.value in ("NONE", ("NONE",)):
            continue
        if not override.literal:
            reader.trouble = (
                reader.trouble or f"what {override.source} starts in the image is not literal"
            )
            continue
        reader.words(
            _words_of(override), directory, override.source, check=override.kind == "healthcheck"
        )


def _words_of(override: Override) -> tuple[str, ...]:
    """The words that an override starts, through a shell where one reads its text."""
    if isinstance(override.value, tuple):
        return override.value
    return ("sh", "-c", override.value) if override.uses_shell else tuple(override.value.split())


def _arguments(cmd: Place | None) -> tuple[str, ...]:
    if cmd is None or not isinstance(cmd.node.body, ExecForm):  # type: ignore[attr-defined]
        return ()
    return cmd.node.body.values  # type: ignore[attr-defined]
