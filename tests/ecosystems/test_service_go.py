"""What a Go program needs once it is built."""

from __future__ import annotations

import pytest

from dfix.ecosystems import read_call
from dfix.ecosystems.calls import Call
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.go.service import services
from dfix.ecosystems.service import Base, Did, Request, Started
from dfix.ecosystems.tree import MemoryTree

MOD = "module example.com/shop\n\ngo 1.22\n"
PATH = "/go/bin:/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"


def source(body="", *imports, head=""):
    lines = "\n".join(f'import "{name}"' for name in imports)
    return f"{head}package main\n\n{lines}\n\nfunc main() {{\n{body}\n}}\n"


PLAIN = {"go.mod": MOD, "main.go": source()}


def program(body, *imports, **more):
    return {"go.mod": MOD, "main.go": source(body, *imports), **more}


def ask(
    files=PLAIN, command="go build -o main .", *, starts=("./main",), env=None, libc="glibc",
    release=(1, 23), more=(), where="/app",
):  # fmt: skip
    did = []
    for number, text in enumerate((command, *more), 2):
        call = read_call([None if word == "?" else word for word in text.split()])
        assert isinstance(call, Call), text
        did.append(Did(call, where, {"PATH": PATH, **(env or {})}, f"Dockerfile:{number}"))
    started = tuple(
        Started(tuple(None if word == "?" else word for word in start.split()), "/app", "Dockerfile:9")
        for start in starts
    )  # fmt: skip
    base = Base("golang", release, libc, "full", tuple(PATH.split(":")))
    return services(Request(MemoryTree(files), "", "/app", tuple(did), started, base))


def served(*given, **named):
    found = ask(*given, **named)
    assert isinstance(found, Known), found
    return found.value


def slugs(*given, **named):
    return [each.slug for each in served(*given, **named).obstacles]


def paths(service):
    return sorted(live.path for live in service.live)


def test_the_binary_is_live_and_nothing_else():
    service = served()
    assert paths(service) == ["/app/main"]
    assert service.whole == ""
    assert service.obstacles == ()
    assert service.shape == "go: static binary"


@pytest.mark.parametrize(
    ("command", "start", "path"),
    [
        ("go build -o /bin/shop", "/bin/shop", "/bin/shop"),
        ("go build", "./shop", "/app/shop"),
        ("go build -o bin/ .", "bin/shop", "/app/bin/shop"),
        ("go install .", "shop", "/go/bin/shop"),
        ("go build -o /usr/local/bin/shop .", "shop --port 80", "/usr/local/bin/shop"),
        ("go build -ldflags '-s' -o out/a main.go", "/app/out/a", "/app/out/a"),
    ],
)
def test_where_the_binary_lies(command, start, path):
    service = served(PLAIN, command, starts=(start,))
    assert paths(service) == [path]
    assert [each.words[0] for each in service.claimed] == [start.split()[0]]


def test_several_binaries_are_live():
    files = {"go.mod": MOD, "cmd/a/main.go": source(), "cmd/b/main.go": source()}
    service = served(files, "go build -o bin/ ./cmd/...", starts=("bin/a", "bin/b"))
    assert paths(service) == ["/app/bin/a", "/app/bin/b"]


def test_only_what_is_started_is_live():
    files = {"go.mod": MOD, "cmd/a/main.go": source(), "cmd/b/main.go": source()}
    assert paths(served(files, "go build -o bin/ ./cmd/...", starts=("bin/a",))) == ["/app/bin/a"]


def test_commands_that_are_not_built_here_are_not_claimed():
    service = served(starts=("./main", "curl localhost"))
    assert [each.words for each in service.claimed] == [("./main",)]


@pytest.mark.parametrize(
    ("command", "start"),
    [("go build -o main .", "./other"), ("go vet ./...", "./main"), ("go build -o ? .", "./main"),
     ("go build -o main .", "?")],
)  # fmt: skip
def test_without_a_build_of_what_is_started_it_is_unknown(command, start):
    assert isinstance(ask(PLAIN, command, starts=(start,)), Unknown)


def test_without_a_module_it_is_unknown():
    assert isinstance(ask({"main.go": source()}), Unknown)


