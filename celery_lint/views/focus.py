"""One task of a picture, and all that concerns it."""

from __future__ import annotations

from msgspec import structs

from celery_lint.errors import UserError
from celery_lint.settings import did_you_mean
from celery_lint.views.model import Picture, Task


def find_task(picture: Picture, name: str) -> Task:
    """The task called NAME, or whose name alone ends in it (`track` for `parcels.tasks.track`).

    Raises UserError when there is none, or several.
    """
    exact = [task for task in picture.tasks if name in (task.name, *task.names)]
    found = exact or [
        task for task in picture.tasks if any(each.endswith(f".{name}") for each in (task.name, *task.names))
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f'there is no task "{name}"{_suggestion(picture, name)}')
    if exact:
        places = " and ".join(f"{task.place.path}:{task.place.line}" for task in found)
        raise UserError(f'"{name}" is the name of {len(found)} tasks: {places}')
    shown = ", ".join(task.name for task in found[:4])
    raise UserError(f'"{name}" may be {len(found)} tasks: {shown}{", …" if len(found) > 4 else ""}')


def only(picture: Picture, task: Task) -> Picture:
    """The part of PICTURE that TASK runs through."""
    into, out = picture.into(task.id), picture.out_of(task.id)
    queues = {edge.target for edge in out}
    onward = [edge for edge in picture.edges if edge.source in queues]
    workers = {edge.target for edge in onward}
    scheduled = tuple(entry for entry in picture.schedule if entry.task_id == task.id)
    return structs.replace(
        picture,
        apps=tuple(app for app in picture.apps if app.id in task.apps),
        tasks=(task,),
        routes=tuple(route for route in picture.routes if task.id in route.tasks),
        queues=tuple(queue for queue in picture.queues if queue.id in queues),
        workers=tuple(worker for worker in picture.workers if worker.id in workers),
        beats=picture.beats if scheduled else (),
        schedule=scheduled,
        edges=(*into, *out, *onward),
    )


def _suggestion(picture: Picture, name: str) -> str:
    known = {each for task in picture.tasks for each in (task.name, *task.names)}
    return did_you_mean(name, known) or did_you_mean(name, {each.rpartition(".")[2] for each in known})
