"""Dockerfiles, Procfiles, Makefiles, units, supervisor, Kubernetes, Helm, platforms."""

from __future__ import annotations

import pytest

from celery_lint.facts.deploy import read, reads
from celery_lint.facts.model import Copy
from tests.deploy_lines import facts, line, lines, shown

WORKER = "celery -A app worker"


@pytest.mark.parametrize(
    "path",
    [
        "docker-compose.yml", "compose.prod.yaml", "k8s/worker.yaml", "chart/templates/worker.yaml", "Dockerfile",
        "docker/Dockerfile.worker", "DockerfileCelery", "worker.dockerfile", "Containerfile", "Procfile",
        "Procfile.dev", "Makefile", "GNUmakefile", "build/rules.mk", "bin/start.sh", "bin/start", "s6/svc-worker/run",
        "deploy/celery.service", "deploy/celery.service.j2", "supervisord.conf", "etc/worker.ini", "fly.toml",
        "docker-compose.yml.j2",
    ],
)  # fmt: skip
def test_deployment_files_are_known_by_name(path: str) -> None:
    assert reads(path)


@pytest.mark.parametrize(
    "path",
    [
        "app/tasks.py", "README.md", "README", "LICENSE", ".github/workflows/ci.yml", ".gitlab-ci.yml", "mkdocs.yml",
        ".pre-commit-config.yaml", "azure-pipelines.yml", "package.json", "pyproject.toml", ".circleci/config.yml",
        "Dockerfile.dockerignore", ".env", "web/node_modules/x/docker-compose.yml",
    ],
)  # fmt: skip
def test_other_files_are_not_read(path: str) -> None:
    assert not reads(path)
    assert read(path, b"celery -A app worker").commands == ()


# Dockerfile


@pytest.mark.parametrize(
    ("text", "expected", "execs"),
    [
        ('FROM a\nCMD ["celery", "-A", "app", "worker"]', WORKER, True),
        ('FROM a\nCMD [ "celery", "-A", \\\n  "app", "worker" ]', WORKER, True),
        ("FROM a\nCMD celery -A app worker", WORKER, False),
        ("FROM a\ncmd exec celery -A app \\\n  # a comment\n  worker", WORKER, True),
        ("FROM a\nENV N=4 M=5\nCMD celery -A app worker -c $N", f"{WORKER} -c 4", False),
        ("FROM a\nENV N 4\nCMD celery -A app worker -c ${N}", f"{WORKER} -c 4", False),
        ('FROM a\nENV N=4\nCMD ["celery", "-A", "app", "worker", "-c", "$N"]', f"{WORKER} -c $N", True),
        ("FROM a\nCMD celery -A app worker -c ${N:-2}", f"{WORKER} -c 2", False),
        ('FROM a\nENTRYPOINT ["celery", "-A", "app"]\nCMD ["worker"]', WORKER, True),
        ('FROM a\nENTRYPOINT ["/entry.sh"]\nCMD ["celery", "-A", "app", "worker"]', WORKER, True),
        ('FROM a\nENTRYPOINT ["tini", "--"]\nCMD celery -A app worker', WORKER, False),
        ("FROM a\nENTRYPOINT celery -A app worker\nCMD ignored", WORKER, False),
        ('FROM a\nCMD ["sh", "-c", "celery -A app worker"]', WORKER, False),
        ('FROM a\nCMD ["python"]\nCMD ["celery", "-A", "app", "worker"]', WORKER, True),
        ('FROM a AS base\nCMD ["celery", "-A", "app", "worker"]\nFROM base', None, True),
        ("FROM a\nRUN <<EOF\nCMD celery -A x worker\nEOF\nCMD celery -A app worker", WORKER, False),
        ("FROM a\nHEALTHCHECK CMD celery inspect ping\nCMD celery -A app worker", WORKER, False),
        ("FROM a\nRUN celery -A app upgrade settings x\nCMD celery -A app worker", WORKER, False),
    ],
)
def test_what_an_image_runs(text: str, expected: str | None, execs: bool) -> None:
    commands = facts("Dockerfile", text).commands
    assert line(commands[-1]) == f"-: {expected or WORKER}"
    assert commands[-1].execs is execs
    assert commands[-1].stage is None


