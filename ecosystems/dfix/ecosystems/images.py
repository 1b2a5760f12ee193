"""What is known of base images: the facts of ``images.toml``, found by reference.

`image` reads a reference and gives an `Image`, or says why it is not known. It asks no registry: a
fact is what the image's own Dockerfile or page says, its source beside it, and what was not read is
Unknown. `dfix.ecosystems.counterparts` names the images that can take its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dfix.ecosystems import tags
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.references import Reference, Written, parse
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Role = Literal["runtime", "toolchain"]
Starts = Literal["server", "repl", "shell", "none"]

_NAMED = ("debian", "ubuntu")
"""Distributions whose releases have names."""

Layers = list[tuple[str, dict[str, Any]]]


class Inherited(NamedTuple):
    """A variable that the image sets.

    `value` is None where it differs from release to release. A `runtime` value is one that programs
    read when they run (LANG, JAVA_HOME); a `toolchain` value serves the building (GOPATH) or only
    names a version. `certain` is false where the tag does not tell whether the variable is set.
    """

    value: str | None
    role: Role
    certain: bool = True


class Account(NamedTuple):
    """A user of the image's passwd file."""

    uid: int
    gid: int
    home: str


@dataclass(frozen=True)
class Image:
    """A base image as its publisher describes it.

    `home` is the full name at its publisher's, `prefix` that of a mirror in front of it. `version`
    is what the tag says of the family's version: "3.12", "20.11.1", None for one that
    moves (``latest``). `suite` is the distribution release (``bookworm``, ``alpine3.20``), None
    where the tag does not say: it moves. `shell` and `package_manager` are None where there is
    none; `run_shell` are the words of a SHELL that it hands on. `users`, `directories` (path to uid
    and gid) and `programs` hold what was read, not all that there is. `docker_clean`: apt empties
    its archive after each install, by a hook of its own.
    """

    reference: Reference
    written: Written
    prefix: str
    home: str
    parts: tuple[tags.Part, ...]
    family: str
    variant: str
    version: str | None
    suite: str | None
    libc: Literal["glibc", "musl"] | None
    shell: str | None
    run_shell: tuple[str, ...] | None
    package_manager: str | None
    user: str
    users: Mapping[str, Account]
    env: Mapping[str, Inherited]
    workdir: str
    entrypoint: tuple[str, ...] | None
    passes: bool  # that ENTRYPOINT prepares what its own tool needs, and starts what it is given
    cmd: tuple[str, ...] | None
    stopsignal: str | None
    ports: tuple[str, ...]
    volumes: tuple[str, ...]
    tool_volumes: tuple[str, ...]  # those that only keep what a build tool fetched
    healthcheck: bool
    starts: Starts
    directories: Mapping[str, tuple[int, int]]
    links: Mapping[str, str]  # folders that are symbolic links, and what they mean
    programs: frozenset[str]
    docker_clean: bool
    sources: tuple[str, ...]

    @cached_property
    def release(self) -> tuple[int, ...] | None:
        """The leading numbers of the version: (3, 12) for "3.12-rc"; None for one that moves."""
        return None if self.version is None else tags.numbers(self.version)

    @property
    def name(self) -> str:
        """The reference as its file writes it."""
        return self.written.text

    @property
    def account(self) -> Account | None:
        """The user that the image runs as, if its entry in passwd is known."""
        by_id = {str(account.uid): account for account in self.users.values()}
        name = self.user.partition(":")[0]
        return self.users.get(name) or by_id.get(name)


