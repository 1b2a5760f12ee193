"""Read the sources of one Go package.

Imports, cgo, embedded files, and what it opens, starts and listens on.

tree-sitter parses; nothing is type-checked. A name counts as constant when its package declares it
once, with a constant string, and nothing in the package assigns to it, takes its address or
declares it again in another scope: too strict rather than too lenient. What is not constant is
listed as None, never left out.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.go.literals import Scope, text_of
from dfix.ecosystems.go.uses import FUNCTIONS, IMPORTS, METHODS, Rule
from dfix.ecosystems.runtime import (
    Anchor,
    EnvUse,
    Mode,
    Need,
    NeedKind,
    PathUse,
    PortUse,
    ProcessUse,
    RuntimeFacts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from dfix.ecosystems.sources import Paths

_PORT_DIGITS = 5
_QUERY = """
(package_clause (package_identifier) @package)
(import_spec) @import
(selector_expression) @selector
(qualified_type) @type
(comment) @comment
(const_spec) @declare
(var_spec) @declare
(short_var_declaration) @declare
(parameter_declaration name: (identifier) @shadow)
(range_clause left: (expression_list (identifier) @shadow))
(assignment_statement left: (expression_list (identifier) @shadow))
(inc_statement (identifier) @shadow)
(unary_expression operator: "&" operand: (identifier) @shadow)
(interpreted_string_literal) @text
(raw_string_literal) @text
(keyed_element) @keyed
"""


@dataclass(frozen=True, slots=True)
class Embed:
    """One pattern of a //go:embed directive, as written: relative to the package's directory."""

    pattern: str
    source: str


@dataclass(frozen=True, slots=True)
class PackageSource:
    """What the compiled files of one directory say."""

    name: str
    files: tuple[str, ...]
    imports: dict[str, str]  # import path -> where
    cgo: tuple[str, ...]  # where `import "C"` stands
    embeds: tuple[Embed, ...]
    facts: RuntimeFacts


@dataclass(slots=True)
class _File:
    path: str
    captures: dict[str, list[Node]]
    aliases: dict[str, str] = field(default_factory=dict)


def read_package(texts: Mapping[str, str], paths: Paths, workdir: str) -> Fact[PackageSource]:
    """Read the files of one package, path to text; Unknown if one does not parse.

    `paths` and `workdir` (the module's directory) tell which strings name files of the project.
    """
    files: list[_File] = []
    for path, text in sorted(texts.items()):
        captures = _captures(text)
        if captures is None:
            return Unknown(f"{path} does not parse as Go")
        files.append(_File(path, captures))
    scope = Scope.of(file.captures for file in files)
    imports: dict[str, str] = {}
    cgo: list[str] = []
    embeds: list[Embed] = []
    for file in files:
        for where, imported, alias in _imports(file):
            imports.setdefault(imported, where)
            if imported == "C":
                cgo.append(where)
            if alias == "." and imported in FUNCTIONS:
                return Unknown(f"{where} imports {imported} without its name")
            file.aliases[alias] = imported
        embeds.extend(_embeds(file))
    names = {text_of(node) for file in files for node in file.captures.get("package", ())}
    if len(names) != 1:
        return Unknown(
            f"{posixpath.dirname(files[0].path) or '.'} holds several packages: "
            f"{', '.join(sorted(names))}"
        )
    collected = _Collected()
    for imported, opened in IMPORTS.items():
        if imported in imports:
            collected.opens.append(PathUse(opened, imports[imported], imported))
    for file in files:
        _uses(file, scope, collected)
        _mentions(file, scope, paths, workdir, collected)
    facts = RuntimeFacts(
        opens=tuple(dict.fromkeys(collected.opens)),
        starts=tuple(dict.fromkeys(collected.starts)),
        env=tuple(dict.fromkeys(collected.env)),
        ports=tuple(dict.fromkeys(collected.ports)),
        needs=tuple(dict.fromkeys(collected.needs)),
        sources=tuple(file.path for file in files),
    )
    found = PackageSource(names.pop(), facts.sources, imports, tuple(cgo), tuple(embeds), facts)
    return Known(found, files[0].path)


