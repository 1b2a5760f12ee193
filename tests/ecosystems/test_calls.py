"""What commands do, as far as their words tell."""

from __future__ import annotations

import shlex

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import CacheKind, Call, Role


def call(line: str) -> Call:
    words = [None if word == "?" else word for word in shlex.split(line)]
    found = read_call(words)
    assert found is not None, line
    return found


@pytest.mark.parametrize(
    "line",
    [
        "ls",
        "python manage.py migrate",
        "corepack hello",
        "go",
        "",
    ],
)
def test_other_commands_are_not_read(line: str) -> None:
    assert read_call(shlex.split(line)) is None


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("npm ci", Role.INSTALL),
        ("npm clean-install --omit=dev", Role.INSTALL),
        ("npm i", Role.INSTALL),
        ("npm install --production", Role.INSTALL),
        ("npm --prefix client install", Role.INSTALL),
        ("corepack npm ci", Role.INSTALL),
        ("npm install express", Role.ADD),
        ("npm add -D typescript", Role.ADD),
        ("npm i -g pnpm", Role.ADD),
        ("npm install -g", Role.PROJECT),
        ("npm install -g ?", Role.ADD),
        ("npm install ?", Role.ADD),
        ("npm i -gf pnpm", Role.ADD),
        ("npm install --package-lock-only", Role.CHANGE),
        ("npm run build", Role.RUN),
        ("npm start", Role.RUN),
        ("npx tsc", Role.RUN),
        ("npm cache clean --force", Role.CLEAN),
        ("npm --force cache clean", Role.CLEAN),
        ("npm cache verify", Role.CONFIG),
        ("npm config set registry https://r.example.org", Role.CONFIG),
        ("npm --version", Role.CONFIG),
        ("npm prune --omit=dev", Role.PRUNE),
        ("npm update", Role.CHANGE),
        ("npm frobnicate", Role.RUN),
        ("pip install -r requirements.txt", Role.INSTALL),
        ("pip3 install -rrequirements.txt", Role.INSTALL),
        ("pip3.12 install -qr requirements.txt", Role.INSTALL),
        ("python -m pip install -r requirements.txt", Role.INSTALL),
        ("/usr/bin/python3 -u -m pip install --requirement=a.txt gunicorn", Role.INSTALL),
        ("pip install flask", Role.ADD),
        ("pip install --upgrade pip", Role.ADD),
        ("pip install ./dist/app.whl", Role.ADD),
        ("pip install git+https://github.com/x/y", Role.ADD),
        ("pip install .", Role.PROJECT),
        ("pip install .[dev]", Role.PROJECT),
        ("pip install -e .", Role.PROJECT),
        ("pip install -r requirements.txt -e ./lib", Role.PROJECT),
        ("pip wheel -r requirements.txt -w /wheels", Role.FETCH),
        ("pip cache purge", Role.CLEAN),
        ("pip list", Role.CONFIG),
        ("pip --version", Role.CONFIG),
        ("pip uninstall -y x", Role.CHANGE),
        ("go mod download", Role.FETCH),
        ("go mod download -x", Role.FETCH),
        ("go mod tidy", Role.CHANGE),
        ("go get -d -v ./...", Role.CHANGE),
        ("go build -o /app ./cmd/web", Role.BUILD),
        ("go install ./...", Role.BUILD),
        ("go install golang.org/x/tools/cmd/stringer@latest", Role.ADD),
        ("go run main.go", Role.RUN),
        ("go test ./... -v", Role.RUN),
        ("go clean -modcache", Role.CLEAN),
        ("go clean", Role.RUN),
        ("go version", Role.CONFIG),
        ("go frobnicate", Role.RUN),
    ],
)  # fmt: skip
def test_roles(line: str, role: Role) -> None:
    assert call(line).role is role


def test_npm_ci_enforces_the_lock_and_install_does_not() -> None:
    assert call("npm ci").locked
    assert not call("npm install").locked


@pytest.mark.parametrize(
    "line",
    [
        "npm ci --omit=dev",
        "npm ci --omit dev",
        "npm install --production",
        "npm ci --only=production",
        "npm i --prod",
    ],
)
def test_production_installs(line: str) -> None:
    assert call(line).production


@pytest.mark.parametrize(
    "line",
    [
        "npm ci",
        "npm install --production=false",
        "npm ci --omit=optional",
        "npm ci --omit=dev --include=dev",
    ],
)
def test_full_installs(line: str) -> None:
    assert not call(line).production


def test_a_flag_that_is_not_known_is_kept_for_the_reader() -> None:
    assert call("npm ci --frobnicate").unknown == ("--frobnicate",)
    assert call("pip install --frobnicate -r x.txt").unknown == ("--frobnicate",)
    assert call("go build --frobnicate").unknown == ("--frobnicate",)


def test_a_word_that_is_not_literal_is_not_understood() -> None:
    assert call("npm ci ?").unknown
    assert call("pip install -r ?").unknown
    assert call("npm ?").role is Role.RUN


