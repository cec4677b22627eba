"""Compose files: what each service runs."""

from __future__ import annotations

import pytest

from celery_lint.facts.deploy import read
from celery_lint.facts.model import Copy
from tests.deploy_lines import facts, lines

PATH = "docker-compose.yml"


def service(body: str) -> str:
    """A compose file whose service `worker` has the entries BODY."""
    indented = "\n".join("    " + part for part in body.split("\n"))
    return f"services:\n  worker:\n{indented}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("command: celery -A app worker -Q a,b", "celery -A app worker -Q a,b"),
        ("command: 'celery -A app worker'", "celery -A app worker"),
        ('command: "celery -A \\"app\\" worker"', "celery -A app worker"),
        ("command: [celery, -A, app, worker]", "celery -A app worker"),
        ('command: ["celery", "-A", "app", "worker", "-n", "a b"]', "celery -A app worker -n a b"),
        ('command: ["watchmedo auto-restart -R -- celery -A app worker -Q a"]', "celery -A app worker -Q a"),
        ("command:\n  - celery\n  - -A\n  - app\n  - worker\n  - -c\n  - 4", "celery -A app worker -c 4"),
        ("command: >\n  celery -A app worker\n  -Q a\n  -c 2", "celery -A app worker -Q a -c 2"),
        ("command: >-\n  celery\n    -A app\n    worker", "celery -A app worker"),
        ("command: |\n  celery -A app worker", "celery -A app worker"),
        ("command: celery -A app worker\n  -Q a", "celery -A app worker -Q a"),
        ('command: sh -c "migrate && celery -A app worker"', "celery -A app worker"),
        ("command:\n  - bash\n  - -c\n  - |\n    migrate\n    exec celery -A app worker", "celery -A app worker"),
        ("entrypoint: celery -A app\ncommand: worker -Q a", "celery -A app worker -Q a"),
        ("entrypoint: [tini, --]\ncommand: celery -A app worker", "celery -A app worker"),
        ('entrypoint: ""\ncommand: celery -A app worker', "celery -A app worker"),
        ("command: celery -A app worker -c ${N:-4}", "celery -A app worker -c 4"),
        ("command: celery -A app worker -c ${N-4}", "celery -A app worker -c 4"),
        ("command: celery -A app worker -c ${N}", "celery -A app worker -c ?${N}"),
        ("command: celery -A app worker -c $N", "celery -A app worker -c ?$N"),
        ("command: celery -A app worker -c ${N:?missing}", "celery -A app worker -c ?${N:?missing}"),
        ('command: sh -c "celery -A app worker -c $${N:-2}"', "celery -A app worker -c 2"),
        ("command: celery -A app worker -n w@$$HOSTNAME", "celery -A app worker -n w@$HOSTNAME"),
        ("command: celery -A app worker # not a word", "celery -A app worker"),
        ("command: !override celery -A app worker", "celery -A app worker"),
        ("command: ./start.sh worker", "[./start.sh] ./start.sh worker"),
        ("command: python -m jobs.worker", "[jobs/worker.py] jobs.worker"),
    ],
)  # fmt: skip
def test_the_command_of_a_service(body: str, expected: str) -> None:
    assert lines(PATH, service(body)) == [f"worker: {expected}"]


def test_no_shell_reads_a_plain_command() -> None:
    body = "command: celery -A app worker && celery -A app beat ; echo"
    assert lines(PATH, service(body)) == ["worker: celery -A app worker && celery -A app beat ; echo"]


def test_what_a_service_says_besides_its_command() -> None:
    body = """\
command: celery -A app worker
environment:
  A: 1
  B: ${B:-two}
  C: ${C}
  D:
deploy:
  replicas: 3
working_dir: /srv
build:
  context: ./api
  dockerfile: docker/Dockerfile.worker
  target: prod
env_file: .env"""
    (command,) = facts(PATH, service(body)).commands
    assert command.environment == {"A": "1", "B": "two", "C": None, "D": None}
    assert (command.replicas, command.workdir) == (3, "/srv")
    assert (command.overrides, command.stage) == ("api/docker/Dockerfile.worker", "prod")
    assert (command.kind, command.service, command.alternative) == ("compose", "worker", PATH)
    assert command.execs


def test_environment_as_a_list_and_scale() -> None:
    body = "command: celery -A app worker\nscale: ${N:-2}\nenvironment:\n  - A=1=2\n  - B\n  - C=$C"
    (command,) = facts(PATH, service(body)).commands
    assert command.environment == {"A": "1=2", "B": None, "C": None}
    assert command.replicas == 2


@pytest.mark.parametrize(
    ("build", "path"),
    [("build: .", "Dockerfile"), ("build: ./api", "api/Dockerfile"), ("build: {context: ..}", "../Dockerfile"),
     ("build: https://example.com/x.git", None), ("build: ${DIR}", None)],
)  # fmt: skip
def test_the_image_whose_command_is_replaced(build: str, path: str | None) -> None:
    (command,) = facts(PATH, service(f"{build}\ncommand: celery -A app worker")).commands
    assert command.overrides == path


