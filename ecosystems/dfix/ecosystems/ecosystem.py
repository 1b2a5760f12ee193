"""One package manager or language: what its commands do and what they need of a project.

Each folder beside this module is one: `knowledge.toml` with its facts, `reader.py` with
`ECOSYSTEM`, an instance of a subclass of `Ecosystem` that answers what a table cannot.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dfix.ecosystems.calls import (
    Beside,
    Built,
    Cache,
    Call,
    Compiled,
    Fetch,
    FirstPhase,
    Inputs,
    Locked,
    Role,
    Setting,
    Static,
)
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.knowledge import Knowledge, knowledge_of
from dfix.ecosystems.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dfix.ecosystems.knowledge import Output, SettingRule
    from dfix.ecosystems.service import Did, Request
    from dfix.ecosystems.tree import Tree


class Ecosystem:
    """Questions that every transform may ask of every package manager.

    `directory` is the folder of the tree that is the call's working directory, as the tree's path
    (a flag that leads elsewhere is followed from there); `env` the variables in force, or None
    where they are not known. Give a tree without ignored files (`ignore.visible`): what the builder
    is not sent is not there.
    """

    distribution = False
    """Is it a distribution's own package manager, which installs for the machine and works as root?"""

    def __init__(self, anchor: str) -> None:
        self._anchor = anchor

    @cached_property
    def knowledge(self) -> Knowledge:
        """The rows of `knowledge.toml`."""
        return knowledge_of(table(self._anchor, "knowledge"))

    @property
    def id(self) -> str:
        """The name in `Call.ecosystem`."""
        return self.knowledge.id

    @property
    def language(self) -> str:
        """The folder whose `service` tells what the programs that it installs or builds need at run time."""
        return self.knowledge.language

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command does; None if it calls none of this ecosystem's programs."""
        raise NotImplementedError

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The caches that a call fills, at the paths where a flag or `env` puts them.

        A variable whose value is not literal leaves that cache out: where it lies is not known.
        """
        command = self.knowledge.commands.get(call.verb)
        found: list[Cache] = []
        for name in command.caches if command else ():
            cache = self.knowledge.caches[name]
            if call.cache is not None and cache.id == next(iter(self.knowledge.caches)):
                found.append(cache._replace(path=call.cache, env=None, moved_by=(), moved=True))
                continue
            located = where_moved(cache, env or {})
            if located is not None:
                found.append(located)
        return tuple(found)

    def placed_by(self, call: Call) -> tuple[str, ...]:
        """Files that may put the caches elsewhere, from the call's own directory, absolute, or in the home (`~/`).

        A file that a flag names is among `Call.files` too: that one must be read, the others only if they are there.
        """
        del call
        return ()

    def places(self, text: str) -> bool:
        """Does the text of such a file put a cache elsewhere?"""
        del text
        return False

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The caches that a call fills in a project and that nobody needs where its result runs.

        `tree` is None where the project's files are not at hand. An Unknown carries the reason as
        its slug: `unknown-manager` where the files do not tell which manager runs, `linked-cache`
        where what is installed only points into the cache.
        """
        del tree, directory
        return Known(self.caches(call, env), self.id)

    def sets(self, call: Call) -> Mapping[str, str | None]:
        """The variables that a configuring call is as good as, for all later calls.

        `bundle config set path vendor` sets what BUNDLE_PATH does; a variable that is in force
        counts more. None stands for a value that is not literal.
        """
        del call
        return {}

    def looks_in(self, call: Call) -> tuple[str, ...]:
        """Ids of the caches that must hold what a call looks for: it fails where they are empty."""
        command = self.knowledge.commands.get(call.verb)
        return command.reads if command else ()

    def keeping(self, call: Call, cache: Cache) -> tuple[Setting, ...]:
        """Settings without which a mount of a cache that the call fills keeps nothing."""
        rules = (rule for rule in self.knowledge.keeps if cache.id in rule.caches)
        return tuple(self._settings(call, rules))

    def cleaning(self, call: Call) -> Setting | None:
        """What leaves no download of the call in its layer; None if it leaves none, or nothing is known."""
        return next(self._settings(call, self.knowledge.cleans), None)

    def leaning(self, call: Call) -> Setting | None:
        """What leaves out packages that are only recommended beside those that are named; None if the call does."""
        return next(self._settings(call, self.knowledge.leans), None)

    def beside(self, call: Call, suite: str | None) -> Fact[Beside]:
        """The packages that a call installs only because others recommend them, in a release of a distribution."""
        del suite
        return Unknown(f"what {call.ecosystem} installs beside what is needed is not known")

    def missed(self, call: Call) -> tuple[str, ...]:
        """Of what comes only as recommended beside the packages that are known: that without which something fails."""
        del call
        return ()

    def _settings(self, call: Call, rules: Iterable[SettingRule]) -> Iterator[Setting]:
        program = (call.words[0] or "").rpartition("/")[2].rstrip("0123456789.-")
        given = {self.knowledge.flags[name].effect for name, _ in call.flags if name}
        command = self.knowledge.commands.get(call.verb)
        behind = next(
            (at for at, word in enumerate(call.words) if at and command and word in command.names),
            0,
        )
        for rule in rules:
            if rule.programs and program not in rule.programs:
                continue
            if rule.verbs and call.verb not in rule.verbs:
                continue
            if (rule.having and rule.having not in given) or given & set(rule.unless):
                continue
            if rule.words and (behind == 0 or _says(call, rule.words[-1])):
                continue
            replaces = call.defeats_cache[0] if rule.having and call.defeats_cache else None
            drops = tuple(
                at
                for at, word in enumerate(call.words)
                if word is not None
                and word in self.knowledge.flags
                and self.knowledge.flags[word].effect in rule.drops
            )
            yield Setting(
                rule.source,
                rule.command,
                rule.words,
                replaces,
                behind,
                drops,
                rule.caches,
                rule.folders,
                rule.supersedes,
            )

    def compiled(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Compiled]:
        """What a call leaves in its compile cache that later steps may want."""
        del tree, directory, env
        return Unknown(f"what {call.ecosystem} {call.verb} leaves in its cache is not known")

    def static_form(self, call: Call, tree: Tree, asked: Built) -> Fact[Static] | None:
        """The same build of a static, stripped program; None if it is one already or there is no such thing.

        An Unknown carries its slug: `links-c`, `build-mode`, `debug-build`, `unknown-sources`.
        """
        del call, tree, asked
        return None

    def cache_off(self, env: Mapping[str, str | None]) -> str | None:
        """The variable in force that turns the cache off; one that is not literal may."""
        for rule in self.knowledge.env:
            if rule.effect == "cache-off" and rule.name in env:
                value = env[rule.name]
                if value is None or (value == rule.when if rule.when else value):
                    return rule.name
        return None

    @property
    def disabling_variables(self) -> tuple[str, ...]:
        """The variables that turn the cache off while they are set to something."""
        return tuple(rule.name for rule in self.knowledge.env if rule.effect == "cache-off")

    def links(self, call: Call) -> bool:
        """Does the call make what later ones install links into the cache?"""
        del call
        return False

    def cache_on(self, name: str) -> str:
        """The value of a variable that turns the cache on again; most take an empty one for unset."""
        return next((rule.undo for rule in self.knowledge.env if rule.name == name), "")

    def outputs(
        self, call: Call, env: Mapping[str, str | None] | None = None
    ) -> tuple[Output, ...]:
        """The directories that a call writes inside the project, as far as its words and variables tell."""
        del call, env
        return self.knowledge.outputs

    def lock_off(self, env: Mapping[str, str | None]) -> str | None:
        """The variable in force that makes the manager leave the lockfile alone, or may: names count in any case."""
        rules = {
            rule.name.lower(): rule.when for rule in self.knowledge.env if rule.effect == "lock-off"
        }
        for name, value in env.items():
            if name.lower() in rules and (value is None or value == rules[name.lower()]):
                return name
        return None

    def reads_env(self, call: Call) -> tuple[str, ...]:
        """Names of the variables that the call reads; a name that ends in `*` means a family.

        A call that runs the project's or a package's code may read any: then `("*",)`.
        """
        if call.role in {Role.RUN, Role.PROJECT, Role.START}:
            return ("*",)
        return tuple(rule.name for rule in self.knowledge.env)

    def runs_code(self, call: Call, tree: Tree, directory: str) -> bool:
        """May the call run code of the project or of packages, which may read whatever is there?

        Only an answer of no is a fact.
        """
        del tree, directory
        return call.role not in {Role.CLEAN, Role.CONFIG, Role.FETCH, Role.PRUNE}

    def is_offline_reader(self, call: Call, env: Mapping[str, str | None] | None = None) -> bool:
        """Must the call find everything where an earlier step stored it?

        True also where a variable that decides it is not literal.
        """
        if call.offline:
            return True
        for rule in self.knowledge.env:
            if rule.effect == "offline" and env and rule.name in env:
                value = env[rule.name]
                if value is None or (rule.when in value if rule.when else value):
                    return True
        return False

    @property
    def cleanups(self) -> tuple[tuple[str, ...], ...]:
        """Subcommands, as words, that only empty caches."""
        return tuple(
            tuple(name.split())
            for name, command in self.knowledge.commands.items()
            if command.role is Role.CLEAN
        )

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """All that an install or a fetch reads from the project.

        `workdir` is where `directory` lies in the image, for absolute paths on the command line.
        """
        del tree, directory, env, workdir
        return Unknown(f"what {call.ecosystem} {call.verb} reads is not known")

    def installs_into(self, did: Did, request: Request) -> Fact[str]:
        """The directory of the image below which a call installs: a prefix, or a virtual environment.

        `request` has the calls of the build, the project and the base. An empty path stands for the
        installation that the language's own rules tell.
        """
        del did, request
        return Unknown(f"where {self.knowledge.title} installs is not known")

    def without_project(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[FirstPhase] | None:
        """The phase of an install that leaves the project itself out, where `inputs` names its sources.

        None where the manager cannot leave it out.
        """
        del call, tree, directory, env, workdir
        return None

    def locked_form(
        self, call: Call, tree: Tree, directory: str, *, runtime: str | None = None
    ) -> Fact[Locked] | None:
        """The same call enforcing the lockfile; None if it does already or there is no such thing.

        `runtime` is the version of the language's run time in the image ("20", "18.19.1", or a
        floating name such as "lts"), which tells the manager's version; None if it is not known.
        An Unknown carries the kind of reason as its slug: `no-lockfile`, `lock-mismatch`,
        `lock-too-new`, `lock-too-old`, `missing-linux-packages`, `lock-off`, `unknown-manager`.
        """
        del call, tree, directory, runtime
        return None

    def lock_matches(self, tree: Tree, directory: str) -> Fact[bool]:
        """Does the lockfile satisfy the manifest? Unknown if none can be read."""
        del tree
        return Unknown(f"{self.id} has no lockfile in {directory or 'the project'}")

    def prune(self, call: Call, release: tuple[int, ...] | None) -> tuple[str, ...] | None:
        """The words of a step that takes development dependencies out of what `call` installed.

        `release` is the version of the language's run time, None if it is not known. None if the
        manager has no such step, or none that is known to do nothing else.
        """
        del call, release
        return None

    def production(
        self, call: Call, tree: Tree, directory: str, release: tuple[int, ...] | None
    ) -> Fact[tuple[str, ...]] | None:
        """The words that an install is given to leave development dependencies out.

        None if the manager knows none, or if the call has them. Unknown where scripts of the
        project that an install runs may need such a dependency.
        """
        del call, tree, directory, release
        return None

    def prune_in(
        self, call: Call, tree: Tree, directory: str, release: tuple[int, ...] | None
    ) -> tuple[str, ...] | None:
        """As `prune`, in a project: None where the step would do something else there."""
        del tree, directory
        return self.prune(call, release)

    def building(self, call: Call, tree: Tree, directory: str) -> Fact[frozenset[str]]:
        """The packages whose own install scripts a call runs; Unknown if any may."""
        del tree, directory
        if not call.scripts:
            return Known(frozenset(), f"{call.ecosystem} {call.verb} --ignore-scripts")
        return Unknown("any package may run a script when it is installed")

    def fetch(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Fetch] | None:
        """A step that downloads what a build will need; None if there is no such thing to do."""
        del call, tree, directory, env
        return None


def _says(call: Call, word: str) -> bool:
    """Does a call hold this word, or one that sets the same to another value?"""
    name, equals, _ = word.rpartition("=")
    return any(
        other == word or (equals and other.startswith(name + equals))
        for other in call.words
        if other is not None
    )


def where_moved(cache: Cache, env: Mapping[str, str | None]) -> Cache | None:
    """The cache where the variables in force put it; None where one of them is not literal."""
    for variable, suffix in cache.moved_by:
        if variable not in env:
            continue
        value = env[variable]
        if value is None:
            return None
        if value:
            first = (
                value.split(":")[0] if suffix else value
            )  # GOPATH may be a list: the first counts
            return cache._replace(path=first.rstrip("/") + suffix, moved=True)
    return cache
