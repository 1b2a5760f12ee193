"""What a call of zypper does."""

from __future__ import annotations

from dfix.ecosystems.distribution import DistributionEcosystem

ECOSYSTEM = DistributionEcosystem(__file__)