def test_a_service_without_a_command_runs_its_image() -> None:
    (command,) = facts("deploy/compose.yaml", service("build: {context: .., target: worker}")).commands
    assert (command.words, command.script, command.stage) == ((), "Dockerfile", "worker")


def test_anchors_and_merges() -> None:
    text = """\
        x-worker: &worker
          environment: &env {A: '1'}
          working_dir: /srv
        services:
          one:
            <<: *worker
            command: celery -A app worker -Q one
          two:
            <<: [*worker, {working_dir: /other, scale: 2}]
            command: celery -A app worker -Q two
            environment: {<<: *env, B: '2'}
        """
    one, two = facts(PATH, text).commands
    assert (one.environment, one.workdir) == ({"A": "1"}, "/srv")
    assert (two.environment, two.workdir, two.replicas) == ({"A": "1", "B": "2"}, "/srv", 2)


def test_extends_in_the_same_file() -> None:
    text = """\
        services:
          base:
            build: .
            command: celery -A app worker
          worker:
            extends: base
            scale: 2
          mail:
            extends: {service: base}
            command: celery -A app worker -Q mail
        """
    assert lines(PATH, text) == [
        "base: celery -A app worker", "worker: celery -A app worker", "mail: celery -A app worker -Q mail",
    ]  # fmt: skip


def test_extends_of_another_file_is_kept_as_data() -> None:
    (command,) = facts("prod/compose.yml", service("extends: {file: ../common.yml, service: base}")).commands
    assert (command.script, command.stage, command.words) == ("common.yml", "base", ())


def test_mounted_files_are_noted() -> None:
    volumes = ["./bin/start.sh:/start.sh:ro", "data:/data", "{type: bind, source: ., target: /app}"]
    body = "command: /start.sh\nvolumes:\n" + "\n".join(f"  - {volume}" for volume in volumes)
    assert facts("deploy/compose.yml", service(body)).copies == (
        Copy("deploy/bin/start.sh", "/start.sh"), Copy("deploy", "/app"),
    )  # fmt: skip


def test_words_point_at_their_bytes() -> None:
    data = service("command: >\n  celery -A ä\n  worker  -Q 'a,b'\nlabels: [ü]").encode()
    (command,) = read(PATH, data).commands
    assert [data[word.span.start : word.span.end].decode() for word in command.words] == [
        "celery", "-A", "ä", "worker", "-Q", "'a,b'",
    ]  # fmt: skip


def test_a_healthcheck_is_no_worker() -> None:
    body = "image: x\nhealthcheck:\n  test: celery -A app inspect ping"
    assert lines(PATH, service(body)) == []


@pytest.mark.parametrize("path", ["local.yml", "deploy/production.yaml", "local-llm", "compose.dev.yml"])
def test_compose_files_go_by_any_name(path: str) -> None:
    assert lines(path, service("command: celery -A app worker")) == ["worker: celery -A app worker"]


@pytest.mark.parametrize(
    "text",
    [
        "on: push\njobs:\n  test:\n    services: {redis: {image: redis}}\n    steps: [{run: celery -A app worker}]",
        "services:\n  - celery -A app worker",
        "- hosts: all\n  tasks:\n    - command: celery -A app worker",
        "command: celery -A app worker",
        "services: {}",
        "a: [b",
        "",
    ],
)
def test_other_yaml_has_no_workers_and_is_no_error(text: str) -> None:
    found = read("some.yml", text.encode())
    assert (found.commands, found.error) == ((), None)


def test_a_broken_compose_file_is_an_error() -> None:
    error = facts("docker-compose.prod.yml", "services:\n  a: [b\n").error
    assert error is not None
    assert "line" in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("body", "ports"),
    [
        ("ports:\n  - 5555:5555", ("5555:5555",)),
        ("ports: ['127.0.0.1:5555:5555', '${P}:80', 8000-8010, 53:53/udp]",
         ("127.0.0.1:5555:5555", "${P}:80", "8000-8010", "53:53/udp")),
        ("ports:\n  - target: 80\n    published: '8080'\n    host_ip: 127.0.0.1", ("127.0.0.1:8080:80",)),
        ("ports:\n  - target: 80", ("80",)),
        ("network_mode: host", ("host",)),
        ("network_mode: bridge\nexpose: ['5555']", ()),
        ("ports: 5555", ()),
        ("ports:\n  - [5555]", ()),
    ],
)  # fmt: skip
def test_the_ports_that_a_service_publishes(body: str, ports: tuple[str, ...]) -> None:
    (command,) = facts(PATH, service(f"command: celery worker\n{body}")).commands
    assert command.ports == ports


@pytest.mark.parametrize(
    ("body", "files"),
    [
        ("env_file: .env", ("deploy/.env",)),
        ("env_file:\n  - ./a.env\n  - path: ../b.env\n    required: false", ("deploy/a.env", "b.env")),
        ("environment: {A: b}", ()),
    ],
)
def test_the_files_that_add_to_the_environment(body: str, files: tuple[str, ...]) -> None:
    (command,) = facts(f"deploy/{PATH}", service(f"command: celery worker\n{body}")).commands
    assert command.env_files == files
