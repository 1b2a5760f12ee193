"""Where a cache is, whose it must be, and what speaks against mounting it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple, Self

from dfix.ecosystems import ecosystem_of, images
from dfix.ecosystems.calls import CacheKind, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.images import is_among
from dfix.refactor.model import paths
from dfix.refactor.model.content import ROOT_ONLY
from dfix.refactor.model.expand import Undecided
from dfix.refactor.model.layout import origin
from dfix.refactor.plans import locking
from dfix.refactor.plans.emptying import emptied
from dfix.refactor.plans.storing import started_reader, takes_no_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.ecosystems.calls import Cache, Call
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place


class Because(Unknown):
    """An unknown that always has its slug."""

    __slots__ = ()

    def __new__(cls, slug: str, why: str) -> Self:
        """Slug first, as a hold-back has them."""
        return super().__new__(cls, why, slug)


def slug_of(unknown: Unknown) -> str:
    """The slug of an unknown made here."""
    return getattr(unknown, "slug", "unknown-user")


FILLS = (Role.INSTALL, Role.ADD, Role.FETCH, Role.BUILD, Role.PROJECT, Role.CHANGE)


def fills(call: Call) -> bool:
    """Does a call fill its caches? `go test` does as `go build` does, and so gets the mounts that it reads."""
    return call.role in FILLS or (call.role is Role.RUN and call.reads_store and not call.unknown)


def environment(place: Place, called: Called) -> dict[str, str | None]:
    """The variables that a command sees, those included that an earlier call is as good as; None if not known."""
    return {**_configured(place, called), **place.before.values(), **called.assigned}


def _configured(place: Place, called: Called) -> dict[str, str | None]:
    """What earlier calls of the same manager configured: `bundle config set path vendor`."""
    call = called.call
    if call is None:
        return {}
    manager = ecosystem_of(call)
    if type(manager).sets is Ecosystem.sets:
        return {}  # it asks nothing of earlier calls
    found: dict[str, str | None] = {}
    for earlier in (*earlier_places(place), place):
        for each in earlier.called if earlier.node.name == "RUN" else ():
            if each is called:
                return found
            if each.call is not None and each.call.ecosystem == call.ecosystem:
                found.update(manager.sets(each.call))
    return found


def filled(ctx: Context, place: Place, called: Called) -> tuple[Cache, ...] | Because:
    """The caches that a command fills, where project, variables and flags in force put them."""
    if called.managed is None:
        return ()
    manager = ecosystem_of(called.managed)
    if called.call is None:
        return _of_the_machine(place, called)
    call = locking.released(place, called.call)
    env = environment(place, called)
    told: Fact[tuple[Cache, ...]] | None = None
    folder: str | None = None
    for folder in locking.folders_of(ctx, place, called):
        told = manager.caches_in(locking.here(call), ctx.project.sent, folder, env)
        if isinstance(told, Unknown):
            break
    if told is None:
        told = manager.caches_in(call, None, "", env)
    if isinstance(told, Unknown):
        return Because(told.slug or "unknown-manager", told.why)
    everywhere = manager.caches_in(
        locking.here(call), None if folder is None else ctx.project.sent, folder or ""
    )
    known = everywhere.value if isinstance(everywhere, Known) else ()
    lost = {each.id for each in known} - {each.id for each in told.value}
    if lost:
        return Because("moved-cache", f"a variable that is not literal moves the cache {min(lost)}")
    image = place.stage.root_image
    if isinstance(image, Unknown):
        names = {name for each in told.value if not each.moved for name, _ in each.moved_by}
        set_below = sorted(names & images.variables() - env.keys())
        if set_below:
            why = f"the base image may set {set_below[0]}, which moves the cache: {image.why}"
            return Because("moved-cache", why)
    return told.value


def _of_the_machine(place: Place, called: Called) -> tuple[Cache, ...] | Because:
    """The caches of a distribution's package manager, as far as they lie in this image where they are known."""
    call = called.managed
    assert call is not None  # noqa: S101 - the caller looked
    found = ecosystem_of(call).caches(call, environment(place, called))
    image = place.stage.root_image
    there = tuple(each for each in found if not each.images or is_among(image, each.images))
    if found and not there:
        base = place.stage.root.reference or place.stage.root.node.image.value
        return Because(
            "unknown-cache", f"where {called.program} keeps its packages in {base} is not known"
        )
    return there


