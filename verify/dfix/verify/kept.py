"""Proofs that are kept: what was proven is not built again while all that went into it is the same.

What goes in: the files that the builder is sent with their modes, the text before, the texts after,
the target, build arguments and settings, the engine's version, the base images as the engine holds
them, and this dfix. A base image that the engine does not hold may be another one tomorrow, so
nothing is kept then; nor is a failure, which another try may not show. What a build fetches from the
network is not seen: a kept proof tells what was true on its day.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dfix.grammar import parse
from dfix.grammar.nodes import Transfer
from dfix.refactor.model import Model
from dfix.refactor.model.reach import mounted_stage
from dfix.verify.build import sent
from dfix.verify.progress import Ran
from dfix.verify.values import Fallen, Layer, Proof, Rebuild, Said, Side, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dfix.refactor.report import Report
    from dfix.verify.build import Plan
    from dfix.verify.engine import Engine

FORM = 1  # counts up when what is kept changes its form or its meaning
DAYS = 30  # a proof that was not asked for in this time goes
_DAY = 86_400.0  # seconds


class Key(NamedTuple):
    """Where a proof is kept."""

    file: Path


def key(engine: Engine, plan: Plan, report: Report) -> Key | None:
    """The place of the proof of a report; None where it could not be trusted another time."""
    folder = engine.settings.proofs
    if folder is None or engine.settings.keep_images:
        return None
    images = _images(engine, (report.before, report.after))
    if images is None:
        return None
    said = hashlib.sha256()
    settings = asdict(engine.settings)
    for apart in ("proofs", "folder", "docker", "port"):
        settings.pop(apart)
    words: list[object] = [FORM, _version(), engine.version, settings, images]
    words += [plan._replace(root=Path()), report.before, report.after, sorted(report.files.items())]
    words.append([step.id for step in report.steps])
    said.update(repr(words).encode("utf-8", "surrogateescape"))
    for line in _content(plan):
        said.update(line)
    return Key(Path(folder, f"{said.hexdigest()}.json"))


def keep(place: Key, proof: Proof) -> None:
    """Keep a proof. A folder that cannot be written is as good as none."""
    written = {
        "on": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "outcome": proof.outcome,
        "after": _digest(proof.report),
        "trial": None if proof.trial is None else asdict(proof.trial),
        "fallen": [asdict(each) for each in proof.fallen],
    }
    folder = place.file.parent
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(written, file)
        Path(file.name).replace(place.file)
        _forget(folder)


class Kept(NamedTuple):
    """A proof that was kept: the ids that it left out, and all but its report."""

    without: tuple[str, ...]
    proof: Proof
    after: str

    def matches(self, report: Report) -> bool:
        """Does this report write what was proven?"""
        return _digest(report) == self.after


def find(place: Key, report: Report) -> Kept | None:
    """The proof that is kept there; None for none, or for one that cannot be read."""
    try:
        read = json.loads(place.file.read_text(encoding="utf-8"))
        fallen = tuple(_fallen(each) for each in read["fallen"])
        trial = None if read["trial"] is None else _trial(read["trial"])
        proof = Proof(report.path, read["outcome"], report, "", trial, fallen, 0, read["on"])
        kept = Kept(tuple(name for each in fallen for name in each.ids), proof, read["after"])
        os.utime(place.file)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if proof.may_write else None


def _digest(report: Report) -> str:
    text = repr((report.after, sorted(report.files.items())))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - costs a start

    try:
        return version("dfix")
    except PackageNotFoundError:
        return ""


def _images(engine: Engine, texts: Iterable[str]) -> list[tuple[str, str]] | None:
    """The images that the texts build on or copy from, each with its id; None if one is not there."""
    names: set[str] = set()
    for text in texts:
        model = Model(parse(text))
        for stage in model.stages:
            if stage.parent is None:
                if stage.reference is None:
                    return None
                names.add(stage.reference)
            for place in stage.places:
                if isinstance(place.node, Transfer) and isinstance(place.source_stage, str):
                    names.add(place.source_stage)
                for mount in place.mounts:
                    if "from" in mount.options and mounted_stage(place, mount) is None:
                        names.add(mount.options["from"])
    found = []
    for name in sorted(names - {"scratch"}):
        number = engine.id_of(name)
        if number is None:
            return None
        found.append((name, number))
    return found


def _content(plan: Plan) -> Iterable[bytes]:
    """The files of the context as the builder is sent them: path, mode, and content or target."""
    root = plan.root / plan.context
    for path in sorted(sent(root, plan.ignores())):
        file = root / path
        mode = file.lstat().st_mode
        yield f"\0{path}\0{mode:o}\0".encode("utf-8", "surrogateescape")
        if stat.S_ISLNK(mode):
            yield os.fsencode(file.readlink())
        elif stat.S_ISREG(mode):
            with file.open("rb") as opened:
                yield hashlib.file_digest(opened, "sha256").digest()


def _forget(folder: Path) -> None:
    oldest = dt.datetime.now(tz=dt.UTC).timestamp() - DAYS * _DAY
    for file in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()


def _fallen(row: dict[str, Any]) -> Fallen:
    return Fallen(tuple(row["ids"]), row["transform"], row["title"], _said(row["objections"]))


def _trial(row: dict[str, Any]) -> Trial:
    after = None if row["after"] is None else _side(row["after"])
    return Trial(_side(row["before"]), after, _said(row["objections"]), _said(row["notes"]))


def _said(rows: Iterable[dict[str, Any]]) -> tuple[Said, ...]:
    return tuple(Said(**row) for row in rows)


def _side(row: dict[str, Any]) -> Side:
    return Side(
        row["size"],
        tuple(Layer(**layer) for layer in row["layers"]),
        _steps(row["steps"]),
        row["seconds"],
        tuple(
            Rebuild(each["edit"], each["path"], _steps(each["steps"]), tuple(each["seconds"]))
            for each in row["rebuilds"]
        ),
        tuple(row["findings"]),
        row["image"],
    )


def _steps(rows: Iterable[list[Any]]) -> tuple[Ran, ...]:
    return tuple(Ran(*row) for row in rows)
