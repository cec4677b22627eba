"""CEL512: calls in tasks that may wait for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Severity
from celery_lint.project.model import Reached
from celery_lint.project.network.outgoing import Outgoing
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import ends_hang
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, WARNING, rule

# What ruff's S113 (request-without-timeout) looks at.
_OF_TWIN = frozenset({"requests", "httpx"})


@rule(
    "CEL512", "io-without-timeout", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe", twins=("S113",)
)  # fmt: skip
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """A call to the network or of a process that may wait for ever."""
    if reached.task is None:
        return
    for call in project.network.of(reached.function):
        if call.timeout != "none" or call.keyword is None:
            continue
        if call.library in _OF_TWIN and project.twins.selected("S113", call.path):
            continue
        yield _finding(call, reached, project)


def _finding(call: Outgoing, reached: Reached, project: Project) -> Finding:
    severity, end = _severity(reached, project)
    remedy = _remedy(call, project)
    return check.finding(
        f"`{call.name}` has no timeout in {reached.shown}: when {_cause(call)}, {end}",
        call.location,
        reached.entity,
        related=reached.path(),
        remedy=remedy,
        withheld=None if remedy is not None else _withheld(project),
        severity=severity,
    )


def _cause(call: Outgoing) -> str:
    return "the process hangs" if call.kind == "process" else "the other side stops answering"


def _severity(reached: Reached, project: Project) -> tuple[Severity, str]:
    """How bad it is, and how it ends: with a time limit on all tasks that run into it, the limit kills them."""
    tasks = project.tasks_reaching(reached.function) or tuple(task for task in (reached.task,) if task is not None)
    ends = [ends_hang(task, project) for task in tasks]
    if all(ends):
        return INFO, "the task waits until its time limit ends it"
    return (WARNING if False in ends else INFO), "the task waits for ever and keeps its pool slot"


def _withheld(project: Project) -> str:
    if project.options.io_timeout is None:
        return "how long to wait is yours to say: configure `io-timeout = …`"
    return "it is given `timeout=None` already"


def _remedy(call: Outgoing, project: Project) -> AddArgument | None:
    seconds = project.options.io_timeout
    if seconds is None or call.call.argument(None, call.keyword) is not None:
        return None
    return AddArgument(call.path, f"Wait {seconds} seconds at most", call.call.span, f"{call.keyword}={seconds}")
