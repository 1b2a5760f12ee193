"""Builds that CI systems, hosting platforms and cluster tools show, each by its own file."""

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.repository import read
from dfix.ecosystems.tree import MemoryTree


def shown(files, dockerfile="Dockerfile"):
    return read(MemoryTree({"Dockerfile": "FROM scratch\n", **files}), dockerfile)


# path of the source, its text, the Dockerfile, (builder, context, target)
SOURCES = [
    (
        ".gitlab-ci.yml",
        (
            "variables:\n  DOCKER_BUILDKIT: '0'\nbuild:\n  image: docker:27\n  before_script:\n    - cd app\n"
            "  script:\n    - docker login\n    - docker build -t $CI_REGISTRY_IMAGE:latest .\n"
        ),
        "app/Dockerfile",
        ("docker-legacy", "app", None),
    ),
    (
        ".gitlab-ci.yml",
        (
            "build:\n  image: {name: gcr.io/kaniko-project/executor:debug, entrypoint: ['']}\n  script:\n"
            '    - /kaniko/executor --context "${CI_PROJECT_DIR}/app" --dockerfile "${CI_PROJECT_DIR}/app/Dockerfile"'
            " --destination $CI_REGISTRY_IMAGE\n"
        ),
        "app/Dockerfile",
        ("kaniko", "app", None),
    ),
    (
        ".circleci/config.yml",
        (
            "jobs:\n  b:\n    docker: [{image: cimg/base:2024}]\n    steps:\n      - checkout\n"
            "      - run:\n          command: docker build --target prod .\n"
        ),
        "Dockerfile",
        ("docker", "", "prod"),
    ),
    (
        ".circleci/config.yml",
        "workflows:\n  w:\n    jobs:\n      - docker/publish: {image: me/x, path: app, docker-context: app}\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "azure-pipelines.yml",
        (
            "variables: {dockerfilePath: $(Build.SourcesDirectory)/app/Dockerfile}\nsteps:\n- task: Docker@2\n  inputs:\n"
            "    command: buildAndPush\n    repository: me/x\n    dockerfile: $(dockerfilePath)\n"
        ),
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "azure-pipelines.yml",
        "steps:\n- script: docker build -f app/Dockerfile $(Build.SourcesDirectory)\n",
        "app/Dockerfile",
        ("docker", "", None),
    ),
    (
        "cloudbuild.yaml",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, gcr.io/$PROJECT_ID/x, -f, app/Dockerfile, .]\n",
        "app/Dockerfile",
        ("cloudbuild-docker", "", None),
    ),
    (
        "cloudbuild.yaml",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  env: [DOCKER_BUILDKIT=1]\n  dir: app\n  args: [build, .]\n",
        "app/Dockerfile",
        ("buildkit", "app", None),
    ),
    (
        "cloudbuild.yaml",
        "steps:\n- name: gcr.io/cloud-builders/docker\n  entrypoint: bash\n  args:\n  - -c\n  - |\n    docker build \\\n      app\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "cloudbuild.yaml",
        "steps:\n- name: gcr.io/kaniko-project/executor:latest\n  args: [--destination=x, --context=dir:///workspace/app]\n",
        "app/Dockerfile",
        ("kaniko", "app", None),
    ),
    (
        "Jenkinsfile",
        "pipeline {\n stages { stage('b') { steps {\n  dir('app') {\n   sh '''\n docker build -t x \\\n --target t .\n'''\n } } } }\n}\n",
        "app/Dockerfile",
        ("docker", "app", "t"),
    ),
    (
        "Jenkinsfile",
        'node { docker.build("me/x", "-f app/Dockerfile .") }\n',
        "app/Dockerfile",
        ("docker", "", None),
    ),
    (".travis.yml", "script:\n  - docker build app\n", "app/Dockerfile", ("docker", "app", None)),
    (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n    - step:\n        script:\n          - docker build app\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        ".drone.yml",
        "steps:\n- name: p\n  image: plugins/docker\n  settings: {repo: me/x, dockerfile: app/Dockerfile, target: t}\n",
        "app/Dockerfile",
        ("drone-docker", "", "t"),
    ),
    (
        "buildspec.yml",
        "phases:\n  build:\n    commands:\n      - docker build app\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "app/Taskfile.yml",
        "vars: {NAME: x}\ntasks:\n  b:\n    cmds:\n      - docker build -t {{.NAME}} .\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "justfile",
        "name := 'x'\nbuild:\n    docker build -t {{name}} app\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "skaffold.yaml",
        "build:\n  artifacts:\n  - image: x\n    context: app\n    docker: {dockerfile: d/Dockerfile, target: t}\n",
        "app/d/Dockerfile",
        ("skaffold-docker", "app", "t"),
    ),
    (
        "skaffold.yaml",
        "build:\n  artifacts:\n  - image: x\n    context: app\n    kaniko: {}\n  cluster: {}\n",
        "app/Dockerfile",
        ("kaniko", "app", None),
    ),
    (
        "tekton/task.yaml",
        (
            "apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - image: gcr.io/kaniko-project/executor\n"
            "    args: [--context=$(workspaces.source.path)/app, --destination=x]\n"
        ),
        "app/Dockerfile",
        ("kaniko", "app", None),
    ),
    (
        "tekton/pipeline.yaml",
        (
            "apiVersion: tekton.dev/v1\nkind: Pipeline\nspec:\n  tasks:\n  - taskRef: {name: buildah}\n    params:\n"
            "    - {name: CONTEXT, value: app}\n    - {name: IMAGE, value: x}\n"
        ),
        "app/Dockerfile",
        ("buildah", "app", None),
    ),
    (
        "openshift.yaml",
        "kind: BuildConfig\napiVersion: v1\nspec:\n  source: {contextDir: app}\n  strategy:\n    dockerStrategy: {}\n",
        "app/Dockerfile",
        ("buildah", "app", None),
    ),
    (
        "Tiltfile",
        "docker_build('me/x', './app', target='t')\n",
        "app/Dockerfile",
        ("buildkit", "app", "t"),
    ),
    (
        "heroku.yml",
        "build:\n  docker:\n    web: app/Dockerfile\n",
        "app/Dockerfile",
        ("heroku", "app", None),
    ),
    (
        "railway.json",
        '{"build": {"builder": "DOCKERFILE", "dockerfilePath": "app/Dockerfile"}}',
        "app/Dockerfile",
        ("railway", "", None),
    ),
    (
        "railway.toml",
        '[build]\ndockerfilePath = "app/Dockerfile"\n',
        "app/Dockerfile",
        ("railway", "", None),
    ),
    (
        "fly.toml",
        '[build]\ndockerfile = "app/Dockerfile"\nbuild-target = "t"\n',
        "app/Dockerfile",
        ("fly", "", "t"),
    ),
    (
        "render.yaml",
        "services:\n- type: web\n  runtime: docker\n  dockerfilePath: app/Dockerfile\n  dockerContext: app\n",
        "app/Dockerfile",
        ("render", "app", None),
    ),
    (
        ".do/app.yaml",
        "services:\n- name: w\n  source_dir: app\n  dockerfile_path: app/Dockerfile\n",
        "app/Dockerfile",
        ("digitalocean", "app", None),
    ),
    (
        "copilot/w/manifest.yml",
        "type: Backend Service\nimage:\n  build: app/Dockerfile\n",
        "app/Dockerfile",
        ("docker", "app", None),
    ),
    (
        "config/deploy.yml",
        "service: w\nimage: me/w\nbuilder:\n  context: app\n  dockerfile: app/Dockerfile\n  target: t\n",
        "app/Dockerfile",
        ("buildx", "app", "t"),
    ),
    (
        "captain-definition",
        '{"schemaVersion": 2, "dockerfilePath": "./app/Dockerfile"}',
        "app/Dockerfile",
        ("caprover", "", None),
    ),
    (
        "template.yaml",
        "Resources:\n  F:\n    Metadata:\n      DockerContext: ./app\n      Dockerfile: Dockerfile\n",
        "app/Dockerfile",
        ("docker-legacy", "app", None),
    ),
    (
        ".devcontainer/devcontainer.json",
        '{\n // the image\n "build": {"dockerfile": "../app/Dockerfile", "context": "..", "target": "dev",},\n}\n',
        "app/Dockerfile",
        ("buildx", "", "dev"),
    ),
]


