"""CEL504: `self.retry()` that does not look like the end."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Span
from celery_lint.project.project import Project
from celery_lint.project.tasks.retries import RetryCall
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import HIGH, INFO, rule


@rule("CEL504", "retry-not-raised", since="0.1", severity=INFO, confidence=HIGH, fix="safe")
def check(project: Project) -> Iterator[Finding]:
    """`self.retry()` already raises; `raise self.retry(...)` says so to the reader."""
    for retry in project.retry_calls:
        replacement = _raise(retry, project) if retry.throws else None
        if replacement is not None:
            yield check.finding(
                "`retry()` ends the task here by raising Retry, which the line does not say; write `raise` in front of "
                "it, for the reader and for type checkers",
                retry.location,
                retry.task.entity,
                remedy=EditCode(
                    retry.path, "Raise what `retry()` raises", (replacement,), applicability=Applicability.SAFE
                ),
            )


def _raise(retry: RetryCall, project: Project) -> Replacement | None:
    """What makes the statement a `raise`; None when the call is part of something else."""
    start = retry.call.span.start
    if retry.call.use == "discarded":
        return Replacement(Span(start, start), "", "raise ")
    for item in project.index(retry.path).returns_in(retry.call.block):
        if item.value == retry.call:
            return Replacement(Span(item.span.start, item.span.start + len("return")), "return", "raise")
    return None
