"""How a Dockerfile is built: compose, bake, workflows, scripts, and the conclusion about its context."""

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.repository import dockerfiles, read
from dfix.ecosystems.tree import MemoryTree


def shown(files, dockerfile="Dockerfile"):
    return read(MemoryTree({"Dockerfile": "FROM scratch\n", **files}), dockerfile)


def ids(repository):
    return [builder.id for builder in repository.builders]


# nothing shown


def test_nothing_shown_means_the_folder_of_the_dockerfile():
    repository = shown({"app/Dockerfile": ""}, "app/Dockerfile")
    assert repository.builds == ()
    assert repository.builders == ()
    assert repository.context == Known("app", "the Dockerfile's folder: no build is shown")


def test_a_readme_shows_nothing():
    assert shown({"README.md": "docker build -f Dockerfile ..\n"}).builds == ()


def test_other_peoples_folders_show_nothing():
    assert shown({"node_modules/x/Makefile": "a:\n\tdocker build ../..\n"}).builds == ()


# compose


def test_compose_short_form():
    repository = shown({"docker-compose.yml": "services:\n  web:\n    build: .\n"})
    (build,) = repository.builds
    assert (build.context, build.dockerfile, build.target) == ("", "Dockerfile", None)
    assert build.source == "docker-compose.yml:3"
    assert repository.context == Known("", "docker-compose.yml:3")
    assert ids(repository) == []  # the file does not tell which builder reads it


def test_compose_long_form():
    repository = shown(
        {
            "deploy/compose.yaml": """\
services:
  web:
    image: ${REGISTRY:-docker.io}/me/web:${TAG:-latest}
    build:
      context: ..
      dockerfile: docker/Dockerfile
      target: production
      args:
        VERSION: ${VERSION:-1.2}
        TOKEN:
      additional_contexts:
        - shared=../lib
      cache_from: ["type=gha", "me/web:cache"]
      cache_to: ["type=registry,ref=x"]
      platforms: [linux/amd64, linux/arm64]
      secrets: [npm]
      ssh: [default]
""",
            "docker/Dockerfile": "",
        },
        "docker/Dockerfile",
    )
    (build,) = repository.builds
    assert build.context == ""
    assert build.target == "production"
    assert build.args == {"VERSION": "1.2", "TOKEN": None}
    assert build.additional_contexts == {"shared": "../lib"}
    assert build.cache_from == ("gha", "registry")
    assert build.cache_to == ("registry",)
    assert build.platforms == ("linux/amd64", "linux/arm64")
    assert build.secrets == ("npm",)
    assert build.ssh == ("default",)
    assert build.tags == ("docker.io/me/web:latest",)
    assert repository.targets == Known(("production",), "deploy/compose.yaml:4")


def test_compose_env_file_gives_values():
    repository = shown(
        {
            "compose.yml": "services:\n  web:\n    build:\n      dockerfile: $FILE\n      context: .\n",
            ".env": "FILE=Dockerfile.prod\n",
            "Dockerfile.prod": "",
        },
        "Dockerfile.prod",
    )
    assert len(repository.builds) == 1


def test_compose_variable_without_value_does_not_tell_the_file():
    files = {
        "compose.yml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: $FILE\n"
    }
    assert shown(files).builds == ()


def test_compose_fragment_inherits_the_build_it_is_merged_with():
    repository = shown(
        {
            "docker-compose.yml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: a/Dockerfile\n",
            "docker-compose.dev.yml": "services:\n  web:\n    build:\n      target: dev\n",
            "a/Dockerfile": "",
        },
        "a/Dockerfile",
    )
    assert repository.targets.value == (None, "dev")
    assert {build.context for build in repository.builds} == {""}


def test_compose_extends_another_file():
    repository = shown(
        {
            "compose.yml": "services:\n  web:\n    extends:\n      file: common/base.yml\n      service: base\n",
            "common/base.yml": "services:\n  base:\n    build: ./app\n    command: run\n",
            "common/app/Dockerfile": "",
        },
        "common/app/Dockerfile",
    )
    assert repository.context == Known("common/app", "common/base.yml:3")
    assert {o.value for o in repository.overrides} == {("run",)}


