"""What a call of apk does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.distribution import DistributionEcosystem

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Call

_FETCHES = frozenset({"cache-off", "fresh"})


class ApkEcosystem(DistributionEcosystem):
    """apk, whose installs fetch the index themselves if a flag says so."""

    def looks_in(self, call: Call) -> tuple[str, ...]:
        """Nothing for a call that fetches the index first."""
        effects = {self.knowledge.flags[name].effect for name, _ in call.flags}
        return () if effects & _FETCHES else super().looks_in(call)


ECOSYSTEM = ApkEcosystem(__file__)