def test_stages_of_an_image() -> None:
    text = """\
        ARG KIND=web
        FROM python AS base
        ENV A=1
        WORKDIR /srv
        ENTRYPOINT ["/entry.sh"]
        FROM base AS worker
        ENV B=$A
        CMD ["celery", "-A", "app", "worker"]
        FROM base AS beat
        WORKDIR app
        CMD ["celery", "-A", "app", "beat"]
        FROM ${KIND}
        """
    found = [command for command in facts("Dockerfile", text).commands if "celery" in line(command)]
    assert [(command.stage, line(command)) for command in found] == [
        ("worker", f"-: {WORKER}"), ("beat", "-: celery -A app beat"),
    ]  # fmt: skip
    assert found[0].environment == {"A": "1", "B": "1"}
    assert found[1].workdir == "/srv/app"
    assert list(map(shown, found[0].entrypoint)) == ["/entry.sh"]


def test_the_last_stage_runs_what_its_parent_does() -> None:
    text = 'FROM a AS base\nCMD ["celery", "-A", "app", "worker"]\nFROM base AS final\nRUN x\n'
    assert [command.stage for command in facts("Dockerfile", text).commands] == ["base", None]


def test_copied_files_are_noted() -> None:
    text = """\
        FROM a
        WORKDIR /srv
        COPY ./bin/start /start-worker
        COPY --chown=a:b bin ./bin/
        COPY --from=b /x /y
        COPY ["a.sh", "/opt/"]
        COPY *.py /srv/
        """
    assert facts("Dockerfile", text).copies == (
        Copy("./bin/start", "/start-worker"), Copy("bin", "/srv/bin/"), Copy("a.sh", "/opt/"),
    )  # fmt: skip


# Procfile, Makefile


def test_procfile() -> None:
    text = """\
        # worker: celery -A app worker
        web: gunicorn app
        worker: celery -A app worker -c ${N:-1}
        worker-mail: env A=b ddtrace-run celery -A app worker -Q mail
        release: ./bin/release
        not a line
        """
    assert lines("Procfile", text) == [
        "worker: celery -A app worker -c 1",
        "worker-mail: celery -A app worker -Q mail",
        "release: [./bin/release] ./bin/release",
    ]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("celery -A app worker", WORKER),
        ("@celery -A app worker", WORKER),
        ("-@ celery -A app worker", WORKER),
        ("celery -A app \\\n\t\tworker", WORKER),
        ("$(RUN) celery -A $(APP) worker", WORKER),
        ("${RUN} celery -A ${APP} worker -c $(N)", f"{WORKER} -c 4"),
        ("celery -A app worker -c $(UNSET)", f"{WORKER} -c ?$(UNSET)"),
        ("celery -A app worker -c $(shell nproc)", f"{WORKER} -c ?$(shell nproc)"),
        ("celery -A app worker -c $(BOTH)", f"{WORKER} -c ?$(BOTH)"),
        ("celery -A app worker -c $(LOOP)", f"{WORKER} -c ?$(LOOP)"),
        ("N=2; celery -A app worker -c $$N", f"{WORKER} -c 2"),
        ("$(CELERY) worker -E", f"{WORKER} -E"),
        ("cd src && celery -A app worker", WORKER),
        ("celery -A app worker > log 2>&1 & echo $$! > pid", WORKER),
        ("docker compose run --rm web celery -A app worker", WORKER),
    ],
)
def test_makefile_recipes(recipe: str, expected: str) -> None:
    text = f"""\
RUN := poetry run
APP = app
N ?= 4
CELERY = $(RUN) celery -A $(APP)
LOOP = $(LOOP)
ifdef X
BOTH = 1
else
BOTH = 2
endif

.PHONY: worker
worker: deps
\t{recipe}
\t@echo "celery -A app worker"
"""
    assert lines("Makefile", text) == [f"worker: {expected}"]


def test_a_recipe_on_the_line_of_its_rule() -> None:
    assert lines("Makefile", "worker: ; celery -A app worker\n") == [f"worker: {WORKER}"]


def test_a_makefile_without_recipes() -> None:
    assert lines("Makefile", "X = celery -A app worker\nifdef Y\n") == []


