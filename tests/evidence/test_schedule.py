"""Rules about schedules: what beat sends, and what becomes of it."""

from __future__ import annotations

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

# Beat itself sends the entry, without waiting for its time.
SEND_NOW = """
from celery.beat import Scheduler
from {module} import app

scheduler = Scheduler(app)
for name, entry in sorted(scheduler.schedule.items()):
    if not name.startswith("celery."):
        scheduler.apply_entry(entry)
"""
# A day, from one moment to the next that the schedule names.
A_DAY = """
from datetime import datetime, timedelta, timezone
from proj.tasks import app

count = 0
for entry in app.conf.beat_schedule.values():
    schedule = entry["schedule"]
    now = last = datetime(2026, 11, 26, tzinfo=timezone.utc)
    schedule.nowfun = lambda: now
    while now < datetime(2026, 11, 27, tzinfo=timezone.utc):
        due, seconds = schedule.is_due(last)
        count, last = (count + 1, now) if due else (count, last)
        now += timedelta(seconds=max(seconds, 1))
print(f"due {count} times a day")
"""


@Experiment("CEL701", broker="none", quick=True, fails="due 60 times a day", works="due 1 times a day")
def test_crontab_every_minute(project: Project) -> str:
    return project.python(A_DAY)


@Experiment(
    "CEL702",
    pools=("prefork",),
    fails="Received unregistered task of type 'shop.tasks.close_old_cart'",
    works=r"Task shop.tasks.close_old_carts\[…\] succeeded",
)
def test_beat_unknown_task(project: Project) -> str:
    project.python(SEND_NOW.format(module="shop.app"))
    return project.worker().until("unregistered|succeeded")


@Experiment(
    "CEL703",
    fails=(
        r"TypeError: \S*__init__\(\) got an unexpected keyword argument 'queue'",
        "beat has ended",
    ),
    works=("beat runs", "its message waits in the queue slow"),
)
def test_beat_entry_invalid(project: Project) -> str:
    beat = project.celery("-A", "proj.tasks", "beat", "--loglevel=INFO")
    runs = "beat has ended" if beat.ended(4) else "beat runs"
    log = beat.log + project.python(SEND_NOW.format(module="proj.tasks"))
    return f"{log}\n{runs}\nits message waits in the queue {', '.join(project.waiting)}"


@Experiment(
    "CEL704",
    fails=r"ValueError: Invalid crontab pattern.\s+Valid range is 0-6.\s+'7' was found.",
    works="celery@… ready",
)
def test_crontab_invalid_field(project: Project) -> str:
    return project.worker().until("ready")


@Experiment(
    "CEL705",
    pools=("prefork",),
    fails="a minute late, 3 of 3 ran",
    works="a minute late, 0 of 3 ran",
)
def test_beat_without_expires(project: Project) -> str:
    """Beat's clock is a minute slow, so that what it sends has waited for a minute."""
    late = "import datetime\napp.now = lambda now=app.now: now() - datetime.timedelta(minutes=1)\n"
    for _ in range(3):
        project.python(SEND_NOW.format(module="proj.tasks").replace("\nscheduler =", f"\n{late}\nscheduler ="))
    worker = project.worker()
    worker.until("received", times=3)
    log = worker.until("succeeded", times=3, seconds=4)
    return f"{log}\na minute late, {log.count('succeeded in')} of 3 ran"


@Experiment(
    "CEL706",
    fails=("1 sent at the start, 0 scheduled, and not a line about it",),
    works="0 sent at the start, 1 scheduled",
)
def test_periodic_task_not_a_signature(project: Project) -> str:
    log = project.celery("-A", "proj.tasks", "beat", "--loglevel=DEBUG").until("Waking up")
    scheduled = log.count("<ScheduleEntry: proj.tasks.report")
    told = log if "Error" in log else "and not a line about it"
    return f"{len(project.waiting)} sent at the start, {scheduled} scheduled, {told}"


@Experiment(
    "CEL707",
    pools=("prefork",),
    files={
        "driver.py": "from proj.tasks import app\napp.conf.beat_schedule['clean']['schedule'] = 1.0  # not 3600\n",
    },
    fails="it never ran",
    works=r"Task proj.tasks.clean\[…\] succeeded",
)
def test_beat_not_deployed(project: Project) -> str:
    project.deployed("Procfile", app="driver")
    project.until("ready")
    log = project.until("succeeded", seconds=6)
    return log if "succeeded" in log else f"{log}\nit never ran"


@Experiment("CEL709", broker="none", fails="due 2 times a day", works="due 1 times a day")
def test_duplicate_schedule_entry(project: Project) -> str:
    return project.python(A_DAY)
