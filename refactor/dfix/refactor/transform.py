"""What a transform is: a value that finds rewrites and reasons to hold back.

A transform is a generator function under the `transform` decorator; its module's docstring is its
page. It yields `Rewrite` and `HeldBack`; it never edits anything itself. The pipeline applies,
checks and records.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dfix.grammar.nodes import Instruction
    from dfix.refactor.context import Context
    from dfix.refactor.edits import Change


class Level(enum.IntEnum):
    """How much a rewrite asks of its reader; see ARCHITECTURE.md, "Levels"."""

    SAFE = 1
    REVIEW = 2
    BOLD = 3

    @property
    def word(self) -> str:
        """The level as it is written on the command line."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Level:
        """The level of that word; KeyError for any other word."""
        return cls[word.upper()]


class Phase(enum.IntEnum):
    """The order of the pipeline; inside a phase, `after` edges and then ids decide."""

    REPAIR = 1
    MODERNISE = 2
    RESTRUCTURE = 3
    TIDY = 4


class Evidence(NamedTuple):
    """Why a rewrite is right: a claim, and where it stands.

    `where` is `Dockerfile:3`, a project file (`package-lock.json`), or the URL of a documented
    rule.
    """

    claim: str
    where: str


class Question(NamedTuple):
    """The configuration that would answer a hold-back: the table, key and an example value, as TOML text."""

    setting: str  # "[tool.dfix.split] artefacts = [\"/app/server\"]"
    sentence: str = ""


class Rewrite(NamedTuple):
    """A change proposed by a transform, with its evidence.

    `changes` are edits of the Dockerfile's items, `files` whole new texts of other files (None
    removes) by path from the project's root. `may_change` names the parts of the outward contract
    that this rewrite may alter ("base" and "inherited" among them); any other difference drops it.
    """

    anchor: Instruction
    title: str
    level: Level
    because: tuple[Evidence, ...]
    changes: tuple[Change, ...] = ()
    files: Mapping[str, str | None] = {}
    needs: tuple[str, ...] = ()  # builder capabilities: "cache-mount", "heredoc", ...
    may_change: frozenset[str] = frozenset()
    directives: Mapping[str, str] = {}  # for the head of the file


class HeldBack(NamedTuple):
    """A rewrite that was not made, and why: a documented slug, a sentence, and what would answer it."""

    anchor: Instruction
    slug: str
    sentence: str
    answer: Question | None = None


Finding = Rewrite | HeldBack


class Case(NamedTuple):
    """An example in a transform's own file: its first test and part of its page."""

    title: str
    before: str
    after: str | None  # None: stays untouched
    because: str | None = None  # slug of the expected hold-back
    project: Mapping[str, str] = {}
    files: Mapping[str, str] = {}  # other files as they are afterwards

    @classmethod
    def untouched(
        cls, title: str, *, before: str, project: Mapping[str, str] | None = None
    ) -> Case:
        """A file that is already right or none of this transform's business."""
        return cls(title, before, None, None, project or {})

    @classmethod
    def holds_back(
        cls, title: str, *, before: str, because: str, project: Mapping[str, str] | None = None
    ) -> Case:
        """A file that stays as it is, with a reason."""
        return cls(title, before, None, because, project or {})

    @classmethod
    def rewrites(
        cls,
        title: str,
        *,
        before: str,
        after: str,
        project: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Case:
        """A file that changes."""
        return cls(title, before, after, None, project or {}, files or {})


class Transform(NamedTuple):
    """A catalogue entry."""

    id: str
    group: str
    ceiling: Level
    phase: Phase
    page: str  # the module's docstring
    find: Callable[[Context], Iterable[Finding]]
    after: tuple[str, ...] = ()
    slugs: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    rules: tuple[str, ...] = ()  # ids of others (DL3020, JSONArgsRecommended) for what it mends
    on_request: bool = False  # runs only when named with --only or in the configuration

    @property
    def title(self) -> str:
        """The first line of the page, without the full stop."""
        return self.page.strip().partition("\n")[0].rstrip(".")