def image(
    reference: str, prefixes: Sequence[str] = (), *, written: str | None = None
) -> Image | Unknown:
    """Find what is known of the image that `reference` names, its variables already resolved.

    `prefixes` are the registries or paths under which the repository's own mirrors serve public
    images (``registry.example.com/hub``); public mirrors are known. `written` is the text with its
    variables, ``node:${V}-slim``, which counterparts repeat.
    """
    parsed = parse(reference)
    if isinstance(parsed, Unknown):
        return parsed
    prefix, home = _home(parsed, prefixes)
    found = _repositories().get(home)
    if found is None:
        return Unknown(f"nothing is known of {parsed.name}")
    family, fixed = found
    parts = tags.parts(family, suites(), parsed)
    if isinstance(parts, Unknown):
        return parts
    version = fixed.get("version") or tags.version(family, parts)
    suite = fixed.get("suite") or tags.suite(family, parts, version)
    second = next((part.text for part in parts if part.kind == "second"), None)
    at = version if parsed.digest else tags.moving(family, parts, version)
    floats = not any(part.kind == "suite" for part in parts)
    described = _variant(family, tags.words(family, fixed, parts, suite), at, (second, floats))
    if isinstance(described, Unknown):
        return Unknown(f"{parsed.text}: {described.why}")
    variant, chain = described
    lowest = chain[0][0]
    if suites().get(suite or "", lowest).partition(" ")[0] != lowest and lowest in _NAMED:
        return Unknown(f"{parsed.text}: {suite} is no release of {lowest}")
    facts = _merged(
        chain, _Dates(family["name"], version, at, family.get("second_of"), second, suite)
    )
    text = Written(reference, written)
    return Image(
        parsed, text, prefix, home, parts, family["name"], variant, version, suite, **facts
    )


def is_among(found: Image | Unknown, rows: Sequence[Mapping[str, str]]) -> bool:
    """Is an image of one of these families, and of a version between `since` and `until`?"""
    return isinstance(found, Image) and any(
        row["family"] == found.family and tags.applies(row, found.release or ()) for row in rows
    )


def suites() -> Mapping[str, str]:
    """Each known release of a distribution by its code name: ``bookworm`` to ``debian 12``."""
    known: Mapping[str, str] = _facts()["suites"]
    return known


# Finding the family -------------------------------------------------------------------------------


@cache
def _facts() -> dict[str, Any]:
    return table(__file__, "images")


def families() -> dict[str, Any]:
    """The rows of ``images.toml`` by family."""
    families: dict[str, Any] = _facts()["family"]
    return families


@cache
def variables() -> frozenset[str]:
    """The names of all variables that an image of some family sets: one that is not known may set them too."""
    return frozenset(
        name
        for family in families().values()
        for layer in (family.get("facts", {}), *family.get("variant", {}).values())
        for name in layer.get("env", {})
    )


@cache
def _repositories() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Full name to (family, what the name alone says of version, suite and variant)."""
    return {
        repository: ({"name": name, **family}, fixed)
        for name, family in families().items()
        for repository, fixed in family["repository"].items()
    }


def _home(reference: Reference, prefixes: Iterable[str]) -> tuple[str, str]:
    """The prefix of a mirror, and the name that the image has at its publisher's."""
    full = reference.full_name
    mirrors = [*(prefix.rstrip("/") for prefix in prefixes), *_facts()["mirror"]]
    for prefix in sorted(mirrors, key=len, reverse=True):
        if prefix and full.startswith(f"{prefix}/"):
            behind = parse(full[len(prefix) + 1 :])
            if isinstance(behind, Reference):
                return prefix, behind.full_name
    return "", full


# Choosing the variant -----------------------------------------------------------------------------


def _variant(
    family: dict[str, Any],
    said: set[str],
    version: str | None,
    below: tuple[str | None, bool],
) -> tuple[str, Layers] | Unknown:
    """The variant that the words name, and its layers of facts from the lowest up.

    `below` is what the tag says of what lies below: its version, and whether its release floats.
    """
    second, floats = below
    modifiers: dict[str, Any] = family.get("modifier", {})
    for name, variant in family["variant"].items():
        if set(variant["words"]) != said - modifiers.keys():
            continue
        if "second" in variant and (second or "") not in variant["second"]:
            continue
        if variant.get("floats", floats) is not floats:
            continue
        holds = tags.applies(variant, tags.numbers(version or ""))
        if holds is None:
            return Unknown("what it builds on differs from version to version")
        if holds:
            layers = _chain(f"{family['name']}:{name}")
            more = [(family["name"], modifiers[word]) for word in modifiers if word in said]
            return name, [*layers[:-1], *more, layers[-1]]
    return Unknown(f"no variant {'-'.join(sorted(said)) or 'without words'} is known")


