"""Edits of the shell source of a RUN, by splices that leave all other text as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.grammar.nodes import Run, ShellForm
from dfix.refactor.compose import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dfix.grammar.shell import Element, Script
    from dfix.refactor.model import Called, Place

    Splice = tuple[int, int, str]


def spliced(place: Place, splices: Sequence[Splice]) -> ShellForm:
    """The body of a RUN with parts of its script replaced; offsets are those of the cooked script."""
    from dfix.grammar.shell import splice  # noqa: PLC0415 - the script was read, so the module is loaded

    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    return node.body.with_changes(text=splice(node.body.text, splices, place.stage.escape))


def appended(place: Place, command: str) -> ShellForm:
    """The body with `&& command` behind its last command, on a line of its own if the script has a command a line."""
    script = place.script
    assert script is not None  # noqa: S101 - the caller has read it
    last = script.elements[-1]
    between = joint(place, script)
    if "\n" not in between:
        between = _on_a_line_of_its_own(place, last) or between
    return spliced(place, [(last.end, last.end, between + command)])


def joined(place: Place, others: Sequence[Place]) -> ShellForm:
    """The body with the scripts of later RUNs behind its own, `&&` between, and with their comments as lines of it."""
    script, style = place.script, Style(place.model.file)
    assert script is not None  # noqa: S101 - the caller has read it
    end = script.elements[-1].end
    lead = style.continuation()
    lines: list[str] = []
    for other in others:
        node = other.node
        assert isinstance(node, Run)  # noqa: S101 - the caller gives RUNs
        assert isinstance(node.body, ShellForm)  # noqa: S101 - it has a script
        above = [comment.text.text.strip() for comment in node.comments]
        broken = lead + "".join(f"{text}{style.newline}{style.indent}" for text in above)
        lines.append(f"{broken}&& {node.body.text.text.rstrip()}")
    return spliced(place, [(end, len(script.text), "".join(lines))])


def _on_a_line_of_its_own(place: Place, last: Element) -> str | None:
    """` && ` behind a line break, indented as the last line, if the last command takes several lines itself."""
    from dfix.grammar.shell import raw_range  # noqa: PLC0415 - the script was read, so the module is loaded

    node, escape = place.node, place.stage.escape
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    *lines, tail = raw_range(node.body.text, last.start, last.end, escape).split("\n")
    if not lines:
        return None
    ending = "\r\n" if lines[-1].endswith("\r") else "\n"
    return f" {escape}{ending}{tail[: len(tail) - len(tail.lstrip())]}&& "


def joint(place: Place, script: Script) -> str:
    """What stands between two commands of this script: its own last ` && `, line breaks included, or a plain one."""
    pairs = list(zip(script.elements, script.elements[1:], strict=False))
    for one, following in reversed(pairs):
        if one.operator == "&&":
            return raw_between(place, one, following)
    if pairs and pairs[-1][0].operator == ";":
        # `a; b` fails as b does, and so does `a; b && c`; under `set -e` it fails as any of them does.
        between = raw_between(place, *pairs[-1])
        return between if _exits_on_error(script) else between.replace(";", " &&", 1)
    return " && "


def _exits_on_error(script: Script) -> bool:
    """Does the script begin with `set -e`, alone or among other letters?"""
    simple = script.elements[0].simple
    return (
        simple is not None
        and simple.values[:1] == ("set",)
        and any(
            word and word.startswith("-") and not word.startswith("--") and "e" in word
            for word in simple.values[1:2]
        )
    )


def raw_between(place: Place, one: Element, following: Element) -> str:
    """The raw source between two elements, without comment lines."""
    from dfix.grammar.shell import raw_range  # noqa: PLC0415 - the script was read, so the module is loaded

    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    raw = raw_range(node.body.text, one.end, following.start, place.stage.escape)
    return "\n".join(line for line in raw.split("\n") if not line.lstrip().startswith("#"))


def comments_between(place: Place, at: int) -> tuple[str, ...]:
    """The comment lines directly in front of the element `at`, which no half of a cut there would keep."""
    from dfix.grammar.shell import raw_range  # noqa: PLC0415 - the script was read, so the module is loaded

    script, node = place.script, place.node
    assert script is not None  # noqa: S101 - the caller has read it
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    assert isinstance(node.body, ShellForm)  # noqa: S101 - the same
    raw = raw_range(
        node.body.text, script.elements[at - 1].end, script.elements[at].start, place.stage.escape
    )
    return tuple(line.strip() for line in raw.split("\n") if line.lstrip().startswith("#"))


class NotDivisible(Exception):
    """A script cannot be cut at this element; `args` are a hold-back's slug and sentence."""


# Shell commands whose effect reaches the commands behind them and that can simply be said again.
REPEATED = frozenset({"cd", "set"})
# Those whose effect reaches further but cannot be said again without a doubt.
LEAKING = frozenset(
    {"export", "unset", "umask", "source", ".", "shopt", "alias", "trap", "pushd", "popd", "eval"}
)


