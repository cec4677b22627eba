"""Which time limit holds for a task."""

from __future__ import annotations

import pytest

from celery_lint.project.code.values import Known, Unknown
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import Limit, is_enforced, limit_of
from tests.project.support import project

TASK = "@app.task\ndef f(): ...\n"


def hard(found: Project) -> str:
    """The hard limit of the only task: seconds and what sets them, "none", or "unknown"."""
    [task], [app] = found.tasks, found.apps
    limit = limit_of(task, app, "time_limit", found)
    if isinstance(limit, Limit):
        seconds = f"{limit.seconds.value:g}" if isinstance(limit.seconds, Known) else "?"
        return f"{seconds} {limit.source} {limit.origin.path}"
    return "unknown" if isinstance(limit, Unknown) else "none"


@pytest.mark.parametrize(
    ("app", "tasks", "worker", "expected"),
    [
        ("", TASK, "", "none"),
        ("", "@app.task(time_limit=60)\ndef f(): ...\n", "", "60 option proj/tasks.py"),
        ("", "@app.task(time_limit=None)\ndef f(): ...\n", "", "none"),
        ("", "@app.task(time_limit=0)\ndef f(): ...\n", "", "none"),
        ("", "@app.task(time_limit=limit())\ndef f(): ...\n", "", "? option proj/tasks.py"),
        ("app.conf.task_time_limit = 5 * 60\n", TASK, "", "300 setting proj/celery_app.py"),
        ("app.conf.task_time_limit = 60\n", "@app.task(time_limit=5)\ndef f(): ...\n", "", "5 option proj/tasks.py"),
        ("app.conf.task_time_limit = 60\n", "@app.task(**O)\ndef f(): ...\n", "", "? setting proj/celery_app.py"),
        ("", "from other import O\n@app.task(**O)\ndef f(): ...\n", "", "unknown"),
        ("", TASK, " --time-limit=90", "90 worker Procfile"),
        ("app.conf.task_time_limit = 60\n", TASK, " --time-limit=90", "60 setting proj/celery_app.py"),
        ("app.conf.task_annotations = {'*': {'time_limit': 7}}\n", TASK, "", "7 annotation proj/celery_app.py"),
        (
            "app.conf.task_annotations = {'*': {'time_limit': 7}, 'proj.tasks.f': {'time_limit': 8}}\n",
            "@app.task(time_limit=5)\ndef f(): ...\n",
            "",
            "8 annotation proj/celery_app.py",
        ),
        ("app.conf.task_annotations = {'proj.tasks.g': {'time_limit': 7}}\n", TASK, "", "none"),
        ("app.conf.task_annotations = annotations()\n", TASK, "", "unknown"),
        ("app.conf.update(load())\n", TASK, "", "unknown"),
        (
            "",
            "from celery import Task\nclass B(Task):\n    time_limit = 9\n@app.task(base=B)\ndef f(): ...\n",
            "",
            "9 base proj/tasks.py",
        ),
        ("", "from other import B\n@app.task(base=B)\ndef f(): ...\n", "", "unknown"),
        ("", "from celery_once import QueueOnce\n@app.task(base=QueueOnce)\ndef f(): ...\n", "", "none"),
    ],
)
def test_the_limit_that_holds(app: str, tasks: str, worker: str, expected: str) -> None:
    """The strongest source that sets one; doubt about a stronger one leaves the number open."""
    procfile = {"Procfile": f"worker: celery -A proj.celery_app worker{worker}"}
    assert hard(project(procfile, app=app, tasks=tasks)) == expected


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ([""], True),
        ([" -P threads"], False),
        ([" -P gevent"], True),
        (["", " -P threads"], None),
        ([" -P $POOL"], None),
    ],
)
def test_which_pools_enforce_it(workers: list[str], expected: bool | None) -> None:
    """Threads, solo and eventlet let every task run on."""
    lines = [f"w{number}: celery -A proj.celery_app worker{rest}" for number, rest in enumerate(workers)]
    found = project({"Procfile": "\n".join(lines)}, tasks=TASK)
    [task] = found.tasks
    assert is_enforced(task, "time_limit", found) is expected
