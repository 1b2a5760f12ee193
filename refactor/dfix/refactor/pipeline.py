"""One Dockerfile through the transforms: one checked step at a time, until nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Unknown
from dfix.grammar import parse
from dfix.grammar.nodes import Instruction, Transfer
from dfix.grammar.positions import Positions
from dfix.refactor import checks, edits
from dfix.refactor.catalogue import in_order
from dfix.refactor.config import Config
from dfix.refactor.context import Context
from dfix.refactor.model import Model, Readings
from dfix.refactor.model.layout import context_path
from dfix.refactor.pragmas import Pragmas
from dfix.refactor.project import Project
from dfix.refactor.report import Cost, Dropped, Ending, Offered, Part, Refusal, Report, Step
from dfix.refactor.transform import HeldBack, Level, Question, Rewrite, Transform

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dfix.ecosystems.tree import Tree
    from dfix.grammar.nodes import Dockerfile, Item

ROUNDS = 10
PASSES = 200  # of one transform in one round; a file that needs more does not settle


def refactor(
    text: str,
    *,
    path: str,
    tree: Tree | None,
    transforms: Iterable[Transform],
    config: Config | None = None,
    level: Level = Level.REVIEW,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    without: Collection[str] = (),
) -> Report:
    """Refactor one Dockerfile. Never raises for content; how it ended is in the report.

    `path` and the files of `tree` are relative to the project's root. `without` names steps, or
    parts of steps, of an earlier run that are not to be taken again.
    """
    file = parse(text)
    refused = checks.refusal(path, text, file)
    if refused is not None:
        return Report(path, text, text, ending=Ending("refused", refused))
    if file.diagnostics:
        first = file.diagnostics[0]
        ending = Ending("unparsable", f"{first.line}:{first.column}: {first.message}")
        return Report(path, text, text, ending=ending, diagnostics=file.diagnostics)
    config = config or Config()
    known = tuple(transforms)
    chosen = in_order(each for each in known if _selected(each, config, only, skip))
    session = Session(file, text, path, tree, config, level, frozenset(without))
    session.known = frozenset(each.id for each in known)
    return session.run(chosen)


def _selected(
    each: Transform, config: Config, only: Collection[str], skip: Collection[str]
) -> bool:
    if each.id in skip:
        return False
    if only:
        return each.id in only
    return not each.on_request or each.id in config.requested


class Session:
    """The state of one run over one file."""

    def __init__(
        self,
        file: Dockerfile,
        text: str,
        path: str,
        tree: Tree | None,
        config: Config,
        level: Level,
        without: frozenset[str],
    ) -> None:
        self.original = file
        self.text = text
        self.path = path
        self.tree = tree
        self.config = config
        self.level = level
        self.without = without
        self.pragmas = Pragmas(file)
        self.known: frozenset[str] = (
            frozenset()
        )  # the ids of all transforms, those that do not run among them
        self.readings = Readings()
        self.file = file
        self.model = Model(file, path, self.readings)
        self.files: dict[str, str | None] = {}  # other files, as they are after the steps so far
        self.project = Project(tree, path, config)
        self.steps: list[Step] = []
        self.dropped: list[Dropped] = []
        self.lost: list[Offered] = []  # rewrites that would lose a comment
        # What each transform found last, and in which file: an unchanged file is not searched again.
        self.found: dict[str, tuple[Dockerfile, Project, list[Rewrite | HeldBack]]] = {}
        self.tried: set[tuple[str, str]] = set()  # rewrites that failed a check: never tried again
        # Which item of the text as it was read an item came from; the second member keeps the key's object alive.
        self.origin: dict[int, tuple[Item, Item]] = {id(item): (item, item) for item in file.items}

    def run(self, transforms: Sequence[Transform]) -> Report:
        """Rounds over all transforms until a round changes nothing."""
        seen = {self.text}
        ending = Ending("budget", f"still changing after {ROUNDS} rounds")
        for _ in range(ROUNDS):
            before = len(self.steps)
            for transform in transforms:
                self._settle(transform)
            if len(self.steps) == before:
                ending = Ending("settled")
                break
            text = self.file.code
            if text in seen and not self.files:
                ending = Ending("cycle", "two transforms undo each other")
                break
            seen.add(text)
        return self._report(transforms, ending)

    def _settle(self, transform: Transform) -> None:
        """Apply a transform until it finds nothing more."""
        for _ in range(PASSES):
            if not self._pass(transform):
                return

    def _pass(self, transform: Transform) -> bool:
        """Find and apply once; True if there was anything to try."""
        takeable = [
            each
            for each in self._find(transform)
            if isinstance(each, Rewrite) and self._takes(transform, each)
        ]
        together = _disjoint(takeable)
        if not together:
            return False
        self._apply(transform, together)
        return True

    def _apply(self, transform: Transform, rewrites: Sequence[Rewrite]) -> None:
        """Apply rewrites together; where a check fails, by halves, so that one bad rewrite costs few others a check.

        The halves touch disjoint items. A first half that takes an item out may hand its gap or comments to an item of
        the second: such a rewrite is left for the next pass, which finds it again in the new tree.
        """
        if not rewrites or self._step(transform, rewrites) or len(rewrites) == 1:
            return
        half = len(rewrites) // 2
        self._apply(transform, rewrites[:half])
        here = {id(item) for item in self.file.items}
        rest = [
            each for each in rewrites[half:] if all(id(one.old) in here for one in each.changes)
        ]
        self._apply(transform, rest)

    def _find(self, transform: Transform) -> list[Rewrite | HeldBack]:
        last = self.found.get(transform.id)
        if last is not None and last[0] is self.file and last[1] is self.project:
            return last[2]
        context = Context(self.file, self.model, self.project, self.config)
        try:
            found = [self._judged(transform, each) for each in transform.find(context)]
        except Exception as error:  # noqa: BLE001 - one transform's bug must not take the others' work away
            failure = Dropped(
                transform.id, transform.id, 0, "exception", f"{type(error).__name__}: {error}"
            )
            if failure not in self.dropped:
                self.dropped.append(failure)
            found = []
        self.found[transform.id] = (self.file, self.project, found)
        return found

    def _judged(self, transform: Transform, finding: Rewrite | HeldBack) -> Rewrite | HeldBack:
        """A rewrite that the shown builders cannot build, or that a pragma refuses, becomes a hold-back."""
        if isinstance(finding, HeldBack):
            return finding
        if finding.level > transform.ceiling:
            msg = f"{transform.id} proposes {finding.level.word}, above its ceiling {transform.ceiling.word}"
            raise ValueError(msg)
        for capability in finding.needs:
            lacking = self.project.lacking.get(capability)
            if lacking is not None:
                sentence = (
                    f"needs {capability.replace('_', ' ')}s, which this builder lacks: {lacking}"
                )
                return HeldBack(
                    finding.anchor, "builder-lacks", sentence, Question('builder = "buildkit"')
                )
        for change in finding.changes:
            reason = self.pragmas.refusal(change.old, transform)
            if reason is not None:
                return HeldBack(finding.anchor, "ignored", reason)
        return finding

    def _takes(self, transform: Transform, rewrite: Rewrite) -> bool:
        if rewrite.level > self.level or self._is_tried(transform, rewrite):
            return False
        return not ({self._id(transform, rewrite.anchor), transform.id} & self.without)

    def _is_tried(self, transform: Transform, rewrite: Rewrite) -> bool:
        return (transform.id, _text_of(rewrite)) in self.tried

    def _step(self, transform: Transform, rewrites: Sequence[Rewrite]) -> bool:
        """Apply rewrites together; True if they passed every check. A single failure is remembered and reported."""
        changes = [change for rewrite in rewrites for change in rewrite.changes]
        files: dict[str, str | None] = {}
        for rewrite in rewrites:
            files.update(rewrite.files)
        directives = {
            name: value for rewrite in rewrites for name, value in rewrite.directives.items()
        }
        after = edits.with_directives(edits.apply(self.file, changes), directives)
        failure = None
        model = self.model
        if changes or directives:
            failure = checks.passed(self.file, after)
            if failure is None:
                model = Model(after, self.path, self.readings)
                may_change = frozenset().union(*(rewrite.may_change for rewrite in rewrites))
                failure = checks.kept(self.model, model, may_change)
        files = {
            path: text
            for path, text in files.items()
            if self.files.get(path, _read(self.project, path)) != text
        }
        if failure is None and not files and after.code == self.file.code:
            failure = checks.Failure("no-change", "the rewrite changes nothing")
        if failure is not None:
            if len(rewrites) == 1:
                self._drop(transform, rewrites[0], failure)
            return False
        parts = tuple(self._part(transform, rewrite) for rewrite in rewrites)
        self._trace(changes, after)
        self.file, self.model = after, model
        if files:
            self.files.update(files)
            self.project = Project(
                self.tree, self.path, self.config, self.files, self.project.repository
            )
        self.steps.append(
            Step(
                id=parts[0].id,
                transform=transform.id,
                title=parts[0].title if len(parts) == 1 else _plain(transform.title),
                level=max(rewrite.level for rewrite in rewrites),
                parts=parts,
                files={self.path: after.code, **self.files},
                may_change=frozenset().union(*(rewrite.may_change for rewrite in rewrites)),
            )
        )
        return True

    def _drop(self, transform: Transform, rewrite: Rewrite, failure: checks.Failure) -> None:
        self.tried.add((transform.id, _text_of(rewrite)))
        part = self._part(transform, rewrite)
        if failure.check == "comment-loss":
            self.lost.append(
                Offered(
                    part.id,
                    transform.id,
                    rewrite.title,
                    rewrite.level,
                    part.line,
                    "comment-loss",
                    rewrite.because,
                )
            )
        else:
            self.dropped.append(
                Dropped(part.id, transform.id, part.line, failure.check, failure.detail)
            )

    def _trace(self, changes: Sequence[edits.Change], after: Dockerfile) -> None:
        """Remember for each item of the new tree which item of the text as it was read it comes from.

        A moved instruction is found by its text, a rewritten one by standing first in its old place
        under the same keyword; what was inserted comes from nowhere.
        """
        moved = {
            edits.bare(each.old).code.strip(): self.origin.get(id(each.old)) for each in changes
        }
        kept = {id(item) for item in self.file.items}
        fresh = {
            edits.bare(item).code.strip(): item for item in after.items if id(item) not in kept
        }
        for change in changes:
            source = self.origin.get(id(change.old))
            for new in change.new:
                text = edits.bare(new).code.strip()
                item = fresh.get(text, new)
                if text in moved and moved[text] is not None:
                    self.origin[id(item)] = (item, moved[text][1])  # type: ignore[index]
                elif source is not None and getattr(new, "name", None) == getattr(
                    change.old, "name", ""
                ):
                    if edits.bare(change.old).code.strip() not in fresh:
                        self.origin[id(item)] = (item, source[1])
                    source = None

    def _part(self, transform: Transform, rewrite: Rewrite) -> Part:
        line = self.model.line(rewrite.anchor)
        return Part(self._id(transform, rewrite.anchor), line, rewrite.title, rewrite.because)

    def _id(self, transform: Transform, anchor: Instruction) -> str:
        """The transform, the anchor's keyword, and a digest of its text as it was read and of its rank among equals."""
        import zlib  # noqa: PLC0415 - only a run that finds something needs ids

        source = self._source(anchor)
        if source is None:
            return f"{transform.id}@{anchor.name}-new"
        text = edits.bare(source).code.strip()
        rank = 0
        for item in self.original.items:
            if item is source:
                break
            rank += edits.bare(item).code.strip() == text
        return f"{transform.id}@{anchor.name}-{zlib.crc32(f'{rank}:{text}'.encode('utf-8', 'surrogateescape')):08x}"

    def _source(self, item: Item) -> Item | None:
        found = self.origin.get(id(item))
        return found[1] if found is not None else None

    def _line(self, anchor: Instruction) -> int:
        """The anchor's line in the text as it was read; 0 for an instruction that dfix wrote."""
        source = self._source(anchor)
        return self._first.line(source) if isinstance(source, Instruction) else 0

    @property
    def _first(self) -> Model:
        if self.file is self.original:
            return self.model
        if not hasattr(self, "_original_model"):
            self._original_model = Model(self.original, self.path, self.readings)
        return self._original_model

    def _report(self, transforms: Sequence[Transform], ending: Ending) -> Report:
        offered, held = list(self.lost), []
        if ending.kind == "settled":
            for transform in transforms:
                for finding in self._find(transform):
                    line = self._line(finding.anchor)
                    if isinstance(finding, HeldBack):
                        held.append(
                            Refusal(
                                transform.id, finding.slug, finding.sentence, line, finding.answer
                            )
                        )
                    elif finding.level > self.level:
                        identity = self._id(transform, finding.anchor)
                        offered.append(
                            Offered(
                                identity,
                                transform.id,
                                finding.title,
                                finding.level,
                                line,
                                "level",
                                finding.because,
                            )
                        )
        others = {
            path: (_read(Project(self.tree, self.path, self.config), path), text)
            for path, text in self.files.items()
        }
        return Report(
            path=self.path,
            before=self.text,
            after=self.file.code,
            steps=tuple(self.steps),
            offered=tuple(offered),
            held_back=tuple(dict.fromkeys(held)),
            dropped=tuple(self.dropped),
            ending=ending,
            files=others,
            notes=tuple(self._notes([each.id for each in transforms])),
            cost=self._cost() if ending.kind == "settled" and self.steps else (),
        )

    def _cost(self) -> tuple[Cost, ...]:
        """What edits of the project's files run again, before and after."""
        if not self.project.at_hand:
            return ()
        from dfix.refactor.plans.editing import costs  # noqa: PLC0415 - only a file that changes needs it

        was = Project(self.tree, self.path, self.config, repository=self.project.repository)
        return costs((self._first, was), (self.model, self.project), self.config.target)

    def _notes(self, ran: Collection[str]) -> Iterable[str]:
        yield from self._needless(ran)
        if not self.project.at_hand:
            return
        yield from self._missing()
        if not self.steps:
            return
        folder = self.project.context_folder
        source = getattr(folder, "source", None)
        if source is not None:
            yield f"build context {getattr(folder, 'value', '') or '.'}: {source}"
        if not self.project.proven and not self.project.lacking:
            yield "no builder is shown in the repository: current BuildKit is assumed"

    def _needless(self, ran: Collection[str]) -> Iterable[str]:
        """Pragmas that refuse nothing."""
        lines = None
        for comment, what in self.pragmas.unused(ran, self.known):
            lines = lines or Positions(self.original)
            yield f"line {lines.line(comment.text)}: {comment.text.text.lstrip('# ')} {what}"

    def _missing(self) -> Iterable[str]:
        """Sources of COPY and ADD that the build context does not hold."""
        for place in self._first.places():
            node = place.node
            if not isinstance(node, Transfer) or node.heredocs or place.source_stage is not None:
                continue
            folder = self.project.context_folder
            if isinstance(folder, Unknown):
                return
            for source in node.sources:
                path = None if "$" in source else context_path(source)
                if not path or self.project.is_folder(path) or self.project.is_file(path):
                    continue
                hidden = self.project.ignore.excludes(path)
                if hidden:
                    yield f"line {place.line} copies {source}, which {self.project.ignore_path} leaves out"
                else:
                    where = folder.value or "."
                    yield f"line {place.line} copies {source}, which the build context {where} does not hold"


def _plain(title: str) -> str:
    """A page's title inside a sentence."""
    return title[:1].lower() + title[1:]


def _read(project: Project, path: str) -> str | None:
    text = project.tree.read(path)
    return getattr(text, "value", None)


def _disjoint(rewrites: Sequence[Rewrite]) -> list[Rewrite]:
    """Rewrites in order, as many as touch no common item and no common file."""
    chosen: list[Rewrite] = []
    touched: set[int | str] = set()
    for rewrite in rewrites:
        mine = {id(change.old) for change in rewrite.changes} | set(rewrite.files)
        if not mine & touched:
            chosen.append(rewrite)
            touched |= mine
    return chosen


def _text_of(rewrite: Rewrite) -> str:
    """What a rewrite would put where, as a key that survives other steps."""
    old = "".join(change.old.code for change in rewrite.changes)
    new = "".join(item.code for change in rewrite.changes for item in change.new)
    others = sorted({**rewrite.files, **rewrite.directives}.items(), key=str)
    return f"{old}\0{new}\0{others}"
