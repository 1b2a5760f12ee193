"""The new stage, made of the old one's instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import (
    Arg,
    Env,
    ExecForm,
    Run,
    Shell,
    ShellForm,
    Token,
    Transfer,
    User,
    Workdir,
)
from dfix.refactor import compose, edits
from dfix.refactor.model import paths
from dfix.refactor.model.expand import variables
from dfix.refactor.plans.ownership import owner_of, same, unnumbered
from dfix.refactor.plans.redeclaring import NoStage, declared_again
from dfix.refactor.plans.runtime_packages import completed
from dfix.refactor.plans.slicing import body_of_kept
from dfix.refactor.scripts import Edited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.grammar.nodes import Item
    from dfix.refactor.context import Context
    from dfix.refactor.model import Place, Stage
    from dfix.refactor.plans.runtime_base import Chosen
    from dfix.refactor.plans.runtime_packages import Packages
    from dfix.refactor.plans.slicing import Slice
    from dfix.refactor.plans.split import Asked

ANYWHERE = frozenset(
    {"addgroup", "adduser", "apk", "apt-get", "groupadd", "groupmod", "useradd", "usermod"}
)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class Composer:
    """Makes the changes of one split: the builder keeps its place, the run-time stage follows it."""

    def __init__(
        self,
        ctx: Context,
        stage: Stage,
        asked: Asked,
        found: Slice,
        base: Chosen,
        packages: Packages,
    ) -> None:
        self.ctx = ctx
        self.stage = stage
        self.asked = asked
        self.service = asked.service
        self.found = found
        self.base = base
        self.packages = completed(packages, stage, found, self.service, base.image)
        self.style = ctx.style
        self.builder = self._builder_name()

    def _builder_name(self) -> str:
        taken = self.ctx.model.names()
        own = (self.stage.name or "").lower()
        for name in ("builder", "build", "build-stage", "dfix-builder"):
            if name not in taken and name != own:
                return name
        msg = "every name for the builder is taken"
        raise NoStage("not-plain", msg)

    def changes(self) -> tuple[edits.Change, ...]:
        """The changes: FROM gets a name, moved steps leave, the builder's last ones and the new stage follow."""
        runtime = list(self._runtime())
        moved = {id(place.node) for place in self.found.of("run")}
        changes: dict[int, edits.Change] = {}
        from_ = self.stage.node
        named = from_.with_changes(
            as_word=from_.as_word or Token("AS", self.style.word("AS"), " "),
            alias=Token("WORD", self.builder, " "),
        )
        changes[id(from_)] = edits.Change(from_, (named,))
        for place in self.found.of("run"):
            changes[id(place.node)] = edits.Change(place.node, ())
        for place, new in self._assigned():
            changes[id(place.node)] = edits.Change(place.node, (new,))
        last_build = self._last_build()
        if self.service.omit:
            node = last_build.node
            current = changes.get(id(node), edits.Change(node, (node,)))
            omit = self._omit(last_build)
            if self._loose():
                omit = omit.with_changes(gap=edits.gap_of(1, self.style.newline))
            changes[id(node)] = edits.Change(node, (*current.new, omit))
        tail = self.stage.places[-1].node  # comments at the end of the file stay there
        current = changes.get(id(tail), edits.Change(tail, (tail,)))
        if id(tail) in moved:
            current = edits.Change(tail, ())
        changes[id(tail)] = edits.Change(tail, (*current.new, *runtime))
        return tuple(changes.values())

    def _last_build(self) -> Place:
        last = self.stage.places[0]
        for place in self.stage.places:
            if isinstance(place.node, Run | Transfer) and self.found.fates.get(place.at) == "build":
                last = place
        return last

    def _assigned(self) -> Iterator[tuple[Place, Run]]:
        """The RUNs whose compiling call gets variables set."""
        if not self.service.assign:
            return
        live = {live.where for live in self.service.live}
        for place in self.stage.runs():
            if place.where not in live:
                continue
            edited = Edited(place)
            for called in place.called:
                call = called.call
                if (
                    call is None
                    or ecosystem_of(call).language != self.service.language
                    or call.verb not in ("build", "install")
                ):
                    continue
                for name, value in self.service.assign.items():
                    edited.assign(called, name, value)
            if not edited.needed:
                continue
            if not edited.possible:
                raise NoStage("not-plain", f"line {place.line} builds inside a here-document")
            node = place.node
            assert isinstance(node, Run)  # noqa: S101 - runs() gives RUN only
            yield place, node.with_changes(body=edited.body())

    def _omit(self, last: Place) -> Item:
        words = " ".join(self.service.omit)
        workdir = self.stage.places[last.at].before.workdir
        for place in self.stage.places[: last.at + 1]:
            workdir = place.before.workdir
        root = self.asked.request.root
        if isinstance(workdir, Known) and workdir.value == root:
            return compose.run(self.style, words)
        return compose.run(self.style, f"cd {root} && {words}")

    def _runtime(self) -> Iterator[Item]:
        """The items of the new stage, in order."""
        flags = tuple(flag for flag in self.stage.node.flags)
        from_ = compose.from_(self.style, self.base.written, self.stage.name, flags)
        yield from_.with_changes(gap=edits.gap_of(1, self.style.newline))
        body = list(self._body())
        used = {name for _, item in body for name in _names(item, self.stage.escape)}
        declared_args = [
            place
            for place in self.stage.places
            if isinstance(place.node, Arg) and {pair.name for pair in place.node.pairs} & used
        ]
        items = [*(edits.bare(place.node) for place in declared_args), *(item for _, item in body)]
        yield from self._spaced(items) if self._loose() else items

    def _loose(self) -> bool:
        """Does a blank line stand between most instructions of the stage?"""
        gaps = [bool(place.node.gap.text) for place in self.stage.places[1:]]
        return sum(gaps) * 2 > len(gaps)

    def _spaced(self, items: list[Item]) -> Iterator[Item]:
        """The items with a blank line wherever the kind of instruction changes."""
        kind = None
        for item in items:
            name = getattr(item, "name", None)
            apart = name != kind and not item.gap.text
            yield item.with_changes(gap=edits.gap_of(1, self.style.newline)) if apart else item
            kind = name

    def _body(self) -> Iterator[tuple[int, Item]]:
        copies = list(self._copies())
        again = list(
            declared_again(self.stage, self.style, self.asked, self.service, self.base.image)
        )
        last_build = self._last_build().at
        packages_at = self._packages_at()
        keep = self._needed_workdirs()
        owned = [
            item.destination
            for item in copies
            if isinstance(item, Transfer) and item.flag("chown") is not None
        ]
        owned += self._owned_root(copies)
        # WORKDIRs that would make for root what a COPY with an owner brings: such a COPY does not own a folder that is
        # there already (tried on BuildKit 0.29 of Docker Engine 28.5).
        behind: list[tuple[int, Item]] = []
        done_packages = done_copies = False
        pending: Place | None = None
        yield from ((0, item) for item in again)
        for place in self.stage.places[1:]:
            if not done_packages and self.packages.names and place.at >= packages_at:
                yield place.at, self._install()
                done_packages = True
            if not done_copies and place.at > last_build and self._emits(place, keep):
                for item in copies:
                    yield place.at, item
                yield from behind
                behind, done_copies = [], True
            fate = self.found.fates.get(place.at)
            node = place.node
            settled = done_packages or not self.packages.names
            if isinstance(node, User):
                pending = place
                continue
            if fate == "run":
                if pending is not None and not self._later_steps(place):
                    yield place.at, edits.bare(pending.node)
                    pending = None
                yield place.at, node
            elif fate == "both":
                works = isinstance(node, Run | Transfer)
                if behind and works and not self._anywhere(place):
                    raise NoStage(
                        "unknown-owner", f"line {place.line} works in a folder that would be root's"
                    )
                copied = self._again(place, keep)
                if copied is None:
                    continue
                if not done_copies and self._makes_for_root(place, owned):
                    behind.append((place.at, copied))
                    continue
                # BuildKit makes a WORKDIR for the user in force.
                if pending is not None and (works or (isinstance(node, Workdir) and settled)):
                    yield place.at, edits.bare(pending.node)
                    pending = None
                yield place.at, copied
        if not done_packages and self.packages.names:
            yield 0, self._install()
        if not done_copies:
            for item in copies:
                yield 0, item
            yield from behind
        if pending is not None:
            yield 0, edits.bare(pending.node)

    def _packages_at(self) -> int:
        """Where packages are installed: as early as the first was, and in front of a step that calls one."""
        if "adduser" in self.packages.names:
            return 1
        return min((self._line_at(each.where) for each in self.found.packages), default=1)

    def _owned_root(self, copies: list[Item]) -> list[str]:
        """The project's folder where only parts of it are copied and it is another user's than root's."""
        root = self.asked.request.root
        if self.service.whole or not self._owner_matters():
            return []
        owner = owner_of(self.stage, self.found, root)
        if isinstance(owner, Unknown):
            raise NoStage("unknown-owner", owner.why)
        chown = owner.chown
        if chown is None:
            return []
        first = next(
            (
                item
                for item in copies
                if isinstance(item, Transfer) and paths.within(item.destination, root)
            ),
            None,
        )
        flag = first.flag("chown") if first is not None else None
        if flag is None or not same(flag.value, chown):
            raise NoStage(
                "unknown-owner", f"{root} belongs to {chown}, and what is copied does not"
            )
        return [root]

    def _makes_for_root(self, place: Place, owned: list[str]) -> bool:
        """Is this a WORKDIR in a folder that a COPY brings with an owner?"""
        node = place.node
        if not isinstance(node, Workdir):
            return False
        workdir = place.following[0].before.workdir if place.following else self.stage.final.workdir
        return not isinstance(workdir, Known) or any(
            paths.within(workdir.value, each) for each in owned
        )

    def _anywhere(self, place: Place) -> bool:
        """Does what is kept of this step do the same in whatever directory? Accounts and packages do."""
        kept = self.found.kept.get(place.at, ())
        return isinstance(place.node, Run) and all(
            called.program in ANYWHERE for called in place.called if called.element in kept
        )

    def _later_steps(self, place: Place) -> bool:
        """Does a RUN or COPY of the run-time stage follow, or another USER?"""
        return any(
            isinstance(each.node, User)
            or (isinstance(each.node, Run | Transfer) and self.found.fates.get(each.at) == "both")
            for each in place.following
        )

    def _line_at(self, where: str) -> int:
        return next((place.at for place in self.stage.places if place.where == where), 1)

    def _emits(self, place: Place, keep: set[int]) -> bool:
        fate = self.found.fates.get(place.at)
        if fate == "run":
            return True
        return (
            fate == "both"
            and not isinstance(place.node, Env | Shell | Workdir)
            and place.at not in keep
        )

    def _again(self, place: Place, keep: set[int]) -> Item | None:
        """The instruction once more, for the run-time stage; its comments stay with the builder's."""
        node = place.node
        if isinstance(node, Workdir) and place.at not in keep:
            return None
        if isinstance(node, Run):
            kept = self.found.kept[place.at]
            script = place.script
            if script is not None and len(kept) < len(script.elements):
                node = node.with_changes(body=body_of_kept(place, kept), flags=())
            elif any(flag.name == "mount" for flag in node.flags):
                node = node.with_changes(
                    flags=tuple(flag for flag in node.flags if flag.name != "mount")
                )
        return edits.bare(node)

    def _needed_workdirs(self) -> set[int]:
        """The WORKDIRs that the run-time stage says again.

        Those that make the final one, and those that are in force at a step that it says again: the last absolute one
        and what follows it.
        """
        places = [place for place in self.stage.places if isinstance(place.node, Workdir)]
        needed = _chain(places)
        for place in self.found.of("both"):
            if (
                isinstance(place.node, Run | Transfer)
                and not self._anywhere(place)
                and _relative(place)
            ):
                needed |= _chain([each for each in places if each.at < place.at])
        return needed

    def _install(self) -> Run:
        names = " ".join(self.packages.names)
        if self.packages.manager == "apk":
            return compose.run(self.style, f"apk add --no-cache {names}")
        joint = f" {self.style.escape}{self.style.newline}{self.style.indent}&& "
        script = joint.join(
            (
                "apt-get update",
                f"apt-get install -y --no-install-recommends {names}",
                "rm -rf /var/lib/apt/lists/*",
            )
        )
        return compose.run(self.style, script)

    def _copies(self) -> Iterator[Item]:
        """`COPY --from=builder` of each live path, at the same path."""
        from_ = compose.flag("from", self.builder)
        root = self.asked.request.root
        # The project's folder last: it changes with each source edit, what is installed does not.
        # A compiled program changes with it too, what it opens seldom does.
        compiled = self.service.interpreter is None
        outside = [path for path in self.found.left if not paths.within(path, root)]
        ordered = sorted(self.service.live, key=lambda each: compiled and each.native)
        live = [
            each.path
            for each in ordered
            if not (self.service.whole and paths.within(each.path, root))
        ]
        live = [*outside, *live]
        if self.service.whole:
            live.append(root)
        else:
            live += [path for path, _ in self.found.touched if self._is_left(path, live)]
        for path in dict.fromkeys(_outermost(live)):
            owner = owner_of(self.stage, self.found, path)
            if isinstance(owner, Unknown):
                raise NoStage("unknown-owner", owner.why)
            for name in owner.below if owner.chown is None else ():
                where = unnumbered(self.stage, name)
                if where is not None:
                    raise NoStage(
                        "unknown-owner",
                        f"part of {path} belongs to {name}, and {where} gives that user no number",
                    )
            flags = [from_]
            if owner.chown is not None and self._owner_matters():
                flags.append(compose.flag("chown", owner.chown))
            yield compose.copy(self.style, (path,), path, flags)
        if self.service.certificates is not None and not self._has_certificates():
            yield compose.copy(self.style, (CERTIFICATES,), CERTIFICATES, (from_,))

    def _owner_matters(self) -> bool:
        user = self.stage.final.user
        return not (isinstance(user, Known) and user.value == "root") or bool(self.found.owners)

    def _is_left(self, path: str, live: list[str]) -> bool:
        """Is this a folder that a RUN made, and may have removed, and that no live path covers?"""
        return any(
            called.program == "mkdir"
            and any(word and paths.join(_dir(called), word) == path for word in called.values[1:])
            for place in self.stage.runs()
            for called in place.called
        ) and not any(paths.within(path, each) for each in live)

    def _has_certificates(self) -> bool:
        return (
            self.base.image.family == "distroless"
            or "ca-certificates" in self.packages.names
            or self.base.relation == "same image"
        )


