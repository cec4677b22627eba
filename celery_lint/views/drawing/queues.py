"""The queues of a picture, and the edges: what goes where, and what is wrong on the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Unknown
from celery_lint.project.model import App, Task, Worker
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas

# A queue of one group of applications; None is where tasks go whose queue cannot be told.
Key = tuple[int, str | None]


class Sending(Struct, frozen=True):
    """One reason why TASK goes to the queue NAME of a group."""

    task: str
    key: Key
    why: str
    place: model.Place | None
    certain: bool = True


class Flow(Struct, frozen=True):
    """What goes into queues and what consumes them."""

    sendings: tuple[Sending, ...]
    keys: tuple[Key, ...]
    consumers: Mapping[Key, tuple[tuple[Worker, bool], ...]] = field(default_factory=dict)


def flow_of(
    canvas: Canvas, tasks: Iterable[model.Task], schedule: Iterable[model.Entry], routes: Iterable[model.Route]
) -> Flow:
    """Everything that goes into a queue of the project, and every queue."""
    by_id = {identifier: task for task, identifier in canvas.tasks.items()}
    sendings: list[Sending] = []
    scheduled = [(entry.task_id, entry.queue) for entry in schedule]
    for drawn in tasks:
        called = list(_called(canvas, by_id[drawn.id], drawn))
        named = [caller.queue for caller in drawn.callers] + [queue for task, queue in scheduled if task == drawn.id]
        is_plain = not named or None in named
        sendings += _declared(canvas, by_id[drawn.id], is_plain=is_plain)
        sendings += called
    for entry in schedule:
        if entry.queue is not None and entry.task_id is not None:
            group = _group(canvas, by_id[entry.task_id])
            sendings.append(Sending(entry.task_id, (group, entry.queue), f"schedule entry {entry.key}", entry.place))
    keys = [sending.key for sending in sendings]
    groups = {identifier: canvas.groups[app] for app, identifier in canvas.apps.items()}
    keys += [(groups[route.app], route.queue) for route in routes if route.queue is not None and route.tasks]
    keys += [(canvas.groups[queue.app], queue.name) for queue in canvas.project.queues]
    keys += _consumed(canvas, set(keys))
    ordered = tuple(dict.fromkeys(keys))
    return Flow(tuple(sendings), ordered, {key: _consumers(canvas, key) for key in ordered})


def draw_queues(canvas: Canvas, flow: Flow, ids: Mapping[Key, str]) -> Iterator[model.Queue]:
    """All queues."""
    defaults = {(canvas.groups[app], canvas.project.default_queue(app)) for app in canvas.project.apps}
    for (group, name), identifier in ids.items():
        consumers = flow.consumers[(group, name)]
        yield model.Queue(
            id=identifier,
            name=name,
            group=group,
            is_default=name is not None and (group, name) in defaults,
            consumed=_state(canvas, name, consumers),
            open=None if name is not None else "which queue cannot be told: routes or settings are computed",
            problems=tuple(position for position, finding in _about(canvas, name) if name is not None),
        )


def draw_edges(
    canvas: Canvas, flow: Flow, ids: Mapping[Key, str], schedule: Iterable[model.Entry]
) -> Iterator[model.Edge]:
    """All edges: entries to tasks, tasks to tasks, tasks to queues, queues to workers."""
    for entry in schedule:
        if entry.task_id is not None:
            yield model.Edge(entry.id, entry.task_id, entry.meaning, entry.place, True, entry.problems)
    for sending in flow.sendings:
        problems = tuple(
            position for position, finding in _about(canvas, sending.key[1]) if not _at_worker(canvas, finding)
        )
        yield model.Edge(sending.task, ids[sending.key], sending.why, sending.place, sending.certain, problems)
    for key, consumers in flow.consumers.items():
        for worker, certain in consumers:
            why = "may consume it" if not certain else "consumes it"
            place = canvas.place(worker.location) if worker.command is not None else canvas.declared
            yield model.Edge(
                ids[key], canvas.workers[worker], why, place, certain, tuple(_between(canvas, flow, key, worker))
            )


# what tasks are sent to


def _group(canvas: Canvas, task: Task) -> int:
    return next((canvas.groups[app] for app in canvas.project.apps_of(task)), -1)


def _declared(canvas: Canvas, task: Task, *, is_plain: bool) -> Iterator[Sending]:
    """Where TASK goes by itself: by its option, a route, or default. Not IS_PLAIN: all that send it name a queue."""
    identifier = canvas.tasks[task]
    seen: set[tuple[Key, str]] = set()
    for app in canvas.project.apps_of(task):
        queues = canvas.project.queues_of(task, app)
        for name in queues if queues is not None else (None,):
            why, place = _why(canvas, task, app, name)
            key = (canvas.groups[app], name)
            if (key, why) not in seen:
                seen.add((key, why))
                certain = queues is not None and len(queues) == 1 and is_plain
                yield Sending(
                    identifier, key, why if is_plain else f"{why}; all that send it name another", place, certain
                )


def _why(canvas: Canvas, task: Task, app: App, queue: str | None) -> tuple[str, model.Place | None]:
    option = task.option("queue")
    if option is not None:
        why = "option queue" if queue is not None else f"option queue={canvas.written(option.value)}"
        return why, canvas.place(option.location)
    if queue is None:
        return "cannot be told", None
    for name in task.names:
        route = canvas.project.route_tables[app].match(name)
        if route is not None and route.queue == queue:
            return f"route {route.pattern}", canvas.place(route.location)
    return "default queue", None


def _called(canvas: Canvas, task: Task, drawn: model.Task) -> Iterator[Sending]:
    for caller in drawn.callers:
        if caller.queue is not None:
            key = (_group(canvas, task), caller.queue)
            yield Sending(drawn.id, key, f"call in {caller.what}", caller.place)


# who consumes


def _consumed(canvas: Canvas, fed: set[Key]) -> Iterator[Key]:
    """The queues that workers name; of a worker that may serve any application, those that nothing feeds."""
    for worker in canvas.project.workers:
        for name in worker.queues if isinstance(worker.queues, tuple) else ():
            if worker.app is not None:
                yield canvas.groups[worker.app], name
            elif not any(name == known for _, known in fed):
                yield 0, name


def _consumers(canvas: Canvas, key: Key) -> tuple[tuple[Worker, bool], ...]:
    """The workers that consume a queue; if none surely does, those that may."""
    group, name = key
    near = [
        worker
        for worker in canvas.project.workers
        if worker.app is None or canvas.groups[worker.app] == group or group == -1
    ]
    if name is None:
        return tuple((worker, False) for worker in near)
    answers = [(worker, canvas.project.consumes(worker, name)) for worker in near]
    certain = [(worker, True) for worker, answer in answers if answer]
    possible = [(worker, False) for worker, answer in answers if answer is None]
    if certain or possible:
        return tuple(certain or possible)
    # Another application's worker may read from the same broker.
    return tuple((worker, False) for worker in canvas.project.workers if canvas.project.consumes(worker, name))


def _state(canvas: Canvas, name: str | None, consumers: tuple[tuple[Worker, bool], ...]) -> model.Consumed:
    if any(certain for _, certain in consumers):
        return "yes"
    if name is not None and canvas.project.is_external_queue(name):
        return "elsewhere"
    if consumers or canvas.project.queues_open is not None:
        return "maybe"
    return "no" if canvas.project.workers else "unknown"


# what is wrong


def _about(canvas: Canvas, name: str | None) -> list[tuple[int, Finding]]:
    return [each for each in canvas.findings if name is not None and each[1].entity == f"queue:{name}"]


def _at_worker(canvas: Canvas, finding: Finding) -> bool:
    return any(_is_in(finding.location, worker.location) for worker in canvas.project.workers)


def _is_in(inner: Location, outer: Location) -> bool:
    return inner.path == outer.path and outer.span.contains(inner.span)


def _between(canvas: Canvas, flow: Flow, key: Key, worker: Worker) -> Iterator[int]:
    """What is wrong with WORKER consuming a queue: the queue is named there in vain, or its tasks do not fit."""
    by_id: Mapping[str, Task] = {identifier: task for task, identifier in canvas.tasks.items()}
    senders: dict[Key, set[Location]] = defaultdict(set)
    for sending in flow.sendings:
        senders[sending.key].add(by_id[sending.task].location)
    for position, finding in canvas.findings:
        in_vain = finding.entity == f"queue:{key[1]}" and _is_in(finding.location, worker.location)
        is_worker = finding.entity == f"worker:{worker.label}" and finding.location == worker.location
        if in_vain or (is_worker and any(related.location in senders[key] for related in finding.related)):
            yield position


def queue_ids(canvas: Canvas, flow: Flow) -> dict[Key, str]:
    """An id for each queue."""
    return {key: f"{canvas.prefix}queue{number}" for number, key in enumerate(flow.keys, 1)}


__all__ = ["Flow", "Key", "Unknown", "draw_edges", "draw_queues", "flow_of", "queue_ids"]
