"""Run-time facts of Go projects."""

from __future__ import annotations

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.go import output, runtime
from dfix.ecosystems.go.constraints import compiled
from dfix.ecosystems.go.gomod import parse_mod, parse_work
from dfix.ecosystems.runtime import Anchor, Mode, NeedKind
from dfix.ecosystems.tree import MemoryTree

MOD = "module example.com/shop\n\ngo 1.22\n"


def _project(files, directory="."):
    found = runtime.project(MemoryTree(files), directory)
    assert isinstance(found, Known), found
    return found.value


def _run(files, directory=".", **options):
    found = runtime.runs(MemoryTree(files), _project(files), directory, **options)
    assert isinstance(found, Known), found
    return found.value


def _facts(body, imports, **more):
    names = "\n".join(f'import "{name}"' for name in imports)
    files = {"go.mod": MOD, "main.go": f"package main\n\n{names}\n\n{body}", **more}
    return _run(files).facts


def _opened(facts, mode=Mode.READ):
    return [use.path for use in facts.opens if use.mode is mode]


def test_go_mod_is_read_with_blocks_comments_and_quotes():
    found = parse_mod(
        'module "example.com/a" // why\n'
        "go 1.22.1\ntoolchain go1.23.0\n"
        "require example.com/b v1.0.0\n"
        "require (\n\texample.com/c/v2 v2.1.0 // indirect\n\t`example.com/d` v0.1.0 // indirect; pinned\n)\n"
        "replace example.com/b => ../b\n"
        "replace example.com/d v0.1.0 => example.com/fork v0.2.0\n"
        "exclude example.com/b v0.9.0\nretract [v0.1.0, v0.2.0]\ntool example.com/b/cmd\n"
    )
    assert isinstance(found, Known)
    mod = found.value
    assert (mod.module, mod.go, mod.toolchain) == ("example.com/a", "1.22.1", "go1.23.0")
    assert [(r.path, r.indirect) for r in mod.requires] == [
        ("example.com/b", False),
        ("example.com/c/v2", True),
        ("example.com/d", True),
    ]
    assert mod.requires[1].source == "go.mod:6"
    assert [(r.old, r.new, r.local) for r in mod.replaces] == [
        ("example.com/b", "../b", True),
        ("example.com/d", "example.com/fork", False),
    ]
    assert mod.tools == ("example.com/b/cmd",)


@pytest.mark.parametrize(
    "text",
    [
        "go 1.22\n",
        "module a\nrequire (\n",
        'module "a\n',
        "module a\nrequire b\n",
        "module a\nfuture x\n",
    ],
)
def test_a_go_mod_of_another_form_is_unknown(text):
    assert isinstance(parse_mod(text), Unknown)


def test_go_work_names_its_modules():
    found = parse_work("go 1.22\n\nuse (\n\t./api\n\t./lib\n)\nuse .\n")
    assert isinstance(found, Known)
    assert found.value.uses == ("./api", "./lib", ".")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a.go", "package a", True),
        ("a_test.go", "package a", False),
        ("a_windows.go", "package a", False),
        ("a_linux.go", "package a", True),
        ("a_linux_arm64.go", "package a", None),
        ("linux.go", "package a", True),
        ("a.go", "//go:build ignore\n\npackage a", False),
        ("a.go", "//go:build !windows && (linux || darwin)\n\npackage a", True),
        ("a.go", "//go:build cgo\n\npackage a", None),
        ("a.go", "//go:build !cgo || ignore\n\npackage a", None),
        ("a.go", "//go:build integration\n\npackage a", False),
        ("a.go", "// +build windows darwin\n\npackage a", False),
        ("a.go", "// +build linux,!cgo\n\npackage a", None),
        ("a.go", "package a\n\n//go:build ignore\n", True),
    ],
)
def test_build_constraints_of_linux(name, text, value):
    assert compiled(name, text) is value


def test_tags_choose_files():
    assert compiled("a.go", "//go:build integration\n\npackage a", {"integration"}) is True


def test_main_packages_and_the_names_of_their_binaries():
    found = _project(
        {
            "go.mod": "module example.com/shop/v2\n",
            "main.go": "// Command shop.\npackage main\n",
            "cmd/worker/main.go": "/* long\n package x */\npackage main\n",
            "cmd/lib/lib.go": "package lib\n",
            "gen.go": "//go:build ignore\n\npackage main\n",
            "tools/gen.go": "//go:build ignore\n\npackage main\n",
            "vendor/x/main.go": "package main\n",
            "testdata/main.go": "package main\n",
            "_old/main.go": "package main\n",
            "other/go.mod": "module example.com/other\n",
            "other/main.go": "package main\n",
        }
    )
    assert [(m.directory, m.binary) for m in found.mains] == [
        (".", "shop"),
        ("cmd/worker", "worker"),
    ]


