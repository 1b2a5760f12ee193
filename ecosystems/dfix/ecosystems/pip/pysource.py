"""Read one Python source: what it imports, opens, starts and listens on.

The standard library's parser reads it, so syntax newer than the Python that runs dfix is Unknown.
Names count as constant when the module binds them once. What is used but not constant is listed as
None.
"""

from __future__ import annotations

import ast
import posixpath
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.pip import pyuses as uses
from dfix.ecosystems.pip.pyvalues import Names, Value, dotted
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

    from dfix.ecosystems.sources import Paths

_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: the dotted module, with leading dots where it is relative.

    None where it is not constant.
    """

    module: str | None
    source: str
    names: tuple[str, ...] = ()  # imported from it, which may be modules themselves
    guarded: bool = False  # inside `try: ... except ImportError` or `if TYPE_CHECKING`


@dataclass(frozen=True, slots=True)
class PySource:
    """What one file says."""

    path: str
    imports: tuple[Imported, ...]
    facts: RuntimeFacts


def read_source(path: str, text: str, paths: Paths, workdir: str) -> Fact[PySource]:
    """Read a file.

    Unknown if it does not parse. `paths` and `workdir` tell which strings name project files.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the source's own escapes are none of our business
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Unknown(f"{path} does not parse as Python")
    reader = _Reader(path, Names.of(path, tree))
    reader.read(tree, paths, workdir)
    return Known(PySource(path, tuple(reader.imports), reader.facts()), path)


