"""What a run found and did: plain values for renderers, verify and the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dfix.grammar.nodes import Diagnostic
    from dfix.refactor.transform import Evidence, Level, Question

EndingKind = Literal["settled", "cycle", "budget", "refused", "unparsable", "unreadable", "failed"]


class Ending(NamedTuple):
    """How a run over one file ended. Only `settled` may be written. `reason` is half a sentence."""

    kind: EndingKind
    reason: str = ""


class Part(NamedTuple):
    """One rewrite inside a step: the line of its anchor in the text before the step, and its evidence."""

    id: str
    line: int
    title: str
    because: tuple[Evidence, ...]


class Step(NamedTuple):
    """All rewrites of one transform that were applied together.

    `id` is stable: the transform's id, the anchor's keyword and a digest of its text. `files` holds
    the text of every file after this step, by path from the project's root, the Dockerfile's own
    path included; None means removed. `may_change` holds the parts of the outward contract that its
    rewrites may alter.
    """

    id: str
    transform: str
    title: str
    level: Level
    parts: tuple[Part, ...]
    files: Mapping[str, str | None]
    may_change: frozenset[str] = frozenset()


class Offered(NamedTuple):
    """A rewrite that would apply but was not taken: `because` is "level" or "comment-loss"."""

    id: str
    transform: str
    title: str
    level: Level
    line: int
    because: str
    evidence: tuple[Evidence, ...]


class Refusal(NamedTuple):
    """A hold-back with its place. Lines are those of the text as it was read; 0 if the line is one that dfix wrote."""

    transform: str
    slug: str
    sentence: str
    line: int
    answer: Question | None = None


class Dropped(NamedTuple):
    """A rewrite that failed a check: a bug in its transform, reported, never written."""

    id: str
    transform: str
    line: int
    check: str  # "reparse", "contract", "round-trip", "no-change", ...
    detail: str


class Rebuilt(NamedTuple):
    """What a build runs again: `again` of `of` steps (RUN, COPY, ADD, WORKDIR), their lines; an install among them?"""

    again: int
    of: int
    installs: bool
    lines: tuple[int, ...]


class Cost(NamedTuple):
    """What an edit of a file of the project runs again, before and after all steps, told without a build.

    `edit` is "source" or "manifest", `file` its path in the build context.
    """

    edit: str
    file: str
    before: Rebuilt
    after: Rebuilt


class Report(NamedTuple):
    """The outcome for one Dockerfile. Paths are relative to the project's root, with forward slashes."""

    path: str
    before: str
    after: str
    steps: tuple[Step, ...] = ()
    offered: tuple[Offered, ...] = ()
    held_back: tuple[Refusal, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    ending: Ending = Ending("settled")
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, tuple[str | None, str | None]] = {}  # others: before, after
    notes: tuple[
        str, ...
    ] = ()  # "no builder is shown: current BuildKit is assumed", the context and its evidence
    cost: tuple[Cost, ...] = ()  # for files that changed, as far as the project tells

    @property
    def changed(self) -> bool:
        """Would a write change any file?"""
        return self.ending.kind == "settled" and (
            self.before != self.after or any(old != new for old, new in self.files.values())
        )


class Edit(NamedTuple):
    """A file to write: the SHA-256 of the text it replaces (None: the file is new) and the new text (None: remove)."""

    before_sha: str | None
    after: str | None


class Run(NamedTuple):
    """The outcome over several Dockerfiles of one project; `edits` by path, united over the reports."""

    reports: tuple[Report, ...]
    edits: Mapping[str, Edit]
