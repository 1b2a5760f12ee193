"""The judge of the corpus reads calls as a person would."""

from __future__ import annotations

import corpus_managers as managers
import pytest


@pytest.mark.parametrize(
    ("line", "manager", "fetches", "project", "explicit"),
    [
        ("npm ci --omit=dev", "npm", True, True, True),
        ("npm install -g pnpm", "npm", True, False, False),
        ("npm run build", "npm", False, False, False),
        ("yarn", "yarn", True, True, True),
        ("yarn --version", "yarn", False, False, False),
        ("yarn --cwd web install", "yarn", True, True, True),
        ("yarn build", "yarn", False, False, False),
        ("yarn add left-pad", "yarn", True, False, False),
        ("corepack pnpm i --frozen-lockfile", "pnpm", True, True, True),
        ("pnpm add -g turbo", "pnpm", True, False, False),
        ("python3 -m pip install -r requirements.txt", "pip", True, True, True),
        ("pip install flask", "pip", True, False, False),
        ("uv pip install --system -r requirements.txt", "uv", True, True, True),
        ("uv sync --frozen", "uv", True, True, True),
        ("uv pip list", "uv", False, False, False),
        ("poetry install --only main", "poetry", True, True, True),
        ("poetry config virtualenvs.create false", "poetry", False, False, False),
        ("conda env create -f environment.yml", "conda", True, True, True),
        ("go mod download", "go", True, True, True),
        ("go build ./...", "go", True, True, False),
        ("cargo build --release", "cargo", True, True, False),
        ("cargo install sqlx-cli", "cargo", True, False, False),
        ("./mvnw -B package", "maven", True, True, False),
        ("mvn -f app/pom.xml dependency:go-offline", "maven", True, True, True),
        ("mvn --version", "maven", False, False, False),
        ("sh ./gradlew bootJar", "gradle", True, True, False),
        ("dotnet restore Api.csproj", "dotnet", True, True, True),
        ("dotnet publish -c Release", "dotnet", True, True, False),
        ("bundle install --jobs 4", "bundler", True, True, True),
        ("bundle config set frozen true", "bundler", False, False, False),
        ("php composer.phar install --no-dev", "composer", True, True, True),
        ("mix deps.get --only prod", "mix", True, True, True),
        ("apt-get install -y curl", "apt", True, False, False),
        ("apt-get clean", "apt", False, False, False),
        ("apk add --no-cache curl", "apk", True, False, False),
        ("microdnf install -y git", "dnf", True, False, False),
        ("zypper -n in git", "zypper", True, False, False),
    ],
)
def test_a_call_is_read(line, manager, fetches, project, explicit):
    found = managers.manager_of(line.split())
    assert found is not None
    name, words = found
    assert name == manager
    assert managers.fetches(name, words) is fetches
    assert managers.for_project(name, words) is project
    assert managers.explicit(name, words) is explicit


@pytest.mark.parametrize(
    "line", ["ls -l", "make", "python app.py", "sh run.sh", "php artisan migrate"]
)
def test_other_commands_are_none_of_them(line):
    found = managers.manager_of(line.split())
    assert found is None or found[0] not in managers.BY_NAME
