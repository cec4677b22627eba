"""Rules about what reaches which worker, on real workers."""

from __future__ import annotations

import re
import signal

import pytest
import yaml

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

TASK_OF_THE_DRIVER = """
import time
from shop.tasks import app

@app.task
def nap(seconds):
    time.sleep(seconds)
"""
EVERY_SECOND = """
from shop.tasks import app

app.conf.beat_schedule = {"tick": {"task": "driver.tick", "schedule": 1.0}}

@app.task
def tick(): ...
"""


@Experiment(
    "CEL201",
    pools=("prefork",),
    fails="Received unregistered task of type 'proj.reports.daily'",
    works=r"Task proj.reports.daily\[…\] succeeded",
)
def test_task_module_not_imported(project: Project) -> str:
    project.python("from proj.web import view; view()")
    return project.worker().until("unregistered|succeeded")


@Experiment(
    "CEL202",
    pools=("prefork",),
    fails="Received unregistered task of type 'shop.orders.jobs.close'",
    works=r"Task shop.orders.jobs.close\[…\] succeeded",
)
def test_autodiscover_finds_nothing(project: Project) -> str:
    project.python("import shop.app; from shop.orders.jobs import close; close.delay(7)")
    return project.worker().until("unregistered|succeeded")


@Experiment(
    "CEL203",
    pools=("prefork",),
    files={
        "proj/mail/__init__.py": "",
        "proj/mail/tasks.py": "from celery import shared_task\n@shared_task\ndef send(): ...\n",
    },
    fails="ModuleNotFoundError: No module named 'p'",
    works=r"Task proj.mail.tasks.send\[…\] succeeded",
)
def test_autodiscover_package_is_a_string(project: Project) -> str:
    project.python("from proj.tasks import app; app.send_task('proj.mail.tasks.send')")
    return project.worker().until("succeeded")


@Experiment("CEL204", fails="it waits in the queue celery", works="it waits in the queue async_operations")
def test_dead_route(project: Project) -> str:
    project.python("from api.tasks.sync_tasks import sync_recordings; sync_recordings.delay(7)")
    return f"it waits in the queue {', '.join(project.waiting)}"


@Experiment(
    "CEL205",
    fails=("0 of 1 succeeded", "nobody takes it from the queue images"),
    works=("1 of 1 succeeded", "nothing waits"),
)
def test_queue_not_consumed(project: Project) -> str:
    project.python("from shop.tasks import upload; upload('x.png')")
    workers = project.deployed("Procfile")
    project.until("ready", times=len(workers))
    project.until("succeeded", seconds=5)
    return left(project)


@Experiment("CEL206", fails="the worker of images ran 0 tasks", works="the worker of images ran 1 tasks")
def test_idle_queue(project: Project) -> str:
    project.python("from proj.tasks import resize; resize.delay('x.png')")
    _, images = project.deployed("Procfile")
    project.until("ready", times=2)
    project.until("succeeded")
    return f"the worker of images ran {images.log.count('succeeded in')} tasks"


@Experiment(
    "CEL207",
    fails=("0 of 1 succeeded", "nobody takes it from the queue celery"),
    works=("1 of 1 succeeded", "nothing waits"),
)
def test_default_queue_not_consumed(project: Project) -> str:
    project.python("from shop.tasks import cleanup; cleanup.delay()")
    project.deployed("Makefile")
    project.until("ready")
    project.until("succeeded", seconds=5)
    return left(project)


@Experiment("CEL208", fails="it waits in the queue celery", works="it waits in the queue slow")
def test_unrouted_task(project: Project) -> str:
    project.python("from proj.tasks import clean; clean.delay()")
    return f"it waits in the queue {', '.join(project.waiting)}"


@Experiment(
    "CEL209",
    files={"driver.py": 'import shop.app\nshop.app.app.conf.task_routes = {"shop.mail.*": {"queue": "mail"}}\n'},
    fails="it waits in the queue celery",
    works="it waits in the queue mail",
)
def test_multiple_celery_apps(project: Project) -> str:
    """The routes of the application that workers run are not those of what the other one sends."""
    project.python("import driver; from shop.mail import send; send.delay('a@example.com')")
    return f"it waits in the queue {', '.join(project.waiting)}"


@Experiment(
    "CEL210",
    needs=("django",),
    files={
        "web.py": 'from shop.settings import *\nCELERY_BROKER_URL = "filesystem://"\n',
        "orders/__init__.py": "",
    },
    fails="OperationalError: .*Connection refused",
    works="it waits in the queue celery",
)
def test_django_app_not_loaded(project: Project) -> str:
    """The broker is in the settings of Django, where a process without the application never looks."""
    log = project.python(
        "import django; django.setup(); import shop; from orders.tasks import close\n"
        "close.apply_async((7,), retry=False)",
        DJANGO_SETTINGS_MODULE="web",
        CELERY_BROKER_URL=None,
    )
    return f"{log}\nit waits in the queue {', '.join(project.waiting)}"


@Experiment("CEL211", fails=("No such option '-A'", "ended with status 2"), works="celery@… ready")
def test_broken_worker_command(project: Project) -> str:
    ((_, *words),) = project.commands("Procfile")
    return project.celery(*words).until("ready")


