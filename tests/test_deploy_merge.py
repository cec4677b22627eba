"""One worker is one command, however many files it takes to start it."""

from __future__ import annotations

from textwrap import dedent

from celery_lint.facts.deploy import read
from celery_lint.facts.deploy.merge import merge_alternatives
from celery_lint.facts.model import Command
from tests.deploy_lines import line

WORKER = "celery -A app worker"


def merged(files: dict[str, str]) -> list[Command]:
    return list(merge_alternatives(read(path, dedent(text).encode()) for path, text in files.items()))


def merged_lines(files: dict[str, str]) -> list[str]:
    return [f"{command.alternative}: {line(command)}" for command in merged(files)]


def test_an_image_whose_command_is_replaced_counts_once() -> None:
    files = {
        "Dockerfile": 'FROM a\nENV A=1 B=1\nWORKDIR /srv\nCMD ["celery", "-A", "app", "worker"]',
        "docker-compose.yml": """\
            services:
              worker:
                build: .
                command: celery -A app worker -Q a
                environment: {B: '2'}
            """,
    }
    (command,) = merged(files)
    assert line(command) == f"worker: {WORKER} -Q a"
    assert (command.environment, command.workdir) == ({"A": "1", "B": "2"}, "/srv")


def test_a_service_runs_what_its_image_says() -> None:
    files = {
        "api/Dockerfile": """\
            FROM a AS beat
            CMD ["celery", "-A", "app", "beat"]
            FROM a
            CMD ["celery", "-A", "app", "worker"]
            """,
        "docker-compose.yml": """\
            services:
              worker: {build: api, scale: 2, environment: {A: '1'}}
              beat: {build: {context: api, target: beat}}
            """,
    }
    worker, beat = merged(files)
    assert line(worker) == f"worker: {WORKER}"
    assert (worker.replicas, worker.environment, worker.alternative) == (2, {"A": "1"}, "docker-compose.yml")
    assert worker.path == "api/Dockerfile"
    assert line(beat) == "beat: celery -A app beat"


def test_an_image_that_no_service_builds_stands_alone() -> None:
    files = {
        "Dockerfile": "FROM a\nCMD celery -A app worker",
        "Dockerfile.same": "FROM a\nCMD celery -A app worker -Q a",
        "docker-compose.yml": "services: {w: {image: x, command: celery -A app worker -Q a}}",
    }
    assert merged_lines(files) == [f"docker-compose.yml: w: {WORKER} -Q a", f"Dockerfile: -: {WORKER}"]


def test_the_entrypoint_of_an_image_takes_the_services_words() -> None:
    files = {
        "Dockerfile": 'FROM a\nENTRYPOINT ["celery", "-A", "app"]\nCMD ["worker"]',
        "docker-compose.yml": "services: {beat: {build: ., command: beat -l info}, w: {build: .}}",
    }
    assert merged_lines(files) == [
        "docker-compose.yml: beat: celery -A app beat -l info", f"docker-compose.yml: w: {WORKER}",
    ]  # fmt: skip


ENTRYPOINT = """\
#!/bin/sh
case "$1" in
    worker) shift; exec celery -A "${APP:-app}" worker -Q "${QUEUES:-celery}" ;;
    beat) exec celery -A "$APP" beat ;;
    *) exec "$@" ;;
esac
"""


def test_an_entrypoint_script_does_what_its_argument_says() -> None:
    files = {
        "docker/entrypoint.sh": ENTRYPOINT,
        "Dockerfile": 'FROM a\nCOPY docker/entrypoint.sh /entrypoint.sh\nENTRYPOINT ["/entrypoint.sh"]',
        "docker-compose.yml": """\
            services:
              web: {build: ., command: gunicorn app}
              mail: {build: ., command: worker, environment: {QUEUES: mail}}
              beat: {build: ., command: beat, environment: {APP: other}}
              own: {build: ., command: celery -A app worker -Q own}
            """,
    }
    assert merged_lines(files) == [
        f"docker-compose.yml: mail: {WORKER} -Q mail",
        "docker-compose.yml: beat: celery -A other beat",
        f"docker-compose.yml: own: {WORKER} -Q own",
    ]


def test_a_script_run_by_services_is_theirs() -> None:
    files = {
        "bin/worker.sh": "cd /srv\nexec celery -A app worker -Q ${QUEUE} -c ${N:-1}\n",
        "docker-compose.yml": """\
            services:
              one: {image: x, command: bin/worker.sh, environment: {QUEUE: one}}
              two: {image: x, command: ./bin/worker.sh, environment: {QUEUE: two, N: 4}, scale: 3}
              any: {image: x, command: /code/bin/worker.sh}
            """,
    }
    one, two, other = merged(files)
    assert line(one) == f"one: {WORKER} -Q one -c 1"
    assert line(two) == f"two: {WORKER} -Q two -c 4"
    assert line(other) == f"any: {WORKER} -Q ?${{QUEUE}} -c 1"
    assert (two.replicas, two.path, two.kind, two.workdir) == (3, "bin/worker.sh", "compose", "/srv")
    assert two.execs


