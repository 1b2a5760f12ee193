"""Build arguments that change with every build, and how far below the steps that do not read them they can stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Arg, Env, Label, Onbuild, Run, Transfer, Workdir
from dfix.refactor import edits
from dfix.refactor.context import mentions
from dfix.refactor.model import Model, paths
from dfix.refactor.model.cost import Edit, rerun
from dfix.refactor.model.expand import variables
from dfix.refactor.plans.final_stage import folder_of
from dfix.refactor.plans.passing import FILE_PROGRAMS, SHELL_WORDS, SYSTEM_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.grammar.nodes import Instruction
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place, Stage

# Words of a name by which people mean something that changes with each build.
CHANGING = frozenset({"SHA", "SHA1", "COMMIT", "REVISION", "REV", "REF", "DATE", "TIMESTAMP"})
NUMBERED = frozenset({"BUILD", "RELEASE", "CI", "PIPELINE", "JOB", "RUN"})
NUMBERS = frozenset({"NUMBER", "NUM", "NO", "ID", "TAG", "TIME"})
VERSIONS = frozenset({"VERSION", "APP_VERSION", "BUILD_VERSION", "RELEASE_VERSION", "RELEASE"})
# Names by which a file asks for steps to run again: it wants what is to be moved away.
BUSTS = ("CACHE", "BUST", "FORCE", "REFRESH", "INVALIDATE", "RANDOM", "REBUILD")
# They change what commands do, whoever reads them; most of all those that no command names.
NEVER = frozenset(
    {"PATH", "HOME", "USER", "SHELL", "TZ", "LANG", "LANGUAGE", "NODE_ENV", "SOURCE_DATE_EPOCH"}
    | {"DEBIAN_FRONTEND", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"}
)
FAMILIES = ("LC_", "LD_", "DEBCONF_", "APT_", "DPKG_", "GIT_CONFIG", "GIT_SSH", "CURL_", "WGET")
# Programs that show or hand on the whole environment, or run what only they know.
HANDS_ON = frozenset({"env", "printenv", "xargs", "find", "eval", ".", "source", "export", "set"})
# They run code of packages, or are scripts of their own.
OWN_CODE = frozenset({"corepack", "gem", "n", "nvm", "rustup"})


class Sunk(NamedTuple):
    """Changes that move a declaration and what depends on it below steps; `passed` are the steps."""

    place: Place
    names: tuple[str, ...]
    why: str
    where: str
    passed: tuple[Place, ...]
    changes: tuple[edits.Change, ...]


class Stays(NamedTuple):
    """Why it stays above the next step: its place, a slug of sink-volatile-args, a sentence."""

    place: Place
    slug: str
    sentence: str


def sink(ctx: Context, stage: Stage) -> Iterator[Sunk | Stays]:
    """What can sink in a stage; nothing where no step would gain."""
    for place in stage.places:
        node = place.node
        if not isinstance(node, Arg):
            continue
        told = {pair.name: _volatile(ctx, pair.name, pair.value) for pair in node.pairs}
        reasons = [each for each in told.values() if each is not None]
        if not reasons or not any(isinstance(each.node, Run) for each in place.following):
            continue
        if len(reasons) < len(told):
            name = next(name for name, each in told.items() if each is None)
            sentence = f"{name} is declared in the same instruction, and may be read by any step"
            yield Stays(place, "shared-instruction", sentence)
            continue
        yield from _sunk(ctx, place, *reasons[0])


def _volatile(ctx: Context, name: str, default: str | None) -> tuple[str, str] | None:
    """Why the value changes with each build, and where that stands; None if nothing tells."""
    upper = name.upper()
    if upper in NEVER or upper.startswith(FAMILIES) or upper.endswith("_PROXY"):
        return None
    if any(word in upper for word in BUSTS):
        return None
    for build in ctx.project.repository.builds if ctx.project.at_hand else ():
        if name in build.args and build.args[name] is None:
            return f"{name} gets its value when the build is called", build.source
    words = set(upper.split("_"))
    numbered = bool(words & NUMBERED) and bool(words & NUMBERS) and words <= NUMBERED | NUMBERS
    pinned = any(char.isdigit() for char in default or "")  # the file itself says which
    if not pinned and (words & CHANGING or numbered or upper in VERSIONS):
        return f"{name} is by its name a value of one build", ""
    return None


def _sunk(ctx: Context, place: Place, why: str, where: str) -> Iterator[Sunk | Stays]:
    moved: list[Place] = [place]
    names = _declared(place.node)
    passed: list[Place] = []
    behind: Place | None = None  # the last step that was passed
    stop: Place | None = None
    obstacle: str | None = None
    for later in place.following:
        node = later.node
        if isinstance(node, Run):
            obstacle = reader(ctx, later, names)
            if obstacle is not None:
                stop = later
                break
            passed.append(later)
            behind = later
        elif _uses(later, names) or _sets(node, names):
            if not isinstance(node, Env | Label | Arg):
                stop = later
                break
            if isinstance(node, Env) and any(_kept(name) for name in _declared(node)):
                stop = later
                break
            moved.append(later)
            names |= _declared(node)
        elif isinstance(node, Arg | Env) and _declared(node) & _read_by(moved):
            stop = later  # it gives what the moved ones read another value
            break
        elif isinstance(node, Onbuild):
            stop = later
            break
        elif isinstance(node, Transfer | Workdir):
            behind = later
    if not passed:
        if obstacle and stop is not None and not _spelt(stop, names):
            yield Stays(place, "opaque-step", f"line {stop.line}: {obstacle}")
        return
    # Those that were met between the last step passed and the stop need not move.
    last = passed[-1]
    moved = [each for each in moved if each.at < last.at]
    changes = _changes(moved, stop, behind or last)
    if not _gains(ctx, changes, sorted(_declared(place.node))):
        return
    yield Sunk(place, tuple(sorted(_declared(place.node))), why, where, tuple(passed), changes)


def _changes(moved: Sequence[Place], stop: Place | None, behind: Place) -> tuple[edits.Change, ...]:
    """Take the instructions, with their comments, and put them in front of `stop` or behind the last step."""
    out = [edits.Change(each.node, ()) for each in moved]
    items = [each.node.with_changes(gap=edits.no_gap()) for each in moved]
    if stop is not None:
        return (*out, edits.insert_before(stop.node, *items))
    return (*out, edits.insert_after(behind.node, *items))


def _gains(ctx: Context, changes: Sequence[edits.Change], names: Sequence[str]) -> bool:
    """Does a build with another value run fewer steps again?"""
    after = Model(edits.apply(ctx.file, changes), ctx.model.path, ctx.model.readings)
    for name in names:
        edit = Edit("argument", name)
        was = rerun(ctx.model, ctx.project, edit)
        now = rerun(after, ctx.project, edit)
        if len(now.again) < len(was.again):
            return True
    return False


def _declared(node: Instruction) -> set[str]:
    return {pair.name for pair in node.pairs} if isinstance(node, Arg | Env) else set()


def _sets(node: Instruction, names: set[str]) -> bool:
    return bool(_declared(node) & names)


def _kept(name: str) -> bool:
    """Is this a variable that must stay where it is?"""
    upper = name.upper()
    return upper in NEVER or upper.startswith(FAMILIES) or upper.endswith("_PROXY")


def _uses(place: Place, names: set[str]) -> bool:
    """Does an instruction expand one of the names, or one that cannot be told?"""
    found = expanded(place)
    return "?" in found or bool(found & names)


def expanded(place: Place) -> set[str]:
    """The variables that an instruction expands, here-documents included; `?` where one cannot be told."""
    words = [leaf.value for leaf in edits.bare(place.node).leaves() if "$" in leaf.text]
    words += [heredoc.body.text for heredoc in getattr(place.node, "heredocs", ())]
    return {name for word in words for name in variables(word, place.stage.escape)}


def _read_by(moved: Sequence[Place]) -> set[str]:
    return {name for each in moved for name in expanded(each)}


def _spelt(place: Place, names: set[str]) -> bool:
    return any(mentions(place.node, name) for name in names)


def reader(ctx: Context, place: Place, names: set[str]) -> str | None:
    """Why a RUN may read one of the names, as half a sentence; None if it does not."""
    spelt = next((name for name in sorted(names) if mentions(place.node, name)), None)
    if spelt is not None:
        return f"it names {spelt}"
    for flag in place.node.options:
        if "$" in flag.value:
            return "a variable is part of its mounts"
    script = place.script
    if script is None or script.opaque_parts:
        return "the command cannot be read as shell source"
    for called in place.called:
        reason = _reads(ctx, place, called, names)
        if reason is not None:
            return reason
    return None


def _reads(ctx: Context, place: Place, called: Called, names: set[str]) -> str | None:
    if not called.values:
        return "it prints every variable" if called.wrappers else None
    words = " ".join(word or "..." for word in called.values[:3])
    call = called.call
    if call is not None:
        rules = set(ecosystem_of(call).reads_env(call))
        if "*" in rules:
            if _runs_code(ctx, place, called):
                return f"{words} may run code that reads any variable"
            rules = {rule.name for rule in ecosystem_of(call).knowledge.env} - {"*"}
        hit = next((name for name in sorted(names) if _matches(name, rules)), None)
        return None if hit is None else f"{words} reads {hit}"
    program = called.program
    if program in HANDS_ON and not (program in ("export", "set") and len(called.values) > 1):
        return f"{words} hands on every variable"
    known = program in SHELL_WORDS or program in FILE_PROGRAMS or program in SYSTEM_PROGRAMS
    if not known or program in OWN_CODE or "env" in called.wrappers:
        return f"what {program or 'a command that is not literal'} reads is not known"
    return None


def _matches(name: str, rules: set[str]) -> bool:
    lower = name.lower()
    return any(
        lower == rule.lower() or (rule.endswith("*") and lower.startswith(rule[:-1].lower()))
        for rule in rules
    )


def _runs_code(ctx: Context, place: Place, called: Called) -> bool:
    call, context = called.call, ctx.project.context
    assert call is not None  # noqa: S101 - the caller looked
    if isinstance(context, Unknown) or isinstance(called.directory, Unknown):
        return True
    directory = paths.join(called.directory.value, call.directory)
    folder = folder_of(ctx.project, place.stage, directory)
    if not isinstance(folder, Known):
        return True
    tree = visible(context.value, ctx.project.ignore)
    here = call._replace(directory="")
    return ecosystem_of(call).runs_code(here, tree, folder.value)