@Experiment(
    "CEL212",
    pools=("gevent",),
    broker="redis",
    files={"driver.py": TASK_OF_THE_DRIVER},
    fails=("celery@… ready", "3 received, 0 succeeded"),
    works="3 received, 3 succeeded",
)
def test_green_pool_not_patched(project: Project) -> str:
    ((_, *words),) = project.commands("Procfile")
    worker = project.celery(*words, "-I", "driver", "--loglevel=INFO")
    worker.until("ready")
    project.python("from driver import nap\nfor _ in range(3): nap.delay(0.1)")
    log = worker.until("succeeded", times=3, seconds=10)
    return f"{log}\n{log.count('] received')} received, {log.count('succeeded in')} succeeded"


@Experiment(
    "CEL213",
    pools=("threads", "solo"),
    files={
        # One second instead of a minute, for both.
        "driver.py": """
import asyncio
import shop.tasks

async def download(url):
    await asyncio.sleep(4)

timeout = asyncio.timeout
asyncio.timeout = lambda seconds: timeout(seconds / 60)
shop.tasks.download = download
if shop.tasks.fetch.time_limit:
    shop.tasks.fetch.time_limit /= 60
"""
    },
    fails="the time_limit is 1 second; succeeded after 4 seconds",
    works="raised unexpected: TimeoutError",
)
def test_option_ignored_by_pool(project: Project) -> str:
    project.python("import driver; driver.shop.tasks.fetch.delay('https://example.com')")
    ((_, *words),) = project.commands("Procfile")
    words = [word.replace("threads", project.pool) for word in words]
    log = project.celery(*words, "-I", "driver", "--loglevel=INFO").until("succeeded|raised")
    took = re.search(r"succeeded in (\d+)", log)
    return f"the time_limit is 1 second; succeeded after {took[1]} seconds" if took else log


@Experiment(
    "CEL214",
    pools=("prefork",),
    files={"driver.py": EVERY_SECOND},
    fails="2 of the started processes sent the periodic task",
    works="1 of the started processes sent the periodic task",
)
def test_embedded_beat(project: Project) -> str:
    """The worker is started twice, as any deployment may do."""
    commands = [[word.replace("shop.tasks", "driver") for word in words] for words in project.commands("Procfile")]
    for number, words in enumerate([commands[0], *commands]):
        own = [f"--schedule=schedule-{number}"] if {"-B", "beat"} & set(words) else []
        own += ["-n", f"w{number}@here"] if "worker" in words else []
        project.celery(*words[1:], *own, "--loglevel=INFO")
    project.until("Sending due task", times=4, seconds=15)
    senders = sum("Sending due task" in process.log for process in project.running)
    return f"{senders} of the started processes sent the periodic task"


@Experiment(
    "CEL215",
    files={"driver.py": EVERY_SECOND},
    fails="2 of the started processes sent the periodic task",
    works="1 of the started processes sent the periodic task",
)
def test_replicated_beat(project: Project) -> str:
    service = yaml.safe_load((project.root / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["beat"]
    words = service["command"].replace("shop.tasks", "driver").split()
    for number in range(service["deploy"]["replicas"]):
        project.celery(*words[1:], f"--schedule=schedule-{number}", "--loglevel=INFO")
    project.until("Sending due task", times=6)
    senders = sum("Sending due task" in process.log for process in project.running)
    return f"{senders} of the started processes sent the periodic task"


@Experiment(
    "CEL216",
    pools=("prefork",),
    files={"manage.py": "", "driver.py": TASK_OF_THE_DRIVER},
    fails="SIGTERM to the container's process: the worker learns nothing",
    works="SIGTERM to the container's process: Warm shutdown",
)
def test_worker_ignores_sigterm(project: Project) -> str:
    """The script is process 1 of a namespace of its own, as it is in a container."""
    (project.root / "worker.sh").chmod(0o755)
    container = project.start(
        *["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "./worker.sh"]
    )
    if "unshare failed" in container.until(r"\[tasks\](.|\n)*hostname", seconds=10):
        pytest.skip("namespaces of processes need rights that are not there")
    container.send(signal.SIGTERM, to_child=True)
    seen = "Warm shutdown" in container.until("Warm shutdown", seconds=4)
    return f"SIGTERM to the container's process: {'Warm shutdown' if seen else 'the worker learns nothing'}"


@Experiment("CEL217", fails=("The module shop.worker was not found", "ended with status 2"), works="celery@… ready")
def test_worker_app_not_found(project: Project) -> str:
    ((_, *words),) = project.commands("supervisor.conf")
    return project.celery(*words).until("ready")


@Experiment(
    "CEL218",
    pools=("threads",),
    files={"driver.py": TASK_OF_THE_DRIVER},
    fails=(
        r"""AttributeError\("'TaskPool' object has no attribute 'grow'"\)""",
        "Unable to parse extra configuration from command line",
        "0 workers run",
    ),
    works="30 of 30 succeeded, 2 workers run",
)
def test_conflicting_worker_options(project: Project) -> str:
    project.python("from driver import nap\nfor _ in range(30): nap.delay(0.5)")
    workers = project.deployed("Procfile", "-I", "driver")
    log = project.until("succeeded", times=30, seconds=10)
    running = sum("ended with status" not in worker.log for worker in workers)
    return f"{log}\n{log.count('succeeded in')} of 30 succeeded, {running} workers run"


def left(project: Project) -> str:
    """What has been done of one message, and where it waits if it has not."""
    waiting = f"nobody takes it from the queue {project.waiting[0]}" if project.waiting else "nothing waits"
    return f"{project.log.count('succeeded in')} of 1 succeeded; {waiting}"
