"""What an image of Debian's family holds: packages, programs and shared libraries.

The full variant of a language's image holds far more than its slim one: git, curl, compilers, the
libraries of a hundred -dev packages. `lost` says what a change of base takes away, so that its
disuse can be proven. The lists are those of Debian's archive for the packages that each image's
Dockerfile installs (``archive.toml``); what an image brings beside packages are `Image.programs`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.images import families
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from dfix.ecosystems.facts import Fact
    from dfix.ecosystems.images import Image

_NOTHING = ("scratch:empty", "distroless:static")


class Contents(NamedTuple):
    """Debian packages, programs on PATH by name, and shared libraries by file name (``libpq.so.5``)."""

    packages: frozenset[str]
    programs: frozenset[str]
    libraries: frozenset[str]


def contents(image: Image) -> Fact[Contents]:
    """What the image holds, as far as its packages tell.

    Unknown for an image that is not built on Debian, and for a release that moves or was not read.
    """
    if image.suite is None and not _is_empty(image):
        return Unknown(f"the release below {image.name} is not known")
    return _contents(image, image.suite or "")


def lost(old: Image, new: Image) -> Fact[Contents]:
    """What `old` holds and `new` does not.

    Where both move with one tag, everything that is lost on any release of Debian that was read.
    Unknown if the two may be of different releases.
    """
    suites = tuple(_archive()["layer"]["debian"])
    if old.suite is not None:
        suites = (old.suite,)
    elif new.suite is not None or old.family != new.family:
        return Unknown(f"the release below {old.name} is not known")
    gone = Contents(frozenset(), frozenset(), frozenset())
    for suite in suites:
        before, after = _contents(old, suite), _contents(new, suite)
        if isinstance(before, Unknown):
            return before
        if isinstance(after, Unknown):
            return after
        gone = Contents(
            *(
                have | (was - left)
                for have, was, left in zip(gone, before.value, after.value, strict=True)
            )
        )
    return Known(gone, _source())


def _contents(image: Image, suite: str) -> Fact[Contents]:
    if _is_empty(image):
        return Known(Contents(frozenset(), image.programs, frozenset()), image.sources[0])
    chain = _chain(f"{image.family}:{image.variant}")
    layers: dict[str, Any] = _archive()["layer"]
    if not chain[0].startswith("debian:"):
        return Unknown(f"what {image.name} holds is not known")
    rows = [layers["debian"], *(layers[name] for name in chain if name in layers)]
    if any(suite not in row for row in rows):
        return Unknown(f"what {image.name} holds on {suite or 'its release'} is not known")
    packages, programs, libraries = (
        frozenset(each for row in rows for each in row[suite][kind])
        for kind in ("packages", "programs", "libraries")
    )
    return Known(Contents(packages, programs | image.programs, libraries), _source())


def _is_empty(image: Image) -> bool:
    return f"{image.family}:{image.variant}" in _NOTHING


def _chain(name: str) -> list[str]:
    """The variants that an image is built on, the lowest first."""
    family, _, variant = name.partition(":")
    below: str | None = families()[family]["variant"][variant].get("on")
    return [*(_chain(below) if below else []), name]


def _source() -> str:
    return f"{_archive()['source']} (layer of archive.toml)"


@cache
def _archive() -> dict[str, Any]:
    return table(__file__, "archive")
