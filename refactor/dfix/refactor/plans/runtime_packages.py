"""Which packages of the distribution the run-time stage installs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import debian
from dfix.ecosystems.facts import Known, Unknown
from dfix.grammar.nodes import Env
from dfix.refactor.transform import Evidence

if TYPE_CHECKING:
    from dfix.ecosystems.images import Image
    from dfix.ecosystems.service import Service
    from dfix.refactor.context import Context
    from dfix.refactor.model import Stage
    from dfix.refactor.plans.slicing import Slice
    from dfix.refactor.plans.starting import Criterion

# Build tools of Alpine: https://pkgs.alpinelinux.org/package/edge/main/x86_64/build-base and the packages it draws in.
ALPINE_TOOLS = frozenset(
    [
        "build-base",
        "gcc",
        "g++",
        "make",
        "musl-dev",
        "libc-dev",
        "binutils",
        "autoconf",
        "automake",
        "libtool",
        "cmake",
        "pkgconf",
        "pkgconfig",
        "linux-headers",
        "python3-dev",
        "cargo",
        "rust",
        "git",
        "patch",
        "file",
        "abuild",
        "fortify-headers",
        "gfortran",
        "nasm",
        "yasm",
        "ninja",
        "samurai",
        "meson",
        "alpine-sdk",
    ]
)
# They check certificates: the full images have ca-certificates, Debian's own and Node's slim ones have not.
# https://github.com/docker-library/buildpack-deps/blob/master/debian/bookworm/curl/Dockerfile
FETCHERS = frozenset({"curl", "wget", "git"})
ALPINE = "https://pkgs.alpinelinux.org/package/edge/main/x86_64/build-base"


# Python's slim image adds tzdata to Debian's: https://github.com/docker-library/python/blob/master/Dockerfile-linux.template
# On Alpine it is a package too: https://wiki.alpinelinux.org/wiki/Setting_the_timezone
ZONELESS = frozenset({"alpine", "debian", "ubuntu"})
# apt no longer brings adduser since Debian 13: https://packages.debian.org/trixie/apt
ADDUSER = "https://packages.debian.org/trixie/apt"
WITH_ADDUSER = frozenset({"buster", "bullseye", "bookworm", "focal", "jammy", "noble"})
# What comes with the interpreter of an official image.
INTERPRETERS = {
    "python": frozenset({"python", "python3", "pip", "pip3"}),
    "java": frozenset({"java", "keytool"}),
    "node": frozenset({"node", "nodejs", "npm", "npx", "yarn", "corepack"}),
}
PYTHONS = frozenset({"python3", "python"})
# node-gyp compiles addons with Python, make and a C++ compiler: https://github.com/nodejs/node-gyp#installation
NODE_GYP = "https://github.com/nodejs/node-gyp#installation"
COMPILERS = frozenset({"make", "g++", "gcc", "build-essential", "build-base"})


class Packages(NamedTuple):
    """What the run-time stage installs, what stays in the builder, and why."""

    manager: str
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    because: tuple[Evidence, ...]


class NoPackage(NamedTuple):
    """Why it cannot be told: slug, sentence and setting."""

    slug: str
    sentence: str
    setting: str | None = None


def packages_for(
    ctx: Context, stage: Stage, found: Slice, service: Service, criterion: Criterion
) -> Packages | NoPackage:
    """The packages of the run-time stage: those installed by name that do not only build, and what else is needed."""
    image = stage.root_image
    assert not isinstance(image, Unknown)  # noqa: S101 - the caller looked
    manager = image.package_manager or ""
    suite = image.suite or ctx.config.split.suite
    names: dict[str, None] = {}
    left: list[str] = []
    because: list[Evidence] = []
    for installed in found.packages:
        if _for_node_gyp(installed.name, found, service, criterion):
            left.append(installed.name)
            because.append(Evidence(f"{installed.name} is there for node-gyp", NODE_GYP))
            continue
        if installed.manager == "apk":
            if installed.name in ALPINE_TOOLS:
                left.append(installed.name)
                because.append(Evidence(f"{installed.name} only builds", ALPINE))
            elif installed.name.endswith("-dev"):
                return NoPackage(
                    "unknown-package",
                    f"which library of alpine {installed.name} stands for is not known",
                )
            elif not service.static:
                names.setdefault(installed.name)
            continue
        if service.static and not _started(installed.name, service, criterion):
            left.append(installed.name)
            continue
        purpose = debian.purpose(installed.name, suite)
        if isinstance(purpose, Unknown):
            return NoPackage("unknown-package", purpose.why, '[tool.dfix.split] suite = "bookworm"')
        if purpose.value.builds:
            left.append(installed.name)
        for name in purpose.value.runtime:
            names.setdefault(name)
        if purpose.value.builds:
            kept = (
                f", run time needs {', '.join(purpose.value.runtime)}"
                if purpose.value.runtime
                else ""
            )
            because.append(Evidence(f"{installed.name} only builds{kept}", purpose.source))
    for library, where in service.libraries:
        if manager != "apt":
            return NoPackage(
                "unknown-package",
                f"{where} needs {library}, whose name on {image.family} is not known",
            )
        renamed = debian.named(library, suite)
        if isinstance(renamed, Unknown):
            return NoPackage("unknown-suite", renamed.why, '[tool.dfix.split] suite = "bookworm"')
        names.setdefault(renamed.value)
        because.append(Evidence(f"{renamed.value} is loaded at run time", where))
    wanted = [*criterion.programs, *service.programs]
    wanted += [
        (each.words[0] or "", each.where)
        for each in criterion.started
        if each not in service.claimed
    ]
    for program, where in wanted:
        package = _package_of(program, manager, image.programs, service)
        if package is None:
            continue
        if package == "" or _only_builds(package, suite):
            return NoPackage(
                "needs-program", f"{where} starts {program}, and no package is known to bring it"
            )
        names.setdefault(package)
        because.append(Evidence(f"{program} is started", where))
        if package in FETCHERS and manager == "apt" and image.family != "python":
            names.setdefault("ca-certificates")
    for name in ctx.config.split.packages:
        names.setdefault(name)
    return Packages(manager, tuple(names), tuple(dict.fromkeys(left)), tuple(because))


def _only_builds(package: str, suite: str | None) -> bool:
    """Is this a compiler or another build tool, which no run-time stage is given?"""
    purpose = debian.purpose(package, suite)
    return package.startswith("golang") or (isinstance(purpose, Known) and purpose.value.builds)


def completed(
    packages: Packages, stage: Stage, found: Slice, service: Service, base: Image
) -> Packages:
    """The packages, with what the new base lacks although no step of the old one asked for it."""
    missing: list[tuple[str, Evidence]] = []
    zones = service.time_zones or next(
        (
            place.where
            for place in stage.places
            if isinstance(place.node, Env) and any(pair.name == "TZ" for pair in place.node.pairs)
        ),
        None,
    )
    if service.interpreter is None and base.family in ZONELESS and zones is not None:
        # Go's images have zones of Go's own and of Debian; Alpine and Debian's slim image promise none.
        missing.append(("tzdata", Evidence("time zones are looked up", zones)))
    adds = next(
        (
            called
            for place in found.of("both")
            for called in place.called
            if called.program in ("adduser", "addgroup")
        ),
        None,
    )
    if adds is not None and base.package_manager == "apt" and base.suite not in WITH_ADDUSER:
        missing.append(("adduser", Evidence("Debian's image no longer has it", ADDUSER)))
    missing = [each for each in missing if each[0] not in packages.names]
    if not missing or base.package_manager is None:
        return packages
    return packages._replace(
        manager=base.package_manager,
        names=(*packages.names, *(name for name, _ in missing)),
        because=(*packages.because, *(because for _, because in missing)),
    )


def _for_node_gyp(name: str, found: Slice, service: Service, criterion: Criterion) -> bool:
    """Is this the Python that compiles addons? Beside a compiler, and where nothing starts a Python."""
    programs = {
        program.rsplit("/", 1)[-1] for program, _ in (*service.programs, *criterion.programs)
    }
    return (
        service.interpreter == "node"
        and name in PYTHONS
        and not programs & PYTHONS
        and any(each.name in COMPILERS for each in found.packages)
    )


def _started(package: str, service: Service, criterion: Criterion) -> bool:
    programs = {program for program, _ in (*service.programs, *criterion.programs)}
    return package in programs


def _package_of(program: str, manager: str, known: frozenset[str], service: Service) -> str | None:
    """The package that brings a program; None if the base has it anyway, empty if it is not known."""
    del known
    name = program.rsplit("/", 1)[-1]
    if name in debian.ESSENTIAL or name in INTERPRETERS.get(service.interpreter or "", ()):
        return None
    if name in PYTHONS:
        return "python3"
    if manager == "apk":
        return (
            None
            if name in debian.BUSYBOX
            else (name if name in ("curl", "git", "bash", "ffmpeg") else "")
        )
    return debian.package_of(name) or ""
