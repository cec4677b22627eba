"""LINK: the time limits that hold for a task, and what sets them.

The order is Celery's. `task_annotations` overwrite the attributes of a task when it is bound (celery/app/task.py:
Task.annotate); an attribute that is None takes the setting (Task.from_config); only a task without a limit then gets
that of the worker's command line (billiard/pool.py: apply_async). A limit of 0 is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from celery_lint.facts.deploy.celery_command import UNKNOWN
from celery_lint.finding import Location
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.project import Project
from celery_lint.project.symbols import ClassRef, External
from celery_lint.project.tasks import TASK_CLASSES
from celery_lint.project.values import Known, Placed, Unknown

LimitName = Literal["time_limit", "soft_time_limit"]
Source = Literal["annotation", "option", "base", "setting", "worker"]

NAMES: tuple[LimitName, ...] = ("time_limit", "soft_time_limit")
# celery/worker/request.py hands both limits to every pool; thread.py, solo.py and eventlet.py drop them, gevent.py
# keeps the hard one.
ENFORCED: dict[LimitName, frozenset[str]] = {
    "time_limit": frozenset({"prefork", "processes", "gevent"}),
    "soft_time_limit": frozenset({"prefork", "processes"}),
}
# celery-once and celery-singleton guard against doubles; they leave the limits alone.
_LIMITLESS = TASK_CLASSES | {
    "builtins.object", "abc.ABC", "typing.Generic", "celery_once.QueueOnce", "celery_once.tasks.QueueOnce",
    "celery_singleton.Singleton", "celery.contrib.django.task.DjangoTask",
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """A time limit that is set: its SECONDS (Unknown: it is set, nobody can say to what), what sets it, and where."""

    seconds: Known[float] | Unknown
    source: Source
    origin: Location


def limit_of(task: Task, app: App, name: LimitName, project: Project) -> Limit | Unknown | None:
    """The limit NAME of TASK when APP runs it: None when there is surely none, Unknown when that cannot be told.

    Worker commands count when all that may run the task give one; of several the longest. What `apply_async` is given
    for a single run is not looked at.
    """
    doubt: Unknown | None = None
    for found in _by_precedence(task, app, name, project):
        if isinstance(found, Limit):
            return found if doubt is None else Limit(doubt, found.source, found.origin)
        doubt = doubt or found
    return doubt


def may_be_limited(task: Task, app: App, project: Project) -> bool:
    """Whether TASK has, or may have, a limit of either kind when APP runs it."""
    if any(limit_of(task, app, name, project) is not None for name in NAMES):
        return True
    workers = _workers(task, app, project)
    return bool(workers) and all(worker.has_time_limit for worker in workers)


def is_enforced(task: Task, name: LimitName, project: Project) -> bool | None:
    """Whether the pools that run TASK enforce the limit NAME; None when they are not known, or differ."""
    pools = project.pools_of(task)
    if pools is None or (pools & ENFORCED[name] and pools - ENFORCED[name]):
        return None
    return pools <= ENFORCED[name]


def _by_precedence(task: Task, app: App, name: LimitName, project: Project) -> Iterator[Limit | Unknown]:
    """What gives TASK the limit NAME, the strongest first; an Unknown may be one."""
    yield from _annotated(task, app, name, project)
    option = task.option(name)
    if option is not None:
        yield from _limit(option.value, "option", option.location, project)
    elif task.options_open:
        yield Unknown("the options of the task cannot all be seen")
    yield from _of_base(task, app, name, project)
    setting = app.settings.get(f"task_{name}")
    if setting is not None:
        yield from _limit(setting.value, "setting", setting.origin, project)
    elif project.may_set(app, f"task_{name}"):
        yield Unknown("the settings of the application cannot all be seen")
    yield from _of_workers(_workers(task, app, project), name)


def _limit(value: Placed, source: Source, origin: Location, project: Project) -> Iterator[Limit]:
    known = project.evaluator.scalar(value)
    if isinstance(known, Unknown):
        yield Limit(known, source, origin)
    elif known.value:
        yield Limit(_seconds(known.value, known.from_environment), source, origin)


def _seconds(value: object, from_environment: bool = False) -> Known[float] | Unknown:
    try:
        return Known(float(str(value)), from_environment)
    except ValueError:
        return Unknown("it is no number")


def _annotated(task: Task, app: App, name: LimitName, project: Project) -> Iterator[Limit | Unknown]:
    """What `task_annotations` give the task: those for its name are applied after those for all."""
    setting = app.settings.get("task_annotations")
    if setting is None:
        if project.may_set(app, "task_annotations"):
            yield Unknown("`task_annotations` cannot all be seen")
        return
    for wanted in (*task.names, "*"):
        for key, _, annotation in project.evaluator.entries(setting.value):
            if isinstance(key, Unknown):
                yield Unknown("`task_annotations` cannot all be seen")
            elif key.value == wanted:
                yield from _annotation(annotation, name, project)


def _annotation(annotation: Placed, name: LimitName, project: Project) -> Iterator[Limit | Unknown]:
    for key, place, value in project.evaluator.entries(annotation):
        if isinstance(key, Unknown):
            yield Unknown("`task_annotations` cannot all be seen")
        elif key.value == name:
            yield from _limit(value, "annotation", Location(place.path, place.span), project)


def _of_base(task: Task, app: App, name: LimitName, project: Project) -> Iterator[Limit | Unknown]:
    if task.base_is_unknown:
        yield Unknown("the base of the task is not known")
    for base in (task.cls, task.base, app.task_class):
        found = project.symbols.attribute(base, name) if isinstance(base, ClassRef) else None
        if found is not None and found[1].value is not None:
            path, assignment = found
            value = Placed(path, assignment.block, found[1].value)
            yield from _limit(value, "base", Location(path, assignment.span), project)
        elif base is not None and any(_is_unknown(item) for item in _lineage(base, project)):
            yield Unknown("the base of the task is of another package")


def _lineage(base: ClassRef | External, project: Project) -> tuple[ClassRef | External, ...]:
    return project.symbols.lineage(base) if isinstance(base, ClassRef) else (base,)


def _is_unknown(base: ClassRef | External) -> bool:
    """Whether a base of tasks is of another package, and none of those that are known to set no limit."""
    return isinstance(base, External) and base.name not in _LIMITLESS


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
