"""Rules about tasks that hang, fail, are retried, or are lost."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

APP = "from celery import Celery\napp = Celery('driver', broker='redis://localhost')\nimport proj.tasks\n"
# Bodies are `...` on the pages. Where Celery retries by itself it has put its own function around them.
FAILS = (
    APP
    + """
def fails(*arguments):
    raise {error}

for name in {names}:
    task = getattr(proj.tasks, name)
    setattr(task, "_orig_run" if hasattr(task, "_orig_run") else "run", fails)
proj.tasks.send = fails
"""
)
NO_CONNECTION = (
    APP
    + """
import requests

def fails(*arguments, **options):
    raise requests.ConnectionError("refused")

requests.get = requests.post = fails
"""
)


@Experiment(
    "CEL501",
    pools=("prefork",),
    broker="redis",
    needs=("requests",),
    files={
        # Three seconds instead of five minutes, for the caller as well: the limits travel with the message.
        "driver.py": """
from proj.tasks import app
for name in ("task_soft_time_limit", "task_time_limit"):
    if app.conf[name]:
        app.conf[name] /= 100
"""
    },
    fails="the task hangs, and nothing says so",
    works="raised unexpected: SoftTimeLimitExceeded",
)
def test_missing_time_limit(project: Project) -> str:
    with silent_server() as url:
        project.python(f"import driver; from proj.tasks import sync_prices; sync_prices.delay({url!r})")
        return hangs(project, "sync_prices", app="driver")


@Experiment(
    "CEL502",
    pools=("prefork",),
    broker="redis",
    files={
        # Three seconds instead of five minutes.
        "driver.py": APP
        + """
import time
proj.tasks.send = lambda order_id: time.sleep(0.5)
proj.tasks.send_all.soft_time_limit /= 100
proj.tasks.send_all.time_limit /= 100
"""
    },
    fails=r"Hard time limit \(\S+\) exceeded",
    works="raised unexpected: SoftTimeLimitExceeded",
)
def test_soft_limit_swallowed(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.send_all.delay(list(range(20)))")
    return project.worker(app="driver").until("raised unexpected|Hard time limit|succeeded")


@Experiment(
    "CEL503",
    pools=("prefork",),
    needs=("requests",),
    files={
        "driver.py": APP
        + """
import requests
from types import SimpleNamespace
requests.get = lambda *args, **kwargs: SimpleNamespace(status_code=503)
"""
    },
    fails=(r"fetch_rates\[…\] succeeded", "received a second time"),
    works=(r"fetch_rates\[…\] retry: Retry in …s", "received a second time"),
)
def test_retry_swallowed(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.fetch_rates.delay('Monday')")
    log = project.worker(app="driver").until(r"\] received", times=2)
    return f"{log}\n{'received a second time' if log.count('] received') == 2 else ''}"


@Experiment(
    "CEL505",
    pools=("prefork",),
    broker="redis",
    files={
        # No delays.
        "driver.py": FAILS.format(error="OSError('no such host')", names=())
        + """
