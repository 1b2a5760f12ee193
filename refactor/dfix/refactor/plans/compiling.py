"""Compile caches: which project's they are, and how what was built leaves them in the same RUN.

A mount on a compiler's output folder keeps that folder out of the layer. So a program that a later
step takes from there is copied beside it first, and that step reads the copy.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import CacheKind, Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Copy, Healthcheck, Onbuild, Run, Start, Transfer, Words
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.model.layout import folder_behind, origin
from dfix.refactor.plans.caches import Because, environment, fills, owner, slug_of
from dfix.refactor.plans.cleaning import cleaning
from dfix.refactor.plans.locking import stands_alone
from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS
from dfix.refactor.plans.taking_out import Compiling, Reader, changes
from dfix.refactor.transform import Evidence, Level, Rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dfix.ecosystems.calls import Cache, Compiled
    from dfix.ecosystems.tree import Tree
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place
    from dfix.refactor.transform import Finding

RULE = "https://docs.docker.com/build/cache/optimize/#use-cache-mounts"
ODD = " \t\"'$*?[]\\#;&|()<>`"  # a path with one of these is not written as a plain word
SLUG = "artefact-in-cache"
PASSING = FILE_PROGRAMS | SHELL_WORDS | SYSTEM_PROGRAMS


def _project(ctx: Context, place: Place, called: Called) -> Fact[tuple[Tree, str]]:
    """The files that are sent to the builder, and the folder among them that a command works in."""
    context = ctx.project.context
    if isinstance(context, Unknown):
        return context
    if isinstance(called.directory, Unknown):
        return called.directory
    project, directory = ctx.project, called.directory.value
    folder = origin(directory, place, project.is_folder, project.is_file, project.matching)
    if isinstance(folder, Unknown):
        folder = folder_behind(directory, place, project.is_folder, project.matching)
    if isinstance(folder, Unknown):
        return folder
    return Known((visible(context.value, project.ignore), folder.value), folder.source)


def findings(
    ctx: Context, place: Place, covers: Callable[[str, str, Place], bool]
) -> Iterator[Finding]:
    """The mount of one compile cache of a RUN, or why there is none; `covers` tells what a mount holds already."""
    for called in place.called:
        if called.call is None or not fills(called.call):
            continue
        for cache in ecosystem_of(called.call).caches(called.call, environment(place, called)):
            if cache.kind is not CacheKind.COMPILE:
                continue
            found = plan(ctx, place, called, cache)
            if isinstance(found, Unknown):
                yield hold_back(place, slug_of(found), found.why)
            elif found is not None and not any(
                covers(mount.target, found.target, place) for mount in place.mounts
            ):
                yield _rewrite(ctx, place, called, cache, found)
                return


def _rewrite(ctx: Context, place: Place, called: Called, cache: Cache, found: Compiling) -> Rewrite:
    words = " ".join(word or "..." for word in called.values[:2])
    times = (Evidence("what is older than the last build counts as compiled", cache.source),)
    return Rewrite(
        place.node,
        f"keep what {words} compiled between builds",
        Level.BOLD if cache.freshness == "times" else Level.REVIEW,
        (
            Evidence(f"{words} compiles into {found.target}", cache.source),
            *(times if cache.freshness == "times" else ()),
            *found.because,
            Evidence("a cache mount persists between builds", RULE),
        ),
        changes(ctx, place, found),
        needs=("cache_mount",),
    )


def plan(ctx: Context, place: Place, called: Called, cache: Cache) -> Compiling | Because | None:
    """How a compile cache is mounted; the reason if it is not, None where nothing is to be said."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    if not ctx.project.at_hand:
        return None
    found = _project(ctx, place, called)
    if isinstance(found, Unknown):
        return Because(SLUG, f"the project that is compiled is not known: {found.why}")
    tree, folder = found.value
    compiled = ecosystem_of(call).compiled(call, tree, folder, env=environment(place, called))
    if isinstance(compiled, Unknown):
        return Because(SLUG, compiled.why)
    assert isinstance(called.directory, Known)  # noqa: S101 - the project was found from it
    base = called.directory.value
    if not cache.moved:
        base = paths.join(base, posixpath.relpath(compiled.value.root or ".", folder or "."))
    target = paths.join(base, cache.path)
    if any(
        mount.target and paths.overlap(paths.join(base, mount.target), target)
        for mount in place.mounts
    ):
        return None
    owned = owner(place, target)
    if isinstance(owned, Unknown):
        return Because(slug_of(owned), owned.why)
    if owned.value:
        return Because("cache-parent", f"{base} may not be the user's")
    other = _other_compiler(ctx, place, called, cache)
    if other is not None:
        return other
    readers = _readers(ctx, place, target, base, compiled.value)
    if isinstance(readers, Because):
        return readers
    if _is_emptied(place, called, target, compiled.value):
        return Because(SLUG, "a command of the RUN removes the folder, or what lies in it")
    obstacle = _cannot_leave(ctx, place, called, readers, compiled.value.root)
    if obstacle is not None:
        return Because(SLUG, obstacle)
    several = _several_platforms(ctx, place)
    name = ctx.config.project_name or compiled.value.project
    identity = f"{_plain(name)}-{_plain(cache.path)}" + ("-$TARGETARCH" if several else "")
    sharing = "" if cache.sharing == "shared" else f",sharing={cache.sharing}"
    leaving = dict.fromkeys((each.at, each.path) for each in readers)
    because = [
        Evidence(
            f"{each.place.where} takes {posixpath.basename(each.path)} out of it", each.place.where
        )
        for each in readers
    ]
    if several:
        because.append(Evidence("it is built for several platforms", several))
    return Compiling(
        target,
        f",id={identity}{sharing}",
        tuple(leaving),
        tuple(readers),
        bool(several),
        tuple(because),
    )


