"""What a call of Maven or of its wrapper does, and what its dependency goals need of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import NOT_LITERAL
from dfix.ecosystems.calls import Cache, Call, Fetch, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Unknown
from dfix.ecosystems.jvm.words import properties, property_in, read_words, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.knowledge import Command
    from dfix.ecosystems.tree import Tree

NO_FETCH = (
    "no goal of Maven fetches just what a build needs: "
    "dependency:go-offline takes more, and fails where modules need each other"
)
REPOSITORY, WRAPPER = "maven-repository", "maven-wrapper"
LOCAL, HOME = "maven.repo.local", "user.home"
# Variables whose text ends up in the Java machine's options, or in Maven's own words.
# https://maven.apache.org/configure.html
OPTIONS = ("MAVEN_ARGS", "MAVEN_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")
# Of several goals the one that weighs most says what the call is for.
WEIGHT = (Role.RUN, Role.BUILD, Role.CHANGE, Role.INSTALL, Role.ADD, Role.FETCH, Role.CONFIG)
# `org.apache.maven.plugins:maven-dependency-plugin:3.6.0:go-offline` is `dependency:go-offline`.
# https://maven.apache.org/guides/introduction/introduction-to-plugin-prefix-mapping.html
PARTS = 3


class MavenEcosystem(Ecosystem):
    """Maven. There is no install step and no lockfile: a build fetches what it lacks."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What `mvn`, or a project's `mvnw`, does."""
        given = read_words(words, self.knowledge.flags, self.knowledge.extra["glued"])
        goals = [_short(word) for _, word in given.rest if word is not None]
        known = [self.knowledge.commands.get(goal) for goal in goals]
        unknown = [*given.unknown, *(goals[n] for n, each in enumerate(known) if each is None)]
        # `clean` in front of a build only empties what the build writes.
        rows = [each for each in known if each is not None]
        if len(rows) > 1:
            rows = [each for each in rows if each.verb != "clean"] or rows
        command = _weightiest(rows)
        if given.has("asks"):
            command = self.knowledge.commands["--version"]
        poms = [value for value in given.values("pom") if value is not None]
        settings = [value for value in given.values("settings") if value is not None]
        if command is None:
            verb, role = goals[0] if goals else "", Role.RUN
        else:
            verb, role = (
                goals[known.index(command)] if command in known else "--version",
                command.role,
            )
        if unknown and any(each is None for each in known) and role is not Role.CONFIG:
            role = Role.RUN
        wrapper = wrapped(words, "mvnw")
        return Call(
            ecosystem="maven",
            verb=verb,
            role=Role.FETCH if wrapper and role is Role.CONFIG else role,
            words=tuple(words),
            offline=given.has("offline"),
            everywhere=role is Role.ADD,
            packages=tuple(
                value
                for name, value in _set(given.pairs).items()
                if role is Role.ADD and name == "artifact" and value is not None
            ),
            files=(*poms, *settings),
            unknown=tuple(unknown) if role is not Role.CONFIG else (),
            directory=_folder(poms),
            flags=given.pairs,
            cache=_set(given.pairs).get(LOCAL),
            reads_store=any(each.reads_store for each in rows),
            stores=any(each.stores for each in rows),
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The local repository and, for the wrapper, the distributions that it downloads."""
        wrapper = wrapped(call.words, "mvnw")
        rows = self.knowledge.caches
        found = [cache for cache in super().caches(call, env) if wrapper or cache.id != WRAPPER]
        if wrapper and not any(cache.id == WRAPPER for cache in found) and call.role is Role.FETCH:
            found.append(rows[WRAPPER])
        if call.cache is not None:
            return tuple(found)
        moved = _moved(call, env or {}, self.knowledge.extra["settings"])
        if moved is None:
            return tuple(cache for cache in found if cache.id != REPOSITORY)
        if not moved:
            return tuple(found)
        return tuple(
            cache._replace(path=moved, moved=True) if cache.id == REPOSITORY else cache
            for cache in found
        )

    def placed_by(self, call: Call) -> tuple[str, ...]:
        """Settings and options beside the project: both can name another local repository."""
        if call.cache is not None:
            return ()
        named = tuple(
            value
            for name, value in call.flags
            if name == "-s" and value and value not in self.knowledge.extra["settings"]
        )
        beside = (".mvn/maven.config", ".mvn/jvm.config")
        return (
            *named,
            "~/.m2/settings.xml",
            *(posixpath.join(call.directory, each) for each in beside),
        )

    def places(self, text: str) -> bool:
        """Does such a file name another local repository?"""
        return "<localRepository>" in text or LOCAL in text or f"-D{HOME}=" in text

    def inputs(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
        workdir: str | None = None,
    ) -> Fact[Inputs]:
        """What a goal that only fetches reads; a build reads the sources."""
        del env, workdir
        if call.role is not Role.FETCH:
            return Unknown(f"mvn {call.verb} reads the sources")
        from dfix.ecosystems.maven.inputs import fetch_inputs  # noqa: PLC0415 - few files fetch

        return fetch_inputs(call, tree, directory)

    def fetch(
        self,
        call: Call,
        tree: Tree,
        directory: str,
        *,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[Fetch] | None:
        """Nothing is written in front of a build: no step is known that fetches what it needs, and never fails."""
        del tree, directory, env
        if call.role is not Role.BUILD:
            return None
        return Unknown(NO_FETCH)

    def is_offline_reader(self, call: Call, env: Mapping[str, str | None] | None = None) -> bool:
        """`-o`, in the words or in MAVEN_ARGS, or perhaps in a word that the shell makes."""
        if call.offline or NOT_LITERAL in call.unknown:
            return True
        if env is None or "MAVEN_ARGS" not in env:
            return False
        words = env["MAVEN_ARGS"]
        return words is None or not {"-o", "--offline"}.isdisjoint(words.split())


def _set(pairs: Sequence[tuple[str, str | None]]) -> dict[str, str | None]:
    return properties([value for name, value in pairs if name == "-D"])


def _short(goal: str) -> str:
    """A goal without its plugin's full coordinates, and without the id of an execution."""
    parts = goal.partition("@")[0].split(":")
    if len(parts) < PARTS:
        return ":".join(parts)
    plugin, name = parts[1], parts[-1]
    prefix = plugin.removeprefix("maven-").removesuffix("-plugin").removesuffix("-maven")
    return f"{prefix}:{name}"


def _weightiest(rows: Sequence[Command]) -> Command | None:
    return min(rows, key=lambda row: WEIGHT.index(row.role), default=None)


def _folder(poms: Sequence[str]) -> str:
    """The folder of the last `-f`, which names a file or a folder; absolute ones are absolute in the image."""
    if not poms:
        return ""
    name = poms[-1]
    folder = posixpath.dirname(name) if name.endswith(".xml") else name
    return "" if folder == "." else folder


def _moved(call: Call, env: Mapping[str, str | None], settings: Mapping[str, str]) -> str | None:
    """Where the repository lies: empty for the home, None if a variable leaves it unknown."""
    for name in OPTIONS:
        if name not in env:
            continue
        value = env[name]
        if value is None:
            return None
        path = property_in(value, LOCAL)
        if path is not None:
            return path
        home = property_in(value, HOME)
        if home is not None:
            return posixpath.join(home, ".m2/repository")
    home = _set(call.flags).get(HOME)
    if home:
        return posixpath.join(home, ".m2/repository")
    named = [value for name, value in call.flags if name == "-s" and value in settings]
    return settings[named[-1] or ""] if named else ""


ECOSYSTEM = MavenEcosystem(__file__)
