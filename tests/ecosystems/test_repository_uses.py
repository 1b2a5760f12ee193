"""How containers of the image are started and changed: compose, Kubernetes, scripts, platforms."""

import pytest

from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.repository import read
from dfix.ecosystems.repository.values import capability
from dfix.ecosystems.tree import MemoryTree


def shown(files, dockerfile="Dockerfile"):
    return read(MemoryTree({"Dockerfile": "FROM scratch\n", **files}), dockerfile)


def kinds(repository):
    return {override.kind: override for override in repository.overrides}


# compose


COMPOSE = """\
services:
  web:
    build: .
    command: gunicorn -b 0.0.0.0:${PORT:-8000} "my app"
    entrypoint: ["/bin/sh", "-c"]
    user: "1000"
    working_dir: /srv
    read_only: true
    tmpfs: /tmp:size=1m
    stop_signal: SIGINT
    volumes:
      - ./src:/app/src:ro
      - {type: volume, source: data, target: /data}
      - /cache
    environment: [A=1, B]
    ports: ["8080:80", {target: 90}]
    healthcheck:
      test: curl -f http://localhost || exit 1
"""


def test_compose_overrides_with_their_lines():
    repository = shown({"compose.yml": COMPOSE})
    found = [(o.kind, o.value, o.form, o.uses_shell, o.source) for o in repository.overrides]
    assert found == [
        ("command", ("gunicorn", "-b", "0.0.0.0:8000", "my app"), "exec", False, "compose.yml:4"),
        ("entrypoint", ("/bin/sh", "-c"), "exec", True, "compose.yml:5"),
        ("healthcheck", "curl -f http://localhost || exit 1", "shell", True, "compose.yml:18"),
        ("user", "1000", None, False, "compose.yml:6"),
        ("working_dir", "/srv", None, False, "compose.yml:7"),
        ("stop_signal", "SIGINT", None, False, "compose.yml:10"),
        ("read_only", "true", None, False, "compose.yml:8"),
        ("volume", ("./src", "/app/src"), None, False, "compose.yml:12"),
        ("volume", ("data", "/data"), None, False, "compose.yml:13"),
        ("volume", ("", "/cache"), None, False, "compose.yml:14"),
        ("tmpfs", "/tmp", None, False, "compose.yml:9"),
        ("environment", ("A", "1"), None, False, "compose.yml:15"),
        ("environment", ("B",), None, False, "compose.yml:15"),
        ("ports", "8080:80", None, False, "compose.yml:16"),
        ("ports", "90", None, False, "compose.yml:16"),
    ]
    assert {o.service for o in repository.overrides} == {"web"}
    assert [o.kind for o in repository.started] == ["command", "entrypoint", "healthcheck"]


@pytest.mark.parametrize(
    ("test", "value", "form", "uses_shell"),
    [
        ("[CMD, curl, -f, x]", ("curl", "-f", "x"), "exec", False),
        ("[CMD, sh, -c, x]", ("sh", "-c", "x"), "exec", True),
        ("[CMD-SHELL, 'curl x']", "curl x", "shell", True),
        ("[NONE]", ("NONE",), None, False),
    ],
)
def test_compose_healthcheck_forms(test, value, form, uses_shell):
    text = f"services:\n  web:\n    build: .\n    healthcheck:\n      test: {test}\n"
    (override,) = shown({"compose.yml": text}).overrides
    assert (override.value, override.form, override.uses_shell) == (value, form, uses_shell)


def test_compose_dollar_is_the_containers_and_an_open_variable_is_not_literal():
    text = "services:\n  web:\n    build: .\n    command: echo $$HOME ${WHO}\n"
    (override,) = shown({"compose.yml": text}).overrides
    assert override.value == ("echo", "$HOME", "${WHO}")
    assert not override.literal


def test_compose_entrypoint_that_is_emptied_starts_nothing():
    text = "services:\n  web:\n    build: .\n    entrypoint: []\n"
    (override,) = shown({"compose.yml": text}).overrides
    assert (override.value, override.form) == ((), None)