def test_compose_anchor_and_merge_key():
    repository = shown(
        {
            "compose.yml": """\
x-app: &app
  build:
    context: .
    target: app
services:
  web:
    <<: *app
    command: web
  worker:
    <<: *app
    command: worker
"""
        }
    )
    assert {build.target for build in repository.builds} == {"app"}
    assert [(o.value, o.target) for o in repository.overrides] == [
        (("web",), "app"),
        (("worker",), "app"),
    ]


def test_compose_of_version_one():
    repository = shown({"docker-compose.yml": "web:\n  build: .\n  command: python app.py\n"})
    assert len(repository.builds) == 1


def test_compose_inline_dockerfile_is_no_file():
    files = {"compose.yml": "services:\n  web:\n    build:\n      dockerfile_inline: FROM x\n"}
    assert shown(files).builds == ()


def test_compose_command_shows_the_builder_of_its_services():
    files = {
        "compose.yml": "services:\n  web:\n    build: .\n",
        "Makefile": "up:\n\tDOCKER_BUILDKIT=0 docker compose up --build\n",
        "run.sh": "docker-compose build\n",
    }
    assert sorted(ids(shown(files))) == ["docker-compose", "docker-legacy"]


def test_compose_command_with_a_file_shows_only_that_file():
    files = {
        "compose.yml": "services:\n  web:\n    build: .\n",
        "compose.dev.yml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: Dockerfile.dev\n",
        "Dockerfile.dev": "",
        "Makefile": "up:\n\tdocker compose -f compose.dev.yml build\n",
    }
    assert ids(shown(files, "Dockerfile.dev")) == ["compose"]
    assert ids(shown(files)) == []


# bake


def test_bake_target():
    repository = shown(
        {
            "docker-bake.hcl": """\
variable "TAG" { default = "1.0" }
group "default" { targets = ["web"] }
target "common" {
  args = { A = "1" }
  platforms = ["linux/amd64"]
}
target "web" {
  inherits = ["common"]
  context = "app"
  dockerfile = "docker/Dockerfile"
  target = "final"
  args = { B = TAG }
  tags = ["me/web:${TAG}"]
  cache-from = ["type=gha"]
  contexts = { base = "target:other" }
  secret = ["id=npm"]
}
""",
            "app/docker/Dockerfile": "",
        },
        "app/docker/Dockerfile",
    )
    (build,) = repository.builds
    assert (build.context, build.target, build.builder) == ("app", "final", "buildx")
    assert build.args == {"A": "1", "B": "1.0"}
    assert build.tags == ("me/web:1.0",)
    assert build.platforms == ("linux/amd64",)
    assert build.additional_contexts == {"base": "target:other"}
    assert build.source == "docker-bake.hcl:7"


def test_bake_json():
    files = {
        "docker-bake.json": '{"target": {"web": {"dockerfile": "Dockerfile", "tags": ["me/x"]}}}'
    }
    (build,) = shown(files).builds
    assert build.tags == ("me/x",)


def test_bake_target_that_another_builds_on_is_for_others():
    files = {
        "docker-bake.hcl": 'target "base" { dockerfile = "Dockerfile" }\n'
        'target "web" {\n dockerfile = "Dockerfile.web"\n contexts = { base = "target:base" }\n}\n',
        "Dockerfile.web": "FROM base\n",
    }
    (consumer,) = shown(files).consumers
    assert consumer.what == "the build context base of the target web"


def test_bake_file_that_does_not_parse_leaves_a_note():
    (note,) = shown({"docker-bake.hcl": "target {{{"}).notes
    assert note.why == "not valid HCL"


# workflows


WORKFLOW = """\
on: push
env:
  IMAGE: ghcr.io/me/web
jobs:
  build:
    strategy:
      matrix:
        include:
          - {context: web, file: web/Dockerfile}
          - {context: api, file: api/Dockerfile}
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with:
          context: ${{ matrix.context }}
          file: ${{ matrix.file }}
          target: final
          platforms: linux/amd64,linux/arm64
          build-args: |
            A=1
            B=${{ github.sha }}
          cache-from: type=gha
          cache-to: type=gha,mode=max
          tags: ${{ env.IMAGE }}:latest
"""