def _dir(called: object) -> str:
    directory = called.directory  # type: ignore[attr-defined]
    return directory.value if isinstance(directory, Known) else "/"


def _outermost(live: list[str]) -> list[str]:
    return [
        path
        for path in live
        if not any(path != other and paths.within(path, other) for other in live)
    ]


def _names(item: Item, escape: str) -> set[str]:
    """The variables that an instruction uses."""
    if isinstance(item, Run):
        text = item.body.text.value if isinstance(item.body, ShellForm) else ""
        return {name for name in variables(text.replace("'", " "), escape) if name != "?"}
    if isinstance(getattr(item, "body", None), ExecForm | ShellForm):
        return set()  # the container's own variables
    words = [leaf.value for leaf in item.leaves()]
    return {name for word in words if "$" in word for name in variables(word, escape)}


def _chain(places: list[Place]) -> set[int]:
    """The last absolute WORKDIR and those that follow it, by their place in the stage."""
    needed: set[int] = set()
    for place in reversed(places):
        needed.add(place.at)
        value = place.before.resolve(place.node.value)  # type: ignore[attr-defined]
        if isinstance(value, Known) and value.value.startswith("/"):
            break
    return needed


def _relative(place: Place) -> bool:
    """Does the step depend on the directory it runs in?"""
    node = place.node
    if isinstance(node, Transfer):
        return not node.destination.startswith("/")
    return True
