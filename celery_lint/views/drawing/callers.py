"""Who sends which task: all tasks in one reading of the files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Location
from celery_lint.project.files import is_aside
from celery_lint.project.index import last_name
from celery_lint.project.model import Task
from celery_lint.project.names import module_names
from celery_lint.project.routing import queue_name
from celery_lint.project.sent import sent_name
from celery_lint.project.symbols import FunctionRef
from celery_lint.project.values import Placed
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas

_SENDING = frozenset({"delay", "apply_async", "s", "si", "signature"})
_BY_NAME = re.compile(rb"\b(?:send_task|signature|subtask)\b")


def find_callers(canvas: Canvas) -> Mapping[Task, tuple[model.Caller, ...]]:
    """The calls that send each task, by object or by name, in the order of files."""
    found: dict[Task, list[model.Caller]] = defaultdict(list)
    for path, call, task in (*_of_objects(canvas), *_of_names(canvas)):
        found[task].append(_caller(canvas, path, call))
    return {task: tuple(dict.fromkeys(callers)) for task, callers in found.items()}


def _of_objects(canvas: Canvas) -> Iterator[tuple[str, Call, Task]]:
    """As `Project.sends_of`, which asks for one task."""
    symbols = canvas.project.symbols
    by_function = {task.function: task for task in canvas.tasks if task.function is not None}
    names = {symbols.fact(function).name for function in by_function}
    if not names:
        return
    words = b"|".join(re.escape(name.encode()) for name in sorted(names))
    pattern = re.compile(rb"\b(?:" + words + rb")\.(?:delay|apply_async|s|si|signature)\b")
    for path in canvas.project.files.mentioning(pattern):
        if is_aside(path):
            continue
        for call in canvas.project.index(path).facts.calls:
            function = _sent(canvas, path, call, names)
            if function in by_function:
                yield path, call, by_function[function]


def _sent(canvas: Canvas, path: str, call: Call, names: set[str]) -> FunctionRef | None:
    if not isinstance(call.callee, Name):
        return None
    owner, _, method = call.callee.ref.rpartition(".")
    if method not in _SENDING or owner.rpartition(".")[2].lstrip("@%*") not in names:
        return None
    return canvas.project.symbols.function(path, call.block, Name(owner))


def _of_names(canvas: Canvas) -> Iterator[tuple[str, Call, Task]]:
    project = canvas.project
    by_name = {name: task for task in canvas.tasks for name in task.names}
    for path in project.files.mentioning(_BY_NAME):
        if is_aside(path):
            continue
        for call in project.index(path).facts.calls:
            name = sent_name(path, call, project.evaluator)
            if name in by_name:
                yield path, call, by_name[name]


def _caller(canvas: Canvas, path: str, call: Call) -> model.Caller:
    project = canvas.project
    index = project.index(path)
    function = index.function_at(call.block)
    module = module_names(path, project.symbols.modules)[0]
    what = f"{module}.{function.qualname}" if function is not None else module
    argument = call.argument(None, "queue")
    queue = queue_name(project.evaluator, Placed(path, call.block, argument.value)) if argument is not None else None
    inside = FunctionRef(path, function.block) if function is not None else None
    owners = (identifier for task, identifier in canvas.tasks.items() if inside is not None and task.function == inside)
    place = canvas.place(Location(path, call.span))
    return model.Caller(what, last_name(call.callee) or "call", place, queue, next(owners, None))
