"""What calls of distributions' package managers do, as far as their words tell."""

from __future__ import annotations

import shlex

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Role, Setting
from dfix.ecosystems.facts import Known, Unknown


def call(line: str) -> Call:
    words = [None if word == "?" else word for word in shlex.split(line)]
    found = read_call(words)
    assert found is not None, line
    return found


def cache_ids(line: str, env: dict[str, str | None] | None = None) -> list[str]:
    found = call(line)
    return [each.id for each in ecosystem_of(found).caches(found, env)]


def kept(line: str) -> list[Setting]:
    found = call(line)
    manager = ecosystem_of(found)
    return [
        each
        for cache in manager.knowledge.caches.values()
        for each in manager.keeping(found, cache)
    ]


def cleaned(line: str) -> Setting | None:
    found = call(line)
    return ecosystem_of(found).cleaning(found)


@pytest.mark.parametrize(
    "line",
    ["apt-get", "apt-get remove gcc", "apt-get autoremove -y", "apt-mark hold gcc", "apk fix"],
)
def test_what_fills_reads_and_empties_nothing_is_not_read(line: str) -> None:
    assert read_call(shlex.split(line)) is None


@pytest.mark.parametrize(
    ("line", "role", "packages"),
    [
        ("apt-get update", Role.FETCH, ()),
        ("apt-get -qq -y update", Role.FETCH, ()),
        ("apt-get install -y gcc make", Role.ADD, ("gcc", "make")),
        ("apt-get -yqq install --no-install-recommends gcc=4:12*", Role.ADD, ("gcc=4:12*",)),
        ("apt install -t bookworm-backports git", Role.ADD, ("git",)),
        ("apt-get -o Dpkg::Use-Pty=0 install -y git", Role.ADD, ("git",)),
        ("apt-get install -y ?", Role.ADD, ()),
        ("aptitude install -R git", Role.ADD, ("git",)),
        ("apt-get clean", Role.CLEAN, ()),
        ("apk add --no-cache -t .build gcc", Role.ADD, ("gcc",)),
        ("apk --no-cache add gcc", Role.ADD, ("gcc",)),
        ("apk cache clean", Role.CLEAN, ()),
        ("dnf -y install gcc", Role.ADD, ("gcc",)),
        ("dnf group install -y x", Role.ADD, ("x",)),
        ("microdnf install gcc", Role.ADD, ("gcc",)),
        ("yum clean all", Role.CLEAN, ()),
        ("zypper -n in gcc", Role.ADD, ("gcc",)),
        ("zypper clean --all", Role.CLEAN, ()),
    ],
)
def test_roles_and_packages(line: str, role: Role, packages: tuple[str, ...]) -> None:
    found = call(line)
    assert (found.role, found.packages) == (role, packages)
    assert found.distribution


def test_packages_in_files_are_inputs() -> None:
    found = call("apt-get install -y ./tool.deb curl")
    assert found.files == ("./tool.deb",)
    assert found.packages == ("curl",)


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("apt-get update", ["lists"]),
        ("apt-get install gcc", ["archives"]),
        ("apt-get install gcc -o Acquire::Retries=3", ["archives"]),
        ("apt-get install gcc -o Dir::Cache=/tmp", []),
        ("apt-get install gcc -o ?", []),
        ("apt-get install gcc -c apt.conf", []),
        ("apt-get install gcc --frob", []),
        ("apk add gcc", ["packages"]),
        ("apk add --root /r gcc", []),
        ("dnf install gcc", ["dnf4", "dnf5"]),
        ("dnf install gcc --installroot /r", []),
        ("microdnf install gcc", []),
        ("zypper install gcc", ["zypp"]),
        ("zypper -R /r install gcc", []),
    ],
)
def test_a_call_that_may_work_elsewhere_fills_no_known_cache(line: str, ids: list[str]) -> None:
    assert cache_ids(line) == ids


def test_a_configuration_in_the_environment_may_lead_elsewhere() -> None:
    assert cache_ids("apt-get install gcc", {"APT_CONFIG": "/x"}) == []
    assert cache_ids("apt-get install gcc", {"DEBIAN_FRONTEND": "noninteractive"}) == ["archives"]


@pytest.mark.parametrize(
    ("line", "looks"),
    [
        ("apt-get install gcc", ("lists",)),
        ("apt-cache policy gcc", ("lists",)),
        ("apt-get update", ()),
        ("apk add gcc", ("packages",)),
        ("apk add --no-cache gcc", ()),
        ("apk add -U gcc", ()),
        ("dnf install gcc", ()),
    ],
)
def test_what_an_install_looks_in(line: str, looks: tuple[str, ...]) -> None:
    found = call(line)
    assert ecosystem_of(found).looks_in(found) == looks