def _plain(name: str) -> str:
    """A name as part of an id: nothing that a mount's options or the shell would read otherwise."""
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in name).strip("-")


def _other_compiler(ctx: Context, place: Place, called: Called, cache: Cache) -> Because | None:
    """Another step that compiles into the same folder, or one of this step that may empty it."""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    for other in ctx.model.calling:
        for each in other.called:
            if each.call is None or each.call.ecosystem != call.ecosystem:
                continue
            fills = cache.id in {one.id for one in ecosystem_of(call).caches(each.call)}
            if other is not place and fills:
                return Because(
                    SLUG,
                    f"line {other.line} compiles into the same folder, and a mount would part them",
                )
            if other is place and not fills and each.call.role is Role.RUN:
                words = " ".join(word or "..." for word in each.values[:2])
                return Because(SLUG, f"{words} may empty the folder")
    return None


def _readers(
    ctx: Context, place: Place, target: str, base: str, compiled: Compiled
) -> list[Reader] | Because:
    """The COPYs that take programs out of the folder; the reason if something else may read it."""
    stage = place.stage
    if stage.is_last:
        return Because(SLUG, f"the image is made of this stage, and {target} would not be in it")
    if stage.name is not None and any(
        (build.target or "").lower() == stage.name.lower()
        for build in ctx.project.repository.builds
    ):
        return Because(SLUG, f"{stage.name} is built as an image of its own")
    for other in place.model.stages:
        if other.parent is stage:
            return Because(SLUG, f"{other.label} builds on this stage")
    for later in place.following:
        reason = _may_read(later, target)
        if reason is not None:
            return Because(SLUG, f"line {later.line} {reason}")
    programs = {paths.join(target, each) for each in compiled.programs}
    found: list[Reader] = []
    for later in place.model.places():
        node = later.node
        if isinstance(node, Run) and any(
            place.model.stage_named(mount.options.get("from", ""), before=later.stage) is stage
            for mount in later.mounts
        ):
            return Because(SLUG, f"line {later.line} mounts this stage")
        if not isinstance(node, Transfer) or later.source_stage is not stage:
            continue
        for number, source in enumerate(node.sources):
            resolved = later.before.resolve(source)
            if isinstance(resolved, Unknown):
                return Because(
                    SLUG, f"line {later.line} copies what is not literal: {resolved.why}"
                )
            at = paths.join("/", resolved.value)
            if not paths.overlap(_stem(at), target):
                continue
            if (
                at not in programs
                or not isinstance(node, Copy)
                or not isinstance(node.paths, Words)
            ):
                return Because(
                    SLUG,
                    f"line {later.line} copies {source}, which is no program of the project by name",
                )
            found.append(Reader(later, number, paths.join(base, posixpath.basename(at)), at))
    if len({each.path for each in found}) != len({each.at for each in found}):
        return Because(SLUG, "two programs of one name are copied out of it")
    return found


