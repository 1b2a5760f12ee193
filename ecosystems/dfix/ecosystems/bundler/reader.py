"""What a call of bundle or gem does, and what `bundle install` reads of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.arguments import Arguments, read_arguments
from dfix.ecosystems.calls import Cache, Call, Role
from dfix.ecosystems.ecosystem import Ecosystem
from dfix.ecosystems.facts import Fact, Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dfix.ecosystems.tree import Tree

_OFF = frozenset({"false", "f", "no", "n", "0", ""})  # Bundler::Settings#to_bool
_SCOPES = frozenset({"--local", "--global"})


class BundlerEcosystem(Ecosystem):
    """Bundler, and RubyGems by the name gem."""

    def read_call(self, words: Sequence[str | None]) -> Call | None:
        """What a command of bundle or gem does."""
        program = (words[0] or "").rpartition("/")[2]
        if program.startswith("gem"):
            return self._gem(words)
        given = read_arguments(words, 1, self.knowledge.flags, stop=1)
        if not given.rest:
            wanted = any(word in {"--version", "-v", "--help"} for word in words[1:])
            verb = "" if wanted else "install"  # bundle alone installs
        else:
            verb = given.rest[0][1] or ""
        command = self.knowledge.commands.get(verb)
        if command is None and verb:
            return Call("bundler", verb, Role.RUN, tuple(words), unknown=(f"bundle {verb}",))
        role = command.role if command else Role.CONFIG
        if role is not Role.INSTALL:
            return Call("bundler", verb, role, tuple(words))
        return self._install(words)

    def _install(self, words: Sequence[str | None]) -> Call:
        given = read_arguments(words, 1, self.knowledge.flags)
        deployment = given.has("deployment")
        path = next((value for value in given.values("path") if value), "")
        outputs = [path] if path else ["vendor/bundle"] if deployment else []
        return Call(
            ecosystem="bundler",
            verb="install",
            role=Role.INSTALL,
            words=tuple(words),
            locked=deployment or given.has("locked"),
            offline=given.has("local"),
            unknown=given.unknown,
            flags=given.pairs,
            outputs=tuple(outputs),
        )

    def _gem(self, words: Sequence[str | None]) -> Call:
        rules = self.knowledge.flags
        at = next((n for n in range(1, len(words)) if not (words[n] or "").startswith("-")), 0)
        if not at:
            return Call("bundler", "gem", Role.CONFIG, tuple(words))  # gem --version
        verb = "gem install" if words[at] == "i" else f"gem {words[at]}"
        command = self.knowledge.commands.get(verb)
        if words[at] is None or command is None:
            return Call("bundler", verb, Role.RUN, tuple(words), unknown=(verb,))
        end = (
            list(words).index("--") if "--" in words else len(words)
        )  # what follows is for extensions
        given = read_arguments(words[:end], at + 1, rules)
        return self._gem_call(words, verb, command.role, given)

    def _gem_call(
        self, words: Sequence[str | None], verb: str, role: Role, given: Arguments
    ) -> Call:
        operands = tuple(word for _, word in given.rest if word is not None)
        local = tuple(word for word in operands if word.endswith(".gem") or "/" in word)
        names = {name for name, _ in given.pairs}
        if names & {"--file", "-g"}:
            role = Role.INSTALL
        return Call(
            ecosystem="bundler",
            verb=verb,
            role=role,
            words=tuple(words),
            offline=given.has("local"),
            everywhere=role is Role.ADD,
            files=local if role is Role.ADD else (),
            packages=tuple(word for word in operands if word not in local),
            unknown=(*given.unknown, *(("--file",) if role is Role.INSTALL else ())),
            flags=given.pairs,
        )

    def caches(self, call: Call, env: Mapping[str, str | None] | None = None) -> tuple[Cache, ...]:
        """The archives in GEM_HOME; nothing where gems are installed elsewhere, and that place is not known."""
        settings = env or {}
        if self._moved(call, settings) is not None or not settings.get("GEM_HOME"):
            return ()
        return super().caches(call, env)

    def caches_in(
        self,
        call: Call,
        tree: Tree | None,
        directory: str,
        env: Mapping[str, str | None] | None = None,
    ) -> Fact[tuple[Cache, ...]]:
        """The caches; Unknown where it is not known in which folder they lie."""
        del tree, directory
        unplaced = self._unplaced(call, env or {})
        if unplaced is not None:
            return Unknown(unplaced, "moved-cache")
        return Known(self.caches(call, env), self.id)

    def _unplaced(self, call: Call, env: Mapping[str, str | None]) -> str | None:
        """Where gems are installed below a folder that is named after Ruby's version."""
        command = self.knowledge.commands.get(call.verb)
        if command is None or not command.caches:
            return None
        moved = self._moved(call, env)
        if moved is not None:
            return moved
        if env.get("GEM_HOME", "") is None:
            return "a variable that is not literal moves the cache gems"
        return None

    def _moved(self, call: Call, env: Mapping[str, str | None]) -> str | None:
        """Why gems are not installed into GEM_HOME, as half a sentence."""
        effects = {self.knowledge.flags[name].effect for name, _ in call.flags}
        if "elsewhere" in effects:
            return f"{call.verb} installs in another place than GEM_HOME"
        if call.verb.startswith("gem "):
            return None
        if "path" in effects or "deployment" in effects:
            return f"bundle {call.verb} installs below a folder that is named after Ruby's version"
        if on(env, "BUNDLE_PATH__SYSTEM") or "system" in effects:
            return None
        for name in ("BUNDLE_PATH", "BUNDLE_DEPLOYMENT"):
            if name in env and (env[name] is None or (env[name] or "").lower() not in _OFF):
                return f"{name} installs gems below a folder that is named after Ruby's version"
        return None

    def sets(self, call: Call) -> Mapping[str, str | None]:
        """`bundle config set --local path vendor` is as good as BUNDLE_PATH=vendor.

        The older form is `bundle config path vendor`. https://bundler.io/man/bundle-config.1.html
        """
        if call.verb not in {"config", "set"}:
            return {}
        at = list(call.words).index(call.verb) + 1 if call.verb in call.words else len(call.words)
        rest = [word for word in call.words[at:] if word not in _SCOPES]
        if rest[:1] in (["set"], ["--set"]):
            rest = rest[1:]
        if len(rest) < 2 or rest[0] in {"get", "list", "unset"}:  # noqa: PLR2004 - a name and a value
            return {}
        name = rest[0]
        if name is None:
            return {"BUNDLE_PATH": None}
        value = None if None in rest[1:] else " ".join(word or "" for word in rest[1:])
        return {"BUNDLE_" + name.upper().replace(".", "__").replace("-", "___"): value}


def on(env: Mapping[str, str | None], name: str) -> bool:
    """Is a switch of Bundler on, for sure?"""
    value = env.get(name)
    return value is not None and value.lower() not in _OFF


ECOSYSTEM = BundlerEcosystem(__file__)