@pytest.mark.parametrize(("path", "text", "dockerfile", "expected"), SOURCES)
def test_source_tells_builder_context_and_target(path, text, dockerfile, expected):
    repository = shown({path: text, dockerfile: ""}, dockerfile)
    (build,) = {(use.builder, use.context, use.target): use for use in repository.builds}.values()
    assert (build.builder, build.context, build.target) == expected
    assert build.source.startswith(path)


@pytest.mark.parametrize(("path", "text", "dockerfile", "expected"), SOURCES)
def test_source_shows_nothing_of_a_file_that_it_does_not_build(path, text, dockerfile, expected):
    del expected
    repository = shown({path: text, dockerfile: "", "other/Dockerfile": ""}, "other/Dockerfile")
    assert repository.builds == ()
    assert repository.builders == ()


@pytest.mark.parametrize(("path", "text", "dockerfile", "expected"), SOURCES)
def test_source_that_is_cut_short_never_fails(path, text, dockerfile, expected):
    del expected
    for cut in range(0, len(text), 7):
        shown({path: text[:cut], dockerfile: ""}, dockerfile)
        shown({path: text[cut:], dockerfile: ""}, dockerfile)


def test_goreleaser_makes_its_own_context():
    context = shown(
        {".goreleaser.yaml": "dockers:\n- image_templates: ['me/x']\n  use: buildx\n"}
    ).context
    assert isinstance(context, Unknown)
    assert "GoReleaser" in context.why


