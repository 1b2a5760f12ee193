"""What a call of dnf, microdnf or yum does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.distribution import DistributionEcosystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.calls import Cache, Call


class DnfEcosystem(DistributionEcosystem):
    """dnf, and the programs that read its repositories."""

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """None for microdnf, which keeps its packages elsewhere."""
        return () if (call.words[0] or "").endswith("microdnf") else super().caches(call, env)


ECOSYSTEM = DnfEcosystem(__file__)
