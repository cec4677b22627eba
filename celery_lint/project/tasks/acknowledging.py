"""LINK: when the broker is told that a message is done, and how long it waits for that."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.finding import Location
from celery_lint.project.code.values import Known, Unknown
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import given

# kombu/transport: Redis waits an hour, SQS half an hour (not an hour, as is often said).
DEFAULT_VISIBILITY = {"redis": 3600.0, "sqs": 1800.0}


class Visibility(Struct, frozen=True):
    """How many SECONDS the broker waits for an acknowledgement before it delivers a message again, and where that is
    set; ORIGIN None: it is the default of the BROKER. IS_CERTAIN: the broker is written down, not guessed from a
    variable's name."""

    broker: str
    seconds: float
    origin: Location | None
    is_certain: bool


def acks_late(task: Task, app: App, project: Project) -> Location | None:
    """Where it is said that TASK is acknowledged after it has run; None when it is not, or that cannot be told."""
    for found in given(task, app, "acks_late", project):
        if isinstance(found, Unknown):
            return None
        known = project.evaluator.scalar(found.value)
        if known != Known(None):
            return found.origin if isinstance(known, Known) and known.value is True else None
    setting = app.settings.get("task_acks_late")
    if setting is None:
        return None
    known = project.evaluator.scalar(setting.value)
    if not isinstance(known, Known) or known.value is not True:
        return None
    # Several applications may take it from the same place.
    held = project.evaluator.follow(setting.value)
    return setting.origin if held.path == setting.value.path else Location(held.path, held.span)


def visibility(app: App, project: Project) -> Visibility | None:
    """How long the broker of APP waits for an acknowledgement; None when it knows no such time, or that cannot be
    told."""
    broker = project.transports.broker(app)
    if not isinstance(broker, Known) or broker.value not in DEFAULT_VISIBILITY:
        return None
    certain = not broker.from_environment
    setting = app.settings.get("broker_transport_options")
    if setting is None:
        if project.may_set(app, "broker_transport_options"):
            return None
        return Visibility(broker.value, DEFAULT_VISIBILITY[broker.value], None, certain)
    seconds: float | None = DEFAULT_VISIBILITY[broker.value]
    origin = None
    for key, place, value in project.evaluator.entries(setting.value):
        if isinstance(key, Unknown) or key.value == "predefined_queues":
            return None
        if key.value == "visibility_timeout":
            known = project.evaluator.scalar(value)
            number = known.value if isinstance(known, Known) else None
            seconds = float(number) if isinstance(number, int | float) else None
            origin = Location(place.path, place.span)
    return Visibility(broker.value, seconds, origin, certain) if seconds is not None else None
