"""What a call of apt, apt-get, apt-cache or aptitude does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.distribution import DistributionEcosystem

if TYPE_CHECKING:
    from dfix.ecosystems.arguments import Arguments

# Groups of apt's settings that name folders and files: https://manpages.debian.org/bookworm/apt/apt.conf.5.en.html
_FOLDERS = ("dir", "rootdir")


class AptEcosystem(DistributionEcosystem):
    """apt and its relatives, which share one configuration, one archive and one set of lists."""

    def elsewhere(self, given: Arguments) -> tuple[str, ...]:
        """Beside the flags: settings (`-o Dir::Cache=...`) that move folders, or that are not literal."""
        moved = [
            f"-o {value or '...'}"
            for value in given.values("setting")
            if value is None or value.lower().partition("::")[0] in _FOLDERS
        ]
        return (*super().elsewhere(given), *moved)


ECOSYSTEM = AptEcosystem(__file__)
