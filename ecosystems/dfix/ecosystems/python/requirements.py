"""Read requirements files: what they name, and which other project files they lead to.

The format is pip's own: https://pip.pypa.io/en/stable/reference/requirements-file-format/, with the
details of https://github.com/pypa/pip/blob/main/src/pip/_internal/req/req_file.py
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.tree import inside, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.tree import Tree

RULE = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"
VCS_RULE = "https://pip.pypa.io/en/stable/topics/vcs-support/"

_ARCHIVES = (
    ".whl",
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
)
_HARMLESS = frozenset(
    [
        "--no-index",
        "--no-binary",
        "--only-binary",
        "--prefer-binary",
        "--require-hashes",
        "--pre",
        "--trusted-host",
        "--use-feature",
    ]
)
_VCS = {"git": "git", "hg": "hg", "svn": "svn", "bzr": "bzr"}
_NESTED = {
    "-r": "requirement",
    "--requirement": "requirement",
    "-c": "constraint",
    "--constraint": "constraint",
}


class Requirement(NamedTuple):
    """One line that names a package. `url` is set for an archive or a repository elsewhere."""

    text: str
    name: str | None
    pinned: bool
    hashed: bool
    url: str | None
    constraint: bool
    source: str


class Requirements(NamedTuple):
    """What requirements files and all that they include say; `files` in order of first mention."""

    files: tuple[str, ...]
    reasons: dict[str, str]
    requirements: tuple[Requirement, ...]
    hosts: tuple[str, ...]
    programs: tuple[str, ...]
    writes_src: bool  # an editable repository is checked out into ./src


class _Reading:
    """What was found so far."""

    def __init__(self, tree: Tree, directory: str) -> None:
        self.tree = tree
        self.directory = directory  # the working directory, for local paths in requirement lines
        self.reasons: dict[str, str] = {}
        self.requirements: list[Requirement] = []
        self.hosts: set[str] = set()
        self.programs: set[str] = set()
        self.writes_src = False

    def result(self) -> Requirements:
        return Requirements(
            files=tuple(self.reasons),
            reasons=dict(self.reasons),
            requirements=tuple(self.requirements),
            hosts=tuple(sorted(self.hosts)),
            programs=tuple(sorted(self.programs)),
            writes_src=self.writes_src,
        )


def read_requirements(
    tree: Tree, directory: str, paths: list[tuple[str, str]]
) -> Fact[Requirements]:
    """Read requirements (or constraints) files and what they include.

    `paths` are pairs of the tree's path and "requirement" or "constraint". Unknown if one is
    missing, a local folder is named, or a line cannot be read.
    """
    reading = _Reading(tree, directory)
    for path, kind in paths:
        reason = (
            f"pip reads {path} as its {'requirements' if kind == 'requirement' else 'constraints'}"
        )
        problem = _file(reading, path, kind, reason)
        if problem is not None:
            return problem
    return Known(reading.result(), paths[0][0] if paths else RULE)


def _file(reading: _Reading, path: str, kind: str, reason: str) -> Unknown | None:
    if path in reading.reasons:
        return None
    text = _text(reading.tree, path)
    if isinstance(text, Unknown):
        return text
    reading.reasons[path] = reason
    for number, line in _lines(text.value):
        source = f"{path}:{number}"
        problem = _line(reading, line, path, kind, source)
        if problem is not None:
            return problem
    return None


def _text(tree: Tree, path: str) -> Fact[str]:
    """A requirements file may be UTF-16 (PowerShell's `pip freeze > file`): pip goes by the mark.

    https://github.com/pypa/pip/blob/main/src/pip/_internal/req/req_file.py, tried with pip 26.
    """
    text = tree.read(path)
    if isinstance(text, Known):
        return text
    data = tree.read_bytes(path)
    if isinstance(data, Known) and data.value.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return Known(data.value.decode("utf-16"), data.source)
        except UnicodeDecodeError:
            return text
    return text


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines without comments: a backslash joins, a comment line ends what it continues."""
    joined: list[str] = []
    begin = 1
    for number, raw in enumerate(text.splitlines(), start=1):
        if not joined:
            begin = number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            joined.append(raw[:-1])
            continue
        joined.append(" " + raw if raw.lstrip().startswith("#") else raw)
        line = _uncommented("".join(joined)).strip()
        joined = []
        if line:
            yield begin, line
    line = _uncommented("".join(joined)).strip()
    if line:
        yield begin, line


def _uncommented(line: str) -> str:
    """A number sign begins a comment at the start and behind a blank."""
    for at, character in enumerate(line):
        if character == "#" and (at == 0 or line[at - 1].isspace()):
            return line[:at]
    return line


def _line(reading: _Reading, line: str, path: str, kind: str, source: str) -> Unknown | None:
    if not line.startswith("-"):
        return _requirement(reading, line, kind, source)
    try:
        words = shlex.split(line)
    except ValueError:
        return Unknown(f"{source} cannot be read: a quote does not end")
    option, equals, value = words[0].partition("=")
    if not equals:
        for short in ("-r", "-c", "-e", "-f", "-i"):  # -rother.txt
            if (
                option.startswith(short)
                and len(option) > len(short)
                and not option.startswith("--")
            ):
                option, value = short, option[len(short) :]
        value = value or (words[1] if len(words) > 1 else "")
    return _option(reading, option, value, path, source)


def _option(reading: _Reading, option: str, value: str, path: str, source: str) -> Unknown | None:
    if option in _NESTED:
        kind = _NESTED[option]
        if "://" in value:
            reading.hosts.add(_host(value))
            return None
        nested = (
            inside(posixpath.join(posixpath.dirname(path), value)) if value[:1] != "/" else None
        )
        if not nested:
            return Unknown(f"{source} includes {value}, which is outside the build context")
        return _file(reading, nested, kind, f"{source} includes it")
    if option in {"-e", "--editable"}:
        if not is_remote(value):
            return Unknown(f"{source} installs the sources in {value}")
        reading.writes_src = True
        return _requirement(reading, value, "requirement", source)
    if option in {"-f", "--find-links"}:
        return _links(reading, value, path, source)
    if option in {"-i", "--index-url", "--extra-index-url"}:
        host = _host(value)
        if host != "pypi.org":
            reading.hosts.add(host)
        return None
    return None if option in _HARMLESS else Unknown(f"{source}: the option {option} is not known")


def _links(reading: _Reading, value: str, path: str, source: str) -> Unknown | None:
    """`--find-links`: a page, an archive, or a folder of archives."""
    if "://" in value and not value.startswith("file:"):
        reading.hosts.add(_host(value))
        return None
    if value.startswith(("/", "file:", "~")):
        return Unknown(f"{source} takes packages from {value}, which is outside the build context")
    beside = inside(posixpath.join(posixpath.dirname(path), value))
    if beside is None or not (reading.tree.is_dir(beside) or reading.tree.is_file(beside)):
        beside = inside(posixpath.join(reading.directory, value))
    if beside is None:
        return Unknown(f"{source} takes packages from {value}, which is outside the build context")
    return add_links(reading.tree, beside, reading.reasons, source)


def add_links(tree: Tree, path: str, reasons: dict[str, str], source: str) -> Unknown | None:
    """Add the archives that `--find-links path` offers."""
    if tree.is_file(path):
        reasons.setdefault(path, f"{source} takes packages from it")
        return None
    if not tree.is_dir(path) or not path:
        return Unknown(
            f"{source} takes packages from {path or 'the project'}, which is no folder of archives"
        )
    for name in walk(tree, path):
        reasons.setdefault(name, f"{source} takes packages from {path}")
    return None


def _requirement(reading: _Reading, line: str, kind: str, source: str) -> Unknown | None:
    """A requirement specifier, an address, or a local path, with options for it behind."""
    text, _, options = line.partition(" --")
    text = text.strip()
    url = text.partition(" @ ")[2].strip() or (text if "://" in text else "")
    if not url and "@" in text and "://" in text.partition("@")[2]:
        url = text.partition("@")[2].strip()
    if url.startswith("file:"):
        return Unknown(f"{source} installs from {url}")
    if url:
        _remote(reading, text, url, kind, source)
        return None
    bare = text.partition(";")[0].strip()
    if _names_path(bare):
        return _local(reading, bare.partition("[")[0].strip(), kind, source)
    name = _name(bare)
    if not name:
        return Unknown(f"{source} cannot be read: {text}")
    pinned = _pinned(bare)
    hashed = options.startswith("hash") or " --hash" in options
    reading.requirements.append(
        Requirement(text, name, pinned, hashed, None, kind == "constraint", source)
    )
    return None


def _remote(reading: _Reading, text: str, url: str, kind: str, source: str) -> None:
    scheme = url.partition("+")[0] if _is_vcs(url) else ""
    if scheme:
        reading.programs.add(_VCS[scheme])
    reading.hosts.add(_host(url.partition("+")[2] if scheme else url))
    name = text.partition("@")[0].strip() if "://" not in text.partition("@")[0] else None
    exact = "#sha256=" in url or "&sha256=" in url
    reading.requirements.append(
        Requirement(text, name, exact, exact, url, kind == "constraint", source)
    )


def _local(reading: _Reading, path: str, kind: str, source: str) -> Unknown | None:
    at = None if path.startswith(("/", "~")) else inside(posixpath.join(reading.directory, path))
    if at is None:
        return Unknown(f"{source} installs {path}, which is outside the build context")
    if path.endswith(_ARCHIVES) and reading.tree.is_file(at):
        reading.reasons.setdefault(at, f"{source} installs it")
        reading.requirements.append(
            Requirement(path, None, True, True, None, kind == "constraint", source)
        )
        return None
    return Unknown(f"{source} installs the sources in {path}")


def is_local(word: str) -> bool:
    """Does a requirement on the command line name a file or folder rather than a package?"""
    return not _is_vcs(word) and "://" not in word and _names_path(word.partition(";")[0].strip())


def is_remote(word: str) -> bool:
    """Does the value of `--editable` name a repository elsewhere? Anything else is a folder."""
    return _is_vcs(word) or ("://" in word and not word.startswith("file:"))


def is_archive(word: str) -> bool:
    """Is this the name of a wheel or a source archive?"""
    return word.endswith(_ARCHIVES)


def _names_path(text: str) -> bool:
    if " @ " in text:
        return False
    path = text.partition("[")[0].strip()
    return path in {".", ".."} or "/" in path or path.startswith("~") or path.endswith(_ARCHIVES)


def _is_vcs(url: str) -> bool:
    scheme, plus, _ = url.partition("+")
    return bool(plus) and scheme in _VCS


def _host(url: str) -> str:
    """The host of an address, without credentials and port; the text itself if there is none."""
    rest = url.partition("://")[2] or url
    rest = rest.partition("/")[0].rpartition("@")[2]
    return rest.partition(":")[0]


def _name(text: str) -> str:
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] in "-_."):
        end += 1
    rest = text[end:].lstrip()
    if rest and rest[0] not in "[=<>!~(@,;":
        return ""
    return text[:end]


def _pinned(text: str) -> bool:
    """`name==1.2` and nothing else; `==1.*` is a range."""
    _, equals, version = text.partition("==")
    version = version.lstrip("=").strip()
    return bool(equals) and bool(version) and not any(c in version for c in "*,<>!~= ")
