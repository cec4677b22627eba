"""CEL407: routes that are written on the task."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.model import Option, Task
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, INFO, listed, rule


@rule("CEL407", "routing-option-on-task", since="0.1", severity=INFO, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Tasks say themselves where their messages go: Celery 5.7 deprecates that, and 6.0 ignores it."""
    if not project.celery.is_known:
        return
    found = [(task, options) for task in project.tasks if (options := _routing(task, project))]
    if not found:
        return
    first, options = found[0]
    names = sorted({option.name for _, options in found for option in options})
    who = f"{len(found)} tasks say" if len(found) > 1 else f"task `{first.name}` says"
    yield check.finding(
        f"{who} where messages go by {listed(names)}: Celery 5.7 deprecates that, and 6.0 ignores it; "
        "write it into `task_routes`",
        options[0].location,
        first.entity,
        related=tuple(Related(options[0].location, f"task `{task.name}`") for task, options in found[1:]),
    )


def _routing(task: Task, project: Project) -> list[Option]:
    """The options of TASK that `task_routes` takes over."""
    known = project.celery.table.deprecated_task_options
    return [
        option for name, option in task.options.items() if name in known and known[name].replacement == "task_routes"
    ]
