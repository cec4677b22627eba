"""The time limits that hold for a task, and what sets them."""

from __future__ import annotations

from celery_lint.finding import Location
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.tasks import limits
from celery_lint.project.tasks.limits import ENFORCED, LimitName
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.model import Limit, Place
from celery_lint.views.words import duration

_SOURCES = {
    "annotation": "setting task_annotations",
    "option": "option of the task",
    "base": "base class of the task",
}
_A_YEAR = 366 * 86400


def limit_of(canvas: Canvas, task: Task, name: LimitName, workers: tuple[Worker, ...]) -> Limit | None:
    """The limit NAME of TASK on WORKERS; None without one."""
    pools = {worker.pool.value for worker in workers if isinstance(worker.pool, Known)}
    ignored = tuple(sorted(pools - {"custom"} - ENFORCED[name]))
    for app in canvas.project.apps_of(task) or (None,):
        found = limits.limit_of(task, app, name, canvas.project)
        if isinstance(found, limits.Limit):
            return _drawn(canvas, found, name, ignored)
    return None


def limit_of_app(canvas: Canvas, app: App, name: LimitName, ignored: tuple[str, ...] = ()) -> Limit | None:
    """The limit NAME that the settings of APP give to tasks without one; IGNORED pools do not enforce it."""
    setting = app.settings.get(f"task_{name}")
    return _limit(canvas, setting.value, f"setting task_{name}", ignored) if setting is not None else None


def _drawn(canvas: Canvas, found: limits.Limit, name: LimitName, ignored: tuple[str, ...]) -> Limit | None:
    if found.value is not None:
        return _limit(canvas, found.value, _SOURCES.get(found.source, f"setting task_{name}"), ignored)
    seconds = str(found.seconds.value) if isinstance(found.seconds, Known) else "computed"
    source = f"--{name.replace('_', '-')} of the worker"
    return _of_text(seconds, source, canvas.place(found.origin), ignored)


def _limit(canvas: Canvas, placed: Placed, source: str, ignored: tuple[str, ...]) -> Limit | None:
    known = canvas.project.evaluator.scalar(placed)
    place = canvas.place(Location(placed.path, placed.span))
    if not isinstance(known, Known):
        return Limit(canvas.written(placed), None, source, place, ignored)
    if known.value is None:
        return None
    by_default = " (default of an environment variable)" if known.from_environment else ""
    return _of_text(str(known.value), source + by_default, place, ignored)


def _of_text(text: str, source: str, place: Place, ignored: tuple[str, ...]) -> Limit:
    try:
        seconds = float(text)
    except ValueError:
        return Limit(text, None, source, place, ignored)
    if not 0 < seconds < _A_YEAR:
        return Limit(text, None, source, place, ignored)
    return Limit(duration(seconds), seconds, source, place, ignored)
