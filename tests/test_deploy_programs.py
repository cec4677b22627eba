"""Wrappers in front of Celery: the program that really runs is found."""

from __future__ import annotations

import pytest

from tests.deploy_lines import facts, lines


@pytest.mark.parametrize(
    "prefix",
    [
        "poetry run", "uv run", "uv run --no-sync", "pipenv run", "pdm run", "python -m", "python3.12 -X dev -m",
        "python -m debugpy --listen 0.0.0.0:5678 -m", "ddtrace-run", "newrelic-admin run-program",
        "opentelemetry-instrument", "gosu app", "gosu celery", "su-exec app", "chpst -u app", "s6-setuidgid app",
        "sudo -E -u celery", "runuser -u celery --", "dumb-init --", "tini -g --", "dumb-init", "xvfb-run -a",
        "nice -n 10", "ionice -c 3", "env A=b", "env -i A=b C=d", "timeout 60", "nohup", "setsid", "stdbuf -oL",
        "watchmedo auto-restart --directory=./ --pattern=*.py --recursive --", "watchmedo auto-restart -d . -p '*.py'",
        "hupper -m", "coverage run -m", "dockerize -wait tcp://db:5432", "./wait-for-it.sh db:5432 -t 60 --",
        "/entrypoint.sh", "docker run --name celery image", "docker compose run --rm web", "docker exec -it web",
        "kubectl exec pod --", "conda run -n env", "gosu app env X=1 poetry run", "doppler run --", "flock -n /tmp/l",
        "gosu app python -m",
    ],
)  # fmt: skip
def test_wrappers_are_taken_off(prefix: str) -> None:
    assert lines("start.sh", f"{prefix} celery -A app worker") == ["-: celery -A app worker"]


@pytest.mark.parametrize(
    "text",
    [
        'sh -c "celery -A app worker"',
        "bash -c 'cd src && exec celery -A app worker'",
        "bash -lc 'celery -A app worker'",
        "/bin/bash -o pipefail -c 'celery -A app worker'",
        "su - app -c 'celery -A app worker'",
        'su celery -c "celery -A app worker"',
        "gosu app sh -c 'celery -A app worker'",
        "poetry run bash -c 'celery -A app worker'",
        "watchfiles 'celery -A app worker' src",
        "nodemon --exec 'celery -A app worker'",
        "watchmedo shell-command --command='celery -A app worker' .",
        "tmux new-session -d 'celery -A app worker'",
        "sh -c 'sh -c \"celery -A app worker\"'",
    ],
)
def test_commands_inside_quotes_are_found(text: str) -> None:
    assert lines("start.sh", text) == ["-: celery -A app worker"]


def test_arguments_of_an_inline_script_are_known() -> None:
    assert lines("start.sh", "sh -c 'celery -A app worker -Q $1' name mail") == ["-: celery -A app worker -Q mail"]


@pytest.mark.parametrize(
    ("text", "through"),
    [
        ("python manage.py celery worker", "manage.py"),
        ("./manage.py celery worker", "manage.py"),
        ("newrelic-admin run-program python manage.py celery worker", "manage.py"),
        ("nautobot-server celery worker", "nautobot-server"),
        ("watchmedo auto-restart -- nautobot-server celery worker", "nautobot-server"),
        ("python -m project.cli celery worker", "project.cli"),
        ("flask celery worker", "flask"),
        ("newrelic-admin run-program flask celery worker", "flask"),
        ("newrelic-admin run-program bin/server --dev celery worker", "server"),
        ("poetry run flask celery worker", "flask"),
        ("/app/bin/server celery worker", "server"),
        ("./entrypoint.sh celery worker", None),
        ("poetry run env A=b celery worker", None),
        ("conda run -n worker celery worker", None),
        ("newrelic-admin run-program celery worker", None),
        ("celery worker", None),
        ("ddtrace-run celery worker", None),
        ("poetry run celery worker", None),
        ("python -m celery worker", None),
    ],
)
def test_a_management_command_may_bring_the_app(text: str, through: str | None) -> None:
    (command,) = facts("start.sh", text).commands
    assert [word.text for word in command.words] == ["celery", "worker"]
    assert command.through == through


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("./scripts/start.sh worker", "./scripts/start.sh"),
        ("bash start-worker.sh", "start-worker.sh"),
        ("sh -e start-worker", "start-worker"),
        ("/start-celeryworker", "/start-celeryworker"),
        ("python scripts/start_worker.py", "scripts/start_worker.py"),
        ("python -u -m project.worker", "project/worker.py"),
        ("poetry run python start_worker.py", "start_worker.py"),
        ("dumb-init -- ./start.sh", "./start.sh"),
        ("./wait-for-it.sh db:5432 -- /app/entrypoint.sh", "/app/entrypoint.sh"),
    ],
)
def test_scripts_of_the_project_are_named(text: str, script: str) -> None:
    (command,) = facts("Procfile", f"worker: {text}").commands
    assert command.script == script


@pytest.mark.parametrize(
    "text",
    ["gunicorn app.wsgi", "python -m pytest", "python -c 'import x'", "pip install -r x.txt", "/usr/bin/redis-server",
     "node server.js", "python manage.py migrate", "nginx -g 'daemon off;'", "docker compose up"],
)  # fmt: skip
def test_other_programs_are_left_out(text: str) -> None:
    assert facts("Procfile", f"web: {text}").commands == ()


def test_inline_environment_belongs_to_the_command() -> None:
    (command,) = facts("start.sh", "A=1 env B=2 C=$D celery -A app worker").commands
    assert command.environment == {"A": "1", "B": "2", "C": None}


@pytest.mark.parametrize(
    ("text", "execs"),
    [
        ("exec celery -A app worker", True),
        ("exec gosu app celery -A app worker", True),
        ("celery -A app worker", False),
        ("exec sh -c 'celery -A app worker'", False),
        ("exec sh -c 'exec celery -A app worker'", True),
        ("sh -c 'exec celery -A app worker'", False),
    ],
)
def test_exec_is_noticed(text: str, execs: bool) -> None:
    (command,) = facts("start.sh", text).commands
    assert command.execs is execs
