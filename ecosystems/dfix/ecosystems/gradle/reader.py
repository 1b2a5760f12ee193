"""What a call of Gradle or of its wrapper does, and what its reporting tasks need of a project."""

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

    from dfix.ecosystems.tree import Tree

NO_FETCH = (
    "no task of Gradle fetches just what a build needs: "
    "dependencies takes no files, and a script decides what else is asked for"
)
CACHES, WRAPPER = "gradle-caches", "gradle-wrapper"
HOME = "gradle.user.home"
# https://docs.gradle.org/current/userguide/build_environment.html#sec:gradle_environment_variables
OPTIONS = ("GRADLE_OPTS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS")
# Of several tasks the one that weighs most says what the call is for.
WEIGHT = (Role.RUN, Role.BUILD, Role.CHANGE, Role.FETCH, Role.CONFIG)


class GradleEcosystem(Ecosystem):
    """Gradle. There is no install step: a build fetches what it lacks."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What `gradle`, or a project's `gradlew`, does."""
        given = read_words(words, self.knowledge.flags, self.knowledge.extra["glued"])
        tasks = [word.rpartition(":")[2] for _, word in given.rest if word is not None]
        known = [self.knowledge.commands.get(task) for task in tasks]
        rows = [each for each in known if each is not None]
        if len(rows) > 1:
            rows = [
                each for each in rows if each.verb != "clean" or each.names[0] != "clean"
            ] or rows
        command = min(rows, key=lambda row: WEIGHT.index(row.role), default=None)
        role = (
            Role.RUN
            if command is None or len(rows) < len(tasks) - tasks.count("clean")
            else command.role
        )
        if given.has("asks"):
            role = Role.CONFIG
        wrapper = wrapped(words, "gradlew")
        return Call(
            ecosystem="gradle",
            verb=next((t for t, row in zip(tasks, known, strict=True) if row is command), "")
            if role is not Role.CONFIG
            else "--version",
            role=Role.FETCH if wrapper and role is Role.CONFIG else role,
            words=tuple(words),
            offline=given.has("offline"),
            files=tuple(
                value
                for effect in ("script", "init", "included")
                for value in given.values(effect)
                if value is not None
            ),
            unknown=given.unknown if role is not Role.CONFIG else (),
            directory=next((value for value in given.values("directory") if value), ""),
            flags=given.pairs,
            reads_store=role in {Role.RUN, Role.BUILD, Role.CHANGE},
            stores=any(each.stores for each in rows),
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The caches of the user home and, for the wrapper, the distributions that it downloads."""
        rows = self.knowledge.caches
        wrapper = wrapped(call.words, "gradlew")
        if not wrapper and call.role is Role.CONFIG:
            return ()
        names = [CACHES] if call.verb != "--version" else []
        if wrapper:
            names.append(WRAPPER)
        home = _home(call, env or {})
        if home is None:
            return ()
        if home:
            return tuple(
                rows[name]._replace(
                    path=posixpath.join(home, posixpath.basename(rows[name].path)), moved=True
                )
                for name in names
            )
        return tuple(rows[name] for name in names)

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
            return Unknown(f"gradle {call.verb} reads the sources")
        from dfix.ecosystems.gradle.inputs import fetch_inputs  # noqa: PLC0415 - few files fetch

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
        """`--offline`, or perhaps so in a word that the shell makes."""
        del env
        return call.offline or NOT_LITERAL in call.unknown


def _home(call: Call, env: Mapping[str, str | None]) -> str | None:
    """The user home that a flag or a variable names, strongest first; empty for none, None if it is not known.

    https://docs.gradle.org/current/userguide/directory_layout.html#dir:gradle_user_home
    """
    for name, value in call.flags:
        if name == "-g":
            return value
    named = properties([value for name, value in call.flags if name == "-D"]).get(HOME)
    if named:
        return named
    for name in OPTIONS:
        if name in env:
            value = env[name]
            if value is None:
                return None
            path = property_in(value, HOME)
            if path is not None:
                return path
    return env.get("GRADLE_USER_HOME", "")


ECOSYSTEM = GradleEcosystem(__file__)
