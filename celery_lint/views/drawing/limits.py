"""The time limits that hold for a task, and what sets them.

The order is Celery's: `task_annotations` overwrite the task's attributes when it is bound (celery/app/task.py:
Task.annotate), an attribute that is None takes the setting (Task.from_config), and only a task without a limit gets
that of the worker's command line (billiard/pool.py: apply_async). Pools: prefork enforces both limits, gevent the hard
one.
"""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Location
from celery_lint.project.code.symbols import ClassRef
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import App, Task, Worker
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.model import Limit, Place
from celery_lint.views.words import duration

_ENFORCED = {
    "time_limit": frozenset({"prefork", "processes", "gevent"}),
    "soft_time_limit": frozenset({"prefork", "processes"}),
}
_A_YEAR = 366 * 86400


def limit_of(canvas: Canvas, task: Task, name: str, workers: tuple[Worker, ...]) -> Limit | None:
    """The limit NAME (`time_limit`, `soft_time_limit`) of TASK on WORKERS; None without one."""
    pools = {worker.pool.value for worker in workers if isinstance(worker.pool, Known)}
    known_pools = pools - {"custom"}
    ignored = tuple(sorted(known_pools - _ENFORCED[name]))
    for placed, source in _own(canvas, task, name):
        return _limit(canvas, placed, source, ignored)
    for app in canvas.project.apps_of(task):
        limit = limit_of_app(canvas, app, name, ignored)
        if limit is not None:
            return limit
    for worker in workers:
        text = worker.invocation.value(name) if worker.invocation is not None else None
        if isinstance(text, str):
            flag = f"--{name.replace('_', '-')}"
            return _of_text(text, f"{flag} of the worker", canvas.place(worker.location), ignored)
    return None


def limit_of_app(canvas: Canvas, app: App, name: str, ignored: tuple[str, ...] = ()) -> Limit | None:
    """The limit NAME that the settings of APP give to tasks without one; IGNORED pools do not enforce it."""
    setting = app.settings.get(f"task_{name}")
    return _limit(canvas, setting.value, f"setting task_{name}", ignored) if setting is not None else None


def _own(canvas: Canvas, task: Task, name: str) -> Iterator[tuple[Placed, str]]:
    for app in canvas.project.apps_of(task):
        for placed in _annotated(canvas, app, task, name):
            yield placed, "setting task_annotations"
    option = task.option(name)
    if option is not None and canvas.project.evaluator.scalar(option.value) != Known(None):
        yield option.value, "option of the task"
    bases = (task.base, *(app.task_class for app in canvas.project.apps_of(task)))
    for base in bases:
        found = canvas.project.symbols.attribute(base, name) if isinstance(base, ClassRef) else None
        if found is not None and found[1].value is not None:
            yield Placed(found[0], found[1].block, found[1].value), "base class of the task"


def _annotated(canvas: Canvas, app: App, task: Task, name: str) -> Iterator[Placed]:
    setting = app.settings.get("task_annotations")
    if setting is None:
        return
    evaluator = canvas.project.evaluator
    # The annotation for the task's name is applied after that for all (celery/app/annotations.py: resolve_all).
    for wanted in (*task.names, "*"):
        for key, _, annotation in evaluator.entries(setting.value):
            if not isinstance(key, Known) or key.value != wanted:
                continue
            for option, _, value in evaluator.entries(annotation):
                if isinstance(option, Known) and option.value == name:
                    yield value


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
