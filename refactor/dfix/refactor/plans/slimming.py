"""May the stage that ships stand on its family's smaller image? What the larger one has beside must be unused."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import contents, counterparts, debian, ecosystem_of, images
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Env, Onbuild, Run
from dfix.refactor.model import contract, paths
from dfix.refactor.model.expand import Undecided, expand, variables
from dfix.refactor.plans import system_packages
from dfix.refactor.plans.final_stage import ask_of, contributors
from dfix.refactor.plans.passing import SHELL_WORDS
from dfix.refactor.plans.runtime_packages import FETCHERS
from dfix.refactor.plans.split import Asked, Unserved
from dfix.refactor.plans.starting import SILENT, criterion
from dfix.refactor.transform import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dfix.ecosystems.contents import Contents
    from dfix.ecosystems.counterparts import Counterpart
    from dfix.ecosystems.images import Image
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage
    from dfix.refactor.plans.starting import Criterion

# Slim images leave out what lies here, of the packages that a step installs too:
# https://github.com/debuerreotype/debuerreotype/blob/master/scripts/.slimify-excludes
LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info")
SLIMIFY = "https://github.com/debuerreotype/debuerreotype/blob/master/scripts/.slimify-excludes"
# Their alternatives link manual pages; without the folder of those, the old update-alternatives fails. With it gone,
# postgresql-client and a JRE installed on bookworm and trixie (tried there, BuildKit 0.29 of Docker Engine 28.5).
LINKS_MANUALS = ("openjdk-", "default-j", "postgresql", "ca-certificates-java")
TOLERATES = frozenset({"bookworm", "trixie"})
BUILDS = frozenset({Role.BUILD, Role.RUN, Role.CHANGE})
QUIET = frozenset({Role.CLEAN, Role.CONFIG, Role.PRUNE})


class NotSlim(NamedTuple):
    """Why a stage keeps its base: where, a slug of slim-runtime-base, a sentence, and what would answer it."""

    place: Place
    slug: str
    sentence: str
    setting: str | None = None


class Slim(NamedTuple):
    """The smaller base, and why it is enough."""

    base: Counterpart
    because: tuple[Evidence, ...]


class _Refused(Exception):
    """A reason to keep the base; `args` are those of NotSlim."""


def slim(ctx: Context, stage: Stage) -> Slim | NotSlim | None:
    """The smaller base of a stage, why there is none, or None where nobody would ask."""
    image = stage.root_image
    if isinstance(image, Unknown) or stage.parent is not None:
        return None
    found = counterparts.counterparts(image, "runtime")
    first = stage.places[0]
    if isinstance(found, counterparts.NoCounterpart):
        told = found.slug in ("variable-base", "foreign-registry") or (
            found.slug == "digest-pinned" and _would(image)
        )
        return NotSlim(first, found.slug, found.why) if told else None
    best = found[0]
    if best.image.family != image.family:
        return None  # another image altogether is a split's to choose
    if ctx.project.for_others is not None:
        return NotSlim(first, "image-for-others", ctx.project.for_others)
    shown = _another_variant(ctx, stage, image)
    if shown is not None:
        return NotSlim(first, "variable-base", shown)
    try:
        return Slim(best, tuple(_judged(ctx, stage, image, best)))
    except _Refused as refused:
        return NotSlim(*refused.args)


def _would(image: Image) -> bool:
    """Would there be a smaller image of the family, were it not for the digest?"""
    plain = image.reference.text.partition("@")[0]
    same = images.image(plain)
    found = counterparts.counterparts(same, "runtime") if not isinstance(same, Unknown) else ()
    return isinstance(found, tuple) and any(each.image.family == image.family for each in found)


def _another_variant(ctx: Context, stage: Stage, image: Image) -> str | None:
    """The build argument that is shown to make another base of this one, as half a sentence."""
    written = stage.node.image.value
    names = variables(written, stage.escape) if "$" in written else ()
    for build in ctx.project.repository.builds if names else ():
        values = {name: build.args[name] for name in names if name in build.args}
        for name, value in values.items():
            if value is None:
                return f"{build.source} gives {name} a value that is not literal"

        def lookup(name: str, values: Mapping[str, str | None] = values) -> str | None:
            given = values.get(name)
            return ctx.model.global_arg(name) if given is None else given

        try:
            other = images.image(expand(written, lookup, stage.escape))
        except Undecided:
            return f"the base in {build.source} is not known"
        if isinstance(other, Unknown) or other.variant != image.variant:
            return f"{build.source} builds on another variant"
    return None


def _judged(ctx: Context, stage: Stage, image: Image, best: Counterpart) -> Iterator[Evidence]:
    first = stage.places[0]
    yield Evidence(f"{best.written} has the same version and release as {image.name}", best.source)
    _same_values(stage, image, best.image)
    gone = contents.lost(image, best.image)
    if isinstance(gone, Unknown):
        raise _Refused(first, "unknown-contents", gone.why)
    _manuals(stage, image)
    judge = _Judge(ctx, stage, best.image, gone.value)
    if not gone.value.programs and not gone.value.libraries:
        if image.starts != "shell":
            # The packages are the same: what the family itself brings is the difference, as a JDK's modules are.
            raise _Refused(
                first,
                "unknown-contents",
                f"what {image.name} has and {best.written} lacks is not told",
            )
        yield Evidence("both hold the same packages, programs and libraries", gone.source)
        return
    started = criterion(ctx, stage)
    if isinstance(started, Unknown):
        raise _Refused(first, "unknown-start", started.why)
    asked = ask_of(ctx, stage, started.value, contributors(stage))
    if isinstance(asked, Unserved):
        raise _Refused(first, asked.slug, asked.sentence, asked.setting)
    if asked.service.interpreter != image.family:
        raise _Refused(
            first, "not-served", f"what a program of {image.family} needs cannot be told yet"
        )
    judge.asked = asked
    for obstacle in asked.service.obstacles:
        raise _Refused(first, obstacle.slug, obstacle.sentence, obstacle.setting)
    judge.steps()
    judge.starts(started.value)
    judge.libraries()
    judge.certificates()
    yield Evidence("no step and no program of it calls what the smaller image lacks", gone.source)
    for claim, where in asked.service.evidence:
        yield Evidence(claim, where)


def _same_values(stage: Stage, old: Image, new: Image) -> None:
    first = stage.places[0]
    was, now = contract.parts_of(old), contract.parts_of(new)
    declared = set(contract.declared(stage))
    if "ENTRYPOINT" in declared:
        declared.add("CMD")  # an ENTRYPOINT resets what comes from below
    differ = [
        name
        for name in dict.fromkeys((*was, *now))
        if was.get(name) != now.get(name) and "?" not in (was.get(name), now.get(name))
    ]
    differ = [name for name in differ if name not in declared]
    moved = [name for name in ("PATH",) if old.env.get(name) != new.env.get(name)]
    if differ or moved or old.libc != new.libc:
        name = (differ or moved or ["libc"])[0]
        raise _Refused(first, "inherited-value", f"{new.name} sets another {name}")


def _manuals(stage: Stage, image: Image) -> None:
    """Does anything need the manuals, the documents and the translations that slim images leave out?"""
    for place in stage.places:
        node = place.node
        if isinstance(node, Onbuild):
            raise _Refused(
                place, "image-for-others", "ONBUILD makes this an image for others to build on"
            )
        if isinstance(node, Env):
            for pair in node.pairs:
                language = (pair.value or "").strip("\"'").partition(".")[0].lower()
                speaks = pair.name in ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
                if speaks and language not in ("", "c", "posix") and not language.startswith("en"):
                    raise _Refused(
                        place, "translations", f"{pair.name} asks for translations, which are gone"
                    )
        if isinstance(node, Run):
            text = "".join(leaf.text for leaf in node.leaves())
            named = next((folder for folder in LEFT_OUT if folder in text), None)
            if named is not None:
                raise _Refused(place, "needs-documents", f"it works in {named}")
    for each in system_packages.installed(stage.runs()):
        if (each.name or "").startswith(LINKS_MANUALS) and image.suite not in TOLERATES:
            raise _Refused(
                each.place,
                "needs-documents",
                f"{each.name} links manual pages whose folder is gone, which fails on old releases",
            )


class _Judge:
    """What the steps and the programs of one stage call, against what is gone."""

    asked: Asked

    def __init__(self, ctx: Context, stage: Stage, base: Image, gone: Contents) -> None:
        self.ctx = ctx
        self.stage = stage
        self.base = base
        self.gone = gone
        self.here: set[str] = set()  # programs that the stage installs for itself
        self.packages: set[str] = set()

    def steps(self) -> None:
        """Every command of the stage must be one that runs the same on the smaller image."""
        for place in self.stage.runs():
            if place.script is None:
                raise _Refused(place, "opaque-step", "the command cannot be read as shell source")
            for called in place.called:
                self._command(place, called)

    def _command(self, place: Place, called: Called) -> None:
        if not called.values:
            return
        if system_packages.installs(called):
            self._packages(place, called)
            return
        call = called.call
        if call is not None and ecosystem_of(call).language == self.asked.service.language:
            self._call(place, called)
            return
        if any(called.values[: len(words)] == words for words in self.asked.service.inside):
            return
        for word in called.values:
            name = posixpath.basename(word or "")
            if name in self.gone.programs and name not in self.here:
                raise _Refused(place, "needs-program", f"it calls {name}, which {self._new} lacks")
        program = called.program
        if call is not None or program in ("sh", "bash", "dash", "eval", "xargs", "."):
            raise _Refused(place, "opaque-step", f"what {program} calls is not known")
        if not self._has(program):
            name = program or "a command that is not literal"
            raise _Refused(place, "opaque-step", f"whether {self._new} has {name} is not known")

    @property
    def _new(self) -> str:
        return self.base.name

    def _has(self, program: str) -> bool:
        return (
            program in SHELL_WORDS
            or program in SILENT
            or program in debian.ESSENTIAL
            or program in self.base.programs
            or program in self.here
        )

    def _packages(self, place: Place, called: Called) -> None:
        for word in system_packages.named(called):
            if word is None:
                raise _Refused(place, "opaque-step", "a package is not named literally")
            name = system_packages.bare(word)
            purpose = debian.purpose(name, self.base.suite)
            if isinstance(purpose, Unknown) or purpose.value.builds:
                raise _Refused(place, "compiles", f"{name} is there for a compiler")
            self.packages.add(name)
            self.here.update(debian.programs_of(name))

    def _call(self, place: Place, called: Called) -> None:
        call = called.call
        assert call is not None  # noqa: S101 - the caller looked
        if call.role in BUILDS:
            words = " ".join(word or "..." for word in called.values[:3])
            raise _Refused(place, "compiles", f"{words} builds in it, which is a builder's work")
        if call.role in QUIET:
            return
        service = self.asked.service
        if service.compiles:
            name, where = service.compiles[0]
            raise _Refused(place, "compiles", f"it may compile {name} ({where})")
        for program in self._programs(called):
            if not self._has(program):
                raise _Refused(place, "needs-program", f"the install starts {program}")

    def _programs(self, called: Called) -> tuple[str, ...]:
        """Programs of the system that an install starts: git for what comes from a repository."""
        call, context = called.call, self.ctx.project.context
        assert call is not None  # noqa: S101 - the caller looked
        if call.role is not Role.INSTALL or isinstance(context, Unknown):
            return ()
        tree = visible(context.value, self.ctx.project.ignore)
        inputs = ecosystem_of(call).inputs(call, tree, self.asked.request.folder)
        return inputs.value.programs if isinstance(inputs, Known) else ()

    def starts(self, started: Criterion) -> None:
        """What the container starts, and what its programs start."""
        first = self.stage.places[0]
        service = self.asked.service
        wanted = [*started.programs, *service.programs]
        for each in started.started:
            word = each.words[0] or ""
            if each not in service.claimed:
                wanted.append((word, each.where))
        for program, where in wanted:
            name = posixpath.basename(program)
            if "/" in program and not paths.within(program, "/usr") and "/bin/" not in program:
                raise _Refused(
                    first, "unknown-start", f"{where} starts {program}, which is not read"
                )
            if not self._has(name):
                raise _Refused(first, "needs-program", f"{where} starts {name}")

    def certificates(self) -> None:
        """Programs that fetch check certificates: a smaller image may have none."""
        if "ca-certificates" not in self.gone.packages - self.packages:
            return
        where = next(
            (
                place.where
                for place in self.stage.runs()
                for called in place.called
                if called.program in FETCHERS
            ),
            self.asked.service.certificates,
        )
        service = (each for each in self.asked.service.programs if each[0] in FETCHERS)
        where = where or next((where for _, where in service), None)
        if where is not None:
            raise _Refused(
                self.stage.places[0],
                "needs-program",
                f"{where} checks certificates, and {self._new} has none",
            )

    def libraries(self) -> None:
        """Shared libraries that installed packages load must be installed by name, or still be there."""
        first = self.stage.places[0]
        for library, where in self.asked.service.libraries:
            name = self._library(library)
            if isinstance(name, Unknown) or name.value not in self.packages:
                raise _Refused(first, "needs-library", f"{where} needs {library}")

    def _library(self, library: str) -> Fact[str]:
        return debian.named(library, self.base.suite)