def test_modules_that_compile_c_are_named_even_when_indirect():
    found = _project(
        {
            "go.mod": f"{MOD}require github.com/mattn/go-sqlite3 v1.14.22 // indirect\n",
            "main.go": "package main\n",
        }
    )
    assert [(m.path, m.when, m.required) for m in found.cgo_modules] == [
        ("github.com/mattn/go-sqlite3", "always", "go.mod:4")
    ]


def test_a_major_version_of_a_module_is_the_same_module():
    found = _project(
        {
            "go.mod": f"{MOD}require github.com/confluentinc/confluent-kafka-go/v2 v2.3.0\n",
            "main.go": "package main\n",
        }
    )
    assert [m.path for m in found.cgo_modules] == ["github.com/confluentinc/confluent-kafka-go/v2"]


def test_import_c_counts_in_every_package_that_is_compiled_in():
    run = _run(
        {
            "go.mod": MOD,
            "main.go": 'package main\n\nimport "example.com/shop/internal/c"\n',
            "internal/c/c.go": 'package c\n\n// #include <math.h>\nimport "C"\n',
            "unused/u.go": 'package u\n\nimport "C"\n',
        }
    )
    assert run.cgo == ("internal/c/c.go:4",)
    assert run.packages == (".", "internal/c")


def test_embedded_files_are_patterns_relative_to_their_package():
    run = _run(
        {
            "go.mod": MOD,
            "main.go": 'package main\n\nimport "example.com/shop/web"\n',
            "web/web.go": 'package web\n\nimport "embed"\n\n//go:embed all:static "templates/*.html"\nvar files embed.FS\n',
        }
    )
    assert [(e.pattern, e.source) for e in run.embeds] == [
        ("static", "web/web.go:5"),
        ("templates/*.html", "web/web.go:5"),
    ]


@pytest.mark.parametrize(
    ("imports", "call", "paths"),
    [
        (["os"], 'os.ReadFile("config/app.yaml")', ["config/app.yaml"]),
        (["os"], "os.ReadFile(`a.txt`)", ["a.txt"]),
        (["os"], "os.Open(os.Args[1])", [None]),
        (["os"], 'os.Open("data/" + name)', [None]),
        (["os"], 'os.Open("data/" + "x")', ["data/x"]),
        (["os", "path/filepath"], 'os.Stat(filepath.Join("a", "..", "b", "c"))', ["b/c"]),
        (["html/template"], 'template.ParseFiles("a.html", "b.html")', ["a.html", "b.html"]),
        (["html/template"], 'template.New("x").ParseGlob("views/*.html")', ["views/*.html"]),
        (["net/http"], 'http.Handle("/", http.FileServer(http.Dir("./static")))', ["./static"]),
        (["net/http"], 'http.ServeFile(w, r, "index.html")', ["index.html"]),
        (["github.com/gin-gonic/gin"], 'r.LoadHTMLGlob("templates/*")', ["templates/*"]),
        (["github.com/gin-gonic/gin"], 'r.Static("/assets", "./assets")', ["./assets"]),
        (["github.com/labstack/echo/v4"], 'e.Static("/", "public")', ["public"]),
        (["github.com/joho/godotenv"], "godotenv.Load()", [".env"]),
        (
            ["github.com/golang-migrate/migrate/v4"],
            'migrate.New("file://migrations", dsn)',
            ["migrations"],
        ),
        (["github.com/golang-migrate/migrate/v4"], 'migrate.New("github://x/y", dsn)', []),
        (["os"], "f := os.Open", [None]),
    ],
)
def test_opened_paths(imports, call, paths):
    assert _opened(_facts(f"func main() {{\n\t{call}\n}}\n", imports)) == paths


def test_methods_count_only_beside_the_module_that_has_them():
    assert _opened(_facts('func main() {\n\tr.Static("/", "public")\n}\n', ["fmt"])) == []


def test_an_absolute_path_stands_by_itself():
    (use,) = _facts('func main() {\n\tos.Open("/etc/app.conf")\n}\n', ["os"]).opens
    assert (use.anchor, use.source, use.how) == (Anchor.ROOT, "main.go:6", "os.Open")


