"""What a call of apt, apt-get, apt-cache or aptitude does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import debian
from dfix.ecosystems.calls import Beside
from dfix.ecosystems.distribution import DistributionEcosystem
from dfix.ecosystems.facts import Known, Unknown

if TYPE_CHECKING:
    from dfix.ecosystems.arguments import Arguments
    from dfix.ecosystems.calls import Call, Setting
    from dfix.ecosystems.facts import Fact

# Groups of apt's settings that name folders and files: https://manpages.debian.org/bookworm/apt/apt.conf.5.en.html
_FOLDERS = ("dir", "rootdir")
_RECOMMENDS = "apt::install-recommends"


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

    def leaning(self, call: Call) -> Setting | None:
        """None too if a setting of the call decides it."""
        decided = any(
            name == "-o" and value is not None and value.lower().startswith(_RECOMMENDS)
            for name, value in call.flags
        )
        return None if decided else super().leaning(call)

    def beside(self, call: Call, suite: str | None) -> Fact[Beside]:
        """What the archive of Debian says of the packages that are named."""
        if call.unknown or call.files or "-t" in {name for name, _ in call.flags}:
            return Unknown("what is installed is not known")
        found = debian.beside(call.packages, suite)
        if isinstance(found, Unknown):
            return found
        return Known(
            Beside(found.value, debian.live(found.value), debian.idle(found.value)), found.source
        )

    def missed(self, call: Call) -> tuple[str, ...]:
        """One package that nothing is known of tells nothing of the others."""
        known = [one for one in call.packages if isinstance(debian.beside([one], None), Known)]
        found = debian.beside(known, None)
        return debian.live(found.value) if isinstance(found, Known) else ()


ECOSYSTEM = AptEcosystem(__file__)
