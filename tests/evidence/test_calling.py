"""Rules about sending tasks: what the caller gets, what the worker runs."""

from __future__ import annotations

import re

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

APP = "from celery import Celery\napp = Celery('driver', broker='redis://localhost')\n"
DJANGO = """
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["shop"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite"}},
)
django.setup()
"""
USER = "from types import SimpleNamespace\nuser = SimpleNamespace(id=7)\n"
ORDERS = "from types import SimpleNamespace\norders = [SimpleNamespace(pk=pk, save=lambda: None) for pk in (1, 2, 3)]\n"


@Experiment(
    "CEL601",
    pools=("prefork",),
    fails=(
        r"TypeError: invoice\(\) missing 1 required positional argument: 'template'",
        r"TypeError\(.*got an unexpected keyword argument 'tempalte'.*?\)",
    ),
    works="3 of 3 succeeded",
)
def test_call_signature_mismatch(project: Project) -> str:
    log = project.python("from proj.tasks import pay; pay(7)")
    project.python("from proj.tasks import invoice, pay; invoice.delay = print; pay(7)")
    return f"{log}\n{ran(project, 3)}"


@Experiment(
    "CEL602",
    fails=r"TypeError: remind\(\) got an unexpected keyword argument 'countdown'",
    works=r"sent with \(7,\)",
)
def test_options_passed_to_delay(project: Project) -> str:
    log = project.python(f"{USER}from proj.tasks import register; register(user)")
    return f"{log}\nsent with {', '.join(project.sent)}"


@Experiment("CEL603", pools=("prefork",), fails="2 of 2 succeeded at once", works="0 of 1 succeeded at once")
def test_unknown_apply_async_option(project: Project) -> str:
    """A reminder that is due in an hour."""
    project.python(f"{USER}from proj.tasks import register; register(user)")
    return f"{ran(project, 2)} at once"


@Experiment(
    "CEL604",
    fails=(r"TypeError: .*argument after \* must be an iterable, not int", "0 messages sent"),
    works="2 messages sent",
)
def test_args_not_a_sequence(project: Project) -> str:
    """Each call is made, whatever becomes of the one before."""
    log = project.python(
        f"""{USER}
from proj.tasks import mail, register

send = mail.apply_async

def attempt(*args, **options):
    try:
        send(*args, **options)
    except TypeError as error:
        print("TypeError:", error)

mail.apply_async = attempt
register(user)
"""
    )
    return f"{log}\n{len(project.sent)} messages sent"


@Experiment(
    "CEL605",
    pools=("prefork",),
    needs=("django",),
    files={"driver.py": DJANGO + "from shop.tasks import app\n"},
    fails="EncodeError: Object of type Order is not JSON serializable",
    works=r"send_receipt\[…\] succeeded",
)
def test_unserializable_argument(project: Project) -> str:
    log = project.python(
        """
import driver
from django.db import connection
from shop.models import Order
with connection.schema_editor() as editor:
    editor.create_model(Order)
from shop.views import pay
pay(None, Order.objects.create().pk)
"""
    )
    return log + project.worker(app="driver").until("succeeded|raised", seconds=6)


@Experiment(
    "CEL606",
    needs=("django",),
    files={"driver.py": DJANGO.replace('["shop"]', "[]") + ORDERS},
    fails="rolled back: 1 messages sent, committed: 1 messages sent",
    works="rolled back: 0 messages sent, committed: 1 messages sent",
)
def test_enqueue_in_transaction(project: Project) -> str:
    project.python(
        """
import driver
from django.db import transaction
from proj.tasks import pay
with transaction.atomic():
    pay(driver.orders[0])
    raise ValueError
"""
    )
    rolled_back = len(project.sent)
    project.python("import driver; from proj.tasks import pay; pay(driver.orders[0])")
    committed = len(project.sent) - rolled_back
    return f"rolled back: {rolled_back} messages sent, committed: {committed} messages sent"


