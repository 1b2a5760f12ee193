"""What a Java, Kotlin or Scala program needs once it is built."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Role
from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.jvm.launching import Launch, launch_of
from dfix.ecosystems.jvm.packed import is_spring, self_contained
from dfix.ecosystems.jvm.sources import Use, uses
from dfix.ecosystems.service import Live, Obstacle, Request, Service, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN_TIME = "https://adoptium.net/docs/faq/"
ARTEFACTS = '[tool.dfix.split] artefacts = ["/app/target/shop-1.0.jar"]'
OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JAVA_OPTIONS", "JAVA_ARGS")
# Where Spring Boot looks for configuration, and its embedded servers for documents, from where they are started.
# https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files
# https://docs.spring.io/spring-boot/reference/web/servlet.html
CONFIGURATION = "https://docs.spring.io/spring-boot/reference/features/external-config.html"
DOCUMENTS = ("src/main/webapp", "public", "static")
BESIDE = ("config", *(f"application{each}" for each in (".properties", ".yml", ".yaml")))
# What Gradle's distribution plugin and sbt's native packager install: a start script in bin, all jars in lib.
# https://docs.gradle.org/current/userguide/distribution_plugin.html
# https://www.scala-sbt.org/sbt-native-packager/archetypes/java_app/index.html
INSTALLED = ("build/install/", "target/universal/stage/", "target/pack/")
BUILDS = (Role.BUILD, Role.RUN)
# The full images of openjdk have fontconfig and libfreetype6, the slim ones do not: fonts of java.desktop need them.
# https://github.com/docker-library/openjdk/blob/63304b7564bc8ac30c13a5c859f5d851cd5a3fa5/Dockerfile-linux.template
WITH_FONTS = {"openjdk": ("full-8", "full", "jdk-8", "jdk")}
DESKTOP = "java.desktop"


@dataclass
class _Found:
    """What the started programs tell, put together one by one."""

    claimed: list[Started] = field(default_factory=list)
    live: list[Live] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # "jar", "classes", "distribution"
    whole: str = ""
    shell: str | None = None


def services(request: Request) -> Fact[Service]:
    """The live jars, classes or distributions of the started programs."""
    built = next((did.where for did in request.did if did.call.role in BUILDS), None)
    if built is None:
        return Unknown("no step of it is known to compile anything for the Java machine")
    found = _Found()
    for started in request.started:
        _started(request, started, built, found)
    if not found.claimed:
        return Unknown(f"{request.started[0].where} starts no program of the Java machine")
    found.obstacles.extend(_agents(request))
    found.obstacles.extend(_fonts(request))
    contained = _contained(request, found.kinds)
    if isinstance(contained, Unknown):
        found.obstacles.append(Obstacle("no-artefact", contained.why, ARTEFACTS))
    read = uses(request.tree, request.folder)
    if isinstance(read, Unknown):
        found.obstacles.append(Obstacle("unknown-sources", read.why))
    else:
        found.obstacles.extend(_obstacles(read))
        opened, reason = _opened(request, read)
        found.live.extend(opened)
        found.whole = found.whole or reason
    found.live.extend(_beside(request, found.claimed))
    proof = ((contained.value, contained.source),) if isinstance(contained, Known) else ()
    return Known(
        Service(
            language="jvm",
            shape=_shape(found),
            live=tuple({each.path: each for each in found.live}.values()),
            whole=found.whole,
            interpreter="java",
            shell=found.shell,
            evidence=(*proof, ("version and vendor of both Java machines are the same", RUN_TIME)),
            obstacles=tuple(dict.fromkeys(found.obstacles)),
            claimed=tuple(found.claimed),
        ),
        built,
    )


def _shape(found: _Found) -> str:
    kind = next((each for each in ("classes", "distribution") if each in found.kinds), "jar")
    files = len({each.path for each in found.live}) > len(found.kinds)
    return f"java: {kind}" + (" + sources" if found.whole else " + files" if files else "")


def _started(request: Request, started: Started, built: str, found: _Found) -> None:
    """Add what one started command needs."""
    distribution = _distribution(request, started)
    if distribution is not None:
        found.claimed.append(started)
        claim = f"{started.where} starts it, {built} builds it"
        found.live.append(Live(distribution, claim, built))
        found.kinds.append("distribution")
        found.shell = found.shell or started.where
        return
    launch = launch_of(started.words)
    if launch is None:
        if _builds(started):
            found.claimed.append(started)
            words = " ".join(word or "..." for word in started.words[:3])
            why = f"{started.where} starts {words}, which needs what would stay in the builder"
            found.obstacles.append(Obstacle("starts-build-tool", why))
        return
    found.claimed.append(started)
    if launch.odd:
        found.obstacles.append(Obstacle("no-artefact", f"{started.where} {launch.odd}", ARTEFACTS))
        return
    needed = _needed(request, started, launch, built)
    if isinstance(needed, Obstacle):
        found.obstacles.append(needed)
    elif isinstance(needed, str):
        found.whole = found.whole or needed
    else:
        found.live.extend(needed)
    found.kinds.append("jar" if launch.jar else "classes")
    found.live.extend(_named(request, started, launch))


def _builds(started: Started) -> bool:
    """Is a build tool of the Java machine started?"""
    call = read_call(started.words)
    return call is not None and ecosystem_of(call).language == "jvm"


def _contained(request: Request, shapes: list[str]) -> Fact[str]:
    if "jar" not in shapes:
        return Known("what is started lies in folders that are copied whole", RUN_TIME)
    return self_contained(request.tree, request.folder)


def _distribution(request: Request, started: Started) -> str | None:
    """The folder of an installed distribution whose start script is started."""
    word = started.words[0] if started.words else None
    if word is None or "/" not in word:
        return None
    path = posixpath.normpath(posixpath.join(started.directory, word))
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) != "bin" or not _inside(request, path):
        return None
    top = posixpath.dirname(folder)
    return top if any(each in f"{top}/" for each in INSTALLED) else None


def _needed(
    request: Request, started: Started, launch: Launch, built: str
) -> list[Live] | Obstacle | str:
    """The paths that a launch needs; a reason why all of the folder is live; or what speaks against it."""
    live: list[Live] = []
    for entry in (launch.jar,) if launch.jar else launch.class_path:
        word = "." if entry == "*" else entry.removesuffix("/*")
        path = posixpath.normpath(posixpath.join(started.directory, word))
        if any(char in path for char in "*?["):
            path = path[: min(path.find(c) for c in "*?[" if c in path)].rpartition("/")[0]
        if path == request.root:
            return f"{started.where} starts it from the project's folder itself"
        folder = _folder_of(request, path)
        if folder is not None and request.tree.is_file(folder) and not launch.main:
            return Obstacle(
                "no-artefact",
                f"{folder} is in the build context, and may not be built here",
                ARTEFACTS,
            )
        archive = path.endswith((".jar", ".war"))
        if not _inside(request, path) and not archive and path.count("/") == 1:
            return Obstacle("outside-root", f"{started.where} has {entry} on its class path")
        live.append(Live(path, f"{started.where} starts it, {built} builds it", built))
    return live


def _named(request: Request, started: Started, launch: Launch) -> Iterator[Live]:
    """Files of the project that options or arguments name: `-Dlogging.config=log.xml`, `server config.yml`."""
    for value in launch.values:
        for name in {value, value.removeprefix("file:")}:
            path = posixpath.normpath(posixpath.join(started.directory, name))
            source = _folder_of(request, path)
            if name and source and (request.tree.is_file(source) or request.tree.is_dir(source)):
                yield Live(path, f"{started.where} names it", started.where)


def _inside(request: Request, path: str) -> bool:
    return path.startswith(request.root.rstrip("/") + "/")


def _folder_of(request: Request, path: str) -> str | None:
    """Where the tree has a path of the image, if it lies in the project's folder."""
    if not _inside(request, path) and path != request.root:
        return None
    below = posixpath.relpath(path, request.root)
    return posixpath.normpath(posixpath.join(request.folder or ".", below))