def test_a_script_that_nobody_runs_stands_alone() -> None:
    files = {"bin/worker.sh": "celery -A app worker", "run.sh": "bin/other.sh"}
    assert merged_lines(files) == ["bin/worker.sh: -: celery -A app worker", "run.sh: -: [bin/other.sh] bin/other.sh"]


def test_scripts_run_scripts() -> None:
    files = {
        "Procfile": "worker: bash bin/outer.sh mail\n",
        "bin/outer.sh": "export A=1\nexec ./inner.sh $1\n",
        "bin/inner.sh": 'exec celery -A app worker -Q "$1"\n',
    }
    (command,) = merged(files)
    assert line(command) == f"worker: {WORKER} -Q mail"
    assert command.environment == {"A": "1"}
    assert command.alternative == "Procfile"


def test_scripts_in_circles_end() -> None:
    assert merged_lines({"Procfile": "w: ./a.sh\n", "a.sh": "./b.sh\ncelery -A app worker\n", "b.sh": "./a.sh\n"})


def test_copied_and_mounted_scripts_are_found_under_other_names() -> None:
    files = {
        "docker/celery/start": "#!/bin/sh\ncelery -A app worker\n",
        "docker/beat/start": "#!/bin/sh\ncelery -A app beat\n",
        "docker/Dockerfile": "FROM a\nCOPY ./docker/celery/start /start-worker\n",
        "docker-compose.yml": """\
            services:
              w: {build: {context: ., dockerfile: docker/Dockerfile}, command: /start-worker}
              b: {image: x, command: /start-beat, volumes: ["./docker/beat/start:/start-beat"]}
            """,
    }
    assert merged_lines(files) == [f"docker-compose.yml: w: {WORKER}", "docker-compose.yml: b: celery -A app beat"]


def test_a_script_that_could_be_either_of_two_is_not_guessed() -> None:
    files = {
        "a/start.sh": "celery -A a worker",
        "b/start.sh": "celery -A b worker",
        "docker-compose.yml": "services: {w: {image: x, command: /opt/start.sh}}",
    }
    assert "docker-compose.yml: w: [/opt/start.sh] /opt/start.sh" in merged_lines(files)


def test_an_override_file_changes_its_base() -> None:
    files = {
        "docker-compose.yml": """\
            services:
              worker: {build: ., command: celery -A app worker, environment: {A: '1', B: '1'}, scale: 2}
              beat: {image: x, command: celery -A app beat}
            """,
        "docker-compose.override.yml": """\
            services:
              worker: {command: celery -A app worker -P solo, environment: {B: '2'}}
              beat: {environment: {C: '3'}}
              flower: {image: x, command: celery -A app flower}
            """,
    }
    found = {command.service: command for command in merged(files)}
    worker, beat = found["worker"], found["beat"]
    assert line(worker) == f"worker: {WORKER} -P solo"
    assert (worker.environment, worker.replicas) == ({"A": "1", "B": "2"}, 2)
    assert (line(beat), beat.environment) == ("beat: celery -A app beat", {"C": "3"})
    assert line(found["flower"]) == "flower: celery -A app flower"
    assert {command.alternative for command in found.values()} == {"docker-compose.yml"}


def test_other_compose_files_are_alternatives() -> None:
    files = {
        "docker-compose.yml": "services: {w: {image: x, command: celery -A app worker}}",
        "docker-compose.prod.yml": "services: {w: {image: x, command: celery -A app worker -c 4}}",
    }
    assert merged_lines(files) == [
        f"docker-compose.yml: w: {WORKER}", f"docker-compose.prod.yml: w: {WORKER} -c 4",
    ]  # fmt: skip


def test_a_service_that_extends_one_of_another_file() -> None:
    files = {
        "common.yml": "services: {base: {image: x, command: celery -A app worker, environment: {A: '1'}}}",
        "docker-compose.yml": """\
            services:
              w: {extends: {file: common.yml, service: base}, scale: 2}
              own: {extends: {file: common.yml, service: base}, command: celery -A app beat}
            """,
    }
    found = {command.service: command for command in merged(files) if command.alternative == "docker-compose.yml"}
    assert line(found["w"]) == f"w: {WORKER}"
    assert (found["w"].replicas, found["w"].environment) == (2, {"A": "1"})
    assert (line(found["own"]), found["own"].environment) == ("own: celery -A app beat", {"A": "1"})


def test_a_launcher_in_python_stays_a_script() -> None:
    files = {"docker-compose.yml": "services: {w: {image: x, command: python -m jobs.worker -v}}"}
    (command,) = merged(files)
    assert (command.script, line(command)) == ("jobs/worker.py", "w: [jobs/worker.py] jobs.worker -v")
