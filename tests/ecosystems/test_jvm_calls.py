"""What calls of Maven, Gradle and sbt are for, and where they keep what they fetch."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Role

if TYPE_CHECKING:
    from dfix.ecosystems.calls import Call


def call(line: str) -> Call:
    found = read_call(shlex.split(line))
    assert found is not None
    return found


def kept(line: str, **env: str | None) -> dict[str, str]:
    """The caches of a call, and where they lie."""
    found = call(line)
    return {each.id: each.path for each in ecosystem_of(found).caches(found, env)}


@pytest.mark.parametrize(
    ("line", "verb", "role"),
    [
        ("mvn package", "package", Role.BUILD),
        ("mvn -B -ntp clean verify -DskipTests -Pprod -T 1C", "verify", Role.BUILD),
        ("mvn clean", "clean", Role.RUN),
        ("mvn dependency:go-offline -B", "dependency:go-offline", Role.FETCH),
        (
            "mvn org.apache.maven.plugins:maven-dependency-plugin:3.6.0:resolve",
            "dependency:resolve",
            Role.FETCH,
        ),
        ("mvn dependency:resolve package", "package", Role.BUILD),
        ("mvn package spring-boot:run", "spring-boot:run", Role.RUN),
        ("mvn package our:goal", "package", Role.RUN),
        ("mvn versions:set -DnewVersion=1", "versions:set", Role.CHANGE),
        ("mvn dependency:get -Dartifact=g:a:1", "dependency:get", Role.ADD),
        ("mvn --version", "--version", Role.CONFIG),
        ("./mvnw --version", "--version", Role.FETCH),
        ("gradle clean build -x test", "build", Role.BUILD),
        ("gradle :web:bootJar --no-daemon", "bootJar", Role.BUILD),
        ("gradle dependencies --configuration runtimeClasspath", "dependencies", Role.FETCH),
        ("gradle bootRun", "bootRun", Role.RUN),
        ("gradle build ourTask", "build", Role.RUN),
        ("gradle", "", Role.RUN),
        ("gradle -v", "--version", Role.CONFIG),
        ("./gradlew --version", "--version", Role.FETCH),
        ("sbt update", "update", Role.FETCH),
        ("sbt clean web/assembly", "clean", Role.BUILD),
        ("sbt ';clean;Universal/packageBin'", "clean", Role.BUILD),
        ("sbt 'project web' stage", "project", Role.BUILD),
        ("sbt run", "run", Role.RUN),
        ("sbt", "", Role.RUN),
    ],
)
def test_the_goal_that_weighs_most_says_what_a_call_is_for(
    line: str, verb: str, role: Role
) -> None:
    found = call(line)
    assert (found.verb, found.role) == (verb, role)


@pytest.mark.parametrize("line", ["sh mvnw package", "bash ./mvnw package", "/app/mvnw package"])
def test_a_wrapper_is_known_by_its_name_wherever_it_lies(line: str) -> None:
    found = call(line)
    assert (found.ecosystem, found.role) == ("maven", Role.BUILD)
    assert found.words == tuple(line.split())
    assert set(kept(line)) == {"maven-repository", "maven-wrapper"}


def test_a_shell_that_runs_something_else_calls_no_ecosystem() -> None:
    assert read_call(["sh", "-c", "mvn package"]) is None
    assert read_call(["sh", "build.sh"]) is None


@pytest.mark.parametrize(
    ("line", "directory", "files"),
    [
        ("mvn -f web/pom.xml package", "web", ("web/pom.xml",)),
        ("mvn --file=web package", "web", ("web",)),
        ("mvn -s settings.xml package", "", ("settings.xml",)),
        ("gradle -p web build", "web", ()),
        ("gradle -b other.gradle build", "", ("other.gradle",)),
    ],
)
def test_flags_say_where_the_project_lies(
    line: str, directory: str, files: tuple[str, ...]
) -> None:
    found = call(line)
    assert (found.directory, found.files) == (directory, files)


@pytest.mark.parametrize(
    "line", ["mvn -o package", "mvn --offline package", "gradle build --offline"]
)
def test_offline_is_a_flag(line: str) -> None:
    found = call(line)
    assert ecosystem_of(found).is_offline_reader(found, {})


def test_a_word_that_the_shell_makes_may_say_offline() -> None:
    for program in ("mvn", "gradle", "sbt"):
        found = read_call([program, "package", None])
        assert found is not None
        assert ecosystem_of(found).is_offline_reader(found, {})


def test_maven_takes_words_from_a_variable() -> None:
    found = call("mvn package")
    maven = ecosystem_of(found)
    assert maven.is_offline_reader(found, {"MAVEN_ARGS": "-B -o"})
    assert maven.is_offline_reader(found, {"MAVEN_ARGS": None})
    assert not maven.is_offline_reader(found, {"MAVEN_ARGS": "-B"})


def test_install_leaves_in_the_store_what_no_download_brings_back() -> None:
    assert call("mvn clean install").stores
    assert call("gradle publishToMavenLocal").stores
    assert call("sbt publishLocal").stores
    assert not call("mvn verify").stores


@pytest.mark.parametrize(
    ("line", "env", "caches"),
    [
        ("mvn package", {}, {"maven-repository": "~/.m2/repository"}),
        ("mvn -Dmaven.repo.local=/m2 package", {}, {"maven-repository": "/m2"}),
        ("mvn -D maven.repo.local=/m2 package", {}, {"maven-repository": "/m2"}),
        (
            "mvn package",
            {"MAVEN_OPTS": "-Xmx1g -Dmaven.repo.local=/m2"},
            {"maven-repository": "/m2"},
        ),
        ("mvn package", {"MAVEN_OPTS": "-Xmx1g"}, {"maven-repository": "~/.m2/repository"}),
        ("mvn package", {"MAVEN_OPTS": None}, {}),
        ("mvn -Duser.home=/h package", {}, {"maven-repository": "/h/.m2/repository"}),
        (
            "mvn -s /usr/share/maven/ref/settings-docker.xml package",
            {},
            {"maven-repository": "/usr/share/maven/ref/repository"},
        ),
        (
            "./mvnw package",
            {"MAVEN_USER_HOME": "/w"},
            {"maven-repository": "~/.m2/repository", "maven-wrapper": "/w/wrapper"},
        ),
        ("gradle build", {}, {"gradle-caches": "~/.gradle/caches"}),
        ("gradle build", {"GRADLE_USER_HOME": "/g"}, {"gradle-caches": "/g/caches"}),
        ("gradle build", {"GRADLE_USER_HOME": None}, {}),
        ("gradle -g /f build", {"GRADLE_USER_HOME": "/g"}, {"gradle-caches": "/f/caches"}),
        (
            "./gradlew build",
            {"GRADLE_OPTS": "-Dgradle.user.home=/g"},
            {"gradle-caches": "/g/caches", "gradle-wrapper": "/g/wrapper"},
        ),
        ("./gradlew --version", {}, {"gradle-wrapper": "~/.gradle/wrapper"}),
        ("gradle --version", {}, {}),
        (
            "sbt compile",
            {"COURSIER_CACHE": "/c"},
            {"sbt-coursier": "/c", "sbt-ivy": "~/.ivy2/cache", "sbt-boot": "~/.sbt/boot"},
        ),
        (
            "sbt compile",
            {"SBT_OPTS": "-Dsbt.ivy.home=/i"},
            {"sbt-coursier": "~/.cache/coursier", "sbt-boot": "~/.sbt/boot"},
        ),
        ("sbt -Duser.home=/x compile", {}, {}),
    ],
)
def test_caches_lie_where_words_and_variables_put_them(
    line: str, env: dict[str, str | None], caches: dict[str, str]
) -> None:
    assert kept(line, **env) == caches


def test_settings_and_options_may_name_another_repository() -> None:
    found = call("mvn -f web/pom.xml -s ours.xml package")
    maven = ecosystem_of(found)
    assert maven.placed_by(found) == (
        "ours.xml",
        "~/.m2/settings.xml",
        "web/.mvn/maven.config",
        "web/.mvn/jvm.config",
    )
    assert maven.places("<settings><localRepository>/m2</localRepository></settings>")
    assert maven.places("-Dmaven.repo.local=/m2")
    assert not maven.places("<settings><mirrors/></settings>")
    assert maven.placed_by(call("mvn -Dmaven.repo.local=/m2 -s ours.xml package")) == ()


def test_two_builds_never_write_one_cache_at_a_time() -> None:
    for line in ("./mvnw package", "./gradlew build", "sbt compile"):
        found = call(line)
        assert {each.sharing for each in ecosystem_of(found).caches(found)} == {"locked"}