def _chain(name: str) -> Layers:
    """The layers of facts below and of a variant, each with the family whose version dates it."""
    family_name, _, variant_name = name.partition(":")
    family = families()[family_name]
    variant = family["variant"][variant_name]
    on: str = variant.get("on", "")
    below = _chain(on) if on else []
    # What holds for all variants lies below the first of them: a later one may have changed it.
    shared = [] if on.startswith(f"{family_name}:") else [(family_name, family.get("facts", {}))]
    return [*below, *shared, (family_name, variant)]


# Putting facts together ---------------------------------------------------------------------------

_PLAIN: dict[str, Any] = {
    "libc": None,
    "shell": None,
    "run_shell": None,
    "package_manager": None,
    "user": "root",
    "workdir": "/",
    "entrypoint": None,
    "passes": False,
    "cmd": None,
    "stopsignal": None,
    "ports": (),
    "volumes": (),
    "tool_volumes": (),
    "healthcheck": False,
    "starts": "none",
    "docker_clean": False,
}


class _Dates(NamedTuple):
    """What dates each layer: a version is the family's own, what lies below has another.

    `at` is the version that rows compare with, where the tag moves today's. `below` is the family
    that the second version belongs to, as `suite` does to the distribution.
    """

    family: str
    version: str | None
    at: str | None
    below: str | None
    second: str | None
    suite: str | None

    def of(self, family: str) -> tuple[str | None, tuple[int, ...]]:
        """The version of a layer's family, and the numbers that its rows compare with."""
        if family == self.family:
            return self.version, _dated(self.at or self.suite)
        if family == self.below:
            return self.second, _dated(self.second)
        return None, _dated(self.suite) if families()[family].get("distribution") else ()


def _merged(layers: Layers, dates: _Dates) -> dict[str, Any]:
    """One set of facts: plain values of the topmost layer, named ones of all."""
    facts = dict(_PLAIN)
    env: dict[str, Inherited] = {}
    users: dict[str, Account] = {}
    directories: dict[str, tuple[int, int]] = {}
    links: dict[str, str] = {}
    programs: set[str] = set()
    sources: list[str] = []
    for family, layer in layers:
        version, at = dates.of(family)
        facts |= {key: value for key, value in layer.items() if key in _PLAIN}
        if "entrypoint" in layer:
            facts["passes"] = layer.get("passes", False)
        if "entrypoint" in layer and "cmd" not in layer:
            facts["cmd"] = None  # as a builder does: an ENTRYPOINT resets the CMD from below
        for name, row in layer.get("env", {}).items():
            holds = tags.applies(row, at)
            if holds is not False:
                value = _value(row, version) if holds else None
                env[name] = Inherited(value, row["role"], holds is True)
        for name, row in layer.get("users", {}).items():
            if tags.applies(row, at):
                users[name] = Account(row["uid"], row["gid"], row["home"])
        directories |= layer.get("directories", {})
        links |= layer.get("links", {})
        programs |= {
            name for name, row in layer.get("programs", {}).items() if tags.applies(row, at)
        }
        sources += [source for source in layer.get("sources", ()) if source not in sources]
    return facts | {
        "env": env,
        "users": users,
        "directories": directories,
        "links": links,
        "programs": frozenset(programs),
        "sources": tuple(reversed(sources)),
    }


def _dated(at: str | None) -> tuple[int, ...]:
    """A version or a release of a distribution as numbers: ``bookworm`` is 12."""
    return tags.numbers(suites().get(at or "", at or "").rpartition(" ")[2])


def _value(row: dict[str, Any], version: str | None) -> str | None:
    """A variable's value; one with ``{major}`` is known only if the tag is that number alone."""
    value: str | None = row.get("value")
    if value is None or "{major}" not in value:
        return value
    if version is None or not version.isdigit():
        return None
    return value.replace("{major}", version)