def test_compose_services_of_other_images_are_no_use():
    text = "services:\n  web:\n    build: .\n  db:\n    image: postgres:16\n    command: -c fsync=off\n"
    assert shown({"compose.yml": text}).overrides == ()


def test_compose_fragment_without_a_build_starts_the_service_of_its_neighbour():
    files = {
        "docker-compose.yml": "services:\n  web:\n    build: .\n",
        "docker-compose.dev.yml": "services:\n  web:\n    command: npm run dev\n",
    }
    (override,) = shown(files).overrides
    assert (override.value, override.source) == (("npm", "run", "dev"), "docker-compose.dev.yml:3")


def test_compose_service_that_uses_the_image_another_builds():
    text = "services:\n  web:\n    build: .\n    image: me/app\n  worker:\n    image: me/app\n    command: worker\n"
    (override,) = shown({"compose.yml": text}).overrides
    assert (override.service, override.value) == ("worker", ("worker",))


def test_compose_hooks_and_watch_run_in_the_container():
    text = """\
services:
  web:
    build: .
    post_start: [{command: ./migrate}]
    develop: {watch: [{action: sync+exec, path: ., target: /a, exec: {command: make}}]}
"""
    assert [o.value for o in shown({"compose.yml": text}).overrides] == [("./migrate",), ("make",)]


# scripts and CI steps


def test_scripts_that_run_something_in_the_image():
    files = {
        "compose.yml": "services:\n  web:\n    build: .\n    image: me/app\n    container_name: the-app\n",
        "test.sh": """\
docker compose run --rm -e CI=1 web pytest -q
docker compose exec -T web bash
docker run --rm -it -v $PWD:/app --entrypoint python -u 0 me/app:latest -m http.server
docker exec the-app ./manage.py check
docker exec elsewhere ls
docker run --rm postgres psql
""",
    }
    found = [(o.kind, o.value, o.uses_shell) for o in shown(files).overrides]
    assert ("command", ("pytest", "-q"), False) in found
    assert ("environment", ("CI", "1"), False) in found
    assert ("exec", ("bash",), True) in found
    assert ("entrypoint", ("python",), False) in found
    assert ("command", ("-m", "http.server"), False) in found
    assert ("user", "0", False) in found
    assert ("volume", (".", "/app"), False) in found
    assert ("exec", ("./manage.py", "check"), False) in found
    assert ("exec", ("ls",), False) in found  # the only Dockerfile: it may be this image
    assert not any("psql" in value for _, value, _ in found)


def test_a_container_that_belongs_to_another_image_is_no_use():
    files = {
        "compose.yml": "services:\n  web:\n    build: .\n  db:\n    image: postgres\n    container_name: pg\n",
        "a.sh": "docker exec pg psql\ndocker compose exec db psql\n",
    }
    assert shown(files).overrides == ()


def test_kubectl_exec_names_a_deployment():
    files = {"a.sh": "kubectl exec -it deploy/web -n prod -- sh\n", "web/Dockerfile": ""}
    (override,) = shown(files, "web/Dockerfile").overrides
    assert (override.kind, override.value, override.uses_shell) == ("exec", ("sh",), True)
    assert shown(files).overrides == ()


# Kubernetes


POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      securityContext: {runAsUser: 1000, runAsGroup: 2000, runAsNonRoot: true}
      initContainers:
      - name: migrate
        image: registry.example.com/me/web:1
        command: [sh, -c, "./migrate"]
      containers:
      - name: web
        image: registry.example.com/me/web:1
        args: [--port, "80"]
        workingDir: /srv
        livenessProbe: {exec: {command: [cat, /tmp/ok]}}
        lifecycle: {preStop: {exec: {command: [/bin/sleep, "5"]}}}
        securityContext: {readOnlyRootFilesystem: true, runAsUser: 5}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
        env: [{name: A, value: "1"}, {name: B, valueFrom: {}}]
        ports: [{containerPort: 80}]
      - name: proxy
        image: envoyproxy/envoy:v1
        command: [envoy]