def placed(ctx: Context, place: Place, called: Called) -> Because | None:
    """The file of the project that puts the caches elsewhere, or may: a Maven settings file, for one."""
    call, project = called.managed, ctx.project
    assert call is not None  # noqa: S101 - only a call has caches
    owner_of = ecosystem_of(call)
    for name in owner_of.placed_by(call):
        where = seen(place, called, name)
        if isinstance(where, Unknown):
            continue
        source = origin(where.value, place, project.is_folder, project.is_file, project.matching)
        context = project.context
        text = (
            context.value.read(source.value)
            if isinstance(source, Known) and isinstance(context, Known)
            else Unknown(f"{name} is not a file of the build context")
        )
        if isinstance(text, Known) and owner_of.places(text.value):
            return Because("moved-cache", f"{name} puts the cache elsewhere")
        if isinstance(text, Unknown) and name in call.files:
            return Because("moved-cache", f"{name} may put the cache elsewhere, and {text.why}")
    return None


def seen(place: Place, called: Called, name: str) -> Fact[str]:
    """A path as a command sees it, absolute in the image."""
    if name.startswith("~/"):
        home = home_of(place, called)
        return home if isinstance(home, Unknown) else Known(paths.join(home.value, name[2:]), name)
    if name.startswith("/"):
        return Known(paths.join("/", name), name)
    directory = called.directory
    return (
        directory
        if isinstance(directory, Unknown)
        else Known(paths.join(directory.value, name), name)
    )


def target(place: Place, called: Called, cache: Cache) -> Fact[str]:
    """Where a cache lies in the image, absolute."""
    if cache.root_path is not None and not cache.moved:
        user = user_of(place, called)
        if isinstance(user, Unknown):
            return user
        if user.value in ("root", "0"):
            return Known(cache.root_path, cache.source)
    if cache.moved and not cache.path.startswith(("/", "~/")):
        return Because("moved-cache", f"the cache is moved to {cache.path}, which is not absolute")
    if isinstance(called.directory, Unknown) and not cache.path.startswith(("/", "~/")):
        return Because("unknown-directory", called.directory.why)
    lies = seen(place, called, cache.path)
    return lies if isinstance(lies, Unknown) else Known(_real(place, lies.value), cache.source)


def _real(place: Place, path: str) -> str:
    """A path without the links that the base image has on its way."""
    image = place.stage.root_image
    for link, meant in () if isinstance(image, Unknown) else image.links.items():
        if paths.within(path, link):
            return paths.join(meant, paths.relative(path, link))
    return path


def user_of(place: Place, called: Called | None = None) -> Fact[str]:
    """The user that runs a command."""
    if called is not None and "sudo" in called.wrappers:
        return Because("unknown-user", "sudo changes the user")
    user = place.before.user
    if isinstance(user, Unknown):
        shown = _shown_root(place)
        return (
            Because("unknown-user", f"the user is not known, since {user.why}")
            if shown is None
            else shown
        )
    return user


def _shown_root(place: Place) -> Known[str] | None:
    """Root, if a step under the same USER does what only root can do: a build that works today proves it."""
    run: list[Place] = []
    for each in place.stage.places:
        if each.node.name == "USER":
            if each.at > place.at:
                break
            run = []
        elif each.node.name == "RUN":
            run.append(each)
    for each in run:
        for called in each.called:
            verbs = ROOT_ONLY.get(called.program or "")
            if verbs is None or "sudo" in called.wrappers or called.command.context:
                continue
            if not verbs or any(word in verbs for word in called.values[1:]):
                return Known("root", f"{each.where} runs {called.program}, which only root can")
    return None


def home_of(place: Place, called: Called | None = None) -> Fact[str]:
    """The home of the user that runs a command: HOME if an ENV sets it, else the passwd entry."""
    try:
        declared = place.before.declared("HOME")
    except Undecided as undecided:
        return Because("unknown-user", f"HOME depends on {undecided}")
    if declared is not None:
        return Known(declared, place.where)
    user = user_of(place, called)
    if isinstance(user, Unknown):
        return user
    if user.value == "root":
        return Known("/root", "the passwd entry of root")
    account = account_of(place, user.value)
    if isinstance(account, Unknown):
        return account
    if account.value.home is None:
        return Because("unknown-user", f"the home of {user.value} is not known")
    return Known(account.value.home, account.source)


