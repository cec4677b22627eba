"""CEL510: tasks that are acknowledged although the worker died."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.acknowledging import acks_late
from celery_lint.project.tasks.options import given
from celery_lint.project.tasks.pools import likely_pools
from celery_lint.rule import HIGH, INFO, rule

_REDELIVER = ("reject_on_worker_lost", "retry_on_worker_lost")


@rule("CEL510", "acks-late-lost-on-crash", since="0.1", severity=INFO, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`acks_late` without `reject_on_worker_lost`: a message whose process is killed is acknowledged."""
    seen: set[Location] = set()
    for app in project.apps:
        found = {place: tasks for place, tasks in _lost(app, project).items() if place not in seen}
        seen.update(found)
        if found:
            yield _finding(app, found)


def _lost(app: App, project: Project) -> dict[Location, list[Task]]:
    """The tasks of APP whose message is lost with their process, by the place that says `acks_late`."""
    found: dict[Location, list[Task]] = {}
    if project.may_set(app, *(f"task_{name}" for name in _REDELIVER)):
        return found
    for task in project.tasks:
        late = acks_late(task, app, project) if app in project.apps_of(task) else None
        if late is not None and _is_lost(task, app, project):
            found.setdefault(late, []).append(task)
    return found


def _finding(app: App, found: dict[Location, list[Task]]) -> Finding:
    first = next(iter(found))
    tasks = [task for same in found.values() for task in same]
    named = f"`{tasks[0].name}`" if len(tasks) == 1 else f"{len(tasks)} tasks"
    return check.finding(
        f"`acks_late` does not save {named} from a crash: when the process is killed (out of memory, say), Celery "
        "acknowledges the message all the same; set `reject_on_worker_lost`, if the task may run twice",
        first,
        app.entity,
        related=(*(Related(other, f"`{same[0].name}` too") for other, same in list(found.items())[1:]),),
    )


def _is_lost(task: Task, app: App, project: Project) -> bool:
    """Whether nothing says what becomes of TASK when its process is lost, and a process may be lost."""
    if any(next(given(task, app, name, project), None) is not None for name in _REDELIVER):
        return False
    return bool(likely_pools(task, project) & {"prefork", "processes"})
