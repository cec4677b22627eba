"""The schedule of a picture: what beat sends, and when, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.deployment.routing import queue_name
from celery_lint.project.model import App, ScheduleEntry, Task
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.words import crontab_in_words, interval

_CRONTAB = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_CRONTABS = frozenset({"celery.schedules.crontab", "celery.task.schedules.crontab"})
_INTERVALS = frozenset({"celery.schedules.schedule", "celery.task.schedules.schedule"})


def draw_schedule(canvas: Canvas) -> Iterator[model.Entry]:
    """All entries, then those that the configuration says are elsewhere."""
    for number, entry in enumerate(canvas.project.schedule, 1):
        schedule = entry.fields.get("schedule")
        task = _task(canvas, entry)
        yield model.Entry(
            id=f"{canvas.prefix}entry{number}",
            key=entry.key,
            task=entry.task or (task.name if task is not None else None),
            task_id=canvas.tasks[task] if task is not None else None,
            meaning=_meaning(canvas, entry.app, schedule) if schedule is not None else "no schedule can be seen",
            written=canvas.written(schedule) if schedule is not None else None,
            place=canvas.place(entry.location),
            app=canvas.apps[entry.app],
            queue=_queue(canvas, entry),
            problems=canvas.problems(entry.location, *([entry.entity] if entry.key or entry.task else [])),
        )
    yield from _elsewhere(canvas)


def _elsewhere(canvas: Canvas) -> Iterator[model.Entry]:
    from fnmatch import fnmatchcase

    number = len(canvas.project.schedule)
    for task, identifier in canvas.tasks.items():
        patterns = canvas.project.options.external_beat
        if any(fnmatchcase(name, pattern) for name in task.names for pattern in patterns):
            number += 1
            yield model.Entry(
                id=f"{canvas.prefix}entry{number}",
                key=None,
                task=task.name,
                task_id=identifier,
                meaning="scheduled elsewhere",
                written=None,
                place=None,
                app=None,
                elsewhere=True,
            )


def _task(canvas: Canvas, entry: ScheduleEntry) -> Task | None:
    """The task that ENTRY sends: of its own application, if several have the name."""
    if entry.task is not None:
        named = [task for task in canvas.tasks if entry.task in task.names]
        own = [task for task in named if entry.app in canvas.project.apps_of(task)]
        return next(iter(own or named), None)
    function = _signed(canvas, entry) if entry.is_call else None
    return next((task for task in canvas.tasks if function is not None and task.function == function), None)


def _signed(canvas: Canvas, entry: ScheduleEntry) -> FunctionRef | None:
    """The function of `add_periodic_task(…, task.s())`."""
    from celery_lint.facts.model import Name

    for call in canvas.project.index(entry.location.path).facts.calls:
        if call.span != entry.location.span:
            continue
        argument = call.argument(1, "sig")
        signed = argument.value if argument is not None else None
        if isinstance(signed, Call) and isinstance(signed.callee, Name):
            owner = Name(signed.callee.ref.rpartition(".")[0])
            return canvas.project.symbols.function(entry.location.path, call.block, owner)
    return None


def _queue(canvas: Canvas, entry: ScheduleEntry) -> str | None:
    evaluator = canvas.project.evaluator
    options = entry.fields.get("options")
    given = {"queue": entry.fields["queue"]} if entry.is_call and "queue" in entry.fields else {}
    for key, _, value in evaluator.entries(options) if options is not None else ():
        if isinstance(key, Known):
            given[key.value] = value
    return queue_name(evaluator, given["queue"]) if "queue" in given else None


def _meaning(canvas: Canvas, app: App, schedule: Placed) -> str:
    """SCHEDULE in words; as it is written when it cannot be told."""
    evaluator = canvas.project.evaluator
    known = evaluator.scalar(schedule)
    if isinstance(known, Known) and isinstance(known.value, int | float) and not isinstance(known.value, bool):
        return _interval(known.value) or canvas.written(schedule)
    followed = evaluator.follow(schedule)
    if not isinstance(followed.value, Call):
        return canvas.written(schedule)
    name = evaluator.symbols.external(followed.path, followed.value.callee)
    words: str | None = None
    if name in _CRONTABS:
        words = _crontab(canvas, app, followed, followed.value)
    elif name in _INTERVALS:
        argument = followed.value.argument(0, "run_every")
        seconds = evaluator.scalar(followed.at(argument.value)) if argument is not None else None
        if isinstance(seconds, Known) and isinstance(seconds.value, int | float):
            words = _interval(seconds.value)
    elif name == "celery.schedules.solar":
        words = _solar(canvas, followed, followed.value)
    return words or canvas.written(followed)


def _interval(seconds: float) -> str | None:
    return interval(seconds) if isinstance(seconds, int | float) and math.isfinite(seconds) and seconds < 1e10 else None


def _crontab(canvas: Canvas, app: App, placed: Placed, call: Call) -> str | None:
    """What Celery itself makes of the fields of a crontab."""
    if call.is_open or any(argument.star for argument in call.arguments):
        return None
    fields: dict[str, str] = {}
    for position, name in enumerate(_CRONTAB):
        argument = call.argument(position, name)
        if argument is None:
            continue
        known = canvas.project.evaluator.scalar(placed.at(argument.value))
        if not isinstance(known, Known) or not isinstance(known.value, str | int):
            return None
        fields[name] = str(known.value)
    from celery.schedules import ParseException, crontab

    try:
        made = crontab(**fields)
    except (ParseException, ValueError):
        return None
    sets = (made.minute, made.hour, made.day_of_week, made.day_of_month, made.month_of_year)
    return crontab_in_words(*sets, _zone(canvas, app)) if all(sets) else None


def _solar(canvas: Canvas, placed: Placed, call: Call) -> str | None:
    argument = call.argument(0, "event")
    event = canvas.project.evaluator.text(placed.at(argument.value)) if argument is not None else None
    return f"every day at {event.value.replace('_', ' ')}" if isinstance(event, Known) else None


def _zone(canvas: Canvas, app: App) -> str | None:
    """The time zone of an app's schedule: `timezone`, else UTC unless `enable_utc` is off; None when it is unknown."""
    setting = app.settings.get("timezone")
    if setting is not None:
        known = canvas.project.evaluator.text(setting.value)
        return known.value if isinstance(known, Known) else None
    return None if canvas.project.may_set(app, "timezone", "enable_utc") else "UTC"
