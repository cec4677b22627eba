"""CEL601: tasks that are called with arguments they do not take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.calls.arguments import Parameters, checks_arguments, is_checked_by_caller, parameters
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.calls.canvases import Given
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

_IN_THE_WORKER = frozenset({"send_task", "apply"})


@rule("CEL601", "call-signature-mismatch", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A task is called with arguments that its function does not accept."""
    given: dict[TaskCall, list[Given]] = defaultdict(list)
    for each in project.canvases.given:
        given[each.signed.call].append(each)
    tasks = dict.fromkeys(call.task for call in project.calls)
    takes = {task: parameters(task, project) for task in tasks if checks_arguments(task, project)}
    for call in project.calls:
        accepted = takes.get(call.task)
        if accepted is not None:
            yield from _judge(call, accepted, given[call])


def _judge(call: TaskCall, takes: Parameters, given: list[Given]) -> Iterator[Finding]:
    positional = len(call.args) if call.args is not None else None
    excess = takes.excess(positional, call.kwargs)
    if excess is not None:
        yield _finding(call, excess, None)
    elif positional is None or call.kwargs_open:
        return
    elif not call.signs:
        lack = takes.lack(positional, call.kwargs)
        if lack is not None:
            yield _finding(call, lack, None)
    else:
        problems = [(each, _unfilled(each, positional, call, takes)) for each in given]
        yield from [_finding(call, problem, each) for each, problem in problems if problem is not None][:1]


def _unfilled(given: Given, positional: int, call: TaskCall, takes: Parameters) -> str | None:
    """What is wrong with a signature when it is sent: alone it may be only a part of the call."""
    if given.signed.immutable is None:
        return None
    filled = positional + (0 if given.signed.immutable else given.results)
    if given.source is None:
        return takes.excess(filled, call.kwargs) or takes.lack(filled, call.kwargs)
    return takes.lack(filled, call.kwargs)  # no room for a result is CEL614


def _finding(call: TaskCall, problem: str, given: Given | None) -> Finding:
    source = given.source if given is not None else None
    results = (Related(source, "gives it one argument"),) if source is not None else ()
    if given is not None and given.source is not None:
        verb, when = "sent", "the result of what runs before it does not fill that, and it fails in the worker"
    elif call.signs:
        verb, when = "signed", "it fails with a TypeError when it is sent or runs"
    elif call.method in _IN_THE_WORKER or not is_checked_by_caller(call.task):
        verb, when = "called", "it fails with a TypeError in the worker"
    else:
        verb, when = "sent", f"`.{call.method}()` raises a TypeError"
    return check.finding(
        f"`{call.task.name}` is {verb} {problem}: {when}",
        call.location,
        call.task.entity,
        related=(Related(call.task.location, "the task"), *results),
    )
