"""What a program of the Java machine needs once it is built."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dfix.ecosystems import read_call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.jvm.launching import launch_of
from dfix.ecosystems.jvm.service import services
from dfix.ecosystems.jvm.sources import uses
from dfix.ecosystems.service import Base, Did, Request, Started
from dfix.ecosystems.tree import MemoryTree

POM = "<project><artifactId>shop</artifactId><version>1</version></project>"
PLAIN = {"pom.xml": POM, "src/main/java/App.java": "class App {}\n"}
JAR = "java -jar target/shop-1.jar"


def ask(
    files: dict[str, str] | None = None,
    command: str = "mvn package",
    starts: tuple[str, ...] = (JAR,),
    env: dict[str, str | None] | None = None,
    base: tuple[str, str] = ("maven", "temurin"),
    pure: tuple[str, ...] = (),
) -> Any:
    call = read_call(shlex.split(command))
    assert call is not None
    did = (Did(call, "/app", env or {}, "Dockerfile:4"),)
    started = tuple(
        Started(
            tuple(None if word == "?" else word for word in each.split()), "/app", "Dockerfile:9"
        )
        for each in starts
    )
    image = Base(base[0], (17,), "glibc", base[1])
    tree = MemoryTree(PLAIN if files is None else files)
    return services(Request(tree, "", "/app", did, started, image, pure))


def served(*given: Any, **named: Any) -> Any:
    found = ask(*given, **named)
    assert isinstance(found, Known), found
    return found.value


def slugs(*given: Any, **named: Any) -> set[str]:
    return {each.slug for each in served(*given, **named).obstacles}


def paths(*given: Any, **named: Any) -> set[str]:
    found = served(*given, **named)
    assert not found.obstacles, found.obstacles
    return {each.path for each in found.live}


def test_a_jar_that_holds_all_it_needs_is_live_alone() -> None:
    found = served()
    assert found.shape == "java: jar"
    assert [each.path for each in found.live] == ["/app/target/shop-1.jar"]
    assert not found.obstacles
    assert not found.whole


@pytest.mark.parametrize(
    ("start", "live"),
    [
        ("java ? -jar target/shop-1.jar", {"/app/target/shop-1.jar"}),
        ("java -jar /app.jar", {"/app.jar"}),
        ("java -jar target/*.jar", {"/app/target"}),
        ("java -cp target/classes:target/lib/* App", {"/app/target/classes", "/app/target/lib"}),
        ("build/install/shop/bin/shop", {"/app/build/install/shop"}),
        ("/app/target/universal/stage/bin/shop -x", {"/app/target/universal/stage"}),
    ],
)
def test_what_is_started_is_live(start: str, live: set[str]) -> None:
    assert paths(starts=(start,)) == live


@pytest.mark.parametrize(
    "start",
    [
        "java -javaagent:a.jar -jar x.jar",
        "java -jar ?",
        "java @options",
        "java -p mods -m shop/App",
        "java Main.java",
        "java -version",
    ],
)
def test_a_start_that_cannot_be_followed_is_an_obstacle(start: str) -> None:
    assert "no-artefact" in slugs(starts=(start,))


def test_no_start_of_java_is_no_service() -> None:
    assert isinstance(ask(starts=("nginx",)), Unknown)
    assert isinstance(ask(command="mvn dependency:resolve"), Unknown)


def test_a_started_build_tool_needs_the_builder() -> None:
    assert slugs(starts=("mvn spring-boot:run",)) == {"starts-build-tool"}


def test_the_class_path_of_the_project_s_own_folder_keeps_it_whole() -> None:
    found = served(command="javac App.java", files={"App.java": ""}, starts=("java App",))
    assert found.whole
    assert found.shape == "java: classes + sources"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ('new ProcessBuilder("ls").start();', "unknown-process"),
        ('Runtime.getRuntime().exec("ls");', "unknown-process"),
        ('System.loadLibrary("x");', "unknown-library"),
        ("import javax.tools.JavaCompiler;", "needs-program"),
    ],
)
def test_what_the_sources_use_is_an_obstacle(text: str, slug: str) -> None:
    assert slugs({**PLAIN, "src/main/kotlin/B.kt": text}) == {slug}
    assert slugs({**PLAIN, "src/test/java/B.java": text}) == set()


def test_memory_is_asked_of_the_run_time_without_a_process() -> None:
    text = "long free = Runtime.getRuntime().freeMemory();"
    assert slugs({**PLAIN, "src/main/java/B.java": text}) == set()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('new File("data/x.txt")', "data/x.txt"),
        ('new java.io.FileReader("data/x.txt")', "data/x.txt"),
        ('Paths.get("data/x.txt")', "data/x.txt"),
        ('Path.of("data", name)', None),
        ("new File(name)", None),
        ('"file:data/x"', None),
    ],
)
def test_opened_paths_are_read(text: str, path: str | None) -> None:
    found = uses(MemoryTree({"src/main/java/B.java": f"class B {{ Object o = {text}; }}"}), "")
    assert not isinstance(found, Unknown)
    assert [(each.kind, each.path) for each in found] == [("open", path)]


@pytest.mark.parametrize(
    "text", ["import java.io.File;", "File f;", "// new File(x)", "Path p = other;", 'String s = "new File(x)";']
)  # fmt: skip
def test_what_only_names_a_type_opens_nothing(text: str) -> None:
    assert uses(MemoryTree({"src/main/java/B.java": text}), "") == ()


def test_a_literal_file_goes_along_and_any_other_keeps_the_folder() -> None:
    literal = {
        **PLAIN,
        "src/main/java/B.java": 'Object o = new File("data/x.txt");',
        "data/x.txt": "",
    }
    assert paths(literal) == {"/app/target/shop-1.jar", "/app/data/x.txt"}
    assert served({**PLAIN, "src/main/java/B.java": "Object o = new File(x);"}).whole


@pytest.mark.parametrize(
    "text",
    [
        "<addClasspath>true</addClasspath>",
        "<Class-Path>lib/</Class-Path>",
        "spring-boot-thin-layout",
    ],
)
def test_a_manifest_with_a_class_path_is_an_obstacle(text: str) -> None:
    pom = POM.replace("</project>", f"<build>{text}</build></project>")
    found = slugs({**PLAIN, "pom.xml": pom})
    assert found == {"no-artefact"}


def test_a_parent_of_the_repository_must_be_known() -> None:
    parent = "<parent><groupId>{}</groupId><artifactId>{}</artifactId><version>1</version><relativePath/></parent>"
    spring = parent.format("org.springframework.boot", "spring-boot-starter-parent")
    other = parent.format("io.helidon.applications", "helidon-se")
    assert slugs({**PLAIN, "pom.xml": POM.replace("<version>1", spring + "<version>1", 1)}) == set()
    assert slugs({**PLAIN, "pom.xml": POM.replace("<version>1", other + "<version>1", 1)}) == {
        "no-artefact"
    }


def test_variables_that_load_more_are_an_obstacle() -> None:
    assert slugs(env={"JAVA_TOOL_OPTIONS": "-javaagent:/x.jar"}) == {"no-artefact"}
    assert slugs(env={"JAVA_OPTS": "-Xmx512m"}) == set()


def test_fonts_that_the_smaller_image_lacks_must_be_vouched_for() -> None:
    assert slugs(base=("openjdk", "full")) == {"unknown-library"}
    assert slugs(base=("openjdk", "full"), pure=("java.desktop",)) == set()
    assert slugs(base=("openjdk", "slim")) == set()


def test_what_spring_boot_looks_for_goes_along() -> None:
    pom = POM.replace("</project>", "<name>spring-boot</name></project>")
    files = {**PLAIN, "pom.xml": pom, "config/application.yml": "", "static/a.html": ""}
    assert paths(files) == {"/app/target/shop-1.jar", "/app/config", "/app/static"}
    assert paths({**PLAIN, "config/application.yml": ""}) == {"/app/target/shop-1.jar"}


def test_options_and_arguments_name_files() -> None:
    start = "java -Dlog=log.xml -jar target/shop-1.jar server --conf=file:conf/a.yml"
    files = {**PLAIN, "log.xml": "", "conf/a.yml": ""}
    assert paths(files, starts=(start,)) == {
        "/app/target/shop-1.jar",
        "/app/log.xml",
        "/app/conf/a.yml",
    }


def test_a_jar_of_the_context_may_not_be_built() -> None:
    assert slugs({**PLAIN, "target/shop-1.jar": ""}) == {"no-artefact"}


def test_a_launch_is_read_up_to_its_program() -> None:
    found = launch_of(("java", "-Xmx1g", "--add-opens", "a/b=c", "-cp", "x:", "Main", "-v"))
    assert found is not None
    assert (found.main, found.class_path, found.values) == ("Main", ("x", "."), ("-v",))
    assert launch_of(("javac", "A.java")) is None
    assert launch_of(()) is None
