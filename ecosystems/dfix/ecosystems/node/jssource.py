"""Read one JavaScript or TypeScript source: what it imports, opens, starts and listens on.

tree-sitter parses; nothing is resolved beyond the file. A name counts as constant when the file
declares it once and never assigns it. What is used but not constant is listed as None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.node import jsuses as uses
from dfix.ecosystems.node.jsgrammar import Captures, captures_of
from dfix.ecosystems.node.jsvalues import Names, Value, arguments_of, string_of, text_of
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
    from collections.abc import Iterator

    from tree_sitter import Node

    from dfix.ecosystems.sources import Paths

_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: the specifier as written, None where it is not constant.

    Types only are not listed.
    """

    specifier: str | None
    source: str


@dataclass(frozen=True, slots=True)
class JsSource:
    """What one file says."""

    path: str
    imports: tuple[Imported, ...]
    facts: RuntimeFacts


def read_source(path: str, text: str, paths: Paths, workdir: str) -> Fact[JsSource]:
    """Read a file.

    Unknown if it does not parse. `paths` and `workdir` tell which strings name project files.
    """
    captures = captures_of(path, text)
    if captures is None:
        return Unknown(f"{path} does not parse")
    reader = _Reader(path, captures, Names.of(path, captures))
    reader.bind()
    reader.read()
    reader.mentions(paths, workdir)
    facts = RuntimeFacts(
        opens=tuple(dict.fromkeys(reader.opens)),
        starts=tuple(dict.fromkeys(reader.starts)),
        env=tuple(dict.fromkeys(reader.env)),
        ports=tuple(dict.fromkeys(reader.ports)),
        needs=tuple(dict.fromkeys(reader.needs)),
        sources=(path,),
    )
    return Known(JsSource(path, tuple(reader.imports), facts), path)


