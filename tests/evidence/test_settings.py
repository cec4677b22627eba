"""Rules about settings: what processes do with them."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import yaml

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project, moments
from tests.evidence.servers import alone

NAP = """
import time
from proj.tasks import app

@app.task
def nap(seconds):
    time.sleep(seconds)
"""
PROCESS_OF = """
import os
from proj.tasks import app

@app.task
def process():
    return os.getpid()
"""
RUNS_CODE = """
import os
from celery import Celery

class Evil:
    def __reduce__(self):
        return os.system, ("touch owned",)

somebody = Celery(broker="filesystem://")
somebody.send_task("proj.tasks.render_invoice", (Evil(),), serializer="pickle")
"""


@Experiment(
    "CEL801",
    pools=("prefork",),
    broker="redis",
    files={"driver.py": NAP},
    fails=(
        "task_time_limit is None",
        "the multiplier is 4, a worker of one process took more than 2 messages",
    ),
    works=("task_time_limit is 300", "the multiplier is 1, a worker of one process took 2 messages"),
)
def test_unknown_setting(project: Project) -> str:
    limit = project.python("from proj.tasks import app; print('task_time_limit is', app.conf.task_time_limit)")
    return f"{limit}\n{prefetched(project)}"


@Experiment(
    "CEL802",
    pools=("prefork",),
    broker="none",
    needs=("django",),
    fails=r"transport:\s+amqp://guest:\*\*@localhost:5672//",
    works=r"transport:\s+redis://(:\*\*@)?redis:6379/0",
)
def test_django_namespace_missing(project: Project) -> str:
    return project.worker(app="shop.celery").until("transport:.*")


@Experiment(
    "CEL803",
    fails=r"ImproperlyConfigured:\s+Cannot mix new and old setting keys",
    works="celery@… ready",
)
def test_legacy_or_mixed_settings(project: Project) -> str:
    return project.worker().until("ready")


@Experiment(
    "CEL804",
    pools=("prefork",),
    broker="redis",
    files={"driver.py": NAP},
    fails=(
        "task_acks_late is False",
        "the multiplier is 4, a worker of one process took more than 2 messages",
    ),
    works=("task_acks_late is True", "the multiplier is 1, a worker of one process took 1 messages"),
)
def test_setting_has_no_effect(project: Project) -> str:
    late = project.python("from proj.tasks import app; print('task_acks_late is', app.conf.task_acks_late)")
    return f"{late}\n{prefetched(project)}"


@Experiment(
    "CEL805",
    pools=("prefork",),
    fails="a message that somebody put into the broker ran a shell command in the worker",
    works="Refusing to deserialize untrusted content of type pickle",
)
def test_pickle_accepted(project: Project) -> str:
    project.python(RUNS_CODE)
    worker = project.worker(C_FORCE_ROOT="1")
    worker.until("ready")
    for _ in moments(5):
        if (project.root / "owned").exists():
            return "a message that somebody put into the broker ran a shell command in the worker"
    return worker.log


@Experiment(
    "CEL807",
    fails="ran in the process that called delay",
    works="waits in the queue celery",
)
def test_always_eager_enabled(project: Project) -> str:
    log = project.python(
        "from proj.tasks import app\n"
        "@app.task\n"
        "def resize(): print('ran in the process that called delay')\n"
        "resize.delay()\n"
    )
    return f"{log}\nwaits in the queue {', '.join(project.waiting)}"


@Experiment(
    "CEL808",
    pools=("prefork",),
    broker="redis",
    files={"driver.py": PROCESS_OF},
    fails="the result in Redis has no time to live",
    works="the result in Redis is removed after an hour",
)
def test_results_never_expire(project: Project) -> str:
    project.python("from driver import process; process.delay()")
    project.worker("-I", "driver").until("succeeded")
    return project.python(
        "from redis import Redis\n"
        "redis = Redis()\n"
        "(key,) = redis.keys('celery-task-meta-*')\n"
        "left = redis.ttl(key)\n"
        "print('the result in Redis', 'has no time to live' if left == -1 else\n"
        "      'is removed after an hour' if 3500 < left <= 3600 else left)"
    )


@Experiment(
    "CEL809",
    pools=("prefork",),
    files={"driver.py": PROCESS_OF},
    fails="3 tasks ran in 3 processes of a worker of one process",
    works="3 tasks ran in 1 processes of a worker of one process",
)
def test_setting_wrong_unit(project: Project) -> str:
    project.python("from driver import process\nfor _ in range(3): process.delay()")
    log = project.worker("-I", "driver", size=1).until("succeeded", times=3)
    processes = re.findall(r"succeeded in \S+ (\d+)", log)
    return f"{len(processes)} tasks ran in {len(set(processes))} processes of a worker of one process"


@Experiment(
    "CEL810",
    needs=("flower",),
    files={"proj.py": "from celery import Celery\napp = Celery('proj')\n"},
    fails="whoever asks for the list of workers gets it: status 200",
    works="whoever asks for the list of workers gets status 401",
)
def test_flower_unauthenticated(project: Project) -> str:
    service = yaml.safe_load((project.root / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["flower"]
    command = service["command"].replace("${FLOWER_USER}", "user").replace("${FLOWER_PASSWORD}", "secret")
    with alone("flower"):
        flower = project.celery(*command.split()[1:], "--address=127.0.0.1")
        flower.until("Visit me|Registered tasks")
        for _ in moments(10):
            try:
                with urllib.request.urlopen("http://127.0.0.1:5555/workers", timeout=5) as answer:
                    return f"whoever asks for the list of workers gets it: status {answer.status}"
            except urllib.error.HTTPError as error:
                return f"whoever asks for the list of workers gets status {error.code}"
            except OSError:
                continue
    return flower.log


@Experiment(
    "CEL819",
    fails=("AttributeError: 'str' object has no attribute 'name'", "ended with status 1"),
    works="celery@… ready",
)
def test_invalid_setting_value(project: Project) -> str:
    return project.worker().until("ready")


def prefetched(project: Project) -> str:
    """How many messages a worker of one process takes from the broker while its first task runs."""
    project.python("from driver import nap\nfor _ in range(6): nap.delay(60)")
    multiplier = project.python("from proj.tasks import app; print(app.conf.worker_prefetch_multiplier)").split()[0]
    worker = project.worker("-I", "driver", size=1)
    worker.until(r"\] received")
    taken = worker.until(r"\] received", times=6, seconds=4).count("] received")
    count = "more than 2" if taken > 2 else taken
    return f"the multiplier is {multiplier}, a worker of one process took {count} messages"
