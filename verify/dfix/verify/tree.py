"""The files before against after: what left, whether what stays needs it, and whose it is.

What leaves an image is no fault by itself: that is what smaller images are about. It is one where
something that stays refers to it: a library or an interpreter that a program is linked with, the
interpreter of a script, a word of a start command, the target of a link. Where the new base image
itself has the gap, its publisher answers for it, and it is a note.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from dfix.verify.values import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dfix.verify.archive import Files, Node
    from dfix.verify.config import Image
    from dfix.verify.elf import Elf

# Where distributions keep what is theirs; /usr/local, /opt and the rest are the project's.
SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc", "/boot", "/var/lib/dpkg", "/var/cache")
LOCAL = "/usr/local/"
NAMED = 3  # examples in a sentence
LISTED = 12  # folders in a note
GLIBC = ("linux-vdso.so.1", "linux-gate.so.1")  # the kernel's own, never a file
PERMISSIONS = 0o7777


class Gap(NamedTuple):
    """Something missing: the one that misses it, and what, as the end of "which ..."."""

    path: str
    what: str
    sentence: str
    grave: bool = True


def compare(
    before: Files,
    after: Files,
    image: Image,
    base: Callable[[], Files | None],
    *,
    losses: Literal["allowed", "caches"] = "allowed",
) -> tuple[list[Said], list[Said]]:
    """Objections and notes. `image` is the configuration after.

    `losses` says what may leave where nothing needs it: anything, or caches alone.

    `base` fetches the files of the base image after; it is only called where there are gaps, and
    gives None if they cannot be had.
    """
    gaps = [
        *_loading(before, after, image),
        *_scripts(before, after),
        *_links(before, after),
        *_owners(before, after),
    ]
    below = base() if gaps else None
    objections = list(_starts(before, after, image))
    notes: list[Said] = []
    for sentence, found in _grouped(gaps).items():
        grave = [gap for gap in found if gap.grave and not _of_base(gap, after, below)]
        if grave:
            objections.append(Said("files", _phrase(sentence, grave)))
        else:
            notes.append(Said("files", _phrase(sentence, found)))
    gone = [
        path
        for path, node in before.nodes.items()
        if node.kind != "folder" and path not in after.nodes
    ]
    own = [path for path in gone if not (is_system(path) or is_cache(path))]
    if own and losses == "caches":
        objections.append(Said("files", f"what no step may take left the image: {_few(own)}"))
    notes.extend(_left(before, gone, image.workdir))
    return objections, notes


def _grouped(gaps: Iterable[Gap]) -> dict[str, list[Gap]]:
    found: dict[str, list[Gap]] = {}
    for gap in gaps:
        found.setdefault(gap.sentence, []).append(gap)
    return found


def _phrase(sentence: str, gaps: list[Gap]) -> str:
    return f"{sentence}: {_few([gap.path for gap in gaps])}"


def _few(paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more


def _of_base(gap: Gap, after: Files, base: Files | None) -> bool:
    """Is the file as the base image has it, and what it misses missing there as well?"""
    if base is None:
        return False
    node, below = after.nodes.get(gap.path), base.nodes.get(gap.path)
    if node is None or below is None or not _alike(node, below):
        return False
    return not gap.what or base.resolve(gap.what) is None


def _alike(one: Node, other: Node) -> bool:
    return one == other or (
        one.kind == "folder" and other.kind == "folder" and _rights(one) == _rights(other)
    )


def _rights(node: Node) -> tuple[int, int, int]:
    return node.mode & PERMISSIONS, node.uid, node.gid


def is_system(path: str) -> bool:
    """Does this path belong to the distribution?"""
    return not path.startswith(LOCAL) and any(
        path == top or path.startswith(f"{top}/") for top in SYSTEM
    )


def is_cache(path: str) -> bool:
    """Does this path lie where tools keep what they can make or fetch again, or in a log?"""
    top, _, below = path.strip("/").partition("/")
    if top == "home":
        below = below.partition("/")[2]
    if top in ("root", "home"):
        return below.startswith(".")
    return path.startswith(("/tmp/", "/var/tmp/", "/var/log/", "/var/lib/apt/", "/go/pkg/"))  # noqa: S108 - of the image


# references


def _loading(before: Files, after: Files, image: Image) -> Iterator[Gap]:
    """Libraries and interpreters of programs that were there and are not."""
    extra = tuple(part for part in image.env.get("LD_LIBRARY_PATH", "").split(":") if part)
    memory: dict[tuple[str, str, tuple[str, ...]], str | None] = {}
    for path, node in after.nodes.items():
        if node.elf is None:
            continue
        interpreter = node.elf.interpreter
        if interpreter and before.has(interpreter) and not after.has(interpreter):
            yield Gap(
                path, interpreter, f"the interpreter {interpreter} left the image, and is needed by"
            )
        for name in node.elf.needed:
            if name in GLIBC or _library(after, name, path, node.elf, extra, memory) is not None:
                continue
            was = _library(before, name, path, node.elf, extra, None)
            if was is not None:
                yield Gap(path, was, f"the library {name} left the image, and is needed by")


def _library(
    files: Files,
    name: str,
    path: str,
    program: Elf,
    extra: tuple[str, ...],
    memory: dict[tuple[str, str, tuple[str, ...]], str | None] | None,
) -> str | None:
    """Where the loader finds a library for a program: https://man7.org/linux/man-pages/man8/ld.so.8.html."""
    if "/" in name:
        return name if files.has(name) else None
    origin = path.rpartition("/")[0] or "/"
    own = tuple(_expanded(each, origin) for each in program.paths)
    key = (name, f"{program.bits}/{program.machine}", own)
    if memory is not None and key in memory:
        return memory[key]
    found: str | None = None
    for folder in (*own, *extra, *files.library_folders):
        real = files.resolve(posixpath.join(folder, name))
        library = files.nodes.get(real).elf if real in files.nodes else None  # type: ignore[union-attr, arg-type]
        if library is not None and (library.bits, library.machine) == (
            program.bits,
            program.machine,
        ):
            found = posixpath.join(folder, name)
            break
    if memory is not None:
        memory[key] = found
    return found


