"""LINK: where tasks retry: `self.retry()` and its kin, also in helpers that are given `self`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from celery_lint.facts.model import Call, Function, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.handlers import throws
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Known

if TYPE_CHECKING:
    from celery_lint.project.model import Task
    from celery_lint.project.project import Project

_CURRENT = frozenset({"celery.current_task", "celery._state.current_task", "celery.app.current_task"})


class RetryCall(Struct, frozen=True, eq=False):
    """A call of `retry` on the task TASK that is running, in FUNCTION. THROWS: it raises Retry; None when that cannot
    be told."""

    task: Task
    function: FunctionRef
    call: Call
    throws: bool | None

    @property
    def path(self) -> str:
        """The file it stands in."""
        return self.function.path

    @property
    def location(self) -> Location:
        """Where the call is written."""
        return Location(self.path, self.call.span)


class Held(Struct, frozen=True):
    """A function that knows the running TASK by the local name NAME (`%self`), or by none."""

    task: Task
    function: FunctionRef
    name: str | None


def find_retry_calls(project: Project) -> Iterator[RetryCall]:
    """All calls that retry the running task, each once."""
    for held, function, call in calls_on_task(project, "retry"):
        yield RetryCall(held.task, function, call, _throws(call, held, project))


def calls_on_task(project: Project, method: str) -> Iterator[tuple[Held, FunctionRef, Call]]:
    """All calls of METHOD on the task that is running, each once, and the function that they stand in."""
    seen: set[Location] = set()
    for held in project.task_holders:
        for function in (project.symbols.fact(held.function), *_inside(held.function, project)):
            for call in project.index(held.function.path).calls(function):
                place = Location(held.function.path, call.span)
                if last_name(call.callee) != method or place in seen or not _is_running_task(call, held, project):
                    continue
                seen.add(place)
                yield held, held.function, call


def _throws(call: Call, held: Held, project: Project) -> bool | None:
    own = project.symbols.function(held.function.path, call.block, call.callee)
    if own is None or throws(call) is False:
        return throws(call)
    # A base class with a `retry` of its own that always ends in Celery's.
    return project.handlers.outcomes(project.symbols.index(own), own.block) == {"raise"} or None


def find_task_holders(project: Project) -> Iterator[Held]:
    """The functions of tasks, hooks of their bases, and every function that these give the running task to."""
    queue: deque[Held] = deque(_roots(project))
    seen: set[Held] = set()
    while queue:
        held = queue.popleft()
        if held in seen:
            continue
        seen.add(held)
        yield held
        if held.name is not None:
            queue.extend(Held(held.task, function, name) for function, name, _ in given_to(held, project))


def given_to(held: Held, project: Project) -> Iterator[tuple[FunctionRef, str, Value]]:
    """The functions of the project that HELD calls with the running task: each with the name that it has there, and
    the value that was given."""
    index = project.index(held.function.path)
    for function in (project.symbols.fact(held.function), *_inside(held.function, project)):
        for call in index.calls(function):
            callee = project.symbols.function(index.path, call.block, call.callee)
            if callee is None:
                continue
            fact = project.symbols.fact(callee)
            is_method = project.symbols.index(callee).class_of(fact) is not None
            if is_method and _is_name(called_on(call.callee), held.name) and fact.parameters:
                yield callee, f"%{fact.parameters[0].name}", call.callee
            yield from _as_argument(held, call, callee, fact, is_method)


def _as_argument(
    held: Held, call: Call, callee: FunctionRef, fact: Function, is_method: bool
) -> Iterator[tuple[FunctionRef, str, Value]]:
    plain = [each for each in fact.parameters if not each.star and not each.keyword_only][1 if is_method else 0 :]
    for position, argument in enumerate(call.arguments):
        if not isinstance(argument.value, Name) or argument.value.ref != held.name or argument.star:
            continue
        if argument.keyword is not None:
            yield callee, f"%{argument.keyword}", argument.value
        elif position < len(plain):
            yield callee, f"%{plain[position].name}", argument.value


def _roots(project: Project) -> Iterator[Held]:
    for task in project.tasks:
        if task.function is not None:
            yield Held(
                task, task.function, _first_parameter(task.function, project) if _is_bound(task, project) else None
            )
    for reached in project.reached.values():
        if reached.is_hook and reached.task is not None:
            yield Held(reached.task, reached.function, _first_parameter(reached.function, project))


def _is_bound(task: Task, project: Project) -> bool:
    if task.cls is not None:
        return True
    bind = task.option("bind")
    return bind is not None and project.evaluator.scalar(bind.value) == Known(True)


def _first_parameter(function: FunctionRef, project: Project) -> str | None:
    parameters = project.symbols.fact(function).parameters
    return f"%{parameters[0].name}" if parameters and not parameters[0].star else None


def _inside(function: FunctionRef, project: Project) -> list[Function]:
    return project.index(function.path).inside(project.symbols.fact(function))


def _is_name(value: Value | None, name: str | None) -> bool:
    return isinstance(value, Name) and value.ref == name


def _is_running_task(call: Call, held: Held, project: Project) -> bool:
    owner = called_on(call.callee)
    if not isinstance(owner, Name):
        return False
    if _is_name(owner, held.name):
        return True
    index: FileIndex = project.index(held.function.path)
    if project.symbols.external(index.path, owner) in _CURRENT:
        return True
    function = project.symbols.function(index.path, call.block, owner)
    return function is not None and function == held.task.function
