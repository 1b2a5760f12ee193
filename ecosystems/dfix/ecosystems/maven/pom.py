"""A pom.xml, and the poms that belong to one build.

Source: https://maven.apache.org/pom.html
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from dfix.ecosystems.tree import Tree

POM_RULE = "https://maven.apache.org/pom.html#Inheritance"
MANY = 400  # modules of one build that are read
DEPTH = 20  # parents above a pom, and properties inside properties
EXPRESSION = "${"


class Dependency(NamedTuple):
    """A dependency as a pom names it; an empty scope is `compile`, or what a parent manages."""

    group: str
    artifact: str
    scope: str


class Plugin(NamedTuple):
    """A plugin of the build, with the text of each setting below it, goals among them."""

    artifact: str
    settings: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        """The texts of a setting, wherever below the plugin it stands."""
        return tuple(text for key, text in self.settings if key == name)


class Parent(NamedTuple):
    """The parent that a pom names; `path` is where it is looked for first, None for the repository."""

    group: str
    artifact: str
    version: str
    path: str | None


class Pom(NamedTuple):
    """What one pom.xml says; modules, plugins and repositories include those of its profiles."""

    path: str
    group: str
    artifact: str
    version: str
    packaging: str
    parent: Parent | None
    modules: tuple[str, ...]
    properties: Mapping[str, str]
    dependencies: tuple[Dependency, ...]
    plugins: tuple[Plugin, ...]
    final_name: str
    directory: str  # of the build, where it is not `target`
    hosts: tuple[str, ...]
    odd: str  # what makes the build read more than poms, as half a sentence


def parse_pom(text: str, path: str) -> Fact[Pom]:
    """Read a pom. One with a document type is not read: entities could make it grow without end."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - only Maven projects need it

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return Unknown(f"{path} has a document type")
    try:
        root = ET.fromstring(text.lstrip("\ufeff"))  # noqa: S314 - it declares no entities, see above
    except (ET.ParseError, ValueError):
        return Unknown(f"{path} is no XML")
    if _name(root) != "project":
        return Unknown(f"{path} is no pom")
    parent = _child(root, "parent")
    found = None
    if parent is not None:
        where = _child(parent, "relativePath")
        relative = "../pom.xml" if where is None else (where.text or "").strip()
        found = Parent(
            _text(parent, "groupId"),
            _text(parent, "artifactId"),
            _text(parent, "version"),
            relative or None,
        )
    build = _child(root, "build")
    properties = _child(root, "properties")
    return Known(
        Pom(
            path=path,
            group=_text(root, "groupId") or (found.group if found else ""),
            artifact=_text(root, "artifactId"),
            version=_text(root, "version") or (found.version if found else ""),
            packaging=_text(root, "packaging") or "jar",
            parent=found,
            modules=tuple(
                (each.text or "").strip()
                for holder in _all(root, "modules")
                for each in holder
                if _name(each) == "module"
            ),
            properties={
                _name(each): (each.text or "").strip()
                for each in (properties if properties is not None else ())
            },
            dependencies=tuple(_dependencies(root)),
            plugins=tuple(_plugins(root)),
            final_name="" if build is None else _text(build, "finalName"),
            directory="" if build is None else _text(build, "directory"),
            hosts=tuple(_hosts(root)),
            odd=_odd(root),
        ),
        path,
    )


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if _name(each) == name), None)


def _text(element: Element, name: str) -> str:
    found = _child(element, name)
    return "" if found is None else (found.text or "").strip()


def _all(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if _name(each) == name)


def _dependencies(root: Element) -> Iterator[Dependency]:
    for holder in (root, *_all(root, "profile")):
        for each in _child(holder, "dependencies") or ():
            yield Dependency(
                _text(each, "groupId"), _text(each, "artifactId"), _text(each, "scope")
            )


def _plugins(root: Element) -> Iterator[Plugin]:
    for holder in (root, *_all(root, "profile")):
        build = _child(holder, "build")
        for each in (_child(build, "plugins") if build is not None else None) or ():
            settings = tuple(
                (_name(e), (e.text or "").strip()) for e in each.iter() if e is not each
            )
            yield Plugin(_text(each, "artifactId"), settings)


def _hosts(root: Element) -> Iterator[str]:
    for name in ("repository", "pluginRepository"):
        for each in _all(root, name):
            url = _text(each, "url")
            yield url.partition("://")[2].partition("/")[0] if "://" in url else url