"""
BUILD = {"Makefile": "b:\n\tdocker build -t me/web:1 .\n"}


def test_kubernetes_container_of_the_built_image():
    repository = shown({**BUILD, "k8s/web.yaml": POD, "proxy/Dockerfile": ""})
    found = [(o.kind, o.value, o.service) for o in repository.overrides]
    assert found == [
        ("entrypoint", ("sh", "-c", "./migrate"), "migrate"),
        ("user", "1000:2000", "migrate"),
        ("nonroot", "true", "migrate"),
        ("command", ("--port", "80"), "web"),
        ("exec", ("cat", "/tmp/ok"), "web"),
        ("exec", ("/bin/sleep", "5"), "web"),
        ("user", "5:2000", "web"),
        ("nonroot", "true", "web"),
        ("read_only", "true", "web"),
        ("working_dir", "/srv", "web"),
        ("volume", ("tmp", "/tmp"), "web"),
        ("environment", ("A", "1"), "web"),
        ("environment", ("B",), "web"),
        ("ports", "80", "web"),
    ]
    assert repository.overrides[0].source == "k8s/web.yaml:11"
    assert repository.overrides[0].uses_shell


def test_kubernetes_jobs_and_lists_count():
    text = """\
apiVersion: v1
kind: List
items:
- apiVersion: batch/v1
  kind: CronJob
  spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: me/web, command: [tick]}]}}}}}
"""
    assert [o.value for o in shown({**BUILD, "cron.yml": text}).overrides] == [("tick",)]


def pod(image):
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {image}\n    command: [run]\n"


def test_an_image_that_nothing_builds_counts_for_the_only_dockerfile():
    assert len(shown({"pod.yaml": pod("somebody/something")}).overrides) == 1
    assert shown({"pod.yaml": pod("somebody/something"), "web/Dockerfile": ""}).overrides == ()


def test_an_image_that_nothing_builds_counts_for_the_folder_of_its_name():
    files = {"pod.yaml": pod("registry.example.com/p/web:2"), "web/Dockerfile": ""}
    assert len(shown(files, "web/Dockerfile").overrides) == 1
    assert shown(files).overrides == ()


def test_an_image_that_everyone_knows_is_not_taken_for_the_only_dockerfile():
    assert shown({"pod.yaml": pod("redis:7")}).overrides == ()


def test_the_tag_decides_between_two_files_with_one_name():
    files = {
        "a.sh": "docker build -t me/x:web -f Dockerfile .\ndocker build -t me/x:cli -f Dockerfile.cli .\n",
        "Dockerfile.cli": "",
        "pod.yaml": pod("me/x:cli"),
    }
    assert shown(files).overrides == ()
    assert len(shown(files, "Dockerfile.cli").overrides) == 1


def test_kustomize_renames_an_image():
    files = {
        **BUILD,
        "other/Dockerfile": "",
        "k/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "images:\n- name: placeholder\n  newName: me/web\n",
        "k/pod.yaml": pod("placeholder"),
    }
    assert len(shown(files).overrides) == 1


def test_helm_template_with_values():
    files = {
        **BUILD,
        "other/Dockerfile": "",
        "chart/values.yaml": "image:\n  repository: me/web\n  tag: '1'\n",
        "chart/templates/d.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "x.name" . }}
spec:
  template:
    spec:
      {{- with .Values.security }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          command: ["serve", "--name={{ .Release.Name }}"]
          {{- if .Values.ro }}
          securityContext: {readOnlyRootFilesystem: true}
          {{- end }}
""",
    }
    found = kinds(shown(files))
    assert found["entrypoint"].value[0] == "serve"
    assert not found["entrypoint"].literal
    assert found["read_only"].service == "web"


