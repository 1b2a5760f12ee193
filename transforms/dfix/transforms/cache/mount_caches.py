"""Keep package managers' and compilers' caches between builds.

## Why
A RUN that is built again starts with an empty cache and downloads or compiles everything
anew. A cache mount keeps the cache from build to build, and out of the image. Source:
https://docs.docker.com/build/cache/optimize/#use-cache-mounts

## When it holds back
- unknown-user: the user of the RUN, or the user's home, is not known;
- unknown-uid: the user's numeric id is not known, and a mount belongs to root unless it says otherwise;
- cache-parent: the mount's parent would be created for root, and the user could not write beside it;
- read-later: a later step that cannot be read, or that works offline, needs what a store mount would keep to itself;
- hidden-store: the store that the step reads stays in the layer of an earlier step, or a COPY, a script or the base
  image may have filled it, and a mount would hide that;
- unknown-cache: where the manager keeps its packages in this base image is not known;
- started-by-container: what is started in a stage that keeps the store, by the file or the repository, may read it;
- ephemeral-runner: the shown CI keeps layers between runs, but no mounts;
- unknown-manager: which package manager, or which generation of it, the call runs is not known;
- linked-cache: what is installed only points into the cache, so the program needs it where it runs;
- not-plain: a flag or command that fights the cache stands where it cannot be edited;
- moved-cache: the variable or the settings file that moves the cache has a value that is not known;
- artefact-in-cache: what was compiled inside the cache is read later, or may be, and would no longer be there.

## Level
Download caches: `safe` where a shown builder has cache mounts or the file uses `--mount`
already, else `review`. Stores that later steps read: `review`. What a distribution's package
manager downloads: `review` in a stage that only builds, `bold` in one whose layers leave the
build, where the clean-ups stay unless it is asked for.
Compile caches: `review`, but `bold` where the compiler tells by the files' times what is out of date,
because a checkout that is older than the last build then gives the program of the other one; what
was built is copied out of the cache in the same RUN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import CacheKind
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Run, ShellForm
from dfix.refactor import compose, edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model import paths
from dfix.refactor.model.reach import shipped as shipped_stages
from dfix.refactor.plans import caches as plan
from dfix.refactor.plans import compiling, machine
from dfix.refactor.plans.cleaning import cleaning
from dfix.refactor.plans.hiding import hidden, linked
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, HeldBack, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Cache, Setting
    from dfix.ecosystems.ecosystem import Ecosystem
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage

Settled = dict[tuple[int, tuple[str, ...]], int]
"""At which level a rewrite of this pass runs a command, by the index of its stage."""
RULE = "https://docs.docker.com/build/cache/optimize/#use-cache-mounts"

CASES = (
    Case.untouched(
        "a cache mount is there",
        before="FROM node:22\nRUN --mount=type=cache,target=/root/.npm npm ci\n",
    ),
    Case.rewrites(
        "npm as root",
        before="FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n",
        after=(
            "FROM node:22\nWORKDIR /app\nCOPY package*.json ./\n"
            "RUN --mount=type=cache,target=/root/.npm \\\n    npm ci\n"
        ),
    ),
    Case.rewrites(
        "a flag that defeats the cache goes",
        before="FROM python:3.12\nRUN pip install --no-cache-dir flask\n",
        after="FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install flask\n",
    ),
    Case.rewrites(
        "a clean-up that empties the cache goes",
        before="FROM node:22\nRUN npm install -g pnpm && npm cache clean --force\n",
        after="FROM node:22\nRUN --mount=type=cache,target=/root/.npm \\\n    npm install -g pnpm\n",
    ),
    Case.rewrites(
        "what follows the keywords stands in a column",
        before="FROM    node:22\nRUN     npm ci\n",
        after="FROM    node:22\nRUN     --mount=type=cache,target=/root/.npm \\\n    npm ci\n",
    ),
    Case.rewrites(
        "the branches of a condition are indented more than the condition",
        before="FROM node:22\nRUN if true; then \\\n        npm ci; \\\n    fi\n",
        after=(
            "FROM node:22\nRUN --mount=type=cache,target=/root/.npm \\\n"
            "    if true; then \\\n        npm ci; \\\n    fi\n"
        ),
    ),
    Case.rewrites(
        "a user with a home of its own",
        before="FROM node:22\nUSER node\nRUN npm ci\n",
        after=(
            "FROM node:22\nUSER node\n"
            "RUN --mount=type=cache,target=/home/node/.npm,uid=1000,gid=1000 \\\n    npm ci\n"
        ),
    ),
    Case.rewrites(
        "tests read the modules that a fetch left in a mount",
        before=(
            "FROM golang:1.24\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\n"
            "COPY . .\nRUN go test ./...\nFROM debian:12-slim\n"
        ),
        after=(
            "FROM golang:1.24\nWORKDIR /src\nCOPY go.mod go.sum ./\n"
            "RUN --mount=type=cache,target=/go/pkg/mod \\\n    go mod download\nCOPY . .\n"
            "RUN --mount=type=cache,target=/go/pkg/mod \\\n    --mount=type=cache,target=/root/.cache/go-build \\\n"
            "    go test ./...\nFROM debian:12-slim\n"
        ),
    ),
    Case.rewrites(
        "nothing is known of the base, but a step does what only root can",
        before="FROM registry.example.com/team/base:7\nRUN groupadd app\nRUN npm ci\n",
        after=(
            "FROM registry.example.com/team/base:7\nRUN groupadd app\n"
            "RUN --mount=type=cache,target=/root/.npm \\\n    npm ci\n"
        ),
    ),
    Case.rewrites(
        "apt in a stage that only builds",
        before=(
            "FROM debian:12 AS build\nRUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n"
            "RUN make\nFROM debian:12\nCOPY --from=build /app /app\n"
        ),
        after=(
            "FROM debian:12 AS build\nRUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n"
            "    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\\n"
            "    rm -f /etc/apt/apt.conf.d/docker-clean && \\\n    apt-get update && apt-get install -y gcc\n"
            "RUN make\nFROM debian:12\nCOPY --from=build /app /app\n"
        ),
    ),
    Case.holds_back(
        "a later install works offline from the cache",
        before="FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nRUN npm install --offline left-pad\n",
        because="read-later",
    ),
    Case.holds_back(
        "a stage for development starts the tool that reads the store",
        before=(
            "FROM golang:1.23 AS dev\nWORKDIR /app\nCOPY go.mod go.sum ./\nRUN go mod download\n"
            'CMD ["go", "run", "."]\nFROM debian:12-slim\n'
        ),
        because="started-by-container",
    ),
    Case.holds_back(
        "the container starts a program that nothing here builds, and it may be one that compiles",
        before='FROM golang:1.23\nWORKDIR /app\nCOPY go.mod go.sum ./\nRUN go mod download\nCMD ["air"]\n',
        because="started-by-container",
    ),
    Case.holds_back(
        "compose starts the compiler in the image",
        before=(
            "FROM golang:1.23\nWORKDIR /app\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\n"
            'CMD ["./main"]\n'
        ),
        because="started-by-container",
        project={
            "go.mod": "module example.com/a\n\ngo 1.23\n",
            "compose.yaml": "services:\n  web:\n    build: .\n    command: go run .\n",
        },
    ),
    Case.holds_back(
        "HOME depends on a build argument",
        before="FROM node:22\nARG WHO\nENV HOME=/home/${WHO}\nRUN npm ci\n",
        because="unknown-user",
    ),
    Case.holds_back(
        "what only root can do is done under another USER",
        before=(
            "FROM registry.example.com/team/base:7\nARG WHO\nUSER root\nRUN groupadd app\nUSER ${WHO}\nRUN npm ci\n"
        ),
        because="unknown-user",
    ),
    Case.holds_back(
        "the base image is not known",
        before="FROM registry.example.com/team/base:7\nRUN npm ci\n",
        because="unknown-user",
    ),
)


class Mounted(NamedTuple):
    """A cache that is to be mounted, and where."""

    cache: Cache
    target: str
    options: str  # uid, gid, sharing, id, as text with a leading comma
    evidence: Evidence
    called: Called
    level: Level


@transform(
    group="cache",
    ceiling=Level.BOLD,
    phase=Phase.RESTRUCTURE,
    after=("copy-manifests-first", "split-stages", "use-lockfile", "merge-runs"),
    slugs=(
        "unknown-user",
        "unknown-uid",
        "cache-parent",
        "read-later",
        "hidden-store",
        "unknown-cache",
        "started-by-container",
        "ephemeral-runner",
        "unknown-manager",
        "linked-cache",
        "not-plain",
        "moved-cache",
        "artefact-in-cache",
    ),
    cases=CASES,
)
def mount_caches(ctx: Context) -> Iterator[Finding]:
    """Mount each cache that a RUN fills."""
    shipped = shipped_stages(ctx.model, machine.targets(ctx))
    settled: Settled = {}
    for place in ctx.model.calling:
        found: list[Mounted] = []
        for called in place.called:
            if called.managed is None or not plan.fills(called.managed):
                continue
            caches = plan.placed(ctx, place, called) or plan.filled(ctx, place, called)
            system = called.managed.distribution and place.stage.index in shipped
            if isinstance(caches, Unknown):
                if not system:
                    yield hold_back(place, caches.slug, caches.why)
                continue
            for cache in caches:
                if cache.kind is CacheKind.COMPILE or not machine.worth(place, called, cache):
                    continue
                mounted = _mounted(ctx, place, called, cache)
                if isinstance(mounted, HeldBack):
                    if not system:
                        yield mounted
                elif mounted is not None:
                    found.append(mounted._replace(level=Level.BOLD) if system else mounted)
        # What changes an image that leaves the build comes last, in a step of its own.
        first = [each for each in found if each.level < Level.BOLD] or found
        if first:
            yield _rewritten(ctx, place, first, settled)
        else:
            yield from compiling.findings(ctx, place, _covers)


def _mounted(ctx: Context, place: Place, called: Called, cache: Cache) -> Mounted | HeldBack | None:
    """Where this cache is to be mounted; None if it is already, or if there is nothing to say."""
    call = called.managed
    assert call is not None  # noqa: S101 - the caller looked
    target = plan.target(place, called, cache)
    if isinstance(target, Unknown):
        return hold_back(place, plan.slug_of(target), target.why)
    if any(_covers(mount.target, target.value, place) for mount in place.mounts):
        return None
    obstacle = plan.obstacle(ctx, place, called, cache)
    if cache.kind is CacheKind.STORE:
        obstacle = hidden(ctx, place, called, cache) or obstacle
    obstacle = linked(place, called) or obstacle
    if obstacle is not None:
        return hold_back(place, *obstacle)
    options = ""
    if not call.distribution:  # only root can run it, by sudo if need be, and the mount is root's
        owner = plan.owner(place, target.value)
        if isinstance(owner, Unknown):
            return hold_back(place, plan.slug_of(owner), owner.why)
        options = owner.value
    if cache.sharing != "shared":
        options += f",sharing={cache.sharing}"
    claim = (
        f"{' '.join(word or '...' for word in called.values[:2])} keeps its cache in {target.value}"
    )
    return Mounted(
        cache, target.value, options, Evidence(claim, cache.source), called, Level.REVIEW
    )


def _covers(mounted: str, target: str, place: Place) -> bool:
    value = place.before.resolve(mounted)
    if isinstance(value, Unknown) and "$" in mounted:
        return (
            True  # whoever wrote it mounts something there, and two mounts on one folder do not go
        )
    path = mounted if isinstance(value, Unknown) else value.value
    if not path.startswith("/"):
        workdir = place.before.workdir
        path = paths.join(workdir.value if isinstance(workdir, Known) else "/", path)
    absolute = paths.join("/", path)
    # Whoever mounts a part of the cache, such as the folder of one format, means the cache.
    return paths.within(target, absolute) or paths.within(absolute, target)


def _rewritten(ctx: Context, place: Place, found: list[Mounted], settled: Settled) -> Finding:
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - asked of RUN only
    edited = Edited(place)
    settings: dict[str, Evidence] = {}
    for called in dict.fromkeys(each.called for each in found):
        caches = [each.cache for each in found if each.called is called]
        settings |= _kept(
            place, called, caches, edited, settled, found[0].level, ctx.style.continuation()
        )
    mounted = list({each.target: each for each in _ranked(found)}.values())
    targets = [each.target for each in mounted]
    managers = {_manager(each).id for each in found}
    for cleanup in cleaning(place, targets, managers):
        if cleanup.whole and not edited.remove_command(cleanup.called):
            return hold_back(
                place, "not-plain", f"{cleanup.called.program} empties the cache where it must stay"
            )
        for index in cleanup.words:
            edited.remove_word(cleanup.called, index)
        if not cleanup.whole and not cleanup.words:
            return hold_back(
                place,
                "not-plain",
                f"{cleanup.called.program} removes a folder that holds the cache",
            )
    if edited.needed and not edited.possible:
        return hold_back(
            place, "not-plain", "what fights the cache stands where it cannot be edited"
        )
    style = ctx.style
    body = edited.body() if edited.needed else node.body
    flags = list(node.flags)
    first = node.body.text if isinstance(node.body, ShellForm) else node.body.open
    # Keywords and what follows them may stand in columns.
    column = first.before if first.before.isspace() and "\n" not in first.before else " "
    for number, each in enumerate(mounted):
        before = column if number == 0 and not node.flags else style.continuation()
        flags.append(
            compose.flag("mount", f"type=cache,target={each.target}{each.options}", before)
        )
    body = compose.below_the_flags(style, body)
    proven = "cache_mount" in ctx.project.proven or any(other.mounts for other in ctx.model.runs())
    # What a distribution's manager finds in its cache depends on more than the project, so it is never as plain.
    plain = all(
        each.cache.kind is CacheKind.DOWNLOAD and not _manager(each).distribution
        for each in mounted
    )
    names = ", ".join(dict.fromkeys(_name(each) for each in mounted))
    return Rewrite(
        node,
        f"keep the cache of {names} between builds",
        Level.SAFE if proven and plain else mounted[0].level,
        (
            *(each.evidence for each in mounted),
            *settings.values(),
            Evidence("a cache mount persists between builds", RULE),
        ),
        (edits.replace(node, edits.bare(node).with_changes(flags=tuple(flags), body=body)),),
        needs=("cache_mount",),
    )


def _kept(
    place: Place,
    called: Called,
    caches: list[Cache],
    edited: Edited,
    settled: Settled,
    level: Level,
    line_break: str,
) -> dict[str, Evidence]:
    """Edit what fights the caches of a call, and what they need beside a mount; the evidence by command or words."""
    call = called.managed
    assert call is not None  # noqa: S101 - the caller looked
    found: dict[str, Evidence] = {}
    replaced: set[int] = set()
    manager = ecosystem_of(call)
    settings = dict.fromkeys(each for cache in caches for each in manager.keeping(call, cache))
    for setting in settings:
        text = " ".join(setting.words or setting.command)
        claim = f"{text} keeps what {called.program} downloads, which a mount alone does not"
        if setting.words and setting.replaces is not None:
            edited.replace_word(called, setting.replaces, text)
            replaced.add(setting.replaces)
        elif setting.words:
            edited.insert_words(called, setting.behind, text)
        elif not machine.set_before(place, setting.command) and not _settled(
            place, setting, settled, level
        ):
            sudo = "sudo " if "sudo" in called.wrappers else ""
            edited.put_in_front(sudo + text, line_break)
            settled.setdefault((place.stage.index, setting.command), level)
        else:
            continue
        found[text] = Evidence(claim, setting.source)
    for index in call.defeats_cache:
        if index not in replaced:
            edited.remove_word(called, index)
    switch = plan.disabling_variable(place, called)
    if switch is not None:
        edited.assign(called, switch, manager.cache_on(switch))
    return found


def _settled(place: Place, setting: Setting, settled: Settled, level: Level) -> bool:
    """Does another rewrite of this pass run the command, in this stage or in one below it, if this one is taken?"""
    stage: Stage | None = place.stage
    while stage is not None:
        if settled.get((stage.index, setting.command), Level.BOLD + 1) <= level:
            return True
        stage = stage.parent
    return False


def _name(mounted: Mounted) -> str:
    manager = _manager(mounted)
    return manager.knowledge.title if manager.distribution else mounted.cache.id


def _ranked(found: list[Mounted]) -> list[Mounted]:
    """Manager by manager as they are called, each with its caches in the order of its knowledge."""
    managers = list(dict.fromkeys(_manager(each) for each in found))

    def rank(mounted: Mounted) -> tuple[int, int]:
        manager = _manager(mounted)
        return managers.index(manager), list(manager.knowledge.caches).index(mounted.cache.id)

    return sorted(found, key=rank)


def _manager(mounted: Mounted) -> Ecosystem:
    call = mounted.called.managed
    assert call is not None  # noqa: S101 - only a call has caches
    return ecosystem_of(call)
