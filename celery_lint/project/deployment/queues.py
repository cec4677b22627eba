"""LINK: the queues that tasks are sent to, and who says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from celery_lint.facts.model import Attribute, Call
from celery_lint.finding import Location
from celery_lint.project.calls.sent import sent_name
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.deployment.routing import RouteTable, queue_name
from celery_lint.project.model import App, Queue, QueueUse, Task

_SENDS = Pattern(rb"\bqueue\s*=")
_SENDERS = frozenset({"apply_async", "send_task", "signature", "apply_async_on_commit"})


def find_queues(
    files: Files, evaluator: Evaluator, apps: tuple[App, ...], tasks: tuple[Task, ...], tables: Mapping[App, RouteTable]
) -> Iterator[Queue]:
    """Every queue that something of an app sends tasks to by name, with all the places that do."""
    for app in apps:
        uses: dict[str, list[QueueUse]] = defaultdict(list)
        for use in _uses(files, evaluator, app, tasks, tables[app], alone=len(apps) == 1):
            uses[use.queue].append(use)
        for name, places in uses.items():
            yield Queue(name, app, tuple(dict.fromkeys(places)))


def _uses(
    files: Files, evaluator: Evaluator, app: App, tasks: tuple[Task, ...], table: RouteTable, alone: bool
) -> Iterator[QueueUse]:
    mine = [task for task in tasks if app in task.apps]
    yield from _routed(table, mine)
    for task in mine:
        option = task.option("queue")
        name = queue_name(evaluator, option.value) if option is not None else None
        if option is not None and name is not None:
            yield QueueUse(name, option.location, f"task `{task.name}`")
    yield from _scheduled(app, evaluator)
    if alone:
        yield from _sent(files, evaluator, {name for task in tasks for name in task.names})


def _routed(table: RouteTable, tasks: list[Task]) -> Iterator[QueueUse]:
    """Routes that some task takes; a route that no task takes sends nothing anywhere."""
    taken = {id(route) for task in tasks for name in task.names if (route := table.match(name)) is not None}
    for route in table.routes:
        if id(route) in taken and route.queue is not None:
            yield QueueUse(route.queue, route.location, f"route `{route.pattern}`")


def _scheduled(app: App, evaluator: Evaluator) -> Iterator[QueueUse]:
    setting = app.settings.get("beat_schedule")
    if setting is None:
        return
    for key, _, entry in evaluator.entries(setting.value):
        if not isinstance(key, Known):
            continue
        for option, _, value in evaluator.entries(entry):
            if not isinstance(option, Known) or option.value != "options":
                continue
            for name, _, queue in evaluator.entries(value):
                known = queue_name(evaluator, queue) if isinstance(name, Known) and name.value == "queue" else None
                if known is not None:
                    place = Location(queue.path, queue.span)
                    yield QueueUse(known, place, f"schedule entry `{key.value}`")


def _sent(files: Files, evaluator: Evaluator, own: set[str]) -> Iterator[QueueUse]:
    """`task.apply_async(queue="x")`, `app.send_task(…, queue="x")`, `task.s().set(queue="x")`."""
    for path in files.mentioning(_SENDS):
        for call in files.python(path).calls_named(*_SENDERS, "set"):
            argument = call.argument(None, "queue")
            if argument is None or not _sends(call):
                continue
            by_name = sent_name(path, call, evaluator)
            if last_name(call.callee) in ("send_task", "signature") and by_name not in own:
                continue  # the task of another service, or a computed one: its workers are not here
            name = queue_name(evaluator, Placed(path, call.block, argument.value))
            if name is not None:
                yield QueueUse(name, Location(path, argument.span), "this call")


def _sends(call: Call) -> bool:
    name = last_name(call.callee)
    if name in _SENDERS:
        return True
    made = call.callee.value if isinstance(call.callee, Attribute) else None
    return name == "set" and isinstance(made, Call) and last_name(made.callee) in ("s", "si", "signature")
