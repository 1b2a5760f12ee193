"""Image references: what their parts are, and how a new one repeats the text of an old one.

The rules are those of the registry clients: the part before the first slash is a registry if it
holds a dot, a colon or an upper-case letter, or is ``localhost``; without one it is Docker Hub,
where a name without a slash lies under ``library/``. Names are lower case, a tag has at most 128
characters, a digest is of sha256, sha384 or sha512.

Source: https://github.com/distribution/reference/blob/main/normalize.go, reference.go there, and
https://github.com/opencontainers/go-digest/blob/master/algorithm.go for the digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

HUB = "docker.io"

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD = _LOWER | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_HEX = frozenset("0123456789abcdefABCDEF")
_SEPARATORS = frozenset({".", "_", "__"})
_TAG_LENGTH = 128
_NAME_LENGTH = 255
_ID_LENGTH = 64
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


class Reference(NamedTuple):
    """An image reference, read exactly.

    `registry` and `repository` are normalised (``docker.io``, ``library/python``); `name` is what
    the text says before tag and digest. `tag` and `digest` are None where the text has none:
    without both, the tag ``latest`` is pulled.
    """

    text: str
    name: str
    registry: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def full_name(self) -> str:
        """Registry and repository in one: ``docker.io/library/python``."""
        return f"{self.registry}/{self.repository}"


def parse(text: str) -> Reference | Unknown:
    """Read a reference without variables; Unknown says which part is not of the form."""
    rest, at, digest = text.partition("@")
    if at and not _is_digest(digest):
        return Unknown(f"{digest or 'nothing'} is no digest")
    slash = rest.rfind("/")
    colon = rest.find(":", slash + 1)
    name, tag = (rest, None) if colon < 0 else (rest[:colon], rest[colon + 1 :])
    if tag is not None and not _is_tag(tag):
        return Unknown(f"{tag or 'nothing'} is no tag")
    registry, repository = _split(name)
    if not _is_repository(repository):
        return Unknown(f"{name or 'nothing'} is no image name")
    if not _is_registry(registry) or len(registry) + len(repository) >= _NAME_LENGTH:
        return Unknown(f"{registry} is no registry")
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(text, name, registry, repository, tag, digest if at else None)


def _split(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_registry = "." in first or ":" in first or first == "localhost" or first.lower() != first
    if not slash or not is_registry:
        return HUB, name
    return (HUB if first == "index.docker.io" else first), rest


def _is_registry(text: str) -> bool:
    if text.startswith("["):  # an IPv6 address
        host, _, port = text[1:].partition("]")
        return set(host) <= _HEX | {":"} and _is_port(port)
    host, colon, port = text.partition(":")
    if not _is_port(colon + port):
        return False
    return all(
        part and set(part) <= (_WORD | {"-"}) - {"_"} and part[0] != "-" and part[-1] != "-"
        for part in host.split(".")
    )


def _is_port(text: str) -> bool:
    return text == "" or (text[0] == ":" and text[1:].isdigit())


def _is_repository(text: str) -> bool:
    if len(text) == _ID_LENGTH and set(text) <= _HEX:
        return False  # an image id, which no registry serves
    return all(_is_component(part) for part in text.split("/"))


def _is_component(text: str) -> bool:
    """Take runs of lower-case letters and digits with ``.``, ``_``, ``__`` or dashes between."""
    if not text or text[0] not in _LOWER or text[-1] not in _LOWER:
        return False
    separator = ""
    for character in text:
        if character in _LOWER:
            if separator and separator not in _SEPARATORS and separator.strip("-"):
                return False
            separator = ""
        else:
            separator += character
    return True


def _is_tag(text: str) -> bool:
    head, tail = text[:1], text[1:]
    return (
        head in _WORD
        and head != ""
        and set(tail) <= _WORD | {".", "-"}
        and len(text) <= _TAG_LENGTH
    )


def _is_digest(text: str) -> bool:
    algorithm, _, value = text.partition(":")
    return len(value) == _DIGEST_LENGTHS.get(algorithm) and set(value) <= _HEX & _LOWER


class Piece(NamedTuple):
    """A stretch of a reference: its text as written, and the value that it has."""

    text: str
    value: str


class Written:
    """A reference as a file writes it, ``node:${V}-slim``, beside its value, ``node:20-slim``.

    `between` gives the text for a stretch of the value, so that a new reference repeats the
    expression of the old one instead of what it happens to be today.
    """

    __slots__ = ("pieces", "text", "value")

    def __init__(self, value: str, text: str | None = None) -> None:
        self.value = value
        self.text = value if text is None else text
        self.pieces = align(self.text, value)

    def between(self, start: int, end: int) -> str | None:
        """Give the text whose value is ``value[start:end]``; None if an edge is in a variable."""
        found: list[str] = []
        position = 0
        for piece in self.pieces:
            low, high = position, position + len(piece.value)
            position = high
            outside = low < start or low > end if low == high else high <= start or low >= end
            if outside:
                continue
            if start <= low and high <= end:
                found.append(piece.text)
            elif piece.text == piece.value:
                found.append(piece.value[max(start - low, 0) : end - low])
            else:
                return None
        return "".join(found)

    def is_literal(self, start: int, end: int) -> bool:
        """Whether no variable has a part in ``value[start:end]``."""
        return self.between(start, end) == self.value[start:end]


def align(text: str, value: str) -> tuple[Piece, ...]:
    """Find which value each variable of `text` has.

    Neighbours that cannot be told apart become one piece.
    """
    parts = _parts(text)
    if all(is_literal for _, is_literal in parts):
        return (Piece(text, value),)
    head = parts[0][0] if parts[0][1] else ""
    tail = parts[-1][0] if parts[-1][1] else ""
    fits = value.startswith(head) and value.endswith(tail)
    if not fits or len(head) + len(tail) > len(value):
        return (Piece(text, value),)
    middle = parts[bool(head) : len(parts) - bool(tail)]
    inner = value[len(head) : len(value) - len(tail)]
    found = _middle(middle, inner)
    whole = (Piece("".join(part for part, _ in middle), inner),)
    edges = [Piece(edge, edge) if edge else None for edge in (head, tail)]
    pieces = (edges[0], *(found or whole), edges[1])
    return tuple(piece for piece in pieces if piece is not None)


def _middle(parts: Sequence[tuple[str, bool]], value: str) -> tuple[Piece, ...] | None:
    """Align variables with literals in between; None unless both ends find the same places."""
    literals = [part for part, is_literal in parts if is_literal]
    forward: list[int] = []
    backward: list[int] = []
    position = 0
    for literal in literals:
        position = value.find(literal, position)
        forward.append(position)
        position += len(literal)
    position = len(value)
    for literal in reversed(literals):
        position = value.rfind(literal, 0, position)
        backward.append(position)
    if -1 in forward or forward != backward[::-1] or len(parts) != 2 * len(literals) + 1:
        return None
    pieces: list[Piece] = []
    position = 0
    for index, literal in enumerate(literals):
        pieces.append(Piece(parts[2 * index][0], value[position : forward[index]]))
        pieces.append(Piece(literal, literal))
        position = forward[index] + len(literal)
    return (*pieces, Piece(parts[-1][0], value[position:]))


def _parts(text: str) -> list[tuple[str, bool]]:
    """Split at variables: (text, whether it is literal); a backslash or quote makes all one."""
    if set(text) & set("\\'\""):
        return [(text, False)]
    parts: list[tuple[str, bool]] = []
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        literal_end = len(text) if dollar < 0 else dollar
        if literal_end > position:
            parts.append((text[position:literal_end], True))
        if dollar < 0:
            break
        end = _variable_end(text, dollar)
        parts.append((text[dollar:end], False))
        position = end
    return parts


def _variable_end(text: str, dollar: int) -> int:
    end = dollar + 1
    if text[end : end + 1] != "{":
        while end < len(text) and text[end] in _WORD:
            end += 1
        return end
    depth = 0
    while end < len(text):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
        if depth == 0:
            break
    return end
