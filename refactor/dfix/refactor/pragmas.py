"""Comments that refuse rewrites: dfix's own, hadolint's, and BuildKit's `# check=skip`.

- `# dfix: ignore[mount-caches, name-stages] reason` above an instruction; without names, all;
- `# hadolint ignore=DL3020,DL3025` above an instruction, `# hadolint global ignore=DL3003` anywhere:
  https://github.com/hadolint/hadolint#ignoring-rules
- `# check=skip=JSONArgsRecommended,...` or `skip=all` at the head of the file:
  https://docs.docker.com/build/checks/#skip-checks

The ids of others refuse the transforms that mend what they name (`Transform.rules`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dfix.grammar.nodes import Comment, Dockerfile, Item
    from dfix.refactor.transform import Transform

OWN = "dfix: ignore"
HADOLINT = "hadolint ignore="
HADOLINT_GLOBAL = "hadolint global ignore="


class _Own(NamedTuple):
    """A pragma of our own: the transforms that it names (none: all), and its reason."""

    names: frozenset[str]
    reason: str

    def refuses(self, transform: str) -> bool:
        return not self.names or transform in self.names


class Pragmas:
    """The pragmas of one file over one run; which of our own refused anything is remembered."""

    def __init__(self, file: Dockerfile) -> None:
        self._file = file
        self._used: dict[int, Comment] = {}
        self._everywhere = dict(_everywhere(file))

    def refusal(self, item: Item, transform: Transform) -> str | None:
        """Why a transform may not change this item, as half a sentence; None if it may."""
        for comment in item.comments:
            own = _own(comment)
            if own is not None and own.refuses(transform.id):
                self._used[id(comment)] = comment
                return own.reason or "a comment says ignore"
            rule = next(
                (rule for rule in _listed(comment, HADOLINT) if rule in transform.rules), None
            )
            if rule is not None:
                return f"a comment tells hadolint to ignore {rule}"
        for rule in ("all", *transform.rules):
            if rule in self._everywhere and transform.rules:
                return self._everywhere[rule]
        return None

    def unused(self, ran: Collection[str], known: Collection[str]) -> Iterator[tuple[Comment, str]]:
        """Our own pragmas that refused nothing, each with what is to be said of it.

        One that names transforms which did not run is not judged.
        """
        for item in self._file.items:
            for comment in item.comments:
                own = _own(comment)
                if own is None or id(comment) in self._used:
                    continue
                strange = sorted(own.names - set(known))
                if strange:
                    yield comment, f"names no transform: {', '.join(strange)}"
                elif own.names <= set(ran):
                    yield comment, "refuses nothing"


def _own(comment: Comment) -> _Own | None:
    text = comment.text.text.lstrip("# \t")
    if not text.startswith(OWN):
        return None
    rest = text.removeprefix(OWN).strip()
    names, _, reason = rest[1:].partition("]") if rest.startswith("[") else ("", "", rest)
    return _Own(frozenset(name.strip() for name in names.split(",")) - {""}, reason.strip())


def _listed(comment: Comment, lead: str) -> tuple[str, ...]:
    text = comment.text.text.lstrip("# \t")
    if not text.startswith(lead):
        return ()
    return tuple(
        word.strip() for word in text.removeprefix(lead).replace(" ", ",").split(",") if word
    )


def _everywhere(file: Dockerfile) -> Iterator[tuple[str, str]]:
    """Rules that the whole file skips, each with the reason."""
    directive = file.prologue.directive("check")
    for part in directive.value.split(";") if directive is not None else ():
        name, _, value = part.partition("=")
        if name.strip() == "skip":
            for rule in value.split(","):
                yield rule.strip(), f"the file skips the check {rule.strip()}"
    for item in file.items:
        for comment in item.comments:
            for rule in _listed(comment, HADOLINT_GLOBAL):
                yield rule, f"a comment tells hadolint to ignore {rule} in the whole file"
