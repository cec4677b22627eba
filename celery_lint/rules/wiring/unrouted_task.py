"""CEL208: tasks that no route names, where the project wants all to be routed."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, WARNING, rule

_ROUTING = ("queue", "exchange", "routing_key")


@rule("CEL208", "unrouted-task", since="0.1", severity=WARNING, confidence=HIGH, preset="policy")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A task has no route, and `require-route` is set."""
    if not project.options.require_route or task.options_open or not task.names:
        return
    if any(task.option(name) is not None for name in _ROUTING):
        return
    apps = project.apps_of(task)
    tables = [project.route_tables[app] for app in apps]
    if not tables or any(table.open is not None or any(map(table.match, task.names)) for table in tables):
        return
    queue = project.default_queue(apps[0])
    where = f"the default queue `{queue}`" if queue is not None else "the default queue"
    yield check.finding(
        f"task `{task.name}` has no route and goes to {where}; add it to `task_routes`",
        task.location,
        task.entity,
    )