def test_what_defeats_a_cache_is_pointed_at() -> None:
    assert call("pip install --no-cache-dir -r x.txt").defeats_cache == (2,)
    assert call("pip --no-cache-dir install flask").defeats_cache == (1,)
    assert call("python -m pip install flask --no-cache-dir").defeats_cache == (5,)


def test_files_and_packages_of_pip() -> None:
    found = call("pip install -r a.txt -c b.txt --find-links wheels gunicorn ./x.whl")
    assert found.files == ("a.txt", "b.txt", "wheels", "./x.whl")
    assert found.packages == ("gunicorn",)


def test_a_virtual_environment_called_by_its_path_is_written() -> None:
    assert call(".venv/bin/pip install flask").outputs == (".venv",)
    assert call("/usr/local/bin/pip install flask").outputs == ()


def test_npm_follows_its_prefix() -> None:
    assert call("npm --prefix web ci").directory == "web"
    assert call("npm ci -C web").directory == "web"
    assert call("npm install -g --prefix /opt x").directory == ""


def test_arguments_of_a_program_are_not_those_of_go_run() -> None:
    assert call("go run . --frobnicate").unknown == ()


def test_a_vendored_build_reads_no_store() -> None:
    found = call("go build -mod=vendor")
    assert not found.reads_store
    assert [cache.id for cache in ecosystem_of(found).caches(found)] == ["go-build"]


@pytest.mark.parametrize(
    ("line", "env", "paths"),
    [
        ("npm ci", {}, ["~/.npm"]),
        ("npm ci", {"npm_config_cache": "/cache"}, ["/cache"]),
        ("npm ci --cache /tmp/n", {"npm_config_cache": "/cache"}, ["/tmp/n"]),
        ("npm ci", {"npm_config_cache": None}, []),
        ("pip install x", {"XDG_CACHE_HOME": "/x"}, ["/x/pip"]),
        ("pip install x", {"XDG_CACHE_HOME": "/x", "PIP_CACHE_DIR": "/y"}, ["/y"]),
        ("go build", {}, ["~/go/pkg/mod", "~/.cache/go-build"]),
        ("go build", {"GOPATH": "/go"}, ["/go/pkg/mod", "~/.cache/go-build"]),
        ("go build", {"GOPATH": "/a:/b", "GOCACHE": "/c"}, ["/a/pkg/mod", "/c"]),
        ("go mod download", {"GOPATH": "/go", "GOMODCACHE": "/m"}, ["/m"]),
        ("npm run build", {}, []),
        ("pip list", {}, []),
    ],
)
def test_caches_lie_where_flags_and_variables_put_them(
    line: str, env: dict[str, str | None], paths: list[str]
) -> None:
    found = call(line)
    assert [cache.path for cache in ecosystem_of(found).caches(found, env)] == paths


def test_the_module_cache_is_a_store_and_the_others_only_save_time() -> None:
    kinds = {
        cache.id: cache.kind
        for line in ("npm ci", "pip install x", "go build")
        for cache in ecosystem_of(call(line)).caches(call(line))
    }
    assert kinds == {
        "npm": CacheKind.DOWNLOAD,
        "pip": CacheKind.DOWNLOAD,
        "go-mod": CacheKind.STORE,
        "go-build": CacheKind.DOWNLOAD,
    }


@pytest.mark.parametrize(
    ("env", "off"),
    [
        ({}, False),
        ({"PIP_NO_CACHE_DIR": ""}, False),
        ({"PIP_NO_CACHE_DIR": "0"}, True),
        ({"PIP_NO_CACHE_DIR": "1"}, True),
        ({"PIP_NO_CACHE_DIR": None}, True),
    ],
)
def test_pip_has_no_cache_while_a_variable_holds_anything(
    env: dict[str, str | None], *, off: bool
) -> None:
    assert (ecosystem_of("pip").cache_off(env) is not None) is off
    assert ecosystem_of("pip").disabling_variables == ("PIP_NO_CACHE_DIR",)


def test_offline_readers() -> None:
    go = ecosystem_of("go")
    assert go.is_offline_reader(call("go build"), {"GOPROXY": "off"})
    assert not go.is_offline_reader(
        call("go build"), {"GOPROXY": "https://proxy.golang.org,direct"}
    )
    assert ecosystem_of("npm").is_offline_reader(call("npm ci --offline"))
    assert ecosystem_of("pip").is_offline_reader(call("pip install --no-index -f wheels x"))


def test_what_runs_foreign_code_reads_any_variable() -> None:
    assert ecosystem_of("npm").reads_env(call("npm ci")) == ("*",)
    assert "*" not in ecosystem_of("npm").reads_env(call("npm ci --ignore-scripts"))
    assert "GO*" in ecosystem_of("go").reads_env(call("go build"))
    assert ecosystem_of("go").reads_env(call("go run .")) == ("*",)
    assert ecosystem_of("pip").reads_env(call("pip install .")) == ("*",)


def test_cleanups() -> None:
    assert ("cache", "purge") in ecosystem_of("pip").cleanups
    assert ("cache", "clean") in ecosystem_of("npm").cleanups
