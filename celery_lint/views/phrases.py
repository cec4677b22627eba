"""What every format says of a node in the same words."""

from __future__ import annotations

from collections.abc import Iterable

from celery_lint.views.model import App, Limit, Picture, Problem, Queue, Task, Worker

RANKS = {"error": 0, "warning": 1, "info": 2}


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def summary(picture: Picture) -> str:
    """What there is, in one line."""
    named = [queue for queue in picture.queues if queue.name is not None]
    parts = [
        counted(len(picture.apps), "app"),
        counted(len(picture.tasks), "task"),
        counted(len(named), "queue"),
        counted(len(picture.workers), "worker"),
        counted(len(picture.schedule), "schedule entry", "schedule entries"),
        counted(len(picture.problems), "problem"),
    ]
    return ", ".join(parts)


def pool(worker: Worker) -> str:
    """`prefork ×4`; where the pool cannot be told, why."""
    name = worker.pool or "pool?"
    copies = f", {worker.replicas} replicas" if worker.replicas is not None and worker.replicas != 1 else ""
    return (f"{name} ×{worker.concurrency}" if worker.concurrency else name) + copies


def consumed_queues(worker: Worker) -> str:
    """The queues that a worker's command names."""
    if worker.queues is not None:
        return ", ".join(worker.queues)
    return f"queues: {worker.queues_open}" if worker.queues_open else "no -Q"


def queue_label(queue: Queue) -> str:
    """A queue's name, and whether it is the default."""
    if queue.name is None:
        return "queue not known"
    return f"{queue.name} (default)" if queue.is_default else queue.name


def without_worker(queue: Queue) -> str | None:
    """What to say of a queue that no worker of the project surely consumes."""
    return {
        "no": "no worker consumes it",
        "elsewhere": "consumed elsewhere (external-queues)",
        "unknown": "no worker command in this repository",
        "maybe": "no worker surely consumes it",
    }.get(queue.consumed)


def limits(task: Task, *, inherited: bool = True) -> str | None:
    """`limit 15 min, soft 14 min`. Not INHERITED: only those that the task itself sets."""
    shown = [
        f"{word} {limit.text}{ignored(limit)}"
        for word, limit in (("limit", task.hard), ("soft", task.soft))
        if limit is not None and (inherited or not is_inherited(limit))
    ]
    return ", ".join(shown) or None


def ignored(limit: Limit) -> str:
    """A note on the pools that do not enforce LIMIT."""
    return f" (ignored by {', '.join(limit.ignored_by)})" if limit.ignored_by else ""


def is_inherited(limit: Limit) -> bool:
    """Whether LIMIT holds for all tasks of an application or worker."""
    return limit.source.startswith(("setting task_time", "setting task_soft", "--"))


def problems_of(picture: Picture, positions: Iterable[int]) -> list[Problem]:
    """The problems at POSITIONS, one for each code, the worst first."""
    found: dict[str, Problem] = {}
    for position in positions:
        problem = picture.problem(position)
        found.setdefault(problem.code, problem)
    return sorted(found.values(), key=lambda problem: (RANKS[problem.severity], problem.code))


def name_of_app(picture: Picture, identifier: str | None) -> str:
    """The name of an application, or that any may be meant."""
    found: App | None = next((app for app in picture.apps if app.id == identifier), None)
    return found.name if found is not None else "application not known"