def divide(place: Place, at: int) -> tuple[ShellForm, ShellForm]:
    """The script cut in front of its element `at`, as the bodies of two RUNs.

    `cd` and `set` in front of the cut are said again behind it. Raises NotDivisible where something
    else of the shell's state would be lost, or where the cut is not an `&&`.
    """
    script = place.script
    assert script is not None  # noqa: S101 - the caller has read it
    if not script.editable:
        raise NotDivisible("not-plain", "the command is a here-document")
    before, after = script.elements[:at], script.elements[at:]
    if any(element.operator != "&&" for element in before):
        raise NotDivisible("not-plain", "its commands are not joined by && alone")
    repeated: list[str] = []
    for element in before:
        simple = element.simple
        word = simple.values[0] if simple is not None and simple.values else None
        if word in REPEATED:
            repeated.append(script.text[element.start : element.end])
        elif word in LEAKING or (simple is not None and not simple.words and simple.assignments):
            raise NotDivisible(
                "shell-state", f"{word or 'a variable set'} in front reaches the commands behind it"
            )
        elif simple is None and any(
            inner.values[:1]
            and inner.values[0] in (REPEATED | LEAKING)
            and not inner.context & {"subshell", "substitution"}
            for inner in element.commands
        ):
            raise NotDivisible(
                "shell-state", "a compound command in front changes the shell's state"
            )
    first = spliced(place, [(before[-1].end, len(script.text), "")])
    joint_text = joint(place, script)
    lead = "".join(text + joint_text for text in repeated)
    second = spliced(place, [(0, after[0].start, lead)])
    return first, second


def doubled(place: Place, called: Called, words: Sequence[str]) -> tuple[ShellForm, ShellForm]:
    """The script as the bodies of two RUNs that both hold one command.

    Up to that command, with `words` behind it; and from it on. Raises NotDivisible as `divide` does.
    """
    script, node = place.script, place.node
    assert script is not None  # noqa: S101 - the caller has read it
    assert isinstance(node, Run)  # noqa: S101 - only a RUN has a script that is edited
    element = script.elements[called.element]
    if not script.editable or not isinstance(node.body, ShellForm):
        raise NotDivisible("not-plain", "the command is a here-document")
    if element.simple is None or element.operator not in ("", "&&"):
        raise NotDivisible("not-plain", "the command is no plain member of an && list")
    second = divide(place, called.element)[1] if called.element else node.body
    end = called.command.words[-1].end
    last = [(element.end, len(script.text), "")] if element.end < len(script.text) else []
    return spliced(place, [(end, end, " " + " ".join(words)), *last]), second


def _lost(edit: Splice, cut: Splice) -> bool:
    """Does an edit go with a command that is taken out? Not if it only puts something beside the cut."""
    if edit[0] == edit[1]:
        return cut[0] < edit[0] < cut[1]
    return cut[0] <= edit[0] and edit[1] <= cut[1]


class Edited:
    """Edits of one RUN's script, collected and applied at once."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._splices: list[Splice] = []
        self._removed: set[int] = set()

    @property
    def possible(self) -> bool:
        """Can the script be edited at all?"""
        script = self.place.script
        return script is not None and script.editable

    @property
    def needed(self) -> bool:
        """Was any edit asked for?"""
        return bool(self._splices or self._removed)

    def remove_word(self, called: Called, index: int) -> None:
        """Take out the word `index` of a command (counted behind its wrappers) and the blanks in front of it."""
        words = called.command.words
        at = called.offset + index
        self._splices.append((words[at - 1].end, words[at].end, ""))

    def replace_word(self, called: Called, index: int, text: str) -> None:
        """Put `text` in the place of a word."""
        word = called.command.words[called.offset + index]
        self._splices.append((word.start, word.end, text))

    def insert_words(self, called: Called, index: int, text: str) -> None:
        """Put `text` behind the word `index`."""
        end = called.command.words[called.offset + index].end
        self._splices.append((end, end, f" {text}"))

    def put_in_front(self, text: str, line_break: str) -> None:
        """Run a command in front of all others, on a line of its own: broken as theirs are, or by `line_break`."""
        script = self.place.script
        assert script is not None  # noqa: S101 - edits are made of its commands
        start = script.elements[0].start
        between = joint(self.place, script)
        if ";" in between or "\n" not in between:
            between = f" &&{line_break}"
        self._splices.append((start, start, text + between))

    def put_behind(self, text: str) -> None:
        """Run a command behind all others, as `appended` does."""
        script = self.place.script
        assert script is not None  # noqa: S101 - edits are made of its commands
        last = script.elements[-1]
        between = joint(self.place, script)
        if "\n" not in between:
            between = _on_a_line_of_its_own(self.place, last) or between
        self._splices.append((last.end, last.end, between + text))

    def append_words(self, called: Called, text: str) -> None:
        """Put `text` behind the last word of a command."""
        end = called.command.words[-1].end
        self._splices.append((end, end, f" {text}"))

    def assign(self, called: Called, name: str, value: str) -> None:
        """Set a variable for one command."""
        start = called.command.words[called.offset].start
        self._splices.append((start, start, f"{name}={value} "))

    def remove_command(self, called: Called) -> bool:
        """Take a command out of its `&&` list; False if it is not a plain member of one."""
        script = self.place.script
        if script is None or not script.editable:
            return False
        element = script.elements[called.element]
        before = script.elements[called.element - 1].operator if called.element else "&&"
        last = called.element == len(script.elements) - 1
        if (
            element.simple is None
            or before not in ("&&", ";")
            or (not last and element.operator not in ("&&", ";"))
        ):
            return False
        self._removed.add(called.element)
        return len(self._removed) < len(script.elements)

    def body(self) -> ShellForm:
        """The edited body."""
        script = self.place.script
        assert script is not None  # noqa: S101 - edits were made of its commands
        cuts: list[Splice] = []
        elements = script.elements
        number = 0
        while number < len(elements):
            if number not in self._removed:
                number += 1
                continue
            first = number
            while number < len(elements) and number in self._removed:
                number += 1
            if number < len(elements):
                cuts.append((elements[first].start, elements[number].start, ""))
            else:
                cuts.append((elements[first - 1].end, elements[-1].end, ""))
        inside = [each for each in self._splices if not any(_lost(each, cut) for cut in cuts)]
        return spliced(self.place, sorted([*cuts, *inside]))
