"""Rules about the declaration of tasks, on real workers."""

from __future__ import annotations

import re

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

APP = "from celery import Celery\napp = Celery('driver')\nimport proj.tasks\n"
FAILING_SYNC = f"""{APP}
def fail(path):
    raise OSError("no such disk")

task = proj.tasks.sync
setattr(task, "_orig_run" if hasattr(task, "_orig_run") else "run", fail)
"""
DJANGO = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
import proj.tasks
"""
SETTINGS = """
INSTALLED_APPS = ["proj"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite"}}
USE_TZ = True
"""


@Experiment(
    "CEL401",
    pools=("prefork",),
    results=True,
    files={"driver.py": FAILING_SYNC},
    fails=("raised unexpected: OSError.*", "1 results are stored"),
    works=("Retry in …s: OSError.*", "0 results are stored"),
)
def test_unknown_task_option(project: Project) -> str:
    """It was to be retried, and to store nothing."""
    project.python("from driver import proj; proj.tasks.sync.delay('a')")
    log = project.worker(app="driver").until("raised unexpected|Retry in")
    return f"{log}\n{len(list((project.root / 'results').iterdir()))} results are stored"


@Experiment(
    "CEL402",
    files={"driver.py": APP},
    fails=("KeyError: 'min'", "ValueError: soft_time_limit must be less than or equal to time_limit"),
    works=("celery@… ready", "sent without an error"),
)
def test_invalid_option_value(project: Project) -> str:
    log = project.python("import driver; driver.proj.tasks.report.delay(); print('sent without an error')")
    return log + project.worker(app="driver").until("ready")


@Experiment(
    "CEL403",
    pools=("prefork",),
    fails=(
        r"charge_order\(\) missing 1 required positional argument: 'order_id'",
        r"report\(\) takes 0 positional arguments but 1 was given",
    ),
    works=(r"charge_order\[…\] retry: Retry in …s", r"report\[…\] succeeded"),
)
def test_bind_self_mismatch(project: Project) -> str:
    log = project.python("from proj.tasks import charge_order; charge_order.delay(7)")
    log += project.python("from proj.tasks import report; report.delay()")
    return log + project.worker().until("(retry: |succeeded)", times=2, seconds=8)


@Experiment(
    "CEL404",
    pools=("prefork",),
    needs=("django",),
    files={"driver.py": f"{APP}\nimport django", "settings.py": SETTINGS, "proj/__init__.py": ""},
    fails="AttributeError: 'function' object has no attribute 'delay'",
    works=r"proj.tasks.book\[…\] succeeded",
)
def test_task_decorator_not_outermost(project: Project) -> str:
    log = project.python("from driver import proj; proj.tasks.book.delay(7)", DJANGO_SETTINGS_MODULE="settings")
    worker = project.worker(app="driver", DJANGO_SETTINGS_MODULE="settings")
    return log + worker.until("succeeded|raised", seconds=6)


@Experiment(
    "CEL405",
    broker="none",
    quick=True,
    fails=("send_mail and send_sms run the same function", "DuplicateTaskNameWarning"),
    works="send_mail and send_sms run two functions",
)
def test_duplicate_task_name(project: Project) -> str:
    return project.python(
        "from proj.tasks import send_mail, send_sms\n"
        "same = send_mail.run is send_sms.run\n"
        "print('send_mail and send_sms run', 'the same function' if same else 'two functions')"
    )


@Experiment(
    "CEL406",
    pools=("prefork",),
    results=True,
    needs=("django",),
    files={"driver.py": DJANGO + "app = proj.tasks.app\n", "settings.py": SETTINGS, "proj/__init__.py": ""},
    fails=(
        r"EncodeError: Object of type Order is not JSON serializable",
        r"EncodeError\(TypeError\(.Object of type set is not JSON serializable.\)\)",
    ),
    works=r"succeeded in …s: {'paid': True}",
)
def test_unserializable_task_type(project: Project) -> str:
    call = """
from driver import proj
from django.db import connection
with connection.schema_editor() as editor:
    editor.create_model(proj.tasks.Order)
order = proj.tasks.Order.objects.create()
proj.tasks.charge.delay(order.pk)
if "order" in proj.tasks.charge.run.__code__.co_varnames:
    proj.tasks.charge.delay(order)
"""
    log = project.python(call)
    return log + project.worker(app="driver").until("succeeded|raised")


@Experiment(
    "CEL407",
    pools=("prefork",),
    files={"driver.py": "import shop.tasks\nfrom celery import current_app\napp = current_app._get_current_object()\n"},
    fails=r"CDeprecationWarning:\s+The 'queue' task attribute is deprecated and scheduled for removal in\s+version 6.0",
    works=("no warning", "it waits in the queue mail"),
)
def test_routing_option_on_task(project: Project) -> str:
    project.python("from shop.tasks import send; send.delay('a')")
    waits = f"it waits in the queue {', '.join(project.waiting)}"
    log = project.worker(app="driver", PYTHONWARNINGS="default").until("ready")
    return f"{waits}\n{log}\n{'' if 'CDeprecationWarning' in log else 'no warning'}"


@Experiment(
    "CEL408",
    pools=("prefork",),
    files={"driver.py": "import proj.tasks\nproj.tasks.deliver = lambda order_id: None\n"},
    fails="'Sending invoice for order 7' is logged with level WARNING",
    works="'Sending invoice for order 7' is logged with level INFO",
)
def test_print_in_task(project: Project) -> str:
    project.python("from proj.tasks import send_invoice; send_invoice.delay(7)")
    log = project.worker("-I", "driver").until("succeeded|raised")
    level = re.search(r"(\w+)/[^]]*\].* Sending invoice for order 7", log)
    return f"'Sending invoice for order 7' is logged with level {level[1]}" if level else log