def test_workflow_matrix_builds_each_file_with_its_context():
    files = {".github/workflows/a.yml": WORKFLOW, "web/Dockerfile": "", "api/Dockerfile": ""}
    for folder in ("web", "api"):
        repository = shown(files, f"{folder}/Dockerfile")
        assert repository.context == Known(folder, ".github/workflows/a.yml:13")
        (build,) = repository.builds
        assert build.builder == "buildx"
        assert build.args == {"A": "1", "B": None}
        assert build.platforms == ("linux/amd64", "linux/arm64")
        assert build.tags == ("ghcr.io/me/web:latest",)
        assert repository.ephemeral_cache is not None
        assert repository.ephemeral_cache.type == "gha"


def test_workflow_without_a_context_builds_the_root():
    files = {
        ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
    }
    assert shown(files).context == Known("", ".github/workflows/a.yml:4")


def test_workflow_git_context_in_a_folder():
    files = {
        ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
        '        with:\n          context: "{{defaultContext}}:sub"\n',
        "sub/Dockerfile": "",
    }
    assert shown(files, "sub/Dockerfile").context == Known("sub", ".github/workflows/a.yml:4")


def test_workflow_checkout_path_is_the_root():
    files = {
        ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - uses: actions/checkout@v4\n"
        "        with: {path: src}\n      - uses: docker/build-push-action@v6\n        with: {context: src/app}\n",
        "app/Dockerfile": "",
    }
    assert shown(files, "app/Dockerfile").context == Known("app", ".github/workflows/a.yml:6")


def test_workflow_run_step_with_its_folder_and_environment():
    files = {
        ".github/workflows/a.yml": """\
env: {DOCKER_BUILDKIT: 0}
jobs:
  b:
    defaults: {run: {working-directory: app}}
    steps:
      - run: |
          echo first
          docker build \\
            -t me/app:$GITHUB_SHA .
""",
        "app/Dockerfile": "",
    }
    (build,) = shown(files, "app/Dockerfile").builds
    assert (build.context, build.builder, build.ephemeral) == ("app", "docker-legacy", True)
    assert build.source == ".github/workflows/a.yml:8"


def test_workflow_context_that_is_not_literal_is_unknown():
    files = {
        ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
        "        with: {context: '${{ inputs.where }}', file: Dockerfile}\n"
    }
    context = shown(files).context
    assert isinstance(context, Unknown)
    assert "not literal" in context.why


def test_workflow_context_that_the_workflow_makes_is_unknown():
    files = {
        ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
        "        with: {context: dist, file: Dockerfile}\n"
    }
    assert isinstance(shown(files).context, Unknown)


def test_docker_action_is_built_in_its_folder_and_started_as_root():
    files = {
        "tool/action.yml": "runs:\n  using: docker\n  image: Dockerfile\n  args: ['a']\n",
        "tool/Dockerfile": "",
    }
    repository = shown(files, "tool/Dockerfile")
    assert repository.context == Known("tool", "tool/action.yml:3")
    assert ("user", "root") in [(o.kind, o.value) for o in repository.overrides]
    assert ("command", ("a",)) in [(o.kind, o.value) for o in repository.overrides]


# scripts


def test_script_with_continuation_lines_and_quotes():
    files = {
        "scripts/build.sh": """\
#!/bin/bash
set -e
FILE=docker/Dockerfile
# docker build -f Dockerfile nothing
docker build \\
  --build-arg "A=b c" \\
  -f "$FILE" --target=final \\
  -t me/app:latest -t "me/app:${VERSION:-dev}" \\
  .
""",
        "docker/Dockerfile": "",
    }
    (build,) = shown(files, "docker/Dockerfile").builds
    assert (build.context, build.target, build.builder) == ("", "final", "docker")
    assert build.args == {"A": "b c"}
    assert build.tags == ("me/app:latest", "me/app:dev")
    assert build.source == "scripts/build.sh:5"


def test_script_that_goes_to_its_own_folder():
    files = {
        "deploy/web/build.sh": 'cd "$(dirname "$0")/.."\ndocker build -t web -f web/Dockerfile ../src\n',
        "deploy/web/Dockerfile": "",
        "src/x": "",
    }
    assert shown(files, "deploy/web/Dockerfile").context == Known("src", "deploy/web/build.sh:2")