def test_helm_values_beside_an_image():
    files = {
        **BUILD,
        "other/Dockerfile": "",
        "chart/values.yaml": "web:\n  image: {repository: me/web}\n  command: [serve]\n"
        "  podSecurityContext: {runAsUser: 7}\n",
    }
    found = kinds(shown(files))
    assert found["entrypoint"].value == ("serve",)
    assert found["user"].value == "7"


# platforms


@pytest.mark.parametrize(
    ("path", "text", "kind", "value", "form"),
    [
        (
            "heroku.yml",
            "build: {docker: {web: Dockerfile}}\nrun: {web: python a.py}\n",
            "command",
            "python a.py",
            "shell",
        ),
        (
            "heroku.yml",
            "build: {docker: {web: Dockerfile}}\nrelease: {image: web, command: [./migrate]}\n",
            "command",
            "./migrate",
            "shell",
        ),
        ("Procfile", "web: gunicorn app\n", "command", "gunicorn app", "shell"),
        (
            "fly.toml",
            "[processes]\nweb = 'bin/server -p 1'\n",
            "command",
            ("bin/server", "-p", "1"),
            "exec",
        ),
        (
            "fly.toml",
            "[deploy]\nrelease_command = 'sh migrate'\n",
            "exec",
            ("sh", "migrate"),
            "exec",
        ),
        ("railway.toml", "[deploy]\nstartCommand = './a b'\n", "entrypoint", ("./a", "b"), "exec"),
        (
            "render.yaml",
            "services: [{name: a, runtime: docker, dockerCommand: ./a}]\n",
            "command",
            "./a",
            "shell",
        ),
        (
            "copilot/a/manifest.yml",
            "type: X\nimage: {build: Dockerfile}\ncommand: ./a b\n",
            "command",
            ("./a", "b"),
            "exec",
        ),
        (
            "config/deploy.yml",
            "service: a\nimage: me/a\nservers:\n  job:\n    hosts: [x]\n    cmd: bin/jobs\n",
            "command",
            "bin/jobs",
            "shell",
        ),
    ],
)
def test_platform_starts_the_image(path, text, kind, value, form):
    repository = shown({path: text})
    (override,) = repository.started
    assert (override.kind, override.value, override.form) == (kind, value, form)
    assert override.source.startswith(f"{path}:")


def test_a_procfile_without_a_dockerfile_beside_it_is_no_use():
    assert shown({"app/Procfile": "web: x\n"}).overrides == ()


# capabilities


def test_capabilities_of_all_shown_builders():
    known = {("docker", "heredoc"): True, ("kaniko", "heredoc"): False}

    def knows(builder, name):
        return known.get((builder, name))

    nothing = capability(shown({}), "heredoc", knows)
    assert nothing == Unknown("no builder is shown")
    both = shown({"a.sh": "docker build .\n/kaniko/executor --context . --destination x\n"})
    assert capability(both, "heredoc", knows) == Known(value=False, source="kaniko (a.sh:2)")
    one = shown({"a.sh": "docker build .\n"})
    assert capability(one, "heredoc", knows) == Known(value=True, source="docker (a.sh:1)")
    assert isinstance(capability(one, "link", knows), Unknown)


# hostile and broken files