def test_files_that_are_created_are_writes():
    facts = _facts('func main() {\n\tos.MkdirAll("uploads", 0o755)\n}\n', ["os"])
    assert _opened(facts, Mode.WRITE) == ["uploads"]


def test_constants_are_followed_and_variables_that_change_are_not():
    facts = _facts(
        'const dir = "conf"\nvar file = dir + "/a.toml"\nvar other = "b"\n'
        'func main() {\n\tos.Open(file)\n\tother = os.Getenv("F")\n\tos.Open(other)\n}\n',
        ["os"],
    )
    assert _opened(facts) == ["conf/a.toml", None]


def test_a_parameter_hides_a_constant_of_its_name():
    facts = _facts('const path = "a"\nfunc read(path string) {\n\tos.Open(path)\n}\n', ["os"])
    assert _opened(facts) == [None]


def test_a_renamed_import_is_followed():
    files = {
        "go.mod": MOD,
        "main.go": 'package main\n\nimport system "os"\n\nfunc main() { system.Open("x") }\n',
    }
    assert _opened(_run(files).facts) == ["x"]


def test_a_dot_import_of_a_known_package_is_unknown():
    files = {
        "go.mod": MOD,
        "main.go": 'package main\n\nimport . "os"\n\nfunc main() { Open("x") }\n',
    }
    assert isinstance(runtime.runs(MemoryTree(files), _project(files), "."), Unknown)


def test_strings_that_name_files_of_the_project_are_mentions():
    facts = _facts(
        'func main() {\n\tload("templates/a.html")\n\tload("nothing/here")\n}\n',
        ["fmt"],
        **{"templates/a.html": ""},
    )
    assert _opened(facts, Mode.MENTION) == ["templates/a.html"]


def test_processes_name_their_program_or_none():
    facts = _facts(
        'func main() {\n\texec.Command("ffmpeg", "-i")\n\texec.CommandContext(ctx, "sh", "-c", x)\n\texec.Command(x)\n}\n',
        ["os/exec"],
    )
    assert [(s.program, s.shell) for s in facts.starts] == [
        ("ffmpeg", False),
        ("sh", True),
        (None, False),
    ]


def test_environment_and_ports():
    facts = _facts(
        'func main() {\n\tos.Getenv("DSN")\n\tos.Getenv(x)\n\thttp.ListenAndServe(":8080", nil)\n'
        '\ts := &http.Server{Addr: "0.0.0.0:9000"}\n\thttp.ListenAndServe(":"+port, nil)\n}\n',
        ["os", "net/http"],
    )
    assert [e.name for e in facts.env] == ["DSN", None]
    assert {p.port for p in facts.ports} == {8080, 9000, None}


@pytest.mark.parametrize(
    ("imports", "call", "kind"),
    [
        (["net/http"], 'http.Get("https://example.com")', NeedKind.CERTIFICATES),
        (["crypto/tls"], "c := &tls.Config{}", NeedKind.CERTIFICATES),
        (["time"], 'time.LoadLocation("Europe/Berlin")', NeedKind.TIME_ZONES),
        (["time"], "time.LoadLocation(name)", NeedKind.TIME_ZONES),
        (["os/user"], "user.Current()", NeedKind.USER_DATABASE),
        (["os"], 'os.CreateTemp("", "x")', NeedKind.TEMPORARY_DIRECTORY),
        (["runtime"], "runtime.Caller(0)", NeedKind.SOURCE_LOCATIONS),
        (["runtime/debug"], "debug.ReadBuildInfo()", NeedKind.BUILD_INFO),
        (["plugin"], "plugin.Open(p)", NeedKind.DYNAMIC_LOADING),
    ],
)
def test_needs(imports, call, kind):
    assert kind in {need.kind for need in _facts(f"func main() {{\n\t{call}\n}}\n", imports).needs}


@pytest.mark.parametrize(
    ("imports", "call"),
    [(["time"], 'time.LoadLocation("UTC")'), (["time", "time/tzdata"], "time.LoadLocation(x)")],
)
def test_time_zones_that_the_binary_holds_are_no_need(imports, call):
    facts = _facts(f"func main() {{\n\t{call}\n}}\n", imports)
    assert not facts.needing(NeedKind.TIME_ZONES)


def test_other_modules_may_need_certificates():
    facts = _facts("func main() {}\n", ["github.com/aws/aws-sdk-go-v2/config"])
    assert [need.sure for need in facts.needing(NeedKind.CERTIFICATES)] == [False]


