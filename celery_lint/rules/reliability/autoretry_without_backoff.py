"""CEL508: automatic retries in lock-step."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, is_own, option_of
from celery_lint.project.tasks.retrying import DEFAULT_DELAY, autoretries, most_retries, retry_kwargs
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, rule


@rule("CEL508", "autoretry-without-backoff", since="0.1", severity=INFO, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """Autoretry without backoff retries in lock-step every 180 s."""
    found: dict[Location, list[Task]] = {}
    for task in project.tasks:
        given = autoretries(task, project)
        if isinstance(given, Given) and _has_no_delay(task, project):
            found.setdefault(given.origin, []).append(task)
    for place, tasks in found.items():
        yield _finding(place, tasks)


def _has_no_delay(task: Task, project: Project) -> bool:
    """Whether nobody has said how long TASK waits between its tries."""
    kwargs = retry_kwargs(task, project)
    if kwargs is None or {"countdown", "eta"} & set(kwargs) or most_retries(task, project) == 0:
        return False
    return all(option_of(task, name, project) is None for name in ("retry_backoff", "default_retry_delay"))


def _finding(place: Location, tasks: list[Task]) -> Finding:
    first = tasks[0]
    own = len(tasks) == 1 and is_own(first, "autoretry_for") and first.decorator is not None
    who = f"`{first.name}` waits" if len(tasks) == 1 else f"{len(tasks)} tasks wait"
    idle = next((name for name in ("retry_backoff_max", "retry_jitter") if first.option(name) is not None), None)
    return check.finding(
        f"{who} the same {DEFAULT_DELAY} seconds before every retry, so all that failed together come back together; "
        + (f"`{idle}` does nothing without `retry_backoff`" if idle else "set `retry_backoff`"),
        place,
        first.entity,
        related=tuple(Related(task.location, f"`{task.name}` retries like this") for task in tasks if len(tasks) > 1),
        remedy=AddArgument(first.decorator.path, "Back off between retries", first.decorator.span, "retry_backoff=True")
        if own and first.decorator is not None
        else None,
        withheld=None if own else "the tasks get `autoretry_for` from elsewhere",
    )