class Account(NamedTuple):
    """A user of the image."""

    uid: int | None
    gid: int | None
    home: str | None


def account_of(place: Place, name: str) -> Fact[Account]:
    """The account of a user: as a RUN of this file makes it, else as the base image has it."""
    made = _made(place, name)
    if made is not None:
        return Known(made, place.where)
    image = place.stage.root_image
    if isinstance(image, Unknown):
        return Because("unknown-user", f"the user {name} is not known, since {image.why}")
    for account, (uid, gid, home) in image.users.items():
        if name in (account, str(uid)):
            return Known(Account(uid, gid, home), image.name)
    return Because("unknown-user", f"nothing tells of the user {name}")


def _made(place: Place, name: str) -> Account | None:
    """The account as `useradd` or `adduser` of this file makes it."""
    stage = place.stage
    before: Sequence[Place] = place.preceding
    while True:
        for earlier in reversed(before):
            for called in earlier.called if earlier.node.name == "RUN" else ():
                if called.program in ("useradd", "adduser") and name in called.values:
                    return _account(called, name)
        if stage.parent is None:
            return None
        stage = stage.parent
        before = stage.places


def _account(called: Called, name: str) -> Account:
    """What the words of a useradd (shadow) or adduser (Debian, BusyBox) say of the new account."""
    words = called.values

    def option(*names: str) -> str | None:
        for at, word in enumerate(words):
            if word is None:
                continue
            if word in names and at + 1 < len(words):
                return words[at + 1]
            for long in names:
                if long.startswith("--") and word.startswith(long + "="):
                    return word.partition("=")[2]
        return None

    uid = option("-u", "--uid")
    group = (
        option("-g", "--gid", "-G", "--ingroup")
        if called.program == "useradd"
        else option("--gid", "-g")
    )
    home = option("-d", "--home", "--home-dir", "-h")
    no_home = any(word in ("-M", "--no-create-home", "-H") for word in words)
    makes = called.program == "adduser" or any(
        word in ("-m", "--create-home") or (word or "").startswith("-m") for word in words
    )
    gid = int(group) if group is not None and group.isdigit() else None
    numeric = int(uid) if uid is not None and uid.isdigit() else None
    if gid is None and group is None and numeric is not None:
        gid = numeric  # a group of the user's own gets the same number where it is free
    return Account(numeric, gid, (home or f"/home/{name}") if makes and not no_home else None)


def owner(place: Place, path: str) -> Fact[str]:
    """The options that make a mount the user's own, as text with a leading comma; empty for root.

    BuildKit creates missing parents of a mount for root, so the parent must be a directory that is
    there and the user's: its home.
    """
    user = user_of(place)
    if isinstance(user, Unknown):
        return user
    if user.value == "root":
        return Known("", place.where)
    account = account_of(place, user.value)
    if isinstance(account, Unknown):
        return account
    if account.value.uid is None or account.value.gid is None:
        return Because("unknown-uid", f"the numeric id of {user.value} is not known")
    home = account.value.home
    if home is None or posixpath.dirname(path) != home:
        return Because(
            "cache-parent",
            f"{posixpath.dirname(path)} would be created for root, and {user.value} could not write there",
        )
    return Known(f",uid={account.value.uid},gid={account.value.gid}", account.source)


def obstacle(ctx: Context, place: Place, called: Called, cache: Cache) -> tuple[str, str] | None:
    """What speaks against mounting a cache: the slug and the sentence."""
    if cache.kind is not CacheKind.STORE:
        return _offline(place, called)
    return missed(ctx, place, called, cache)


def _offline(place: Place, called: Called) -> tuple[str, str] | None:
    """A call here or later that must find its downloads: after a prune a mount is empty, and its step still CACHED.

    Where the manager has a store, that is what works offline, and an emptied cache beside it only costs time.
    """
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    manager = ecosystem_of(call)
    if any(each.kind is CacheKind.STORE for each in manager.caches(call)):
        return None
    for run in (place, *_later(place)):
        for each in run.called if run.node.name == "RUN" else ():
            if (
                each.managed is not None
                and each.managed.ecosystem == call.ecosystem
                and manager.is_offline_reader(each.managed, environment(run, each))
            ):
                return "read-later", f"line {run.line} works offline from the cache"
    return None