def test_script_folder_in_a_variable():
    files = {
        "ci/build.sh": 'HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\n'
        'docker build -f "$HERE/Dockerfile" "$HERE/.."\n',
        "ci/Dockerfile": "",
    }
    assert shown(files, "ci/Dockerfile").context == Known("", "ci/build.sh:2")


def test_script_whose_variable_has_two_values_does_not_tell():
    files = {
        "a.sh": "if x; then F=Dockerfile; else F=Dockerfile.dev; fi\ndocker build -f $F .\n",
        "Dockerfile.dev": "",
    }
    repository = shown(files)
    assert repository.builds == ()
    assert ids(repository) == ["docker"]  # but some file is built like this


def test_subshell_gives_the_folder_back():
    files = {
        "a.sh": "(cd app && docker build .)\ndocker build .\n",
        "app/Dockerfile": "",
    }
    assert shown(files).context == Known("", "a.sh:2")
    assert shown(files, "app/Dockerfile").context == Known("app", "a.sh:1")


def test_heredoc_bodies_are_not_commands():
    assert shown({"a.sh": "cat <<EOF\ndocker build .\nEOF\n"}).builds == ()


def test_standard_input_has_no_context():
    context = shown({"a.sh": "docker build -t x - < Dockerfile\n"}).context
    assert isinstance(context, Unknown)
    assert "standard input" in context.why


def test_remote_context_is_no_build_of_this_repository():
    assert shown({"a.sh": "docker build https://github.com/x/y.git\n"}).builds == ()


def test_makefile_variables_and_recipes():
    files = {
        "Makefile": """\
IMAGE ?= me/app
TAG := $(shell git rev-parse HEAD)
export DOCKER_BUILDKIT = 1

build: ; @docker build -t $(IMAGE):$(TAG) -f $(CURDIR)/Dockerfile .
sub:
\tcd app && \\
\t  docker build -t $(IMAGE)-sub .
""",
        "app/Dockerfile": "",
    }
    (build,) = shown(files).builds
    assert (build.context, build.builder, build.source) == ("", "buildkit", "Makefile:5")
    assert build.tags[0].startswith("me/app:")
    (build,) = shown(files, "app/Dockerfile").builds
    assert (build.context, build.source) == ("app", "Makefile:8")


def test_package_json_scripts():
    files = {
        "web/package.json": '{\n "scripts": {\n  "image": "docker buildx build -t web ."\n }\n}\n',
        "web/Dockerfile": "",
    }
    (build,) = shown(files, "web/Dockerfile").builds
    assert (build.context, build.builder, build.source) == ("web", "buildx", "web/package.json:3")


def test_other_builders_on_the_command_line():
    commands = {
        "podman build -t x .": "podman",
        "buildah bud -f Dockerfile .": "buildah",
        "/kaniko/executor --context dir:///workspace --dockerfile Dockerfile --destination x": "kaniko",
        "az acr build -r reg -t x .": "acr",
        "gcloud builds submit --tag gcr.io/p/x .": "cloudbuild-docker",
        "gcloud run deploy x --source . --region europe-west1": "cloud-run",
        "gcloud beta run deploy x --region=europe-west1 --source=.": "cloud-run",
        "buildctl build --frontend dockerfile.v0 --local context=. --local dockerfile=.": "buildkit",
        "nerdctl build .": "nerdctl",
        "flyctl deploy": "fly",
        "depot build -t x .": "depot",
        "DOCKER_BUILDKIT=1 docker build .": "buildkit",
        "sudo docker image build .": "docker",
        "docker --context remote build .": "docker",
    }
    for command, builder in commands.items():
        repository = shown({"a.sh": command + "\n"})
        assert ids(repository) == [builder], command
        assert repository.context == Known("", "a.sh:1"), command


def test_cloud_run_builds_only_from_source():
    repository = shown({"a.sh": "gcloud run deploy x --image gcr.io/p/x\n"})
    assert ids(repository) == []
    steps = """jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: google-github-actions/deploy-cloudrun@v2
        with:
          service: x
          source: ./
      - uses: google-github-actions/deploy-cloudrun@v2
        with:
          service: y
          image: gcr.io/p/y
"""
    (build,) = shown({".github/workflows/a.yml": steps}).builds
    assert (build.context, build.builder) == ("", "cloud-run")


