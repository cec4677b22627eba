"""Who sends which task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.deployment.routing import queue_name
from celery_lint.project.model import Task
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas


def find_callers(canvas: Canvas) -> Mapping[Task, tuple[model.Caller, ...]]:
    """The calls that send or sign each task, in the order of files."""
    found: dict[Task, list[model.Caller]] = defaultdict(list)
    for call in canvas.project.calls:
        if call.task in canvas.tasks and call.method != "apply":
            found[call.task].append(_caller(canvas, call))
    return {task: tuple(dict.fromkeys(callers)) for task, callers in found.items()}


def _caller(canvas: Canvas, call: TaskCall) -> model.Caller:
    project = canvas.project
    module = project.roots.names_of(call.path)[0]
    what = f"{module}.{project.symbols.fact(call.function).qualname}" if call.function is not None else module
    queue = call.options.get("queue")
    name = queue_name(project.evaluator, queue) if queue is not None else None
    owner = next((identifier for task, identifier in canvas.tasks.items() if call.function == task.function), None)
    return model.Caller(
        what, call.method, canvas.place(call.location), name, owner if call.function is not None else None
    )