# systemd, supervisor


def test_systemd_unit() -> None:
    text = """\
        [Service]
        Environment=N=4 "OPTS=-E -l info"
        Environment=A=%h/x
        EnvironmentFile=/etc/default/app
        WorkingDirectory=/srv/app
        ExecStartPre=celery -A app upgrade settings x
        ExecStart=-/venv/bin/celery -A app worker \\
            -n w@%%h -c ${N} -Q $QUEUES
        """
    (command,) = facts("deploy/celery-worker.service", text).commands
    assert line(command) == "celery-worker: /venv/bin/celery -A app worker -n w@%h -c 4 -Q ?$QUEUES"
    assert command.environment == {"N": "4", "OPTS": "-E -l info", "A": None}
    assert (command.workdir, command.alternative, command.execs) == ("/srv/app", "deploy/", True)


def test_systemd_unit_with_a_shell() -> None:
    text = "[Service]\nExecStart=/bin/sh -c '${CELERY_BIN} -A $CELERY_APP multi start $CELERYD_NODES'\n"
    (command,) = facts("celery.service", text).commands
    assert [word.text for word in command.words] == [None, "-A", None, "multi", "start", None]


def test_supervisor_programs() -> None:
    text = """\
        [supervisord]
        nodaemon=true
        [program:mail]
        ; command=celery -A old worker
        command=celery -A app worker
            --hostname=%(program_name)s@%%h
            -c %(ENV_N)s -Q mail ; the mail
        directory=/srv/app
        numprocs=2
        environment=A="1,2",B='x',C=%(ENV_C)s

        [program:web]
        command = gunicorn app
        [eventlistener:x]
        command = celery -A app worker
        """
    (command,) = facts("etc/supervisord.conf", text).commands
    assert line(command) == "mail: celery -A app worker --hostname=mail@%h -c ?%(ENV_N)s -Q mail"
    assert (command.replicas, command.workdir, command.alternative) == (2, "/srv/app", "etc/")
    assert command.environment == {"A": "1,2", "B": "x", "C": None}


def test_circus_watchers() -> None:
    assert lines("circus.ini", "[watcher:w]\ncmd = celery -A app worker\nnumprocesses = 3\n") == [f"w: {WORKER}"]


@pytest.mark.parametrize("text", ["server { listen 80; } # celery", "[mypy]\ncommand = celery -A app worker"])
def test_other_configuration_files(text: str) -> None:
    assert lines("nginx.conf", text) == []


# Kubernetes, Helm

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 3
  template:
    spec:
      initContainers:
        - name: migrate
          command: [python, manage.py, migrate]
      containers:
        - name: main
          workingDir: /srv
          command: ["celery"]
          args: ["-A", "app", "worker", "-c", "$(N)", "-Q", "$(Q)", "-n", "$$(X)"]
          env:
            - {name: N, value: "4"}
            - {name: Q, valueFrom: {fieldRef: {fieldPath: x}}}
          livenessProbe:
            exec: {command: [celery, -A, app, inspect, ping]}
