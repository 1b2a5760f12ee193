"""Does a container that starts from a stage read the store that a step of it filled?"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Unknown
from dfix.grammar.nodes import Cmd, Entrypoint
from dfix.refactor.plans.starting import criterion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.ecosystems.service import Started
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place, Stage


def started_reader(ctx: Context, place: Place, ecosystem: str) -> str | None:
    """What is started on top of a step that may read its store, as half a sentence; None if nothing is.

    The stage of the step counts and all that build on it, each if it starts something of its own or is the default
    target: `docker compose` may start a stage for development that no one copies from.
    """
    for stage in _standing(place):
        own = stage.last(Cmd) or stage.last(Entrypoint)
        if own is None and not stage.is_last:
            continue
        if stage.is_last and ctx.project.for_others is not None:
            return f"{ctx.project.for_others} and may read the store"
        started = criterion(ctx, stage)
        if isinstance(started, Unknown):
            return f"the container may start what reads the store: {started.why}"
        for each in started.value.started:
            if _reads(each, place, ecosystem):
                words = " ".join(word or "..." for word in each.words[:3])
                return f"{each.where} starts {words}, which may read the store"
    return None


def _standing(place: Place) -> Iterator[Stage]:
    """The stage of a step and those that build on it."""
    reached = [place.stage]
    yield place.stage
    for stage in place.model.stages[place.stage.index + 1 :]:
        if stage.parent in reached:
            reached.append(stage)
            yield stage


def _reads(started: Started, place: Place, ecosystem: str) -> bool:
    """May this command read the store? A program named by its path, or one that is built here, does not.

    Nor does one that starts what was built (`java -jar`), unless a word names the store.
    """
    call = read_call(started.words)
    if call is not None:
        return call.ecosystem == ecosystem and call.role not in (Role.CONFIG, Role.START)
    word = started.words[0]
    if word is None:
        return True
    if takes_no_store(started.words, ecosystem):
        return False
    return "/" not in word and word not in _built(place)


def takes_no_store(words: Sequence[str | None], ecosystem: str) -> bool:
    """Does this program only start, or take apart, what was built (`java -jar`), and name no store?"""
    knowledge = ecosystem_of(ecosystem).knowledge
    if not words or posixpath.basename(words[0] or "") not in knowledge.starters:
        return False
    stores = [each.path.removeprefix("~/").partition("/")[0] for each in knowledge.caches.values()]
    return not any(store in (word or "") for word in words for store in stores)


def _built(place: Place) -> set[str]:
    """The last parts of the paths that builds of the file name: `go build -o bin/app` builds `app`."""
    return {
        posixpath.basename(word)
        for run in place.model.calling
        for called in run.called
        if called.call is not None and called.call.role is Role.BUILD
        for word in called.values[1:]
        if word is not None and not word.startswith("-")
    }
