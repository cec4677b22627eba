"""What was found in a project, and what could not be seen, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from celery_lint.project.code.values import Known
from celery_lint.views.model import Picture, Place, Worker
from celery_lint.views.starter.model import Material

_MOST = 8
_Thing = TypeVar("_Thing")


def found(material: Material) -> Iterator[tuple[str, str]]:
    """What was found: a word for it, and what it is."""
    picture = material.picture
    for project in material.projects:
        yield "Celery", str(project.celery).removeprefix("Celery ")
    apps: dict[tuple[str, str], list[int]] = {}
    for app in picture.apps:
        apps.setdefault((app.name, app.place.path), []).append(app.place.line)
    for (name, path), lines in list(apps.items())[:_MOST]:
        yield "app", f"{name} ({path}:{', '.join(map(str, dict.fromkeys(lines)))})"
    for kind in sorted(set(_brokers(material))):
        yield "broker", kind
    if picture.tasks:
        modules = len({task.module for task in picture.tasks})
        yield "tasks", f"{len(picture.tasks)} in {modules} module{'' if modules == 1 else 's'}"
    queues = sorted({queue.name for queue in picture.queues if queue.name is not None})
    if queues:
        yield "queues", listed(queues)
    for worker in first(picture.workers):
        yield "worker", f"{worker.label} ({shown(worker.place)}): {_pool(worker)}, {_reads(worker)}"
    if len(picture.workers) > _MOST:
        yield "", f"and {len(picture.workers) - _MOST} more workers"
    if picture.schedule:
        yield "schedule", f"{len(picture.schedule)} entr{'y' if len(picture.schedule) == 1 else 'ies'}"
    for beat in first(tuple({beat.place: beat for beat in picture.beats}.values())):
        yield "beat", f"started in {shown(beat.place)}"


def unseen(picture: Picture) -> Iterator[str]:
    """What could not be seen, each once."""
    said = {f"{gap.what}: {gap.why}{f' ({shown(gap.place)})' if gap.place else ''}": None for gap in picture.gaps}
    yield from list(said)[:_MOST]
    if len(said) > _MOST:
        yield f"and {len(said) - _MOST} more: `celery-lint map` has all"


def shown(place: Place) -> str:
    """PLACE, for people."""
    return f"{place.path}:{place.line}"


def listed(names: Sequence[str]) -> str:
    """NAMES, the first ones if there are many."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"


def first(things: Sequence[_Thing]) -> Sequence[_Thing]:
    """Those of THINGS that are shown."""
    return things[:_MOST]


def _brokers(material: Material) -> Iterator[str]:
    for project in material.projects:
        for app in project.apps:
            kind = project.transports.broker(app)
            if isinstance(kind, Known):
                yield kind.value


def _pool(worker: Worker) -> str:
    return worker.pool or f"pool not known ({worker.pool_open})"


def _reads(worker: Worker) -> str:
    if worker.queues_open is not None:
        return f"queues not known ({worker.queues_open})"
    return f"reads {listed(worker.queues)}" if worker.queues else "reads the default queue"