def test_jenkins_agent_works_inside_the_image():
    repository = shown(
        {
            "Jenkinsfile": "pipeline {\n agent { dockerfile { filename 'ci/Dockerfile' } }\n}\n",
            "ci/Dockerfile": "",
        },
        "ci/Dockerfile",
    )
    assert [consumer.what for consumer in repository.consumers] == ["the agent in Jenkinsfile"]
    assert isinstance(repository.context, Known)


def test_dev_container_is_a_consumer_of_the_stage_it_names():
    files = {
        ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../Dockerfile", "context": "..", "target": "dev"}}'
    }
    (consumer,) = shown(files).consumers
    assert consumer.target == "dev"
    assert consumer.what == "the dev container of .devcontainer/devcontainer.json"


def test_dev_container_of_a_compose_service():
    files = {
        "compose.yml": "services:\n  app:\n    build: .\n  db:\n    image: postgres\n",
        ".devcontainer/devcontainer.json": '{"dockerComposeFile": "../compose.yml", "service": "app"}',
    }
    assert len(shown(files).consumers) == 1


def test_images_that_ci_jobs_run_in_are_consumers():
    build = {"Makefile": "b:\n\tdocker build -t registry.example.com/me/ci .\n"}
    sources = {
        ".github/workflows/a.yml": "jobs:\n  t:\n    container: registry.example.com/me/ci:1\n",
        ".gitlab-ci.yml": "t:\n  image: registry.example.com/me/ci\n  script: [make]\n",
        ".circleci/config.yml": "jobs:\n  t:\n    docker: [{image: me/ci}]\n",
        "azure-pipelines.yml": "jobs:\n- job: t\n  container: me/ci:1\n  steps: [{script: make}]\n",
        "web/Dockerfile": "ARG TAG=1\nFROM --platform=$BUILDPLATFORM me/ci:${TAG} AS build\nFROM build\n",
        ".devcontainer/devcontainer.json": '{"image": "me/ci"}',
    }
    for path, text in sources.items():
        (consumer,) = shown({**build, path: text}).consumers
        assert consumer.source.startswith(path)


def test_a_public_image_of_the_same_last_name_is_no_consumer():
    files = {
        "Makefile": "b:\n\tdocker build -t me/node .\n",
        "web/Dockerfile": "FROM node:20\n",
        ".gitlab-ci.yml": "t:\n  image: other/node\n  script: [make]\n",
    }
    assert shown(files).consumers == ()


def test_a_name_given_with_docker_tag_counts():
    files = {
        "a.sh": "docker build -t base .\ndocker tag base me/special\n",
        "web/Dockerfile": "FROM me/special\n",
    }
    assert [consumer.what for consumer in shown(files).consumers] == ["FROM me/special"]
