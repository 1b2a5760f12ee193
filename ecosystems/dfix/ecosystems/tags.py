"""Read an image's tag by what its family writes there: version, release of the distribution, words.

Tags are words joined by dashes, ``3.12-slim-bookworm``. A family's row in ``images.toml`` names the
words that it uses; a word that was never read makes the whole tag Unknown. Each part keeps its
place, so that a new reference can be made of the text of the old one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dfix.ecosystems.facts import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.ecosystems.references import Reference

Kind = Literal["version", "second", "suite", "date", "word"]

_DATE_LENGTH = len("20240110")


class Part(NamedTuple):
    """A stretch of the reference's text: what it is, and where it stands.

    `second` is the version of what the image builds on: the Java of a maven image.
    """

    kind: Kind
    text: str
    start: int
    end: int


def parts(
    family: Mapping[str, Any], suites: Mapping[str, str], reference: Reference
) -> tuple[Part, ...] | Unknown:
    """Split the tag into parts; Unknown names the word that is not known."""
    if reference.tag is None:
        return ()
    found: list[Part] = []
    position = len(reference.name) + 1
    for token in reference.tag.split("-"):
        part = _part(family, suites, token, position, found)
        if part is None:
            return Unknown(f"{reference.text}: what {token} means in its tag is not known")
        if isinstance(part, Part):
            found.append(part)
        else:
            found[-1:] = part
        position += len(token) + 1
    return tuple(found)


def _part(
    family: Mapping[str, Any], suites: Mapping[str, str], token: str, start: int, found: list[Part]
) -> Part | list[Part] | None:
    """The part that a token is, or what the last part becomes with it."""
    end = start + len(token)
    last = found[-1] if found else None
    digits = token[:1].isdigit()
    if token in family["words"]:
        return Part("word", token, start, end)
    if token in suites or token in family.get("suite_words", ()) or is_alpine(token):
        return Part("suite", token, start, end)
    if token in family["channels"]:
        return Part("version", token, start, end) if last is None else _longer(last, token, end)
    suffixes: tuple[str, ...] = family.get("suffixes", ())
    if last is not None and (
        token in suffixes or (digits and last.text.rpartition("-")[2] in suffixes)
    ):
        return _longer(last, token, end)  # 4.0.0-rc-5
    glued: str = family.get("glued", "")
    if glued and token.startswith(glued) and _is_version(token[len(glued) :]):
        return Part("second", token[len(glued) :], start + len(glued), end)
    prefix: str = family.get("prefix", "")
    if prefix and last is None and token.startswith(prefix) and _is_version(token[len(prefix) :]):
        return Part("version", token, start, end)
    if not digits:
        return None
    if family.get("dated", False) and len(token.partition(".")[0]) == _DATE_LENGTH:
        return Part("date", token, start, end)
    if last is None:
        return Part("version", token, start, end)
    if last.kind == "suite" and last.text == "alpine":  # alpine-3.21
        return [last._replace(text=f"alpine-{token}", end=end)]
    if last.text in family.get("second_after", ()):
        return Part("second", token, start, end)
    return None


def _is_version(text: str) -> bool:
    """Whether a text is numbers with dots between: ``8.2``."""
    return all(map(str.isdigit, text.split(".")))


def _longer(last: Part, token: str, end: int) -> list[Part] | None:
    """Lengthen a version: ``lts-jod``, ``3.15-rc``."""
    if last.kind != "version":
        return None
    return [last._replace(text=f"{last.text}-{token}", end=end)]


def is_alpine(token: str) -> bool:
    """Whether a word of a tag names alpine or a release of it: ``alpine``, ``alpine3.20``."""
    name, release = token[: len("alpine")], token[len("alpine") :].removeprefix("-")
    return name == "alpine" and (not release or all(map(str.isdigit, release.split("."))))


def version(family: Mapping[str, Any], found: tuple[Part, ...]) -> str | None:
    """What a tag says of the version; None for one that moves."""
    text = next((part.text for part in found if part.kind == "version"), None)
    if text is None:
        return None
    channels: dict[str, str] = family["channels"]
    for token in text.split("-"):
        known = channels.get(token)
        if known:
            return known
    text = text.removeprefix(family.get("prefix", ""))
    return text if text[:1].isdigit() else None


def moving(family: Mapping[str, Any], found: tuple[Part, ...], version: str | None) -> str | None:
    """The version that rows compare with under a tag that moves: today's, if it has the numbers.

    A date stands still, and so does a release of the distribution that is built no more: there only
    the version that was built on it last counts, where it is known.
    """
    known: str | None = family.get("newest")
    last: Mapping[str, str] = family.get("last", {})
    for part in found:
        if part.kind == "date":
            return version
        if part.kind == "suite" and part.text != "alpine":
            known = last.get(part.text)
    if version is None:
        return known
    return known if known is not None and known.startswith(f"{version}.") else version


def suite(family: Mapping[str, Any], found: tuple[Part, ...], version: str | None) -> str | None:
    """The release of the distribution: as the tag says, or as the version fixes it."""
    for part in found:
        if part.kind == "suite":
            known: str = family.get("suite_words", {}).get(part.text, part.text)
            return None if known == "alpine" else known.replace("alpine-", "alpine")
    if family["name"] == "alpine":
        return f"alpine{version}" if version else None
    by_version: dict[str, str] = family.get("suite", {})
    numbers = (version or "").split("-")[0].split(".")
    for length in range(len(numbers), 0, -1):
        known = by_version.get(".".join(numbers[:length]), "")
        if known:
            return known
    return None


def words(
    family: Mapping[str, Any],
    fixed: Mapping[str, Any],
    found: tuple[Part, ...],
    suite: str | None,
) -> set[str]:
    """The words that choose the variant, those of the repository's name included."""
    said = {part.text for part in found if part.kind == "word"} | set(fixed.get("words", ()))
    if any(part.kind == "suite" and is_alpine(part.text) for part in found):
        said.add("alpine")
    said |= set(family.get("suite_variant", {}).get(suite, ()))
    return said - set(family.get("silent", ()))


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: (3, 12) of ``3.12-rc``."""
    found: list[int] = []
    for part in text.removeprefix("alpine").split("-")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
        if digits != part:
            break
    return tuple(found)


def applies(row: Mapping[str, Any], at: tuple[int, ...]) -> bool | None:
    """Whether a fact with `since` or `until` (both included) holds; None if the version moves."""
    limits = ((row.get("since"), 1), (row.get("until"), -1))
    if all(limit is None for limit, _ in limits):
        return True
    if not at:
        return None
    for limit, sign in limits:
        if limit is None:
            continue
        bound = numbers(limit)
        shown = at[: len(bound)]
        if len(shown) < len(bound) and shown == bound[: len(shown)]:
            return None
        if (shown > bound) - (shown < bound) == -sign:
            return False
    return True
