"""Read from Debian's archive what packages bring, and write it into archive.toml.

Needs apt (any Debian or Ubuntu machine; nothing is installed) and its network::

    python bench/read_archive.py WORK [--suites bullseye,bookworm,trixie]

WORK is a folder for apt's lists, one root a release; the archive is the one that this machine's own
apt uses. The packages asked about are those that debian.toml and images.toml name. What is written:

- for each -dev package the packages of its shared libraries: those that it depends on in its own
  version, or, if there are none, those of the -dev packages that it depends on;
- names of one library in several releases: same source package, same name without its version;
- what packages recommend, and what an install adds only for that;
- the programs that they bring, and those of each image's own packages.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

FACTS = Path(__file__).parent.parent / "ecosystems/dfix/ecosystems"
PAGE = "https://packages.debian.org/"  # where a reader can look each package up
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
INDEX = """
Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb {{
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
  Description "Contents"; ShortDescription "Contents"; KeepCompressed "true";
}};
"""
PROGRAM = re.compile(r"^(?:usr/)?(?:s?bin|games)/([^/\s]+)\s+(\S+)$")
LIBRARY = re.compile(r"^(?:usr/)?lib(?:/x86_64-linux-gnu)?/(lib[^/\s]+\.so\.[^/\s]+)\s+(\S+)$")
ANY_LIBRARY = re.compile(r"^(?:usr/)?lib/\S+\.so\.\d[^/\s]*\s+(\S+)$")


def _mirror() -> str:
    """The archive of this machine's apt, as its first source names it."""
    for path in sorted(Path("/etc/apt").glob("sources.list.d/*.sources")):
        for line in path.read_text().splitlines():
            if line.startswith("URIs:"):
                return line.split()[1].rstrip("/")
    for line in Path("/etc/apt/sources.list").read_text().splitlines():
        words = [word for word in line.split() if not word.startswith("[")]
        if words[:1] == ["deb"]:
            return words[1].rstrip("/")
    raise SystemExit("apt has no source on this machine")


@dataclass
class Package:
    """One record of a Packages file."""

    name: str
    source: str
    version: str
    depends: list[list[str]]
    pinned: list[str]
    recommends: list[list[str]]
    provides: list[str]
    required: bool
    section: str


@dataclass
class Release:
    """The packages of one release of Debian, and the files of interest that each brings."""

    name: str
    packages: dict[str, Package] = field(default_factory=dict)
    providers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    programs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    libraries: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    shared: set[str] = field(default_factory=set)  # packages with a shared library anywhere

    def closure(self, names: list[str], have: set[str], *, recommended: bool = False) -> set[str]:
        """What an install adds to the packages that are there, with those that are recommended or without."""
        added: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name in have or name in added or name not in self.packages:
                continue
            added.add(name)
            package = self.packages[name]
            for choice in package.depends + (package.recommends if recommended else []):
                todo += self.choose(choice, have | added)
        return added

    def choose(self, choice: list[str], have: set[str]) -> list[str]:
        """The alternative that apt takes: one that is there, else the first that exists."""
        if choice == ["usrmerge", "usr-is-merged"]:  # a new root is made merged
            return ["usr-is-merged"]
        for name in choice:
            if name in have or have & set(self.providers.get(name, ())):
                return []
        for name in choice:
            if name in self.packages:
                return [name]
            if self.providers.get(name):
                return [self.providers[name][0]]
        return []

    def base(self) -> set[str]:
        """What debootstrap's minbase variant holds: required packages, apt, and what they need."""
        required = [name for name, package in self.packages.items() if package.required]
        return self.closure([*required, "apt"], set())

    def runtime(self, name: str, depth: int = 3) -> list[str]:
        """The packages that hold the shared libraries of a -dev package."""
        package = self.packages.get(name)
        if package is None or depth == 0:
            return []
        found = {each for each in package.pinned if self.is_library(each)}
        direct = [choice[0] for choice in package.depends]
        if not found:
            found = {
                each
                for each in direct
                if self.is_library(each) and self.packages[each].source == package.source
            }
        follow = [each for each in direct if each.endswith("dev") and each != "libc6-dev"]
        if found:  # what else the same source splits into
            follow = [each for each in follow if each in package.pinned]
        for each in [*follow, *(each for each in direct if each.endswith("-dev-compat"))]:
            found |= set(self.runtime(each, depth - 1))
        return sorted(found)

    def is_library(self, name: str) -> bool:
        """Whether a package holds a shared library and is not for building."""
        if name not in self.packages or name.endswith(("-dev", "-bin")):
            return False
        return name in self.shared or self.packages[name].section == "libs"