@dataclass(slots=True)
class _Reader:
    path: str
    names: Names
    aliases: dict[str, str] = field(default_factory=dict)  # local name -> full dotted name
    imports: list[Imported] = field(default_factory=list)
    opens: list[PathUse] = field(default_factory=list)
    starts: list[ProcessUse] = field(default_factory=list)
    env: list[EnvUse] = field(default_factory=list)
    ports: list[PortUse] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(
            opens=tuple(dict.fromkeys(self.opens)),
            starts=tuple(dict.fromkeys(self.starts)),
            env=tuple(dict.fromkeys(self.env)),
            ports=tuple(dict.fromkeys(self.ports)),
            needs=tuple(dict.fromkeys(self.needs)),
            sources=(self.path,),
        )

    def where(self, node: ast.expr | ast.stmt) -> str:
        return f"{self.path}:{node.lineno}"

    def read(self, tree: ast.Module, paths: Paths, workdir: str) -> None:
        guarded = set(_guarded(tree))
        nodes = list(ast.walk(tree))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node, guarded=node in guarded)
        docstrings = set(_docstrings(nodes))
        held = {id(node.value) for node in nodes if isinstance(node, ast.Subscript | ast.Attribute)}
        for node in nodes:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Subscript) and self._full(node.value) == "os.environ":
                self._env(node, node.slice)
            elif isinstance(node, ast.Attribute | ast.Name) and self._full(node) == "os.environ":
                if id(node) not in held:  # used whole, so that any name may be read
                    self.env.append(EnvUse(None, self.where(node)))
            elif isinstance(node, ast.Assign):
                self._setting(node)
            elif isinstance(node, ast.ClassDef):
                self._settings_class(node)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node not in docstrings
            ):
                self._mention(node, node.value, paths, workdir)

    def _import(self, node: ast.Import | ast.ImportFrom, *, guarded: bool) -> None:
        where = self.where(node)
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.imports.append(Imported(alias.name, where, guarded=guarded))
                local = alias.asname or alias.name.split(".", maxsplit=1)[0]
                self.aliases[local] = alias.name if alias.asname else local
                self._module_need(alias.name, where)
            return
        module = "." * node.level + (node.module or "")
        self.imports.append(
            Imported(module, where, tuple(alias.name for alias in node.names), guarded)
        )
        self._module_need(module, where)
        for alias in node.names:
            self.aliases[alias.asname or alias.name] = f"{module}.{alias.name}"

    def _module_need(self, module: str, where: str) -> None:
        top = module.split(".", maxsplit=1)[0]
        kind = uses.MODULE_NEEDS.get(top)
        if kind is not None and kind is not NeedKind.DYNAMIC_LOADING:
            self.needs.append(Need(kind, where, top))

    def _full(self, node: ast.expr) -> str:
        """The full dotted name of a function, by the imports."""
        name = dotted(node)
        first, dot, rest = name.partition(".")
        return self.aliases.get(first, first) + dot + rest if name else ""

    def _call(self, node: ast.Call) -> None:
        name = self._full(node.func)
        first = node.args[0] if node.args else None
        if name in {"importlib.import_module", "__import__"}:
            value = self.names.value(first)
            self.imports.append(
                Imported(value.text if value is not None else None, self.where(node))
            )
        elif name in uses.STARTS:
            self._start(node, name)
        elif name in uses.SHELLS:
            words = value.text.split() if (value := self.names.value(first)) is not None else []
            program = words[0] if words else None
            use = ProcessUse(program, self.where(node), name, shell=True)  # noqa: S604 - starts nothing
            self.starts.append(use)
        elif name in uses.ENV_GETTERS:
            self._env(node, first)
        elif name in uses.NEEDS:
            self._need(node, name, first)
        elif name in uses.LISTENS or name.endswith(".run"):
            self._listen(node, name)
        else:
            self._path(node, name)

    def _path(self, node: ast.Call, name: str) -> None:
        keywords = {
            keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None
        }
        if name in uses.READS:
            position = uses.READS[name]
            argument = (
                node.args[position]
                if len(node.args) > position
                else keywords.get("file", keywords.get("path"))
            )
            argument = argument or keywords.get(uses.KEYWORDS.get(name, ""))
            self._open(node, argument, name, Mode.WRITE if _writes(node, keywords) else Mode.READ)
        elif name in uses.WRITES:
            self._open(node, node.args[0] if node.args else None, name, Mode.WRITE)
        elif name in uses.COPIES and len(node.args) > 1:
            self._open(node, node.args[0], name, Mode.READ)
            self._open(node, node.args[1], name, Mode.WRITE)
        elif name in uses.GLOBS and node.args:
            self._open(node, node.args[0], name, Mode.READ, glob=True)
        elif name == "dotenv.load_dotenv" and not node.args and not keywords:
            self.opens.append(PathUse(".env", self.where(node), name))
        elif name in {"flask.Flask", "flask.Blueprint"}:
            self._flask(node, keywords, application=name == "flask.Flask")
        elif name in uses.KEYWORDS:
            argument = keywords.get(uses.KEYWORDS[name]) or (node.args[0] if node.args else None)
            self._open(node, argument, name, Mode.READ)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in uses.PATH_METHODS:
            value = self.names.value(node.func.value)
            certain = node.func.attr in {
                "read_text",
                "read_bytes",
                "write_text",
                "write_bytes",
                "iterdir",
            }
            if value is not None or certain:
                writes = uses.PATH_METHODS[node.func.attr] or (
                    node.func.attr == "open" and _writes(node, keywords, 0)
                )
                self._open(
                    node,
                    node.func.value,
                    f"Path.{node.func.attr}",
                    Mode.WRITE if writes else Mode.READ,
                )

    def _flask(self, node: ast.Call, keywords: dict[str, ast.expr], *, application: bool) -> None:
        """Flask finds `static` and `templates` beside the module.

        Https://flask.palletsprojects.com/en/stable/api/.
        """
        here = Value(posixpath.dirname(self.path) or ".", Anchor.SOURCE)
        for keyword, default in (("static_folder", "static"), ("template_folder", "templates")):
            if keyword in keywords:
                given = self.names.value(keywords[keyword])
                text = (
                    posixpath.normpath(posixpath.join(here.text, given.text))
                    if given is not None
                    else None
                )
                anchor = (
                    given.anchor
                    if given is not None and given.anchor is not Anchor.WORKDIR
                    else Anchor.SOURCE
                )
                path = (
                    given.text if given is not None and given.anchor is not Anchor.WORKDIR else text
                )
                self.opens.append(PathUse(path, self.where(node), f"flask {keyword}", anchor))
            elif application:
                path = posixpath.normpath(posixpath.join(here.text, default))
                self.opens.append(
                    PathUse(path, self.where(node), f"flask {default}", Anchor.SOURCE)
                )

    def _start(self, node: ast.Call, name: str) -> None:
        first = node.args[0] if node.args else None
        shell = any(
            keyword.arg == "shell"
            and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            for keyword in node.keywords
        )
        listed = isinstance(first, ast.List | ast.Tuple)
        program = first.elts[0] if isinstance(first, ast.List | ast.Tuple) and first.elts else first
        value = self.names.value(program) if program is not None else None
        text = value.text if value is not None else None
        if program is not None and self._full(program) == "sys.executable":
            text = "python"
        if text is not None and not listed:
            text = text.split()[0] if text.split() else None
        shell = shell or text in uses.SHELL_NAMES
        self.starts.append(ProcessUse(text, self.where(node), name, shell))

    def _env(self, node: ast.expr, argument: ast.expr | None) -> None:
        value = self.names.value(argument)
        self.env.append(EnvUse(value.text if value is not None else None, self.where(node)))

    def _need(self, node: ast.Call, name: str, first: ast.expr | None) -> None:
        argument = node.args[1] if name == "locale.setlocale" and len(node.args) > 1 else first
        value = self.names.value(argument)
        kind = uses.NEEDS[name]
        detail = value.text if value is not None else None
        if kind in {NeedKind.LOCALE, NeedKind.TIME_ZONES} and detail in uses.NO_NEED:
            return
        if kind is NeedKind.LOCALE and len(node.args) < 2:  # noqa: PLR2004 - asks for the locale, sets none
            return
        self.needs.append(
            Need(kind, self.where(node), detail if kind is not NeedKind.CERTIFICATES else name)
        )

    def _listen(self, node: ast.Call, name: str) -> None:
        keywords = {
            keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None
        }
        default = uses.LISTENS.get(name)
        if default is None and not {"port", "host", "debug"} & keywords.keys():
            return
        number = self.names.number(keywords["port"]) if "port" in keywords else default or 5000
        port = number if number is not None and 0 < number <= _HIGHEST_PORT else None
        self.ports.append(PortUse(port, self.where(node)))

    def _setting(self, node: ast.Assign) -> None:
        """Django's settings that name directories, and gunicorn's `bind`."""
        target = node.targets[0]
        name = target.id if isinstance(target, ast.Name) else ""
        if name in uses.DJANGO_PATHS:
            values = (
                node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            )
            mode = Mode.WRITE if name == "MEDIA_ROOT" else Mode.READ
            for value in values:
                self._open(value, value, f"django {name}", mode)
        elif name == "TEMPLATES" and isinstance(node.value, ast.List):
            for item in node.value.elts:
                pairs = (
                    zip(item.keys, item.values, strict=True) if isinstance(item, ast.Dict) else ()
                )
                for key, value in pairs:
                    if (
                        isinstance(key, ast.Constant)
                        and key.value == "DIRS"
                        and isinstance(value, ast.List)
                    ):
                        for element in value.elts:
                            self._open(element, element, "django TEMPLATES", Mode.READ)

    def _settings_class(self, node: ast.ClassDef) -> None:
        """A pydantic settings class reads a variable for each field."""
        if any(dotted(base).endswith("BaseSettings") for base in node.bases):
            self.env.append(EnvUse(None, self.where(node)))

    def _open(
        self, node: ast.expr, argument: ast.expr | None, how: str, mode: Mode, *, glob: bool = False
    ) -> None:
        if isinstance(argument, ast.List | ast.Tuple):
            for element in argument.elts:
                self._open(node, element, how, mode, glob=glob)
            return
        value = self.names.value(argument)
        path = value.text if value is not None else None
        anchor = value.anchor if value is not None else Anchor.WORKDIR
        self.opens.append(PathUse(path, self.where(node), how, anchor, mode, glob))

    def _mention(self, node: ast.Constant, text: str, paths: Paths, workdir: str) -> None:
        path = paths.mentioned(text, workdir)
        if path is not None and not path.endswith(".py"):
            self.opens.append(
                PathUse(path, self.where(node), "string", Anchor.SOURCE, Mode.MENTION)
            )


def _writes(node: ast.Call, keywords: dict[str, ast.expr], position: int = 1) -> bool:
    mode = node.args[position] if len(node.args) > position else keywords.get("mode")
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and mode.value[:1] in {"w", "a", "x"}
    )


def _docstrings(nodes: list[ast.AST]) -> Iterator[ast.Constant]:
    for node in nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _guarded(tree: ast.Module) -> Iterator[ast.AST]:
    """Imports that may fail without harm, or that only a type checker follows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            names = {dotted(part) for handler in node.handlers for part in _types(handler)}
            if names & {"ImportError", "ModuleNotFoundError", "Exception", ""}:
                for child in node.body:
                    yield from ast.walk(child)
        elif isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from ast.walk(child)


def _types(handler: ast.ExceptHandler) -> list[ast.AST]:
    if handler.type is None:
        return [ast.Constant(value="")]
    return list(handler.type.elts) if isinstance(handler.type, ast.Tuple) else [handler.type]