@lru_cache(maxsize=1)
def _grammar() -> tuple[object, object]:
    import tree_sitter  # noqa: PLC0415 - only projects with Go sources pay for it
    import tree_sitter_go  # noqa: PLC0415

    language = tree_sitter.Language(tree_sitter_go.language())
    return tree_sitter.Parser(language), tree_sitter.Query(language, _QUERY)


def _captures(text: str) -> dict[str, list[Node]] | None:
    import tree_sitter  # noqa: PLC0415

    parser, query = _grammar()
    assert isinstance(parser, tree_sitter.Parser)  # noqa: S101 - narrows the cached pair
    assert isinstance(query, tree_sitter.Query)  # noqa: S101
    # the grammar wants a line end after the last declaration, which Go does not
    root = parser.parse(f"{text}\n".encode()).root_node
    if root.has_error:
        return None
    found = tree_sitter.QueryCursor(query).captures(root)
    return {name: sorted(nodes, key=lambda node: node.start_byte) for name, nodes in found.items()}


def _imports(file: _File) -> Iterator[tuple[str, str, str]]:
    """Where, path and local name of each import."""
    for node in file.captures.get("import", ()):
        path_node = node.child_by_field_name("path")
        if path_node is None:
            continue
        path = text_of(path_node)[1:-1]
        name = node.child_by_field_name("name")
        yield _where(file, node), path, text_of(name) if name is not None else default_name(path)


def default_name(path: str) -> str:
    """The name that a package most likely has: the last element that is no major version."""
    elements = unversioned(path).split("/")
    return elements[-1]


def unversioned(path: str) -> str:
    """An import path without a last element /v2, /v3, ..."""
    head, _, last = path.rpartition("/")
    return head if head and last[:1] == "v" and last[1:].isdecimal() else path


def _embeds(file: _File) -> Iterator[Embed]:
    for node in file.captures.get("comment", ()):
        text = text_of(node)
        if text.startswith("//go:embed "):
            for pattern in text.removeprefix("//go:embed ").split():
                yield Embed(pattern.strip('"`').removeprefix("all:"), _where(file, node))


@dataclass(slots=True)
class _Collected:
    opens: list[PathUse] = field(default_factory=list)
    starts: list[ProcessUse] = field(default_factory=list)
    env: list[EnvUse] = field(default_factory=list)
    ports: list[PortUse] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)


def _uses(file: _File, scope: Scope, into: _Collected) -> None:
    imported = {unversioned(path) for path in file.aliases.values()}
    if "os/user" in imported:
        into.needs.append(Need(NeedKind.USER_DATABASE, file.path))
    for node in file.captures.get("selector", ()):
        operand = node.child_by_field_name("operand")
        name_node = node.child_by_field_name("field")
        if operand is None or name_node is None:
            continue
        name = text_of(name_node)
        package = file.aliases.get(text_of(operand)) if operand.type == "identifier" else None
        if package is not None:
            found = FUNCTIONS.get(unversioned(package), {}).get(name)
        else:
            candidates = METHODS.get(name, ())
            found = next((rule for module, rule in candidates if module in imported), None)
        if found is not None:
            how = f"{text_of(operand)}.{name}" if package is not None else f".{name}"
            _apply(found, _arguments(node), how, file, node, scope, into)
    for node in file.captures.get("type", ()):
        named = text_of(node).split(".")
        rule = FUNCTIONS.get(unversioned(file.aliases.get(named[0], "")), {}).get(named[-1])
        if rule is not None and rule.what == "need":
            _apply(rule, None, text_of(node), file, node, scope, into)
    for node in file.captures.get("keyed", ()):
        _server_address(file, node, scope, into)