retry = proj.tasks.notify.retry
proj.tasks.notify.retry = lambda **options: retry(**{**options, "countdown": 0})
"""
    },
    fails="tried 20 times, and goes on",
    works="gave up when it had tried 13 times",
)
def test_infinite_retries(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.notify.delay('https://example.com')")
    log = project.worker(app="driver").until("raised unexpected|(retry: Retry(.|\n)*?){20}")
    tries = len(re.findall("retry: Retry", log))
    return (
        f"gave up when it had tried {tries + 1} times"
        if "raised" in log
        else f"tried {min(tries, 20)} times, and goes on"
    )


@Experiment(
    "CEL506",
    pools=("prefork",),
    needs=("requests",),
    files={"driver.py": NO_CONNECTION},
    fails=r"raised unexpected: ConnectionError\('refused'\)",
    works=r"retry: Retry in …s: ConnectionError\('refused'\)",
)
def test_retry_options_unused(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.fetch_rates.delay('Monday')")
    return project.worker(app="driver").until("raised|Retry in")


@Experiment(
    "CEL507",
    pools=("prefork",),
    files={"driver.py": FAILS.format(error="OSError", names=())},
    fails="the first retry waits 180 seconds",
    works="the first retry waits a second at most",
)
def test_backoff_without_autoretry(project: Project) -> str:
    return first_wait(project)


@Experiment(
    "CEL508",
    pools=("prefork",),
    files={"driver.py": FAILS.format(error="OSError", names=("charge",))},
    fails="the first retry waits 180 seconds",
    works="the first retry waits a second at most",
)
def test_autoretry_without_backoff(project: Project) -> str:
    return first_wait(project)


@Experiment(
    "CEL509",
    pools=("prefork",),
    files={"driver.py": FAILS.format(error="KeyError('order')", names=("charge",))},
    fails=(r"charge\[…\] retry: .*KeyError\('order'\)", r"refund\[…\] retry: .*KeyError\('order'\)"),
    works=(
        r"charge\[…\] raised unexpected: KeyError\('order'\)",
        r"refund\[…\] raised unexpected: KeyError\('order'\)",
    ),
)
def test_blanket_retry(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.charge.delay(7); driver.proj.tasks.refund.delay(7)")
    return project.worker(app="driver").until("raised unexpected|retry: Retry", times=2)


@Experiment(
    "CEL510",
    pools=("prefork",),
    broker="redis",
    files={
        # Killed in the first run, as when memory is short.
        "driver.py": """
import os
import pathlib
import proj.tasks

def run(url):
    with pathlib.Path("runs").open("a") as runs:
        runs.write("x")
    if pathlib.Path("runs").stat().st_size == 1:
        os.kill(os.getpid(), 9)

proj.tasks.import_catalogue.run = run
"""
    },
    fails=("WorkerLostError", "ran 1 times, succeeded 0 times"),
    works="ran 2 times, succeeded 1 times",
)
def test_acks_late_lost_on_crash(project: Project) -> str:
    project.python("from proj.tasks import import_catalogue; import_catalogue.delay('https://example.com')")
    worker = project.worker("-I", "driver")
    worker.until("WorkerLostError|succeeded")
    log = worker.until("succeeded", seconds=8)
    runs = len((project.root / "runs").read_text(encoding="ascii"))
    return f"{log}\nran {runs} times, succeeded {log.count('succeeded in')} times"


@Experiment(
    "CEL511",
    pools=("prefork",),
    broker="redis",
    files={
        # Four seconds instead of two hours, and the timeouts in proportion.
        "driver.py": """
import time
import proj.tasks
options = proj.tasks.app.conf.broker_transport_options
timeout = options.get("visibility_timeout", 3600) / 1800
proj.tasks.app.conf.broker_transport_options = {
    "visibility_timeout": timeout, "unacked_restore_interval": 1, "unacked_restore_throttle": 1,
}
proj.tasks.import_catalogue.time_limit = None
proj.tasks.import_catalogue.run = lambda url: time.sleep(7200 / 1800)
"""
    },
    fails="started more than once",
    works="started once",
)
def test_visibility_timeout_too_short(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.import_catalogue.delay('https://example.com')")
    worker = project.worker("-I", "driver", size=2)
    worker.until("succeeded")
    received = len(re.findall(r"\] received", worker.until(r"\] received", times=2, seconds=8)))
    return f"{worker.log}\nstarted {'once' if received == 1 else 'more than once'}"


@Experiment(
    "CEL512",
    pools=("prefork", "threads"),
    needs=("requests",),
    files={
        # A second instead of ten or more.
        "driver.py": """