"""


def test_kubernetes_workload() -> None:
    (command,) = facts("k8s/worker.yaml", DEPLOYMENT).commands
    assert line(command) == 'worker: celery -A app worker -c 4 -Q ?"$(Q)" -n $(X)'
    assert (command.replicas, command.workdir, command.alternative) == (3, "/srv", "k8s/")
    assert command.environment == {"N": "4", "Q": None}


def test_several_documents_and_kinds() -> None:
    text = """\
        apiVersion: v1
        kind: ConfigMap
        data: {command: celery -A app worker}
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: clean}
        spec: {jobTemplate: {spec: {template: {spec: {containers: [{command: [sh, -c, "celery -A app call x"]}]}}}}}
        ---
        apiVersion: v1
        kind: List
        items:
          - {kind: Pod, metadata: {name: p}, spec: {containers: [{args: [celery, -A, app, beat]}]}}
        """
    assert lines("all.yaml", text) == ["clean: celery -A app call x", "p: celery -A app beat"]


def test_helm_template() -> None:
    text = """\
        {{- if .Values.worker.enabled }}
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{ include "x" . }}
        spec:
          replicas: {{ .Values.worker.replicas }}
          template:
            spec:
              containers:
                - name: worker
                  image: "{{ .Values.image }}"
                  command:
                    [
                      {{- with .Values.prefix }}
                      {{- . | nindent 14 }}
                      {{- end }}
                      "celery",
                      "-A", "app",
                      "worker",
                      {{ printf "--loglevel=%s" .Values.level | quote }},
                      "-Q",
                      "a,b",
                    ]
                  livenessProbe:
                    exec:
                      command: [celery, -A, app, inspect, ping]
                - name: beat
                  command:
                    - celery
                    - -A
                    - app
                  args:
                    - beat
                    - --loglevel={{ .Values.level }}
                    {{- if .Values.extra }}
                    {{- toYaml .Values.extra | nindent 12 }}
                    {{- end }}
                  env: []
                - name: shell
                  command: ["sh", "-c"]
                  args:
                    - |
                      migrate
                      exec celery -A app worker -c {{ .Values.n }}
        {{- end }}
        """
    found = facts("charts/x/templates/worker.yaml", text)
    assert found.error is None
    assert [line(command) for command in found.commands] == [
        'worker: celery -A app worker ?{{ printf "--loglevel=%s" .Values.level | quote }} -Q a,b',
        "beat: celery -A app beat ?--loglevel={{ .Values.level }} ?{{- toYaml .Values.extra | nindent 12 }}",
        "shell: celery -A app worker -c ?{{ .Values.n }}",
    ]
    assert found.commands[0].words[4].prefix == "--loglevel="
    assert {command.alternative for command in found.commands} == {"charts/x/"}


def test_helm_values() -> None:
    text = """\
        web: {command: [gunicorn, app]}
        celery:
          worker:
            replicaCount: 2
            command: ["celery", "-A", "app"]
            args: ["worker", "-Q", "{{ .Values.q }}"]
          beat:
            command: celery -A app beat
        """
    found = facts("chart/values-prod.yaml", text).commands
    assert [line(command) for command in found] == [
        "worker: celery -A app worker -Q ?{{ .Values.q }}", "beat: celery -A app beat",
    ]  # fmt: skip
    assert found[0].replicas == 2


def test_templated_files_are_no_errors() -> None:
    text = "services:\n{% for q in queues %}\n  w{{ q }}:\n    command: celery -A app worker -Q {{ q }}\n{% endfor %}\n"
    found = facts("docker-compose.yml.j2", text)
    assert found.error is None
    assert [shown(word) for word in found.commands[0].words] == ["celery", "-A", "app", "worker", "-Q", "?{{ q }}"]


# Platforms


@pytest.mark.parametrize(
    ("path", "text", "expected", "replicas"),
    [
        ("manifest.yml", "applications:\n- name: w\n  instances: 2\n  command: celery -A app worker -l ${L:=info}\n",
         f"w: {WORKER} -l info", 2),
        ("manifest.yml", "applications:\n- name: a\n  processes:\n  - {type: worker, command: celery -A app worker}\n",
         f"worker: {WORKER}", None),
        ("render.yaml", "services:\n- type: worker\n  name: w\n  startCommand: celery -A app worker\n",
         f"w: {WORKER}", None),
        (".do/app.yaml", "spec:\n  workers:\n  - {name: w, instance_count: 1, run_command: celery -A app worker}\n",
         f"w: {WORKER}", 1),
        ("heroku.yml", "run:\n  web: gunicorn app\n  worker:\n    command: [celery -A app worker]\n",
         f"worker: {WORKER}", None),
        ("fly.toml", 'app = "x"\n[processes]\nweb = "gunicorn app"\nworker = "celery -A app worker"\n',
         f"worker: {WORKER}", None),
        ("railway.toml", '[deploy]\nstartCommand = "celery -A app worker"\n', f"startCommand: {WORKER}", None),
    ],
)  # fmt: skip
def test_platform_manifests(path: str, text: str, expected: str, replicas: int | None) -> None:
    (command,) = facts(path, text).commands
    assert line(command) == expected
    assert command.replicas == replicas
    assert command.kind == "platform"