def _agents(request: Request) -> Iterator[Obstacle]:
    """Variables in force that make the machine load agents or other classes."""
    for did in request.did[-1:]:
        for name in OPTIONS:
            value = did.environment.get(name)
            if value and any(
                each in value for each in ("agent", "-cp", "classpath", "library.path")
            ):
                yield Obstacle(
                    "no-artefact", f"{name} makes Java load more than is built: {value}", ARTEFACTS
                )


def _fonts(request: Request) -> Iterator[Obstacle]:
    """A base whose fonts its smaller image lacks; which dependency draws with them is not known."""
    base = request.base
    if base.variant in WITH_FONTS.get(base.family, ()) and DESKTOP not in request.pure:
        yield Obstacle(
            "unknown-library",
            f"the smaller image of {base.family} has no fonts, and {DESKTOP} may be used by a dependency",
            f'[tool.dfix.split] pure = ["{DESKTOP}"]',
        )


def _obstacles(found: tuple[Use, ...]) -> Iterator[Obstacle]:
    for use in found:
        if use.kind == "process":
            yield Obstacle(
                "unknown-process",
                f"{use.source} starts programs ({use.what})",
                '[tool.dfix.split] packages = ["git"]',
            )
        elif use.kind == "library":
            yield Obstacle(
                "unknown-library", f"{use.source} loads a library at run time ({use.what})"
            )
        elif use.kind == "tool":
            yield Obstacle(
                "needs-program",
                f"{use.source} uses {use.what}, which a run-time image of Java may lack",
            )


def _opened(request: Request, found: tuple[Use, ...]) -> tuple[list[Live], str]:
    """The files of the project that the sources open by name, or why all of its folder is live."""
    live: list[Live] = []
    for use in found:
        if use.kind != "open":
            continue
        if use.path is None:
            return [], f"{use.source} opens a path that is not constant"
        path = posixpath.normpath(posixpath.join(request.started[0].directory, use.path))
        source = _folder_of(request, path)
        if source is None:
            continue
        if source in {".", request.folder}:
            return [], f"{use.source} opens the project's folder itself"
        if request.tree.is_file(source) or request.tree.is_dir(source):
            live.append(Live(path, f"{use.what} opens it", use.source))
        else:
            return [], f"{use.source} opens {source}, which a build may have made"
    return live, ""


def _beside(request: Request, claimed: list[Started]) -> Iterator[Live]:
    """What Spring Boot finds by itself where it is started, if the project has it."""
    if not is_spring(request.tree, request.folder):
        return
    for directory in dict.fromkeys(each.directory for each in claimed):
        for name in (*BESIDE, *DOCUMENTS):
            path = posixpath.join(directory, name)
            source = _folder_of(request, path)
            if source and (request.tree.is_file(source) or request.tree.is_dir(source)):
                yield Live(path, "Spring Boot looks for it where it is started", CONFIGURATION)
