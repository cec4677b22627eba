"""From a task to its queue, from the queue to its workers, from the worker to its pool."""

from __future__ import annotations

import pytest

from celery_lint.project.project import Project
from tests.project.support import project

TASKS = "@app.task\ndef send(): ...\n"


def queues(found: Project) -> tuple[str, ...] | None:
    [app] = found.apps
    [task] = found.tasks
    return found.queues_of(task, app)


@pytest.mark.parametrize(
    ("app", "queue"),
    [
        ("", "celery"),
        ("app.conf.task_default_queue = 'main'", "main"),
        ("app.conf.task_routes = {'proj.tasks.send': {'queue': 'mail'}}", "mail"),
        ("app.conf.task_routes = {'proj.tasks.send': 'mail'}", "mail"),
        ("app.conf.task_routes = {'proj.tasks.*': {'queue': 'mail'}}", "mail"),
        ("app.conf.task_routes = {'proj.other.*': {'queue': 'mail'}}", "celery"),
        ("app.conf.task_routes = ({'proj.*': {'queue': 'one'}}, {'proj.tasks.send': {'queue': 'two'}})", "one"),
        ("app.conf.task_routes = {'proj.*': {'queue': 'one'}, 'proj.tasks.send': {'queue': 'two'}}", "two"),
        ("import re\napp.conf.task_routes = {re.compile(r'proj\\..*'): {'queue': 'mail'}}", "mail"),
    ],
)
def test_a_task_goes_where_celery_would_send_it(app: str, queue: str) -> None:
    assert queues(project(app=app + "\n", tasks=TASKS)) == (queue,)


@pytest.mark.parametrize(
    "app",
    [
        "app.conf.task_routes = (route,)",
        "app.conf.task_routes = load()",
        "app.conf.task_routes = {'proj.*': {'queue': name()}}",
    ],
)
def test_a_queue_that_cannot_be_known_is_unknown(app: str) -> None:
    assert queues(project(app=app + "\n", tasks=TASKS)) is None


def test_an_option_of_the_task_is_a_default_that_routes_replace() -> None:
    tasks = "@app.task(queue='slow')\ndef send(): ...\n"
    assert queues(project(tasks=tasks)) == ("slow",)


@pytest.mark.parametrize(
    ("command", "consumes"),
    [
        ("celery -A proj.celery_app worker", True),
        ("celery -A proj.celery_app worker -Q celery", True),
        ("celery -A proj.celery_app worker -Q mail,celery", True),
        ("celery -A proj.celery_app worker --queues=mail", False),
        ("celery -A proj.celery_app worker -X celery", None),
        ("celery -A proj.celery_app worker -Q $QUEUES", None),
        ("celery -A proj.celery_app worker -Q ${QUEUES:-mail}", False),
    ],
)
def test_a_worker_consumes_what_its_command_says(command: str, consumes: bool | None) -> None:
    found = project({"Procfile": f"worker: {command}"}, tasks=TASKS)
    [worker] = found.workers
    assert found.consumes(worker, "celery") is consumes


@pytest.mark.parametrize(
    ("options", "pools"),
    [
        ("", {"prefork"}),
        ("-P gevent -c 100", {"gevent"}),
        ("--pool=threads", {"threads"}),
        ("--pool solo", {"solo"}),
        ("-P $POOL", None),
    ],
)
def test_a_task_runs_in_the_pool_of_its_worker(options: str, pools: set[str] | None) -> None:
    found = project({"Procfile": f"worker: celery -A proj.celery_app worker {options}"}, tasks=TASKS)
    [task] = found.tasks
    pools_of = found.pools_of(task)
    assert (set(pools_of) if pools_of is not None else None) == pools


def test_the_pool_may_be_a_setting() -> None:
    found = project(app="app.conf.worker_pool = 'threads'\n", tasks=TASKS)
    assert found.pools_of(found.tasks[0]) == frozenset({"threads"})


def test_only_workers_of_its_queue_run_a_task() -> None:
    procfile = "a: celery -A proj.celery_app worker -Q celery\nb: celery -A proj.celery_app worker -Q mail -P gevent\n"
    found = project({"Procfile": procfile}, tasks=TASKS)
    assert found.pools_of(found.tasks[0]) == frozenset({"prefork"})


def test_two_alternatives_are_no_sum_of_workers() -> None:
    files = {
        "Procfile": "",
        "Dockerfile": "FROM python\nCMD celery -A proj.celery_app worker -P gevent\n",
        "compose.yaml": "services:\n  w:\n    build: .\n    command: celery -A proj.celery_app worker -P threads\n",
    }
    found = project(files, tasks=TASKS)
    assert found.pools_of(found.tasks[0]) == frozenset({"threads"})


def test_beat_is_no_worker() -> None:
    found = project({"Procfile": "beat: celery -A proj.celery_app beat\n"})
    assert found.workers == ()
    assert len(found.beats) == 1
