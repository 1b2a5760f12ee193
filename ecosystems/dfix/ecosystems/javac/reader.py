"""What a call of the Java compiler does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import read_arguments
from dfix.ecosystems.calls import Call, Role
from dfix.ecosystems.ecosystem import Ecosystem

if TYPE_CHECKING:
    from collections.abc import Sequence


class JavacEcosystem(Ecosystem):
    """javac: it reads sources and a class path, and downloads nothing."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What `javac` does."""
        given = read_arguments(words, 1, self.knowledge.flags)
        asks = given.has("asks")
        return Call(
            ecosystem="javac",
            verb="javac",
            role=Role.CONFIG if asks else Role.BUILD,
            words=tuple(words),
            unknown=given.unknown,
            flags=given.pairs,
            outputs=tuple(value for value in given.values("output") if value is not None),
        )


ECOSYSTEM = JavacEcosystem(__file__)
