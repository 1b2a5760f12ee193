#!/usr/bin/env python3
"""Hold images.toml against the Dockerfiles of the official images.

    python bench/check_images.py CHECKOUTS

CHECKOUTS holds git directories (bare or not) of docker-library/official-images and of the
repositories that its files name, each in a folder OWNER+NAME, as itself or below it as ``repo``.
Of every tag list that is known here the Dockerfile is read, on top of what is recorded of its base,
and compared with what is recorded of its first tag; and the other tags of the list must tell the
same. Windows is left out, and so is what a checkout lacks. Prints one line a difference; the values
of variables that only name a version are not compared.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.images import Image, families, image
from dfix.ecosystems.references import HUB
from dfix.grammar import parse
from dfix.refactor.model import Model
from dfix.refactor.model.contract import declared, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = f"{HUB}/library/"
LEFT_OUT = ("LABEL ", "HEALTHCHECK", "ONBUILD")
PLAIN = {
    "USER": "root",
    "WORKDIR": "/",
    "ENTRYPOINT": "exec []",
    "CMD": "exec []",
}  # as if not said


class Entry(NamedTuple):
    """One image of a list: its tags, the first one first, and where its Dockerfile lies."""

    tags: tuple[str, ...]
    path: str


def main() -> int:
    """Check each official image; exit 1 if anything differs."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one argument
        raise SystemExit(__doc__)
    checkouts = Path(sys.argv[1])
    checked, found = 0, []
    for name in sorted(_official()):
        listed = _show(checkouts, "docker-library/official-images", f"library/{name}") or ""
        for repository, entry in _entries(listed):
            known = image(f"{name}:{entry.tags[0]}")
            text = _show(checkouts, repository, entry.path)
            if isinstance(known, Unknown) or text is None:
                continue
            checked += 1
            found += [f"{name}:{entry.tags[0]}: {each}" for each in _differences(text, known)]
            found += _untold(name, entry, known)
    print(*found, f"{checked} Dockerfiles read, {len(found)} differences", sep="\n")
    return 1 if found else 0


def _official() -> Iterator[str]:
    for family in families().values():
        for repository in family["repository"]:
            if repository.startswith(LIBRARY):
                yield repository.removeprefix(LIBRARY)


def _entries(listed: str) -> Iterator[tuple[str, Entry]]:
    """The images of a file of official-images, each with the repository of its Dockerfile."""
    shared = ""
    for block in listed.split("\n\n"):
        lines = [line for line in block.replace("\n ", " ").splitlines() if ": " in line]
        fields = {key: value.strip() for key, _, value in (line.partition(": ") for line in lines)}
        shared = fields.get("GitRepo", shared) if "Tags" not in fields else shared
        repository = fields.get("GitRepo", shared).removesuffix(".git")
        folder = fields.get("Directory")
        if "Tags" in fields and folder and "windows" not in folder:
            tags = tuple(tag.strip() for tag in fields["Tags"].split(","))
            path = f"{folder}/{fields.get('File', 'Dockerfile')}"
            yield repository.removeprefix("https://github.com/"), Entry(tags, path)


def _show(checkouts: Path, repository: str, path: str) -> str | None:
    folder = checkouts / repository.replace("/", "+")
    git = folder / "repo" if (folder / "repo").is_dir() else folder
    if not git.is_dir():
        return None
    command = ["git", "-C", str(git), "show", f"HEAD:{path}"]
    ended = subprocess.run(command, capture_output=True, check=False)
    return ended.stdout.decode(errors="replace") if ended.returncode == 0 else None


def _differences(text: str, known: Image) -> Iterator[str]:
    """What the Dockerfile says and the table does not, or the other way round."""
    stage = Model(parse(text), "Dockerfile").final
    base = stage.root_image
    if isinstance(base, Unknown):
        yield f"its base is not known: {base.why}"
        return
    says, told = declared(stage, _all(base)), _all(known)
    unsure = {f"ENV {n}" for each in (known, base) for n, v in each.env.items() if not v.certain}
    for name in sorted({*says, *told} - unsure):
        if name.startswith(LEFT_OUT):
            continue
        if name.startswith("ENV "):
            yield from _variable(name, says.get(name), known)
        elif says.get(name, PLAIN.get(name)) != told.get(name, PLAIN.get(name)):
            yield f"{name} is {says.get(name)}, recorded is {told.get(name)}"


def _all(known: Image) -> dict[str, str]:
    """The configuration that is recorded, with what a change of the base need not keep."""
    parts = {**parts_of(known), **{f"VOLUME {path}": "" for path in known.tool_volumes}}
    if known.entrypoint:
        parts["ENTRYPOINT"] = f"exec {list(known.entrypoint)}"
    return parts


def _variable(name: str, says: str | None, known: Image) -> Iterator[str]:
    recorded = known.env.get(name.removeprefix("ENV "))
    if recorded is None:
        yield f"{name} is not recorded"
    elif says is None and recorded.role == "runtime":
        yield f"{name} is recorded, and not set"
    elif recorded.role == "runtime" and None not in (says, recorded.value):
        same = says == recorded.value or name == "ENV PATH" or "$" in (says or "")
        if not same and says != "?":
            yield f"{name} is {says}, recorded is {recorded.value}"


def _untold(name: str, entry: Entry, first: Image) -> Iterator[str]:
    """Tags of the same image of which something else is recorded."""
    for tag in entry.tags[1:]:
        other = image(f"{name}:{tag}")
        if isinstance(other, Image) and parts_of(other).keys() != parts_of(first).keys():
            sure = [
                {n for n in parts_of(each) if not n.startswith("ENV ")} for each in (first, other)
            ]
            if sure[0] != sure[1]:
                yield f"{name}:{tag} is {name}:{entry.tags[0]}, and {sure[0] ^ sure[1]} differ"


if __name__ == "__main__":
    sys.exit(main())