@Experiment(
    "CEL607",
    needs=("django",),
    files={"driver.py": DJANGO.replace('["shop"]', "[]") + ORDERS},
    fails=(r"TypeError: on_commit\(\)'s callback must be a callable", "sent for order 1, 2, 3, 3, 3, 3"),
    works="sent for order 1, 1, 2, 2, 3, 3$",
)
def test_on_commit_called_now(project: Project) -> str:
    """Each call is made, whatever becomes of the one before."""
    log = project.python(
        """
import driver
from django.db import transaction
from proj.tasks import pay

on_commit = transaction.on_commit

def attempt(function):
    try:
        on_commit(function)
    except TypeError as error:
        print("TypeError:", error)

transaction.on_commit = attempt
pay(driver.orders)
"""
    )
    return f"{log}\nsent for order {', '.join(re.sub('[(,)]', '', arguments) for arguments in sorted(project.sent))}"


@Experiment(
    "CEL608",
    pools=("prefork", "threads", "solo"),
    results=True,
    files={"driver.py": f"{APP}\nimport proj.tasks\nproj.tasks.fetch.run = lambda url: 'page'\n"},
    fails=r"RuntimeError: Never call result.get\(\) within a task!",
    works=r"measure\[…\] succeeded in …s: 4",
)
def test_result_get_in_task(project: Project) -> str:
    project.python("import driver; from proj.tasks import report as r; getattr(r, 'delay', r)('https://example.com')")
    return project.worker(app="driver").until(r"measure.* succeeded|raised")


@Experiment(
    "CEL609",
    results=True,
    files={"driver.py": f"{APP}\nimport proj.tasks\n"},
    fails="the request has waited for 5 seconds, for a worker that is not there",
    works=r"\{'id': '…'\}",
)
def test_result_get_blocks_caller(project: Project) -> str:
    view = "import driver; from proj import tasks; print(getattr(tasks, 'start_view', tasks.quote_view)(None, 7))"
    log = project.python(view, seconds=5)
    return "the request has waited for 5 seconds, for a worker that is not there" if "status -9" in log else log


@Experiment(
    "CEL610",
    pools=("prefork",),
    fails="Received unregistered task of type 'proj.tasks.resize_picture'",
    works=r"Task proj.tasks.resize_image\[…\] succeeded",
)
def test_unknown_task_name(project: Project) -> str:
    project.python("from proj.tasks import upload; upload('a.png')")
    return project.worker().until("unregistered|succeeded")


@Experiment(
    "CEL611",
    pools=("prefork",),
    results=True,
    fails=(r"TypeError: unsupported operand type\(s\) for \|: .*", "AttributeError: .*", "publish ran 0 times"),
    works="publish ran 2 times",
)
def test_canvas_not_a_signature(project: Project) -> str:
    """The chain, then the chord alone."""
    log = project.python("from proj.tasks import upload; upload('a.png')")
    if "TypeError" in log:
        log += project.python("from proj import tasks; tasks.chain = lambda *_: dict; tasks.upload('a.png')")
    worker = project.worker()
    worker.until("ready")
    ended = worker.until(r"publish.* succeeded", times=2, seconds=8)
    return f"{log}\npublish ran {len(re.findall(r'publish.* succeeded', ended))} times"


@Experiment(
    "CEL612",
    pools=("prefork",),
    results=True,
    fails="publish ran 0 times, chord_unlock goes on looking",
    works="publish ran 1 times",
)
def test_chord_member_ignores_result(project: Project) -> str:
    project.python("from proj.tasks import upload; upload(['a.png', 'b.png'])")
    log = project.worker().until(r"publish.* succeeded|(?:chord_unlock.*retry: (?:.|\n)*?){4}")
    looking = ", chord_unlock goes on looking" if len(re.findall("chord_unlock.* retry:", log)) >= 4 else ""
    return f"publish ran {len(re.findall(r'publish.* succeeded', log))} times{looking}"


@Experiment(
    "CEL613",
    pools=("prefork",),
    broker="redis",
    fails="(NotImplementedError|AttributeError): .*",
    works="answered None",
)
def test_result_backend_missing(project: Project) -> str:
    project.worker()
    return project.python("from proj.tasks import quote_view; print('answered', quote_view(None, 7))")


