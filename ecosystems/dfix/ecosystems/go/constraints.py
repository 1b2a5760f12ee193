"""Which Go files a Linux build compiles: build constraints and file names, roughly.

Three values: True, False, and None where it depends on the platform's architecture or on whether
cgo is on. A caller takes None as "may be compiled". Source:
https://pkg.go.dev/cmd/go#hdr-Build_constraints
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# The lists that go/build uses for file names: https://go.dev/src/internal/syslist/syslist.go
SYSTEMS = frozenset(
    ["aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux",
     "nacl", "netbsd", "openbsd", "plan9", "solaris", "wasip1", "windows", "zos"]
)  # fmt: skip
ARCHITECTURES = frozenset(
    ["386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle",
     "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv",
     "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm"]
)  # fmt: skip
Value = bool | None


def compiled(name: str, text: str, tags: Collection[str] = ()) -> Value:
    """Is the file `name` with this text part of its package on Linux, with these -tags."""
    if name.endswith("_test.go") or name.startswith(("_", ".")):
        return False
    return _and(_by_name(name, tags), _by_comment(text, tags))


def _by_name(name: str, tags: Collection[str]) -> Value:
    # go/build looks at the name up to its first dot, and never at the part before the first "_"
    parts = name.split(".", maxsplit=1)[0].split("_")[1:]
    if len(parts) > 1 and parts[-2] in SYSTEMS and parts[-1] in ARCHITECTURES:
        return _and(_tag(parts[-2], tags), _tag(parts[-1], tags))
    if parts and parts[-1] in SYSTEMS | ARCHITECTURES:
        return _tag(parts[-1], tags)
    return True


def _by_comment(text: str, tags: Collection[str]) -> Value:
    """The //go:build line above the package clause, or the // +build lines where there is none."""
    old: Value = True
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("//go:build "):
            return _expression(stripped.removeprefix("//go:build "), tags)
        if stripped.startswith("// +build "):
            old = _and(old, _plus_build(stripped.removeprefix("// +build "), tags))
        elif stripped.startswith("package "):
            return old
    return old


def _plus_build(line: str, tags: Collection[str]) -> Value:
    """Space is or, comma is and, ! is not."""
    either: Value = False
    for option in line.split():
        every: Value = True
        for term in option.split(","):
            value = _tag(term.lstrip("!"), tags)
            every = _and(every, _not(value) if term.startswith("!") else value)
        either = _or(either, every)
    return either


def _expression(text: str, tags: Collection[str]) -> Value:
    """Evaluate `!a && (b || c)`; None where it does not parse."""
    tokens = _tokens(text.split("//", maxsplit=1)[0])
    value, rest = _alternatives(tokens, tags)
    return value if not rest else None


def _tokens(text: str) -> list[str]:
    for mark in ("(", ")", "!", "&&", "||"):
        text = text.replace(mark, f" {mark} ")
    return text.split()


def _alternatives(tokens: list[str], tags: Collection[str]) -> tuple[Value, list[str]]:
    value, rest = _conjunction(tokens, tags)
    while rest and rest[0] == "||":
        other, rest = _conjunction(rest[1:], tags)
        value = _or(value, other)
    return value, rest


def _conjunction(tokens: list[str], tags: Collection[str]) -> tuple[Value, list[str]]:
    value, rest = _term(tokens, tags)
    while rest and rest[0] == "&&":
        other, rest = _term(rest[1:], tags)
        value = _and(value, other)
    return value, rest


def _term(tokens: list[str], tags: Collection[str]) -> tuple[Value, list[str]]:
    match tokens:
        case ["!", *rest]:
            value, rest = _term(rest, tags)
            return _not(value), rest
        case ["(", *rest]:
            value, rest = _alternatives(rest, tags)
            return (value, rest[1:]) if rest[:1] == [")"] else (None, ["unbalanced"])
        case [name, *rest]:
            return _tag(name, tags), rest
        case _:
            return None, []


def _tag(name: str, tags: Collection[str]) -> Value:
    if name in {"linux", "unix", "gc"} or name in tags or name.startswith("go1."):
        return True
    if name == "cgo" or name in ARCHITECTURES:
        return None
    return False


def _not(value: Value) -> Value:
    return None if value is None else not value


def _and(left: Value, right: Value) -> Value:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: Value, right: Value) -> Value:
    if left or right:
        return True
    return None if left is None or right is None else False
