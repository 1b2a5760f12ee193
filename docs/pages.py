"""Write a page for each transform, and their index, from docstrings and cases: `python docs/pages.py`.

The pages are committed, so that they can be read where the code is; a test compares them with what
this makes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dfix.transforms import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dfix.refactor.transform import Case, Transform

ROOT = Path(__file__).parent
NOTE = "<!-- Written by docs/pages.py from the transform's own file: edit that one. -->\n"
GROUPS = {
    "stages": "Stages",
    "cache": "Build cache",
    "size": "Image size",
    "security": "Security",
    "language": "Language",
}


def pages() -> dict[str, str]:
    """The text of every page by its path below `docs/`."""
    transforms = catalogue(third_party=False)
    made = {f"transforms/{each.id}.md": page(each) for each in transforms}
    return {"transforms.md": index(transforms), **made}


def page(transform: Transform) -> str:
    """One transform: its docstring, then its cases."""
    _, _, text = transform.page.strip().partition("\n")
    lines = [
        NOTE,
        f"# {transform.id}\n",
        f"{transform.title}.\n",
        f"Highest level: `{transform.ceiling.word}`. Phase: {transform.phase.name.lower()}"
        + (f", after {', '.join(transform.after)}" if transform.after else "")
        + "."
        + (" Runs only when it is asked for." if transform.on_request else "")
        + "\n",
        f"{text.strip()}\n",
        *_section(
            "Examples", [case for case in transform.cases if case.after is not None or case.files]
        ),
        *_section("Held back", [case for case in transform.cases if case.because is not None]),
        *_section(
            "Left alone",
            [
                case
                for case in transform.cases
                if case.because is None and case.after is None and not case.files
            ],
        ),
    ]
    return "\n".join(lines)


def _section(title: str, cases: Iterable[Case]) -> Iterator[str]:
    cases = list(cases)
    if not cases:
        return
    yield f"## {title}\n"
    for case in cases:
        yield f"### {case.title}\n"
        if case.because is not None:
            yield f"Held back as `{case.because}`.\n"
        if case.project:
            yield f"Beside it: {', '.join(f'`{path}`' for path in case.project)}.\n"
        yield _block(case.before)
        if case.after is not None:
            yield "becomes\n"
            yield _block(case.after)
        for path, text in case.files.items():
            yield f"and `{path}` becomes\n" if case.after is not None else f"`{path}` becomes\n"
            yield _block(text, "")


def _block(text: str, language: str = "dockerfile") -> str:
    end = "" if text.endswith("\n") else "\n"
    return f"```{language}\n{text}{end}```\n"


def index(transforms: Iterable[Transform]) -> str:
    """All transforms, by group."""
    lines = [NOTE, "# Transforms\n"]
    for group, title in GROUPS.items():
        here = [each for each in transforms if each.group == group]
        if not here:
            continue
        lines += [f"## {title}\n", "| Transform | What it does | Highest level |", "|---|---|---|"]
        lines += [
            f"| [{each.id}](transforms/{each.id}.md) | {each.title} | `{each.ceiling.word}` |"
            for each in here
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write what has changed; remove pages of transforms that are gone."""
    made = pages()
    for old in ROOT.glob("transforms/*.md"):
        if old.relative_to(ROOT).as_posix() not in made:
            old.unlink()
    for path, text in made.items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
