"""CEL505: retries without an end."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Literal, Name, Operation, Value
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.expressions import within
from celery_lint.project.code.values import Known
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, option_of
from celery_lint.project.tasks.retrying import code_of, may_retry, retry_kwargs
from celery_lint.rule import HIGH, WARNING, rule

_COMPARING = frozenset({"<", "<=", ">", ">=", "==", "!=", "in", "not in"})


@rule("CEL505", "infinite-retries", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`max_retries=None` retries for ever."""
    found: dict[Location, list[Task]] = {}
    for task in project.tasks:
        given = option_of(task, "max_retries", project)
        if isinstance(given, Given) and _is_endless(task, given, project):
            found.setdefault(given.origin, []).append(task)
    for place, tasks in found.items():
        who = f"`{tasks[0].name}`" if len(tasks) == 1 else f"{len(tasks)} tasks"
        yield check.finding(
            f"`max_retries=None` means without an end: when {who} cannot succeed, the message comes back until "
            "somebody purges the queue",
            place,
            tasks[0].entity,
            related=tuple(Related(task.location, f"`{task.name}` retries") for task in tasks if len(tasks) > 1),
        )


def _is_endless(task: Task, given: Given, project: Project) -> bool:
    if project.evaluator.scalar(given.value) != Known(None) or option_of(task, "expires", project) is not None:
        return False
    kwargs = retry_kwargs(task, project)
    if kwargs is None or "max_retries" in kwargs or not may_retry(task, project):
        return False
    calls = [retry.call for retry in project.retry_calls if retry.task is task]
    if calls and all(call.argument(None, "max_retries") for call in calls):
        return False
    return not any(
        _counts(value)
        for function in code_of(task, project)
        for value in project.symbols.index(function).values(project.symbols.fact(function))
    ) and not _keeps_count(task, project)


def _counts(value: Value) -> bool:
    """Whether it compares the number of retries, or reads it in a way that cannot be followed."""
    if isinstance(value, Operation) and value.operator in _COMPARING:
        return any(isinstance(inner, Name) and inner.ref.endswith(".retries") for inner in within(value))
    return isinstance(value, Literal) and value.value == "retries"


def _keeps_count(task: Task, project: Project) -> bool:
    """Whether the number of retries is assigned to something, to be compared later."""
    for function in code_of(task, project):
        for assignment in project.symbols.index(function).assignments(project.symbols.fact(function)):
            if isinstance(assignment.value, Name) and assignment.value.ref.endswith(".retries"):
                return True
    return False
