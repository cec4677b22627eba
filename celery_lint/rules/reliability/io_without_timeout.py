"""CEL512: calls in tasks that may wait for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related, Severity
from celery_lint.project.model import Reached
from celery_lint.project.network.outgoing import Outgoing
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import ends_hang
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, WARNING, listed, rule

# What ruff's S113 (request-without-timeout) looks at.
_OF_TWIN = frozenset({"requests", "httpx"})


@rule(
    "CEL512", "io-without-timeout", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe", twins=("S113",)
)  # fmt: skip
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """A call to the network or of a process that may wait for ever."""
    if reached.task is None:
        return
    found: dict[str, list[Outgoing]] = {}
    for call in project.network.hanging(reached.function):
        if call.library in _OF_TWIN and project.twins.selected("S113", call.path):
            continue
        found.setdefault(call.kind, []).append(call)
    for calls in found.values():
        yield from _finding(calls, reached, project)


def _finding(calls: list[Outgoing], reached: Reached, project: Project) -> Iterator[Finding]:
    """One finding for what a function does several times."""
    first, *others = calls
    severity, end = _severity(reached, project)
    # A program of the same machine seldom hangs; where a limit ends that, no more needs to be said.
    if first.kind == "process" and severity is None:
        return
    names = list(dict.fromkeys(call.name for call in calls))
    have = "has" if len(names) == 1 else "have"
    times = f" ({len(calls)} times)" if len(calls) > len(names) else ""
    remedy = _remedy(calls, project)
    yield check.finding(
        f"{listed(names)} {have} no timeout in {reached.shown}{times}: when {_cause(first)}, {end}",
        first.location,
        reached.entity,
        related=(*(Related(call.location, "and here", again=True) for call in others), *reached.path()),
        remedy=remedy,
        withheld=None if remedy is not None else _withheld(project),
        severity=severity or INFO,
    )


def _cause(call: Outgoing) -> str:
    return "the process hangs" if call.kind == "process" else "the other side stops answering"


def _severity(reached: Reached, project: Project) -> tuple[Severity | None, str]:
    """How bad it is, and how it ends: with a time limit on all tasks that run into it, the limit kills them (None)."""
    tasks = project.tasks_reaching(reached.function) or tuple(task for task in (reached.task,) if task is not None)
    ends = [ends_hang(task, project) for task in tasks]
    if all(ends):
        return None, "the task waits until its time limit ends it"
    return (WARNING if False in ends else INFO), "the task waits for ever and keeps its pool slot"


def _withheld(project: Project) -> str:
    if project.options.io_timeout is None:
        return "how long to wait is yours to say: configure `io-timeout = …`"
    return "it is given `timeout=None` already"


def _remedy(calls: list[Outgoing], project: Project) -> AddArgument | None:
    seconds = project.options.io_timeout
    first, *others = calls
    if seconds is None or any(call.keyword != first.keyword or _is_given(call) for call in calls):
        return None
    title, text = f"Wait {seconds} seconds at most", f"{first.keyword}={seconds}"
    return AddArgument(first.path, title, first.call.span, text, others=tuple(call.call.span for call in others))


def _is_given(call: Outgoing) -> bool:
    return call.call.argument(None, call.keyword) is not None
