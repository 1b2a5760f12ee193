"""One comparison: a file as it is against a variant of it, by all that can be held against it."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from dfix.grammar import parse
from dfix.refactor.model import Model
from dfix.refactor.transform import Level
from dfix.verify import archive, compare, config, probe, rebuild, tree
from dfix.verify.build import has_syntax, room
from dfix.verify.values import ASPECTS, NotTried, Said, Side, Trial, Unbuilt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from dfix.refactor.report import Step
    from dfix.verify.archive import Files
    from dfix.verify.build import Plan, Room
    from dfix.verify.config import Image
    from dfix.verify.engine import Engine
    from dfix.verify.probe import Answers
    from dfix.verify.values import Aspect

Texts = dict[str, str | None]


class Variant(NamedTuple):
    """A file to be built: the texts that differ from the project's, and the steps behind them."""

    files: Texts
    steps: Sequence[Step] = ()


@dataclass(frozen=True)
class _Built:
    """A side with what later comparisons of it need."""

    side: Side
    image: Image
    files: Files | None
    answers: Answers | None
    cold: tuple[Said, ...] = ()


class Trials:
    """All comparisons of one Dockerfile; the original is built once, and no variant twice."""

    def __init__(self, engine: Engine, plan: Plan, text: str) -> None:
        self.engine = engine
        self.plan = plan
        self.text = text
        self.count = 0
        self._before: _Built | None = None
        self._bases: dict[str, Files | None] = {}
        self._memory: dict[str, Trial] = {}
        self._again: Answers | None = None

    def hold(self, variant: Variant, aspects: Collection[Aspect] = ASPECTS) -> Trial:
        """Compare. Raises `NotTried` if the original does not build, or the engine is gone."""
        key = _digest(variant.files, aspects)
        if key not in self._memory:
            self.count += 1
            self._memory[key] = self._held(variant, frozenset(aspects))
        return self._memory[key]

    def _held(self, variant: Variant, aspects: frozenset[Aspect]) -> Trial:
        before = self._original()
        shown = self._shown(before.side)
        side = f"after-{self.count}"
        after: _Built | None = None
        try:
            after = self._built(variant.files, side, aspects, before.image)
            objections, notes = self._compared(before, after, variant, aspects)
        except Unbuilt as error:
            return Trial(shown, None, (Said("build", error.sentence, error.log),))
        else:
            return Trial(shown, self._shown(after.side), tuple(objections), tuple(notes))
        finally:
            self.engine.forget_caches(side)
            if after is not None and not self.engine.settings.keep_images:
                self.engine.remove_image(after.side.image)

    def _compared(
        self, before: _Built, after: _Built, variant: Variant, aspects: frozenset[Aspect]
    ) -> tuple[list[Said], list[Said]]:
        objections, notes = list(after.cold), _findings(before.side, after.side)
        if "caches" in aspects:
            objections += _unbuilt_edits(before.side, after.side)
        found = [self._config(before, after, variant)]
        if "files" in aspects:
            found.append(self._files(before, after, variant))
        if "behaviour" in aspects:
            found.append(self._behaviour(before, after))
        for raised, noted in found:
            objections += [said for said in raised if said.aspect in aspects]
            notes += noted
        return objections, notes

    def _shown(self, side: Side) -> Side:
        """A side as it is reported: it names its image only where that stays."""
        return side if self.engine.settings.keep_images else replace(side, image="")

    def _original(self) -> _Built:
        if self._before is None:
            try:
                self._before = self._built({}, "before", frozenset(ASPECTS), None)
            except Unbuilt as error:
                hint = _hint(error, self.text)
                raise NotTried(
                    f"the file does not build as it is: {error.sentence}{hint}"
                ) from error
        return self._before

    def _built(
        self, files: Texts, side: str, aspects: frozenset[Aspect], original: Image | None
    ) -> _Built:
        settings = self.engine.settings
        syntax = not settings.offline_frontend
        with room(self.plan, files, parent=settings.folder, syntax=syntax) as made:
            tag = self.engine.tag()
            mounts = _has_cache_mounts(files.get(self.plan.path) or self.text)
            own = self.engine.own_caches(side) if mounts else {}
            options = made.options(self.plan, own)
            steps, seconds = self.engine.build(options, made.context, tag)
            image = config.read(self.engine.inspect(tag))
            moved = original is not None and original.path != image.path
            tree_of = self._read(tag) if "files" in aspects or moved else None
            answers = None
            if "behaviour" in aspects:
                # After is asked what before was asked: a port that it no longer exposes, too.
                asked = (
                    image
                    if original is None
                    else image._replace(ports=original.ports, healthcheck=original.healthcheck)
                )
                answers = probe.ask(self.engine, tag, asked, self.plan)
            built = Side(image.size, self.engine.layers(tag), steps, seconds, image=tag)
            if "caches" not in aspects:
                return _Built(built, image, tree_of, answers)
            checked = self.engine.check(options, made.context)
            built = replace(built, findings=tuple(checked or ()))
            edits = rebuild.edits_for(made.context, self._ignore(files), settings.edits)
            again = tuple(rebuild.rebuilds(self.engine, made, options, edits, settings.rebuilds))
            cold: tuple[Said, ...] = ()
            if mounts and original is not None:
                tree_of = tree_of or self._read(tag)
                cold = self._cold(made, options, side, files, tree_of)
            return _Built(replace(built, rebuilds=again), image, tree_of, answers, cold)

    def _cold(
        self, made: Room, options: Sequence[str], side: str, files: Texts, warm: Files
    ) -> tuple[Said, ...]:
        """What fails where cache mounts are empty but layers are not, as after any prune.

        A step that fills a store in a cache mount stays cached, and a later one finds nothing.
        What the original loses by the same edits is no fault of the cache: a name with a digest
        in it changes with its content.
        """
        self.engine.forget_caches(side)
        edits = rebuild.edits_for(made.context, self._ignore(files), self.engine.settings.edits)
        for path in edits.values():
            rebuild.change(made, path)
        sentence = "once cache mounts are pruned, a rebuild"
        said: Said | None = None
        lost: set[str] = set()
        try:
            cold = self._built_and_read(made, options)
        except Unbuilt as error:
            said = Said("caches", f"{sentence} fails: {error.sentence}", error.log)
        else:
            lost = warm.nodes.keys() - cold.nodes.keys()
        if said is None and not lost:
            return ()
        control = self._edited_original(made, edits.values())
        if said is not None:
            return () if control is None else (said,)
        lost = lost & control.nodes.keys() if control is not None else set()
        if not lost:
            return ()
        return (Said("caches", f"{sentence} lacks {len(lost)} files: {min(lost)} is one"),)

    def _edited_original(self, edited: Room, paths: Iterable[str]) -> Files | None:
        """The files of the original after the same edits; None if it does not build then."""
        settings = self.engine.settings
        syntax = not settings.offline_frontend
        with room(self.plan, {}, parent=settings.folder, syntax=syntax) as made:
            for path in paths:
                target = made.context / path
                if target.exists():
                    target.write_bytes((edited.context / path).read_bytes())
            try:
                return self._built_and_read(made, made.options(self.plan, {}))
            except Unbuilt:
                return None

    def _built_and_read(self, made: Room, options: Sequence[str]) -> Files:
        tag = self.engine.tag()
        try:
            self.engine.build(options, made.context, tag)
            return self._read(tag)
        finally:
            self.engine.remove_image(tag)

    def _ignore(self, files: Texts) -> str:
        for path in (self.plan.own_ignore, self.plan.shared_ignore, self.plan.ignore):
            if path is not None and files.get(path) is not None:
                return files[path] or ""
        if self.plan.ignore is None:
            return ""
        return (self.plan.root / self.plan.ignore).read_text("utf-8", "surrogateescape")

    def _read(self, image: str) -> Files:
        with self.engine.files(image) as stream:
            try:
                return archive.read(stream)
            except (tarfile.TarError, EOFError) as error:
                self.engine.require()
                raise Unbuilt(f"the files of the image cannot be read: {error}") from error

    # the comparisons

    def _config(
        self, before: _Built, after: _Built, variant: Variant
    ) -> tuple[list[Said], list[Said]]:
        return compare.compare(
            before.image,
            after.image,
            may=compare.allowed(variant.steps),
            own=compare.own(self.text, self.plan.path),
            files=after.files,
        )

    def _files(
        self, before: _Built, after: _Built, variant: Variant
    ) -> tuple[list[Said], list[Said]]:
        assert before.files is not None  # noqa: S101 - the original is built with all aspects
        assert after.files is not None  # noqa: S101 - asked for
        text = variant.files.get(self.plan.path) or self.text
        safe = all(step.level is Level.SAFE for step in variant.steps)
        return tree.compare(
            before.files,
            after.files,
            after.image,
            lambda: self._base(text),
            losses="caches" if safe else "allowed",
        )

    def _base(self, text: str) -> Files | None:
        """The files of the base image of a variant, if it is another one than the original's."""
        was, now = _base_of(self.text), _base_of(text)
        if now is None or now in (was, "scratch"):
            return None
        if now not in self._bases:
            self._bases[now] = self._read(now) if self.engine.has(now) else None
        return self._bases[now]

    def _behaviour(self, before: _Built, after: _Built) -> tuple[list[Said], list[Said]]:
        assert before.answers is not None  # noqa: S101 - the original is built with all aspects
        assert after.answers is not None  # noqa: S101 - asked for
        if before.answers.said != after.answers.said and self._again is None:
            self._again = probe.ask(self.engine, before.side.image, before.image, self.plan)
        return probe.compare(before.answers, after.answers, self._again)


def _digest(files: Mapping[str, str | None], aspects: Collection[Aspect]) -> str:
    text = repr((sorted(files.items()), sorted(aspects)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _findings(before: Side, after: Side) -> list[Said]:
    """Findings of the builder's own checks that are new."""
    new = [finding for finding in after.findings if finding not in before.findings]
    return [Said("build", f"docker build --check finds something new: {each}") for each in new]


def _unbuilt_edits(before: Side, after: Side) -> list[Said]:
    """Edits after which the original builds, and the variant does not."""
    built = {rebuild.edit for rebuild in after.rebuilds}
    return [
        Said("caches", f"after an edit of {each.path} it no longer builds")
        for each in before.rebuilds
        if each.edit not in built and each.path
    ]


def _has_cache_mounts(text: str) -> bool:
    model = Model(parse(text), "Dockerfile")
    return any(mount.type == "cache" for place in model.runs() for mount in place.mounts)


def _base_of(text: str) -> str | None:
    model = Model(parse(text), "Dockerfile")
    return model.final.root.reference if model.stages else None


def _hint(error: Unbuilt, text: str) -> str:
    if "frontend of the syntax line" in error.sentence and has_syntax(text):
        return "; --offline-frontend builds a copy without that line"
    return ""
