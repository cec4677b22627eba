"""CEL205: queues that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.model import Queue
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, MEDIUM, rule


@rule("CEL205", "queue-not-consumed", since="0.1", severity=ERROR, confidence=MEDIUM)
def check(queue: Queue, project: Project) -> Iterator[Finding]:
    """Tasks are sent to a queue that no worker consumes."""
    workers = project.workers_of(queue.app)
    if not workers or project.queues_open is not None or queue.name == project.default_queue(queue.app):
        return
    if project.is_external_queue(queue.name):
        return
    # A worker whose queues cannot be told may be the one; so may one that serves another app of the same broker.
    if any(project.consumes(worker, queue.name) is not False for worker in project.workers):
        return
    first, *others = queue.uses
    related = [Related(use.location, f"{use.what} sends to it too") for use in others]
    related += [Related(worker.location, f"this worker {_consumes(worker.queues)}") for worker in workers]
    yield check.finding(
        f"{first.what} sends to the queue `{queue.name}`, which no worker consumes: its messages wait for ever; "
        f"add `{queue.name}` to a worker's `-Q`",
        first.location,
        f"queue:{queue.name}",
        related=tuple(related),
    )


def _consumes(queues: object) -> str:
    if isinstance(queues, tuple):
        return f"consumes {', '.join(queues)}"
    return "has no `-Q`: it consumes `task_queues` or the default queue only"
