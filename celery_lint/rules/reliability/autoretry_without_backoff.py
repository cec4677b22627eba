"""CEL508: automatic retries in lock-step."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.option_names import unknown_options
from celery_lint.project.tasks.options import Given, is_own, option_of
from celery_lint.project.tasks.retrying import DEFAULT_DELAY, autoretries, most_retries, retry_kwargs
from celery_lint.remedy import AddArgument
from celery_lint.rule import HIGH, INFO, rule


@rule("CEL508", "autoretry-without-backoff", since="0.1", severity=INFO, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """Autoretry without backoff retries in lock-step every 180 s."""
    found: dict[Location | tuple[str, str | None], list[tuple[Location, Task]]] = {}
    for task in project.tasks:
        given = autoretries(task, project)
        if isinstance(given, Given) and _has_no_delay(task, project):
            # What is copied from task to task is one habit; what tasks share is one line.
            key = (given.origin.path, _idle(task)) if _is_its_own(task) else given.origin
            found.setdefault(key, []).append((given.origin, task))
    for places in found.values():
        yield _finding(places)


def _has_no_delay(task: Task, project: Project) -> bool:
    """Whether nobody has said how long TASK waits between its tries."""
    kwargs = retry_kwargs(task, project)
    if kwargs is None or {"countdown", "eta"} & set(kwargs) or most_retries(task, project) == 0:
        return False
    # `interval_start=5` was meant to say it; CEL401 says that it does not.
    if any(meaning.kind == "policy" for _, meaning in unknown_options(task, project)):
        return False
    return all(option_of(task, name, project) is None for name in ("retry_backoff", "default_retry_delay"))


def _is_its_own(task: Task) -> bool:
    return is_own(task, "autoretry_for") and task.decorator is not None


def _idle(task: Task) -> str | None:
    """The option that was meant for a backoff."""
    return next((name for name in ("retry_backoff_max", "retry_jitter") if task.option(name) is not None), None)


def _finding(places: list[tuple[Location, Task]]) -> Finding:
    (place, first), *others = places
    idle = _idle(first)
    who = f"{len(places)} tasks wait" if others else f"`{first.name}` waits"
    related = [
        Related(task.location if other == place else other, f"`{task.name}` retries like this")
        for other, task in (others if _is_its_own(first) else places)
    ]
    return check.finding(
        f"{who} the same {DEFAULT_DELAY} seconds before every retry, so all that failed together come back together; "
        + (f"`{idle}` does nothing without `retry_backoff`" if idle else "set `retry_backoff`"),
        place,
        first.entity,
        related=tuple(related) if others else (),
        remedy=_remedy([task for _, task in places]),
        withheld=None if _is_its_own(first) else "the tasks get `autoretry_for` from elsewhere",
    )


def _remedy(tasks: list[Task]) -> AddArgument | None:
    decorators = [task.decorator for task in tasks if _is_its_own(task) and task.decorator is not None]
    if not decorators:
        return None
    first, *others = decorators
    spans = tuple(each.span for each in others)
    return AddArgument(first.path, "Back off between retries", first.span, "retry_backoff=True", others=spans)