@dataclass(slots=True)
class _Reader:
    path: str
    captures: Captures
    names: Names
    modules: dict[str, str] = field(default_factory=dict)  # local name -> module
    functions: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # local name -> module, export
    imports: list[Imported] = field(default_factory=list)
    opens: list[PathUse] = field(default_factory=list)
    starts: list[ProcessUse] = field(default_factory=list)
    env: list[EnvUse] = field(default_factory=list)
    ports: list[PortUse] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def where(self, node: Node) -> str:
        return f"{self.path}:{node.start_point[0] + 1}"

    def bind(self) -> None:
        """Collect the names that stand for modules and for their functions."""
        for node in self.captures.get("import", ()):
            self._bind_import(node)
        for node in self.captures.get("declare", ()):
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None:
                self._bind_required(name, value)

    def _bind_import(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        clause = next(
            (child for child in node.named_children if child.type == "import_clause"), None
        )
        if source is None:
            required = next(
                (c for c in node.named_children if c.type == "import_require_clause"), None
            )
            source = required.child_by_field_name("source") if required is not None else None
            if required is not None and source is not None and required.named_children:
                self.modules[text_of(required.named_children[0])] = uses.normalised(
                    string_of(source) or ""
                )
        specifier = string_of(source)
        if specifier is None or any(child.type == "type" for child in node.children):
            return  # `import type` is erased
        self.imports.append(Imported(specifier, self.where(node)))
        module = uses.normalised(specifier)
        for child in clause.named_children if clause is not None else ():
            if child.type == "identifier":
                self.modules[text_of(child)] = module
                self.functions[text_of(child)] = (module, "default")
            elif child.type == "namespace_import" and child.named_children:
                self.modules[text_of(child.named_children[0])] = module
            elif child.type == "named_imports":
                for named in child.named_children:
                    self._bind_named(named, module)

    def _bind_named(self, named: Node, module: str) -> None:
        exported = named.child_by_field_name("name")
        alias = named.child_by_field_name("alias") or exported
        if exported is not None and alias is not None:
            self._bind_member(text_of(alias), module, text_of(exported))

    def _bind_member(self, local: str, module: str, exported: str) -> None:
        if exported == "promises":
            self.modules[local] = module
        else:
            self.functions[local] = (module, exported)

    def _bind_required(self, name: Node, value: Node) -> None:
        module, member = _required(value)
        if module is None:
            if text_of(value) == "process.env" and name.type == "object_pattern":
                self.env.extend(EnvUse(key, self.where(name)) for key, _ in _pattern(name))
            return
        module = uses.normalised(module)
        if name.type == "identifier":
            if member is None:
                self.modules[text_of(name)] = module
                self.functions[text_of(name)] = (module, "default")
            else:
                self._bind_member(text_of(name), module, member)
        elif name.type == "object_pattern":
            for key, local in _pattern(name):
                if key is not None and local is not None:
                    self._bind_member(local, module, key)

    def read(self) -> None:
        """Look at every call and every member of process.env."""
        for node in self.captures.get("call", ()):
            self._call(node)
        for node in self.captures.get("member", ()):
            self._member(node)
        for imported in self.imports:
            if imported.specifier in uses.BROWSERS:
                self.needs.append(Need(NeedKind.BROWSER, imported.source, imported.specifier))
            if imported.specifier in {"dotenv/config", "dotenv/config.js"}:
                self.opens.append(PathUse(".env", imported.source, "dotenv"))
            if imported.specifier in {"config", "node-config"}:
                self.opens.append(PathUse("config", imported.source, "config"))

    def _call(self, node: Node) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        if function is None:
            return
        arguments = arguments_of(node)
        if function.type == "import" or text_of(function) in {"require", "require.resolve"}:
            self._require(node, arguments)
            return
        module, name = self._called(function)
        first = arguments[0] if arguments else None
        if module is not None and self._known(module, name, node, arguments):
            return
        if function.type != "member_expression" or first is None:
            return
        if name in uses.METHODS:
            self._open(node, self.names.value(first), f".{name}", Mode.READ)
        elif name == "listen":
            self._listen(node, first)
        elif name == "set" and string_of(first) == "views" and len(arguments) > 1:
            self._open(node, self.names.value(arguments[1]), "views", Mode.READ)

    def _require(self, node: Node, arguments: list[Node]) -> None:
        specifier = string_of(arguments[0]) if arguments else None
        if specifier is None and arguments:
            value = self.names.value(arguments[0])
            if value is not None:
                local = value.anchor is Anchor.SOURCE
                specifier = f"/{value.text}" if local else value.text
        self.imports.append(Imported(specifier, self.where(node)))

    def _called(self, function: Node) -> tuple[str | None, str]:
        """The module and the export that a call's function is, as far as it is known."""
        if function.type == "identifier":
            return self.functions.get(text_of(function), (None, text_of(function)))
        if function.type != "member_expression":
            return None, ""
        held, prop = (
            function.child_by_field_name("object"),
            function.child_by_field_name("property"),
        )
        name = "" if prop is None else text_of(prop)
        if held is None:
            return None, name
        if held.type == "member_expression" and text_of(held).endswith(".promises"):
            held = held.child_by_field_name("object") or held
        if held.type == "identifier":
            return self.modules.get(text_of(held)), name
        module, _ = _required(held)
        return (uses.normalised(module) if module is not None else None), name

    def _known(self, module: str, name: str, node: Node, arguments: list[Node]) -> bool:
        """A call of a module in the tables; false if the tables do not know it."""
        first = self.names.value(arguments[0]) if arguments else None
        how = f"{module}.{name}"
        if module == "fs" and name in uses.READS:
            self._open(node, first, how, Mode.READ)
        elif module == "fs" and name in uses.WRITES:
            self._open(node, first, how, Mode.WRITE)
        elif module == "fs" and name in uses.COPIES:
            self._open(node, first, how, Mode.READ)
            self._open(
                node,
                self.names.value(arguments[1]) if len(arguments) > 1 else None,
                how,
                Mode.WRITE,
            )
        elif name in uses.DIRECTORIES.get(module, ()):
            self._open(node, first, how, Mode.READ)
        elif name in uses.SHELL_STARTS.get(module, ()):
            words = first.text.split() if first is not None else []
            program = words[0] if words else None
            self.starts.append(ProcessUse(program, self.where(node), how, module != "execa"))
        elif name in uses.PROGRAM_STARTS.get(module, ()):
            shell = any("shell" in text_of(argument) for argument in arguments[1:])
            self.starts.append(
                ProcessUse(first.text if first else None, self.where(node), how, shell)
            )
        elif name in uses.SCRIPT_STARTS.get(module, ()):
            self._open(node, first, how, Mode.READ)
            self.starts.append(ProcessUse("node", self.where(node), how))
        elif module == "dotenv" and name == "config":
            self._dotenv(node, arguments)
        else:
            return False
        return True

    def _dotenv(self, node: Node, arguments: list[Node]) -> None:
        if not arguments:
            self.opens.append(PathUse(".env", self.where(node), "dotenv.config"))
            return
        for pair in arguments[0].named_children:
            key = pair.child_by_field_name("key")
            if key is not None and text_of(key) == "path":
                self._open(
                    node,
                    self.names.value(pair.child_by_field_name("value")),
                    "dotenv.config",
                    Mode.READ,
                )

    def _listen(self, node: Node, first: Node) -> None:
        text = self.names.fallback(first)
        if first.type == "object":
            keys = {
                text_of(k): p
                for p in first.named_children
                if (k := p.child_by_field_name("key")) is not None
            }
            text = (
                self.names.fallback(keys["port"].child_by_field_name("value"))
                if "port" in keys
                else None
            )
        port = (
            int(text)
            if text is not None and text.isdecimal() and int(text) <= _HIGHEST_PORT
            else None
        )
        self.ports.append(PortUse(port, self.where(node)))

    def _open(self, node: Node, value: Value | None, how: str, mode: Mode) -> None:
        path = value.text if value is not None else None
        anchor = value.anchor if value is not None else Anchor.WORKDIR
        self.opens.append(PathUse(path, self.where(node), how, anchor, mode))

    def _member(self, node: Node) -> None:
        held = node.child_by_field_name("object")
        if held is None or text_of(held) != "process.env":
            if text_of(node) == "process.env" and _whole(node):
                self.env.append(EnvUse(None, self.where(node)))
            return
        prop = node.child_by_field_name("property")
        index = node.child_by_field_name("index")
        if prop is not None:
            self.env.append(EnvUse(text_of(prop), self.where(node)))
        elif index is not None:
            value = self.names.value(index)
            self.env.append(EnvUse(value.text if value is not None else None, self.where(node)))

    def mentions(self, paths: Paths, workdir: str) -> None:
        """Strings that name files of the project, other than what is imported."""
        specifiers = {imported.specifier for imported in self.imports}
        for node in self.captures.get("text", ()):
            value = string_of(node)
            if value is None or value in specifiers:
                continue
            path = paths.mentioned(value, workdir)
            if path is not None:
                self.opens.append(
                    PathUse(path, self.where(node), "string", Anchor.SOURCE, Mode.MENTION)
                )


def _whole(node: Node) -> bool:
    """Is `process.env` used as a value, so that any name may be read."""
    parent = node.parent
    if parent is None:
        return True
    if parent.type in {"member_expression", "subscript_expression"}:
        return parent.child_by_field_name("object") != node
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        return name is None or name.type != "object_pattern"
    return True


def _required(value: Node) -> tuple[str | None, str | None]:
    """The module and member of `require("x")`, `require("x").y`, `await import("x")`."""
    if value.type == "await_expression" and value.named_children:
        return _required(value.named_children[0])
    if value.type == "member_expression":
        held, prop = value.child_by_field_name("object"), value.child_by_field_name("property")
        if held is not None and prop is not None:
            module, member = _required(held)
            return (module, text_of(prop)) if member is None else (None, None)
        return None, None
    if value.type != "call_expression":
        return None, None
    function = value.child_by_field_name("function")
    if function is None or not (function.type == "import" or text_of(function) == "require"):
        return None, None
    arguments = arguments_of(value)
    return (string_of(arguments[0]) if arguments else None), None


def _pattern(node: Node) -> Iterator[tuple[str | None, str | None]]:
    """Keys and local names of `{ a, b: c, d = 1, ...rest }`; a rest has no key."""
    for child in node.named_children:
        if child.type == "shorthand_property_identifier_pattern":
            yield text_of(child), text_of(child)
        elif child.type == "pair_pattern":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            yield (
                (text_of(key) if key is not None else None),
                (text_of(value) if value is not None else None),
            )
        elif child.type == "object_assignment_pattern" and child.named_children:
            yield text_of(child.named_children[0]), text_of(child.named_children[0])
        elif child.type == "rest_pattern":
            yield None, None
