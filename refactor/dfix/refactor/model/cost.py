"""Which steps an edit runs again, told from BuildKit's cache keys without a build.

A step (RUN, COPY, ADD, WORKDIR; FROM is none) is found in the cache while its key is the same. The inputs of the key:

- all: the step in front of it, up to the base image; a COPY or ADD with `--link` does without;
- RUN: the command, shell, user and working directory, every ENV in force and every ARG that the stage has declared so
  far, used or not, the mounts, and the content of what bind mounts show;
- COPY and ADD: flags, destination, and the *content* of the sources, whatever their times: of the build context as the
  ignore file leaves it, or of the stage that `--from` names, so that a stage that ran again but left the same files
  keeps the copy;
- WORKDIR: the path.

Equal steps on equal inputs are one step, in whichever stages they stand, and stages that the target does not need are
not built. Sources: https://docs.docker.com/build/cache/invalidation/ ,
https://github.com/moby/buildkit/blob/master/solver/llbsolver/ops/exec.go (CacheMap),
https://github.com/moby/buildkit/blob/master/solver/llbsolver/ops/file.go (CacheMap, content digests by selector).
Held to the engine's own CACHED lines by tests/refactor/test_cost.py.

What a RUN writes is not known in general. One that runs again is taken to change all that it may write, but for the
outputs of an install that did not run again itself, and for files of the context that the edit leaves alone: the same
commands on the same files give the same again.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal, NamedTuple

from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Arg, Env, Run, Transfer, Workdir
from dfix.refactor.edits import bare
from dfix.refactor.model import content, paths
from dfix.refactor.model.expand import variables
from dfix.refactor.model.layout import all_landings, context_path
from dfix.refactor.model.reach import mounted_stage, needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dfix.ecosystems.facts import Fact
    from dfix.grammar.nodes import Instruction
    from dfix.refactor.model import Model, Mount, Place, Stage
    from dfix.refactor.model.layout import Landing
    from dfix.refactor.project import Project

EditKind = Literal["nothing", "source", "manifest", "argument"]


class Edit(NamedTuple):
    """Something that changes between two builds: the content of a file of the context, or the value of an argument."""

    kind: EditKind
    what: str = ""  # the file's path in the build context, or the argument's name

    @property
    def file(self) -> str | None:
        """The edited file, if it is one."""
        return self.what if self.kind in ("source", "manifest") else None


class Step(NamedTuple):
    """A step of a build. `places` are the instructions that are this step: several if stages begin alike."""

    places: tuple[Place, ...]
    again: bool
    why: str  # what of its key changed, as half a sentence; empty if it is found in the cache

    @property
    def installs(self) -> bool:
        """Does it install packages?"""
        return any(content.installs(called) for called in self.places[0].called)


class Rerun(NamedTuple):
    """What an edit costs: all steps that the target needs, in order, each with whether it runs again."""

    edit: Edit
    steps: tuple[Step, ...]

    @property
    def again(self) -> tuple[Step, ...]:
        """The steps that run again."""
        return tuple(step for step in self.steps if step.again)

    @property
    def installs(self) -> bool:
        """Is an install among the steps that run again?"""
        return any(step.installs for step in self.again)


def rerun(model: Model, project: Project, edit: Edit, target: str | None = None) -> Rerun:
    """Which steps of a build run again behind an edit, everything else being in the cache."""
    return _Walk(model, project, edit).over(needed(model, target))


class _Walk:
    """One walk over the needed stages, from the first to the target."""

    def __init__(self, model: Model, project: Project, edit: Edit) -> None:
        self.model = model
        self.project = project
        self.edit = edit
        self.why: dict[str, str] = {}  # by key: why the step runs again, or nothing
        self.numbers: dict[str, str] = {}  # a short name for each key
        self.keys: dict[int, str] = {}  # by stage: the key of its last step
        self.bases: dict[int, str] = {}  # by stage that stands on an image: the key of that
        self.places: dict[str, list[Place]] = {}
        self.ran: dict[
            int, list[Place]
        ] = {}  # by stage: its steps that run again, those of stages below not
        self.tainted: dict[
            int, set[str]
        ] = {}  # by stage: the variables whose value the edit changes

    def over(self, stages: Iterable[Stage]) -> Rerun:
        """The steps of these stages."""
        for stage in stages:
            self._stage(stage)
        steps = tuple(
            Step(tuple(places), bool(self.why[key]), self.why[key])
            for key, places in self.places.items()
        )
        return Rerun(self.edit, steps)

    def _stage(self, stage: Stage) -> None:
        parent = stage.parent
        tainted = self.tainted[stage.index] = (
            set(self.tainted.get(parent.index, ())) if parent is not None else set()
        )
        if parent is not None:
            tainted -= (
                parent.final.args() - parent.final.environment()
            )  # arguments end with their stage
            key = self.keys[parent.index]
        else:
            platform = stage.node.flag("platform")
            words = [stage.node.image.value, "" if platform is None else platform.value]
            key = self._number(f"FROM {stage.reference or words[0]} {words[1]}")
            used = {name for word in words for name in variables(word, stage.escape)}
            self.why[key] = (
                "the base image is another" if self._depends(used) else self.why.get(key, "")
            )
            self.bases[stage.index] = key
        self.ran[stage.index] = []
        for place in stage.places[1:]:
            node = place.node
            if isinstance(node, Arg | Env):
                self._assign(place, tainted)
            elif isinstance(node, Run | Transfer | Workdir):
                key = self._step(place, key, tainted)
        self.keys[stage.index] = key

    def _depends(self, names: Iterable[str]) -> bool:
        """Does one of these global arguments depend on the edited one?"""
        if self.edit.kind != "argument":
            return False
        changed = {self.edit.what}
        for node in self.model.globals:
            for pair in node.pairs:
                if set(variables(pair.value or "", self.model.file.escape)) & changed:
                    changed.add(pair.name)
        return bool(changed & set(names))

    def _assign(self, place: Place, tainted: set[str]) -> None:
        """Which variables have another value behind this ARG or ENV."""
        node = place.node
        assert isinstance(node, Arg | Env)  # noqa: S101 - the caller looked
        for pair in node.pairs:
            used = set(variables(pair.value or "", place.stage.escape))
            if isinstance(node, Arg):
                changed = self._depends((pair.name,)) or bool(used & tainted)
                if self.edit.kind == "argument" and self.edit.what == pair.name:
                    changed = True
                if changed:
                    tainted.add(pair.name)
            elif used & tainted:
                tainted.add(pair.name)
            elif not (self.edit.kind == "argument" and pair.name in place.before.args()):
                tainted.discard(pair.name)

    def _step(self, place: Place, parent: str, tainted: set[str]) -> str:
        """The key of a step, and whether it runs again."""
        key = self._key(place, parent)
        why = "" if place.node.flag("link") else self._behind(parent)
        why = why or self._own(place, tainted)
        self.why[key] = self.why.get(key) or why
        self.places.setdefault(key, []).append(place)
        if self.why[key]:
            self.ran[place.stage.index].append(place)
        if place.node.flag("link") and not self.why[key] and self._behind(parent):
            # What follows stands on both: the copied layer is found again, the merged file system is another.
            key = f"{key}+"
            self.why[key] = self._behind(parent)
        return key

    def _behind(self, parent: str) -> str:
        return "a step in front of it runs again" if self.why.get(parent) else ""

    def _key(self, place: Place, parent: str) -> str:
        """Text that is equal for equal steps on equal inputs."""
        node = place.node
        inputs = ["scratch" if node.flag("link") else parent, _text(node)]
        if isinstance(node, Run):
            before = place.before
            inputs += [
                _value(before.workdir),
                _value(before.user),
                f"{before.shell}",
                _environment(place),
            ]
            mounted = (mounted_stage(place, mount) for mount in place.mounts)
            inputs += [self.keys[stage.index] for stage in mounted if stage is not None]
        elif isinstance(node, Workdir):
            after = place.following[0].before if place.following else place.stage.final
            inputs = [parent, "WORKDIR", _value(after.workdir)]
        elif isinstance(node, Transfer):
            source = place.source_stage
            inputs.append(_value(place.destination))
            inputs.append(
                source
                if isinstance(source, str)
                else ""
                if source is None
                else self.keys[source.index]
            )
        return self._number("\0".join(inputs))

    def _number(self, inputs: str) -> str:
        """A short name for inputs, the same for the same ones."""
        return self.numbers.setdefault(inputs, f"#{len(self.numbers)}")

    def _own(self, place: Place, tainted: set[str]) -> str:
        """What of the step's own inputs the edit changes."""
        node = place.node
        if isinstance(node, Run):
            if tainted & (place.before.environment() | place.before.args()):
                return f"{min(tainted)} has another value"
            return next(filter(None, (self._shown(place, mount) for mount in place.mounts)), "")
        words = [leaf.value for leaf in bare(node).leaves()]
        used = {name for word in words for name in variables(word, place.stage.escape)}
        if used & tainted:
            return f"{min(used & tainted)} has another value"
        if isinstance(node, Transfer):
            return self._copied(place)
        return ""

    def _shown(self, place: Place, mount: Mount) -> str:
        """Does a bind mount show something that changed?"""
        if mount.type != "bind":
            return ""
        source = mount.options.get("source") or mount.options.get("src") or "/"
        if "from" not in mount.options:
            return self._matched((source,), place)
        stage = mounted_stage(place, mount)
        if stage is not None and self._changed(stage, paths.join("/", source)):
            return f"what it mounts of {stage.label} changed"
        return ""

    def _copied(self, place: Place) -> str:
        """Does a COPY or ADD bring something that changed?"""
        node = place.node
        assert isinstance(node, Transfer)  # noqa: S101 - the caller looked
        stage = place.source_stage
        resolved = [
            place.before.resolve(source) for source in node.sources if not source.startswith("<<")
        ]
        if stage is None:
            return self._matched(
                [each.value if isinstance(each, Known) else "/" for each in resolved], place
            )
        if isinstance(stage, str):
            return ""
        for source in resolved:
            path = paths.join("/", source.value) if isinstance(source, Known) else "/"
            if self._changed(stage, content.literal_stem(path)):
                return f"{path} of {stage.label} may be another"
        return ""

    def _matched(self, sources: Iterable[str], place: Place) -> str:
        """Is the edited file among these sources of the context?"""
        path = self.edit.file
        if path is None or self.project.ignore.excludes(path) or content.left_out(place, path):
            return ""
        for source in sources:
            if "://" in source or source.startswith("git@"):
                continue
            clean = context_path(source)
            if clean is not None and paths.within("/" + path, "/" + clean):
                return f"{path} changed"
            if clean is None and content.globbed(path, source):
                return f"{path} changed"
        return ""

    def _changed(self, stage: Stage, path: str) -> bool:
        """May the steps that run again have changed what lies at this path at the end of a stage?"""
        chain = [stage]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        return bool(self.why[self.bases[chain[-1].index]]) or any(
            self._writes(place, path) for each in chain for place in self.ran[each.index]
        )

    def _writes(self, place: Place, path: str) -> bool:
        """May a step that runs again have left something else at a path?"""
        node = place.node
        if isinstance(node, Workdir):
            return False
        if isinstance(node, Run):
            return not (content.keeps(place, path) or self._is_source(place.stage, path))
        target = place.destination
        if isinstance(target, Unknown):
            return True
        if not paths.overlap(target.value, path):
            return False
        stage = place.source_stage
        if stage is None:
            return any(
                content.lands_in(landing, self.edit.file, path) for landing in self._landings(place)
            )
        return bool(self._copied(place))

    def _is_source(self, stage: Stage, path: str) -> bool:
        """Is this a file or folder of the context that the edit leaves alone? A RUN that runs again gives it again."""
        for place in reversed(stage.places):
            if not isinstance(place.node, Transfer) or place.source_stage is not None:
                continue
            for landing in self._landings(place):
                if landing.whole and paths.within(path, landing.target):
                    found = posixpath.join(
                        landing.source, paths.relative(path, landing.target)
                    ).rstrip("/")
                elif landing.target == path:
                    found = landing.source
                else:
                    continue
                edited = self.edit.file is not None and paths.within(
                    "/" + self.edit.file, "/" + found
                )
                return not edited and self._is_there(found)
        return False

    def _is_there(self, path: str) -> bool:
        if self.project.is_file(path):
            return True
        return (
            bool(path) and self.project.is_folder(path) and not content.BUILT & set(path.split("/"))
        )

    def _landings(self, place: Place) -> Iterator[Landing]:
        return all_landings(place, self.project.is_folder, self.project.matching)


def _text(node: Instruction) -> str:
    """The instruction without its comments and line breaks."""
    return " ".join(leaf.value for leaf in bare(node).leaves() if leaf.kind not in ("EOL", "GAP"))


def _value(fact: Fact[str]) -> str:
    return fact.value if isinstance(fact, Known) else f"? {fact.why}"


def _environment(place: Place) -> str:
    """What of ENV and ARG is an input of a RUN's key, as text."""
    return " ".join(
        _text(state.node)
        for state in place.before.links()
        if isinstance(state.node, Env)
        or (isinstance(state.node, Arg) and state.stage is place.stage)
    )
