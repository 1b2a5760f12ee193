"""What the sources of a JVM program tell of its run time: files that it opens, programs and libraries that it loads.

Names and literal texts are looked at, not types: what may be such a use counts as one.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.jvm.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dfix.ecosystems.tree import Tree

SUFFIXES = (".java", ".kt", ".scala", ".groovy", ".clj")
CONFIGURATION = (".properties", ".yml", ".yaml", ".conf", ".xml")
TESTS = frozenset(
    {"test", "tests", "androidTest", "integrationTest", "it", "jmh", "buildSrc", "target", "build"}
)
MANY = 6_000
LARGE = 1_000_000
# https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/ProcessBuilder.html
PROCESSES = (
    "ProcessBuilder",
    "getRuntime",
    "sys.process",
    ".execute()",
    "DefaultExecutor",
    "ProcessExecutor",
)
LIBRARIES = ("loadLibrary", "System.load(", "Native.load", "SymbolLookup")
# Parts of the JDK that run-time images leave out.
# https://docs.oracle.com/en/java/javase/17/docs/api/java.compiler/javax/tools/ToolProvider.html
TOOLS = (
    "javax.tools",
    "com.sun.tools",
    "com.sun.source",
    "com.sun.jdi",
    "java.util.spi.ToolProvider",
    "jdk.jshell",
    "sun.tools",
)
OPENS = frozenset(
    {"File", "FileInputStream", "FileReader", "FileWriter", "FileOutputStream", "RandomAccessFile", "Paths", "Path",
     "FileSystemResource", "PrintWriter", "Scanner", "fromFile", "addResourceLocations", "PathResource", "FileHandler"}
)  # fmt: skip
MARKS = (*PROCESSES, *LIBRARIES, *TOOLS, *OPENS, "file:")


class Use(NamedTuple):
    """One use, and where; `path` is the literal path of an `open`, None for one that is not literal."""

    kind: str  # "open", "process", "library", "tool"
    what: str
    path: str | None
    source: str


def uses(tree: Tree, folder: str) -> tuple[Use, ...] | Unknown:
    """What the sources and the packed configuration below a folder use; tests are left out."""
    found: list[Use] = []
    read = 0
    for path in tree.files():
        below = posixpath.relpath(path, folder or ".")
        if below.startswith("..") or set(below.split("/")[:-1]) & TESTS:
            continue
        packed = "resources" in below.split("/") and path.endswith(CONFIGURATION)
        if not packed and not path.endswith(SUFFIXES):
            continue
        read += 1
        if read > MANY:
            return Unknown("the project has more sources than are read")
        text = tree.read(path)
        if isinstance(text, Unknown):
            if packed:
                continue
            return text
        if packed:
            if "file:" in text.value:
                found.append(Use("open", "file:", None, path))
        elif len(text.value) > LARGE or any(mark in text.value for mark in MARKS):
            found.extend(_uses(text.value, path))
    return tuple(found)


def _uses(text: str, path: str) -> Iterator[Use]:
    for kind, marks in (("process", PROCESSES), ("library", LIBRARIES), ("tool", TOOLS)):
        mark = next((each for each in marks if each in text), None)
        if mark is not None and not (mark == "getRuntime" and ".exec(" not in text):
            yield Use(kind, mark, None, path)
    line = 1
    found = list(tokens(text))
    for at, token in enumerate(found):
        if token.kind == "line":
            line += 1
        elif token.kind == "string" and token.text.startswith("file:"):
            yield Use("open", token.text, None, f"{path}:{line}")
        elif token.kind == "name" and token.text in OPENS:
            use = _opened(found, at)
            if use is not None:
                yield use._replace(source=f"{path}:{line}")


def _opened(found: Sequence[Token], at: int) -> Use | None:
    """The path that a constructor or factory is given: `new File("a")`, `Paths.get("a", "b")`, `Path.of(x)`."""
    name = found[at].text
    at += 1
    if name in {"Paths", "Path"}:
        if [token.text for token in found[at : at + 2]] not in ([".", "get"], [".", "of"]):
            return None
        at += 2
    if at >= len(found) or found[at].text != "(":
        return None
    behind = [token for token in found[at + 1 : at + 4] if token.kind != "line"]
    if (
        len(behind) > 1
        and behind[0].kind == "string"
        and behind[0].literal
        and behind[1].text in {")", ","}
    ):
        if name in {"Scanner", "PrintWriter"}:
            return None
        whole = behind[1].text == ")"
        return Use("open", name, behind[0].text if whole else None, "")
    if behind and behind[0].text == ")":
        return None
    if name in {"Scanner", "PrintWriter"}:
        return None  # of a stream or a writer, which was opened elsewhere
    return Use("open", name, None, "")
