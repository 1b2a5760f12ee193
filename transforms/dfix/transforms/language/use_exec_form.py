"""Start the program itself, or let the shell hand over to it.

## Why
In shell form `/bin/sh -c` is process 1: it passes no signal on, so that a container that is stopped
waits ten seconds and is killed. Where the command needs a shell, for a variable or for what comes
first, or where an ENTRYPOINT may tell its server from a shell, the shell is written out and `exec`
lets the program take its place. Sources:
https://docs.docker.com/reference/build-checks/json-args-recommended/ ,
https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example

## When it holds back
- needs-shell: the shell cannot hand over to one program: a pipeline, a loop, a built-in at the end;
- cmd-ignored: a shell form ENTRYPOINT ignores CMD and the command of a compose file, an exec form
  gets them as arguments;
- other-shell: SHELL names another one, whose rules are not known.

## Level
`bold`: signals reach the process, and the shell's own start files and messages are gone.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Cmd, Entrypoint, ExecForm, ShellForm
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.grammar.shell import Element
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place, Stage

# They start what they are given, whatever it is.
INITS = frozenset({"tini", "dumb-init", "catatonit"})
RULE = "https://docs.docker.com/reference/build-checks/json-args-recommended/"
# Built-ins that no program of the same name stands in for.
# https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_15
BUILTINS = frozenset(
    (
        *(
            ".",
            ":",
            "break",
            "continue",
            "eval",
            "exit",
            "export",
            "readonly",
            "return",
            "set",
            "shift",
        ),
        *(
            "times",
            "trap",
            "unset",
            "cd",
            "command",
            "source",
            "alias",
            "read",
            "umask",
            "wait",
            "ulimit",
        ),
        *("type", "hash", "local", "getopts", "bg", "fg", "jobs"),
    )
)

CASES = (
    Case.untouched(
        "exec form", before='FROM alpine\nENTRYPOINT ["a"]\nCMD ["b", "c"]\nHEALTHCHECK CMD d\n'
    ),
    Case.rewrites(
        "a program and its words",
        before="FROM alpine\nCMD python app.py --name 'a b'\n",
        after='FROM alpine\nCMD ["python", "app.py", "--name", "a b"]\n',
    ),
    Case.rewrites(
        "exec is what an exec form does",
        before='FROM alpine\nENTRYPOINT exec nginx -g "daemon off;"\n',
        after='FROM alpine\nENTRYPOINT ["nginx", "-g", "daemon off;"]\n',
    ),
    Case.rewrites(
        "over several lines",
        before="FROM alpine\nCMD gunicorn \\\n    --bind 0.0.0.0:80 \\\n    app:app\n",
        after='FROM alpine\nCMD ["gunicorn", "--bind", "0.0.0.0:80", "app:app"]\n',
    ),
    Case.rewrites(
        "a variable needs a shell, which hands over",
        before="FROM alpine\nENTRYPOINT java $JAVA_OPTS -jar a.jar\n",
        after='FROM alpine\nENTRYPOINT ["/bin/sh", "-c", "exec java $JAVA_OPTS -jar a.jar"]\n',
    ),
    Case.rewrites(
        "what comes first stays with the shell",
        before='FROM alpine\nSHELL ["/bin/bash", "-c"]\nCMD a migrate && \\\n    A=1 b; a serve --port "$PORT"\n',
        after=(
            'FROM alpine\nSHELL ["/bin/bash", "-c"]\n'
            'CMD ["/bin/bash", "-c", "a migrate && A=1 b; exec a serve --port \\"$PORT\\""]\n'
        ),
    ),
    Case.rewrites(
        "the entry point of a server still sees a shell",
        before="FROM redis:7\nCMD redis-server /etc/redis.conf\n",
        after='FROM redis:7\nCMD ["/bin/sh", "-c", "exec redis-server /etc/redis.conf"]\n',
    ),
    Case.rewrites(
        "an entry point of the project may look at its arguments",
        before='FROM alpine\nENTRYPOINT ["/entry.sh"]\nCMD a b\n',
        after='FROM alpine\nENTRYPOINT ["/entry.sh"]\nCMD ["/bin/sh", "-c", "exec a b"]\n',
    ),
    Case.rewrites(
        "an init starts what it is given",
        before='FROM alpine\nENTRYPOINT ["/sbin/tini", "--"]\nCMD a b\n',
        after='FROM alpine\nENTRYPOINT ["/sbin/tini", "--"]\nCMD ["a", "b"]\n',
    ),
    Case.holds_back("a pipeline", before="FROM alpine\nCMD a | b\n", because="needs-shell"),
    Case.holds_back("an alternative", before="FROM alpine\nCMD a || b\n", because="needs-shell"),
    Case.holds_back("a variable set", before="FROM alpine\nCMD A=1 b\n", because="needs-shell"),
    Case.holds_back("a built-in", before="FROM alpine\nCMD cd /a\n", because="needs-shell"),
    Case.rewrites(
        "output that is sent elsewhere",
        before="FROM alpine\nCMD a > b\n",
        after='FROM alpine\nCMD ["/bin/sh", "-c", "exec a > b"]\n',
    ),
    Case.holds_back(
        "an entry point with a command",
        before='FROM alpine\nENTRYPOINT a\nCMD ["b"]\n',
        because="cmd-ignored",
    ),
    Case.holds_back(
        "an entry point with a command of compose",
        before="FROM alpine\nENTRYPOINT a\n",
        because="cmd-ignored",
        project={"compose.yaml": "services:\n  a:\n    build: .\n    command: [b]\n"},
    ),
    Case.rewrites(
        "a shell that is written out ignores the command as before",
        before="FROM alpine\nENTRYPOINT a $B\n",
        after='FROM alpine\nENTRYPOINT ["/bin/sh", "-c", "exec a $B"]\n',
        project={"compose.yaml": "services:\n  a:\n    build: .\n    command: [b]\n"},
    ),
    Case.holds_back(
        "another shell",
        before='FROM alpine\nSHELL ["pwsh", "-c"]\nCMD a b\n',
        because="other-shell",
    ),
)


@transform(
    group="language",
    ceiling=Level.BOLD,
    phase=Phase.MODERNISE,
    after=("drop-overridden-commands",),
    slugs=("needs-shell", "cmd-ignored", "other-shell"),
    cases=CASES,
    rules=(
        "JSONArgsRecommended",
        "DL3025",
    ),
)
def use_exec_form(ctx: Context) -> Iterator[Finding]:
    """Start the program itself."""
    for place in ctx.model.places():
        node = place.node
        if not isinstance(node, Cmd | Entrypoint) or not isinstance(node.body, ShellForm):
            continue
        obstacle = _obstacle(place)
        if obstacle is not None:
            yield hold_back(place, *obstacle)
            continue
        plain = None if isinstance(node, Cmd) and _looked_at(place) else _words(place)
        words = plain or _handing_over(place)
        if words is None:
            yield hold_back(place, "needs-shell", "its shell cannot hand over to one program")
            continue
        ignored = _ignored(ctx, place) if isinstance(node, Entrypoint) else None
        if ignored is not None and words[1:2] != ("-c",):
            yield hold_back(
                place,
                "cmd-ignored",
                f"{ignored}, which a shell form ignores and an exec form is given",
            )
            continue
        body = compose.exec_form(words)
        first = node.body.text
        if "\n" not in first.before:
            body = body.with_changes(open=body.open.with_changes(before=first.before))
        yield Rewrite(
            node,
            f"let {_program(words)} be process 1",
            Level.BOLD,
            (Evidence("a shell as process 1 passes no signal on", RULE),),
            (edits.replace(node, edits.bare(node).with_changes(body=body)),),
            may_change=frozenset({node.name}),
        )


def _program(words: tuple[str, ...]) -> str:
    """The program that ends up as process 1."""
    if words[1:2] != ("-c",):
        return words[0]
    return words[2].rpartition("exec ")[2].partition(" ")[0]


def _obstacle(place: Place) -> tuple[str, str] | None:
    shell = place.before.shell
    if shell is not None and shell[:2] not in (
        ("/bin/sh", "-c"),
        ("/bin/bash", "-c"),
        ("bash", "-c"),
        ("sh", "-c"),
    ):
        return "other-shell", "SHELL names a shell whose rules are not known"
    if "windows" in (place.stage.root.reference or ""):
        return "other-shell", "the shell of a Windows image is another one"
    return None


def _looked_at(place: Place) -> bool:
    """May an ENTRYPOINT do something else where the words of CMD are not those of a shell?

    Those of servers do where their own server is named: they fill a database, read templates, change the user.
    """
    stage: Stage | None = place.stage
    while stage is not None:
        entry = stage.last(Entrypoint)
        if entry is not None:
            body = entry.node.body if isinstance(entry.node, Entrypoint) else None
            if not isinstance(body, ExecForm) or not body.values:
                return False  # a shell form is given no CMD
            first, *others = body.values
            quiet = all(word.startswith("-") for word in others)
            return not (quiet and posixpath.basename(first) in INITS)
        stage = stage.parent
    image = place.stage.root_image
    if isinstance(image, Unknown):
        return True
    return bool(image.entrypoint) and not image.passes and image.starts != "repl"


def _ignored(ctx: Context, place: Place) -> str | None:
    """What gives this ENTRYPOINT arguments that its shell does not hand on.

    It resets the CMD that comes from below; one of its own stage stays, and the repository may show one.
    """
    if any(isinstance(each.node, Cmd) for each in place.stage.places):
        return "a CMD is there"
    for start in ctx.project.repository.starts if ctx.project.at_hand else ():
        if start.entrypoint is None and start.command is not None:
            return f"{start.source} gives a command"
    return None


def _words(place: Place) -> tuple[str, ...] | None:
    """The command's words, if a shell would do nothing else than start it with them."""
    script = place.model.readings.script(place.node)
    if (
        script is None
        or len(script.elements) != 1
        or len(script.commands) != 1
        or script.ends_in_comment
    ):
        return None
    command = script.elements[0].simple
    if command is None or command.assignments or command.redirects or command.context:
        return None
    if script.elements[0].operator not in ("", "\n"):
        return None
    values = [word.value for word in command.words if not word.glob]
    if len(values) < len(command.words) or any(
        value is None or value.startswith("~") for value in values
    ):
        return None
    words = tuple(value for value in values if value is not None)
    if words[:1] == ("exec",):
        words = words[1:]
    if (
        not words
        or words[0] in BUILTINS
        or words[0].startswith("-")
        or any("{" in word for word in words)
    ):
        return None
    return words