def test_a_file_that_is_no_yaml_is_noted_and_the_others_are_read():
    repository = shown(
        {
            "compose.yml": "a: [\n",
            ".github/workflows/a.yml": "jobs:\n  b:\n    steps:\n      - run: docker build .\n",
        }
    )
    assert [note.source for note in repository.notes] == ["compose.yml:2"]
    assert len(repository.builds) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\n"
        + "".join(
            f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *{'a' if n == 0 else f'b{n - 1}'}]\n"
            for n in range(60)
        ),
        "a: &a {b: *a}\nservices: *a\n",
        "&a [*a]",
        "[" * 50_000,
        "- " * 50_000 + "x",
        "{a: " * 5_000,
        "services: {web: {extends: {service: web}}}\n",
        "services: {a: {extends: b}, b: {extends: a, build: .}}\n",
        "".join("  " * n + "a:\n" for n in range(500)),
        "a: &x {k: v}\n"
        + "".join(f"m{n}: &m{n} {{<<: [{', '.join(['*x'] * 200)}]}}\n" for n in range(400)),
        "services: [1, 2]\n",
        "services:\n  web: text\n  x:\n    build: [1]\n    command: {a: b}\n    volumes: x\n    healthcheck: y\n",
        "\x00",
        "? [a]\n: b\n",
        "services:\n  web:\n    build: .\n    command: 'unbalanced \" quote'\n",
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "compose.yml",
        ".gitlab-ci.yml",
        "pod.yaml",
        ".github/workflows/a.yml",
        ".circleci/config.yml",
    ],
)
def test_hostile_yaml_never_fails(path, text):
    shown({path: text + ("\nkind: Pod\nimage: x\napiVersion: v1\n" if path == "pod.yaml" else "")})


@pytest.mark.parametrize(
    "text",
    [
        "docker build $(" * 5_000,
        "docker build '" * 5_000,
        "X=$X$X$X$X\n" * 200 + "docker build $X\n",
        "docker build ${A:-" * 3_000,
        "cat <<EOF\n" * 3_000 + "docker",
        "docker run -v\ndocker build -f\ndocker compose run\ndocker exec\ndocker tag a\nkubectl exec --\n",
        "docker\nexecutor --context\nbuildctl build --local\naz acr\ngcloud\nfly\n",
        "A = $(B)$(B)\nB = $(A)$(A)\nx:\n\tdocker build $(A)\n",
    ],
)
@pytest.mark.parametrize("path", ["a.sh", "Makefile", "Jenkinsfile", "justfile"])
def test_hostile_scripts_never_fail(path, text):
    shown({path: text})


# what belongs together


def test_entrypoint_and_command_of_one_container_hold_together():
    text = """\
services:
  web: {build: ., entrypoint: [npm], command: [run, start]}
  worker: {build: ., command: [work]}
"""
    starts = shown({"compose.yml": text}).starts
    assert [
        (s.entrypoint and s.entrypoint.value, s.command and s.command.value) for s in starts
    ] == [
        (("npm",), ("run", "start")),
        (None, ("work",)),
    ]


def test_the_tag_decides_who_is_built_on():
    files = {
        "a.sh": "docker build -t me/x:web .\ndocker build -t me/x:cli -f Dockerfile.cli .\n",
        "Dockerfile.cli": "",
        "other/Dockerfile": "FROM me/x:cli\n",
    }
    assert shown(files).consumers == ()
    assert [c.what for c in shown(files, "Dockerfile.cli").consumers] == ["FROM me/x:cli"]


def test_capability_questions_never_meet_builders_that_the_table_does_not_know():
    from dfix.ecosystems.builders import builders

    used = {
        "acr", "buildah", "buildkit", "buildx", "caprover", "cloudbuild-docker", "compose", "depot", "digitalocean",
        "docker", "docker-compose", "docker-legacy", "drone-docker", "fly", "heroku", "img", "kaniko", "nerdctl",
        "podman", "railway", "render", "skaffold-docker",
    }  # fmt: skip
    assert used <= set(builders())


def test_a_service_beside_the_one_that_is_built_starts_another_image():
    compose = (
        "services:\n  api:\n    build: ./api\n  traces:\n    image: acme/traces:2\n    command: -config.file=/etc/traces.yaml\n"
        "  worker:\n    image: acme/shop_api\n    command: node worker.js\n"
    )
    found = read(
        MemoryTree({"api/Dockerfile": "FROM node:22\n", "compose.yaml": compose}), "api/Dockerfile"
    )
    assert [each.value for each in found.overrides if each.kind == "command"] == [
        ("node", "worker.js")
    ]