def _arguments(selector: Node) -> list[Node] | None:
    """The arguments if `selector` is called here.

    None if it is only named, so that anything may be passed later.
    """
    call = selector.parent
    if (
        call is None
        or call.type != "call_expression"
        or call.child_by_field_name("function") != selector
    ):
        return None
    arguments = call.child_by_field_name("arguments")
    return (
        []
        if arguments is None
        else [child for child in arguments.named_children if child.type != "comment"]
    )


def _apply(
    rule: Rule,
    arguments: list[Node] | None,
    how: str,
    file: _File,
    node: Node,
    scope: Scope,
    into: _Collected,
) -> None:
    where = _where(file, node)
    if rule.what == "need":
        assert rule.need is not None  # noqa: S101 - every "need" rule has one
        into.needs.append(Need(rule.need, where, how))
        return
    for value in _values(rule, arguments, scope):
        match rule.what:
            case "open" | "write" | "glob":
                mode = Mode.WRITE if rule.what == "write" else Mode.READ
                glob = rule.what == "glob"
                into.opens.append(PathUse(value, where, how, anchor(value), mode, glob))
            case "migrate":
                local = value is None or value.startswith("file://")
                if local:
                    path = value.removeprefix("file://") if value is not None else None
                    into.opens.append(PathUse(path, where, how, anchor(path)))
            case "start":
                shell = value in {"sh", "bash", "/bin/sh", "/bin/bash", "ash", "zsh"}
                into.starts.append(ProcessUse(value, where, how, shell))
            case "env":
                into.env.append(EnvUse(value, where))
            case "listen":
                into.ports.append(PortUse(port_of(value), where))
            case "zone":
                if value not in {"", "UTC", "Local"}:
                    into.needs.append(Need(NeedKind.TIME_ZONES, where, value))


def _values(rule: Rule, arguments: list[Node] | None, scope: Scope) -> Iterator[str | None]:
    if arguments is None:
        yield None
        return
    first = int(rule.where.removesuffix("+"))
    chosen = arguments[first:] if rule.where.endswith("+") else arguments[first : first + 1]
    if not chosen and rule.default is not None:
        yield rule.default
    for argument in chosen:
        yield scope.value(argument)


def _server_address(file: _File, node: Node, scope: Scope, into: _Collected) -> None:
    """`http.Server{Addr: ":8080"}`."""
    if [text_of(child) for child in node.named_children[:1]] != ["Addr"] or not node.named_children[
        1:
    ]:
        return
    literal = node.parent.parent if node.parent is not None else None
    kind = literal.child_by_field_name("type") if literal is not None else None
    if kind is not None and text_of(kind).endswith("http.Server"):
        value = node.named_children[1]
        inner = (
            value.named_children[0]
            if value.type == "literal_element" and value.named_children
            else value
        )
        into.ports.append(PortUse(port_of(scope.value(inner)), _where(file, node)))


def _mentions(file: _File, scope: Scope, paths: Paths, workdir: str, into: _Collected) -> None:
    for node in file.captures.get("text", ()):
        if node.parent is not None and node.parent.type == "import_spec":
            continue
        value = scope.value(node)
        path = paths.mentioned(value, workdir) if value else None
        if path is not None:
            into.opens.append(
                PathUse(path, _where(file, node), "string", Anchor.SOURCE, Mode.MENTION)
            )


def anchor(path: str | None) -> Anchor:
    """Absolute paths stand by themselves.

    A Go program finds all others from its working directory.
    """
    return Anchor.ROOT if path is not None and path.startswith("/") else Anchor.WORKDIR


def port_of(address: str | None) -> int | None:
    """The port of ":8080" or "0.0.0.0:8080"."""
    port = "" if address is None else address.rpartition(":")[2]
    return int(port) if port.isdecimal() and len(port) <= _PORT_DIGITS else None


def _where(file: _File, node: Node) -> str:
    return f"{file.path}:{node.start_point[0] + 1}"