import requests
from celery import Celery
import proj.tasks
app = getattr(proj.tasks, "app", None) or Celery("driver")
post = requests.post
requests.post = lambda url, **o: post(url, **{**o, "timeout": 1} if o.get("timeout") else o)
"""
    },
    fails="the task hangs, and nothing says so",
    works="(raised unexpected|retry: Retry in …s): ReadTimeout",
)
def test_io_without_timeout(project: Project) -> str:
    with silent_server() as url:
        project.python(f"import driver; driver.proj.tasks.notify.delay({url!r}, 'hello')")
        return hangs(project, "notify", app="driver")


@Experiment(
    "CEL513",
    pools=("prefork",),
    files={"driver.py": FAILS.format(error="OSError('no printer')", names=())},
    fails=r"succeeded in …s: \{'status': 'failed', 'error': 'no printer'\}",
    works=r"raised unexpected: OSError\('no printer'\)",
)
def test_failure_reported_as_success(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.send_invoice.delay(7)")
    return project.worker(app="driver").until("raised unexpected|succeeded")


@Experiment(
    "CEL514",
    pools=("prefork", "threads"),
    results=True,
    fails=r"result.get\(\) raises UnpickleableExceptionWrapper, which is no OrderError",
    works=r"result.get\(\) raises OrderError with the code 17",
)
def test_unpicklable_exception(project: Project) -> str:
    project.worker()
    return project.python(
        """
from shop.errors import OrderError
from shop.tasks import ship
try:
    ship.delay(7).get(timeout=20)
except OrderError as error:
    print("result.get() raises OrderError with the code", error.code)
except Exception as error:
    print(f"result.get() raises {type(error).__name__}, which is no OrderError")
"""
    )


@Experiment(
    "CEL522",
    pools=("prefork", "threads", "solo"),
    results=True,
    fails=(
        r"the task has ended: ValueError: Exception information must",
        r"its state: ValueError: Exception information must",
    ),
    works=(r"the task has ended: raised unexpected: OSError", r"its state: FAILURE with OSError\('disk full'\)"),
)
def test_failure_state_without_exception(project: Project) -> str:
    task = project.python("from shop.tasks import export; print(export.delay(7).id)").split()[0]
    lost, kept = "ValueError: Exception information must", "raised unexpected: OSError"
    log = project.worker().until(f"{lost}|{kept}")
    ended = lost if lost in log else kept if kept in log else "not seen"
    state = project.python(
        f"""
from shop.tasks import app
result = app.AsyncResult({task!r})
try:
    print("its state:", result.state, "with", repr(result.result))
except ValueError as error:
    print(f"its state: {{type(error).__name__}}: {{error}}")
"""
    )
    return f"the task has ended: {ended}\n{state}"


@Experiment(
    "CEL515",
    pools=("prefork",),
    files={
        "driver.py": APP
        + """
proj.tasks.is_ready = lambda report_id: False

@app.task
def other(): ...
"""
    },
    fails="another task waits for the process that sleeps",
    works=r"Task driver.other\[…\] succeeded",
)
def test_long_sleep_in_task(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.import_report.delay(7); driver.other.delay()")
    worker = project.worker(app="driver", size=1)
    worker.until("received")
    log = worker.until("succeeded", seconds=6)
    return log if "succeeded" in log else f"{log}\nanother task waits for the process that sleeps"


@Experiment(
    "CEL516",
    pools=("prefork",),
    needs=("requests",),
    files={"driver.py": NO_CONNECTION},
    fails=r"raised unexpected: ConnectionError\('refused'\)",
    works=r"retry: Retry in …s: ConnectionError\('refused'\)",
)
def test_io_without_retry(project: Project) -> str:
    project.python("import driver; driver.proj.tasks.notify.delay('https://example.com')")
    return project.worker(app="driver").until("raised|Retry in")


@contextmanager
def silent_server() -> Iterator[str]:
    """The URL of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def hangs(project: Project, task: str, *options: str, app: str = "") -> str:
    """What a worker says about TASK in the six seconds after it has received it."""
    worker = project.worker(*options, app=app)
    worker.until(rf"{task}\S* received")
    log = worker.until("raised unexpected|retry:|succeeded", seconds=6)
    return log if re.search("raised|retry:|succeeded", log) else f"{log}\nthe task hangs, and nothing says so"


def first_wait(project: Project) -> str:
    """How long the first retry of `charge` waits."""
    project.python("import driver; driver.proj.tasks.charge.delay(7)")
    found = re.search(r"Retry in (\d+)s", project.worker(app="driver").until("Retry in|raised"))
    waits = "a second at most" if found and int(found[1]) <= 1 else f"{found[1] if found else 'no'} seconds"
    return f"the first retry waits {waits}"