def earlier_places(place: Place) -> list[Place]:
    """What was built in front of a step, in its stage and in those that it builds on, in order."""
    found = list(place.preceding)
    stage = place.stage.parent
    while stage is not None:
        found[:0] = stage.places
        stage = stage.parent
    return found


def missed(ctx: Context, place: Place, called: Called, cache: Cache) -> tuple[str, str] | None:
    """Who would miss a store that only a mount of this step holds."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    lying = target(place, called, cache)
    if isinstance(lying, Known) and emptied(place, called, cache, lying.value):
        return None
    reader = read_later(place, called, cache)
    if reader is not None:
        return "read-later", reader
    starts = None if call.distribution else started_reader(ctx, place, call.ecosystem)
    if starts is not None:
        return "started-by-container", starts
    if ctx.project.at_hand and ctx.project.config.builder is None:
        shared = ctx.project.repository.ephemeral_cache
        if shared is not None:
            return (
                "ephemeral-runner",
                f"the CI shown in {shared.source} keeps layers between runs, but no mounts",
            )
    return None


def read_later(place: Place, called: Called, cache: Cache) -> str | None:
    """What is built later and may read what a step leaves in a cache, as half a sentence."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    lying = target(place, called, cache)
    for later in _later(place):
        node = later.node
        if node.name == "RUN":
            for each in later.called:
                reason = _needs_store(later, each, call, cache)
                if reason is not None:
                    return f"line {later.line} {reason}"
            if later.script is None:
                return f"line {later.line} cannot be read as shell source"
        elif node.name in ("COPY", "ADD") and later.source_stage is place.stage:
            sources = getattr(node, "sources", ())
            if isinstance(lying, Known) and any(
                paths.overlap(source, lying.value) for source in sources
            ):
                return f"line {later.line} copies the store out of the stage"
    return None


def looks_back(place: Place, each: Called, ecosystem: str, cache: Cache) -> bool:
    """Does a command fail unless an earlier step has filled the cache?"""
    call = each.managed
    if call is None or call.ecosystem != ecosystem:
        return False
    manager = ecosystem_of(call)
    if cache.id not in manager.looks_in(call):
        return False
    for earlier in place.called:
        if earlier is each:
            return True
        other = earlier.managed
        if (
            other is not None
            and other.ecosystem == ecosystem
            and fills(other)
            and not earlier.command.context
            and cache.id in {one.id for one in manager.caches(other)}
        ):
            return False
    return True


def _needs_store(place: Place, each: Called, filler: Call, cache: Cache) -> str | None:
    """Why a later command would miss a store that only a mount holds."""
    if looks_back(place, each, filler.ecosystem, cache):
        return f"runs {each.program} {each.verb or ''}, which looks in it"
    call = each.managed
    if call is not None:
        language = ecosystem_of(filler).language
        if (
            filler.stores
            and call.role is not Role.CONFIG
            and ecosystem_of(call).language == language
        ):
            return f"may need what {filler.verb} puts into the store"
        if call.ecosystem != filler.ecosystem:
            return None
        if ecosystem_of(call).is_offline_reader(call, environment(place, each)):
            return "works offline from the store"
        return "runs what may read the store" if call.role is Role.RUN and not fills(call) else None
    if ecosystem_of_store_readers(each) and not takes_no_store(each.values, filler.ecosystem):
        return f"runs {each.program or 'a command that is not literal'}, which may read the store"
    return None


def ecosystem_of_store_readers(each: Called) -> bool:
    """Can this command not be told from one that reads a store?"""
    from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS  # noqa: PLC0415 - one table

    if not each.values:
        return False
    return each.program not in FILE_PROGRAMS | SHELL_WORDS | SYSTEM_PROGRAMS | {"git"}


def _later(place: Place) -> list[Place]:
    """What is built after a step and can see what it left, in its stage and in those that build on or copy from it."""
    found = list(place.following)
    reached = [place.stage]
    for stage in place.model.stages[place.stage.index + 1 :]:
        if stage.parent in reached:
            reached.append(stage)
            found.extend(stage.places)
        else:
            found.extend(each for each in stage.transfers() if each.source_stage in reached)
    return found


def disabling_variable(place: Place, called: Called) -> str | None:
    """The variable in force that switches the cache of this call off; it is part of the contract and stays."""
    call = called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    return ecosystem_of(call).cache_off(environment(place, called))