def _stem(path: str) -> str:
    """The part of a path in front of its first pattern."""
    cut = min((path.find(char) for char in "*?[" if char in path), default=len(path))
    return path if cut == len(path) else posixpath.dirname(path[:cut] + "x")


def _may_read(later: Place, target: str) -> str | None:
    """Why a later step of the stage may read the folder, as half a sentence."""
    node = later.node
    if isinstance(node, Onbuild):
        return "stands for other builds"
    if isinstance(node, Start | Healthcheck):
        return "starts something in this stage"
    if isinstance(node, Transfer):
        landing = later.destination
        if isinstance(landing, Unknown) or paths.within(landing.value, target):
            return "copies into it"
        return None
    if not isinstance(node, Run):
        return None
    if later.script is None:
        return "cannot be read as shell source"
    for each in later.called:
        if each.call is None and each.program not in PASSING and each.values:
            return f"runs {each.program or 'a command that is not literal'}, which may read it"
        for word in each.values[1:]:
            if word is None and each.program not in ("echo", "printf"):
                return "works on files that are not named literally"
            if not word or word.startswith("-") or "://" in word:
                continue
            if isinstance(each.directory, Unknown):
                return f"works in a directory that is not known: {each.directory.why}"
            if each.program in FILE_PROGRAMS and paths.overlap(
                _stem(paths.join(each.directory.value, word)), target
            ):
                return f"reads {word}"
    return None


def _is_emptied(place: Place, called: Called, target: str, compiled: Compiled) -> bool:
    """Does a command of the RUN take anything out of the folder that the next build would miss?"""
    call = called.call
    assert call is not None  # noqa: S101 - the caller looked
    programs = {paths.join(target, each) for each in compiled.programs}
    for cleanup in cleaning(place, [target], (call.ecosystem,)):
        other = cleanup.called
        if other.program != "mv" or not compiled.restores or isinstance(other.directory, Unknown):
            return True
        *sources, to = [word for word in other.values[1:] if not (word or "").startswith("-")]
        here = other.directory.value
        if not all(word and paths.join(here, word) in programs for word in sources):
            return True
        if to is None or paths.within(paths.join(here, to), target):
            return True
    return False


def _cannot_leave(
    ctx: Context, place: Place, called: Called, readers: list[Reader], root: str
) -> str | None:
    """Why what was built cannot be copied out at the end of the RUN."""
    script = place.script
    if not readers:
        return None
    if script is None or not script.editable or script.ends_in_comment:
        return "nothing can be written behind the last command"
    if not stands_alone(place, called) or any(
        each.operator not in ("&&", ";") for each in script.elements[:-1]
    ):
        return "the build stands inside a condition, a loop or a pipeline"
    for each in readers:
        name = posixpath.basename(each.path)
        if any(char in each.at + each.path for char in ODD):
            return f"{each.at} is no plain word"
        beside = posixpath.join(root, name)
        if ctx.project.is_file(beside) or ctx.project.is_folder(beside):
            return f"{beside} is there already, so {name} cannot be copied beside the folder"
    return None


def _several_platforms(ctx: Context, place: Place) -> str:
    """Where it shows that the file is built for several platforms; empty if nowhere."""
    for stage in place.model.stages:
        flag = stage.node.flag("platform")
        if flag is not None and "$" in flag.value:
            return stage.places[0].where
    for build in ctx.project.repository.builds:
        if len(build.platforms) > 1:
            return build.source
    return ""
