"""What a call of sbt does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import NOT_LITERAL
from dfix.ecosystems.calls import Cache, Call, Fetch, Inputs, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Unknown
from dfix.ecosystems.jvm.words import properties, property_in, read_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dfix.ecosystems.tree import Tree

NO_FETCH = (
    "no task of sbt fetches just what a build needs: update leaves out the compiler's own parts"
)
WEIGHT = (Role.RUN, Role.BUILD, Role.FETCH)
# Properties that move a cache, and which. https://www.scala-sbt.org/1.x/docs/Command-Line-Reference.html
MOVED = {
    "sbt.ivy.home": ("sbt-ivy", "/cache"),
    "sbt.boot.directory": ("sbt-boot", ""),
    "sbt.coursier.home": ("sbt-coursier", ""),
    "coursier.cache": ("sbt-coursier", ""),
    "sbt.global.base": ("sbt-boot", "/boot"),
    "user.home": ("", ""),
}
OPTIONS = ("SBT_OPTS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS")


class SbtEcosystem(Ecosystem):
    """sbt. There is no install step: a build fetches what it lacks."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What `sbt` does."""
        given = read_words(words, self.knowledge.flags, self.knowledge.extra["glued"])
        tasks = [task for _, word in given.rest if word is not None for task in _tasks(word)]
        known = [self.knowledge.commands.get(task) for task in tasks]
        rows = [each for each in known if each is not None]
        if len(rows) > 1:
            quiet = ("clean", "project", "set", "reload", "clean-files", "cleanFiles")
            named = [t for t, each in zip(tasks, known, strict=True) if each and t not in quiet]
            rows = [self.knowledge.commands[t] for t in named] or rows
        command = min(rows, key=lambda row: WEIGHT.index(row.role), default=None)
        role = Role.RUN if command is None or None in known else command.role
        if given.has("asks"):
            role, tasks = Role.FETCH, ["--version"]  # the launcher fetches sbt before it answers
        return Call(
            ecosystem="sbt",
            verb=tasks[0] if tasks else "",
            role=role,
            words=tuple(words),
            unknown=given.unknown,
            flags=given.pairs,
            reads_store=role is not Role.FETCH,
            stores=any(each.stores for each in rows),
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The caches of coursier, of Ivy and of the launcher; one that a property moves is left out."""
        rows = self.knowledge.caches
        found = super().caches(
            call._replace(verb="compile"), env
        )  # whatever is done, sbt and its plugins are fetched
        if any(
            name.lstrip("-") in {"ivy", "sbt-dir", "sbt-boot", "sbt-cache"}
            for name, _ in call.flags
        ):
            return ()
        if env is None:
            return found
        gone = {
            cache
            for name, (cache, _) in MOVED.items()
            if name in properties([value for flag, value in call.flags if flag == "-D"])
            or any(
                env[option] is None or property_in(env[option] or "", name) is not None
                for option in OPTIONS
                if option in env
            )
        }
        return () if "" in gone else tuple(each for each in found if each.id not in gone and rows)

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
            return Unknown(f"sbt {call.verb} reads the sources")
        from dfix.ecosystems.sbt.inputs import fetch_inputs  # noqa: PLC0415 - few files fetch

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
        """`set offline := true` among the commands, or perhaps so in a word that the shell makes."""
        del env
        return NOT_LITERAL in call.unknown or any("offline" in (word or "") for word in call.words)


def _tasks(word: str) -> Iterator[str]:
    """The tasks of one word: `;clean;web/assembly` names two."""
    for command in word.split(";"):
        first = next(iter(command.split()), "")
        if first:
            yield first.rpartition("/")[2].rpartition(":")[2].lstrip("~+")


ECOSYSTEM = SbtEcosystem(__file__)
