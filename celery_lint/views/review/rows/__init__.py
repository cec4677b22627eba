"""The lines of the checklist, in its order."""

from __future__ import annotations

from collections.abc import Callable

from celery_lint.views.review.rows.failing import acknowledgement, limits, retries, runs_twice
from celery_lint.views.review.rows.running import declaration, registration, runs_on, schedule
from celery_lint.views.review.rows.sending import callers, sends
from celery_lint.views.review.rows.working import engine, event_loop, output, session, waiting
from celery_lint.views.review.subject import Draft, Subject

_LINES: tuple[Callable[[Subject], Draft], ...] = (
    registration, declaration, runs_on, event_loop, session, engine, limits, waiting, retries, acknowledgement,
    runs_twice, output, callers, sends, schedule,
)  # fmt: skip


def drafts(subject: Subject) -> tuple[Draft, ...]:
    """All lines about SUBJECT, before its findings are known."""
    return tuple(line(subject) for line in _LINES)
