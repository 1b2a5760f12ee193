"""Which steps an edit runs again, told from BuildKit's cache keys without a build.

A step (RUN, COPY, ADD, WORKDIR; FROM is none) is found in the cache while its key is the same. The inputs of the key:

- all: the step in front of it, up to the base image; a COPY or ADD with `--link` does without
  (but for engines on a graph driver, which read the flag as none: tried on Docker Engine 28.5);
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
from dfix.grammar.nodes import Arg, Env, Run, Shell, Transfer, User, Workdir
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


class Why(NamedTuple):
    """Why a step runs again, as half a sentence.

    Not `sure`: only if what another stage built comes out differently, since a copy of the same content is found.
    """

    sentence: str
    sure: bool


class Step(NamedTuple):
    """A step of a build. `places` are the instructions that are this step: several if stages begin alike."""

    places: tuple[Place, ...]
    why: Why | None  # None: it is found in the cache

    @property
    def again(self) -> bool:
        """Does it run again, if what is built comes out differently?"""
        return self.why is not None

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
        """The steps that run again, if what is built comes out differently."""
        return tuple(step for step in self.steps if step.again)

    @property
    def surely(self) -> tuple[Step, ...]:
        """Those that run again even if what is built comes out the same."""
        return tuple(step for step in self.steps if step.why is not None and step.why.sure)

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
        self.why: dict[str, Why | None] = {}  # by key: why the step runs again
        self.numbers: dict[str, str] = {}  # a short name for each key
        self.keys: dict[int, str] = {}  # by stage: the key of its last step
        self.bases: dict[int, str] = {}  # by stage that stands on an image: the key of that
        self.places: dict[str, list[Place]] = {}
        # By stage: its steps that run again, and why; those of the stages below stand there.
        self.ran: dict[int, list[tuple[Place, Why]]] = {}
        # By stage: what an instruction set that every later RUN has in its key, by name: ENV, ARG, USER, SHELL.
        self.state: dict[int, dict[str, str]] = {}
        self.told: dict[int, str] = {}  # the same as a number, until it changes
        # By stage: the variables whose value the edit changes.
        self.tainted: dict[int, set[str]] = {}

    def over(self, stages: Iterable[Stage]) -> Rerun:
        """The steps of these stages."""
        for stage in stages:
            self._stage(stage)
        steps = tuple(Step(tuple(places), self.why[key]) for key, places in self.places.items())
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
            other = Why("the base image is another", sure=True) if self._depends(used) else None
            self.why[key] = self.why.get(key) or other
            self.bases[stage.index] = key
        self.ran[stage.index] = []
        inherited = {} if parent is None else self.state[parent.index]
        state = self.state[stage.index] = {
            name: text for name, text in inherited.items() if not name.startswith("ARG ")
        }
        for place in stage.places[1:]:
            node = place.node
            if isinstance(node, Arg | Env):
                self._assign(place, tainted)
                state.update({f"{node.name} {pair.name}": pair.value or "" for pair in node.pairs})
                self.told.pop(stage.index, None)
            elif isinstance(node, User | Shell):
                state[node.name] = _text(node)
                self.told.pop(stage.index, None)
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
        behind = self._behind(parent)
        own = self._own(place, tainted)
        linked = place.node.flag("link") is not None
        why = self.why[key] = _surest(self.why.get(key), own, None if linked else behind)
        self.places.setdefault(key, []).append(place)
        if why is not None:
            self.ran[place.stage.index].append((place, why))
        if linked and why is None and behind is not None:
            # What follows stands on both: the copied layer is found again, the merged file system is another.
            key = f"{key}+"
            self.why[key] = behind
        return key

    def _behind(self, parent: str) -> Why | None:
        why = self.why.get(parent)
        return None if why is None else Why("a step in front of it runs again", why.sure)

    def _key(self, place: Place, parent: str) -> str:
        """Text that is equal for equal steps on equal inputs."""
        node = place.node
        inputs = ["scratch" if node.flag("link") else parent, _text(node)]
        if isinstance(node, Run):
            index = place.stage.index
            if index not in self.told:
                self.told[index] = self._number(repr(sorted(self.state[index].items())))
            inputs += [_value(place.before.workdir), self.told[index]]
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

    def _own(self, place: Place, tainted: set[str]) -> Why | None:
        """What of the step's own inputs the edit changes."""
        node = place.node
        if isinstance(node, Run):
            if tainted:
                return Why(f"{min(tainted)} has another value", sure=True)
            return _surest(*(self._shown(place, mount) for mount in place.mounts))
        words = [leaf.value for leaf in bare(node).leaves()]
        used = {name for word in words for name in variables(word, place.stage.escape)}
        if used & tainted:
            return Why(f"{min(used & tainted)} has another value", sure=True)
        return self._copied(place) if isinstance(node, Transfer) else None

    def _shown(self, place: Place, mount: Mount) -> Why | None:
        """Does a bind mount show something that changed?"""
        if mount.type != "bind":
            return None
        source = mount.options.get("source") or mount.options.get("src") or "/"
        if "from" not in mount.options:
            return self._matched((source,), place)
        stage = mounted_stage(place, mount)
        return None if stage is None else self._changed(stage, paths.join("/", source))

    def _copied(self, place: Place) -> Why | None:
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
            return None
        copied = [
            paths.join("/", source.value) if isinstance(source, Known) else "/"
            for source in resolved
        ]
        return _surest(*(self._changed(stage, content.literal_stem(path)) for path in copied))

    def _matched(self, sources: Iterable[str], place: Place) -> Why | None:
        """Is the edited file among these sources of the context?"""
        path = self.edit.file
        if path is None or self.project.ignore.excludes(path) or content.left_out(place, path):
            return None
        for source in sources:
            if "://" in source or source.startswith("git@"):
                continue
            clean = context_path(source)
            if clean is not None and paths.within("/" + path, "/" + clean):
                return Why(f"{path} changed", sure=True)
            if clean is None and content.globbed(path, source):
                return Why(f"{path} changed", sure=True)
        return None

    def _changed(self, stage: Stage, path: str) -> Why | None:
        """Have the steps that run again changed what lies at this path at the end of a stage?"""
        chain = [stage]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        what = f"{path} of {stage.label}"
        found: Why | None = None
        if self.why[self.bases[chain[-1].index]] is not None:
            found = Why(f"{what} may be another", sure=False)
        for each in chain:
            for place, behind in self.ran[each.index]:
                sure = self._writes(place, path)
                if sure and behind.sure:
                    return Why(f"{what} is another", sure=True)
                if sure is not None:
                    found = Why(f"{what} may be another", sure=False)
        return found

    def _writes(self, place: Place, path: str) -> bool | None:
        """Does a step that runs again leave something else at a path? True: surely, False: perhaps, None: no."""
        node = place.node
        if isinstance(node, Workdir):
            return None
        if isinstance(node, Run):
            same = content.keeps(place, path) or self._is_source(place.stage, path)
            return None if same else False
        target = place.destination
        if isinstance(target, Unknown):
            return False
        if not paths.overlap(target.value, path):
            return None
        if place.source_stage is None:
            lands = any(
                content.lands_in(landing, self.edit.file, path) for landing in self._landings(place)
            )
            return True if lands else None
        why = self._copied(place)
        return None if why is None else why.sure

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


def _surest(*reasons: Why | None) -> Why | None:
    """The first reason that is sure, else the first one."""
    given = [reason for reason in reasons if reason is not None]
    return next((reason for reason in given if reason.sure), given[0] if given else None)


def _text(node: Instruction) -> str:
    """The instruction without its comments and line breaks."""
    return " ".join(leaf.value for leaf in bare(node).leaves() if leaf.kind not in ("EOL", "GAP"))


def _value(fact: Fact[str]) -> str:
    return fact.value if isinstance(fact, Known) else f"? {fact.why}"