def _expanded(path: str, origin: str) -> str:
    return path.replace("${ORIGIN}", origin).replace("$ORIGIN", origin)


def _scripts(before: Files, after: Files) -> Iterator[Gap]:
    """Interpreters of executable scripts that were there and are not."""
    for path, node in after.nodes.items():
        if not node.script or not node.mode & 0o111:
            continue
        program = node.script[0]
        if posixpath.basename(program) == "env" and len(node.script) > 1 and after.has(program):
            words = [
                word for word in node.script[1:] if not word.startswith("-") and "=" not in word
            ]
            if words and _on_path(before, words[0]) and not _on_path(after, words[0]):
                sentence = f"{words[0]} left the image, and is the interpreter of"
                yield Gap(path, f"/usr/bin/{words[0]}", sentence, grave=not is_system(path))
        elif before.has(program) and not after.has(program):
            sentence = f"{program} left the image, and is the interpreter of"
            yield Gap(path, program, sentence, grave=not is_system(path))


def _on_path(files: Files, name: str) -> bool:
    folders = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
    return files.find(name, folders) is not None


def _links(before: Files, after: Files) -> Iterator[Gap]:
    """Links whose target was there and is not."""
    for path, node in after.nodes.items():
        if node.kind == "link" and before.has(path) and not after.has(path):
            yield Gap(path, "", "a link leads to what left the image", grave=not is_system(path))


def _starts(before: Files, after: Files, image: Image) -> Iterator[Said]:
    """Words of start commands that meant a file before and mean none now."""
    for declared, words in image.starts:
        if before.find(words[0], image.path, image.workdir) is not None and (
            after.find(words[0], image.path, image.workdir) is None
        ):
            yield Said("files", f"{declared} starts {words[0]}, which left the image")
        texts = words[1:]
        if words[1:2] == ("-c",) and len(words) > 2:  # noqa: PLR2004 - shell, -c, text
            texts = (*words[2].split(), *words[3:])
        for word in dict.fromkeys(texts):
            whole = posixpath.join(image.workdir, word)
            if word.startswith("-") or len(word) > 255 or "\0" in word:  # noqa: PLR2004 - no file name is longer
                continue
            if _is_file(before, whole) and not after.has(whole):
                yield Said("files", f"{declared} names {word}, which left the image")


def _is_file(files: Files, path: str) -> bool:
    real = files.resolve(path)
    return real is not None and real in files.nodes and files.nodes[real].kind == "file"


# owners and modes


def _owners(before: Files, after: Files) -> Iterator[Gap]:
    """Kept paths that belong to someone else now, or that fewer may use."""
    for path, node in after.nodes.items():
        was = before.nodes.get(path)
        if was is None or was.kind != node.kind or node.kind == "link":
            continue
        old, new = _owner(before, was), _owner(after, node)
        if old != new and (was.uid, was.gid) != (node.uid, node.gid):
            sentence = f"the owner was {old} and is {new}"
            yield Gap(path, "", sentence, grave=not is_system(path))
        lost = was.mode & ~node.mode & PERMISSIONS
        if lost:
            sentence = (
                f"the mode was {was.mode & PERMISSIONS:04o} and is {node.mode & PERMISSIONS:04o}"
            )
            yield Gap(path, "", sentence, grave=not is_system(path))


def _owner(files: Files, node: Node) -> str:
    user = files.users.get(node.uid, str(node.uid))
    return f"{user}:{files.groups.get(node.gid, str(node.gid))}"


# what left


def _left(before: Files, gone: list[str], workdir: str) -> Iterator[Said]:
    """Notes on what left: how much and from where, and what was the application's own."""
    if not gone:
        return
    sizes: Counter[str] = Counter()
    for path in gone:
        sizes["/".join(path.split("/")[:4])] += before.nodes[path].size
    largest = [f"{size:>12,} {folder}" for folder, size in sizes.most_common(LISTED)]
    sentence = f"{len(gone)} files of {sizes.total():,} bytes left the image"
    yield Said("files", sentence, "\n".join(largest))
    near = [path for path in gone if workdir != "/" and path.startswith(f"{workdir}/")]
    if near:
        yield Said("files", f"{len(near)} of them from {workdir}: {_few(near)}")
