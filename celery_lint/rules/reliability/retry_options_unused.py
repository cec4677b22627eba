"""CEL506: options for retries that never happen."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.code.values import Known
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import is_own
from celery_lint.project.tasks.retrying import idle_backoff, may_retry, reads
from celery_lint.rule import HIGH, WARNING, listed, rule

_OPTIONS = ("max_retries", "default_retry_delay", "retry_kwargs")


@rule("CEL506", "retry-options-unused", since="0.1", severity=WARNING, confidence=HIGH)
def check(task: Task, project: Project) -> Iterator[Finding]:
    """`max_retries`/`default_retry_delay` is set but nothing ever retries."""
    options = [option for name in _OPTIONS if is_own(task, name) and (option := task.option(name)) is not None]
    limit = task.option("max_retries")
    if not options or (limit is not None and project.evaluator.scalar(limit.value) == Known(0)):
        return
    if idle_backoff(task, project) or may_retry(task, project):
        return
    if any(reads(task, option.name, project) for option in options):
        return
    names = [option.name for option in options]
    yield check.finding(
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} set, but nothing retries `{task.name}`: it has no "
        "`autoretry_for` and never calls `self.retry()`, so its first error is its last",
        options[0].location,
        task.entity,
    )