@Experiment(
    "CEL614",
    pools=("prefork",),
    results=True,
    fails=r"notify\(\) takes 1 positional argument but 2 were given",
    works=r"Task proj.tasks.notify\[…\] succeeded",
)
def test_chain_passes_parent_result(project: Project) -> str:
    project.python("from proj.tasks import pay; pay(7, 8)")
    return project.worker().until("notify.*(succeeded|raised)")


@Experiment(
    "CEL615",
    pools=("prefork",),
    files={"driver.py": f"{APP}\nimport shop.tasks\n"},
    fails="1 of 1 succeeded at once in New York",
    works="0 of 1 succeeded at once in New York",
)
def test_ambiguous_eta(project: Project) -> str:
    """It was to run in two hours."""
    project.python("import driver; from proj.tasks import remind_later; remind_later(7)", TZ="America/New_York")
    return f"{ran(project, 1, app='driver', zone='America/New_York')} at once in New York"


@Experiment(
    "CEL616",
    pools=("prefork",),
    broker="redis",
    files={
        # Twelve seconds instead of a day, and the timeout of Redis in proportion.
        "driver.py": """
import proj.tasks
app = proj.tasks.app
app.conf.broker_transport_options = {
    "visibility_timeout": 3600 / 7200, "unacked_restore_interval": 1, "unacked_restore_throttle": 1,
}
def send():
    if hasattr(proj.tasks, "remind_tomorrow"):
        apply_async = proj.tasks.remind.apply_async
        proj.tasks.remind.apply_async = lambda args, countdown: apply_async(args, countdown=countdown / 7200)
        return proj.tasks.remind_tomorrow(7)
    from celery.beat import Scheduler
    scheduler = Scheduler(app)
    scheduler.apply_entry(scheduler.schedule["send-due-reminders"])
"""
    },
    fails="one reminder runs more than once",
    works="one reminder runs once",
)
def test_long_eta(project: Project) -> str:
    """The message that a worker holds until its time comes; in the other project, beat sends it when it has come."""
    project.python("import driver; driver.send()")
    worker = project.worker("-I", "driver")
    worker.until("succeeded in", seconds=25)
    count = worker.until("succeeded in", times=2, seconds=3).count("succeeded in")
    return f"one reminder runs {'once' if count == 1 else 'more than once' if count else 'never'}"


@Experiment(
    "CEL617",
    files={"driver.py": APP},
    fails="AttributeError: 'function' object has no attribute 'delay'",
    works=r"sent with \('Monday',\)",
)
def test_delay_on_plain_function(project: Project) -> str:
    log = project.python("import driver; from shop.web import view; view('Monday')")
    return f"{log}\nsent with {', '.join(project.sent)}"


@Experiment(
    "CEL618",
    needs=("fastapi", "httpx"),
    # FastAPI calls the view in a thread, where an application that is no default is not the current one.
    files={"driver.py": f"{APP}app.set_default()\n"},
    fails=("ran in the web process", "0 messages sent"),
    works=("answered", "1 messages sent"),
)
def test_task_as_background_task(project: Project) -> str:
    log = project.python(
        """
import driver
from fastapi.testclient import TestClient
from proj import tasks

ran = []
tasks.send_mail.run = ran.append
assert TestClient(tasks.api).post("/signup?to=a@example.com").status_code == 200
print("ran in the web process" if ran else "answered")
"""
    )
    return f"{log}\n{len(project.sent)} messages sent"


def ran(project: Project, messages: int, app: str = "", zone: str | None = None) -> str:
    """How many of the tasks that a worker receives succeed before it falls silent."""
    worker = project.worker(app=app, TZ=zone)
    worker.until(r"\] received", times=messages, seconds=6)
    log = worker.until("succeeded in", times=messages, seconds=3)
    return f"{log}\n{log.count('succeeded in')} of {log.count('] received')} succeeded"
