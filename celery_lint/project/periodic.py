"""LINK: what a schedule entry amounts to: how often it comes, and which task it sends."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from celery_lint.facts.model import Attribute, Call, Name
from celery_lint.finding import Location
from celery_lint.project.calls import SIGNING
from celery_lint.project.crontabs import Crontab
from celery_lint.project.index import last_name
from celery_lint.project.model import ScheduleEntry, Task
from celery_lint.project.values import Known, Placed

if TYPE_CHECKING:
    from celery_lint.project.project import Project


def tasks_of(entry: ScheduleEntry, project: Project) -> tuple[Task, ...]:
    """The tasks that ENTRY sends: several when two have its name, none when it cannot be told."""
    if entry.task is not None:
        return tuple(task for task in project.tasks if entry.task in task.names)
    given = entry.fields.get("sig")
    task = signed(given, project) if given is not None else None
    return (task,) if task is not None else ()


def signed(given: Placed, project: Project) -> Task | None:
    """The task of the signature GIVEN (`add.s(1)`, without more to it), or the task that it is itself."""
    value = given.value
    if isinstance(value, Call):
        callee = value.callee
        if last_name(callee) not in SIGNING:
            return None
        if isinstance(callee, Attribute):
            return project.task_calls.task_of(given.path, value.block, callee.value)
        value = Name(callee.ref.rpartition(".")[0]) if isinstance(callee, Name) else value
    return project.task_calls.task_of(given.path, given.block, value)


def interval(entry: ScheduleEntry, project: Project) -> float | None:
    """The least number of seconds between two runs of ENTRY; None when it cannot be known. What comes less often than
    every hour counts as an hour."""
    schedule = entry.fields.get("schedule")
    if schedule is None:
        return None
    placed = project.evaluator.follow(schedule)
    if isinstance(placed.value, Call):
        found = next((each for each in project.crontabs if each.location == Location(placed.path, placed.span)), None)
        if found is not None:
            return _least_gap(found)
        if project.symbols.external(placed.path, placed.value.callee) == "celery.schedules.schedule":
            argument = placed.value.argument(0, "run_every")
            if argument is None:
                return None
            placed = placed.at(argument.value)
    known = project.evaluator.scalar(placed)
    if not isinstance(known, Known) or known.from_environment or isinstance(known.value, bool):
        return None
    return float(known.value) if isinstance(known.value, int | float) else None


def _least_gap(crontab: Crontab) -> float | None:
    times = crontab.times
    # `crontab(hour=3)` comes every minute, but that is not what it is meant to do.
    if times is None or (crontab.fields and "minute" not in crontab.fields):
        return None
    minutes = sorted(times.minutes)
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if any(later - earlier == 1 for earlier, later in pairwise(sorted(times.hours))):
        gaps.append(minutes[0] + 60 - minutes[-1])
    return min(gaps, default=60) * 60.0