def test_apt_get_only_needs_the_hook_gone() -> None:
    (setting,) = kept("apt-get install gcc")
    assert setting.command == ("rm", "-f", "/etc/apt/apt.conf.d/docker-clean")


def test_apt_needs_a_setting_too_unless_it_has_it() -> None:
    assert [each.words for each in kept("apt -y install gcc")] == [
        (),
        ("-o", "APT::Keep-Downloaded-Packages=true"),
    ]
    assert kept("apt -y install gcc")[1].behind == 2
    assert len(kept("apt install -o APT::Keep-Downloaded-Packages=1 gcc")) == 1


def test_apk_fetches_the_index_in_place_of_keeping_none() -> None:
    (setting,) = kept("apk add --no-cache gcc")
    assert (setting.words, setting.replaces) == (("--update-cache",), 2)
    assert kept("apk add --no-cache -U gcc") == []
    assert kept("apk add gcc") == []


def test_dnf_is_told_to_keep_packages_unless_it_is_told_already() -> None:
    assert {each.words for each in kept("dnf install gcc")} == {
        ("--refresh", "--setopt=keepcache=1")
    }
    assert kept("dnf install --setopt=keepcache=True gcc") == []


def test_apk_leaves_nothing_behind_with_a_flag() -> None:
    setting = cleaned("apk add -U gcc")
    assert setting is not None
    assert (setting.words, setting.behind, setting.drops) == (("--no-cache",), 1, (2,))
    assert cleaned("apk add --no-cache gcc") is None


@pytest.mark.parametrize("program", ["dnf", "microdnf", "yum"])
def test_dnf_is_cleaned_behind(program: str) -> None:
    setting = cleaned(f"{program} install -y gcc")
    assert setting is not None
    assert setting.command == (program, "clean", "all")


def test_apt_leaves_its_packages_to_the_hook() -> None:
    assert cleaned("apt-get install gcc") is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("apt-get install -y gcc", ("--no-install-recommends",)),
        ("apt-get install -y --no-install-recommends gcc", None),
        ("apt-get install -y --install-recommends gcc", None),
        ("apt-get install -y -o APT::Install-Recommends=0 gcc", None),
        ("dnf install -y gcc", ("--setopt=install_weak_deps=False",)),
        ("dnf install -y --setopt=install_weak_deps=0 gcc", None),
        ("microdnf install -y gcc", None),
        ("zypper in gcc", ("--no-recommends",)),
        ("zypper in --recommends gcc", None),
        ("apk add gcc", None),
    ],
)
def test_what_leaves_out_recommended_packages(line: str, words: tuple[str, ...] | None) -> None:
    found = call(line)
    setting = ecosystem_of(found).leaning(found)
    assert (setting and setting.words) == words


@pytest.mark.parametrize(
    ("line", "suite", "live", "idle"),
    [
        ("apt-get install unzip", "bookworm", (), True),
        ("apt-get install unzip", None, (), True),
        (
            "apt-get install git",
            "bookworm",
            (
                "ca-certificates",
                "libsasl2-modules",
                "netbase",
                "openssh-client",
                "openssl",
                "patch",
            ),
            False,
        ),
        ("apt-get install wget ca-certificates", "bookworm", (), False),
    ],
)
def test_what_comes_beside_named_packages(
    line: str, suite: str | None, live: tuple[str, ...], *, idle: bool
) -> None:
    found = call(line)
    told = ecosystem_of(found).beside(found, suite)
    assert isinstance(told, Known)
    assert (told.value.live, told.value.idle) == (live, idle)


@pytest.mark.parametrize(
    "line",
    [
        "apt-get install frobnicate",
        "apt-get install unzip ?",
        "apt-get install -t bookworm-backports unzip",
        "apt-get install ./a.deb",
        "dnf install gcc",
    ],
)
def test_what_comes_beside_other_packages_is_not_known(line: str) -> None:
    found = call(line)
    assert isinstance(ecosystem_of(found).beside(found, "bookworm"), Unknown)


def test_a_release_that_was_not_read_is_not_known() -> None:
    found = call("apt-get install unzip")
    assert isinstance(ecosystem_of(found).beside(found, "noble"), Unknown)
