"""CEL503: a handler that catches what `self.retry()` raises."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.code.handlers import RETRY, Handler
from celery_lint.project.project import Project
from celery_lint.project.tasks.retries import RetryCall
from celery_lint.remedy import ReraiseFirst
from celery_lint.rule import ERROR, HIGH, rule


@rule(
    "CEL503", "retry-swallowed", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe", absorbs=("CEL504",)
)  # fmt: skip
def check(project: Project) -> Iterator[Finding]:
    """`self.retry()` inside a `try` whose handler swallows the Retry exception."""
    for retry in project.retry_calls:
        if not retry.throws:
            continue
        index = project.index(retry.path)
        handler = project.handlers.catching(index, retry.call.block, RETRY)
        suppressing = project.handlers.suppressing(index, retry.call.block, RETRY) if handler is None else None
        if suppressing is not None:
            yield check.finding(
                "`retry()` sends the task again and raises Retry, which `contextlib.suppress` swallows: this run goes "
                "on, and the task runs again all the same",
                retry.location,
                retry.task.entity,
                related=(Related(suppressing, "swallows Retry"),),
                withheld="which exceptions are to be suppressed is yours to say",
            )
        if handler is None or project.handlers.reraises(index, handler):
            continue
        yield check.finding(
            f"`retry()` sends the task again and raises Retry, which {_caught(handler)} catches: "
            + _consequence(handler, retry, project),
            retry.location,
            retry.task.entity,
            related=(Related(handler.location, "catches Retry"),),
            remedy=ReraiseFirst(retry.path, handler.span, "celery.exceptions:Retry"),
        )


def _caught(handler: Handler) -> str:
    if handler.is_bare:
        return "the bare `except`"
    names = [item for item in handler.types if isinstance(item, str) and item in RETRY]
    return f"`except {names[0].rpartition('.')[2]}`"


def _consequence(handler: Handler, retry: RetryCall, project: Project) -> str:
    index = project.index(retry.path)
    inside = set(index.below(handler.block))
    if any(other.function == retry.function and other.call.block in inside for other in project.retry_calls):
        return "it retries a second time, so two copies of the task run"
    if "raise" in project.handlers.outcomes(index, handler.block):
        return "this run ends as FAILURE, and the task runs again all the same"
    return "this run ends as SUCCESS, and the task runs again all the same"
