"""CEL601: tasks that are called with arguments they do not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.arguments import Parameters, checks_arguments, parameters
from celery_lint.project.calls import TaskCall
from celery_lint.project.canvases import Given
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_IN_THE_WORKER = frozenset({"send_task", "apply"})


@rule("CEL601", "call-signature-mismatch", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A task is called with arguments that its function does not accept."""
    given: dict[TaskCall, list[Given]] = defaultdict(list)
    for each in project.canvases.given:
        given[each.signed.call].append(each)
    for call in project.calls:
        takes = parameters(call.task, project) if checks_arguments(call.task, project) else None
        problem = _problem(call, takes, given[call]) if takes is not None else None
        if problem is not None:
            yield _finding(call, problem, given[call])


def _problem(call: TaskCall, takes: Parameters, given: list[Given]) -> str | None:
    positional = len(call.args) if call.args is not None else None
    excess = takes.excess(positional, call.kwargs)
    if excess is not None or positional is None or call.kwargs_open:
        return excess
    if not call.signs:
        return takes.lack(positional, call.kwargs)
    return next((lack for each in given if (lack := _unfilled(each, positional, call, takes)) is not None), None)


def _unfilled(given: Given, positional: int, call: TaskCall, takes: Parameters) -> str | None:
    """What a signature lacks when it is sent: alone it may be only a part of the call."""
    signed = given.signed
    if signed.immutable is None:
        return None
    results = 0 if signed.immutable else given.results
    if given.source is None and takes.excess(positional + results, call.kwargs) is not None:
        return takes.excess(positional + results, call.kwargs)
    return takes.lack(positional + results, call.kwargs)


def _finding(call: TaskCall, problem: str, given: list[Given]) -> Finding:
    sources = tuple(Related(each.source, "gives it one argument") for each in given if each.source is not None)
    if call.signs:
        verb, when = "signed", "sending it raises a TypeError, here or in the worker"
    elif call.method in _IN_THE_WORKER:
        verb, when = "called", "it fails with a TypeError in the worker"
    else:
        verb, when = "sent", f"`.{call.method}()` raises a TypeError"
    return check.finding(
        f"`{call.task.name}` is {verb} {problem}: {when}",
        call.location,
        call.task.entity,
        related=(Related(call.task.location, "the task"), *sources[:1]),
    )
