"""The `transform` decorator and the order in which transforms run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dfix.refactor.transform import Case, Finding, Level, Phase, Transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dfix.refactor.context import Context

    Find = Callable[[Context], Iterator[Finding]]


def transform(
    *,
    group: str,
    ceiling: Level,
    phase: Phase,
    slugs: Sequence[str] = (),
    after: Sequence[str] = (),
    cases: Sequence[Case] = (),
    rules: Sequence[str] = (),
    on_request: bool = False,
) -> Callable[[Find], Transform]:
    """Make a transform of a generator function.

    Its id is the function's name with dashes, its page the module's docstring.
    """

    def make(find: Find) -> Transform:
        return Transform(
            id=find.__name__.replace("_", "-"),
            group=group,
            ceiling=ceiling,
            phase=phase,
            page=sys.modules[find.__module__].__doc__ or "",
            find=find,
            after=tuple(after),
            slugs=tuple(slugs),
            cases=tuple(cases),
            rules=tuple(rules),
            on_request=on_request,
        )

    return make


def in_order(transforms: Iterable[Transform]) -> tuple[Transform, ...]:
    """Phase by phase; inside a phase by `after` edges, then by id. Raises ValueError for a circle."""
    waiting = sorted(transforms, key=lambda each: (each.phase, each.id))
    ordered: list[Transform] = []
    done: set[str] = set()
    while waiting:
        phase = waiting[0].phase
        here = [each for each in waiting if each.phase is phase]
        names = {each.id for each in here}
        ready = next((each for each in here if not (set(each.after) & names) - done), None)
        if ready is None:
            msg = f"the transforms {', '.join(sorted(names))} wait for each other"
            raise ValueError(msg)
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.id)
    return tuple(ordered)
