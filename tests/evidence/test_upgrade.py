"""Rules about what the next Celery no longer has."""

from __future__ import annotations

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project


@Experiment(
    "CEL901",
    pools=("prefork",),
    files={"driver.py": "from celery import Celery\napp = Celery('driver', include=['proj.tasks'])\n"},
    fails=("ModuleNotFoundError: No module named 'celery.task'", "ended with status 1"),
    works=r"Task proj.tasks.add\[…\] succeeded",
)
def test_removed_api(project: Project) -> str:
    project.python("from driver import app; app.send_task('proj.tasks.add', (1, 2))")
    return project.worker(app="driver").until("succeeded")
