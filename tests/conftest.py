"""What holds for all tests: those that build run one after the other.

Two builds of one project at a time share steps inside the engine, and the second one's log then lacks them.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engine") is not None:
            item.add_marker(pytest.mark.xdist_group("engine"))
