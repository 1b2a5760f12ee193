"""What hadolint and `docker build --check` find: the ids that dfix mends, the page, the stand-in bases."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The findings with a mechanical mend.
LISTED = (
    "ConsistentInstructionCasing",
    "ExposeInvalidFormat",
    "ExposeProtoCasing",
    "FromAsCasing",
    "JSONArgsRecommended",
    "LegacyKeyValueFormat",
    "MaintainerDeprecated",
    "MultipleInstructionsDisallowed",
    "NoEmptyContinuation",
    "RedundantTargetPlatform",
    "StageNameCasing",
    "WorkdirRelativePath",
    "DL3000",
    "DL3003",
    "DL3004",
    "DL3009",
    "DL3014",
    "DL3019",
    "DL3020",
    "DL3025",
    "DL3027",
    "DL3032",
    "DL3040",
    "DL4000",
)
# What a rewrite brings on purpose, and why it is right.
EXPECTED = {
    "DL3042": "a cache mount took the place of `--no-cache-dir`, which would leave it empty",
    "DL3009": "apt's lists lie in a cache mount, outside the image",
    "DL3019": "apk's cache lies in a cache mount, outside the image",
    "DL3032": "yum's cache lies in a cache mount, outside the image",
    "DL3040": "dnf's cache lies in a cache mount, outside the image",
    "DL3060": "yarn's cache lies in a cache mount, outside the image",
    "DL3003": "an install that begins with `cd` became an instruction of its own; at `bold` it gets its WORKDIR",
    "DL3006": "an image without versions in its tags (distroless) runs what was compiled",
    "DL3059": "an instruction was divided so that a part of it is cached",
}
FROM = re.compile(rb"(?im)^([ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?)(\S+)")

HEAD = """\
# What others find, before and after

Written by `bench/findings.py`; do not edit. hadolint {hadolint} and `docker build --check` judge {files}
Dockerfiles of {projects} public repositories, at most three of each as they came ({date}), and what dfix
makes of them at each level{tally}. The repositories are not part of this one.

For `--check` every base image is one stand-in, alike for all variants. *Gone* counts findings of a
rule that a file had and has no longer, *new* those that it had not. Seconds are those of all files:
processor time of dfix inside one process, time on the clock of tally, a program started for each.
"""


def on_stand_ins(text: bytes, base: bytes) -> bytes:
    r"""The file with one image in the place of all base images; stages and `scratch` keep their names.

    >>> on_stand_ins(b"FROM a AS b\nFROM b\nFROM scratch\n", b"x")
    b'FROM x AS b\nFROM b\nFROM scratch\n'
    """
    names = {
        found.group(1).lower()
        for found in re.finditer(rb"(?im)^[ \t]*FROM[ \t]+[^\n]*?[ \t]AS[ \t]+(\S+)", text)
    }

    def stand_in(found: re.Match[bytes]) -> bytes:
        kept = found.group(2).lower() in names | {b"scratch"} or found.group(2) == b"\\"
        return found.group(0) if kept else found.group(1) + base

    return FROM.sub(stand_in, re.sub(rb"(?im)\A#[ \t]*syntax[ \t]*=[^\n]*\n", b"", text))


def totals(findings: Iterable[dict[str, int]]) -> Counter[str]:
    """Findings by rule over all files."""
    found: Counter[str] = Counter()
    for each in findings:
        found.update(each)
    return found


def gone_and_new(
    before: Iterable[dict[str, int]], after: Iterable[dict[str, int]]
) -> tuple[Counter[str], Counter[str]]:
    """What files no longer have, and what they have more, by rule."""
    gone: Counter[str] = Counter()
    new: Counter[str] = Counter()
    for old, now in zip(before, after, strict=True):
        gone.update(Counter(old) - Counter(now))
        new.update(Counter(now) - Counter(old))
    return gone, new


def page(result: dict[str, Any]) -> str:
    """The page as Markdown."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: dict[str, Any]) -> Iterator[str]:
    variants = result["variants"]
    others = [name for name in variants if name != "before"]
    before = variants["before"]["findings"]
    tally = f", and tally {result['tally']}" if result["tally"] else ""
    yield HEAD.format(**{**result, "tally": tally})
    yield "| | " + " | ".join(others) + " |"
    yield "|---|" + "---|" * len(others)
    count = totals(before)
    had = sum(count[rule] for rule in LISTED)
    changes = {name: gone_and_new(before, variants[name]["findings"]) for name in others}
    rows: dict[str, list[str]] = {
        "files changed": [str(variants[name]["changed"]) for name in others],
        "outputs that BuildKit cannot parse": [
            str(len(variants[name]["unparsable"])) for name in others
        ],
        "outputs that a second run changes": [
            str(len(variants[name]["changed again"])) for name in others
        ],
        "outputs that lost a comment": [
            str(len(variants[name]["comments lost"])) for name in others
        ],
        "seconds": [f"{variants[name]['seconds']:.1f}" for name in others],
        f"findings of the ids below gone, of {had}": [
            _share(sum(changes[name][0][rule] for rule in LISTED), had) for name in others
        ],
        "of all findings gone": [
            _share(sum(changes[name][0].values()), sum(count.values())) for name in others
        ],
        "new findings": [str(sum(changes[name][1].values())) for name in others],
    }
    for title, cells in rows.items():
        yield f"| {title} | {' | '.join(cells)} |"
    yield ""
    yield "## The ids with a mechanical mend: gone"
    yield ""
    yield "| id | before | " + " | ".join(others) + " |"
    yield "|---|---|" + "---|" * len(others)
    for rule in LISTED:
        cells = [_share(changes[name][0][rule], count[rule]) for name in others]
        yield f"| {rule} | {count[rule]} | {' | '.join(cells)} |"
    yield ""
    yield "## New findings"
    yield ""
    yield "| id | " + " | ".join(others) + " | why dfix brings it |"
    yield "|---|" + "---|" * len(others) + "---|"
    new = sorted({rule for name in others for rule in changes[name][1]})
    for rule in new:
        cells = [str(changes[name][1][rule] or "") for name in others]
        yield f"| {rule} | {' | '.join(cells)} | {EXPECTED.get(rule, '')} |"
    yield ""


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.0f} %)" if whole else "-"
