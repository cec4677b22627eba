"""LINK: the time limits that hold for a task, and what sets them.

The order is Celery's. `task_annotations` overwrite the attributes of a task when it is bound (celery/app/task.py:
Task.annotate); an attribute that is None takes the setting (Task.from_config); only a task without a limit then gets
that of the worker's command line (billiard/pool.py: apply_async). A limit of 0 is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.facts.deploy.celery_command import UNKNOWN
from celery_lint.finding import Location
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import given

LimitName = Literal["time_limit", "soft_time_limit"]
Source = Literal["annotation", "option", "base", "setting", "worker"]

NAMES: tuple[LimitName, ...] = ("time_limit", "soft_time_limit")
# celery/worker/request.py hands both limits to every pool; thread.py, solo.py and eventlet.py drop them, gevent.py
# keeps the hard one.
ENFORCED: dict[LimitName, frozenset[str]] = {
    "time_limit": frozenset({"prefork", "processes", "gevent"}),
    "soft_time_limit": frozenset({"prefork", "processes"}),
}


class Limit(Struct, frozen=True):
    """A time limit that is set: its SECONDS (Unknown: it is set, nobody can say to what), what sets it, where, and the
    VALUE as it is written there; None on a command line."""

    seconds: Known[float] | Unknown
    source: Source
    origin: Location
    value: Placed | None = None


def limit_of(task: Task, app: App | None, name: LimitName, project: Project) -> Limit | Unknown | None:
    """The limit NAME of TASK when APP runs it: None when there is surely none, Unknown when that cannot be told.
    Without an APP, only what the task itself says is known.

    Worker commands count when all that may run the task give one; of several the longest. What `apply_async` is given
    for a single run is not looked at.
    """
    doubt: Unknown | None = None
    for found in _by_precedence(task, app, name, project):
        if isinstance(found, Limit):
            return found if doubt is None else replace(found, seconds=doubt)
        doubt = doubt or found
    return doubt


def may_be_limited(task: Task, app: App, project: Project) -> bool:
    """Whether TASK has, or may have, a limit of either kind when APP runs it."""
    if any(limit_of(task, app, name, project) is not None for name in NAMES):
        return True
    workers = _workers(task, app, project)
    return bool(workers) and all(worker.has_time_limit for worker in workers)


def ends_hang(task: Task, project: Project) -> bool | None:
    """Whether a limit that the pool enforces ends a run of TASK that hangs; None when that cannot be told."""
    found = [
        limit_of(task, app, name, project)
        for app in project.apps_of(task)
        for name in NAMES
        if is_enforced(task, name, project) is not False
    ]
    if any(isinstance(limit, Limit) for limit in found):
        return True
    return None if not project.apps_of(task) or any(found) else False


def is_enforced(task: Task, name: LimitName, project: Project) -> bool | None:
    """Whether the pools that run TASK enforce the limit NAME; None when they are not known, or differ."""
    pools = project.pools_of(task)
    if pools is None or (pools & ENFORCED[name] and pools - ENFORCED[name]):
        return None
    return pools <= ENFORCED[name]


def may_be_enforced(task: Task, name: LimitName, project: Project) -> bool:
    """Whether some worker that may run TASK is known to enforce the limit NAME, or no worker is seen at all."""
    pools = {_pool(worker, project) for worker in project.workers if project.may_run(worker, task)}
    return not project.workers or bool(pools & ENFORCED[name])


def _pool(worker: Worker, project: Project) -> str | None:
    """The pool of WORKER: Celery's own when neither its command nor the settings of any application choose one."""
    if isinstance(worker.pool, Known):
        return worker.pool.value
    chosen = worker.invocation is None or worker.invocation.pool is not None
    return None if chosen or any(project.may_set(app, "worker_pool") for app in project.apps) else "prefork"


def _by_precedence(task: Task, app: App | None, name: LimitName, project: Project) -> Iterator[Limit | Unknown]:
    """What gives TASK the limit NAME, the strongest first; an Unknown may be one."""
    for option in given(task, app, name, project):
        if isinstance(option, Unknown):
            yield option
        else:
            yield from _limit(option.value, option.source, option.origin, project)
    if app is None:
        yield Unknown("its application is not seen")
        return
    setting = app.settings.get(f"task_{name}")
    if setting is not None:
        yield from _limit(setting.value, "setting", setting.origin, project)
    elif project.may_set(app, f"task_{name}"):
        yield Unknown("the settings of the application cannot all be seen")
    yield from _of_workers(_workers(task, app, project), name)


def _limit(value: Placed, source: Source, origin: Location, project: Project) -> Iterator[Limit]:
    known = project.evaluator.scalar(value)
    if isinstance(known, Unknown):
        yield Limit(known, source, origin, value)
    elif known.value:
        yield Limit(_seconds(known.value, known.from_environment), source, origin, value)


def _seconds(value: object, from_environment: bool = False) -> Known[float] | Unknown:
    try:
        return Known(float(str(value)), from_environment)
    except ValueError:
        return Unknown("it is no number")


def _workers(task: Task, app: App, project: Project) -> tuple[Worker, ...]:
    """The workers that run TASK; all of APP where that cannot be told."""
    found = project.workers_for(task)
    return found if found else project.workers_of(app)


def _of_workers(workers: Sequence[Worker], name: LimitName) -> Iterator[Limit | Unknown]:
    found = [worker.invocation.value(name) if worker.invocation is not None else None for worker in workers]
    if not found or any(value is None for value in found):
        return
    seconds = [_seconds(value) for value in found]
    known = [each.value for each in seconds if isinstance(each, Known)]
    if UNKNOWN in found:
        yield Unknown("the options of a worker cannot all be seen")
    elif len(known) < len(seconds):
        yield Limit(Unknown("it is no number"), "worker", workers[0].location)
    elif longest := max(known):
        yield Limit(Known(longest), "worker", workers[known.index(longest)].location)