def _handing_over(place: Place) -> tuple[str, ...] | None:
    """The shell's words, with `exec` in front of the last command; None if it is no plain program."""
    script = place.model.readings.script(place.node)
    if script is None or script.ends_in_comment or not script.elements:
        return None
    *first, last = script.elements
    if any(element.operator not in ("&&", ";") for element in first) or last.operator:
        return None
    command = last.simple
    if command is None or command.assignments or command.context or not command.words:
        return None
    program = command.words[0].value
    if (
        program is None
        or program in BUILTINS
        or program in (":", "[", "test", "echo", "true", "false")
    ):
        return None
    parts: list[str] = []
    for element in script.elements:
        if element is last and program != "exec":
            parts.append("exec ")
        between = "; " if element.operator == ";" else f" {element.operator} "
        parts.append(_on_one_line(element) + (between if element is not last else ""))
    return (*(place.before.shell or ("/bin/sh", "-c")), "".join(parts))


def _on_one_line(element: Element) -> str:
    """The text of a command without the columns and indents of the lines it stood on."""
    command = element.simple
    if command is None:
        return element.text
    words = [*(word for _, word in command.assignments), *command.words]
    spans = [(each.start, each.end) for each in words]
    spans = sorted([*spans, *((each.start, each.end) for each in command.redirects)])
    text, start = element.text, element.start
    out = [text[: spans[0][0] - start]]
    for (begin, end), (following, _) in zip(spans, [*spans[1:], (element.end, 0)], strict=True):
        gap = text[end - start : following - start]
        out += (text[begin - start : end - start], " " if gap.isspace() else gap)
    return "".join(out).strip()
