"""CEL206: queues that a worker waits on and nothing is sent to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.code.nearest import nearest
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Placed, Unknown
from celery_lint.project.deployment.routing import queue_name
from celery_lint.project.model import Worker
from celery_lint.project.project import Project
from celery_lint.rule import INFO, MEDIUM, rule

_QUEUES = Pattern(rb"\bqueue\s*=")


@rule("CEL206", "idle-queue", since="0.1", severity=INFO, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """A worker consumes a queue that nothing is sent to."""
    fed = _fed(project) if project.tasks else None
    if fed is None:
        return
    waiting: dict[str, list[Worker]] = {}
    for worker in project.workers:
        for queue in worker.queues if isinstance(worker.queues, tuple) else ():
            if worker.command is not None and queue not in fed and not _may_be_fed(queue, project):
                waiting.setdefault(queue, []).append(worker)
    by_workers: dict[tuple[Worker, ...], list[str]] = {}
    for queue, workers in waiting.items():
        by_workers.setdefault(tuple(workers), []).append(queue)
    for workers_together, queues in by_workers.items():
        yield _finding(queues, workers_together, fed)


def _finding(queues: list[str], workers: tuple[Worker, ...], fed: set[str]) -> Finding:
    first, *others = workers
    close = nearest(queues[0], fed) if len(queues) == 1 else None
    hint = f"; the nearest that is used is `{close}`" if close is not None else ""
    named = ", ".join(f"`{queue}`" for queue in queues)
    return check.finding(
        f"this worker consumes {named}, but no route, task or call sends anything there{hint}",
        first.location,
        f"queue:{queues[0]}",
        related=tuple({item.location: Related(item.location, "consumes it too") for item in others}.values()),
    )


def _fed(project: Project) -> set[str] | None:
    """The queues that something is, or may be, sent to; None when they cannot all be seen."""
    found = {queue.name for queue in project.queues}
    for app in project.apps:
        default, declared = project.default_queue(app), project.declared_queues(app)
        table = project.route_tables[app]
        if default is None or isinstance(declared, Unknown) or table.open is not None:
            return None
        # A dead route was meant for its queue all the same (CEL204).
        routed = [route.queue for route in table.routes]
        if None in routed:
            return None
        found |= {default, *(declared or ()), *(queue for queue in routed if queue is not None)}
    return None if _is_computed_somewhere(project) else found


def _is_computed_somewhere(project: Project) -> bool:
    for path in project.files.mentioning(_QUEUES):
        for call in project.index(path).facts.calls:
            argument = call.argument(None, "queue")
            if argument is not None and queue_name(project.evaluator, Placed(path, call.block, argument.value)) is None:
                return True
    return False


def _may_be_fed(queue: str, project: Project) -> bool:
    """Whether the queue is said to be fed from elsewhere, or its name stands in the code for whatever purpose."""
    if project.is_external_queue(queue):
        return True
    written = re.compile(rb"[\"']" + re.escape(queue.encode()) + rb"[\"']")
    return project.files.is_mentioned(written)
