"""CEL705: messages of beat that pile up while no worker takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Mapping, Name
from celery_lint.finding import Finding, Related
from celery_lint.project.code.symbols import ClassRef
from celery_lint.project.code.values import Known
from celery_lint.project.model import ScheduleEntry, Task
from celery_lint.project.project import Project
from celery_lint.project.schedule.periodic import interval, tasks_of
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, rule

_OFTEN = 15 * 60
# Decorators that let one of several runs through: then the others are over at once.
_SINGLE = re.compile(r"lock|once|single|mutex|unique|exclusive", re.IGNORECASE)


@rule("CEL705", "beat-without-expires", since="0.1", severity=INFO, confidence=HIGH, fix="unsafe", twins=("PIE785",))
def check(entry: ScheduleEntry, project: Project) -> Iterator[Finding]:
    """A task that is scheduled every few minutes has no `expires`, so it piles up while no worker takes it."""
    if entry.open or entry.body is None or _may_expire(entry, project):
        return
    seconds = interval(entry, project)
    if seconds is None or not 0 < seconds < _OFTEN or project.twins.selected("PIE785", entry.location.path):
        return
    tasks = tasks_of(entry, project)
    if not tasks or any(_expires(task, project) or _runs_once(task) for task in tasks):
        return
    yield check.finding(
        f"{_what(entry, tasks[0])} every {_every(seconds)} without `expires`: while no worker takes them the messages "
        f"pile up ({round(86400 / seconds)} a day), and all of them run when one comes back",
        entry.location,
        entry.entity,
        related=(Related(tasks[0].location, "the task"),),
        remedy=_remedy(entry, seconds, project),
    )


def _may_expire(entry: ScheduleEntry, project: Project) -> bool:
    """Whether the entry has `expires`, or what it has cannot all be seen."""
    if "expires" in entry.fields:
        return True
    options = entry.fields.get("options")
    keys = [key for key, _, _ in project.evaluator.entries(options)] if options is not None else []
    return any(not isinstance(key, Known) or key.value in ("expires", "eta", "countdown") for key in keys)


def _expires(task: Task, project: Project) -> bool:
    """Whether the messages of TASK expire, or may: its options, or its base class, cannot be seen or say so."""
    if task.options_open or task.base_is_unknown or task.custom_decorator or task.option("expires") is not None:
        return True
    bases = (task.base, *(app.task_class for app in project.apps_of(task)))
    return any(
        project.overrides_call(base)
        or (isinstance(base, ClassRef) and project.symbols.method(base, "apply_async") is not None)
        for base in bases
    )


def _runs_once(task: Task) -> bool:
    values = (each.value for each in task.decorators_below)
    names = (value.callee if hasattr(value, "callee") else value for value in values)
    return any(isinstance(name, Name) and _SINGLE.search(name.ref) for name in names)


def _what(entry: ScheduleEntry, task: Task) -> str:
    return f"{entry.described} sends `{task.name}`" if entry.key is not None else f"beat sends `{task.name}`"


def _every(seconds: float) -> str:
    for size, unit in ((60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = int(seconds // size)
            return unit if count == 1 else f"{count} {unit}s"
    return f"{seconds:g} seconds"


def _remedy(entry: ScheduleEntry, seconds: float, project: Project) -> AddArgument | None:
    """`expires` as long as the interval: the next message says the same."""
    value = f"{seconds:g}"
    body, options = entry.body, entry.fields.get("options")
    if body is None:
        return None
    title = f"Let the messages expire after {value} seconds"
    if options is not None:
        options = project.evaluator.follow(options)
        text = f'"expires": {value}' if isinstance(options.value, Mapping) else f"expires={value}"
        return AddArgument(options.path, title, options.span, text)
    if entry.is_call:
        return AddArgument(body.path, title, body.span, f"expires={value}")
    inner = f'{{"expires": {value}}}'
    text = f'"options": {inner}' if isinstance(body.value, Mapping) else f"options={inner}"
    return AddArgument(body.path, title, body.span, text)
