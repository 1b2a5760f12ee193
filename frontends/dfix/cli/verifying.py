"""What `dfix verify` and `dfix --write --verify` share: options, interrupts, one file's proof."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from dfix.api.tasks import Task
    from dfix.refactor.report import Report
    from dfix.render.view import Problem
    from dfix.verify.values import Proof, Settings

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how to build and start."""
    for option in reversed(
        [
            click.option(
                "--network", metavar="NAME", help="docker's network for builds and containers."
            ),
            click.option(
                "--offline-frontend", is_flag=True, help="Build a copy without the # syntax line."
            ),
            click.option(
                "--build-limit",
                type=click.FloatRange(min=0, min_open=True),
                metavar="SECONDS",
                help="For one build [default: 1800].",
            ),
            click.option("--anew", is_flag=True, help="Build even what is proven already."),
        ]
    ):
        command = option(command)
    return command


def settings(options: dict[str, Any], **more: Any) -> Settings:
    """What the options ask of the engine; what is not given keeps its default."""
    from dfix.verify.values import Settings  # noqa: PLC0415 - a usage error needs no verify

    given: dict[str, Any] = {
        "network": options["network"],
        "offline_frontend": options["offline_frontend"] or None,
        "build_limit": options["build_limit"],
        "proofs": None if options["anew"] else _proofs(),
        **more,
    }
    return Settings(**{name: value for name, value in given.items() if value is not None})


def _proofs() -> str:
    """Where proofs are kept: https://specifications.freedesktop.org/basedir-spec/latest/."""
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(folder):
        folder = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(folder, "dfix", "proofs")


def prove(task: Task, how: Settings, *, quiet: bool = False) -> Proof:
    """Prove what a task would change."""
    from dfix.api.tasks import disk, perform  # noqa: PLC0415 - see settings
    from dfix.verify import proof  # noqa: PLC0415 - see settings

    return proof.prove(
        lambda without: perform(task._replace(without=(*task.without, *without))),
        root=task.root,
        tree=disk(task.root),
        config=task.config,
        settings=how,
        tell=proof.silent if quiet or not sys.stderr.isatty() else _tell,
    )


def proven(
    tasks: Sequence[Task], options: dict[str, Any], problems: list[Problem]
) -> Iterator[Report]:
    """The reports of the tasks with what is proven alone.

    A step that fell out is in its report as dropped; a file of which nothing could be tried is
    unchanged and a problem.
    """
    from dfix.refactor.report import Dropped  # noqa: PLC0415 - see settings
    from dfix.render.view import Problem  # noqa: PLC0415 - see settings

    how = settings(options)
    for task in tasks:
        proof = prove(task, how, quiet=options["quiet"])
        report = proof.report
        fallen = tuple(
            Dropped(each.ids[0], each.transform, 0, "build", said.sentence)
            for each in proof.fallen
            for said in each.objections[:1]
        )
        if not proof.may_write and report.changed:
            report = report._replace(after=report.before, files={}, steps=())
            if proof.outcome == "not-tried":
                problems.append(Problem(report.path, f"not written: {proof.reason}"))
        yield report._replace(dropped=(*report.dropped, *fallen))


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


@contextlib.contextmanager
def interruptible() -> Generator[None]:
    """Ctrl-C or a polite kill ends the command once everything that was made is removed.

    A second one is not heard: it would leave behind what the first one is removing.
    """
    import signal  # noqa: PLC0415 - a run without an engine needs none

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("interrupted: nothing was written, and nothing is left behind", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shown_name(task: Task, folder: str) -> str:
    """A task's file as it is shown: from the current folder if it lies there, else in full."""
    whole = os.path.join(task.root, *task.path.split("/"))
    short = os.path.relpath(whole, folder)
    return whole if short.startswith("..") else short
