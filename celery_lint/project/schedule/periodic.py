"""LINK: what a schedule entry amounts to: how often it comes, and which task it sends."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from celery_lint.facts.model import Attribute, Call, Name
from celery_lint.finding import Location
from celery_lint.project.calls.calls import SIGNING
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import ScheduleEntry, Task
from celery_lint.project.schedule.crontabs import Crontab

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
    crontab = _crontab(entry, project)
    if crontab is not None:
        return _least_gap(crontab)
    placed = project.evaluator.follow(schedule)
    value = placed.value
    if isinstance(value, Call) and project.symbols.external(placed.path, value.callee) == "celery.schedules.schedule":
        argument = value.argument(0, "run_every")
        if argument is None:
            return None
        placed = placed.at(argument.value)
    known = project.evaluator.scalar(placed)
    if not isinstance(known, Known) or known.from_environment or isinstance(known.value, bool):
        return None
    return float(known.value) if isinstance(known.value, int | float) else None


def runs_a_day(entry: ScheduleEntry, project: Project) -> int | None:
    """How often ENTRY comes on a day on which it does; None when it cannot be known."""
    crontab = _crontab(entry, project)
    if crontab is not None:
        return len(crontab.times.minutes) * len(crontab.times.hours) if crontab.times is not None else None
    seconds = interval(entry, project)
    return round(86400 / seconds) if seconds else None


def _crontab(entry: ScheduleEntry, project: Project) -> Crontab | None:
    schedule = entry.fields.get("schedule")
    if schedule is None:
        return None
    placed = project.evaluator.follow(schedule)
    return next((each for each in project.crontabs if each.location == Location(placed.path, placed.span)), None)


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


def comes_at(entry: ScheduleEntry, project: Project) -> object | None:
    """When ENTRY comes, to be compared with another; None when it cannot be known."""
    crontab = _crontab(entry, project)
    return crontab.times if crontab is not None else interval(entry, project)


def message_of(entry: ScheduleEntry, project: Project) -> object | None:
    """The arguments and options that ENTRY sends its task, to be compared; None when they cannot all be seen."""
    given = {name: value for name, value in entry.fields.items() if name not in ("name", "schedule", "sig", "task")}
    signed_with = _signature(entry, project) if entry.is_call else {}
    if signed_with is None:
        return None
    written = {name: _written(value, project) for name, value in {**given, **signed_with}.items()}
    if None in written.values():
        return None
    return frozenset((name, value) for name, value in written.items() if value not in ((), frozenset()))


def _signature(entry: ScheduleEntry, project: Project) -> Mapping[str, Placed] | None:
    """What is given to the signature in a call of `add_periodic_task`: `t.s(1, x=2)`."""
    sig = entry.fields.get("sig")
    if sig is None:
        return None
    if isinstance(sig.value, Name):
        return {}
    call = next((each for each in project.calls if each.call is sig.value and each.signs), None)
    if call is None or call.args is None or call.kwargs_open or call.options_open:
        return None
    positional = {f"argument {index}": value for index, value in enumerate(call.args)}
    options = {f"option {name}": value for name, value in call.options.items()}
    return {**positional, **{f"keyword {name}": value for name, value in call.kwargs.items()}, **options}


def _written(placed: Placed, project: Project) -> object | None:
    """A value of numbers, strings, lists and dicts as something to be compared; None when a part is unknown."""
    known = project.evaluator.scalar(placed)
    if isinstance(known, Known):
        return None if known.from_environment else ("value", known.value)
    items = project.evaluator.items(placed)
    if items is not None:
        parts = tuple(_written(item, project) for item in items)
        return None if None in parts else parts
    found: dict[str, object] = {}
    for key, _, value in project.evaluator.entries(placed):
        part = _written(value, project) if isinstance(key, Known) else None
        if part is None or not isinstance(key, Known):
            return None
        found[key.value] = part
    return frozenset(found.items())
