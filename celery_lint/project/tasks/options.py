"""LINK: the options that hold for a task, and what gives them: `task_annotations`, the task itself, its base class.

The order is Celery's: `task_annotations` overwrite the attributes of a task when it is bound (celery/app/task.py:
Task.annotate), what the decorator is given those of the base class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from celery_lint.facts.model import Call
from celery_lint.finding import Location
from celery_lint.project.code.symbols import ClassRef, External
from celery_lint.project.code.values import Placed, Unknown
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.declaring import TASK_CLASSES

Source = Literal["annotation", "option", "base"]

# celery-once and celery-singleton guard against doubles; they leave options alone.
_PLAIN_BASES = TASK_CLASSES | {
    "builtins.object", "abc.ABC", "typing.Generic", "celery_once.QueueOnce", "celery_once.tasks.QueueOnce",
    "celery_singleton.Singleton", "celery.contrib.django.task.DjangoTask",
}  # fmt: skip


class Given(Struct, frozen=True):
    """An option of a task: its value, what gives it, and where."""

    value: Placed
    source: Source
    origin: Location


def given(task: Task, app: App | None, name: str, project: Project) -> Iterator[Given | Unknown]:
    """What gives TASK the option NAME when APP runs it, the strongest first; an Unknown may give it."""
    if app is not None:
        yield from _annotated(task, app, name, project)
    option = task.option(name)
    if option is not None:
        yield Given(option.value, "option", option.location)
    elif task.options_open or _decorator_may_give(task, name, project):
        yield Unknown("the options of the task cannot all be seen")
    yield from _of_base(task, app, name, project)


def option_of(task: Task, name: str, project: Project) -> Given | Unknown | None:
    """The option NAME that holds for TASK: None when it surely has none, Unknown when that cannot be told."""
    found = [next(given(task, app, name, project), None) for app in project.apps_of(task) or (None,)]
    unknown = next((each for each in found if isinstance(each, Unknown)), None)
    return unknown or next((each for each in found if each is not None), None)


def is_own(task: Task, name: str) -> bool:
    """Whether the option NAME is written where TASK is declared, and not in something that it shares with others."""
    option = task.option(name)
    if option is None:
        return False
    if task.decorator is not None:
        place = task.decorator.span
        return option.location.path == task.decorator.path and place.start <= option.location.span.start < place.end
    return task.cls is not None and option.value.path == task.cls.path and option.value.block == task.cls.block


def _decorator_may_give(task: Task, name: str, project: Project) -> bool:
    """Whether the project's own task decorator speaks of the option NAME: `options.setdefault("max_retries", 5)`."""
    decorator = task.decorator
    if decorator is None:
        return False
    callee = decorator.value.callee if isinstance(decorator.value, Call) else decorator.value
    function = project.symbols.function(decorator.path, decorator.block, callee)
    return function is not None and name in project.source(function.path).text(project.symbols.fact(function).span)


def _annotated(task: Task, app: App, name: str, project: Project) -> Iterator[Given | Unknown]:
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


def _annotation(annotation: Placed, name: str, project: Project) -> Iterator[Given | Unknown]:
    for key, place, value in project.evaluator.entries(annotation):
        if isinstance(key, Unknown):
            yield Unknown("`task_annotations` cannot all be seen")
        elif key.value == name:
            yield Given(value, "annotation", Location(place.path, place.span))


def _of_base(task: Task, app: App | None, name: str, project: Project) -> Iterator[Given | Unknown]:
    if task.base_is_unknown:
        yield Unknown("the base of the task is not known")
    for base in (task.cls, task.base, app.task_class if app is not None else None):
        found = project.symbols.attribute(base, name) if isinstance(base, ClassRef) else None
        if found is not None and found[1].value is not None:
            path, assignment = found
            yield Given(Placed(path, assignment.block, found[1].value), "base", Location(path, assignment.span))
        elif base is not None and any(_is_unknown(item) for item in _lineage(base, project)):
            yield Unknown("the base of the task is of another package")


def _lineage(base: ClassRef | External, project: Project) -> tuple[ClassRef | External, ...]:
    return project.symbols.lineage(base) if isinstance(base, ClassRef) else (base,)


def _is_unknown(base: ClassRef | External) -> bool:
    """Whether a base of tasks is of another package, and none of those that are known to set no option."""
    return isinstance(base, External) and base.name not in _PLAIN_BASES


def may_keep_results(task: Task, project: Project) -> bool:
    """Whether what becomes of TASK may be stored: an application that it belongs to may have a result backend."""
    return any(project.may_set(app, "result_backend") for app in project.apps_of(task))
