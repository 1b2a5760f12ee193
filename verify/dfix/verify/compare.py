"""The configuration of the image before against after: what the contract keeps and lets go.

A part that is lost or has another value is an objection; one that is new is a note, since nothing
that starts the image today can depend on it. Two things may go: what only the old base set and no
container needs (values of the tool chain, labels), and what a step declares and may: a bold step anything that it
declares, another one a part that it names in full (`ENV DEBIAN_FRONTEND`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown
from dfix.grammar import parse
from dfix.refactor.model import Model
from dfix.refactor.model.contract import declared
from dfix.refactor.transform import Level
from dfix.verify.values import Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dfix.refactor.report import Step
    from dfix.verify.archive import Files
    from dfix.verify.config import Image

BASE = "base"  # in `may_change`: the image that FROM names


def allowed(steps: Iterable[Step]) -> frozenset[str]:
    """The parts of the contract that the steps may change."""
    found: set[str] = set()
    for step in steps:
        for part in step.may_change:
            if step.level is Level.BOLD or " " in part or part == BASE:
                found.add(part)
    return frozenset(found)


class Own(NamedTuple):
    """What a file declares itself, and what its base adds for building: parts by their names."""

    declared: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()

    def goes_with_base(self, part: str) -> bool:
        """May another base go without this? Labels of a base describe the base."""
        inherited = part not in self.declared
        return inherited and (part in self.tools or part.startswith("LABEL "))


def own(text: str, path: str) -> Own:
    """Read a file; the base's variables that serve building, or name a version, by images.toml."""
    model = Model(parse(text), path)
    if not model.stages:
        return Own()
    parts = frozenset(declared(model.final))
    image = model.final.root_image
    if isinstance(image, Unknown):
        return Own(parts)
    tools = (name for name, value in image.env.items() if value.role == "toolchain")
    return Own(parts, frozenset(f"ENV {name}" for name in tools))


def compare(
    before: Image,
    after: Image,
    *,
    may: frozenset[str] = frozenset(),
    own: Own = Own(),  # noqa: B008 - it never changes
    files: Files | None = None,
) -> tuple[list[Said], list[Said]]:
    """Objections and notes.

    `may` are the parts that may change, `own` is what the file before says; `files` are those of
    the image after, for the folders of PATH.
    """
    objections: list[Said] = []
    notes: list[Said] = []
    for part, was, now in _differences(before, after):
        allows = part in may or part.partition(" ")[0] in may
        allows = allows or (BASE in may and own.goes_with_base(part))
        said = Said("config", _sentence(part, was, now))
        if part == "ENV PATH":
            lost = _lost_folders(before, after, files)
            if lost and not allows:
                sentence = f"PATH has lost {', '.join(lost)}, where programs are"
                objections.append(Said("config", sentence))
                continue
            notes.append(said)
        elif allows or was is None:
            notes.append(said)
        else:
            objections.append(said)
    return objections, notes


def _differences(before: Image, after: Image) -> Iterator[tuple[str, str | None, str | None]]:
    """Parts by their names in the contract, each with the value before and after."""
    plain = (
        ("ENTRYPOINT", before.entrypoint, after.entrypoint),
        ("CMD", before.cmd, after.cmd),
        ("USER", before.user, after.user),
        ("WORKDIR", before.workdir, after.workdir),
        ("STOPSIGNAL", before.stopsignal, after.stopsignal),
        ("HEALTHCHECK", _check(before.healthcheck), _check(after.healthcheck)),
        ("SHELL", before.shell, after.shell),
        ("ONBUILD", before.onbuild, after.onbuild),
    )
    for name, was, now in plain:
        if was != now:
            yield name, _shown(was), _shown(now)
    for kind, old, new in (
        ("ENV", before.env, after.env),
        ("LABEL", before.labels, after.labels),
        ("EXPOSE", dict.fromkeys(before.ports, ""), dict.fromkeys(after.ports, "")),
        ("VOLUME", dict.fromkeys(before.volumes, ""), dict.fromkeys(after.volumes, "")),
    ):
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield f"{kind} {key}", old.get(key), new.get(key)


def _check(healthcheck: Mapping[str, object]) -> str:
    return " ".join(f"{key}={healthcheck[key]}" for key in sorted(healthcheck) if healthcheck[key])


def _shown(value: str | tuple[str, ...]) -> str | None:
    if not value:
        return None
    return value if isinstance(value, str) else str(list(value))


def _sentence(part: str, was: str | None, now: str | None) -> str:
    if now is None:
        return f"{part} is gone" + (f", it was {was}" if was else "")
    if was is None:
        return f"{part} is new" + (f": {now}" if now else "")
    return f"{part} was {was} and is {now}"


def _lost_folders(before: Image, after: Image, files: Files | None) -> list[str]:
    """Folders that PATH no longer names although programs lie there; without `files`, all."""
    lost = [folder for folder in before.path if folder not in after.path]
    if files is None:
        return lost
    kept = {files.resolve(folder) for folder in after.path}
    found: list[str] = []
    for folder in lost:
        real = files.resolve(folder)
        if real is not None and real not in kept and _has_programs(files, real):
            found.append(folder)
    return found


def _has_programs(files: Files, folder: str) -> bool:
    return any(
        node.kind in ("file", "link") and path.rpartition("/")[0] == folder and node.mode & 0o111
        for path, node in files.nodes.items()
    )
