"""CEL507: a backoff that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import option_of
from celery_lint.project.tasks.retries import RetryCall
from celery_lint.project.tasks.retrying import DEFAULT_DELAY, gives_delay, idle_backoff, may_retry
from celery_lint.rule import HIGH, WARNING, listed, rule


@rule("CEL507", "backoff-without-autoretry", since="0.1", severity=WARNING, confidence=HIGH)
def check(task: Task, project: Project) -> Iterator[Finding]:
    """`retry_backoff/retry_jitter/retry_backoff_max` only work with `autoretry_for`."""
    names = idle_backoff(task, project)
    option = task.option(names[0]) if names else None
    if option is None:
        return
    calls = [retry for retry in project.retry_calls if retry.task is task]
    yield check.finding(
        f"{listed(names)} only count{'s' if len(names) == 1 else ''} for `autoretry_for`, which `{task.name}` has not: "
        + _consequence(task, calls, project),
        option.location,
        task.entity,
        related=tuple(Related(retry.location, "retries without it") for retry in calls),
    )


def _consequence(task: Task, calls: list[RetryCall], project: Project) -> str:
    if not calls:
        return "it waits for nothing" if may_retry(task, project) else "nothing retries it"
    if any(gives_delay(retry.call) for retry in calls) or option_of(task, "default_retry_delay", project) is not None:
        return "`self.retry()` waits as long as it is told, each time"
    return f"`self.retry()` waits the default {DEFAULT_DELAY} seconds, each time"