def _odd(root: Element) -> str:
    """What a pom names that is no pom: jars in the project, repositories in folders, files that turn profiles on."""
    for each in _all(root, "systemPath"):
        return f"it takes {(each.text or '').strip()} as a dependency"
    for each in _all(root, "url"):
        if (each.text or "").strip().startswith("file:"):
            return f"its repository is the folder {(each.text or '').strip()}"
    for each in _all(root, "activation"):
        if _child(each, "file") is not None:
            return "a file of the project turns one of its profiles on"
    for each in (*_all(root, "extension"), *_all(root, "extensions")):
        artifact = _text(each, "artifactId")
        if "git" in artifact or "version" in artifact:
            return f"its extension {artifact} reads more than poms"
    return ""


class Build(NamedTuple):
    """The poms of one build by path: the one that it starts from first, then modules, then parents."""

    poms: Mapping[str, Pom]
    root: str
    missing: tuple[str, ...]  # parents that the context does not hold: they come from a repository

    def parents(self, pom: Pom) -> Iterator[Pom]:
        """A pom and those that it inherits from, as far as the context holds them."""
        here: Pom | None = pom
        for _ in range(DEPTH):
            if here is None:
                return
            yield here
            path = _parent_path(here)
            here = None if path is None else self.poms.get(path)

    def resolved(self, pom: Pom, text: str) -> str | None:
        """A text with its properties replaced; None where one of them is not in these poms."""
        chain = list(self.parents(pom))
        for _ in range(DEPTH):
            start = text.find(EXPRESSION)
            if start < 0:
                return text
            end = text.find("}", start)
            value = _value(chain, text[start + 2 : end]) if end > 0 else None
            if value is None:
                return None
            text = text[:start] + value + text[end + 1 :]
        return None


def _value(chain: list[Pom], name: str) -> str | None:
    first = chain[0]
    own = {
        "project.artifactId": first.artifact,
        "artifactId": first.artifact,
        "pom.artifactId": first.artifact,
        "project.version": first.version,
        "version": first.version,
        "pom.version": first.version,
        "project.groupId": first.group,
        "project.packaging": first.packaging,
        "project.parent.version": first.parent.version if first.parent else "",
        "project.parent.artifactId": first.parent.artifact if first.parent else "",
    }
    if own.get(name):
        return own[name]
    return next((pom.properties[name] for pom in chain if name in pom.properties), None)


def _parent_path(pom: Pom) -> str | None:
    if pom.parent is None or pom.parent.path is None:
        return None
    path = inside(posixpath.join(posixpath.dirname(pom.path), pom.parent.path))
    if path is None:
        return None
    return path if path.endswith(".xml") else posixpath.join(path, "pom.xml")


def build_of(tree: Tree, start: str) -> Fact[Build]:
    """All poms that a call on one of them reads."""
    poms: dict[str, Pom] = {}
    missing: list[str] = []
    waiting = [start]
    while waiting:
        path = waiting.pop(0)
        if path in poms:
            continue
        if len(poms) >= MANY:
            return Unknown("the build has more modules than are read")
        text = tree.read(path)
        read = text if isinstance(text, Unknown) else parse_pom(text.value, path)
        if isinstance(read, Unknown):
            return read
        pom = poms[path] = read.value
        for module in pom.modules:
            name = inside(posixpath.join(posixpath.dirname(path), module))
            if name is None or EXPRESSION in module:
                return Unknown(f"{path} names the module {module}, which cannot be followed")
            waiting.append(name if tree.is_file(name) else posixpath.join(name, "pom.xml"))
        above = _parent_path(pom)
        if above is not None and tree.is_file(above) and _is_parent(tree, above, pom):
            waiting.append(above)
        elif pom.parent is not None:
            missing.append(f"{pom.parent.group}:{pom.parent.artifact}")
    return Known(Build(poms, start, tuple(dict.fromkeys(missing))), start)


def _is_parent(tree: Tree, path: str, pom: Pom) -> bool:
    """Is the pom at the parent's place the one that is named? Another there is passed over, with a warning."""
    text = tree.read(path)
    read = text if isinstance(text, Unknown) else parse_pom(text.value, path)
    assert pom.parent is not None  # noqa: S101 - the caller looked
    return isinstance(read, Known) and read.value.artifact == pom.parent.artifact