# conclusions


def test_two_contexts_are_unknown_and_both_are_named():
    repository = shown(
        {"a.sh": "docker build -f app/Dockerfile .\ndocker build app\n", "app/Dockerfile": ""},
        "app/Dockerfile",
    )
    assert isinstance(repository.context, Unknown)
    assert (
        repository.context.why
        == "the file is built with different contexts: . (a.sh:1) and app (a.sh:2)"
    )
    assert [build.context for build in repository.two_contexts] == ["", "app"]


def test_a_target_that_is_not_literal_is_unknown():
    assert isinstance(shown({"a.sh": "docker build --target $T .\n"}).targets, Unknown)


def test_dockerfiles_of_one_context():
    files = {
        "a.sh": "docker build -f docker/web .\ndocker build .\n",
        "docker/web": "",
        "docker/Dockerfile.other": "",
        "app/Dockerfile": "",
        "b.sh": "docker build app\n",
    }
    repository = shown(files)
    # docker/Dockerfile.other: nothing builds it, and it may be built from here
    assert repository.other_dockerfiles("") == ("docker/Dockerfile.other", "docker/web")
    assert "docker/web" in dockerfiles(MemoryTree(files))


def test_names_that_are_no_dockerfiles():
    files = dict.fromkeys(("Dockerfile.dockerignore", "Dockerfile.md", "dockerfile_test.go"), "")
    assert dockerfiles(MemoryTree(files)) == ()


def test_reusable_workflow_is_read_with_the_inputs_of_its_callers():
    files = {
        ".github/workflows/build.yml": "on: {workflow_call: {inputs: {where: {type: string, default: web}}}}\n"
        "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {context: '${{ inputs.where }}'}\n",
        ".github/workflows/ci.yml": "jobs:\n  api:\n    strategy: {matrix: {name: [api, cli]}}\n"
        "    uses: ./.github/workflows/build.yml\n    with: {where: '${{ matrix.name }}'}\n",
        "web/Dockerfile": "",
        "api/Dockerfile": "",
        "cli/Dockerfile": "",
    }
    assert shown(files, "api/Dockerfile").context == Known("api", ".github/workflows/build.yml:5")
    assert shown(files, "cli/Dockerfile").context == Known("cli", ".github/workflows/build.yml:5")
    assert shown(files, "web/Dockerfile").builds == ()


def test_composite_action_is_read_with_the_inputs_of_its_callers():
    files = {
        ".github/actions/image/action.yml": "inputs: {dir: {required: true}}\nruns:\n  using: composite\n  steps:\n"
        "    - run: docker build ${{ inputs.dir }}\n",
        ".github/workflows/ci.yml": "jobs:\n  b:\n    steps:\n      - uses: ./.github/actions/image\n        with: {dir: api}\n",
        "api/Dockerfile": "",
    }
    assert shown(files, "api/Dockerfile").context == Known(
        "api", ".github/actions/image/action.yml:5"
    )


def test_compose_include_reads_files_of_any_name():
    files = {
        "compose.yml": "include: [infra/stack-a.yml]\n",
        "infra/stack-a.yml": "services: {a: {build: ../app}}\n",
        "app/Dockerfile": "",
    }
    assert shown(files, "app/Dockerfile").context == Known("app", "infra/stack-a.yml:1")


def test_compose_file_of_another_name_is_known_by_what_it_says():
    files = {
        "local.yml": "services:\n  web:\n    build:\n      context: .\n      dockerfile: ./docker/Dockerfile\n",
        "docker/Dockerfile": "",
    }
    assert shown(files, "docker/Dockerfile").context == Known("", "local.yml:3")


def test_compose_command_without_a_file_reads_the_standard_names_only():
    files = {
        "docker-compose.yml": "services:\n  web:\n    build: .\n",
        "docker-compose-dev.yml": "services:\n  web:\n    build: {context: ., dockerfile: Dockerfile.dev}\n",
        "Dockerfile.dev": "",
        "start.sh": "docker compose up --build\n",
    }
    assert ids(shown(files)) == ["compose"]
    assert ids(shown(files, "Dockerfile.dev")) == []
