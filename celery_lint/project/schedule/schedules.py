"""LINK: what beat sends: the entries of `beat_schedule`, and `add_periodic_task` calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from celery_lint.facts.model import Assignment, Call, Literal, Name, Subscript
from celery_lint.finding import Location
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import App, ScheduleEntry
from celery_lint.project.settings.apps import Apps

_SCHEDULES = Pattern(rb"beat_schedule|add_periodic_task|BEAT_SCHEDULE")
_STORED = Pattern(rb"\bPeriodicTask\.objects\b")
_STORES = frozenset({"create", "get_or_create", "update_or_create"})


def find_entries(apps: Apps, made: Mapping[int, App]) -> Iterator[ScheduleEntry]:
    """All periodic tasks of the applications."""
    every = tuple(made.values())
    for app in every:
        setting = app.settings.get("beat_schedule")
        if setting is not None:
            yield from _entries(app, setting.value, apps.evaluator)
    if len(every) == 1:
        yield from _stored(apps, every[0])
    for path in apps.files.mentioning(_SCHEDULES):
        index = apps.files.python(path)
        for assignment in index.facts.assignments:
            yield from _added(path, assignment, apps, made)
        for call in index.calls_named("add_periodic_task", "update"):
            yield from _called(path, call, apps, made)


def _stored(apps: Apps, app: App) -> Iterator[ScheduleEntry]:
    """`PeriodicTask.objects.create(task="…")` of django-celery-beat; not in migrations, which tell of the past."""
    for path in apps.files.mentioning(_STORED):
        if "/migrations/" in path:
            continue
        for call in apps.files.python(path).calls_named(*_STORES):
            owner = call.callee.ref.rpartition(".")[0] if isinstance(call.callee, Name) else ""
            if owner.endswith("PeriodicTask.objects"):
                yield from _record(path, call, apps, app)


def _record(path: str, call: Call, apps: Apps, app: App) -> Iterator[ScheduleEntry]:
    fields = {a.keyword: Placed(path, call.block, a.value) for a in call.arguments if a.keyword is not None}
    for key, _, value in apps.evaluator.entries(fields["defaults"]) if "defaults" in fields else ():
        if isinstance(key, Known):
            fields[key.value] = value
    task, name = fields.get("task"), fields.get("name")
    known = apps.evaluator.text(task) if task is not None else None
    if task is not None and isinstance(known, Known):
        key_text = apps.evaluator.text(name) if name is not None else None
        label = key_text.value if isinstance(key_text, Known) else None
        place = Location(task.path, task.span)
        yield ScheduleEntry(app, label, known.value, True, place, fields, True, Location(path, call.span), True)


def _entries(app: App, schedule: Placed, evaluator: Evaluator) -> Iterator[ScheduleEntry]:
    """The entries of a dict; a part that cannot be seen holds none."""
    for key, key_place, value in evaluator.entries(schedule):
        if key_place.value is not value.value:
            name = key.value if isinstance(key, Known) else None
            yield _entry(app, name, Location(key_place.path, key_place.span), value, evaluator)


def _entry(app: App, key: str | None, place: Location, value: Placed, evaluator: Evaluator) -> ScheduleEntry:
    fields: dict[str, Placed] = {}
    is_open = False
    for name, _, item in evaluator.entries(value):
        if isinstance(name, Known):
            fields[name.value] = item
        else:
            is_open = True
    task, body = fields.get("task"), evaluator.follow(value)
    if task is None:
        return ScheduleEntry(app, key, None, not is_open, place, fields, is_open, place, body=body)
    known = evaluator.text(task)
    sent = known.value if isinstance(known, Known) else None
    task_place = Location(task.path, task.span)
    return ScheduleEntry(app, key, sent, sent is not None, task_place, fields, is_open, place, body=body)


def _added(path: str, assignment: Assignment, apps: Apps, made: Mapping[int, App]) -> Iterator[ScheduleEntry]:
    """`app.conf.beat_schedule["name"] = {...}`."""
    target = assignment.target_value
    if not isinstance(target, Subscript) or not isinstance(target.value, Name) or assignment.value is None:
        return
    owner, dot, setting = target.value.ref.rpartition(".conf.")
    if not dot or setting not in ("beat_schedule", "CELERYBEAT_SCHEDULE"):
        return
    key = target.index.value if isinstance(target.index, Literal) and isinstance(target.index.value, str) else None
    for draft in apps.of(Placed(path, assignment.block, Name(owner))) or ():
        value = Placed(path, assignment.block, assignment.value)
        yield _entry(made[id(draft)], key, Location(path, target.index.span), value, apps.evaluator)


def _called(path: str, call: Call, apps: Apps, made: Mapping[int, App]) -> Iterator[ScheduleEntry]:
    """`app.add_periodic_task(schedule, signature, …)`, `app.conf.beat_schedule.update({...})`."""
    if not isinstance(call.callee, Name):
        return
    owner, _, method = call.callee.ref.rpartition(".")
    if method == "update":
        head, dot, setting = owner.rpartition(".conf.")
        if dot and setting == "beat_schedule" and call.arguments:
            for draft in apps.of(Placed(path, call.block, Name(head))) or ():
                yield from _entries(made[id(draft)], Placed(path, call.block, call.arguments[0].value), apps.evaluator)
        return
    for app in _apps_called(path, call, owner, apps, made):
        yield _periodic(app, path, call, apps.evaluator)


def _apps_called(path: str, call: Call, owner: str, apps: Apps, made: Mapping[int, App]) -> list[App]:
    found = apps.of(Placed(path, call.block, Name(owner)))
    if found is None and len(made) == 1 and owner.lstrip("%") in ("sender", "app", "celery", "celery_app"):
        return list(made.values())
    return [made[id(draft)] for draft in found or ()]


def _periodic(app: App, path: str, call: Call, evaluator: Evaluator) -> ScheduleEntry:
    place = Location(path, call.span)
    fields = {
        argument.keyword: Placed(path, call.block, argument.value)
        for argument in call.arguments
        if argument.keyword is not None
    }
    for position, field in enumerate(("schedule", "sig", "args", "kwargs", "name")):
        argument = call.argument(position, field)
        if argument is not None:
            fields[field] = Placed(path, call.block, argument.value)
    name = fields.get("name")
    known = evaluator.text(name) if name is not None else None
    key = known.value if isinstance(known, Known) else None
    # The task is an object here: Python finds a misspelt one by itself.
    body = Placed(path, call.block, call)
    return ScheduleEntry(app, key, None, False, place, fields, call.is_open, place, True, body)
