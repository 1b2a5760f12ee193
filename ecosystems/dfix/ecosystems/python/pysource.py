"""Read one Python source: what it imports, opens, starts and listens on.

Names count as constant when the module binds them once. What is used but not constant is listed as
None. A use stands in the line in which its statement begins.
"""

from __future__ import annotations

import gc
import posixpath
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import libcst as cst

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python import pyuses as uses
from dfix.ecosystems.python.pysyntax import (
    Place,
    dotted,
    elements,
    expressions,
    integer,
    keywords,
    literal,
    parse,
    positional,
    statements,
)
from dfix.ecosystems.python.pyvalues import BINDING, Names, Value
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
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from dfix.ecosystems.sources import Paths

_HIGHEST_PORT = 65535
# The kinds of nodes that are looked at: `isinstance` is slow on LibCST's abstract classes.
_STRINGS = frozenset({cst.SimpleString, cst.ConcatenatedString})
_HOLDERS = frozenset({cst.Attribute, cst.Subscript})
_NAMES = frozenset({cst.Attribute, cst.Name})
_TELLING = BINDING | _STRINGS | _NAMES | {
    cst.Call, cst.Subscript, cst.Import, cst.ImportFrom, cst.Expr,
}  # fmt: skip


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

    Unknown if it does not parse. `paths` and `workdir` tell which strings name project files. The
    answer is kept, since each round of a run asks again.
    """
    if _says_nothing(text):
        return Known(PySource(path, (), RuntimeFacts(sources=(path,))), path)
    return _read(path, text, paths, workdir)


@lru_cache(maxsize=512)
def _read(path: str, text: str, paths: Paths, workdir: str) -> Fact[PySource]:
    tree = parse(path, text)
    if isinstance(tree, Unknown):
        return tree
    with _without_cycles():
        nodes = [
            (node, place, guarded)
            for place, guarded in statements(tree.value)
            for node in expressions(place.node)
            if type(node) in _TELLING
        ]
        reader = _Reader(path, Names.of(path, (node for node, _, _ in nodes)))
        reader.read(nodes, paths, workdir)
    return Known(PySource(path, tuple(reader.imports), reader.facts()), path)


def _says_nothing(text: str) -> bool:
    """Is there no import, string or call in a file? Most `__init__.py` are such."""
    return not ({'"', "'", "("} & set(text)) and "import" not in text


@dataclass(slots=True)
class _Reader:
    path: str
    names: Names
    place: Place = field(init=False)
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

    def where(self) -> str:
        return f"{self.path}:{self.place.line()}"

    def read(
        self, nodes: Sequence[tuple[cst.CSTNode, Place, bool]], paths: Paths, workdir: str
    ) -> None:
        self._imports(nodes)
        silent = _silent(node for node, _, _ in nodes)
        for node, self.place, _ in nodes:
            kind = type(node)
            if kind in _STRINGS:
                if id(node) not in silent:
                    self._mention(literal(node), paths, workdir)
            elif isinstance(node, cst.Call):
                self._call(node)
            elif kind in _NAMES:
                if id(node) not in silent and self._full(node) == "os.environ":
                    self._env(None)  # used whole, so that any name may be read
            elif isinstance(node, cst.Subscript):
                if self._full(node.value) == "os.environ":
                    self._env(_index(node))
            elif isinstance(node, cst.Assign):
                self._setting(node)
            elif isinstance(node, cst.ClassDef):
                self._settings_class(node)

    def _imports(self, nodes: Sequence[tuple[cst.CSTNode, Place, bool]]) -> None:
        for node, self.place, guarded in nodes:
            if isinstance(node, cst.Import | cst.ImportFrom):
                self._import(node, guarded=guarded)

    def _import(self, node: cst.Import | cst.ImportFrom, *, guarded: bool) -> None:
        where = self.where()
        names = (
            []
            if isinstance(node.names, cst.ImportStar)
            else [
                (dotted(alias.name), dotted(alias.asname.name) if alias.asname else None)
                for alias in node.names
            ]
        )
        if isinstance(node, cst.Import):
            for name, other in names:
                self.imports.append(Imported(name, where, guarded=guarded))
                local = other or name.split(".", maxsplit=1)[0]
                self.aliases[local] = name if other else local
                self._module_need(name, where)
            return
        module = "." * len(node.relative) + (dotted(node.module) if node.module else "")
        listed = tuple(name for name, _ in names) or ("*",)
        self.imports.append(Imported(module, where, listed, guarded))
        self._module_need(module, where)
        for name, other in names:
            self.aliases[other or name] = f"{module}.{name}"

    def _module_need(self, module: str, where: str) -> None:
        top = module.split(".", maxsplit=1)[0]
        kind = uses.MODULE_NEEDS.get(top)
        if kind is not None and kind is not NeedKind.DYNAMIC_LOADING:
            self.needs.append(Need(kind, where, top))

    def _full(self, node: cst.CSTNode) -> str:
        """The full dotted name of a function, by the imports."""
        name = dotted(node)
        first, dot, rest = name.partition(".")
        return self.aliases.get(first, first) + dot + rest if name else ""

    def _call(self, node: cst.Call) -> None:
        name = self._full(node.func)
        given = positional(node)
        first = given[0] if given else None
        if name in {"importlib.import_module", "__import__"}:
            value = self.names.value(first)
            self.imports.append(Imported(value.text if value is not None else None, self.where()))
        elif name in uses.STARTS:
            self._start(node, name)
        elif name in uses.SHELLS:
            words = value.text.split() if (value := self.names.value(first)) is not None else []
            program = words[0] if words else None
            use = ProcessUse(program, self.where(), name, shell=True)  # noqa: S604 - starts nothing
            self.starts.append(use)
        elif name in uses.ENV_GETTERS:
            self._env(first)
        elif name in uses.NEEDS:
            self._need(name, given)
        elif name in uses.LISTENS or name.endswith(".run"):
            self._listen(node, name)
        else:
            self._path(node, name)

    def _path(self, node: cst.Call, name: str) -> None:
        given, named = positional(node), keywords(node)
        first = given[0] if given else None
        if name in uses.READS:
            position = uses.READS[name]
            argument = (
                given[position]
                if len(given) > position
                else named.get("file", named.get("path", named.get(uses.KEYWORDS.get(name, ""))))
            )
            self._open(argument, name, Mode.WRITE if _writes(given, named) else Mode.READ)
        elif name in uses.WRITES:
            self._open(first, name, Mode.WRITE)
        elif name in uses.COPIES and len(given) > 1:
            self._open(first, name, Mode.READ)
            self._open(given[1], name, Mode.WRITE)
        elif name in uses.GLOBS and given:
            self._open(first, name, Mode.READ, glob=True)
        elif name == "dotenv.load_dotenv" and not given and not named:
            self.opens.append(PathUse(".env", self.where(), name))
        elif name in {"flask.Flask", "flask.Blueprint"}:
            self._flask(named, application=name == "flask.Flask")
        elif name in uses.KEYWORDS:
            self._open(named.get(uses.KEYWORDS[name]) or first, name, Mode.READ)
        elif isinstance(node.func, cst.Attribute) and node.func.attr.value in uses.PATH_METHODS:
            method, held = node.func.attr.value, node.func.value
            if self.names.value(held) is not None or method in uses.CERTAIN_METHODS:
                writes = uses.PATH_METHODS[method] or (
                    method == "open" and _writes(given, named, 0)
                )
                self._open(held, f"Path.{method}", Mode.WRITE if writes else Mode.READ)

    def _flask(self, named: dict[str, cst.BaseExpression], *, application: bool) -> None:
        """Flask finds `static` and `templates` beside the module.

        Https://flask.palletsprojects.com/en/stable/api/.
        """
        here = Value(posixpath.dirname(self.path) or ".", Anchor.SOURCE)
        for keyword, default in (("static_folder", "static"), ("template_folder", "templates")):
            if keyword in named:
                given = self.names.value(named[keyword])
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
                self.opens.append(PathUse(path, self.where(), f"flask {keyword}", anchor))
            elif application:
                path = posixpath.normpath(posixpath.join(here.text, default))
                self.opens.append(PathUse(path, self.where(), f"flask {default}", Anchor.SOURCE))

    def _start(self, node: cst.Call, name: str) -> None:
        given = positional(node)
        first = given[0] if given else None
        shell = any(
            keyword == "shell" and dotted(value) not in {"False", "None"} and integer(value) != 0
            for keyword, value in keywords(node).items()
        )
        listed = elements(first)
        program = listed[0] if listed else first
        value = self.names.value(program)
        text = value.text if value is not None else None
        if program is not None and self._full(program) == "sys.executable":
            text = "python"
        if text is not None and listed is None:
            text = text.split()[0] if text.split() else None
        shell = shell or text in uses.SHELL_NAMES
        self.starts.append(ProcessUse(text, self.where(), name, shell))

    def _env(self, argument: cst.CSTNode | None) -> None:
        value = self.names.value(argument)
        self.env.append(EnvUse(value.text if value is not None else None, self.where()))

    def _need(self, name: str, given: Sequence[cst.CSTNode | None]) -> None:
        kind = uses.NEEDS[name]
        if kind is NeedKind.LOCALE and len(given) < 2:  # noqa: PLR2004 - asks for the locale, sets none
            return
        argument = given[1] if kind is NeedKind.LOCALE else (given[0] if given else None)
        value = self.names.value(argument)
        detail = value.text if value is not None else None
        if kind in {NeedKind.LOCALE, NeedKind.TIME_ZONES} and detail in uses.NO_NEED:
            return
        self.needs.append(
            Need(kind, self.where(), detail if kind is not NeedKind.CERTIFICATES else name)
        )

    def _listen(self, node: cst.Call, name: str) -> None:
        named = keywords(node)
        default = uses.LISTENS.get(name)
        if default is None and not {"port", "host", "debug"} & named.keys():
            return
        number = self.names.number(named["port"]) if "port" in named else default or 5000
        port = number if number is not None and 0 < number <= _HIGHEST_PORT else None
        self.ports.append(PortUse(port, self.where()))

    def _setting(self, node: cst.Assign) -> None:
        """Django's settings that name directories."""
        name = dotted(node.targets[0].target)
        values = elements(node.value)
        if name in uses.DJANGO_PATHS:
            mode = Mode.WRITE if name == "MEDIA_ROOT" else Mode.READ
            self._open(node.value, f"django {name}", mode)
        elif name == "TEMPLATES":
            for item in values or ():
                for pair in item.elements if isinstance(item, cst.Dict) else ():
                    if isinstance(pair, cst.DictElement) and literal(pair.key) == "DIRS":
                        self._open(pair.value, "django TEMPLATES", Mode.READ)

    def _settings_class(self, node: cst.ClassDef) -> None:
        """A pydantic settings class reads a variable for each field."""
        if any(dotted(base.value).endswith("BaseSettings") for base in node.bases):
            self.env.append(EnvUse(None, self.where()))

    def _open(
        self, argument: cst.CSTNode | None, how: str, mode: Mode, *, glob: bool = False
    ) -> None:
        listed = elements(argument)
        if listed is not None:
            for element in listed:
                self._open(element, how, mode, glob=glob)
            return
        value = self.names.value(argument)
        path = value.text if value is not None else None
        anchor = value.anchor if value is not None else Anchor.WORKDIR
        self.opens.append(PathUse(path, self.where(), how, anchor, mode, glob))

    def _mention(self, text: str | None, paths: Paths, workdir: str) -> None:
        path = paths.mentioned(text, workdir) if text is not None else None
        if path is not None and not path.endswith(".py"):
            self.opens.append(PathUse(path, self.where(), "string", Anchor.SOURCE, Mode.MENTION))


def _silent(nodes: Iterable[Any]) -> set[int]:
    """Docstrings, the parts of longer strings, and what a longer name holds."""
    silent: set[int] = set()
    for node in nodes:
        kind = type(node)
        if (
            kind is cst.Subscript
            or kind is cst.Attribute
            or (isinstance(node, cst.Expr) and type(node.value) in _STRINGS)
        ):
            silent.add(id(node.value))
        elif isinstance(node, cst.ConcatenatedString) and (
            id(node) in silent or literal(node) is not None
        ):
            silent |= {id(node.left), id(node.right)}
    return silent


def _index(node: cst.Subscript) -> cst.BaseExpression | None:
    match node.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=name))]:
            return name
        case _:
            return None


def _writes(
    given: Sequence[cst.CSTNode | None], named: Mapping[str, cst.CSTNode], position: int = 1
) -> bool:
    mode = literal(given[position] if len(given) > position else named.get("mode"))
    return mode is not None and mode[:1] in {"w", "a", "x"}


@contextmanager
def _without_cycles() -> Generator[None]:
    """Leave the cyclic garbage collector out while a tree of many small objects is walked."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()
