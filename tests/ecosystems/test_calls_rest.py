"""What commands of .NET, Ruby, PHP and Elixir do."""

from __future__ import annotations

import pytest

from dfix.ecosystems import ecosystem_of, read_call
from dfix.ecosystems.calls import Call, Role

BASE = {"GEM_HOME": "/usr/local/bundle"}


def call(line: str) -> Call:
    found = read_call([None if word == "$X" else word for word in line.split()])
    assert found is not None, line
    return found


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("dotnet restore", Role.INSTALL),
        ("dotnet restore a/A.csproj -r linux-x64 --locked-mode", Role.INSTALL),
        ("dotnet build -c Release", Role.BUILD),
        ("dotnet publish -c $X -o /out /p:UseAppHost=false", Role.BUILD),
        ("dotnet test --no-build", Role.RUN),
        ("dotnet run", Role.RUN),
        ("dotnet tool install -g dotnet-ef", Role.ADD),
        ("dotnet tool install dotnet-ef", Role.CHANGE),
        ("dotnet tool restore", Role.FETCH),
        ("dotnet nuget locals all --clear", Role.CLEAN),
        ("dotnet nuget locals all --list", Role.CONFIG),
        ("dotnet nuget add source https://example.org/v3/index.json", Role.CONFIG),
        ("dotnet nuget add source https://example.org -n x --configfile nuget.config", Role.CHANGE),
        ("dotnet dev-certs https", Role.CONFIG),
        ("dotnet --info", Role.CONFIG),
        ("dotnet add package Serilog", Role.CHANGE),
        ("dotnet app.dll --urls http://+:80", Role.START),
        ("dotnet exec /app/app.dll", Role.START),
        ("dotnet /app/bin/Debug/netcoreapp2.0/app.dll", Role.RUN),
        ("dotnet paket restore", Role.RUN),
        ("msbuild /t:Build", Role.RUN),
        ("bundle install --jobs 4 --without development test", Role.INSTALL),
        ("bundle --jobs=4", Role.INSTALL),
        ("bundle", Role.INSTALL),
        ("bundle --version", Role.CONFIG),
        ("bundle config set --local deployment true", Role.CONFIG),
        ("bundle exec rake assets:precompile", Role.RUN),
        ("bundle update rails", Role.CHANGE),
        ("bundle frobnicate", Role.RUN),
        ("gem install rails -v 7 --no-document", Role.ADD),
        ("gem install -g Gemfile", Role.INSTALL),
        ("gem update --system", Role.ADD),
        ("gem sources --clear-all", Role.CONFIG),
        ("gem build a.gemspec", Role.RUN),
        ("composer install --no-dev -o", Role.INSTALL),
        ("composer i", Role.INSTALL),
        ("composer install --download-only", Role.CHANGE),
        ("php composer.phar install", Role.INSTALL),
        ("php -d memory_limit=-1 /usr/bin/composer install", Role.INSTALL),
        ("composer update", Role.CHANGE),
        ("composer require a/b", Role.CHANGE),
        ("composer global require a/b", Role.ADD),
        ("composer dump-autoload -o", Role.BUILD),
        ("composer clear-cache", Role.CLEAN),
        ("composer config -g repos.x composer https://example.org", Role.CONFIG),
        ("composer config platform.php 8.1", Role.CHANGE),
        ("composer run-script post-install-cmd", Role.RUN),
        ("composer lint", Role.RUN),
        ("composer self-update --2", Role.ADD),
        ("composer --version", Role.CONFIG),
        ("mix local.hex --force", Role.ADD),
        ("mix deps.get --only $X", Role.INSTALL),
        ("mix do deps.get, deps.compile", Role.INSTALL),
        ("mix do local.hex --force + deps.get + compile", Role.BUILD),
        ("mix do deps.get, ecto.migrate", Role.RUN),
        ("mix release", Role.BUILD),
        ("mix assets.deploy", Role.RUN),
        ("mix unknown.task", Role.RUN),
        ("mix", Role.RUN),
        ("rebar3 get-deps", Role.FETCH),
        ("rebar3 as prod release", Role.BUILD),
    ],
)
def test_what_a_command_is_for(line: str, role: Role) -> None:
    assert call(line).role is role


@pytest.mark.parametrize("line", ["php artisan migrate", "php", "php -v"])
def test_a_php_that_runs_something_else_is_no_call(line: str) -> None:
    assert read_call(line.split()) is None