def test_a_source_that_does_not_parse_is_unknown():
    files = {"go.mod": MOD, "main.go": "package main\n\nfunc main() {\n"}
    found = runtime.runs(MemoryTree(files), _project(files), ".")
    assert found == Unknown("main.go does not parse as Go")


def test_files_of_other_systems_and_tests_are_not_read():
    run = _run(
        {
            "go.mod": MOD,
            "main.go": "package main\n",
            "x_windows.go": "broken {",
            "main_test.go": "broken {",
        }
    )
    assert run.facts.sources == ("main.go",)


def test_packages_that_the_build_writes_are_named():
    run = _run({"go.mod": MOD, "main.go": 'package main\n\nimport "example.com/shop/proto"\n'})
    assert run.generated == ("proto",)


def test_workspaces_and_replacements_are_followed():
    files = {
        "go.work": "go 1.22\nuse ./api\nuse ./lib\n",
        "api/go.mod": "module example.com/api\nreplace example.com/x => ../x\nreplace example.com/y => ../../y\n",
        "api/main.go": 'package main\n\nimport (\n\t"example.com/lib/a"\n\t"example.com/x"\n)\n',
        "lib/go.mod": "module example.com/lib\n",
        "lib/a/a.go": 'package a\n\nimport "os"\n\nfunc A() { os.Open("a") }\n',
        "x/go.mod": "module example.com/x\n",
        "x/x.go": "package x\n",
    }
    found = _project(files, "api")
    assert found.workspace == "go.work"
    assert found.modules == {
        "example.com/api": "api",
        "example.com/lib": "lib",
        "example.com/x": "x",
    }
    assert found.outside == ("../y",)
    run = runtime.runs(MemoryTree(files), found, "api")
    assert isinstance(run, Known)
    assert run.value.packages == ("api", "lib/a", "x")
    assert _opened(run.value.facts) == ["a"]


def test_a_module_without_go_mod_is_unknown():
    assert isinstance(runtime.project(MemoryTree({"main.go": "package main\n"})), Unknown)


PROJECT = {
    "go.mod": MOD,
    "main.go": "package main\n",
    "cmd/api/main.go": "package main\n",
    "cmd/job/main.go": "package main\n",
    "lib/lib.go": "package lib\n",
}


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("go build", ["shop"]),
        ("go build .", ["shop"]),
        ("go build -v -o /app/server .", ["/app/server"]),
        ("go build -o=server ./cmd/api", ["server"]),
        ("go build -ldflags -s ./cmd/api", ["api"]),
        ("go build -o /usr/local/bin ./cmd/api", ["/usr/local/bin/api"]),
        ("go build -o /out/ ./cmd/...", ["/out/api", "/out/job"]),
        ("go build -o bin/ ./cmd/api ./cmd/job", ["bin/api", "bin/job"]),
        ("go build -o cmd ./cmd/api", ["cmd/api"]),
        ("go build ./...", []),
        ("go build main.go", ["main"]),
        ("go build -o app cmd/api/main.go", ["app"]),
        ("go build example.com/shop/cmd/job", ["job"]),
        ("go install ./cmd/api", ["/go/bin/api"]),
        ("go build -o /dev/null ./...", []),
    ],
)
def test_where_go_build_writes(command, paths):
    found = output.binary_of(_project(PROJECT), command.split(), bin_directory="/go/bin")
    assert isinstance(found, Known), found
    assert [binary.path for binary in found.value] == paths


@pytest.mark.parametrize(
    "words",
    [
        ["go", "build", "-o", None, "."],
        ["go", "build", None],
        ["go", "build", "./lib"],
        ["go", "build", "-o", "app", "./..."],
        ["go", "build", "-buildmode=plugin", "."],
        ["go", "build", "github.com/other/tool"],
        ["go", "-C", "x", "build"],
        ["go", "vet"],
    ],
)
def test_where_go_build_writes_is_unknown(words):
    assert isinstance(output.binary_of(_project(PROJECT), words), Unknown)


def test_a_directory_that_is_known_to_exist_takes_the_binary_by_name():
    found = output.binary_of(
        _project(PROJECT), ["go", "build", "-o", "/app", "./cmd/api"], existing={"/app"}
    )
    assert isinstance(found, Known)
    assert [binary.path for binary in found.value] == ["/app/api"]


def test_build_tags_are_read():
    assert output.flags_of(["-tags", "netgo,osusergo", "."]).tags() == Known(
        frozenset({"netgo", "osusergo"}), "-tags"
    )
    assert isinstance(output.flags_of(["-tags", None]).tags(), Unknown)
