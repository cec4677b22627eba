"""CEL105: clients that outlive their event loop."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.event_loops.loop_bound import Client
from celery_lint.project.event_loops.own_loops import has_own_loop, runs_side_by_side
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, listed, rule


@rule("CEL105", "loop-bound-global", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """An asynchronous client or lock is shared by tasks that each run their own event loop."""
    for client, tasks in project.client_uses:
        own = tuple(task for task in tasks if has_own_loop(task, project) and _may_wait(client, task, project))
        if own:
            yield _finding(client, own)


def _may_wait(client: Client, task: Task, project: Project) -> bool:
    """Whether TASK ever waits for CLIENT; a lock that nobody else holds belongs to no loop."""
    return not client.is_lock or runs_side_by_side(task, project)


def _finding(client: Client, tasks: tuple[Task, ...]) -> Finding:
    return check.finding(
        _message(client, tasks),
        client.location,
        f"client:{client.path}:{client.name}",
        related=tuple(Related(task.location, f"task `{task.name}` uses it") for task in tasks),
    )


def _message(client: Client, tasks: tuple[Task, ...]) -> str:
    run = f"{listed([task.name for task in tasks])} {'runs' if len(tasks) == 1 else 'run'}"
    if client.is_primitive:
        return (
            f"`{client.name}` belongs to the event loop in which somebody first waits for it, but {run} a new one each "
            f"time: waiting for it in another fails with «{client.error}»; make it inside the coroutine"
        )
    return (
        f"`{client.name}` keeps connections from one event loop to the next, but {run} a new one each time: a later "
        f"run fails with «{client.error}»; make it inside the coroutine, with `async with` where it has that"
    )
