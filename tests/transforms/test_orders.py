"""Random subsets of the catalogue in random orders, over the files of all fixtures.

Whatever the order: the file settles, the contract is kept, and a second run changes nothing. Transforms that no phase
and no `after` puts into an order are independent: in any order that the others allow, the same subset must write the same
bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fixtures import CATALOGUE, case_of, cases, project_of, text_of

from dfix.ecosystems.tree import MemoryTree
from dfix.grammar import parse
from dfix.refactor.checks import kept
from dfix.refactor.config import Config
from dfix.refactor.model import Model
from dfix.refactor.pipeline import refactor
from dfix.refactor.transform import Level, Phase, Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.refactor.report import Report

FOLDERS = [each.values[0] for each in cases()]
FIXED = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def run(folder: Any, order: Sequence[Transform], text: str, project: dict[str, str]) -> Report:
    """The transforms in exactly this order."""
    chain: list[Transform] = []
    for each in order:
        after = (chain[-1].id,) if chain else ()
        chain.append(each._replace(phase=Phase.RESTRUCTURE, after=after))
    case = case_of(folder)
    path = case.get("path", "Dockerfile")
    given_ = case.get("config", {}).items()
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in given_}
    return refactor(
        text,
        path=path,
        tree=MemoryTree({**project, path: text}),
        transforms=chain,
        config=Config(**values),
        level=Level.REVIEW,
    )


def follows(later: Transform, earlier: Transform) -> bool:
    """Must `later` run behind `earlier`, by its phase or by `after`, directly or through others?"""
    if later.phase is not earlier.phase:
        return later.phase > earlier.phase
    by_id = {each.id: each for each in CATALOGUE}
    waiting, seen = list(later.after), set[str]()
    while waiting:
        name = waiting.pop()
        if name == earlier.id:
            return True
        if name not in seen and name in by_id:
            seen.add(name)
            waiting += by_id[name].after
    return False


def allowed(order: Sequence[Transform]) -> list[Transform]:
    """The nearest order that phases and `after` allow: of those that may be next, the first."""
    left, out = list(order), list[Transform]()
    while left:
        ready = next(each for each in left if not any(follows(each, one) for one in left))
        out.append(ready)
        left.remove(ready)
    return out


orders = st.lists(st.sampled_from(CATALOGUE), min_size=1, unique_by=lambda each: each.id)


@FIXED
@given(st.sampled_from(FOLDERS), orders)
def test_any_subset_in_any_order_settles_and_keeps_the_contract(folder, order) -> None:
    text, project = text_of(folder / "before.Dockerfile"), project_of(folder)
    report = run(folder, order, text, project)
    assert report.ending.kind in ("settled", "refused", "unparsable"), report.ending
    assert not report.dropped
    if report.ending.kind != "settled":
        assert report.after == text
        return
    may_change = frozenset[str]().union(*(step.may_change for step in report.steps))
    before, after = Model(parse(text)), Model(parse(report.after))
    assert kept(before, after, may_change) is None
    project |= {path: new for path, (_, new) in report.files.items() if new is not None}
    again = run(folder, order, report.after, project)
    assert again.after == report.after


@FIXED
@given(st.sampled_from(FOLDERS), orders)
def test_independent_transforms_agree_in_every_order(folder, order) -> None:
    text, project = text_of(folder / "before.Dockerfile"), project_of(folder)
    one = run(folder, allowed(order), text, project)
    other = run(folder, allowed(order[::-1]), text, project)
    assert one.after == other.after
    assert one.files == other.files


def test_an_order_that_is_not_allowed_is_mended() -> None:
    chosen = {each.id: each for each in CATALOGUE}
    late, early = chosen["clean-apt-lists"], chosen["split-stages"]
    assert allowed([late, early]) == [early, late]
    assert allowed([early, late]) == [early, late]