@pytest.mark.parametrize(
    ("named", "static", "assign"),
    [
        ({}, True, {"CGO_ENABLED": "0"}),
        ({"env": {"CGO_ENABLED": "0"}}, True, {}),
        ({"env": {"CGO_ENABLED": "1"}}, False, {}),
        ({"env": {"CGO_ENABLED": None}}, False, {}),
        ({"libc": "musl"}, True, {}),
        ({"libc": "musl", "release": (1, 19)}, True, {"CGO_ENABLED": "0"}),
        ({"command": "go build -race -o main ."}, False, {}),
        ({"command": "go build -ldflags=-linkmode=external -o main ."}, False, {}),
        ({"env": {"GOFLAGS": "-mod=vendor"}}, True, {"CGO_ENABLED": "0"}),
        ({"env": {"GOFLAGS": "-tags=sqlite -race"}}, False, {}),
        ({"env": {"GOFLAGS": None}}, False, {}),
    ],
)
def test_how_the_binary_is_linked(named, static, assign):
    service = served(**named)
    assert (service.static, dict(service.assign)) == (static, assign)


@pytest.mark.parametrize(
    "files",
    [
        {"go.mod": f"{MOD}\nrequire github.com/mattn/go-sqlite3 v1.14.0\n", "main.go": source()},
        {"go.mod": f"{MOD}\nrequire github.com/mattn/go-sqlite3 v1.14.0 // indirect\n", "main.go": source()},
        {"go.mod": MOD, "main.go": 'package main\n\n// int x;\nimport "C"\n\nfunc main() {}\n'},
    ],
)  # fmt: skip
def test_c_code_makes_it_dynamic(files):
    service = served(files)
    assert not service.static
    assert service.shape == "go: dynamic binary"
    assert service.evidence


def test_files_that_it_opens_are_live():
    files = program(
        'os.ReadFile("data/a.json")\ntemplate.ParseGlob("templates/*.html")\nos.Stat("/etc/hosts")',
        "os",
        "html/template",
        **{"data/a.json": "", "templates/a.html": "", "README.md": ""},
    )
    service = served(files)
    assert paths(service) == ["/app/data/a.json", "/app/main", "/app/templates"]
    assert service.shape == "go: static binary + files"


def test_a_file_that_git_ignores_may_lie_beside_the_sources_and_all_of_the_folder_is_live():
    assert served(program('os.ReadFile("local.json")', "os")).whole
    autoload = {"go.mod": MOD, "main.go": source("", "github.com/joho/godotenv/autoload")}
    assert ".env" in served(autoload).whole


def test_embedded_files_are_not_needed():
    files = {
        "go.mod": MOD,
        "main.go": 'package main\n\nimport "embed"\n\n//go:embed page.html\nvar page embed.FS\n\nfunc main() {}\n',
        "page.html": "",
    }
    assert paths(served(files)) == ["/app/main"]


def test_folders_in_which_it_writes_are_live_where_the_project_has_them():
    files = program('os.Create("uploads/a")\nos.Create("b")', "os", **{"uploads/.gitkeep": ""})
    assert paths(served(files)) == ["/app/main", "/app/uploads"]


@pytest.mark.parametrize("body", ["os.ReadFile(name)", 'os.ReadDir(".")'])
def test_all_of_the_folder_is_live_where_single_files_cannot_be_told(body):
    service = served(program(body, "os"))
    assert service.whole


def test_facts_of_the_sources():
    files = program(
        'exec.Command("git")\nexec.Command("sh", "-c", x)\nos.Getenv("TOKEN")\nhttp.Get("https://x")\ntime.LoadLocation("Asia/Seoul")',
        "os/exec", "os", "net/http", "time",
    )  # fmt: skip
    service = served(files)
    assert "git" in [name for name, _ in service.programs]
    assert service.shell
    assert service.certificates
    assert service.time_zones
    assert "TOKEN" in service.env_read


@pytest.mark.parametrize(
    ("files", "command", "slug"),
    [
        (program("exec.Command(name)", "os/exec"), "go build -o main .", "unknown-process"),
        (program('plugin.Open("a.so")', "plugin"), "go build -o main .", "unknown-library"),
        ({"go.mod": MOD, "main.go": "package main\n\nfunc main( {\n"}, "go build -o main .", "unknown-sources"),
        (
            {"go.mod": MOD, "main.go": 'package main\n\nimport _ "example.com/shop/gen"\n\nfunc main() {}\n'},
            "go build -o main .", "unknown-sources",
        ),
        (
            {"go.mod": f"{MOD}\nreplace example.com/x => ../x\n", "main.go": source()},
            "go build -o main .", "unknown-sources",
        ),
        (PLAIN, "go build -tags ? -o main .", "unknown-sources"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_an_obstacle(files, command, slug):
    assert slugs(files, command) == [slug]