def names(text: str) -> list[list[str]]:
    """Split a Depends field into choices of bare names."""
    groups = [part for part in text.split(",") if part.strip()]
    return [[one.split()[0].split(":")[0] for one in group.split("|")] for group in groups]


def unpack(root: Path, release: Release, wanted: set[str]) -> None:
    """Read files from the packages themselves, where the mirror's lists of files are broken."""
    folder = root / "debs"
    folder.mkdir(exist_ok=True)
    there = {each.name.partition("_")[0] for each in folder.glob("*.deb")}
    missing = sorted(wanted - there)
    if missing:
        env = {"APT_CONFIG": str((root / "apt.conf").resolve()), "PATH": "/usr/bin:/bin"}
        subprocess.run(["apt-get", "download", *missing], env=env, cwd=folder, check=True)
    for deb in sorted(folder.glob("*.deb")):
        name = deb.name.partition("_")[0]
        listed = subprocess.run(
            ["dpkg-deb", "-c", str(deb)], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        for line in listed.splitlines():
            path = line.split()[5].removeprefix("./")
            if found := PROGRAM.match(f"{path} {name}"):
                release.programs[name].add(found[1])
            if found := LIBRARY.match(f"{path} {name}"):
                release.libraries[name].add(found[1])


def pinned(text: str) -> list[str]:
    """Packages that are needed in one exact version: those of the same source."""
    found = re.findall(r"([\w.+-]+)(?::\w+)? \(= ", text)
    return [str(name) for name in found]


def read(root: Path, suite: str) -> Release:
    """Fetch the lists of one release with apt, and read them."""
    prepare(root, suite)
    release = Release(suite)
    for record in apt(root, "apt-cache", "dumpavail").split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", record, re.MULTILINE))
        name = fields.get("Package")
        if name is None or name in release.packages:
            continue
        depends = ", ".join(filter(None, (fields.get("Pre-Depends"), fields.get("Depends"))))
        provides = [choice[0] for choice in names(fields.get("Provides", ""))]
        release.packages[name] = Package(
            name,
            (fields.get("Source") or name).split()[0],
            fields["Version"],
            names(depends),
            pinned(depends),
            names(fields.get("Recommends", "")),
            provides,
            fields.get("Priority") == "required" or fields.get("Essential") == "yes",
            fields.get("Section", ""),
        )
        for each in provides:
            release.providers[each].append(name)
    for line in contents(root):
        if found := PROGRAM.match(line):
            for place in found[2].split(","):
                release.programs[place.rpartition("/")[2]].add(found[1])
        if found := LIBRARY.match(line):
            for place in found[2].split(","):
                release.libraries[place.rpartition("/")[2]].add(found[1])
        if found := ANY_LIBRARY.match(line):
            release.shared |= {place.rpartition("/")[2] for place in found[1].split(",")}
    return release


def prepare(root: Path, suite: str) -> None:
    """Give apt a root of its own, with the lists of one release."""
    for folder in (
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "var/lib/apt/lists/partial",
        "var/lib/dpkg",
        "var/cache",
    ):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc/apt/sources.list").write_text(f"deb [signed-by={KEYS}] {_mirror()} {suite} main\n")
    conf = INDEX.format(root=root.resolve())
    (root / "apt.conf").write_text(conf)
    apt(root, "apt-get", "update")
    if not apt(root, "apt-cache", "dumpavail"):  # one broken file and apt takes none
        (root / "apt.conf").write_text(conf.partition("Acquire::IndexTargets")[0])
        apt(root, "apt-get", "update")


def apt(root: Path, *command: str) -> str:
    """Run an apt program in a root."""
    env = {"APT_CONFIG": str(root / "apt.conf"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=False, text=True)
    return done.stdout


def contents(root: Path) -> list[str]:
    """The lines of apt's lists of files."""
    found = sorted((root / "var/lib/apt/lists").glob("*Contents*"))
    helper = "/usr/lib/apt/apt-helper"
    return [
        line for each in found for line in apt(root, helper, "cat-file", str(each)).splitlines()
    ]


def stem(name: str) -> str:
    """A library's package name without what differs between releases."""
    return re.sub(r"[\d.+-]*(?:t64|v5|ldbl)?$", "", name)


def renamed(name: str, old: Release, new: Release) -> str | None:
    """The package of another release that holds the same library; None if that is not certain."""
    if name in new.packages:
        return name
    if f"{name}t64" in new.packages:
        return f"{name}t64"
    if name.endswith("t64") and name[:-3] in new.packages:
        return name[:-3]
    package = old.packages.get(name)
    if package is None:
        return None
    source = re.sub(r"[\d.]+$", "", package.source)
    found = [
        each.name
        for each in new.packages.values()
        if stem(each.name) == stem(name)
        and re.sub(r"[\d.]+$", "", each.source) == source
        and new.is_library(each.name)
    ]
    return found[0] if len(found) == 1 else None


def sonames(libraries: set[str]) -> list[str]:
    """The shortest names: a library's file is libx.so.1.2.3, what programs ask for libx.so.1."""
    return sorted(
        each for each in libraries if not any(each.startswith(f"{one}.") for one in libraries)
    )


def row(values: object) -> str:
    """A value as TOML."""
    if isinstance(values, str):
        return f'"{values}"'
    assert isinstance(values, list)
    return "[" + ", ".join(f'"{each}"' for each in values) + "]"


def inline(values: dict[str, object]) -> str:
    """A table in one line."""
    return "{ " + ", ".join(f'"{key}" = {row(value)}' for key, value in values.items()) + " }"


def main() -> None:
    """Write archive.toml."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--suites", default="bullseye,bookworm,trixie")
    arguments = parser.parse_args()
    debian = tomllib.loads((FACTS / "debian.toml").read_text())
    images = tomllib.loads((FACTS / "images.toml").read_text())
    releases = [read(arguments.work / suite, suite) for suite in arguments.suites.split(",")]
    lines = [
        "# Read from Debian's archive by bench/read_archive.py: do not edit. amd64, main.",
        *(f"# {each.name}: {len(each.packages)} packages" for each in releases),
        "",
        f'source = "{PAGE}"',
        "",
        *development(releases, debian["development"]["packages"]),
        *libraries(releases, debian),
        *recommended(releases, debian["programs"]["packages"]),
        *beside(releases, debian),
        *programs(releases, debian["programs"]),
        *layers(releases, images, arguments.work),
    ]
    (FACTS / "archive.toml").write_text("\n".join(lines) + "\n")


def development(releases: list[Release], wanted: list[str]) -> list[str]:
    """-dev packages, and the packages of their libraries in each release that has them."""
    lines = ["# -dev package -> release -> packages of its shared libraries", "[development]"]
    for name in sorted(wanted):
        found: dict[str, object] = {
            each.name: each.runtime(name) for each in releases if each.runtime(name)
        }
        if found:
            lines.append(f'"{name}" = {inline(found)}')
    return [*lines, ""]


def libraries(releases: list[Release], debian: dict[str, dict[str, list[str]]]) -> list[str]:
    """One row a library: its package in each release."""
    lines = ["# a library's package, as bookworm calls it -> its name in each release", "[library]"]
    middle = next(each for each in releases if each.name == "bookworm")
    wanted = set(debian["libraries"]["packages"])
    for name in debian["development"]["packages"]:
        wanted |= set(middle.runtime(name))
    for name in sorted(wanted & middle.packages.keys()):
        found: dict[str, object] = {}
        for each in releases:
            other = renamed(name, middle, each)
            if other is not None:
                found[each.name] = other
        lines.append(f'"{name}" = {inline(found)}')
    return [*lines, ""]


def recommended(releases: list[Release], wanted: list[str]) -> list[str]:
    """What a package recommends, the first of each choice."""
    lines = ["# package -> release -> what it recommends", "[recommends]"]
    for name in sorted(set(wanted)):
        found: dict[str, object] = {
            each.name: [" | ".join(choice) for choice in each.packages[name].recommends]
            for each in releases
            if name in each.packages
        }
        if found:
            lines.append(f'"{name}" = {inline(found)}')
    return [*lines, ""]


ENOUGH = 12  # more packages than these are as good as unknown


def beside(releases: list[Release], debian: dict[str, dict[str, list[str]]]) -> list[str]:
    """What an install adds to Debian's base only because it is recommended, by the package that is named.

    Recommended by the package itself or by any that comes with it. Of many only those that debian.toml
    calls `live` are kept, and an asterisk.
    """
    live = set(debian["beside"]["live"])
    wanted = set(debian["programs"]["packages"]) | set(debian["development"]["packages"])
    wanted |= set(debian["builds"]["tool"]) | set(debian["fetches"]["packages"])
    wanted |= set(debian["libraries"]["packages"]) | set(debian["beside"]["packages"])
    lines = ["# package -> release -> what apt installs only because it is recommended", "[beside]"]
    for name in sorted(wanted):
        found: dict[str, object] = {}
        for each in releases:
            if name in each.packages:
                base = each.base()
                more = each.closure([name], base, recommended=True) - each.closure([name], base)
                few = len(more) <= ENOUGH
                found[each.name] = sorted(more) if few else [*sorted(more & live), "*"]
        if found:
            lines.append(f'"{name}" = {inline(found)}')
    lines += ["", "# package -> release -> what it needs of that", "[needs]"]
    for name in sorted(wanted):
        found = {}
        for each in releases:
            needed = each.closure([name], each.base()) & live - {name}
            if needed:
                found[each.name] = sorted(needed)
        if found:
            lines.append(f'"{name}" = {inline(found)}')
    return [*lines, ""]


def programs(releases: list[Release], wanted: dict[str, list[str]]) -> list[str]:
    """Program -> the one package, of those asked about, that brings it in all releases."""
    brings: dict[str, set[str]] = defaultdict(set)
    for each in releases:
        for name in wanted["packages"]:
            for program in each.programs.get(name, ()):
                brings[program].add(name)
    lines = ["# program -> package", "[program]"]
    lines += [
        f'"{program}" = "{packages.pop()}"'
        for program, packages in sorted(brings.items())
        if len(packages) == 1 and program not in wanted["alternative"]
    ]
    return [*lines, ""]


Images = dict[str, dict[str, dict[str, object]]]


def layers(releases: list[Release], images: Images, work: Path) -> list[str]:
    """Programs and libraries of an image's own packages beside those of the image below it."""
    lines: list[str] = []
    for release in releases:
        base = release.base()
        found = {"debian": base}
        for family, facts in images["family"].items():
            variants = facts["variant"]
            assert isinstance(variants, dict)
            for name, variant in variants.items():
                if "packages" in variant:
                    below = base | installed(release, images, variant.get("on"), base)
                    found[f"{family}:{name}"] = release.closure(variant["packages"], below)
        if not release.shared:
            unpack(work / release.name, release, set().union(*found.values()))
        for name, packages in found.items():
            lines += layer(name, release, packages)
    return lines


def installed(release: Release, images: Images, name: str | None, base: set[str]) -> set[str]:
    """The packages of an image and of those below it, down to Debian's."""
    if name is None or name.startswith("debian:"):
        return set()
    variants = images["family"][name.partition(":")[0]]["variant"]
    assert isinstance(variants, dict)
    variant = variants[name.partition(":")[2]]
    below = installed(release, images, variant.get("on"), base)
    return below | release.closure(variant.get("packages", []), base | below)


def layer(name: str, release: Release, packages: set[str]) -> list[str]:
    """What some packages bring."""
    brought = {program for each in packages for program in release.programs.get(each, ())}
    shared = {library for each in packages for library in release.libraries.get(each, ())}
    return [
        f'[layer."{name}".{release.name}]',
        f"packages = {row(sorted(packages))}",
        f"programs = {row(sorted(brought))}",
        f"libraries = {row(sonames(shared))}",
        "",
    ]


if __name__ == "__main__":
    main()