@pytest.mark.parametrize(
    ("line", "env", "paths"),
    [
        ("dotnet restore", {}, ["~/.nuget/packages"]),
        ("dotnet restore", {"NUGET_PACKAGES": "/n"}, ["/n"]),
        ("dotnet restore --packages /p", {}, ["/p"]),
        ("dotnet publish", {}, ["~/.nuget/packages"]),
        ("dotnet publish --no-restore", {}, []),
        ("dotnet msbuild", {}, []),
        ("dotnet msbuild -t:Restore;Build", {}, ["~/.nuget/packages"]),
        ("dotnet msbuild /restore", {}, ["~/.nuget/packages"]),
        ("dotnet tool install -g x", {}, []),
        ("bundle install", BASE, ["/usr/local/bundle/cache"]),
        ("bundle install", {}, []),
        ("bundle install", {**BASE, "BUNDLE_PATH": "/gems"}, []),
        ("bundle install", {**BASE, "BUNDLE_DEPLOYMENT": "1"}, []),
        ("bundle install", {**BASE, "BUNDLE_DEPLOYMENT": "false"}, ["/usr/local/bundle/cache"]),
        ("bundle install --path vendor", BASE, []),
        ("bundle exec rake", BASE, []),
        ("gem install rails", {**BASE, "BUNDLE_PATH": "/gems"}, ["/usr/local/bundle/cache"]),
        ("gem install rails --user-install", BASE, []),
        ("composer install", {}, ["~/.composer/cache"]),
        ("composer install", {"COMPOSER_HOME": "/tmp"}, ["/tmp/cache"]),
        ("composer install", {"COMPOSER_HOME": "/tmp", "COMPOSER_CACHE_DIR": "/c"}, ["/c"]),
        ("composer install", {"COMPOSER_CACHE_DIR": "/dev/null"}, []),
        ("composer global require a/b", {}, []),
        ("composer global require a/b", {"COMPOSER_HOME": "/c"}, ["/c/cache"]),
        ("mix deps.get", {}, ["~/.hex/packages"]),
        ("mix deps.get", {"HEX_HOME": "/opt/hex"}, ["/opt/hex/packages"]),
        ("mix do local.hex --force, deps.get, compile", {}, ["~/.hex/packages"]),
        ("mix do compile, release", {}, []),
        ("mix deps.compile", {}, []),
        ("mix local.hex --force", {}, []),
    ],
)
def test_where_the_caches_are(line: str, env: dict[str, str | None], paths: list[str]) -> None:
    found = call(line)
    assert [cache.path for cache in ecosystem_of(found).caches(found, env)] == paths


@pytest.mark.parametrize(
    ("line", "offline"),
    [
        ("dotnet publish", False),
        ("dotnet publish --no-restore", True),
        ("dotnet publish --no-build", True),
        ("dotnet clean", True),
        ("bundle install --local", True),
        ("bundle install", False),
    ],
)
def test_who_must_find_everything(line: str, offline: bool) -> None:  # noqa: FBT001 - an expectation
    found = call(line)
    assert ecosystem_of(found).is_offline_reader(found, {}) is offline


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("bundle config set --local path vendor", {"BUNDLE_PATH": "vendor"}),
        ("bundle config path vendor", {"BUNDLE_PATH": "vendor"}),
        ("bundle config --global frozen 1", {"BUNDLE_FROZEN": "1"}),
        ("bundle config set without development test", {"BUNDLE_WITHOUT": "development test"}),
        ("bundle config build.pg --with-x", {"BUNDLE_BUILD__PG": "--with-x"}),
        ("bundle config set path $X", {"BUNDLE_PATH": None}),
        ("bundle config unset path", {}),
        ("bundle config list", {}),
        ("bundle install", {}),
    ],
)
def test_what_a_configuration_is_as_good_as(line: str, variables: dict[str, str | None]) -> None:
    found = call(line)
    assert ecosystem_of(found).sets(found) == variables


def test_a_value_that_does_not_matter_need_not_be_literal() -> None:
    assert call("dotnet build -c $X -v $X").unknown == ()
    assert call("dotnet build -o $X").unknown == ("a word that is not literal",)


def test_switches_of_msbuild_are_read_in_each_form() -> None:
    for word in ("-p:A=B", "/p:A=B", "--property:A=B", "/property:A=B"):
        assert call(f"dotnet publish {word} Web.csproj").files == ("Web.csproj",), word
    assert call("dotnet restore /src/Web.csproj").files == ("/src/Web.csproj",)


def test_restore_spells_force_as_framework_is_spelt_elsewhere() -> None:
    assert call("dotnet restore -f Web.csproj").files == ("Web.csproj",)
    assert call("dotnet build -f net8.0 Web.csproj").files == ("Web.csproj",)


def test_composer_in_another_folder() -> None:
    assert call("composer install -d api").directory == "api"
    assert call("composer --working-dir=api install").directory == "api"


def test_the_flag_that_defeats_the_cache_of_composer() -> None:
    assert call("composer install --no-cache").defeats_cache == (2,)
